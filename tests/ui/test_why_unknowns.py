"""What is not known and what it could do to the answer, as the why panel shows it."""

import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.ui.panels.unknowns_view import UnknownsView
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import make_unknowns


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> UnknownsView:
    apply_theme(qapp, "dark")
    view = UnknownsView()
    qtbot.addWidget(view)
    view.resize(356, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_the_band_of_answers_stands_beside_answer_and_threshold(view: UnknownsView) -> None:
    view.show_unknowns(make_unknowns(), 0.0, 0.49, 0.31)
    assert [row.field for row in view.rows()] == ["pr", "age_years", "er"]
    place = view.rows()[0].bar.place()
    assert place is not None
    assert (place.value, place.tick) == (0.49, 0.31)
    assert place.stretch == pytest.approx((1 / (1 + math.exp(0.4)), 1 / (1 + math.exp(-0.9))))
    assert "0.71 for no and 0.40 for yes" in view.rows()[0].sentence.text()
    assert "Band" in view.note.text()
    view.grab()


def test_the_band_moves_with_the_prevalence(view: UnknownsView) -> None:
    view.show_unknowns(make_unknowns(), 0.0, 0.49, 0.31)
    view.show_unknowns(make_unknowns(), -0.9, 0.3, 0.31)
    place = view.rows()[0].bar.place()
    assert place is not None
    assert place.stretch is not None
    assert place.stretch[1] == pytest.approx(0.5)


def test_a_value_that_no_model_uses_has_no_band(view: UnknownsView) -> None:
    view.show_unknowns(make_unknowns(), 0.0, 0.49, 0.31)
    row = view.rows()[2]
    assert not row.bar.isVisible()
    assert "no model" in row.sentence.text()
    view.show_unknowns(make_unknowns()[2:], 0.0, 0.49, 0.31)
    assert not view.note.isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_row_leads_to_its_field_by_keyboard(
    view: UnknownsView, qtbot: QtBot, key: Qt.Key
) -> None:
    view.show_unknowns(make_unknowns(), 0.0, 0.49, 0.31)
    row = view.rows()[1]
    row.setFocus()
    with qtbot.waitSignal(view.field_requested) as asked:
        qtbot.keyClick(row, key)
    assert asked.args == ["age_years"]


def test_a_row_leads_to_its_field_by_a_click_on_its_words(view: UnknownsView, qtbot: QtBot) -> None:
    view.show_unknowns(make_unknowns(), 0.0, 0.49, 0.31)
    row = view.rows()[0]
    words = row.sentence.geometry().center()
    assert view.childAt(row.mapTo(view, words)) is row  # the words do not take the click
    with qtbot.waitSignal(view.field_requested) as asked:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=words)
    assert asked.args == ["pr"]
    view.show_unknowns(make_unknowns()[1:], 0.0, 0.49, 0.31)
    with qtbot.waitSignal(view.field_requested) as asked:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert asked.args == ["age_years"]


def test_nothing_unknown_is_one_line(view: UnknownsView) -> None:
    view.show_unknowns((), 0.0, 0.49, 0.31)
    assert view.rows() == []
    assert view.note.isVisible()
    assert view.note.text() == "All that this pack asks for is known."
