"""The nearest validation patients, as the why panel shows them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.ui.panels.neighbours_view import NeighboursView
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import make_familiarity, make_picture

NEAREST = make_familiarity().nearest


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> NeighboursView:
    apply_theme(qapp, "light")
    view = NeighboursView()
    qtbot.addWidget(view)
    view.resize(356, 700)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_each_patient_has_an_outcome_in_word_and_shape(view: NeighboursView) -> None:
    view.show_nearest(NEAREST, 0.0, {})
    cards = view.cards()
    assert [card.glyph.kind() for card in cards] == [
        "positive",
        "negative",
        "positive",
        "negative",
        "negative",
    ]
    assert "HER-2 positive; predicted 0.75" in cards[0].sentence.text()
    assert "HER-2 negative" in cards[1].accessibleName()
    assert "distance 1.4" in cards[0].accessibleName()
    assert "Ring: HER-2 negative" in view.note.text()


def test_the_prediction_moves_with_the_prevalence(view: NeighboursView) -> None:
    view.show_nearest(NEAREST, 0.0, {})
    view.show_nearest(NEAREST, -1.1, {})
    assert "predicted 0.50" in view.cards()[0].sentence.text()


def test_without_pictures_no_room_is_kept_for_them(view: NeighboursView, qtbot: QtBot) -> None:
    view.show_nearest(NEAREST, 0.0, {})
    card = view.cards()[0]
    assert not card.thumbnail.isVisible()
    assert "no pictures" in view.note.text()
    card.setFocus()
    assert card.hasFocus()  # it is read all the same
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert not card.enlarged.isVisible()
    view.grab()


def test_a_picture_is_enlarged_by_mouse_and_keyboard(view: NeighboursView, qtbot: QtBot) -> None:
    view.show_nearest(NEAREST, 0.0, {"PH-0000": make_picture()})
    card = view.cards()[0]
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert card.enlarged.isVisible()
    assert card.enlarged.has_picture()
    assert card.enlarged.width() == card.enlarged.height() > 300
    view.grab()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert not card.enlarged.isVisible()
    qtbot.keyClick(card, Qt.Key.Key_Space)
    assert card.enlarged.isVisible()


def test_a_patient_without_a_picture_has_a_place_that_says_so(view: NeighboursView) -> None:
    view.show_nearest(NEAREST, 0.0, {"PH-0000": make_picture()})
    card = view.cards()[1]
    assert card.thumbnail.isVisible()
    assert not card.thumbnail.has_picture()
    assert card.accessibleDescription() == "There is no picture in this pack."
    assert view.cards()[0].accessibleDescription() == "Press Enter to enlarge the picture."


def test_an_enlarged_picture_of_another_patient_is_small_again(
    view: NeighboursView, qtbot: QtBot
) -> None:
    view.show_nearest(NEAREST, 0.0, {"PH-0000": make_picture()})
    qtbot.mouseClick(view.cards()[0], Qt.MouseButton.LeftButton)
    view.show_nearest(NEAREST[2:], 0.0, {"PH-0002": make_picture(96)})
    assert len(view.cards()) == 3
    assert view.cards()[0].thumbnail.has_picture()
    assert not view.cards()[0].enlarged.isVisible()


def test_bytes_that_are_no_picture_are_no_picture(view: NeighboursView) -> None:
    view.show_nearest(NEAREST, 0.0, {"PH-0000": b"not a PNG"})
    assert not view.cards()[0].thumbnail.has_picture()
    assert not view.cards()[0].leads()


def test_a_pack_without_a_space_has_no_nearest_patients(view: NeighboursView) -> None:
    view.show_nearest((), 0.0, {})
    assert view.cards() == []
    assert view.note.text() == "This pack does not say which of its patients are nearest."
