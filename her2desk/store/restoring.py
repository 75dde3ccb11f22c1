"""A library back from its backup: everything is checked before anything is replaced."""

import errno
import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, temporary_folder
from her2desk.store.backup import FORMAT, FORMAT_VERSION
from her2desk.store.backup_names import MANIFEST_NAME, NAMES, SUMS_NAME
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.files import copy_private
from her2desk.store.last_entry import write_note
from her2desk.store.locking import LibraryLock
from her2desk.store.migrating import known_migrations
from her2desk.store.opening import FILES_FOLDER
from her2desk.store.replacing import finish_replacing, replace_library, staging
from her2desk.store.soundness import Contents, examined
from her2desk.store.vault import VAULT_NAME, Vault, passphrase_needed, unlocked
from her2desk.store.vault_sealing import Nowhere, SealBroken
from her2desk.texts import Message, msg

_LARGEST_TEXT = 64 << 20
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Restored:
    """A library that stands again. ``aside`` is where the one before lies, None where none was."""

    contents: Contents
    left_out: tuple[str, ...]
    aside: Path | None


def is_encrypted_backup(backup: Path) -> bool:
    """Whether ``backup`` opens with a passphrase only; raises as ``restore_library`` does."""
    with _archive(backup) as archive:
        return VAULT_NAME in archive.namelist()


def verify_backup(
    backup: Path, progress: Progress | None = None, passphrase: str | None = None
) -> Restored:
    """Check a backup to the last byte without restoring it; raises as ``restore_library`` does.

    Its database is unpacked for a moment, privately, to where the system keeps temporary files.
    """
    progress = progress or SilentProgress()
    with temporary_folder("backup") as folder, _archive(backup) as archive:
        vault = _vault(archive, passphrase)
        contents, left_out = _unpacked(archive, Path(folder), progress, vault, whole=False)
    return Restored(contents, left_out, None)


def restore_library(
    backup: Path,
    folder: Path,
    progress: Progress | None = None,
    settings: Path | None = None,
    passphrase: str | None = None,
) -> Restored:
    """Make the library in ``folder`` the one that ``backup`` holds.

    Every file's hash, the database and its history are checked before anything is replaced; then
    the present library is moved aside, into a folder beside it, and stays there. ``settings`` is the
    folder that settings files in the backup go to; None leaves the present ones. ``passphrase`` is
    the one that the library had when the backup was made, if it was encrypted. Raises
    ``StoreRefused`` when the backup is damaged or no backup, when the disk is full, and while another
    program has the library open; nothing is changed then. ``Cancelled`` when ``progress`` does.
    """
    lock = LibraryLock(folder)
    with _archive(backup) as archive, lock.held():
        finish_replacing(folder, lock)
        _check_room(archive, folder)
        vault = _vault(archive, passphrase)
        with staging(folder) as stage:
            # Also where it holds none: those of the present library may be encrypted otherwise.
            make_private_folder(stage / FILES_FOLDER)
            contents, left_out = _unpacked(
                archive, stage, progress or SilentProgress(), vault, whole=True
            )
            aside = replace_library(folder, stage, settings)
    return Restored(contents, left_out, aside)


def _vault(archive: zipfile.ZipFile, passphrase: str | None) -> Vault | None:
    if VAULT_NAME not in archive.namelist():
        return None
    if passphrase is None:
        raise passphrase_needed()
    return unlocked(archive.read(VAULT_NAME), passphrase)


def _unpacked(
    archive: zipfile.ZipFile,
    scratch: Path,
    progress: Progress,
    vault: Vault | None,
    *,
    whole: bool,
) -> tuple[Contents, tuple[str, ...]]:
    """Check all of the archive; what belongs in a library is written to ``scratch`` if ``whole``."""
    sums, manifest = _sums(archive), _manifest(archive)
    infos = [info for info in archive.infolist() if info.filename != SUMS_NAME]
    total, done = sum(info.file_size for info in infos) or 1, 0
    for info in infos:
        progress.step(done / total, msg("Checking the backup"))
        is_wanted = info.filename == DATABASE_NAME or (whole and info.filename != MANIFEST_NAME)
        found = _unpack(archive, info, scratch / info.filename if is_wanted else None)
        if found != sums[info.filename] or not _is_as_named(archive, info, found, vault):
            raise _damaged(msg("{name} in the backup was changed.", name=info.filename))
        done += info.file_size
    contents = examined(scratch / DATABASE_NAME, vault.database_key if vault else None)
    if whole and contents.head is not None and contents.schema == len(known_migrations()):
        # A migration may link the history anew.
        write_note(scratch, contents.head)
    return contents, _left_out(contents, manifest, sums)


def _is_as_named(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, found: str, vault: Vault | None
) -> bool:
    """Whether an image has the hash that is its name; ``found`` is that of its stored bytes."""
    named = NAMES.fullmatch(info.filename)
    if named is None or named["hash"] is None:
        return True
    if vault is None:
        return named["hash"] == found
    with archive.open(info) as source:
        try:
            return named["hash"] == vault.sealing().unseal(source, Nowhere())
        except SealBroken:
            return False


def _left_out(
    contents: Contents, manifest: Mapping[str, Any], sums: Mapping[str, str]
) -> tuple[str, ...]:
    """The images that the backup says it could not hold; all others must be there."""
    there = {name.rpartition("/")[2] for name in sums if name.startswith("files/")}
    absent = tuple(sha256 for sha256 in contents.images if sha256 not in there)
    head = contents.head.sha256 if contents.head else ""
    if list(absent) != manifest.get("left_out") or head != manifest.get("head"):
        raise _damaged(msg("The parts of the backup do not belong together."))
    return absent


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive with sound names and sizes."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, path.stat().st_size)
            yield archive
    except FileNotFoundError as error:
        raise StoreRefused(
            msg("There is no backup {path}.", path=str(path)),
            msg("Check its name and that its disk is connected."),
            code="backup-absent",
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(msg("{name} is not a whole backup.", name=path.name)) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _no_room() from error
        raise StoreRefused(
            msg("The backup could not be read, or not be unpacked."),
            msg("Check both disks, and that you may write to the library's folder."),
            code="backup-unreadable",
        ) from error


def _check_directory(archive: zipfile.ZipFile, size: int) -> None:
    """Our backups are stored as they are: more bytes inside than outside is a bomb."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    sound = (
        len({name.casefold() for name in names}) == len(names)
        and {DATABASE_NAME, MANIFEST_NAME, SUMS_NAME} <= set(names)
        and sum(info.file_size for info in infos) <= size
        and all(map(_is_sound, infos))
    )
    if not sound:
        raise _damaged(msg("This is not a backup that Her2Desk wrote."))


def _is_sound(info: zipfile.ZipInfo) -> bool:
    small = info.filename in (MANIFEST_NAME, SUMS_NAME, VAULT_NAME)
    return (
        NAMES.fullmatch(info.filename) is not None
        and info.compress_type == zipfile.ZIP_STORED
        and not info.flag_bits & _ENCRYPTED
        and info.compress_size == info.file_size
        and (not small or info.file_size <= _LARGEST_TEXT)
    )


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path | None) -> str:
    """The SHA-256 of a member, which is written to ``target`` where one is given."""
    with archive.open(info) as source:
        if target is None:
            return hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # reads
        make_private_folder(target.parent)
        return copy_private(source, target)


def _sums(archive: zipfile.ZipFile) -> dict[str, str]:
    """By name, exactly one for each member but itself."""
    try:
        lines = archive.read(SUMS_NAME).decode("ascii").splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        found = {name: digest for digest, name in pairs}
    except ValueError as error:
        raise _damaged(msg("{name} in the backup was changed.", name=SUMS_NAME)) from error
    if found.keys() | {SUMS_NAME} != set(archive.namelist()) or len(found) != len(pairs):
        raise _damaged(msg("The backup holds other files than it says."))
    return found


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        said = json.loads(archive.read(MANIFEST_NAME))
    except (ValueError, RecursionError) as error:
        raise _damaged(msg("{name} in the backup was changed.", name=MANIFEST_NAME)) from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise _damaged(msg("This is not a backup that Her2Desk wrote."))
    if said.get("version") != FORMAT_VERSION:
        raise StoreRefused(
            msg("This backup was made by a newer version of Her2Desk."),
            msg("Restore it with that version."),
            code="backup-newer",
        )
    return said


def _check_room(archive: zipfile.ZipFile, folder: Path) -> None:
    if shutil.disk_usage(folder).free < sum(info.file_size for info in archive.infolist()):
        raise _no_room()


def _no_room() -> StoreRefused:
    return StoreRefused(
        msg("The disk has no room for the restored library; nothing was changed."),
        msg("Free some space on the library's disk and try again."),
        code="store-full",
    )


def _damaged(message: Message) -> StoreRefused:
    return StoreRefused(
        message, msg("Nothing was changed. Choose another backup."), code="backup-damaged"
    )
