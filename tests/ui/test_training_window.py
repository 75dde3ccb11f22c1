"""The training window from cohort to pack, and how the main window opens, uses and ends it."""

import os
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.texts import CATALOGUE
from her2desk.ui.app import make_application
from her2desk.ui.main_window import MainWindow
from her2desk.ui.training.training_window import TrainingWindow
from her2desk.ui.training.work_window import CHOICES, RESULT, RUNNING, SOURCE
from tests.ui.seen_words import Bracketed, unbracketed
from tests.ui.training_samples import (
    WAIT_MS,
    Scene,
    bad_check_document,
    check,
    check_document,
    is_alive,
    main_window,
    start,
    step,
    trained_document,
)

LEFT = Qt.MouseButton.LeftButton

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the played command line waits for signals")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "scene")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    folder = tmp_path / "hospital"
    folder.mkdir()
    return folder


def make_training(scene: Scene, tmp_path: Path) -> TrainingWindow:
    make_application(Settings())
    return TrainingWindow(scene.command, tmp_path / "windows.ini", lambda _url: True, WAIT_MS)


@pytest.fixture
def window(qtbot: QtBot, scene: Scene, tmp_path: Path):
    window = make_training(scene, tmp_path)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.end()


def start_and_wait(qtbot, window, scene, cohort, **train) -> int:
    scene.train(err=[step(0.42, "Network 2 of 5", 60)], then="wait", **train)
    with qtbot.waitSignal(window.process.progressed, timeout=WAIT_MS):
        start(qtbot, window, cohort)
    pid = window.process.pid
    assert is_alive(pid)
    return pid


def test_from_a_cohort_to_a_pack(qtbot, window, scene, cohort, tmp_path):
    pack = tmp_path / "hospital.h2pack"
    scene.train(out=trained_document(pack), err=["Loading", step(0.5, "Fold 3")])
    assert not window.forward.isEnabled()
    assert not window.rail.buttons[CHOICES].isEnabled()
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        start(qtbot, window, cohort)
    assert window.step == RESULT
    assert window.result.title.text() == "hospital is ready"
    assert "Fold 3" in window.running.log.toPlainText()
    arguments = scene.calls("train")[0]
    assert arguments[:4] == ["train", str(cohort), "--out", str(pack)]
    assert [button.is_done for button in window.rail.buttons] == [True, True, True, False]
    with qtbot.waitSignal(window.pack_chosen) as told:
        qtbot.mouseClick(window.result.use, LEFT)
    assert told.args == [pack]


def test_a_cohort_with_errors_goes_no_further_until_it_is_corrected(qtbot, window, scene, cohort):
    scene.check(out=bad_check_document(), code=3)
    check(qtbot, window, cohort)
    assert not window.forward.isEnabled()
    assert window.cohort.found.findings.isVisible()
    scene.check(out=check_document(findings=[]))
    with qtbot.waitSignal(window.process.check_finished, timeout=WAIT_MS):
        qtbot.mouseClick(window.cohort.again, LEFT)
    assert window.forward.isEnabled()
    assert not window.cohort.found.findings.isVisible()


def test_a_check_that_fails_shows_why(qtbot, window, scene, cohort):
    scene.check(out={"error": {"code": "x", "message": "No table.", "remedy": "Add it."}}, code=3)
    with qtbot.waitSignal(window.process.check_failed, timeout=WAIT_MS):
        window.cohort.choose_folder(cohort)
    assert window.cohort.problem.message.text() == "No table."
    assert not window.forward.isEnabled()


def test_what_is_missing_stands_beside_the_greyed_start(qtbot, window, cohort):
    check(qtbot, window, cohort)
    qtbot.mouseClick(window.forward, LEFT)
    window.choices.networks.set_values([])
    assert window.note.text() == "Choose at least one network."
    assert not window.forward.isEnabled()
    window.choices.networks.set_values(["resnet18-slim"])
    assert window.forward.isEnabled()
    qtbot.mouseClick(window.back, LEFT)
    assert window.step == SOURCE


def test_stopping_kills_the_child_and_the_same_request_resumes(
    qtbot, window, scene, cohort, tmp_path
):
    told = []
    window.state_told.connect(told.append)
    pid = start_and_wait(qtbot, window, scene, cohort)
    assert told == ["Training", "Training 42\u00a0%"]
    qtbot.mouseClick(window.running.stop, LEFT)
    with qtbot.waitSignal(window.process.stopped, timeout=WAIT_MS):
        qtbot.mouseClick(window.running.confirm, LEFT)
    assert not is_alive(pid)
    assert window.step == RUNNING
    assert told[-1] == ""
    scene.train(out=trained_document(tmp_path / "p.h2pack"))
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        qtbot.mouseClick(window.running.resume, LEFT)
    first, second = scene.calls("train")
    assert first == second


def test_a_failed_training_leads_to_its_log_and_back(qtbot, window, scene, cohort):
    scene.train(err=["MemoryError"], out="", code=1)
    with qtbot.waitSignal(window.process.failed, timeout=WAIT_MS):
        start(qtbot, window, cohort)
    assert window.step == RESULT
    assert window.result.problem.isVisible()
    qtbot.mouseClick(window.result.problem.buttons[2], LEFT)
    assert window.step == RUNNING
    assert "MemoryError" in window.running.log.toPlainText()
    assert window.running.log.hasFocus()
    window.go_to(RESULT)
    qtbot.mouseClick(window.result.problem.buttons[1], LEFT)
    assert window.step == CHOICES
    with qtbot.waitSignal(window.process.failed, timeout=WAIT_MS):
        window.go_to(RESULT)
        qtbot.mouseClick(window.result.problem.buttons[0], LEFT)
    assert len(scene.calls("train")) == 2


def test_while_it_trains_no_second_one_can_be_started(qtbot, window, scene, cohort):
    start_and_wait(qtbot, window, scene, cohort)
    window.go_to(CHOICES)
    assert not window.forward.isEnabled()
    assert "runs already" in window.note.text()
    check(qtbot, window, cohort)  # looking at a cohort disturbs nothing
    assert window.is_training


def test_closing_while_it_trains_puts_it_away_and_it_goes_on(
    qtbot, window, scene, cohort, tmp_path
):
    scene_pack = trained_document(tmp_path / "p.h2pack")
    pid = start_and_wait(qtbot, window, scene, cohort, out=scene_pack)
    told = []
    window.state_told.connect(told.append)
    window.close()
    assert is_alive(pid)
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        os.kill(pid, 10)  # SIGUSR1: go on
    assert told == ["Trained"]
    assert window.step == RESULT


def test_keys_go_from_step_to_step_and_close(qtbot, window, cohort):
    check(qtbot, window, cohort)
    rail = window.rail.buttons
    rail[SOURCE].setFocus()
    qtbot.keyClick(rail[SOURCE], Qt.Key.Key_Down)
    assert window.step == CHOICES
    assert rail[CHOICES].hasFocus()
    qtbot.keyClick(rail[CHOICES], Qt.Key.Key_Down)  # there is nothing to go to yet
    assert window.step == CHOICES
    qtbot.keyClick(rail[CHOICES], Qt.Key.Key_Up)
    assert window.step == SOURCE
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: window.step == CHOICES, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()


def test_the_place_on_the_screen_is_remembered(qtbot, scene, tmp_path):
    first = make_training(scene, tmp_path)
    qtbot.addWidget(first)
    first.resize(780, 610)
    first.show()
    first.end()
    again = make_training(scene, tmp_path)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (780, 610)
    again.end()


def test_it_fits_a_small_screen(window):
    hint = window.minimumSizeHint()
    assert hint.width() <= 1280
    assert hint.height() <= 680  # 720 less a title bar


def test_it_has_no_word_of_its_own(qtbot, scene, cohort, tmp_path, monkeypatch):
    monkeypatch.setattr(CATALOGUE, "translations", Bracketed())
    scene.check(out=bad_check_document(), code=3)
    window = make_training(scene, tmp_path)
    qtbot.addWidget(window)
    window.show()
    check(qtbot, window, cohort)
    scene.check(out=check_document(findings=[]))
    check(qtbot, window, cohort)
    scene.train(out=trained_document(tmp_path / "p.h2pack"), err=[step(0.5, "Fold 3")])
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        window.go_to(CHOICES)
        qtbot.mouseClick(window.forward, LEFT)
    headers = window.cohort.found.findings.model
    titles = [headers.headerData(i, Qt.Orientation.Horizontal) for i in range(5)]
    assert all("⟦" in title for title in titles)
    found = unbracketed(window, {"Fold 3", "Ridge was used.", str(cohort)})
    data = ("patient_id,", str(tmp_path), "50\u00a0%")
    assert [text for _, text in found if not text.startswith(data)] == []
    window.end()


# The main window


@pytest.fixture
def main(qtbot: QtBot, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("her2desk.ui.training.entrance.own_command", lambda: scene.command)
    main = main_window(tmp_path)
    qtbot.addWidget(main)
    main.show()
    qtbot.waitExposed(main)
    yield main
    main.close()


def open_training(qtbot: QtBot, main: MainWindow) -> TrainingWindow:
    qtbot.mouseClick(main.header.training_button, LEFT)
    window = main.tools.training.window
    assert window is not None
    qtbot.addWidget(window)
    return window


def test_a_key_and_a_button_open_it_and_the_list_of_keys_names_it(qtbot, main):
    main.activateWindow()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(main, Qt.Key.Key_T, keys)
    window = main.tools.training.window
    assert window is not None
    assert window.isVisible()
    assert not window.isModal()
    window.close()
    assert open_training(qtbot, main) is window
    assert window.isVisible()
    main.show_shortcuts()
    words = {label.text() for label in main.dialogs.shortcuts.findChildren(QLabel)}
    assert {"Ctrl+Shift+T", "Train a model pack"} <= words
    main.dialogs.shortcuts.close()


def test_use_this_pack_reaches_the_session_as_choosing_one_does(
    qtbot, main, scene, cohort, tmp_path
):
    pack = tmp_path / "own.h2pack"
    shutil.copy(demo_pack_path(), pack)
    scene.train(out=trained_document(pack))
    window = open_training(qtbot, main)
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        start(qtbot, window, cohort)
    with qtbot.waitSignal(main.session.pack_opened, timeout=WAIT_MS):
        qtbot.mouseClick(window.result.use, LEFT)
    assert main.session.pack.path == pack
    assert "now answers" in window.result.used.text()
    pack.write_bytes(b"damaged since")
    with qtbot.waitSignal(main.session.refused, timeout=WAIT_MS):
        qtbot.mouseClick(window.result.use, LEFT)
    assert main.session.pack.path == pack  # the one that was opened stays
    assert window.result.used.isVisible()
    assert "now answers" not in window.result.used.text()


def test_the_header_says_how_a_training_stands_that_is_out_of_sight(
    qtbot, main, scene, cohort, tmp_path
):
    window = open_training(qtbot, main)
    finished = trained_document(tmp_path / "p.h2pack")
    pid = start_and_wait(qtbot, window, scene, cohort, out=finished)
    assert main.header.training_button.text() == "Training 42\u00a0%"
    window.close()
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        os.kill(pid, 10)  # SIGUSR1: go on
    assert main.header.training_button.text() == "Trained"
    qtbot.mouseClick(main.header.training_button, LEFT)
    assert window.isVisible()
    assert main.header.training_button.text() == "Train…"


def test_closing_the_main_window_ends_the_training_and_waits(qtbot, main, scene, cohort):
    window = open_training(qtbot, main)
    pid = start_and_wait(qtbot, window, scene, cohort, worker=True)
    worker = scene.worker_pid()
    main.close()
    assert not is_alive(pid)
    assert not window.isVisible()
    qtbot.waitUntil(lambda: not is_alive(worker), timeout=WAIT_MS)
    assert not window.process.is_training


def test_a_main_window_that_never_trained_closes_without_a_training_window(main):
    main.close()
    assert main.tools.training.window is None
