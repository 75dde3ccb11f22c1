"""One file: looked at, written under its pseudonyms, read back and compared."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from her2desk.dicom.deidentify.cleaning import CleanHeader, clean_header, method_codes
from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.masks import (
    Mask,
    MaskBook,
    Scanner,
    clipped,
    outside_of,
    raster,
)
from her2desk.dicom.deidentify.profile import Action, Option, Profile
from her2desk.dicom.deidentify.source import SourceFile, open_source
from her2desk.dicom.deidentify.text_like import looks_written
from her2desk.dicom.deidentify.verdict import Picture, Status, verdict
from her2desk.dicom.deidentify.writing import FileWriter, Written
from her2desk.dicom.reader import open_image
from her2desk.domain.roi import Box
from her2desk.errors import Her2DeskError
from her2desk.texts import Message, msg

FRAMES_SEEN = 24  # of a cine, evenly spread: what a preview shows and the search for writing reads


@dataclass(frozen=True)
class Choices:
    """What is asked for: options of the profile, the key, the masks, and boxes for every file."""

    key: ProjectKey
    options: frozenset[Option]
    book: MaskBook
    boxes: tuple[Box, ...] = ()

    @property
    def cleans_pixels(self) -> bool:
        return Option.CLEAN_PIXEL_DATA in self.options


@dataclass(frozen=True)
class Done:
    """What was done to one file that was written; ``scanner`` is as the copy names it.

    ``pixels_sha256`` is of the frames' bytes where ``pixels_copied``, else of the decoded pixels
    with the boxes at 0; original and copy agree on it.
    """

    status: Status
    reason: Message
    scanner: Scanner
    patient: str
    counts: Counter[Action]
    uids: dict[str, str]
    boxes: tuple[Box, ...]
    frames: int
    syntax_before: str
    syntax_after: str
    pixels_copied: bool
    pixels_sha256: str


def scanner_of(source: SourceFile) -> Scanner:
    """The scanner that made a file, and its picture's size."""
    a, layout = source.attributes, source.pixels.layout
    return Scanner(
        a.text("Manufacturer"), a.text("ManufacturerModelName"), layout.rows, layout.columns
    )


def sampled_frames(frames: int) -> list[int]:
    """Which frames a preview shows: all of a short cine, else evenly spread ones."""
    count = min(frames, FRAMES_SEEN)
    return [round(i * (frames - 1) / max(1, count - 1)) for i in range(count)]


class Deidentifier:
    """Turns source files into de-identified ones, all with the same choices."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._profile = Profile(choices.options)

    def header(self, source: SourceFile) -> CleanHeader:
        """The file's header made anew."""
        return clean_header(source, self._profile, self._choices.key)

    def write(
        self,
        source: SourceFile,
        header: CleanHeader,
        part: Path,
        step: Callable[[float], None],
    ) -> Done:
        """Write the file to ``part``, which must not exist, and compare the two.

        ``step`` is told how much is done, 0–1, and may raise to stop. Raises ``InputRefused``.
        """
        scanner = scanner_of(source)
        mask = self._mask(scanner)
        rows, columns = scanner.rows, scanner.columns
        black = mask.black(source.regions, rows, columns) if self._choices.cleans_pixels else ()
        status, reason = self._verdict(source, mask, black)
        self._state(header, source, status, has_boxes=bool(black))
        frames = len(source.pixels.frames)
        with part.open("xb") as target:
            writer = FileWriter(source, header, black)
            written = writer.write(target, lambda index: step(index / frames / 2))
        sha256 = _compared(source, part, written, lambda index: step(0.5 + index / frames / 2))
        told = Scanner(
            header.text("Manufacturer"), header.text("ManufacturerModelName"), rows, columns
        )
        return Done(
            status,
            reason,
            told,
            header.patient,
            header.counts,
            header.uids,
            written.boxes,
            frames,
            source.header.syntax,
            written.syntax,
            written.pixels_copied,
            sha256,
        )

    def _mask(self, scanner: Scanner) -> Mask:
        mask = self._choices.book.mask(scanner)
        own = clipped(self._choices.boxes, scanner.rows, scanner.columns)
        return Mask((*mask.boxes, *own), mask.outside_regions, mask.confirmations)

    def _verdict(
        self, source: SourceFile, mask: Mask, black: tuple[Box, ...]
    ) -> tuple[Status, Message]:
        scanner = scanner_of(source)
        rows, columns = scanner.rows, scanner.columns
        outside = outside_of(source.regions, rows, columns)
        is_outside_black = bool(black) and mask.outside_regions
        # without a confirmation nothing that the picture shows would change the verdict
        written = bool(mask.confirmations) and looks_like_writing(source.file.path, black)
        picture = Picture(
            file_sha256(source.file.path),
            rows,
            columns,
            len(source.pixels.frames),
            black,
            outside if is_outside_black else (),
            written,
        )
        return verdict(picture, mask, FRAMES_SEEN)

    def _state(
        self, header: CleanHeader, source: SourceFile, status: Status, *, has_boxes: bool
    ) -> None:
        """Say no more of the picture than is known (PS3.15 E.3.1)."""
        claimed = self._choices.options
        if status is Status.CLEAN:
            header.set("BurnedInAnnotation", "NO")
        else:
            claimed = claimed - {Option.CLEAN_PIXEL_DATA}
            if source.attributes.text("BurnedInAnnotation").upper() == "YES" and not has_boxes:
                header.set("BurnedInAnnotation", "YES")
            else:
                header.drop("BurnedInAnnotation")
        header.set("DeidentificationMethodCodeSequence", method_codes(claimed))


def looks_like_writing(path: Path, black: Iterable[Box]) -> bool:
    """Whether what stays visible on any sampled frame may be writing; raises ``InputRefused``."""
    opened = open_image(path)
    kept = ~raster(black, opened.image.rows, opened.image.columns)
    frames = sampled_frames(opened.image.frames)
    return any(looks_written(opened.frames.decode(index), kept) for index in frames)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _compared(source: SourceFile, part: Path, written: Written, step: Callable[[int], None]) -> str:
    """Read the copy back as any reader would; raises unless its picture is the original's."""
    original, copy = open_image(source.file.path), open_image(part)
    if original.image.frames != copy.image.frames:
        raise _differs()
    if written.pixels_copied:
        copy.frames.frame(0)  # raises where it does not decode
        return _same_bytes(source, part)
    kept = ~raster(written.boxes, copy.image.rows, copy.image.columns)
    digest = hashlib.sha256()
    for index in range(copy.image.frames):
        step(index)
        # decoded afresh, since keeping frames of both would only fill the memory
        before, after = original.frames.decode(index), copy.frames.decode(index)
        if before.shape != after.shape or not np.array_equal(before[kept], after[kept]):
            raise _differs()
        shown = after.copy()
        shown[~kept] = 0
        digest.update(shown.tobytes())
    return digest.hexdigest()


def _same_bytes(source: SourceFile, part: Path) -> str:
    digests = []
    for file in (source, open_source(part)):
        digest = hashlib.sha256()
        with file.file.open() as stream:
            for spans in file.pixels.frames:
                for span in spans:
                    stream.seek(span.offset)
                    digest.update(stream.read(span.length))
        digests.append(digest.hexdigest())
    if digests[0] != digests[1]:
        raise _differs()
    return digests[0]


def _differs() -> Her2DeskError:
    return Her2DeskError(
        msg("The copy's picture is not the original's; it was not kept."),
        msg("Report it, with the kind of file that it happened with."),
        code="picture-differs",
    )
