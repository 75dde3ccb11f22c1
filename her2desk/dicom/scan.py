"""Which files of what was dropped on the window are worth opening, and why the others are not."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from her2desk.dicom.frames import open_regular
from her2desk.dicom.kinds import SNIFFED_BYTES, FileKind, kind_of
from her2desk.dicom.refusals import os_errors_refused, too_large, unreadable_file
from her2desk.dicom.unzip import unzip
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

MAX_FILES = 100_000
DIRECTORY_NAME = "DICOMDIR"
SYSTEM_NAMES = ("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information")
HIDDEN = msg("A hidden or system file.")
DIRECTORY = msg("A list of the files on a disc, not a picture.")
NOT_AN_IMAGE = msg("Not a DICOM, PNG or JPEG image.")
NESTED = msg("An archive inside an archive is not opened.")
HIDDEN_ON_WINDOWS = 0x2 | 0x4  # FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_SYSTEM


class CandidateStatus(StrEnum):
    """What became of a file so far."""

    FOUND = "found"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True)
class Candidate:
    """One file that was come across.

    ``path`` is where to read it; ``name`` is what to call it before the user (for a member of a
    ZIP the archive's path, a slash and the member's name). ``reason`` and ``code`` are set unless
    the status is FOUND, ``remedy`` only when it is REFUSED.
    """

    path: Path
    name: str
    status: CandidateStatus = CandidateStatus.FOUND
    reason: Message | None = None
    remedy: Message | None = None
    code: str = ""


def candidate_files(paths: Sequence[Path], temporary: Path) -> list[Candidate]:
    """Every file in ``paths`` (files, folders, ZIP archives; a DICOMDIR stands for its disc).

    Folders are walked in order of name, links to folders not followed; what their files begin with
    decides, not their names. Archives are unpacked under ``temporary``, an existing folder which
    the caller removes. A file named twice is listed once. Nothing is raised: what cannot be used is
    listed with its reason.
    """
    found = list(islice(_Scan(temporary).all(paths), MAX_FILES + 1))
    if len(found) > MAX_FILES:
        over = found.pop()
        refusal = too_large(msg("More than {limit} files; the rest are not read.", limit=MAX_FILES))
        found.append(_refused(over.path, over.name, refusal))
    return found


class _Scan:
    """One walk: where archives go, and which files were come across already."""

    def __init__(self, temporary: Path) -> None:
        self._temporary = temporary
        self._seen: set[Path] = set()

    def all(self, paths: Iterable[Path]) -> Iterator[Candidate]:
        """What each of the named paths holds."""
        for path in paths:
            if path.is_dir():
                yield from self._folder(path)
            elif path.name.upper() == DIRECTORY_NAME and path.is_file():
                yield from self._folder(path.absolute().parent)
            else:
                yield from self._file(path, named=True)

    def _folder(self, folder: Path) -> Iterator[Candidate]:
        unreadable: list[OSError] = []
        for where, folders, files in os.walk(folder, onerror=unreadable.append):
            inside = [Path(where) / name for name in sorted(folders)]
            hidden = [path for path in inside if is_hidden(path)]
            yield from (_skipped(path, HIDDEN, "hidden") for path in hidden)
            folders[:] = [
                path.name for path in inside if path not in hidden and path != self._temporary
            ]
            for name in sorted(files):
                yield from self._file(Path(where) / name, named=False)
        for error in unreadable:
            path = Path(str(error.filename))
            yield _refused(path, str(path), unreadable_file(error))

    def _file(self, path: Path, *, named: bool) -> Iterator[Candidate]:
        """What a file is. One chosen by name is never skipped: opening it says what it lacks."""
        key = path.absolute()
        if key in self._seen:
            return
        self._seen.add(key)
        if path.name.upper() == DIRECTORY_NAME:
            yield _skipped(path, DIRECTORY, "directory")
        elif not named and is_hidden(path):
            yield _skipped(path, HIDDEN, "hidden")
        else:
            yield from self._content(path, named=named)

    def _content(self, path: Path, *, named: bool) -> Iterator[Candidate]:
        try:
            with os_errors_refused(), open_regular(path) as stream:
                kind = kind_of(stream.read(SNIFFED_BYTES))
            if kind is FileKind.ZIP:
                yield from self._archive(path)
            elif kind is FileKind.OTHER and not named:
                yield _skipped(path, NOT_AN_IMAGE, "not-an-image")
            else:
                yield Candidate(path, str(path))
        except InputRefused as refusal:
            yield _refused(path, str(path), refusal)

    def _archive(self, path: Path) -> Iterator[Candidate]:
        for member in unzip(path, self._temporary):
            name = f"{path}/{member.name}"
            if member.refusal is not None:
                yield _refused(path, name, member.refusal)
            elif member.path is not None:
                yield Candidate(member.path, name)
            elif member.kind is FileKind.ZIP:
                yield _skipped(path, NESTED, "nested-archive", name)
            else:
                yield _skipped(path, NOT_AN_IMAGE, "not-an-image", name)


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is hidden, or one that an operating system leaves behind."""
    if path.name.startswith(".") or path.name.lower() in SYSTEM_NAMES:
        return True
    try:
        attributes = getattr(path.lstat(), "st_file_attributes", 0)
    except OSError:
        return False  # opening it will say what is wrong
    return bool(attributes & HIDDEN_ON_WINDOWS)


def _skipped(path: Path, reason: Message, code: str, name: str = "") -> Candidate:
    return Candidate(path, name or str(path), CandidateStatus.SKIPPED, reason, None, code)


def _refused(path: Path, name: str, refusal: InputRefused) -> Candidate:
    return Candidate(
        path, name, CandidateStatus.REFUSED, refusal.message, refusal.remedy, refusal.code
    )
