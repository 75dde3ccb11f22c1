"""Files and folders that only their owner can read: what a library is made of.

Windows has no such modes: there the user's own profile, whose access list others are not on, is the
protection, and nothing here changes it.
"""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
_OTHERS = 0o077
_TEMPORARY = "her2desk-"


def keep_private() -> None:
    """Let this process and those it starts make private files only, and leave no memory image.

    What a library such as SQLite makes by itself is private too; so is a file that the user asked
    for. A crash leaves no core dump, as one would hold the patient on screen.
    """
    os.umask(_OTHERS)
    if sys.platform == "win32":
        return  # no cover: needs Windows
    import resource

    with suppress(OSError, ValueError):  # refused in some containers; the modes hold all the same
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def make_private_folder(path: Path) -> None:
    """Make ``path`` and the parents it lacks, each for the owner alone; one that exists stays as is.

    Raises ``OSError`` as it comes.
    """
    absent = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(absent):
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    if not path.is_dir():
        path.mkdir()  # a file in the way: let the system say so


def write_private(path: Path, content: bytes) -> None:
    """Write ``path`` for the owner alone, so that a crash leaves either the old file or the new.

    It is on disk when this returns. Raises ``OSError`` as it comes; the old file is then still
    there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp made it 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def temporary_folder(kind: str) -> "tempfile.TemporaryDirectory[str]":
    """A folder for the owner alone, which goes at the end of a ``with`` block.

    Its name says whose process it is, so that ``remove_left_folders`` finds what a killed one left.
    """
    prefix = f"{_TEMPORARY}{kind}-{os.getpid()}-"
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)


def remove_left_folders() -> None:
    """Remove the temporary folders of processes that were killed; there may be pictures in them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*-*-*"):
        number = folder.name.removeprefix(_TEMPORARY).split("-")[-2]
        with suppress(OSError):
            if number.isdecimal() and _is_ours(folder) and not _is_alive(int(number)):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return sys.platform == "win32" or folder.stat().st_uid == os.getuid()


def _is_alive(pid: int) -> bool:
    """Whether a process has this number now; one that was given to another keeps its folder a while."""
    if sys.platform == "win32":
        return True  # no cover: needs Windows  (the system empties its own temporary folder)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on disk; does nothing on Windows, whose folders cannot be synced."""
    if sys.platform == "win32":
        return  # no cover: needs Windows
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_to_others(path: Path) -> bool:
    """Whether other people on this computer can reach ``path``, as far as its mode says."""
    return sys.platform != "win32" and bool(path.stat().st_mode & _OTHERS)
