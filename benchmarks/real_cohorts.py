"""Public breast ultrasound as cohorts: ``python -m benchmarks.real_cohorts KIND OUT``.

No public ultrasound has a HER-2 label. Malignant against benign stands in for it: what a build makes of
these cohorts shows that it works on real images, not that it tells HER-2 status.

``breast-usg`` is BrEaST-Lesions-USG (Pawłowska et al., Scientific Data 2024; CC BY 4.0): each picture
wrapped as ultrasound DICOM with the pixel size of its table, one picture a patient, age where it is
known. ``breast-usg-png`` is the same without the pixel size, to validate a pack of uncalibrated
pictures on. ``busbra`` is one fold of BUS-BRA (Gómez-Flores et al., Medical Physics 2024): PNG pictures of
unknown pixel size, one to several a patient. OUT must be new: it lies outside the project.
"""

import argparse
import csv
import shutil
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundImageStorage

from benchmarks.public_data import data_folder, sheet_rows, text_rows

Row = dict[str, str]
MALIGNANT = {"benign": "0", "malignant": "1"}
CENTIMETRE, TWO_D, TISSUE = 3, 1, 1  # of PS3.3 C.8.5.5


def breast_usg(source: Path, out: Path, suffix: str = ".dcm") -> Iterator[Row]:
    """A picture and a mask of each lesion; the pictures without a lesion are left out.

    ``suffix`` ".dcm" is calibrated DICOM, ".png" the picture alone.
    """
    pictures = source / "images_and_masks"
    (sheet,) = source.glob("*.xlsx")
    for line in sheet_rows(sheet, header=1):
        if line["Classification"] not in MALIGNANT:
            continue
        name = Path(line["Image_filename"]).stem
        pixels = grey(pictures / line["Image_filename"])
        if suffix == ".dcm":
            as_calibrated_dicom(pixels, float(line["Pixel_size"]), name, out / f"{name}.dcm")
        else:
            Image.fromarray(pixels).save(out / f"{name}{suffix}")
        as_mask(pictures / line["Mask_tumor_filename"], out / f"{name}_roi.png")
        yield {
            "patient_id": name,
            "image": f"{name}{suffix}",
            "roi": f"{name}_roi.png",
            "label": MALIGNANT[line["Classification"]],
            "age_years": line["Age"] if line["Age"].isdigit() else "",
        }


def busbra(source: Path, out: Path) -> Iterator[Row]:
    """Pictures as they are, a mask of each; all pictures of a case are one patient's."""
    for line in text_rows(source / "bus_data.csv", ","):
        name = line["ID"]
        shutil.copy(source / "Images" / f"{name}.png", out / f"{name}.png")
        as_mask(source / "Masks" / f"{name.replace('bus_', 'mask_')}.png", out / f"{name}_roi.png")
        yield {
            "patient_id": f"case{int(line['Case']):04d}",
            "image": f"{name}.png",
            "roi": f"{name}_roi.png",
            "label": MALIGNANT[line["Pathology"]],
            "scanner": line["Device"],
        }


COHORTS: dict[str, tuple[str, Callable[[Path, Path], Iterator[Row]]]] = {
    "breast-usg": ("breast_usg", breast_usg),
    "breast-usg-png": ("breast_usg", partial(breast_usg, suffix=".png")),
    "busbra": ("busbra", busbra),
}


def write_cohort(kind: str, data: Path, out: Path) -> list[Row]:
    """One of ``COHORTS`` from the public ``data`` as a new cohort folder ``out``; its rows."""
    folder, convert = COHORTS[kind]
    out.mkdir(parents=True)
    rows = list(convert(data / folder, out))
    with (out / "cohort.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return rows


def grey(path: Path) -> NDArray[np.uint8]:
    """Grey levels (rows, columns) of a picture, what is transparent in it as black."""
    picture = Image.open(path).convert("RGBA")
    black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    return np.asarray(Image.alpha_composite(black, picture).convert("L"))


def as_mask(path: Path, target: Path) -> None:
    """The mask as plain 0 and 255, whatever its colours and transparency."""
    inside = np.asarray(Image.open(path).convert("L")) > 0
    Image.fromarray(inside.astype(np.uint8) * 255).save(target)


def as_calibrated_dicom(
    pixels: NDArray[np.uint8], pixel_cm: float, name: str, target: Path
) -> None:
    """Pixels (rows, columns) as an ultrasound still of one region over the whole picture."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(name, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = UltrasoundImageStorage
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = _uid(name, "study"), _uid(name, "series")
    data.Modality, data.PatientID = "US", name
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = TWO_D, TISSUE, 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = data.Columns - 1, data.Rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = CENTIMETRE
    region.PhysicalDeltaX = region.PhysicalDeltaY = pixel_cm
    data.SequenceOfUltrasoundRegions = [region]
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    data["PixelData"].VR = "OB"
    data.save_as(target, enforce_file_format=True)


def _uid(name: str, kind: str) -> UID:
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_DNS, f'{name}.{kind}.her2desk').int}")


def main() -> None:
    """Convert and say how many."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", choices=sorted(COHORTS))
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    rows = write_cohort(given.cohort, data_folder(), given.out)
    status = {row["patient_id"]: row["label"] for row in rows}
    malignant = list(status.values()).count("1")
    print(f"{len(rows)} images of {len(status)} patients, {malignant} malignant: {given.out}")


if __name__ == "__main__":
    main()
