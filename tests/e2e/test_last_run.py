"""The real window, really killed: the next one says so and leads back to what was drawn."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from her2desk.domain.roi import roi_from_json
from her2desk.paths import demo_case_dir

SESSION = Path(__file__).with_name("last_run_session.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")


def window(what: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(SESSION), what],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"},
        cwd=SESSION.parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def drawn_and_ended(how: signal.Signals) -> None:
    process = window("draw")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"saved": True}
    process.send_signal(how)
    process.communicate()


def looked() -> dict[str, Any]:
    process = window("look")
    out, _ = process.communicate()
    found: dict[str, Any] = json.loads(out)
    assert process.returncode == 0
    return found


@pytest.mark.slow
def test_a_killed_window_is_told_of_once_and_its_last_stroke_is_there() -> None:
    drawn_and_ended(signal.SIGKILL)
    found = looked()
    assert "Her2Desk ended unexpectedly at" in found["said"]
    assert "Everything up to the last stroke is here." in found["said"]
    assert "Case 0001 was open; its last change was saved at" in found["said"]
    roi = roi_from_json((demo_case_dir() / "roi.json").read_text())
    assert (found["case"], found["points"]) == (1, len(roi.polygon))
    assert looked()["said"] == ""


@pytest.mark.slow
def test_a_window_that_the_system_asked_to_end_has_ended_as_it_should() -> None:
    drawn_and_ended(signal.SIGTERM)
    assert looked()["said"] == ""
