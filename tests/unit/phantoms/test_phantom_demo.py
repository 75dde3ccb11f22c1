"""The demo case: a small calibrated cine that opens everywhere."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.phantoms import demo
from her2desk.phantoms.demo import write_demo_case
from her2desk.radiomics.mask import rasterise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "case"
    write_demo_case(folder, 7)
    return folder


@pytest.fixture(scope="module")
def cine(folder: Path) -> pydicom.Dataset:
    return pydicom.dcmread(folder / "demo.dcm")


@pytest.fixture(scope="module")
def roi(folder: Path) -> Roi:
    return roi_from_json((folder / "roi.json").read_text(encoding="utf-8"))


def test_the_cine_decodes_and_is_small(folder: Path, cine: pydicom.Dataset) -> None:
    assert cine.SOPClassUID == pydicom.uid.UltrasoundMultiFrameImageStorage
    assert cine.pixel_array.shape == (24, 480, 640)
    assert cine.FrameTime == 50
    assert (folder / "demo.dcm").stat().st_size < 1_200_000


def test_pylibjpeg_and_pillow_decode_the_same_picture(cine: pydicom.Dataset) -> None:
    decoder = pydicom.pixels.get_decoder(cine.file_meta.TransferSyntaxUID)
    by_plugin = [
        decoder.as_array(cine, index=0, decoding_plugin=plugin)[0].astype(int)
        for plugin in ("pylibjpeg", "pillow")
    ]
    assert np.abs(by_plugin[0] - by_plugin[1]).max() <= 2


def test_the_outline_is_on_the_frame_with_the_largest_lesion(
    cine: pydicom.Dataset, roi: Roi
) -> None:
    frames = cine.pixel_array
    inside = rasterise(roi.polygon, cine.Rows, cine.Columns)
    darkness = [-float(frame[inside].mean()) for frame in frames]
    # Frames beside the largest show nearly as much of it; the far end of the sweep shows least.
    assert abs(int(np.argmax(darkness)) - roi.frame_index) <= 4
    assert int(np.argmin(darkness)) not in range(roi.frame_index - 5, roi.frame_index + 6)


def test_frames_differ_little_from_their_neighbours(cine: pydicom.Dataset) -> None:
    frames = cine.pixel_array.astype(float)
    near = np.corrcoef(frames[3].ravel(), frames[4].ravel())[0, 1]
    far = np.corrcoef(frames[3].ravel(), frames[15].ravel())[0, 1]
    assert near > far
    assert near < 1


def test_the_outline_lies_in_the_calibrated_region(cine: pydicom.Dataset, roi: Roi) -> None:
    (region,) = cine.SequenceOfUltrasoundRegions
    left, top, right, lower = roi.bounds()
    assert region.RegionLocationMinX0 < left < right < region.RegionLocationMaxX1
    assert region.RegionLocationMinY0 < top < lower < region.RegionLocationMaxY1


def test_the_clinical_record_is_complete(folder: Path, cine: pydicom.Dataset) -> None:
    record = clinical_from_json(json.loads((folder / "clinical.json").read_text(encoding="utf-8")))
    assert None not in record.to_json().values()
    assert record.calcification
    assert record.laterality == cine.Laterality


def test_the_same_seed_gives_the_same_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On two frames, to save time: every frame is made in the same way."""
    monkeypatch.setattr(demo, "FRAMES", 2)
    for name in ("a", "b"):
        write_demo_case(tmp_path / name, 3)
    for name in ("demo.dcm", "clinical.json", "roi.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "demo.dcm").read_bytes() != (folder / "demo.dcm").read_bytes()
