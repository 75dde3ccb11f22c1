"""Each file of an import says what became of it."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled
from her2desk.inference import importing
from her2desk.inference.importing import ImportStatus, import_files, main_spacing
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.texts import Message

ULTRASOUND_IMAGE = UID("1.2.840.10008.5.1.4.1.1.6.1")
ROWS, COLUMNS = 40, 60


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


def write_ultrasound(path: Path, *, modality: str = "US", shade: int = 90) -> Path:
    """An ultrasound still with one region of 0.1 mm (rows) by 0.2 mm (columns)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = ULTRASOUND_IMAGE
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID = ULTRASOUND_IMAGE
    image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    image.Modality = modality
    image.PatientID = "P-1"
    image.Rows, image.Columns = ROWS, COLUMNS
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.02, 0.01
    image.SequenceOfUltrasoundRegions = [region]
    image.PixelData = bytes([shade]) * (ROWS * COLUMNS)
    image.save_as(path, enforce_file_format=True)
    return path


def imported(library: Library, *paths: Path) -> list[importing.ImportedFile]:
    return import_files(paths, library, SilentProgress())


def test_a_still_becomes_a_case_with_its_calibration(library: Library, tmp_path: Path) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    (only,) = imported(library, file)
    assert only.to_json() == {
        "path": str(file),
        "status": "imported",
        "reason": None,
        "remedy": None,
        "code": None,
        "case_id": library.cases()[0].case_id,
        "sop_instance_uid": str(generate_uid(entropy_srcs=["one.dcm"])),
        "frames": 1,
        "rows": ROWS,
        "columns": COLUMNS,
        "spacing_mm": [pytest.approx(0.1), pytest.approx(0.2)],
        "spacing_source": "ultrasound-region",
        "regions": [
            {
                "index": 0,
                "x0": 0,
                "y0": 0,
                "x1": COLUMNS - 1,
                "y1": ROWS - 1,
                "spatial_format": 1,
                "data_type": 1,
                "units_x": 3,
                "units_y": 3,
                "delta_x": 0.02,
                "delta_y": 0.01,
                "spacing_mm": [pytest.approx(0.1), pytest.approx(0.2)],
            }
        ],
        "warnings": [],
    }


def test_the_same_file_again_is_a_duplicate_and_says_where_it_is(
    library: Library, tmp_path: Path
) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    (first,) = imported(library, file)
    (again,) = imported(library, file)
    assert again.status is ImportStatus.DUPLICATE
    assert again.case_id == first.case_id
    assert again.reason is not None
    assert f"case {first.case_id}" in again.reason.text()
    assert again.to_json()["rows"] == ROWS


def test_a_folder_tells_of_every_file(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    write_ultrasound(folder / "a.dcm")
    write_ultrasound(folder / "b.dcm", modality="MR")
    torn = write_ultrasound(folder / "c.dcm")
    torn.write_bytes(torn.read_bytes()[:-100])
    (folder / "d.txt").write_text("notes")
    found = {Path(f.path).name: (str(f.status), f.code) for f in imported(library, folder)}
    assert found == {
        "a.dcm": ("imported", ""),
        "b.dcm": ("skipped", "other-modality"),
        "c.dcm": ("refused", "truncated-frame"),
        "d.txt": ("skipped", "not-an-image"),
    }
    assert len(library.cases()) == 1


def test_whatever_is_not_imported_says_why_and_shows_no_figures(
    library: Library, tmp_path: Path
) -> None:
    (only,) = imported(library, write_ultrasound(tmp_path / "b.dcm", modality="MR"))
    entry = only.to_json()
    assert entry["reason"]
    assert entry["remedy"]
    assert [entry[k] for k in ("rows", "spacing_mm", "spacing_source", "case_id")] == [None] * 4


def test_a_file_whose_picture_does_not_decode_is_refused(library: Library, tmp_path: Path) -> None:
    picture = tmp_path / "one.png"
    noise = np.random.default_rng(1).integers(0, 255, (ROWS, COLUMNS), dtype=np.uint8)
    Image.fromarray(noise).save(picture)
    picture.write_bytes(picture.read_bytes()[:-800])
    (only,) = imported(library, picture)
    assert only.status is ImportStatus.REFUSED
    assert library.cases() == []


def test_a_picture_opens_again_from_the_library_by_its_content(
    library: Library, tmp_path: Path
) -> None:
    picture = tmp_path / "one.png"
    Image.fromarray(np.full((ROWS, COLUMNS), 77, np.uint8)).save(picture)
    (only,) = imported(library, picture)
    assert only.case_id is not None
    again = importing.open_image(library.image_path(only.case_id))
    assert again.image == only.image
    assert int(again.frames.frame(0).max()) == 77
    assert only.to_json()["spacing_source"] == "unknown"


def test_an_archive_is_looked_into(library: Library, tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    file = write_ultrasound(tmp_path / "one.dcm")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(file, "disc/one.dcm")
    (only,) = imported(library, archive)
    assert only.status is ImportStatus.IMPORTED
    assert only.path == f"{archive}/disc/one.dcm"
    assert library.cases()[0].file_name == "one.dcm"


def test_a_path_that_does_not_exist_is_refused(library: Library, tmp_path: Path) -> None:
    (only,) = imported(library, tmp_path / "absent.dcm")
    assert only.status is ImportStatus.REFUSED


def test_a_file_that_we_handle_wrongly_costs_only_itself(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = write_ultrasound(tmp_path / "bad.dcm"), write_ultrasound(tmp_path / "good.dcm")
    really_open = importing.open_image

    def open_image(path: Path) -> object:
        if path == bad:
            raise ZeroDivisionError
        return really_open(path)

    monkeypatch.setattr(importing, "open_image", open_image)
    first, second = imported(library, bad, good)
    assert (first.status, first.code) == (ImportStatus.REFUSED, "internal")
    assert second.status is ImportStatus.IMPORTED


def test_cancelling_stops_between_files_and_keeps_what_is_imported(
    library: Library, tmp_path: Path
) -> None:
    class StopAfterOne:
        def __init__(self) -> None:
            self.seen: list[tuple[float, str]] = []

        def step(self, fraction: float, text: Message) -> None:
            if len(self.seen) == 2:
                raise Cancelled
            self.seen.append((fraction, text.text()))

    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(3)]
    progress = StopAfterOne()
    with pytest.raises(Cancelled):
        import_files(files, library, progress)
    assert progress.seen == [(0.0, "Looking for images"), (0.0, "Importing 0.dcm")]
    assert [case.file_name for case in library.cases()] == ["0.dcm"]


def test_the_main_spacing_is_that_of_the_first_calibrated_tissue_region() -> None:
    # An ACUSON's first region is a dummy without units; the true one comes second.
    dummy = Region(0, 0, 0, COLUMNS - 1, ROWS - 1, 1, 1, 0, 0, 1.0, 1.0)
    true = Region(1, 10, 10, 50, 30, 1, 1, 3, 3, -0.05, 0.04)
    image = UltrasoundImage("", None, ROWS, COLUMNS, 1, "MONOCHROME2", "", regions=(dummy, true))
    spacing = main_spacing(image)
    assert spacing.mm == pytest.approx((0.4, 0.5))
    assert spacing.region_index == 1
