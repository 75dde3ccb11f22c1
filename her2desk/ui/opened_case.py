"""A case or a pack that was opened: its file, and what is known of it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.reading import Decision, Impression
from her2desk.errors import InputRefused
from her2desk.store.library import Library

if TYPE_CHECKING:
    from her2desk.dicom.frames import FrameSource
    from her2desk.packs.pack import Pack


@dataclass(frozen=True)
class OpenCase:
    """A case of the library, opened: its file, its frames, and what the present reader drew and said."""

    case_id: int
    path: Path
    image: UltrasoundImage
    frames: "FrameSource"
    drawing: Drawing
    clinical: ClinicalRecord
    impression: Impression | None = None
    decision: Decision | None = None
    pathology: Pathology = field(default_factory=Pathology)


@dataclass(frozen=True)
class OpenPack:
    """A pack and the file it came from."""

    path: Path
    pack: "Pack"


def open_case(library: Library, case_id: int) -> OpenCase:
    """The case as its present reader left it; slow, so not for the GUI thread.

    Raises ``StoreRefused`` or ``InputRefused`` where it cannot be opened.
    """
    from her2desk.dicom.reader import open_image

    path = library.image_path(case_id)
    opened = open_image(path)
    return OpenCase(
        case_id,
        path,
        library.with_calibration(case_id, opened.image),
        opened.frames,
        library.latest_drawing(case_id),
        library.latest_clinical(case_id) or _from_header(opened.image),
        library.latest_impression(case_id),
        library.latest_decision(case_id),
        library.latest_pathology(case_id) or Pathology(),
    )


def _from_header(image: UltrasoundImage) -> ClinicalRecord:
    """What the file itself says of the patient; a value that cannot be right is left out."""
    record = ClinicalRecord()
    said = {"age_years": image.patient_age_years, "laterality": image.laterality}
    for name, value in said.items():
        fuller = replace(record, **{name: value})  # type: ignore[arg-type]
        try:
            fuller.check()
        except InputRefused:
            continue
        record = fuller
    return record
