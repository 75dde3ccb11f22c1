"""The engine process and the runner: latest wins, cancel, a killed engine comes back."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import roi_from_json
from her2desk.domain.stability import VARIANTS
from her2desk.errors import Her2DeskError
from her2desk.inference.engine import Engine, PredictRequest, StabilityRequest, TrackRequest
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.ui.jobs import DEATHS_IN_A_ROW, Background, JobRunner, _EngineThread

WAIT_MS = 60_000


def demo_request(**changes) -> PredictRequest:
    case = demo_case_dir()
    roi = roi_from_json((case / "roi.json").read_text())
    return PredictRequest(
        **{
            "image_path": case / "demo.dcm",
            "roi": roi,
            "clinical": ClinicalRecord(pr=False),
            "pack_path": demo_pack_path(),
            "device": "cpu",
            **changes,
        }
    )


@pytest.fixture
def runner(qtbot, tmp_path: Path):
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.engine_ready, timeout=WAIT_MS):
        runner.start()
    yield runner
    runner.close()


def test_an_answer_arrives_with_its_stages(qtbot, runner):
    stages = []
    runner.progressed.connect(lambda _job, fraction, text: stages.append((fraction, text.text())))
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS) as done:
        job = runner.submit(demo_request())
    assert done.args[0] == job
    assert 0 < done.args[1].readout.probability < 1
    assert [text for _, text in stages][1] == "Running the network"
    assert [fraction for fraction, _ in stages] == sorted(fraction for fraction, _ in stages)
    assert not runner.is_running


def test_the_latest_request_wins(qtbot, runner):
    answers = []
    runner.finished.connect(lambda job, prediction: answers.append((job, prediction)))
    for pr in (True, False, None):
        job = runner.submit(demo_request(clinical=ClinicalRecord(pr=pr)))
    qtbot.waitUntil(lambda: bool(answers), timeout=WAIT_MS)
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS):
        last = runner.submit(demo_request())
    assert [number for number, _ in answers] == [job, last]
    assert answers[0][1].inputs.clinical.pr is None


def test_a_prediction_takes_the_engine_from_stability_in_mid_run(qtbot, runner):
    told, answers = [], []
    runner.partial.connect(lambda job, found: told.append((job, len(found.logits))))
    runner.finished.connect(lambda job, found: answers.append((job, type(found))))
    with qtbot.waitSignal(runner.partial, timeout=WAIT_MS):
        first = runner.submit(StabilityRequest(demo_request()))
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS):
        second = runner.submit(demo_request())
    assert told[0] == (first, 6)
    assert all(job == first and count < VARIANTS for job, count in told)
    assert answers == [(second, Prediction)]


def test_cancel_is_heard_at_once_and_the_next_request_is_answered(qtbot, runner):
    with qtbot.waitSignal(runner.progressed, timeout=WAIT_MS):
        job = runner.submit(demo_request())
    with qtbot.waitSignal(runner.cancelled, timeout=WAIT_MS) as cancelled:
        runner.cancel()
    assert cancelled.args == [job]
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS) as done:
        again = runner.submit(demo_request())
    assert done.args[0] == again


def test_a_killed_engine_is_a_sentence_and_a_restart(qtbot, runner):
    first = runner.engine_pid
    with qtbot.waitSignal(runner.progressed, timeout=WAIT_MS):
        runner.submit(demo_request())
    with qtbot.waitSignal(runner.failed, timeout=WAIT_MS) as failed:
        os.kill(first, signal.SIGKILL)
    assert "ended unexpectedly" in str(failed.args[1])
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS):
        runner.submit(demo_request())
    assert runner.engine_pid != first


def test_an_engine_that_does_not_stop_is_replaced(qtbot, runner):
    """A stopped process hears nothing, as one stuck in foreign code."""
    stuck = runner.engine_pid
    with qtbot.waitSignal(runner.progressed, timeout=WAIT_MS):
        runner.submit(demo_request())
    os.kill(stuck, signal.SIGSTOP)
    runner.cancel()
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS):
        runner.submit(demo_request())
    assert runner.engine_pid != stuck


def dying(monkeypatch, end, *how) -> list[int]:
    """Every engine from now on ends before it is ready; the list counts them."""
    started: list[int] = []

    def start(engine: Engine) -> None:
        if engine.pid is None:
            context = multiprocessing.get_context("spawn")
            engine._pipe, theirs = context.Pipe()
            engine._process = context.Process(target=end, args=how, daemon=True)
            engine._process.start()
            theirs.close()
            started.append(engine.pid)

    monkeypatch.setattr(Engine, "start", start)
    return started


def test_an_engine_that_dies_at_each_start_is_given_up_in_a_sentence(qtbot, tmp_path, monkeypatch):
    started = dying(monkeypatch, sys.exit, 1)
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.engine_gave_up, timeout=WAIT_MS) as gave_up:
        runner.start()
    assert gave_up.args[0].code == "engine-cannot-start"
    assert "doctor" in str(gave_up.args[0])
    for _ in range(2):
        with qtbot.waitSignal(runner.failed, timeout=WAIT_MS) as failed:
            job = runner.submit(demo_request())
        assert failed.args == [job, gave_up.args[0]]
    runner.warm(demo_pack_path(), "cpu")
    runner.close()
    assert len(started) == DEATHS_IN_A_ROW


def test_a_question_asked_while_the_engine_dies_is_answered_with_the_reason(
    qtbot, tmp_path, monkeypatch
):
    dying(monkeypatch, sys.exit, 1)
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.failed, timeout=WAIT_MS) as failed:
        runner.start()
        runner.submit(demo_request())
    assert failed.args[1].code == "engine-cannot-start"
    runner.close()


@pytest.mark.skipif(not hasattr(signal, "SIGILL"), reason="POSIX only")
def test_a_processor_without_avx_is_named_and_no_engine_is_started_again(
    qtbot, tmp_path, monkeypatch
):
    started = dying(monkeypatch, signal.raise_signal, signal.SIGILL)
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.engine_gave_up, timeout=WAIT_MS) as gave_up:
        runner.start()
    assert gave_up.args[0].code == "processor-too-old"
    assert "AVX" in gave_up.args[0].message.text()
    runner.close()
    assert len(started) == 1


def test_an_illegal_instruction_in_mid_run_is_not_tried_again(qtbot, runner):
    with qtbot.waitSignal(runner.progressed, timeout=WAIT_MS):
        runner.submit(demo_request())
    with qtbot.waitSignal(runner.failed, timeout=WAIT_MS) as failed:
        os.kill(runner.engine_pid, signal.SIGILL)
    assert failed.args[1].code == "processor-too-old"
    assert runner.engine_pid is None


def test_a_system_that_starts_no_process_is_a_sentence(qtbot, tmp_path, monkeypatch):
    def refused(_engine: Engine) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(Engine, "start", refused)
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.engine_gave_up, timeout=WAIT_MS) as gave_up:
        runner.start()
    assert gave_up.args[0].code == "engine-cannot-start"
    runner.close()


class _Heard:
    """An engine's handle that says what it is told to say; nothing runs."""

    def __init__(self) -> None:
        self.starts = 0
        self.sent: list[tuple] = []
        self.says: tuple = ()
        self.pid = 1
        self.threads = 0

    def start(self) -> None:
        self.starts += 1

    def kill(self) -> None: ...

    def receive(self) -> tuple:
        return self.says

    def send(self, *message: object) -> None:
        self.sent.append(message)


def test_what_is_wished_ahead_goes_before_the_question_and_of_each_kind_the_last(tmp_path):
    thread = _EngineThread(tmp_path, lambda *_: None)
    thread.engine = engine = _Heard()
    engine.says = ("ready",)
    thread._hear()
    wishes = [("look", "a", 0), ("warm", "old", "cpu"), ("look", "b", 3), ("forget",)]
    for wish in (*wishes, ("warm", "new", "cpu")):
        thread.ask(ahead=wish)
    thread.ask(job=(1, demo_request()))
    thread._advance()
    ahead = [("look", "b", 3), ("forget",), ("warm", "new", "cpu")]
    assert engine.sent[:3] == ahead
    assert engine.sent[3][:2] == ("run", 1)
    thread.ask(cancel=True)
    thread._advance()
    assert engine.sent[4:] == [("cancel", 1)]


def test_an_engine_that_looked_ahead_and_forgot_answers_all_the_same(qtbot, runner):
    runner.warm(demo_pack_path(), "cpu")
    runner.look(demo_case_dir() / "demo.dcm", 0)
    runner.look(Path("gone.dcm"), 0)
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS) as first:
        runner.submit(demo_request())
    runner.forget()
    with qtbot.waitSignal(runner.finished, timeout=WAIT_MS) as second:
        runner.submit(demo_request())
    assert first.args[1].estimate == second.args[1].estimate


def test_a_failed_device_is_told_and_only_another_choice_renews_the_engine(tmp_path):
    told = []
    thread = _EngineThread(tmp_path, lambda *what: told.append(what))
    thread.engine = engine = _Heard()

    def hear(*message) -> None:
        engine.says = message
        thread._hear()

    def ask(job, request) -> None:
        thread.ask(job=(job, request))
        thread._advance()

    hear("ready")
    ask(1, demo_request(device="auto"))
    hear("device-failed", "auto", "the card failed")
    hear("done", 1, "an answer")
    assert told[1:] == [(0, "device-failed", "the card failed"), (1, "done", "an answer")]
    ask(2, StabilityRequest(demo_request(device="auto")))
    hear("done", 2, "another")
    ask(3, TrackRequest(demo_case_dir() / "demo.dcm", demo_request().roi, 0))
    hear("done", 3, "a third")
    assert engine.starts == 0
    ask(4, demo_request(device="cuda"))
    assert engine.starts == 1
    assert engine.sent[-1][1] == 3  # the question waits until the new engine is ready
    hear("ready")
    thread._advance()
    assert engine.sent[-1][1] == 4
    thread._wake_read.close()
    thread._wake_write.close()


def test_a_refusal_travels_as_a_sentence_with_its_code(qtbot, runner, tmp_path):
    broken = tmp_path / "broken.h2pack"
    content = bytearray(demo_pack_path().read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    with qtbot.waitSignal(runner.failed, timeout=WAIT_MS) as failed:
        runner.submit(demo_request(pack_path=broken))
    assert failed.args[1].code == "pack-changed"


def test_closing_ends_the_engine(qtbot, tmp_path):
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.engine_ready, timeout=WAIT_MS):
        runner.start()
    pid = runner.engine_pid
    runner.submit(demo_request())
    runner.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_background_results_and_errors_come_back_to_the_gui_thread(qtbot):
    background = Background()
    heard = []
    background.run(lambda: np.arange(3).sum(), heard.append, heard.append)

    def refuse():
        raise Her2DeskError("no", code="test")

    background.run(refuse, heard.append, heard.append)
    background.run(lambda: 1 / 0, heard.append, heard.append)
    qtbot.waitUntil(lambda: len(heard) == 3)
    background.close()
    assert heard[0] == 3
    assert heard[1].code == "test"
    assert "ZeroDivisionError" not in str(heard[2])
    assert heard[2].fault.reference in str(heard[2])
    assert "raised ZeroDivisionError" in heard[2].fault.details


def test_another_number_of_threads_starts_another_engine_and_what_waits_is_asked_of_that(tmp_path):
    told = []
    thread = _EngineThread(tmp_path, lambda *what: told.append(what), threads=1)
    assert thread.engine.threads == 1
    thread.engine = engine = _Heard()
    engine.threads, engine.says = 1, ("ready",)
    thread._hear()
    thread.ask(job=(1, demo_request()))
    thread._advance()
    thread.ask(threads=1)
    thread._advance()
    assert engine.starts == 0
    thread.ask(threads=2, job=(2, demo_request()))
    thread._advance()
    assert (engine.starts, engine.threads) == (1, 2)
    assert told[-1] == (1, "cancelled", None)
    assert [message[1] for message in engine.sent] == [1], "the new engine is not ready yet"
    thread._hear()
    thread._advance()
    assert engine.sent[-1][:2] == ("run", 2)
