"""Which files of what was dropped on the window are worth opening, and why the others are not."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path

from her2desk.dicom.dicomdir import (
    DIRECTORY_NAME,
    Disc,
    ListedFile,
    Place,
    listed_files,
    place_of,
)
from her2desk.dicom.frames import open_regular
from her2desk.dicom.kinds import SNIFFED_BYTES, FileKind, kind_of
from her2desk.dicom.refusals import os_errors_refused, too_large, unreadable_file
from her2desk.dicom.unzip import Member, unzip
from her2desk.domain.image import ImageWarning
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

MAX_FILES = 100_000
SYSTEM_NAMES = ("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information")
HIDDEN = msg("A hidden or system file.")
UNREADABLE_DIRECTORY = msg(
    "The disc's directory cannot be read; every file beside it was looked at instead."
)
UNLISTED = ImageWarning(
    "not-in-directory", msg("The disc's directory does not list this file; it was found beside it.")
)
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
    the status is FOUND, ``remedy`` only when it is REFUSED; ``warnings`` only when it is FOUND.
    """

    path: Path
    name: str
    status: CandidateStatus = CandidateStatus.FOUND
    reason: Message | None = None
    remedy: Message | None = None
    code: str = ""
    warnings: tuple[ImageWarning, ...] = ()


def nobody_watches(_seen: int) -> None:
    """For callers who neither show how many files were seen nor stop half-way."""


def candidate_files(
    paths: Sequence[Path], temporary: Path, watch: Callable[[int], None] = nobody_watches
) -> list[Candidate]:
    """Every file in ``paths`` (files, folders, ZIP archives; a DICOMDIR stands for its disc).

    Folders are walked in order of name, links to folders not followed; what their files begin with
    decides, not their names. What a DICOMDIR lists and the disc does not hold is listed as refused.
    Archives are unpacked under ``temporary``, an existing folder which the caller removes. A file
    named twice is listed once. Nothing is raised: what cannot be used is listed with its reason.
    ``watch`` is told how many files were seen so far; what it raises (``Cancelled``) ends the walk.
    """
    found = list(islice(_Scan(temporary, watch).all(paths), MAX_FILES + 1))
    if len(found) > MAX_FILES:
        over = found.pop()
        refusal = too_large(msg("More than {limit} files; the rest are not read.", limit=MAX_FILES))
        found.append(_refused(over.path, over.name, refusal))
    return found


class _Scan:
    """One walk: where archives go, which files were come across, and the discs among folders."""

    def __init__(self, temporary: Path, watch: Callable[[int], None]) -> None:
        self._temporary = temporary
        self._watch = watch
        self._seen: set[Path] = set()
        self._discs: dict[Path, Disc] = {}

    def all(self, paths: Iterable[Path]) -> Iterator[Candidate]:
        """What each of the named paths holds."""
        for path in paths:
            if os.path.isdir(path):  # noqa: PTH112 - Path's own raises for names that are too long
                yield from self._folder(path)
            elif path.name.upper() == DIRECTORY_NAME and os.path.isfile(path):  # noqa: PTH113
                yield from self._disc(path)
            else:
                yield from self._file(path, named=True)

    def _disc(self, directory: Path) -> Iterator[Candidate]:
        """The disc around a DICOMDIR; a mere copy of one, with nothing it lists, stands alone."""
        yield from self._file(directory, named=True)
        folder = directory.absolute().parent
        disc = self._discs.get(folder)
        if disc is None or disc.present or not disc.absent:
            yield from self._folder(folder)

    def _folder(self, folder: Path) -> Iterator[Candidate]:
        unreadable: list[OSError] = []
        waiting = [folder]
        while waiting:
            where = waiting.pop()
            folders, files = _inside(where, unreadable)
            hidden = [path for path in folders if is_hidden(path)]
            yield from (_skipped(path, HIDDEN, "hidden") for path in hidden)
            # A disc's directory first: it says which of the other files belong to the disc.
            for path in sorted(files, key=lambda path: path.name.upper() != DIRECTORY_NAME):
                yield from self._file(path, named=False)
            waiting += [
                path
                for path in reversed(folders)
                if path not in hidden and path != self._temporary and not path.is_symlink()
            ]
        for error in unreadable:
            path = Path(str(error.filename))
            yield _refused(path, str(path), unreadable_file(error))

    def _file(self, path: Path, *, named: bool) -> Iterator[Candidate]:
        """What a file is. One chosen by name is never skipped: opening it says what it lacks."""
        key = path.absolute()
        if key in self._seen:
            return
        self._seen.add(key)
        self._watch(len(self._seen))
        if path.name.upper() == DIRECTORY_NAME:
            yield from self._directory(path)
        elif not named and is_hidden(path):
            yield _skipped(path, HIDDEN, "hidden")
        else:
            yield from self._content(path, named=named)

    def _directory(self, path: Path) -> Iterator[Candidate]:
        try:
            listed = listed_files(path)
        except InputRefused:
            yield _skipped(path, UNREADABLE_DIRECTORY, "directory-unreadable")
            return
        disc = Disc(path.absolute().parent, listed)
        self._discs[disc.folder] = disc
        yield _skipped(path, _directory_says(len(listed), len(disc.absent)), "directory")
        yield from (_absent(path, str(path.parent / _native(file.name))) for file in disc.absent)

    def _content(self, path: Path, *, named: bool) -> Iterator[Candidate]:
        try:
            with os_errors_refused(), open_regular(path) as stream:
                kind = kind_of(stream.read(SNIFFED_BYTES))
            if kind is FileKind.ZIP:
                yield from self._archive(path)
            elif kind is FileKind.OTHER and not named:
                yield _skipped(path, NOT_AN_IMAGE, "not-an-image")
            else:
                yield Candidate(path, str(path), warnings=self._said_by_disc(path.absolute()))
        except InputRefused as refusal:
            yield _refused(path, str(path), refusal)

    def _said_by_disc(self, path: Path) -> tuple[ImageWarning, ...]:
        discs = (self._discs[folder] for folder in path.parents if folder in self._discs)
        disc = next(discs, None)
        return () if disc is None or path in disc.present else (UNLISTED,)

    def _archive(self, path: Path) -> Iterator[Candidate]:
        watch = partial(self._watch, len(self._seen))
        members = unzip(path, self._temporary, watch)
        contents = _ArchiveContents(path, members)
        yield from contents.directories()
        yield from (contents.candidate(member) for member in members)


class _ArchiveContents:
    """An unpacked archive, and what the discs' directories in it list."""

    def __init__(self, archive: Path, members: Sequence[Member]) -> None:
        self._archive = archive
        self._there = {place_of(member.name) for member in members}
        self._listed: dict[Place, dict[Place, ListedFile]] = {}
        self._unreadable: set[str] = set()
        for member in members:
            *folder, name = place_of(member.name) or ("",)
            if name == DIRECTORY_NAME and member.path is not None:
                try:
                    listed = listed_files(member.path)
                except InputRefused:
                    self._unreadable.add(member.name)
                else:
                    self._listed[tuple(folder)] = {(*folder, *f.place): f for f in listed}

    def directories(self) -> Iterator[Candidate]:
        """What the directories list and the archive does not hold."""
        for folder, listed in self._listed.items():
            for place, file in listed.items():
                if place not in self._there:
                    inside = "/".join((*folder, _native(file.name)))
                    yield _absent(self._archive, f"{self._archive}/{inside}")

    def candidate(self, member: Member) -> Candidate:
        """What one member is."""
        path, name = self._archive, f"{self._archive}/{member.name}"
        place = place_of(member.name)
        if member.refusal is not None:
            return _refused(path, name, member.refusal)
        if member.name in self._unreadable:
            return _skipped(path, UNREADABLE_DIRECTORY, "directory-unreadable", name)
        if place[-1:] == (DIRECTORY_NAME,) and place[:-1] in self._listed:
            listed = self._listed[place[:-1]]
            absent = len(listed.keys() - self._there)
            return _skipped(path, _directory_says(len(listed), absent), "directory", name)
        if member.path is not None:
            return Candidate(member.path, name, warnings=self._said_by_disc(place))
        if member.kind is FileKind.ZIP:
            return _skipped(path, NESTED, "nested-archive", name)
        return _skipped(path, NOT_AN_IMAGE, "not-an-image", name)

    def _said_by_disc(self, place: Place) -> tuple[ImageWarning, ...]:
        folders = (place[:length] for length in range(len(place) - 1, -1, -1))
        disc = next((folder for folder in folders if folder in self._listed), None)
        return () if disc is None or place in self._listed[disc] else (UNLISTED,)


def _inside(folder: Path, unreadable: list[OSError]) -> tuple[list[Path], list[Path]]:
    """The folders and the files in a folder, each by name.

    Not ``os.walk``, which calls itself: a thousand folders in one another are too many for it.
    """
    folders: list[Path] = []
    files: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for path in sorted(Path(entry.path) for entry in entries):
                (folders if os.path.isdir(path) else files).append(path)  # noqa: PTH112
    except OSError as error:
        unreadable.append(error)
    return folders, files


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


def _directory_says(listed: int, absent: int) -> Message:
    return msg(
        "A list of the files on a disc, not a picture: {listed} listed, {absent} of them missing.",
        listed=listed,
        absent=absent,
    )


def _absent(path: Path, name: str) -> Candidate:
    return Candidate(
        path,
        name,
        CandidateStatus.REFUSED,
        msg("The file is named in the disc's directory but not there."),
        msg("Read the disc again, or ask for a complete copy."),
        "missing-on-disc",
    )


def _native(name: str) -> str:
    """A listed path as people write paths here; it is shown, never opened."""
    return name.replace("\\", "/")
