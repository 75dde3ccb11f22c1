"""What speaks against an answer: its order, its shapes, and what is folded away."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from her2desk.domain.concern import Concern, Weight
from her2desk.texts import msg
from her2desk.ui.panels.concerns_view import ConcernsView
from her2desk.ui.theme import apply_theme
from her2desk.ui.widgets.glyph import Glyph
from tests.ui.panel_samples import make_concerns

CALM = "Nothing speaks against it."


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> ConcernsView:
    apply_theme(qapp, "dark")
    view = ConcernsView()
    qtbot.addWidget(view)
    view.resize(360, 300)
    view.show()
    qtbot.waitExposed(view)
    return view


def lines(view: ConcernsView) -> list[str]:
    return [
        label.text()
        for label in view.findChildren(QLabel)
        if label.isVisible() and label is not view.title
    ]


def kinds(view: ConcernsView) -> list[str]:
    return [glyph.kind() for glyph in view.findChildren(Glyph) if glyph.isVisible()]


def test_the_gravest_stands_first_and_each_weight_has_its_shape(view: ConcernsView) -> None:
    view.set_concerns(make_concerns(), CALM)
    assert [concern.weight for concern in view.concerns()] == sorted(Weight)
    assert kinds(view) == ["grave", "warning", "note"]
    assert lines(view)[0] == "Callipers or text are drawn inside the outline."
    assert CALM not in lines(view)


def test_without_concerns_one_calm_line_stands_there(view: ConcernsView) -> None:
    view.set_concerns((), CALM)
    assert lines(view) == [CALM]
    assert kinds(view) == ["calm"]


def test_a_screen_reader_hears_the_weight(view: ConcernsView) -> None:
    view.set_concerns(make_concerns(), CALM)
    said = [label.accessibleName() for label in view.findChildren(QLabel) if label.isVisible()]
    assert "Grave: Callipers or text are drawn inside the outline." in said
    assert any(name.startswith("Caution: ") for name in said)
    assert "Note: Remark 1 on the case." in said


def test_further_notes_are_folded_and_counted(view: ConcernsView, qtbot: QtBot) -> None:
    view.set_concerns(make_concerns(notes=3), CALM)
    assert len(lines(view)) == 3
    assert view.more.text() == "2 more notes"
    qtbot.mouseClick(view.more, Qt.MouseButton.LeftButton)
    assert len(lines(view)) == 5
    assert view.more.text() == "Fewer notes"
    view.more.setFocus()
    qtbot.keyClick(view.more, Qt.Key.Key_Space)
    assert len(lines(view)) == 3
    view.set_concerns(make_concerns(notes=2), CALM)
    assert view.more.text() == "1 more note"
    view.set_concerns(make_concerns(notes=1), CALM)
    assert not view.more.isVisible()


def test_no_caution_is_ever_folded_away(view: ConcernsView) -> None:
    cautions = tuple(
        Concern(f"c{index}", Weight.CAUTION, msg("Caution {n}.", n=index)) for index in range(5)
    )
    note = Concern("note", Weight.NOTE, msg("A note."))
    view.set_concerns((note, *cautions), CALM)
    assert len(lines(view)) == 5
    assert view.more.text() == "1 more note"


def test_lines_are_filled_anew_and_not_rebuilt(view: ConcernsView) -> None:
    first, second, third = make_concerns()
    view.set_concerns((first, second, third), CALM)
    before = view.findChildren(QLabel)
    other = replace(third, message=msg("Colour Doppler lies inside the outline."))
    view.set_concerns((other,), CALM)
    assert view.findChildren(QLabel) == before
    assert lines(view) == ["Colour Doppler lies inside the outline."]
    assert kinds(view) == ["grave"]


def test_stale_concerns_lose_their_colour(view: ConcernsView) -> None:
    view.set_concerns(make_concerns(), CALM)
    glyph = next(glyph for glyph in view.findChildren(Glyph) if glyph.isVisible())
    bright = saturation(glyph.grab().toImage())
    view.set_stale(True)
    assert saturation(glyph.grab().toImage()) < bright


def saturation(image: QImage) -> int:
    """The largest saturation (0–255) in a picture."""
    return max(
        image.pixelColor(x, y).saturation()
        for x in range(image.width())
        for y in range(image.height())
    )


@pytest.mark.parametrize("kind", ["grave", "warning", "note", "calm", "band"])
def test_every_shape_is_painted(kind: str, qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    empty, glyph = Glyph("none"), Glyph(kind)
    for shape in (empty, glyph):
        qtbot.addWidget(shape)
        shape.resize(16, 16)
    assert glyph.grab().toImage() != empty.grab().toImage()
