"""Putting another library in the place of the present one, so that a crash leaves one of the two.

What is to come is staged beside the library and checked. Then a plan is written; from there on the
exchange is carried to its end, by the next program that opens the library if this one is killed.
The present library is moved aside and stays there, but where it was encrypted or decrypted.

A library's folder may come from somebody else, and a plan with it: one that leads out of the folder
is refused, and settings are exchanged only where a note beside them says that it was this plan.
"""

import hashlib
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, sync_folder, write_private
from her2desk.store.connection import DATABASE_NAME, WAL_ENDING
from her2desk.store.last_entry import NOTE_NAME
from her2desk.store.locking import LibraryLock
from her2desk.store.sqlite_access import connect
from her2desk.store.vault import VAULT_NAME, is_encrypted
from her2desk.texts import msg

PLAN_NAME = "library.replacing"
SETTINGS_FOLDER = "settings"
SETTINGS_NOTE = ".library.replacing"

_STAGE_PREFIX = ".replacing-"
_ASIDE_PREFIX = "replaced-"
_STAGE = re.compile(re.escape(_STAGE_PREFIX) + r"\w+", re.ASCII)
_ASIDE = re.compile(re.escape(_ASIDE_PREFIX) + r"\w+", re.ASCII)
_OF_THE_DATABASE = (
    f"{DATABASE_NAME}{WAL_ENDING}",
    f"{DATABASE_NAME}-shm",
    NOTE_NAME,
    VAULT_NAME,
)
# Where SQLite locks a database: every connection in WAL mode has some of it (SQLite, os.h).
_LOCKED_FROM, _LOCKED_BYTES = 0x40000002, 510


@dataclass(frozen=True)
class _Plan:
    """Names in the library's folder; ``settings`` is where staged settings go, empty for nowhere.

    ``discarded`` are libraries aside that are deleted at the end.
    """

    stage: str
    aside: str
    settings: str
    discarded: list[str] = field(default_factory=list)

    def content(self) -> bytes:
        """As it is written."""
        return json.dumps(asdict(self)).encode()

    def check(self, folder: Path) -> None:
        """Raise ``ValueError`` or ``TypeError`` unless it stays in the folder."""
        Path(self.settings)
        asides = [self.aside, *self.discarded]
        if not (_STAGE.fullmatch(self.stage) and all(map(_ASIDE.fullmatch, asides))):
            raise ValueError("a name that is none of ours")
        if any((folder / name).is_symlink() for name in (self.stage, *asides)):
            raise ValueError("a way out of the folder")


def replaced(folder: Path) -> tuple[Path, ...]:
    """The libraries that were moved aside in ``folder``, the oldest first."""
    return tuple(sorted(folder.glob(f"{_ASIDE_PREFIX}*")))


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A private folder for what is to come, gone where the block fails before the plan is written.

    The caller holds the library's lock.
    """
    remove_left_stages(folder)
    stage = Path(tempfile.mkdtemp(prefix=_STAGE_PREFIX, dir=folder))
    try:
        yield stage
    except BaseException:
        remove_left_stages(folder)
        raise


def has_left_stages(folder: Path) -> bool:
    """Whether there is something that ``remove_left_stages`` may remove."""
    return any(True for _ in folder.glob(f"{_STAGE_PREFIX}*"))


def remove_left_stages(folder: Path) -> None:
    """Remove what programs staged that were killed before their plan; the caller holds the lock."""
    if not is_replacing(folder):
        for left in folder.glob(f"{_STAGE_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
    for torn in folder.glob(".library.*.part"):  # of a small file that was being written
        with suppress(OSError):
            torn.unlink(missing_ok=True)


def replace_library(
    folder: Path,
    stage: Path,
    settings: Path | None = None,
    *,
    check: Callable[[], None] = lambda: None,
    discard: Collection[Path] | None = None,
) -> Path | None:
    """Put what lies in ``stage`` in the place of what ``folder`` has of the same names.

    ``settings`` is the folder that staged settings go to. Gives where the present library lies now,
    None where there was none. With ``discard`` it is deleted, and these libraries aside with it.
    ``check`` is called when nobody can begin to use the library any more. The caller holds the
    lock. Raises ``StoreRefused`` where another program has the library open, and what ``check``
    raises; nothing is changed then.
    """
    aside = f"{_ASIDE_PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    target = "" if settings is None else str(settings.absolute())
    discarded = [] if discard is None else [aside, *(path.name for path in discard)]
    plan = _Plan(stage.name, aside, target, discarded)
    with _as_refusals():
        if settings is not None:
            make_private_folder(settings)
            write_private(settings / SETTINGS_NOTE, _note_on(plan))
        write_private(folder / PLAN_NAME, plan.content())
        try:
            _check_nobody_else(folder)
            check()
        except StoreRefused:
            (folder / PLAN_NAME).unlink()
            _forget_note(plan)
            raise
        _carry_out(folder, plan)
    return folder / aside if (folder / aside).is_dir() else None


def is_replacing(folder: Path) -> bool:
    """Whether an exchange was begun and is not at its end."""
    return (folder / PLAN_NAME).exists()


def finish_replacing(folder: Path, lock: LibraryLock) -> None:
    """Carry an interrupted exchange to its end; raises ``StoreRefused`` where that is not possible."""
    if not is_replacing(folder):
        return
    with lock.held(), _as_refusals():
        try:
            plan = _Plan(**json.loads((folder / PLAN_NAME).read_text(encoding="utf-8")))
            plan.check(folder)
        except FileNotFoundError:
            return  # whoever had the lock has finished it
        except (ValueError, TypeError) as error:
            raise _unfinished() from error
        if (folder / plan.stage / DATABASE_NAME).exists():
            _check_nobody_else(folder)
        _carry_out(folder, plan)


def _carry_out(folder: Path, plan: _Plan) -> None:
    """Each step is done where it is not done yet."""
    stage, aside = folder / plan.stage, folder / plan.aside
    make_private_folder(aside)
    if (stage / DATABASE_NAME).exists():
        for name in _OF_THE_DATABASE:
            _move(folder / name, aside / name)
    for staged in sorted(stage.iterdir()) if stage.is_dir() else ():
        if staged.name != SETTINGS_FOLDER:
            _move(folder / staged.name, aside / staged.name)
            staged.rename(folder / staged.name)
    if _is_noted(plan) and (stage / SETTINGS_FOLDER).is_dir():
        _put_settings(stage / SETTINGS_FOLDER, Path(plan.settings), aside / SETTINGS_FOLDER)
    shutil.rmtree(stage, ignore_errors=True)
    for name in plan.discarded:
        shutil.rmtree(folder / name, ignore_errors=True)
    if aside.is_dir() and not any(aside.iterdir()):
        aside.rmdir()
    sync_folder(folder)
    (folder / PLAN_NAME).unlink()
    sync_folder(folder)
    _forget_note(plan)


def _note_on(plan: _Plan) -> bytes:
    return hashlib.sha256(plan.content()).hexdigest().encode()


def _is_noted(plan: _Plan) -> bool:
    """Whether who may write the settings has planned to exchange them."""
    try:
        return bool(plan.settings) and _note_of(plan).read_bytes() == _note_on(plan)
    except OSError:
        return False


def _forget_note(plan: _Plan) -> None:
    if _is_noted(plan):
        _note_of(plan).unlink(missing_ok=True)


def _note_of(plan: _Plan) -> Path:
    return Path(plan.settings) / SETTINGS_NOTE


def _move(source: Path, target: Path) -> None:
    if source.exists() and not target.exists():
        source.rename(target)


def _put_settings(staged: Path, settings: Path, aside: Path) -> None:
    """Copied, as they may lie on another disk."""
    make_private_folder(settings)
    for path in sorted(staged.iterdir()):
        present, kept = settings / path.name, aside / path.name
        if present.is_file() and not kept.exists():
            make_private_folder(aside)
            write_private(kept, present.read_bytes())
        write_private(present, path.read_bytes())


def _check_nobody_else(folder: Path) -> None:
    """Only who is alone with a database can end its log; that folds the log into it, too."""
    path = folder / DATABASE_NAME
    if not path.is_file():
        return
    if is_encrypted(folder):
        _check_not_locked(path)
        return
    try:
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            return  # it cannot be opened, which is why it is replaced
        raise in_use() from error
    except sqlite3.DatabaseError:
        return  # it is damaged, which is why it is replaced


def _check_not_locked(path: Path) -> None:
    """The same without the key, for which nobody may be there to ask; its log goes with it."""
    if sys.platform == "win32":
        return  # no cover: needs Windows  (which does not rename a file that is in use)
    import fcntl

    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _LOCKED_FROM)
        except BlockingIOError as error:
            raise in_use() from error


def in_use() -> StoreRefused:
    """The refusal while another program has the library open."""
    return StoreRefused(
        msg("Another program is using the library."),
        msg("Close every Her2Desk window and command that uses it, and try again."),
        code="store-in-use",
    )


@contextmanager
def _as_refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unfinished() from error


def _unfinished() -> StoreRefused:
    return StoreRefused(
        msg("The library could not be exchanged for the other one."),
        msg("Check that its folder can be written and has room, and open the library again."),
        code="store-replacing",
    )
