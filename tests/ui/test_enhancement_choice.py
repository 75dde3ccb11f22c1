"""The choice of an enhancement for a new pack, as a person makes it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from her2desk.ui.jobs import Background
from her2desk.ui.theme import apply_theme
from her2desk.ui.training.choices_page import ChoicesPage
from her2desk.ui.training.command_line import train_arguments
from her2desk.ui.training.documents import check_of
from her2desk.ui.training.enhancement_choice import EnhancementChoice
from tests.enhancers import small_enhancer_file
from tests.ui.test_training_pages import choose, shown
from tests.ui.training_samples import check_document

WAIT_MS = 20_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def choices(qtbot: QtBot, qapp: QApplication, tmp_path: Path):
    apply_theme(qapp, "dark")
    background = Background()
    page = shown(qtbot, ChoicesPage(background))
    page.set_source(tmp_path, check_of(check_document()))
    yield page
    background.close()


@pytest.fixture
def enhancement(choices: ChoicesPage) -> EnhancementChoice:
    return choices.enhancement


@pytest.fixture
def enhancer(tmp_path: Path) -> Path:
    path = tmp_path / "ward.h2enhancer"
    small_enhancer_file(path, "ward-gan", "2.1")
    return path


def asked(choices: ChoicesPage) -> str:
    arguments = train_arguments(choices.request())
    return arguments[arguments.index("--enhance") + 1]


def until_read(qtbot: QtBot, enhancement: EnhancementChoice) -> None:
    qtbot.waitUntil(lambda: enhancement.file.said.text() != "", timeout=WAIT_MS)


def test_nothing_is_enhanced_unless_asked_for(qtbot, choices, enhancement):
    assert asked(choices) == "none"
    assert choices.problem() == ""
    assert not enhancement.file.isVisible()
    with qtbot.waitSignal(enhancement.help_requested):
        qtbot.mouseClick(enhancement.measured, LEFT)
    with qtbot.waitSignal(enhancement.train_requested):
        qtbot.mouseClick(enhancement.train, LEFT)


@pytest.mark.parametrize("value", ["lanczos-2", "lanczos-4", "phantom-gan"])
def test_what_comes_with_the_program_is_asked_for_by_its_name(qtbot, choices, enhancement, value):
    with qtbot.waitSignal(choices.changed):
        choose(qtbot, enhancement.chooser, value)
    assert asked(choices) == value
    assert choices.problem() == ""


def test_it_says_where_the_profile_undoes_the_enlarging(qtbot, choices, enhancement):
    assert not enhancement.resampled.isVisible()
    choose(qtbot, enhancement.chooser, "lanczos-4")
    assert enhancement.resampled.isVisible()
    choose(qtbot, choices.profile, "us-2d-px")
    assert not enhancement.resampled.isVisible()


def test_a_chosen_file_is_read_and_says_what_it_is(
    qtbot, choices, enhancement, enhancer, monkeypatch
):
    choose(qtbot, enhancement.chooser, "file")
    assert "Choose the file" in choices.problem()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    qtbot.mouseClick(enhancement.file.choose, LEFT)
    assert "Choose the file" in choices.problem()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(enhancer), ""))
    qtbot.mouseClick(enhancement.file.choose, LEFT)
    assert "has not been read" in choices.problem()
    until_read(qtbot, enhancement)
    assert enhancement.file.said.text() == "ward-gan 2.1 · ×4 · trained on 0 images of 0 patients"
    assert choices.problem() == ""
    assert asked(choices) == str(enhancer)


def test_a_file_that_is_no_enhancer_is_refused_where_it_was_chosen(
    qtbot, choices, enhancement, enhancer, tmp_path
):
    enhancer.write_bytes(enhancer.read_bytes()[:-40])
    choose(qtbot, enhancement.chooser, "file")
    qtbot.keyClicks(enhancement.file.path, str(enhancer))
    qtbot.keyClick(enhancement.file.path, Qt.Key.Key_Return)
    until_read(qtbot, enhancement)
    assert enhancement.file.said.property("role") == "warning"
    assert "cannot be used" in choices.problem()
    small_enhancer_file(enhancer, "mended")
    qtbot.keyClicks(enhancement.file.path, "2")
    assert "has not been read" in choices.problem()
    assert enhancement.file.said.text() == ""  # it was said of another file
    qtbot.keyClick(enhancement.file.path, Qt.Key.Key_Backspace)
    qtbot.keyClick(enhancement.file.path, Qt.Key.Key_Return)
    until_read(qtbot, enhancement)
    assert choices.problem() == ""


def test_a_dropped_enhancer_is_taken_and_nothing_else(qtbot, choices, enhancement, enhancer):
    assert not drop(enhancement, enhancer.with_suffix(".h2pack"))
    assert drop(enhancement, enhancer)
    until_read(qtbot, enhancement)
    assert asked(choices) == str(enhancer)


def drop(enhancement: EnhancementChoice, path: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, LEFT, keys)
    enter.setAccepted(False)
    enhancement.dragEnterEvent(enter)
    enhancement.dropEvent(QDropEvent(QPointF(5, 5), action, data, LEFT, keys))
    return enter.isAccepted()


def test_another_cohort_starts_without_unless_an_enhancer_was_just_trained(
    qtbot, choices, enhancement, enhancer, tmp_path
):
    choose(qtbot, enhancement.chooser, "lanczos-4")
    choices.set_source(tmp_path / "b", check_of(check_document()))
    assert asked(choices) == "none"
    enhancement.set_default(enhancer)
    until_read(qtbot, enhancement)
    choices.set_source(tmp_path / "c", check_of(check_document()))
    until_read(qtbot, enhancement)
    assert asked(choices) == str(enhancer)
    assert choices.problem() == ""
