"""Bringing files into the library, for the window and the command line; each file says what became
of it.
"""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from her2desk.dicom.reader import open_image
from her2desk.dicom.scan import Candidate, CandidateStatus, candidate_files
from her2desk.domain.image import Region, Spacing, UltrasoundImage
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.store.library import Library
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)

NOT_FOR_HER2DESK = ("no-pixels", "other-modality")  # sound files, only not what is read here


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
    ``image`` and ``case_id`` are set where it is in the library.
    """

    path: str
    status: ImportStatus
    reason: Message | None = None
    remedy: Message | None = None
    code: str = ""
    image: UltrasoundImage | None = None
    case_id: int | None = None

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
            "warnings": [
                {"code": w.code, "message": w.message.text()}
                for w in (self.image.warnings if self.image else ())
            ],
        }


def import_files(paths: Sequence[Path], library: Library, progress: Progress) -> list[ImportedFile]:
    """Import files, folders and ZIP archives; every file met is in the list.

    A file is imported when its first frame decodes. Nothing is raised for a file; what
    ``progress.step`` raises (``Cancelled``) stops between two files, and what is imported stays.
    """
    with tempfile.TemporaryDirectory(prefix="her2desk-import-") as folder:
        progress.step(0.0, msg("Looking for images"))
        candidates = candidate_files(paths, Path(folder))
        results = []
        for index, candidate in enumerate(candidates):
            name = Path(candidate.name).name
            progress.step(index / len(candidates), msg("Importing {name}", name=name))
            results.append(_import_one(candidate, library))
    return results


def main_spacing(image: UltrasoundImage) -> Spacing:
    """Spacing at the centre of the first calibrated tissue region, else at the image's centre."""
    region = next((r for r in image.regions if r.spacing_mm is not None), None)
    if region is None:
        return image.spacing_at(image.columns / 2, image.rows / 2)
    return image.spacing_at((region.x0 + region.x1 + 1) / 2, (region.y0 + region.y1 + 1) / 2)


def _import_one(candidate: Candidate, library: Library) -> ImportedFile:
    if candidate.status is not CandidateStatus.FOUND:
        status = ImportStatus(str(candidate.status))
        return ImportedFile(
            candidate.name, status, candidate.reason, candidate.remedy, candidate.code
        )
    try:
        opened = open_image(candidate.path)
        opened.frames.frame(0)
        added = library.add_image(candidate.path, opened.image, Path(candidate.name).name)
    except Her2DeskError as error:
        skipped = error.code in NOT_FOR_HER2DESK
        status = ImportStatus.SKIPPED if skipped else ImportStatus.REFUSED
        return ImportedFile(candidate.name, status, error.message, error.remedy, error.code)
    except Exception:
        # One file that we handle wrongly must not cost the other thousand of a folder.
        log.exception("a file could not be imported")
        return ImportedFile(
            candidate.name,
            ImportStatus.REFUSED,
            msg("Her2Desk made a mistake with this file."),
            msg("Report it; the log in the library's folder has the details."),
            "internal",
        )
    if added.was_new:
        return ImportedFile(
            candidate.name, ImportStatus.IMPORTED, image=opened.image, case_id=added.case_id
        )
    return ImportedFile(
        candidate.name,
        ImportStatus.DUPLICATE,
        msg("It is already in the library, as case {case_id}.", case_id=added.case_id),
        code="duplicate",
        image=opened.image,
        case_id=added.case_id,
    )


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
