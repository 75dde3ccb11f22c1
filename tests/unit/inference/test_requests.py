"""From a file to a case: the outline's own frame, in grey, and nothing decoded for a wrong outline."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from her2desk.dicom.pixels import grey
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UserCalibration
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.inference.requests import case_of, read_case
from her2desk.paths import demo_case_dir

DEMO = demo_case_dir() / "demo.dcm"
SQUARE = ((100.0, 100.0), (160.0, 100.0), (160.0, 160.0), (100.0, 160.0))


def test_the_case_shows_the_outlines_own_frame():
    opened = open_image(DEMO)
    record = ClinicalRecord(pr=True)
    for index in (0, opened.image.frames - 1):
        case = read_case(DEMO, Roi(index, SQUARE), record)
        assert np.array_equal(case.pixels, grey(opened.frames.frame(index)))
        assert case.roi.frame_index == index
        assert case.clinical == record
        assert case.image == opened.image
    first = read_case(DEMO, Roi(0, SQUARE), record)
    assert not np.array_equal(first.pixels, case.pixels)  # the test can fail


def test_a_colour_picture_is_read_in_grey(tmp_path):
    colours = np.zeros((200, 220, 3), np.uint8)
    colours[..., 1] = np.arange(220)
    path = tmp_path / "colour.png"
    Image.fromarray(colours).save(path)
    case = read_case(path, Roi(0, SQUARE), ClinicalRecord())
    assert case.pixels.shape == (200, 220)
    assert case.pixels.dtype == np.uint8


class Undecodable:
    def frame(self, index):
        raise AssertionError("decoded")


@pytest.mark.parametrize(
    ("roi", "code"),
    [
        (Roi(999, SQUARE), "roi-frame"),
        (Roi(0, SQUARE[:2]), "roi-too-few-points"),
        (Roi(0, ((0.0, 0.0), (9e9, 0.0), (0.0, 9.0))), "roi-outside"),
    ],
)
def test_a_wrong_outline_is_refused_before_anything_is_decoded(roi, code):
    opened = open_image(DEMO)
    blind = OpenedImage(opened.image, Undecodable())
    with pytest.raises(InputRefused) as refused:
        case_of(blind, roi, ClinicalRecord())
    assert refused.value.code == code
    with pytest.raises(AssertionError, match="decoded"):
        case_of(blind, replace(roi, frame_index=0, polygon=SQUARE), ClinicalRecord())


def test_a_number_beyond_all_measure_is_said_shortly():
    roi = Roi(0, ((1e308, 1.0), (2.0, 2.0), (30.0, 1e308)))
    with pytest.raises(InputRefused) as refused:
        case_of(open_image(DEMO), roi, ClinicalRecord())
    assert len(refused.value.message.text()) < 140


def picture_file(folder, paint):
    """A grey PNG of 200 × 220 that ``paint`` drew on."""
    pixels = np.full((200, 220, 3), 90, np.uint8)
    paint(pixels)
    path = folder / "picture.png"
    Image.fromarray(pixels).save(path)
    return path


def test_what_the_frame_shows_goes_with_the_case(tmp_path):
    def flow(pixels):
        pixels[110:150, 110:150] = (220, 40, 20)

    case = read_case(picture_file(tmp_path, flow), Roi(0, SQUARE), ClinicalRecord())
    found = [warning.code for warning in case.image.warnings]
    assert found[:2] == ["uncalibrated-raster", "colour-in-roi"]
    assert "colour-doppler" in found
    assert len(set(found)) == len(found)


def test_a_ruler_calibrates_the_case(tmp_path):
    path = picture_file(tmp_path, lambda pixels: None)
    ruler = UserCalibration(0, (10.0, 10.0), (10.0, 110.0), 20.0)
    case = read_case(path, Roi(0, SQUARE), ClinicalRecord(), ruler)
    spacing = case.roi.spacing(case.image)
    assert spacing.mm == pytest.approx((0.2, 0.2))
    assert case.image.user_calibration == ruler
    with pytest.raises(InputRefused) as refused:
        read_case(DEMO, Roi(0, SQUARE), ClinicalRecord(), ruler)
    assert refused.value.code == "calibration-place"
