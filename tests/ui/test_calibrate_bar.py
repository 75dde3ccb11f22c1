"""Calibrating a picture by a ruler over its depth scale, by mouse and keyboard."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from her2desk.domain.drawing import Ruler
from her2desk.domain.image import Region, UltrasoundImage, UserCalibration
from her2desk.ui.canvas.calibrate_bar import CalibrateBar, length_mm
from her2desk.ui.canvas.calibration import calibration_text, spacing_for

BARE = UltrasoundImage("a" * 64, None, 480, 640, 4, "MONOCHROME2", "image/png")
TISSUE = Region(0, 0, 0, 639, 479, 1, 1, 3, 3, 0.006, 0.006)
RULER = Ruler(2, (600.0, 40.0), (600.0, 200.0))
GIVEN = UserCalibration(2, RULER.start, RULER.end, 10.0)
Left = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot: QtBot) -> CalibrateBar:
    bar = CalibrateBar()
    qtbot.addWidget(bar)
    bar.resize(600, 48)
    return bar


@pytest.mark.parametrize(
    ("text", "mm"),
    [
        ("10", 10.0),
        ("10 mm", 10.0),
        (" 1 cm ", 10.0),
        ("1,5CM", 15.0),
        ("0.5cm", 5.0),
        (",5 cm", 5.0),
        ("7.", 7.0),
        *((wrong, None) for wrong in ("", "0", "0,0 mm", "-3", "ten", "1 in", "1e3", "12345", "٣")),
    ],
)
def test_lengths_are_read_as_people_type_them(text: str, mm: float | None) -> None:
    assert length_mm(text) == (None if mm is None else pytest.approx(mm))


def test_a_picture_that_its_file_calibrates_needs_no_bar(bar: CalibrateBar) -> None:
    assert bar.isHidden()
    bar.set_image(replace(BARE, regions=(TISSUE,)))
    assert bar.isHidden()
    bar.set_image(BARE)
    assert not bar.isHidden()
    assert bar.text().startswith("No calibration. Draw a ruler (R)")
    bar.set_image(None)
    assert bar.isHidden()


def test_a_ruler_and_its_length_make_a_calibration(qtbot: QtBot, bar: CalibrateBar) -> None:
    bar.set_image(BARE)
    bar.show()
    assert bar.field.isHidden()
    bar.set_ruler(RULER)
    assert bar.text() == "Length of the selected ruler:"
    assert not bar.use_button.isEnabled()
    qtbot.keyClicks(bar.field, "1,0 cm")
    assert bar.use_button.isEnabled()
    with qtbot.waitSignal(bar.calibration_given) as given:
        qtbot.mouseClick(bar.use_button, Left)
    assert given.args == [GIVEN]
    bar.set_image(BARE.calibrated_by(GIVEN))
    bar.set_ruler(None)
    assert bar.text() == "0.0625 mm/px by the user (frame 3)"
    with qtbot.waitSignal(bar.calibration_removed):
        qtbot.mouseClick(bar.remove_button, Left)
    bar.set_image(BARE)
    assert bar.remove_button.isHidden()
    assert not bar.isHidden()


def test_enter_uses_the_length_too(qtbot: QtBot, bar: CalibrateBar) -> None:
    bar.set_image(BARE)
    bar.set_ruler(RULER)
    bar.show()
    qtbot.keyClicks(bar.field, "10")
    with qtbot.waitSignal(bar.calibration_given):
        qtbot.keyClick(bar.field, Qt.Key.Key_Return)


def test_what_cannot_be_right_is_said_and_kept_to_be_corrected(
    qtbot: QtBot, bar: CalibrateBar
) -> None:
    bar.set_image(BARE)
    bar.set_ruler(RULER)
    bar.show()
    with qtbot.assertNotEmitted(bar.calibration_given):
        qtbot.keyClick(bar.field, Qt.Key.Key_Return)
        assert "such as 10 mm" in bar.problem_text()
        qtbot.keyClicks(bar.field, "900")
        assert bar.problem_text() == ""
        qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert "would make a pixel 5.62 mm large" in bar.problem_text()
    assert bar.field.text() == "900"


def test_a_ruler_on_another_kind_of_picture_says_why_not(bar: CalibrateBar) -> None:
    spectrum = replace(TISSUE, x0=320, spatial_format=3, data_type=3)
    bar.set_image(replace(BARE, regions=(spectrum,)))
    bar.set_ruler(RULER)
    assert bar.field.isHidden()
    assert "spectral Doppler" in bar.text()


def test_another_picture_begins_afresh(qtbot: QtBot, bar: CalibrateBar) -> None:
    bar.set_image(BARE)
    bar.set_ruler(RULER)
    bar.show()
    qtbot.keyClicks(bar.field, "10")
    bar.set_image(replace(BARE, sha256="b" * 64))
    assert bar.field.text() == ""
    assert bar.field.isHidden()
    bar.grab()


def test_the_line_beneath_the_picture_says_who_measured() -> None:
    spacing = spacing_for(BARE.calibrated_by(GIVEN), None, (5.0, 5.0), 1)
    assert calibration_text(spacing) == (
        "0.0625 mm/px · by the user, on frame 3; pixels taken as square"
    )


def test_the_kind_of_region_is_said_and_what_is_no_tissue() -> None:
    flow = replace(TISSUE, data_type=2, y1=239)
    sweep = replace(TISSUE, index=1, y0=240, spatial_format=2, units_x=4)
    image = replace(BARE, regions=(flow, sweep))
    assert calibration_text(spacing_for(image, None, (5.0, 5.0))) == (
        "0.06 mm/px · region 1 of 2 (colour flow, 2-D), from the DICOM ultrasound region"
    )
    assert calibration_text(spacing_for(image, None, (5.0, 300.0))) == (
        "No calibration: sizes are in pixels · Region 2 of the file lies here, and it is no "
        "picture of tissue (M-mode)."
    )
