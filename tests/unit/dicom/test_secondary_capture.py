"""A picture of the answer as DICOM: what it is of, what is on it, and when it has a scale."""

import io
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from her2desk.dicom.reader import open_image
from her2desk.dicom.secondary_capture import secondary_capture_bytes
from her2desk.errors import InputRefused

from .dicom_builder import US_MULTIFRAME, picture, us_file
from .report_samples import WHEN

RGB = np.random.default_rng(3).integers(0, 256, (31, 17, 3)).astype(np.uint8)


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    return us_file(tmp_path / "cine.dcm", picture(5), SOPClassUID=US_MULTIFRAME, Laterality="R")


def capture(source: Path, **more: object) -> bytes:
    image = open_image(source).image
    settings = {"when": WHEN, "is_demo": False, **more}
    return secondary_capture_bytes(RGB, source, image, 3, **settings)  # type: ignore[arg-type]


def test_the_picture_comes_back_to_the_bit_and_names_its_frame(cine: Path) -> None:
    ds = dcmread(io.BytesIO(capture(cine, has_heatmap=True)))
    assert np.array_equal(ds.pixel_array, RGB)
    (source,) = ds.SourceImageSequence
    assert (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID) == (
        US_MULTIFRAME, "1.2.3.4",
    )  # fmt: skip
    assert source.ReferencedFrameNumber == 4
    assert (ds.StudyInstanceUID, ds.PatientID, str(ds.PatientName)) == ("1.2.3", "P1", "Doe^Jane")
    assert "heatmap" in ds.DerivationDescription
    assert (ds.BurnedInAnnotation, ds.Laterality, ds.ImageType[0]) == ("YES", "R", "DERIVED")
    assert "PixelSpacing" not in ds


def test_a_picture_without_words_or_heatmap_says_so(cine: Path) -> None:
    ds = dcmread(io.BytesIO(capture(cine, has_text=False)))
    assert ds.BurnedInAnnotation == "NO"
    assert "heatmap" not in ds.DerivationDescription
    assert "DEMO" not in ds.SeriesDescription
    assert "DEMO" in dcmread(io.BytesIO(capture(cine, is_demo=True))).SeriesDescription


def test_a_scale_is_there_only_where_it_is_given(cine: Path) -> None:
    ds = dcmread(io.BytesIO(capture(cine, spacing_mm=(1 / 3, 0.1))))
    assert [float(mm) for mm in ds.PixelSpacing] == pytest.approx([1 / 3, 0.1], rel=1e-12)
    assert ds.PixelSpacingCalibrationType == "GEOMETRY"


def test_a_still_has_no_frame_to_name_and_the_same_is_the_same(tmp_path: Path) -> None:
    still = us_file(tmp_path / "still.dcm")
    image = open_image(still).image
    content = secondary_capture_bytes(RGB, still, image, 0, when=WHEN, is_demo=False)
    assert content == secondary_capture_bytes(RGB, still, image, 0, when=WHEN, is_demo=False)
    ds = dcmread(io.BytesIO(content))
    assert "ReferencedFrameNumber" not in ds.SourceImageSequence[0]
    assert ds.Laterality == ""


def test_what_is_no_picture_is_refused(cine: Path) -> None:
    image = open_image(cine).image
    long = np.zeros((1, 2**16, 3), np.uint8)
    with pytest.raises(InputRefused) as caught:
        secondary_capture_bytes(long, cine, image, 0, when=WHEN, is_demo=False)
    assert caught.value.code == "capture-size"
    for wrong in (RGB[:, :, 0], RGB.astype(float)):
        with pytest.raises(ValueError, match="RGB"):
            secondary_capture_bytes(wrong, cine, image, 0, when=WHEN, is_demo=False)
