"""Files by scanner and picture size, and pictures of them to draw a mask on and to confirm it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from her2desk.dicom.deidentify.masks import (
    Confirmation,
    Mask,
    MaskBook,
    Scanner,
    clipped,
    outside_of,
    raster,
)
from her2desk.dicom.deidentify.one_file import file_sha256, sampled_frames, scanner_of
from her2desk.dicom.deidentify.source import open_source
from her2desk.dicom.deidentify.text_like import looks_written
from her2desk.dicom.pixels import Frame, grey
from her2desk.dicom.reader import open_image
from her2desk.dicom.scan import CandidateStatus, candidate_files
from her2desk.domain.image import Region
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Box
from her2desk.errors import Her2DeskError
from her2desk.texts import msg


@dataclass(frozen=True)
class PreviewFile:
    """One file of a group, not decoded yet."""

    path: Path
    name: str
    frames: int
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Group:
    """All files of one scanner and picture size, in the order they were found."""

    scanner: Scanner
    files: tuple[PreviewFile, ...]


@dataclass(frozen=True)
class Survey:
    """What was found: groups to look at, and how many files cannot be de-identified."""

    groups: tuple[Group, ...]
    refused: int


@dataclass(frozen=True)
class Preview:
    """A file as it is shown: ``picture`` has each pixel as bright as it is on any frame looked at.

    ``outside`` is what lies outside the file's ultrasound regions, empty where those are not known.
    """

    file: PreviewFile
    sha256: str
    picture: Frame
    frames_shown: int
    outside: tuple[Box, ...]


def survey(sources: Sequence[Path], temporary: Path, progress: Progress) -> Survey:
    """Find the ultrasound files and group them; archives are unpacked under ``temporary``."""
    progress.step(0.0, msg("Looking for files"))
    candidates = candidate_files(sources, temporary)
    groups: dict[Scanner, list[PreviewFile]] = {}
    refused = 0
    for index, candidate in enumerate(candidates):
        text = msg("File {n} of {all}", n=index + 1, all=len(candidates))
        progress.step(index / len(candidates), text)
        if candidate.status is not CandidateStatus.FOUND:
            refused += candidate.status is CandidateStatus.REFUSED
            continue
        try:
            source = open_source(candidate.path)
        except Her2DeskError:
            refused += 1
            continue
        frames = len(source.pixels.frames)
        file = PreviewFile(candidate.path, candidate.name, frames, source.regions)
        groups.setdefault(scanner_of(source), []).append(file)
    found = tuple(Group(scanner, tuple(files)) for scanner, files in groups.items())
    return Survey(found, refused)


def load_preview(file: PreviewFile, scanner: Scanner) -> Preview:
    """Decode a file's frames into one picture; raises ``InputRefused``."""
    opened = open_image(file.path)
    indexes = sampled_frames(opened.image.frames)
    brightest = np.array(opened.frames.frame(indexes[0]))
    for index in indexes[1:]:
        frame = opened.frames.frame(index)
        if frame.ndim == brightest.ndim:
            np.maximum(brightest, frame, out=brightest)
    outside = outside_of(file.regions, scanner.rows, scanner.columns)
    return Preview(file, file_sha256(file.path), brightest, len(indexes), outside)


def looks_written_on(preview: Preview, mask: Mask) -> bool:
    """Whether what the mask leaves visible may be writing."""
    picture = preview.picture
    rows, columns = picture.shape[:2]
    black = mask.black(preview.file.regions, rows, columns)
    return looks_written(grey(picture), ~raster(black, rows, columns))


def confirmed(
    book: MaskBook, scanner: Scanner, mask: Mask, seen: Sequence[Preview], reader: str
) -> MaskBook:
    """The book with the mask, and that the reader saw no name or text on these pictures under it.

    Every picture counts with what is blackened on it. Earlier confirmations stay: they hold for
    files on which at least as much is blackened as they say.
    """
    by_black: dict[tuple[tuple[Box, ...], bool], set[str]] = {}
    for preview in seen:
        black = mask.black(preview.file.regions, scanner.rows, scanner.columns)
        outside = mask.outside_regions and bool(preview.outside)
        by_black.setdefault((black, outside), set()).add(preview.sha256)
    today = date.today().isoformat()
    new = tuple(
        Confirmation(reader, today, black, outside, frozenset(hashes))
        for (black, outside), hashes in by_black.items()
    )
    own = tuple(clipped(mask.boxes, scanner.rows, scanner.columns))
    earlier = book.mask(scanner).confirmations
    return book.with_mask(scanner, replace(mask, boxes=own, confirmations=(*earlier, *new)))
