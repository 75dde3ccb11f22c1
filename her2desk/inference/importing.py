"""Bringing files into the library, for the window and the command line; each file says what became
of it.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from her2desk.dicom.scan import Candidate, CandidateStatus, candidate_files
from her2desk.domain.image import ImageWarning, Region, Spacing, UltrasoundImage
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.inference.importing_apart import CheckersApart, Outcome, check_here
from her2desk.private_files import temporary_folder
from her2desk.store.intake import AddedImage, Intake
from her2desk.store.library import Library
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)

NOT_FOR_HER2DESK = ("no-pixels", "other-modality")  # sound files, only not what is read here

# Waiting for the disk costs most of an import where it is slow: one wait serves so many files.
BATCH_FILES = 50
BATCH_BYTES = 64 << 20
BATCH_SECONDS = 0.5
ROWS_AT_ONCE = 200
FEW_FILES = 3  # sooner checked here than a process is started
SEEN_A_STEP = 50


class ImportStatus(StrEnum):
    """What became of a file."""

    IMPORTED = "imported"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True)
class ImportedFile:
    """One file of an import.

    ``path`` is what to call it (a member of a ZIP: the archive's path, a slash, the member's name).
    ``reason``, ``remedy`` and ``code`` say why it is no new case, None and empty where it is;
    ``image`` and ``case_id`` are set where it is in the library. ``warnings`` are those of its
    coming here; the image has its own.
    """

    path: str
    status: ImportStatus
    reason: Message | None = None
    remedy: Message | None = None
    code: str = ""
    image: UltrasoundImage | None = None
    case_id: int | None = None
    warnings: tuple[ImageWarning, ...] = ()

    @property
    def notices(self) -> tuple[ImageWarning, ...]:
        """All that the reader should know of a file that is in the library."""
        return (*self.warnings, *(self.image.warnings if self.image else ()))

    def to_json(self) -> dict[str, Any]:
        """The file's entry in what ``her2desk import --json`` prints."""
        spacing = main_spacing(self.image) if self.image else None
        return {
            "path": self.path,
            "status": str(self.status),
            "reason": self.reason.text() if self.reason else None,
            "remedy": self.remedy.text() if self.remedy else None,
            "code": self.code or None,
            "case_id": self.case_id,
            "sop_instance_uid": self.image.sop_instance_uid if self.image else None,
            "frames": self.image.frames if self.image else None,
            "rows": self.image.rows if self.image else None,
            "columns": self.image.columns if self.image else None,
            "spacing_mm": list(spacing.mm) if spacing and spacing.mm else None,
            "spacing_source": str(spacing.source) if spacing else None,
            "regions": [_region_json(r) for r in self.image.regions] if self.image else [],
            "warnings": [{"code": w.code, "message": w.message.text()} for w in self.notices],
        }


Told = Callable[[Sequence[ImportedFile]], None]


def nobody_told(_files: Sequence[ImportedFile]) -> None:
    """For callers who wait for the end."""


def import_files(
    paths: Sequence[Path],
    library: Library,
    progress: Progress,
    *,
    told: Told = nobody_told,
    apart: bool | None = None,
) -> list[ImportedFile]:
    """Import files, folders and ZIP archives; every file met is in the list.

    A file is imported when its first frame decodes. Nothing is raised for a file; what
    ``progress.step`` raises (``Cancelled``) stops between two files, and what is imported stays.
    ``told`` gets each part of the list as soon as it lasts, in order. ``apart`` says whether files
    are checked in processes of their own; None: where there are more than a few.
    """
    with (
        temporary_folder("import") as folder,
        library.intake() as intake,
    ):
        progress.step(0.0, msg("Looking for images"))
        candidates = candidate_files(paths, Path(folder), _Looking(progress))
        found = [c.path for c in candidates if c.status is CandidateStatus.FOUND]
        files = _Files(intake, told)
        with _checks(found, len(found) > FEW_FILES if apart is None else apart) as outcomes:
            try:
                for index, candidate in enumerate(candidates):
                    step = _step(index, len(candidates), candidate)
                    progress.step(*step)
                    if candidate.status is not CandidateStatus.FOUND:
                        files.add_other(candidate)
                        continue
                    while (outcome := next(outcomes)) is None:
                        files.settle_if_due()
                        progress.step(*step)
                    files.add_checked(candidate, outcome)
            finally:
                files.settle()
    return files.settled


def main_spacing(image: UltrasoundImage) -> Spacing:
    """Spacing at the centre of the first calibrated tissue region, else at the image's centre."""
    region = next((r for r in image.regions if r.spacing_mm is not None), None)
    if region is None:
        return image.spacing_at(image.columns / 2, image.rows / 2)
    return image.spacing_at((region.x0 + region.x1 + 1) / 2, (region.y0 + region.y1 + 1) / 2)


class _Looking:
    """Tells how many files were seen, so that a walk through a large folder can be stopped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._said = self._seen = 0

    def __call__(self, seen: int) -> None:
        is_a_piece_of_the_same = seen == self._seen
        self._seen = seen
        if is_a_piece_of_the_same or seen - self._said >= SEEN_A_STEP:
            self._said = seen
            text = msg("Looking for images, {seen:,} files seen", seen=seen)
            self._progress.step(0.0, text)


def _step(index: int, count: int, candidate: Candidate) -> tuple[float, Message]:
    text = msg(
        "File {number:,} of {count:,} · {name}",
        number=index + 1,
        count=count,
        name=Path(candidate.name).name,
    )
    return index / count, text


@contextmanager
def _checks(paths: Sequence[Path], apart: bool) -> Iterator[Iterator[Outcome | None]]:
    if not apart or not paths:
        yield (check_here(path) for path in paths)
        return
    with CheckersApart() as checkers:
        yield checkers.outcomes(paths)


class _Files:
    """What became of each file so far; those on their way into the library are settled together."""

    def __init__(self, intake: Intake, told: Told) -> None:
        self.settled: list[ImportedFile] = []
        self._intake = intake
        self._told = told
        self._open: list[ImportedFile | tuple[Candidate, UltrasoundImage]] = []
        self._since = time.monotonic()

    def add_other(self, candidate: Candidate) -> None:
        """A file that is not worth opening."""
        status = ImportStatus(str(candidate.status))
        self._add(
            ImportedFile(candidate.name, status, candidate.reason, candidate.remedy, candidate.code)
        )

    def add_checked(self, candidate: Candidate, outcome: Outcome) -> None:
        """A file that was opened, or refused to be."""
        if isinstance(outcome, Her2DeskError):
            self._add(_refused(candidate, outcome))
            return
        try:
            self._intake.put(candidate.path, outcome, Path(candidate.name).name)
        except Her2DeskError as error:
            self._add(_refused(candidate, error))
        else:
            self._add((candidate, outcome))

    def settle_if_due(self) -> None:
        """Settle when enough has come together, or what there is has waited long enough."""
        if (
            len(self._open) >= ROWS_AT_ONCE
            or self._intake.waiting >= BATCH_FILES
            or self._intake.waiting_bytes >= BATCH_BYTES
            or time.monotonic() - self._since >= BATCH_SECONDS
        ):
            self.settle()

    def settle(self) -> None:
        """Make what was added part of the library and tell what became of it."""
        opened, self._open = self._open, []
        added = iter(self._committed())
        files = [
            file if isinstance(file, ImportedFile) else _added(*file, next(added))
            for file in opened
        ]
        self.settled += files
        self._since = time.monotonic()
        if files:
            self._told(files)

    def _add(self, file: ImportedFile | tuple[Candidate, UltrasoundImage]) -> None:
        self._open.append(file)
        self.settle_if_due()

    def _committed(self) -> list[AddedImage | Her2DeskError]:
        count = self._intake.waiting
        try:
            return [*self._intake.commit()] if count else []
        except Her2DeskError as error:
            return [error] * count


def _added(
    candidate: Candidate, image: UltrasoundImage, added: AddedImage | Her2DeskError
) -> ImportedFile:
    if isinstance(added, Her2DeskError):
        return _refused(candidate, added)
    if not added.was_new:
        return ImportedFile(
            candidate.name,
            ImportStatus.DUPLICATE,
            msg("It is already in the library, as case {case_id}.", case_id=added.case_id),
            code="duplicate",
            image=image,
            case_id=added.case_id,
            warnings=candidate.warnings,
        )
    warnings = candidate.warnings
    if added.same_instance_as is not None:
        warnings = (*warnings, _same_instance(added.same_instance_as))
    return ImportedFile(
        candidate.name,
        ImportStatus.IMPORTED,
        image=image,
        case_id=added.case_id,
        warnings=warnings,
    )


def _same_instance(case_id: int) -> ImageWarning:
    return ImageWarning(
        "same-instance-other-content",
        msg("Case {case_id} is the same DICOM instance with other content.", case_id=case_id),
    )


def _refused(candidate: Candidate, error: Her2DeskError) -> ImportedFile:
    skipped = error.code in NOT_FOR_HER2DESK
    status = ImportStatus.SKIPPED if skipped else ImportStatus.REFUSED
    return ImportedFile(candidate.name, status, error.message, error.remedy, error.code)


def _region_json(region: Region) -> dict[str, Any]:
    spacing = region.spacing_mm
    return {
        "index": region.index,
        "x0": region.x0,
        "y0": region.y0,
        "x1": region.x1,
        "y1": region.y1,
        "spatial_format": region.spatial_format,
        "data_type": region.data_type,
        "units_x": region.units_x,
        "units_y": region.units_y,
        "delta_x": region.delta_x,
        "delta_y": region.delta_y,
        "spacing_mm": list(spacing) if spacing else None,
    }
