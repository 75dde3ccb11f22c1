"""The question mark beside a figure: how it is asked, what it says and how it goes away."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from her2desk.stats.meanings import Figure, meaning
from her2desk.ui.theme import apply_theme, colours
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import Explained, MeaningMark, Titled, titled


@pytest.fixture
def mark(qtbot: QtBot, qapp: QApplication) -> MeaningMark:
    apply_theme(qapp, "dark")
    mark = MeaningMark(Figure.INTERVAL)
    qtbot.addWidget(mark)
    mark.show()
    qtbot.waitExposed(mark)
    return mark


def test_a_click_explains_the_figure(mark: MeaningMark, qtbot: QtBot) -> None:
    assert mark.popover() is None
    qtbot.mouseClick(mark, Qt.MouseButton.LeftButton)
    popover = mark.popover()
    assert popover is not None
    assert popover.title.text() == meaning(Figure.INTERVAL).title.text()
    assert popover.text.text() == meaning(Figure.INTERVAL).text.text()
    assert popover.accessibleDescription() == popover.text.text()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
@pytest.mark.parametrize("closing", [Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_keys_open_and_close_it(
    mark: MeaningMark, qtbot: QtBot, key: Qt.Key, closing: Qt.Key
) -> None:
    qtbot.keyClick(mark, key)
    popover = mark.popover()
    assert popover is not None
    qtbot.keyClick(popover, Qt.Key.Key_A)
    assert popover.isVisible()
    qtbot.keyClick(popover, closing)
    assert mark.popover() is None
    qtbot.keyClick(mark, key)
    assert mark.popover() is popover


def test_a_click_elsewhere_closes_it(mark: MeaningMark, qtbot: QtBot) -> None:
    mark.click()
    popover = mark.popover()
    assert popover is not None
    qtbot.mouseClick(popover, Qt.MouseButton.LeftButton, pos=QPoint(-20, -20))
    assert mark.popover() is None


def test_other_keys_do_not_open_it(mark: MeaningMark, qtbot: QtBot) -> None:
    qtbot.keyClick(mark, Qt.Key.Key_A)
    assert mark.popover() is None


def test_a_screen_reader_hears_of_what(mark: MeaningMark) -> None:
    title = meaning(Figure.INTERVAL).title.text()
    assert mark.accessibleName() == f"What does this mean: {title}"
    mark.set_figure(Figure.STABILITY)
    assert mark.accessibleName().endswith(meaning(Figure.STABILITY).title.text())


def test_a_mark_that_changes_its_figure_explains_the_new_one(
    mark: MeaningMark, qtbot: QtBot
) -> None:
    mark.click()
    first = mark.popover()
    assert first is not None
    mark.set_figure(Figure.INTERVAL)
    assert mark.popover() is first
    qtbot.keyClick(first, Qt.Key.Key_Escape)
    mark.set_figure(Figure.STABILITY)
    mark.click()
    second = mark.popover()
    assert second is not None
    assert second.title.text() == meaning(Figure.STABILITY).title.text()


@pytest.mark.parametrize("figure", list(Figure))
def test_every_explanation_fits_its_frame(figure: Figure, qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    mark = MeaningMark(figure)
    qtbot.addWidget(mark)
    mark.show()
    mark.click()
    popover = mark.popover()
    assert popover is not None
    text = popover.text
    assert text.height() >= text.heightForWidth(text.width())
    assert popover.contentsRect().contains(text.geometry())


def test_the_explanation_stays_on_the_screen(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    screen = qapp.primaryScreen().availableGeometry()
    for corner in (screen.bottomRight() - QPoint(24, 24), screen.topLeft()):
        mark = MeaningMark(Figure.CONFUSION)
        qtbot.addWidget(mark)
        mark.move(corner)
        mark.show()
        mark.click()
        popover = mark.popover()
        assert popover is not None
        assert screen.contains(popover.geometry())


def test_the_mark_lights_up_under_the_pointer_and_shows_the_focus(
    mark: MeaningMark, qtbot: QtBot
) -> None:
    mark.clearFocus()
    plain = mark.grab().toImage()
    mark.setFocus()
    qtbot.waitUntil(mark.hasFocus)
    focused = mark.grab().toImage()
    assert focused != plain
    tones = {focused.pixelColor(x, 12).name() for x in range(24)}
    assert colours().focus in tones


def test_a_heading_keeps_its_mark_beside_its_words(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    heading = Titled("Short", Figure.CALL)
    qtbot.addWidget(heading)
    heading.resize(300, 40)
    heading.show()
    assert heading.mark.x() < 100
    assert heading.height() >= heading.mark.height()
    heading.set_text("A heading with so many words that they cannot stand on one line of it")
    qtbot.waitUntil(lambda: heading.label.width() > 200)
    assert heading.mark.geometry().right() < 300
    assert heading.label.heightForWidth(heading.label.width()) <= heading.label.height()
    assert titled("Words", Figure.CALL).findChild(QLabel).text() == "Words"


def test_a_text_is_explained_at_the_end_of_its_first_line(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    page = QWidget()
    qtbot.addWidget(page)
    explained = Explained(wrapped("One line"), Figure.STABILITY)
    QVBoxLayout(page).addWidget(explained)
    page.resize(300, 60)
    page.show()
    label = explained.findChild(QLabel)
    middle = label.mapTo(explained, QPoint(0, 0)).y() + label.fontMetrics().height() / 2
    assert abs(middle - explained.mark.geometry().center().y()) <= 2
