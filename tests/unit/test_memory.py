"""The benchmarks' measure of memory."""

import subprocess
import sys
from pathlib import Path

from benchmarks.memory import peak_bytes

PARENT_BYTES = 300 * 2**20


def test_a_large_parent_s_memory_is_not_its_child_s() -> None:
    large = b"x" * PARENT_BYTES
    told = subprocess.run(
        [sys.executable, "-c", "from benchmarks.memory import peak_bytes; print(peak_bytes())"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert peak_bytes() >= len(large)
    assert int(told.stdout) < PARENT_BYTES
