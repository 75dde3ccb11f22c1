"""The engine process and the runner: latest wins, cancel, a killed engine comes back."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import roi_from_json
from her2desk.domain.stability import VARIANTS
from her2desk.errors import Her2DeskError
from her2desk.inference.engine import PredictRequest, StabilityRequest
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.ui.jobs import Background, JobRunner

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
    assert "ZeroDivisionError" in heard[2].message.text()
