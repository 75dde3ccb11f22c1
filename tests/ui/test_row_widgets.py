"""Small painted widgets of the why panel: places on a scale, tallies, rows to press."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from her2desk.ui.theme import apply_theme, colours
from her2desk.ui.widgets.place_bar import Place, PlaceBar, against_limit, among
from her2desk.ui.widgets.row_button import RowButton
from her2desk.ui.widgets.row_pool import RowPool
from her2desk.ui.widgets.tally import Tally


@pytest.fixture(autouse=True)
def dark(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


def test_a_value_and_its_limit_both_fit_on_the_scale() -> None:
    assert against_limit(12.0, 4.0, True) == Place(0, 15.0, 12.0, (4.0, 15.0), 4.0)
    assert against_limit(1.0, 4.0, False) == Place(0, 5.0, 1.0, (0, 4.0), 4.0)
    nothing = against_limit(None, 0.0, True)
    assert nothing.upper > nothing.lower


def test_a_value_beyond_all_others_fits_on_the_scale() -> None:
    place = among(31.0, 4.0, 28.0)
    assert place.lower < 4.0
    assert place.upper > 31.0
    same = among(2.0, 2.0, 2.0)
    assert same.lower < 2.0 < same.upper


def test_the_dot_is_painted_where_the_value_stands(qtbot: QtBot) -> None:
    bar = PlaceBar()
    qtbot.addWidget(bar)
    bar.resize(300, bar.sizeHint().height())
    bar.set_place(Place(0, 1, 0.25, (0.5, 0.5), 0.75), "warning")
    picture = bar.grab().toImage()
    middle = bar.height() // 2
    assert picture.pixelColor(round(bar.x_of(0.25)), middle) == QColor(colours().accent)
    assert picture.pixelColor(round(bar.x_of(0.5)), middle) == QColor(colours().warning)
    assert picture.pixelColor(int(bar.x_of(0.75)), 3) == QColor(colours().text)
    bar.set_place(None)
    bar.grab()


def test_a_tally_has_a_mark_for_each_patient(qtbot: QtBot) -> None:
    tally = Tally()
    qtbot.addWidget(tally)
    tally.resize(180, 20)
    tally.set_counts(2, 30, "warning", 30)
    picture = tally.grab().toImage()
    assert picture.pixelColor(4, 5) == QColor(colours().warning)
    assert picture.pixelColor(4 + 9, 5) == QColor(colours().warning)
    assert picture.pixelColor(4 + 18, 5) != QColor(colours().warning)
    assert tally.height() > 20  # a second line


def test_many_patients_are_a_bar(qtbot: QtBot) -> None:
    tally = Tally()
    qtbot.addWidget(tally)
    tally.resize(200, 20)
    tally.set_counts(100, 400, "warning", 400)
    assert tally.is_bar()
    picture = tally.grab().toImage()
    assert picture.pixelColor(40, 5) == QColor(colours().warning)
    assert picture.pixelColor(60, 5) == QColor(colours().border)
    tally.set_counts(0, 0, "warning", 400)
    assert tally.grab().toImage().pixelColor(40, 5) == QColor(colours().border)


def test_a_row_that_leads_somewhere_lights_up_under_the_pointer(qtbot: QtBot) -> None:
    row = RowButton()
    qtbot.addWidget(row)
    row.resize(100, 40)
    row.show()
    qtbot.waitExposed(row)
    inside = QPoint(50, 20)
    row.set_leads(True)
    assert row.cursor().shape() is Qt.CursorShape.PointingHandCursor
    qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=inside)
    assert row.grab().toImage().pixelColor(inside) == QColor(colours().surface_raised)
    with qtbot.waitSignal(row.clicked):
        qtbot.mouseRelease(row, Qt.MouseButton.LeftButton, pos=inside)
    row.set_leads(False)
    qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=inside)
    assert row.grab().toImage().pixelColor(inside) == QColor(colours().surface)
    qtbot.mouseRelease(row, Qt.MouseButton.LeftButton, pos=inside)


def test_rows_in_readiness_are_out_of_sight_until_they_are_filled(qtbot: QtBot) -> None:
    made: list[QLabel] = []

    def make() -> QLabel:
        made.append(QLabel())
        return made[-1]

    pool = RowPool(make, 0, ready=2)
    qtbot.addWidget(pool)
    assert len(made) == 2
    assert pool.rows() == []
    assert pool.isHidden()
    assert all(row.isHidden() for row in made)
    assert pool.take(1) == made[:1]
    assert not pool.isHidden()
    assert made[1].isHidden()
    pool.take(3)
    assert len(made) == 3
