"""``her2desk benchmark`` as a subprocess."""

import json
import subprocess
import sys
from typing import Any

import pytest

MACHINE = {
    "processor", "cores", "cores_used", "threads", "memory_gb", "system", "python", "her2desk",
    "libraries", "gflops_float32", "copy_gb_s", "load_before", "graphics_card",
}  # fmt: skip


def run(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "her2desk", "benchmark", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def measured(*rows: str) -> dict[str, dict[str, Any]]:
    code, out, err = run("--rows", ",".join(rows), "--rounds", "1", "--json")
    assert code == 0
    document = json.loads(out)
    assert set(document) == {"machine", "rows", "growth", "left_out"}
    assert set(document["machine"]) == MACHINE
    assert document["machine"]["gflops_float32"] > 0
    assert json.loads(err.splitlines()[-1])["fraction"] == 1
    return {row["name"]: row for row in document["rows"]}


def test_a_row_that_is_not_there_is_wrong_usage() -> None:
    code, out, _ = run("--rows", "nothing", "--json")
    assert code == 2
    error = json.loads(out)["error"]
    assert "readout_resnet101" in error["message"]


@pytest.mark.slow
def test_a_frame_and_the_window_beside_the_ordinary_tools() -> None:
    found = measured("cine_first_frame", "start_to_window")
    assert len(found) == 2
    for row in found.values():
        assert row["ratio"] == pytest.approx(row["baseline_ms"] / row["product_ms"], abs=0.01)
        assert (row["product_rounds"], row["baseline_rounds"]) == (1, 1)
    assert found["cine_first_frame"]["difference"] == 0  # the same pixels
    assert found["start_to_window"]["product_peak_mb"] is None
