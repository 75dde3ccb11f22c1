"""The demo case in a library, with an answer made by hand: no engine is needed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.drawing import drawing_of
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import Box, Roi
from her2desk.inference.keeping import keep_answer
from her2desk.packs.pack import Pack, open_pack
from her2desk.packs.shelf import FOLDER, PackShelf
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.store.library import Library
from her2desk.store.opening import open_library

from .report_cases import a_prediction

READER = "Reader A"
FILE = demo_case_dir() / "demo.dcm"
OUTLINE = Roi(9, ((150.0, 90.0), (290.0, 95.0), (300.0, 210.0), (160.0, 215.0)))
RECORD = ClinicalRecord(age_years=62, pr=False, er=True, ki67_percent=35)


class Ticking:
    """A clock that goes on by a minute whenever it is read."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@lru_cache(maxsize=1)
def the_image() -> OpenedImage:
    return open_image(FILE)


@lru_cache(maxsize=1)
def the_pack() -> Pack:
    return open_pack(demo_pack_path())


def the_answer(**changes: Any) -> Prediction:
    """An answer for the demo case by the demo pack, as the engine might have given it."""
    image, made = the_image().image, a_prediction()
    inputs = replace(
        made.inputs,
        image_sha256=image.sha256,
        sop_instance_uid=image.sop_instance_uid,
        roi=OUTLINE,
        clinical=RECORD,
        pack_sha256=the_pack().digest,
    )
    heatmap = replace(made.heatmap, crop=Box(140, 80, 310, 225)) if made.heatmap else None
    found = replace(
        made,
        inputs=inputs,
        pack=the_pack().identity,
        heatmap=heatmap,
        spacing=OUTLINE.spacing(image),
    )
    return replace(found, **changes)


def a_library(folder: Path) -> Library:
    return open_library(folder, READER, Ticking())


def the_shelf(library: Library) -> PackShelf:
    return PackShelf(library.folder / FOLDER)


def keep_case(library: Library, prediction: Prediction | None = None) -> int:
    """Bring in the demo case, outline it and keep an answer; gives the case's number."""
    prediction = prediction or the_answer()
    case_id = library.add_image(FILE, the_image().image).case_id
    library.save_drawing(case_id, drawing_of(prediction.inputs.roi))
    library.save_clinical(case_id, prediction.inputs.clinical)
    if prediction.inputs.calibration is not None:
        library.save_calibration(case_id, prediction.inputs.calibration)
    keep_answer(library, the_shelf(library), case_id, prediction, demo_pack_path(), the_pack())
    return case_id
