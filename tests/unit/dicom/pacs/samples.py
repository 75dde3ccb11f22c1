"""Small ultrasound instances of one study."""

from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.uid import generate_uid

from ..dicom_builder import picture, us_file

STUDY = "1.2.826.0.1.3680043.10.1"
SERIES = "1.2.826.0.1.3680043.10.1.1"


def instance(folder: Path, number: int, **elements: object) -> Path:
    """One image of the study, whose pixels are its own."""
    folder.mkdir(exist_ok=True)
    uid = generate_uid(entropy_srcs=[str(number)])
    pixels = np.roll(picture(), number)
    path = us_file(
        folder / f"{number:04d}.dcm",
        pixels,
        SOPInstanceUID=uid,
        StudyInstanceUID=elements.pop("StudyInstanceUID", STUDY),
        SeriesInstanceUID=elements.pop("SeriesInstanceUID", SERIES),
        StudyDate="20240102",
        **elements,
    )
    made = dcmread(path)
    made.file_meta.MediaStorageSOPInstanceUID = uid
    made.save_as(path, enforce_file_format=True)
    return path


def instances(folder: Path, count: int) -> list[Path]:
    return [instance(folder, number) for number in range(count)]


def data_set(path: Path) -> bytes:
    """All of a file behind its meta header, as it is sent."""
    from pynetdicom.dsutils import split_dataset

    _meta, offset = split_dataset(path)
    return path.read_bytes()[offset:]
