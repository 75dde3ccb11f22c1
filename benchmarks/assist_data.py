"""The public pictures with masks that the contour network is trained on and measured with.

BrEaST-Lesions-USG (Pawłowska et al., Scientific Data 2024; CC BY 4.0), one picture a patient, and BUS-BRA
(Gómez-Flores et al., Medical Physics 2024), one to several pictures a patient.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import real_cohorts
from benchmarks.public_data import data_folder, sheet_rows, text_rows
from her2desk.dicom.pixels import grey, pixels_sha256
from her2desk.dicom.reader import open_image
from her2desk.training.contour_samples import ContourSample

BREAST = "BrEaST"
BUSBRA = "BUS-BRA"

ATTRIBUTION = {
    BREAST: {
        "name": "BrEaST-Lesions-USG",
        "cite": "Pawłowska A. et al. Curated benchmark dataset for ultrasound based breast lesion "
        "analysis. Scientific Data 11, 148 (2024).",
        "doi": "10.1038/s41597-024-02984-z",
        "licence": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "used": "252 pictures with a lesion, of 252 patients",
    },
    BUSBRA: {
        "name": "BUS-BRA",
        "cite": "Gómez-Flores W., Gregorio-Calas M. J., Pereira W. C. de A. BUS-BRA: A breast "
        "ultrasound dataset for assessing computer-aided diagnosis systems. Medical Physics 51(4), "
        "3110–3123 (2024).",
        "licence": "the data set's own permissive licence, with citation",
        "used": "376 pictures of 212 patients, one fold of the data set",
    },
}


def load(name: str) -> list[ContourSample]:
    """All pictures with a lesion of one of the two data sets."""
    return {BREAST: _breast, BUSBRA: _busbra}[name](data_folder())


def _breast(data: Path) -> list[ContourSample]:
    folder = data / "breast_usg"
    pictures = folder / "images_and_masks"
    (sheet,) = folder.glob("*.xlsx")
    lines = sheet_rows(sheet, header=1)
    return [
        _sample(
            pictures / line["Image_filename"],
            pictures / line["Mask_tumor_filename"],
            f"{BREAST}/{line['CaseID']}",
        )
        for line in lines
        if line["Classification"] in real_cohorts.MALIGNANT
    ]


def _busbra(data: Path) -> list[ContourSample]:
    folder = data / "busbra"
    return [
        _sample(
            folder / "Images" / f"{line['ID']}.png",
            folder / "Masks" / f"{line['ID'].replace('bus_', 'mask_')}.png",
            f"{BUSBRA}/{int(line['Case'])}",
        )
        for line in text_rows(folder / "bus_data.csv", ",")
    ]


def _sample(picture: Path, mask: Path, patient: str) -> ContourSample:
    pixels = grey(open_image(picture).frames.frame(0))
    inside = np.asarray(Image.open(mask).convert("L")) > 0
    if pixels.shape != inside.shape:
        raise SystemExit(f"{picture.name} and its mask differ in size.")
    return ContourSample(pixels, inside, patient, _digests(picture, pixels))


def _digests(picture: Path, pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    """Of the picture as the program opens it, over black, and with its transparency left out."""
    opaque = np.asarray(Image.open(picture).convert("RGB").convert("L"))
    ways = (pixels, real_cohorts.grey(picture), opaque)
    return tuple(sorted({pixels_sha256(values) for values in ways}))
