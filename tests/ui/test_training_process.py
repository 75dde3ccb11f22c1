"""The child process: what it says arrives, and it is gone when it is to be gone."""

import os
import signal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from her2desk.training.request import TrainRequest
from her2desk.ui.training.child_command import ChildCommand
from her2desk.ui.training.documents import Step
from her2desk.ui.training.training_process import TrainingProcess
from tests.ui.training_samples import (
    Scene,
    bad_check_document,
    check_document,
    is_alive,
    step,
    trained_document,
)

WAIT_MS = 20_000
PACK = Path("p.h2pack")
REQUEST = TrainRequest(Path("cohort"), PACK)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the played command line waits for signals")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "scene")


@pytest.fixture
def process(qtbot: QtBot, scene: Scene):
    process = TrainingProcess(scene.command, grace_ms=WAIT_MS)
    yield process
    process.close()


def test_a_check_that_refuses_the_cohort_is_still_an_answer(qtbot, scene, process):
    scene.check(out=bad_check_document(), code=3, err=[step(0.5, "Checking row 100")])
    steps = []
    process.check_progressed.connect(steps.append)
    with qtbot.waitSignal(process.check_finished, timeout=WAIT_MS) as told:
        process.check(Path("cohort"))
        assert process.is_checking
    assert not told.args[0].is_usable
    assert steps == [Step("networks", 0.5, "Checking row 100")]
    assert not process.is_checking
    assert scene.calls("check")[0][:3] == ["train", "cohort", "--check"]


def test_only_the_latest_check_is_answered(qtbot, scene, process):
    scene.check(out=check_document(patients=1), then="wait", err=[step(0.1, "Checking row 1")])
    with qtbot.waitSignal(process.check_progressed, timeout=WAIT_MS):
        process.check(Path("one"))
    scene.check(out=check_document(patients=2))
    answers = []
    process.check_finished.connect(answers.append)
    with qtbot.waitSignal(process.check_finished, timeout=WAIT_MS):
        process.check(Path("two"))
    assert [answer.patients for answer in answers] == [2]


def test_a_refusal_keeps_its_words(qtbot, scene, process):
    scene.check(
        out={"error": {"code": "no-table", "message": "No table.", "remedy": "Add it."}}, code=3
    )
    with qtbot.waitSignal(process.check_failed, timeout=WAIT_MS) as told:
        process.check(Path("cohort"))
    assert str(told.args[0]) == "No table. Add it."
    assert told.args[0].code == "no-table"


def test_progress_and_log_arrive_and_malformed_lines_hurt_nobody(qtbot, scene, process):
    scene.train(
        out=trained_document(PACK),
        raw_err='{"fraction": 0.1, "text": "Eins"}\r\n{broken\n\udcff\udcfe\n12%\r13%\r\n',
        err=[step(0.4, "Two", 60), "{}", "[]", "plain words", step(1.0, "Done", 0)],
    )
    log, steps = [], []
    process.log_added.connect(log.append)
    process.progressed.connect(steps.append)
    with qtbot.waitSignal(process.finished, timeout=WAIT_MS) as told:
        process.train(REQUEST)
    words = "\n".join(log).splitlines()
    assert [w for w in words if w in ("Eins", "Two", "Done")] == ["Eins", "Two", "Done"]
    assert {"{broken", "12%", "13%", "plain words"} <= set(words)
    assert steps[-1] == Step("networks", 1.0, "Done", 0.0)
    assert told.args[0].pack == PACK
    assert process.pid is None


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ({"out": "Traceback", "code": 1}, "exit code 1"),
        ({"out": "", "code": 0}, "could not be read"),
        ({"out": {"digest": "x"}}, "could not be read"),
        ({"out": trained_document(PACK), "code": 5}, "could not be read"),
        ({"then": "crash"}, "without an answer"),
    ],
)
def test_an_end_without_a_pack_is_a_sentence(qtbot, scene, process, train, said):
    scene.train(**train)
    with qtbot.waitSignal(process.failed, timeout=WAIT_MS) as told:
        process.train(REQUEST)
    assert said in str(told.args[0])
    assert not process.is_training


def test_a_program_that_does_not_start_is_a_sentence(qtbot, tmp_path):
    command = ChildCommand([str(tmp_path / "missing")])
    with qtbot.waitSignal(command.failed, timeout=WAIT_MS) as told:
        command.start([])
    assert "could not be started" in str(told.args[0])
    assert not command.is_running
    command.stop()
    command.close()


def running(qtbot, scene, process, **train) -> int:
    scene.train(err=[step(0.2, "At work")], **train)
    with qtbot.waitSignal(process.progressed, timeout=WAIT_MS):
        process.train(REQUEST)
    pid = process.pid
    assert is_alive(pid)
    return pid


def test_stopping_ends_the_child_and_its_workers(qtbot, scene, process):
    pid = running(qtbot, scene, process, then="wait", worker=True)
    worker = scene.worker_pid()
    with qtbot.waitSignal(process.stopped, timeout=WAIT_MS), qtbot.assertNotEmitted(process.failed):
        process.stop()
        process.stop()
    assert not is_alive(pid)
    qtbot.waitUntil(lambda: not is_alive(worker), timeout=WAIT_MS)
    assert not process.is_training


def test_a_child_that_does_not_listen_is_killed(qtbot, scene):
    process = TrainingProcess(scene.command, grace_ms=50)
    pid = running(qtbot, scene, process, then="ignore", worker=True)
    worker = scene.worker_pid()
    with qtbot.waitSignal(process.stopped, timeout=WAIT_MS):
        process.stop()
    assert not is_alive(pid)
    qtbot.waitUntil(lambda: not is_alive(worker), timeout=WAIT_MS)


@pytest.mark.parametrize("then", ["wait", "ignore"])
def test_closing_waits_until_the_child_is_gone(qtbot, scene, then):
    process = TrainingProcess(scene.command, grace_ms=50 if then == "ignore" else WAIT_MS)
    pid = running(qtbot, scene, process, then=then)
    process.close()
    assert not is_alive(pid)
    assert not process.is_training


def test_a_child_that_others_end_softly_was_stopped_and_not_broken(qtbot, scene, process):
    pid = running(qtbot, scene, process, then="wait")
    with qtbot.waitSignal(process.stopped, timeout=WAIT_MS):
        os.kill(pid, signal.SIGTERM)


def test_a_line_without_an_end_does_not_grow_for_ever(qtbot, scene, process, monkeypatch):
    monkeypatch.setattr("her2desk.ui.training.child_command.LONGEST_LINE", 100)
    scene.train(raw_err="x" * 5000, out=trained_document(PACK))
    log = []
    process.log_added.connect(log.append)
    with qtbot.waitSignal(process.finished, timeout=WAIT_MS):
        process.train(REQUEST)
    assert max(len(line) for line in "\n".join(log).splitlines()) <= 100
