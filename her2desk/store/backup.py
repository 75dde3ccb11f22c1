"""A library as one file: a ZIP archive that says the SHA-256 of all that is in it."""

import hashlib
import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from her2desk import __version__
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import StoreRefused
from her2desk.private_files import PRIVATE_FILE, sync_folder, write_private
from her2desk.store.backup_names import KEPT_FOLDERS, MANIFEST_NAME, NAMES, SUMS_NAME
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.files import CHUNK_BYTES, LEFT_BEHIND_S, FileStore
from her2desk.store.library import Library
from her2desk.store.places import check_outside
from her2desk.store.replacing import SETTINGS_FOLDER
from her2desk.store.snapshots import write_snapshot
from her2desk.store.soundness import Contents, examined
from her2desk.store.vault import VAULT_NAME
from her2desk.texts import msg

FORMAT, FORMAT_VERSION = "her2desk-library-backup", 1
NOTE_NAME = "library.backed-up"
PART_PREFIX, PART_SUFFIX = ".her2desk-backup-", ".part"


@dataclass(frozen=True)
class Backup:
    """A backup that was made. ``left_out`` are images lost from the library before."""

    path: Path
    size: int
    cases: int
    entries: int
    left_out: tuple[str, ...]
    is_encrypted: bool = False


@dataclass(frozen=True)
class _Member:
    name: str
    path: Path
    size: int


def backup_library(
    library: Library,
    target: Path,
    progress: Progress | None = None,
    settings: Sequence[Path] = (),
) -> Backup:
    """Write the library, with the packs it keeps and these ``settings`` files, to ``target``.

    As it is at the beginning; others may go on working. ``target`` is written whole, on disk, or not
    at all, and nothing is overwritten. The backup of an encrypted library is encrypted, but for
    packs, ledgers and ``settings``, and opens with the passphrase that the library has now. Image
    files that were lost or damaged before are left out and named. Raises ``StoreRefused``, and
    ``Cancelled`` when ``progress`` does.
    """
    check_outside(library.folder, target)
    progress = progress or SilentProgress()
    if target.exists():
        raise StoreRefused(
            msg("{name} exists already; nothing was overwritten.", name=target.name),
            msg("Choose another name."),
            code="backup-exists",
        )
    _remove_left_behind(target.parent)
    with _temporary(target) as temporary, _temporary(target) as snapshot:
        write_snapshot(library.folder / DATABASE_NAME, snapshot, library.parts.key)
        contents = examined(snapshot, library.parts.key)
        images, lost = _images(library.parts.files, contents, progress)
        members = [
            _Member(DATABASE_NAME, snapshot, snapshot.stat().st_size),
            *images,
            *_vault(library),
            *_kept(library.folder, settings),
        ]
        made = library.parts.clock()
        _write(temporary, members, _manifest(contents, lost, made), progress)
        size = temporary.stat().st_size
        temporary.replace(target)
        sync_folder(target.parent)
    _note(library, contents, made)
    return Backup(target, size, contents.cases, contents.entries, lost, library.is_encrypted)


def last_backup(folder: Path) -> datetime | None:
    """When the library in ``folder`` was last backed up; None where that was never."""
    try:
        said = json.loads((folder / NOTE_NAME).read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(said["made_utc"])
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _images(
    files: FileStore, contents: Contents, progress: Progress
) -> tuple[list[_Member], tuple[str, ...]]:
    """The images that are as they were imported, and the others."""
    found, lost = [], []
    for at, sha256 in enumerate(contents.images):
        progress.step(0.4 * at / len(contents.images), msg("Checking the images"))
        path = files.path(sha256)
        try:
            whole = files.hash_of(sha256) == sha256
        except OSError:
            whole = False
        if whole:
            found.append(_member(f"files/{sha256[:2]}/{sha256}", path))
        else:
            lost.append(sha256)
    return found, tuple(lost)


def _vault(library: Library) -> list[_Member]:
    return [_member(VAULT_NAME, library.folder / VAULT_NAME)] if library.is_encrypted else []


def _kept(folder: Path, settings: Sequence[Path]) -> list[_Member]:
    """What else belongs to the library; a file that a restore would refuse is none of ours."""
    found = {f"{SETTINGS_FOLDER}/{path.name}": path for path in settings}
    for name in KEPT_FOLDERS:
        found |= {path.relative_to(folder).as_posix(): path for path in (folder / name).rglob("*")}
    return [
        _member(name, path)
        for name, path in sorted(found.items())
        if NAMES.fullmatch(name) and path.is_file() and not path.is_symlink()
    ]


def _member(name: str, path: Path) -> _Member:
    return _Member(name, path, path.stat().st_size)


def _write(
    path: Path, members: Sequence[_Member], manifest: dict[str, Any], progress: Progress
) -> None:
    """Nothing is compressed: images are already, and a reader can tell a bomb by its sizes."""
    total, done, sums = sum(member.size for member in members) or 1, 0, []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            progress.step(0.4 + 0.6 * done / total, msg("Writing the backup"))
            sums.append((_add(archive, member), member.name))
            done += member.size
        text = json.dumps(manifest, indent=2, sort_keys=True).encode()
        sums.append((_add_bytes(archive, MANIFEST_NAME, text), MANIFEST_NAME))
        lines = "".join(f"{digest}  {name}\n" for digest, name in sums)
        _add_bytes(archive, SUMS_NAME, lines.encode())
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _add(archive: zipfile.ZipFile, member: _Member) -> str:
    with member.path.open("rb") as source:
        return _pour(archive, member.name, source)


def _add_bytes(archive: zipfile.ZipFile, name: str, content: bytes) -> str:
    return _pour(archive, name, io.BytesIO(content))


def _pour(archive: zipfile.ZipFile, name: str, source: IO[bytes]) -> str:
    info = zipfile.ZipInfo(name)  # without a time, which a clock set far back could not give
    info.external_attr = PRIVATE_FILE << 16
    digest = hashlib.sha256()
    with archive.open(info, "w", force_zip64=True) as target:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _manifest(contents: Contents, lost: Sequence[str], made: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "program": __version__,
        "made_utc": made.astimezone(UTC).isoformat(timespec="seconds"),
        "schema": contents.schema,
        "cases": contents.cases,
        "entries": contents.entries,
        "head": contents.head.sha256 if contents.head else "",
        "left_out": list(lost),
    }


def _note(library: Library, contents: Contents, made: datetime) -> None:
    said = {"made_utc": made.astimezone(UTC).isoformat(timespec="seconds")}
    if not library.is_read_only:
        with suppress(OSError):  # only what doctor tells of it
            write_private(library.folder / NOTE_NAME, json.dumps(said).encode())


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """A private file beside ``target``, gone when the block ends unless it was renamed."""
    path: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=PART_PREFIX, suffix=PART_SUFFIX)
        os.close(handle)
        path = Path(name)
        yield path
    except OSError as error:
        raise StoreRefused(
            msg("The backup could not be written."),
            msg(
                "Check that you may write to {folder} and that its disk has room.",
                folder=str(target.parent),
            ),
            code="backup-unwritable",
        ) from error
    finally:
        if path is not None:
            with suppress(OSError):  # the next backup there removes it
                path.unlink(missing_ok=True)


def _remove_left_behind(folder: Path) -> None:
    """Remove what killed backups left half-way beside their targets."""
    oldest = time.time() - LEFT_BEHIND_S
    for path in folder.glob(f"{PART_PREFIX}*{PART_SUFFIX}"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
