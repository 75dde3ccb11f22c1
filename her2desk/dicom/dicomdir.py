"""What a disc's DICOMDIR lists, read without trust (PS3.3 F, PS3.10 8.6)."""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import Tag

from her2desk.dicom.header import (
    EXPLICIT_BIG,
    IMPLICIT_LITTLE,
    ITEMS,
    META_GROUP,
    Attributes,
    Clamped,
    quiet,
)
from her2desk.dicom.refusals import malformed, os_errors_refused, too_large
from her2desk.errors import InputRefused
from her2desk.texts import msg

DIRECTORY_NAME = "DICOMDIR"
MAX_BYTES = 64 * 2**20  # a full DVD's directory has a tenth of that
MAX_RECORDS = 40_000  # each takes 60 µs; a disc of nothing but CT slices has ten thousand
MAX_NAME = 256
IN_USE_NO = 0  # RecordInUseFlag of a record that was struck out
_LARGER = msg("The disc's directory is larger than any disc needs.")
_SEQUENCE = "DirectoryRecordSequence"
_SEPARATORS = re.compile(r"[\\/]+")
_VERSION = re.compile(r";\d+$")  # ISO 9660 writes "IM0001.;1" where others show "IM0001"

Place = tuple[str, ...]


@dataclass(frozen=True)
class ListedFile:
    """A file that a directory lists: its name as written there, and the folded parts of its path."""

    name: str
    place: Place


def listed_files(path: Path) -> list[ListedFile]:
    """The files that the DICOMDIR at ``path`` lists, each once, in the order of its records.

    Raises ``InputRefused`` with code ``malformed``, ``too-large`` or ``unreadable-file``.
    """
    with os_errors_refused(), path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise too_large(_LARGER)
    if sum(map(content.count, ITEMS)) > MAX_RECORDS:
        raise too_large(_LARGER)
    try:
        with quiet():
            names = _names(content)
    except InputRefused:
        raise
    except Exception as error:  # hostile headers make pydicom raise anything
        raise _damaged() from error
    found: dict[Place, ListedFile] = {}
    for name in names:
        file = ListedFile(name, place_of(name))
        found.setdefault(file.place, file)
    return list(found.values())


def place_of(name: str) -> Place:
    """The folded parts of a path as discs write it: no case, no ``;1``, either separator."""
    return tuple(folded(part) for part in _SEPARATORS.split(name) if part)


def folded(part: str) -> str:
    """One part of a path without what tells the same file apart on different systems."""
    return _VERSION.sub("", part.strip()).rstrip(".").upper()


class Disc:
    """A folder with a DICOMDIR: which of the files in it are listed, which listed ones are absent.

    Nothing outside the folder is ever looked for: parts of listed paths are compared with the names
    that folders hold, never joined to a path.
    """

    def __init__(self, folder: Path, listed: Iterable[ListedFile]) -> None:
        self._names: dict[Path, Mapping[str, Path]] = {}
        self.folder = folder
        self.present: set[Path] = set()
        self.absent: list[ListedFile] = []
        for file in listed:
            path = self._find(file.place)
            if path is None:
                self.absent.append(file)
            else:
                self.present.add(path)

    def _find(self, place: Place) -> Path | None:
        here: Path | None = self.folder
        for part in place:
            here = self._inside(here).get(part) if here is not None else None
        return here if here is not None and here.is_file() else None

    def _inside(self, folder: Path) -> Mapping[str, Path]:
        if folder not in self._names:
            try:
                self._names[folder] = {folded(path.name): path for path in folder.iterdir()}
            except OSError:  # a file in the place of a folder, or one that may not be read
                self._names[folder] = {}
        return self._names[folder]


def _names(content: bytes) -> list[str]:
    stream = Clamped(io.BytesIO(content), len(content))
    read_preamble(stream, False)
    meta = Attributes(
        read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != META_GROUP)
    )
    syntax = meta.text("TransferSyntaxUID")
    dataset = Attributes(
        read_dataset(
            stream,
            syntax == IMPLICIT_LITTLE,
            syntax != EXPLICIT_BIG,
            specific_tags=[Tag(_SEQUENCE)],
        )
    )
    records = dataset.raw(_SEQUENCE)
    if not isinstance(records, Iterable) or not dataset.has(_SEQUENCE):
        raise _damaged()
    names = []
    for record in records:
        if isinstance(record, Dataset):
            item = Attributes(record)
            name = item.text("ReferencedFileID")
            if name and item.whole("RecordInUseFlag") != IN_USE_NO:
                names.append(name[:MAX_NAME])
    return names


def _damaged() -> InputRefused:
    return malformed(msg("The disc's directory is damaged."))
