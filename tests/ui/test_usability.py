"""What is asked of every window finds what is wrong with one; and what comes by itself is told."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from her2desk.ui.accessible import install
from her2desk.ui.panels.nomogram_canvas import NomogramCanvas
from her2desk.ui.theme import apply_theme
from tests.ui import panel_samples as samples
from tests.ui import usability
from tests.ui.main_window_rows import an_answer, answered_window
from tests.ui.window_table import Stage, opened_window

TAB = Qt.Key.Key_Tab


class Plain(QPushButton):
    """A button that does not show its focus."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        QPainter(self).drawText(self.rect(), self.text())


class Trap(QObject):
    """Sends Tab back to where it came from."""

    def __init__(self, home: QWidget) -> None:
        super().__init__(home)
        self._home = home

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._home.setFocus()
            return True
        return False


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> QWidget:
    apply_theme(qapp, "dark")
    made = QWidget()
    made.resize(300, 300)
    qtbot.addWidget(made)
    QVBoxLayout(made)
    return made


def fill(window: QWidget, *widgets: QWidget) -> None:
    for widget in widgets:
        window.layout().addWidget(widget)
    window.show()
    window.activateWindow()
    QApplication.processEvents()


def test_a_trap_is_found(window: QWidget) -> None:
    first, second, third = QPushButton("1"), QPushButton("2"), QPushButton("3")
    fill(window, first, second, third)
    second.installEventFilter(Trap(first))
    first.setFocus()
    assert set(usability.stops(window)) - set(usability.tab_through(window)) == {third}


def test_a_wrong_order_is_found(window: QWidget) -> None:
    buttons = [QPushButton(str(n)) for n in range(4)]
    fill(window, *buttons)
    QWidget.setTabOrder(buttons[2], buttons[1])
    QWidget.setTabOrder(buttons[1], buttons[3])
    buttons[0].setFocus()
    assert len(usability.out_of_order(window, usability.tab_through(window))) == 2


def test_a_focus_that_nobody_sees_is_found(window: QWidget) -> None:
    fill(window, QPushButton("seen"), Plain("unseen"))
    assert usability.unseen_focus(window, 2) == ["Plain 'unseen'"]


def test_faint_words_are_found(window: QWidget) -> None:
    faint, clear = QLabel("faint"), QLabel("clear")
    faint.setStyleSheet("color: #555c66")
    fill(window, faint, clear)
    found = {one.what: one.ratio for one in usability.text_contrasts(window)}
    assert found["QLabel 'faint' 'faint'"] < 3 < 10 < found["QLabel 'clear' 'clear'"]


def test_contrast_is_that_of_wcag() -> None:
    ink = np.array([[[0, 0, 0], [255, 255, 255], [255, 255, 255]]], np.uint8)
    assert usability.contrast(ink) == pytest.approx(21)


# What comes by itself


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What assistive technology is told."""
    found: list[object] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", found.append)
    return found


def said(events: list[object]) -> list[str]:
    return [event.message() for event in events if hasattr(event, "message")]


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    with made.ends:
        yield made


def test_an_answer_is_read_out_once_and_a_new_call_again(
    stage: Stage, events: list[object]
) -> None:
    seat = answered_window(stage)
    answer = [words for words in said(events) if words.startswith("Predicted probability")]
    assert len(answer) == 1
    assert "0.49, 95 % interval 0.34 to 0.64. Positive at this operating point" in answer[0]
    seat.window.session.restate(0.1701, None)
    assert len(said(events)) == len(answer), "the same call at another threshold"
    seat.window.session.restate(0.9, None)
    assert "Negative" in said(events)[-1]
    seat.window.runner.finished.emit(2, an_answer())


def test_a_markers_value_is_read_out_as_it_moves(
    qtbot: QtBot, qapp: QApplication, events: list[object]
) -> None:
    install(qapp)
    canvas = NomogramCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    nomogram = samples.make_nomogram()
    canvas.set_case(nomogram.geometry, nomogram.values, 0.0)
    canvas.show()
    canvas.activateWindow()
    QApplication.processEvents()
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    events.clear()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    kinds = [event.type() for event in events]
    assert QAccessible.Event.ValueChanged in kinds
    spoken = QAccessible.queryAccessibleInterface(canvas)
    assert spoken is not None
    assert spoken.role() == QAccessible.Role.Chart
    assert "Marker of Progesterone receptor" in spoken.text(QAccessible.Text.Value)


def test_the_picture_shows_that_keys_are_for_it(tmp_path) -> None:
    with opened_window("main window, answered", tmp_path) as window:
        view = window.workspace.view
        view.setFocus(Qt.FocusReason.MouseFocusReason)
        clicked = view.grab().toImage()
        view.clearFocus()
        view.setFocus(Qt.FocusReason.TabFocusReason)
        assert view.grab().toImage() != clicked
