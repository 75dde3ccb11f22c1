"""How a library is kept: what doctor tells of it."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from her2desk.private_files import open_to_others
from her2desk.store import history
from her2desk.store.connection import DATABASE_NAME, WAL_ENDING
from her2desk.store.erasing import is_unfinished
from her2desk.store.files import INCOMING
from her2desk.store.history import Head
from her2desk.store.library import Library
from her2desk.store.opening import FILES_FOLDER
from her2desk.store.replacing import replaced
from her2desk.store.snapshots import BACKUPS_FOLDER

_FULL = 2  # SQLite's number of synchronous=FULL


@dataclass(frozen=True)
class Health:
    """Facts of one library.

    ``has_traces`` is whether traces of erased cases could not be removed yet. ``steps_back`` counts
    entries with an earlier time than the one before. ``is_durable`` is whether each change is on disk
    before it is acknowledged. ``unknown`` are files among the images that belong to no case, ``lost``
    are cases whose image is not there, ``too_open`` is what others on this computer can reach,
    ``aside`` are libraries that a restore or a roll-back moved aside.
    """

    cases: int
    entries: int
    head: Head | None
    steps_back: int
    is_durable: bool
    has_traces: bool
    unknown: tuple[Path, ...]
    lost: tuple[int, ...]
    too_open: tuple[Path, ...]
    aside: tuple[Path, ...]


def health_of(library: Library) -> Health:
    """Look at the library; raises ``StoreRefused`` as ``Library.check`` does where it is not whole."""
    library.check()
    rows = library.cases()
    with library.parts.database.reading() as connection:
        (entries,) = connection.execute("SELECT count(*) FROM history").fetchone()
        head, back = history.head(connection), history.steps_back(connection)
    files = library.parts.files
    known = {row.sha256 for row in rows}
    return Health(
        cases=len(rows),
        entries=entries,
        head=head,
        steps_back=back,
        is_durable=library.is_read_only or _is_durable(library),
        has_traces=is_unfinished(library.parts),
        unknown=tuple(_unknown(library.folder / FILES_FOLDER, known)),
        lost=tuple(row.case_id for row in rows if not files.path(row.sha256).is_file()),
        too_open=tuple(_too_open(library.folder)),
        aside=replaced(library.folder),
    )


def _is_durable(library: Library) -> bool:
    with library.parts.database.alone() as writer:
        (journal,) = writer.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = writer.execute("PRAGMA synchronous").fetchone()
    return bool(journal == "wal" and synchronous >= _FULL)


def _unknown(files: Path, known: Collection[str]) -> Iterator[Path]:
    for path in sorted(files.rglob("*")):
        if path.is_dir() or path.parent == files / INCOMING:
            continue
        if path.name not in known or path.parent != files / path.name[:2]:
            yield path


def _too_open(folder: Path) -> Iterator[Path]:
    names = (DATABASE_NAME, DATABASE_NAME + WAL_ENDING, FILES_FOLDER, BACKUPS_FOLDER)
    for path in (folder, *(folder / name for name in names)):
        with suppress(OSError):  # absent, or gone meanwhile
            if open_to_others(path):
                yield path
