"""Numbers that are typed: what they can only mean, or nothing; whatever the computer's region."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from her2desk.settings import Settings
from her2desk.ui.app import make_application
from her2desk.ui.canvas.calibrate_bar import length_mm
from her2desk.ui.panels.clinical_field_row import parse_number
from her2desk.ui.widgets.inputs import QuietDoubleSpinBox
from her2desk.ui.widgets.typed_numbers import plain_number


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12.5", "12.5"),
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("1234,5", "1234.5"),
        (",5", ".5"),
        ("１２．５", "12.5"),
        ("−3", "-3"),
        ("1,234", None),
        ("12,345", None),
        ("-1,234", None),
        ("1,234,567", None),
        ("1,234.5", None),
        ("1.234,5", None),
        ("1..5", None),
    ],
)
def test_a_comma_is_a_point_where_it_can_be_nothing_else(typed, meant):
    assert plain_number(typed) == meant


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_no_number_becomes_another_by_how_it_is_written(whole, decimals):
    value = whole / 10**decimals
    point = f"{value:.{decimals}f}"
    assert float(plain_number(point)) == float(point)
    grouped = f"{value:,.{decimals}f}"
    read = plain_number(grouped)
    assert read is None or float(read) == float(point)
    with_comma = plain_number(point.replace(".", ","))
    assert with_comma is None or float(with_comma) == float(point)


def test_every_field_refuses_what_may_mean_two_numbers():
    assert parse_number("1,234") is None
    assert parse_number("45,5") == 45.5
    assert length_mm("1,234 mm") is None
    assert length_mm("1,5 cm") == 15.0


@pytest.fixture
def german_computer(qapp: QApplication):
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def percentage(qtbot, german_computer) -> QuietDoubleSpinBox:
    make_application(Settings())
    field = QuietDoubleSpinBox()
    field.setRange(0, 99_999)
    field.setDecimals(2)
    field.setKeyboardTracking(False)
    qtbot.addWidget(field)
    field.show()
    field.selectAll()
    return field


@pytest.mark.parametrize("typed", ["2.5", "2,5"])
def test_a_number_in_a_field_has_a_point_on_a_computer_of_commas(percentage, typed):
    QTest.keyClicks(percentage, typed)
    QTest.keyClick(percentage, Qt.Key.Key_Return)
    assert percentage.value() == 2.5
    assert percentage.text() == "2.50"


def test_thousands_are_neither_written_nor_taken(percentage):
    percentage.setValue(1234.5)
    assert percentage.text() == "1234.50"
    QApplication.clipboard().setText("1,234")
    percentage.selectAll()
    QTest.keyClick(percentage, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(percentage, Qt.Key.Key_Return)
    assert percentage.value() == 1234.5
