"""The theme is readable for everyone, and reaches what is painted."""

import pytest
from PySide6.QtGui import QColor, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from her2desk.errors import StoreRefused
from her2desk.texts import msg
from her2desk.ui.theme import (
    DARK,
    LIGHT,
    Palette,
    apply_theme,
    colours,
    dressed_at_the_end,
    set_role,
)

TEXT = ("text", "text_muted", "accent", "what_if", "warning", "positive", "negative")
BACKGROUNDS = ("window", "surface", "surface_raised")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in QColor(colour).getRgbF()[:3]
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("token", TEXT)
def test_text_has_enough_contrast(palette: Palette, token: str, background: str) -> None:
    assert contrast(getattr(palette, token), getattr(palette, background)) >= 4.5


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
def test_text_on_an_accent_button_has_enough_contrast(palette: Palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_the_focus_ring_stands_out(palette: Palette, background: str) -> None:
    """WCAG 2.1, 1.4.11: 3 : 1 for what is not text."""
    assert contrast(palette.focus, getattr(palette, background)) >= 3


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
def test_the_outline_stands_out_on_dark_ultrasound(palette: Palette) -> None:
    assert contrast(palette.roi, "#404040") >= 4.5


@pytest.mark.parametrize(("name", "expected"), [("dark", DARK), ("light", LIGHT)])
def test_a_theme_is_applied_to_everything(qapp: QApplication, name: str, expected: Palette) -> None:
    apply_theme(qapp, name)
    assert colours() == expected
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == expected.window
    assert expected.accent in qapp.styleSheet()
    assert "$" not in qapp.styleSheet()
    assert QFontInfo(qapp.font()).pixelSize() == 13


def test_the_system_theme_follows_what_the_desktop_reports(qapp: QApplication) -> None:
    apply_theme(qapp, "system")
    reported = QGuiApplication.styleHints().colorScheme()
    assert colours() == (LIGHT if reported.name == "Light" else DARK)


def test_a_theme_that_does_not_exist_is_the_dark_one(qapp: QApplication) -> None:
    apply_theme(qapp, "sepia")
    assert colours() == DARK


def test_a_role_changes_a_label_at_once(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    label = QLabel("0.49")
    qtbot.addWidget(label)
    set_role(label, "figure")
    set_role(label, "figure")
    assert QFontInfo(label.font()).pixelSize() == 32


def test_a_window_that_is_dressed_at_the_end_looks_like_any_other(
    qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp, "dark")
    sheet, labels = qapp.styleSheet(), []
    for _ in range(2):
        labels.append(QLabel("0.91"))
        qtbot.addWidget(labels[-1])
    set_role(labels[0], "figure")
    with dressed_at_the_end():
        assert not qapp.styleSheet()
        set_role(labels[1], "figure")
    assert qapp.styleSheet() == sheet
    assert labels[0].grab().toImage() == labels[1].grab().toImage()


def test_the_style_sheet_comes_back_when_a_window_cannot_be_built(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    sheet = qapp.styleSheet()
    with pytest.raises(StoreRefused), dressed_at_the_end():
        raise StoreRefused(msg("No."), msg("Choose another folder."), code="store-locked")
    assert qapp.styleSheet() == sheet
