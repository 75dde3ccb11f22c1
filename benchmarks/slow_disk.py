"""The window on a disk that takes 300 ms for each sync: ``python -m benchmarks.slow_disk``.

strace holds up every fsync and fdatasync of the window's process, as a network drive or a tired disk does.
A stall is how late a timer of one millisecond fires on the GUI thread while a reader draws and files come
in; the same without the delay beside it. The strokes must be on disk when the window says "saved".
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.crash.calls import slowed
from benchmarks.crash.pictures import write_pictures
from benchmarks.crash.recording import is_available
from benchmarks.crash.told import Fact
from benchmarks.crash.verdict import Memory, judge
from benchmarks.crash.victim import run_to_the_end

PICTURES = 24
DELAY_MS = 300
STROKES = 20
LIMIT_S = 300.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=int, default=DELAY_MS, help="milliseconds of each sync")
    asked = parser.parse_args()
    if not is_available():
        print("strace is needed, and may not trace here")
        return 2
    for delay in (0, asked.delay):
        facts, memory, problems = _worked(delay)
        stalls = next(fact for fact in facts if fact["said"] == "stalls")
        lags = sorted(memory.lags_ms)
        print(
            f"sync +{delay} ms: GUI thread, longest stall {stalls['longest_ms']:.1f} ms, p99 "
            f"{stalls['p99_ms']:.1f} ms; its own work {stalls['work_ms']:.1f} ms; {len(lags)} strokes, "
            f"on disk after {statistics.median(lags):.0f} ms (median), {lags[-1]:.0f} ms at most; "
            f"{stalls['imported']} files imported; {len(problems)} problems"
        )
        for problem in problems:
            print(f"  {problem}")
    return 0


def _worked(delay: int) -> tuple[list[Fact], Memory, tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix="slow-disk-") as scratch:
        home = Path(scratch) / "library"
        write_pictures(Path(scratch) / "pictures", PICTURES, 1)
        words = [str(home), "1", f"strokes={STROKES}"]
        command = [sys.executable, "-m", "benchmarks.crash.window_work", *words]
        environment = {"HER2DESK_HOME": str(home), "OMP_NUM_THREADS": "1"}
        ended = run_to_the_end(slowed(command, delay), {**os.environ, **environment}, LIMIT_S)
        memory = Memory()
        wrong = memory.take(ended.facts)
        if ended.exit_code:
            wrong.append(f"the window ended with {ended.exit_code}: {ended.errors[-400:]}")
        return ended.facts, memory, (*wrong, *judge(home, memory).problems)


if __name__ == "__main__":
    sys.exit(main())
