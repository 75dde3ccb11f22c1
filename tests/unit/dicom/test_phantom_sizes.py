"""Sizes measured on a phantom's file against the depth scale that is drawn into its picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from her2desk.dicom.pixels import grey
from her2desk.dicom.reader import open_image
from her2desk.domain.image import SpacingSource, UserCalibration
from her2desk.domain.measurements import area, axes, circumference, distance
from her2desk.domain.roi import Roi
from her2desk.paths import demo_case_dir

TICK_MM = 5.0  # what the phantom's screen draws
SCALE_COLUMN = 606
FRAME = 9


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return grey(open_image(demo_case_dir() / "demo.dcm").frames.frame(FRAME))


@pytest.fixture(scope="module")
def ticks(picture: np.ndarray) -> np.ndarray:
    """Rows of the scale's ticks, as a person would point at them: the pixels' centres."""
    return np.flatnonzero(picture[:, SCALE_COLUMN] > 100) + 0.5


def test_a_distance_in_the_picture_is_that_of_its_scale(ticks: np.ndarray) -> None:
    image = open_image(demo_case_dir() / "demo.dcm").image
    depth = TICK_MM * (len(ticks) - 1)
    found = distance(image, (300.0, ticks[0]), (300.0, ticks[-1]), FRAME)
    assert found.mm == pytest.approx(depth, rel=0.005)
    slanted = distance(image, (300.0, ticks[0]), (300.0 + ticks[-1] - ticks[0], ticks[-1]), FRAME)
    assert slanted.mm is None  # it leaves the region
    assert slanted.reason is not None


def test_an_outline_as_wide_and_deep_as_ticks_has_their_size(ticks: np.ndarray) -> None:
    image = open_image(demo_case_dir() / "demo.dcm").image
    top, lower = ticks[1], ticks[5]
    side = lower - top
    mm = 4 * TICK_MM
    square = Roi(FRAME, ((100.0, top), (100 + side, top), (100 + side, lower), (100.0, lower)))
    assert area(image, square).mm == pytest.approx(mm**2, rel=0.01)  # 0.5 % of each side
    assert circumference(image, square).mm == pytest.approx(4 * mm, rel=0.005)
    assert axes(image, square).long.mm == pytest.approx(mm * 2**0.5, rel=0.005)


def test_a_ruler_over_the_scale_gives_what_the_file_had_said(
    tmp_path: Path, picture: np.ndarray, ticks: np.ndarray
) -> None:
    plain = tmp_path / "screenshot.png"
    Image.fromarray(picture).save(plain)
    length = TICK_MM * (len(ticks) - 1)
    ruler = UserCalibration(0, (SCALE_COLUMN, ticks[0]), (SCALE_COLUMN, ticks[-1]), length)
    image = open_image(plain).image.calibrated_by(ruler)
    spacing = image.spacing_at(300, 200)
    assert spacing.source is SpacingSource.USER
    said = open_image(demo_case_dir() / "demo.dcm").image.spacing_at(300, 200).mm
    assert spacing.mm == pytest.approx(said, rel=0.005)
