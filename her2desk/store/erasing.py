"""Erasing cases, so that no byte of the patient is left in the library; the fact of it stays."""

import shutil
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from her2desk.errors import Her2DeskError, StoreRefused
from her2desk.store import cases, history
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.reading import Parts, no_such_case
from her2desk.store.replacing import remove_left_stages, replaced
from her2desk.store.snapshots import snapshots
from her2desk.texts import Message, listed, msg, phrase


@dataclass(frozen=True)
class Erasure:
    """What an erasing takes, or took.

    ``contents`` are the history entries that lose what they say. ``copies`` are files and folders in
    the library's folder that may still hold the patient: copies of the database from before a
    change, libraries that a restore set aside, and received files that nobody can read.
    """

    case_ids: tuple[int, ...]
    contents: int
    files: int
    copies: tuple[Path, ...]

    def sentence(self) -> Message:
        """What still holds the patient."""
        if not self.copies:
            return msg(
                "Backups made to other places may still hold this patient; delete them there yourself."
            )
        return msg(
            "These may still hold this patient: {names}, and backups made to other places.",
            names=listed(str(path) for path in self.copies),
        )


def erasure_of(library: Library, case_ids: Collection[int]) -> Erasure:
    """What erasing these cases would take; nothing is changed. Raises ``StoreRefused``."""
    with library.parts.database.reading() as connection:
        return _count(connection, library.parts, case_ids)


def erase_cases(library: Library, case_ids: Collection[int]) -> Erasure:
    """Erase these cases for good: their rows, what their history says, and their files.

    The history keeps that they were there and an ``ERASED`` entry for each, with the reader, the
    time and the numbers of the emptied entries, and nothing of the patient. When this returns, no
    byte of the patient is left in the database or its log. Backups are not touched.

    Raises ``StoreRefused`` when another window has the library open, or a case does not exist;
    nothing is erased then. Where it fails later the cases are erased, and what is left of their
    bytes goes when the library is opened for the next time.
    """
    parts = library.parts
    with parts.lock.held():
        with parts.database.transaction() as connection:
            found = _count(connection, parts, case_ids)
            for case_id in found.case_ids:
                _erase(connection, case_id, library)
        try:
            remove_traces(parts)
        except StoreRefused as refused:
            raise StoreRefused(
                msg(
                    "The patient is erased, but the disk still holds traces. {why}",
                    why=phrase(refused.message),
                ),
                msg("Put that right and open the library again, which finishes it."),
                code="store-traces-left",
            ) from refused
    return found


def remove_copies(library: Library) -> None:
    """Delete the copies that an ``Erasure`` names, and with them the ways back to earlier libraries.

    Raises ``StoreRefused`` when another window has the library open or one cannot be deleted.
    """
    with library.parts.lock.held():
        try:
            for path in _copies(library.folder):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        except OSError as error:
            raise StoreRefused(
                msg("A copy of an earlier library could not be deleted."),
                msg("Delete it yourself: it may hold patients that were erased."),
                code="store-unwritable",
            ) from error


def is_unfinished(parts: Parts) -> bool:
    """Whether traces of erased cases are left on the disk."""
    with parts.database.reading() as connection:
        row = connection.execute("SELECT 1 FROM files_to_remove LIMIT 1").fetchone()
    return row is not None


def finish_erasing(parts: Parts) -> None:
    """Take up an erasing that was interrupted; left for another time where that is not possible."""
    if not is_unfinished(parts):
        return
    with suppress(Her2DeskError), parts.lock.held():
        remove_traces(parts)


def remove_traces(parts: Parts) -> None:
    """Remove the files of erased cases, and what the database's pages and log still hold of them.

    The caller holds the lock. Raises ``StoreRefused`` where something cannot be removed yet.
    """
    with parts.database.transaction() as connection:
        waiting = _waiting(connection)
        for sha256 in waiting:
            parts.files.remove(sha256)
        known = frozenset(sha256 for _, sha256 in cases.images(connection))
    parts.files.remove_copies_of(waiting)
    parts.files.remove_unknown(known)
    remove_left_stages(parts.folder)
    with parts.database.alone() as writer:
        writer.execute("VACUUM")  # pages written before secure_delete may hold what was moved
        _empty_log(writer)
        writer.execute("DELETE FROM files_to_remove")
        _empty_log(writer)


def _erase(connection: sqlite3.Connection, case_id: int, library: Library) -> None:
    named = _contents(connection, case_id)
    content = history.erasure(named, files=1)
    now = library.parts.clock()
    history.append(connection, case_id, Action.ERASED, content, library.reader, now)
    history.erase_contents(connection, case_id)
    connection.execute(
        "INSERT OR IGNORE INTO files_to_remove SELECT image_sha256 FROM cases WHERE case_id = ?",
        (case_id,),
    )
    connection.execute("DELETE FROM cases WHERE case_id = ?", (case_id,))


def _count(connection: sqlite3.Connection, parts: Parts, case_ids: Collection[int]) -> Erasure:
    wanted = tuple(sorted(set(case_ids)))
    present = {row["case_id"] for row in connection.execute("SELECT case_id FROM cases")}
    for case_id in wanted:
        if case_id not in present:
            raise no_such_case(case_id)
    contents = sum(len(_contents(connection, case_id)) for case_id in wanted)
    return Erasure(wanted, contents, len(wanted), _copies(parts.folder))


def _copies(folder: Path) -> tuple[Path, ...]:
    return (*(one.path for one in snapshots(folder)), *replaced(folder))


def _contents(connection: sqlite3.Connection, case_id: int) -> list[int]:
    rows = connection.execute(
        "SELECT entry_id FROM history WHERE case_id = ? AND content IS NOT NULL", (case_id,)
    )
    return [row["entry_id"] for row in rows]


def _waiting(connection: sqlite3.Connection) -> Sequence[str]:
    """Files of erased cases; one that was imported again meanwhile belongs to a case and stays."""
    rows = connection.execute(
        "SELECT image_sha256 FROM files_to_remove"
        " WHERE image_sha256 NOT IN (SELECT image_sha256 FROM cases)"
    )
    return [row["image_sha256"] for row in rows]


def _empty_log(writer: sqlite3.Connection) -> None:
    busy = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise StoreRefused(
            msg("Another program keeps older pages of the library in use."),
            msg("Close other Her2Desk programs."),
            code="store-busy",
        )
