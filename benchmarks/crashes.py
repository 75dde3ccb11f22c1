"""The program killed at random instants: ``python -m benchmarks.crashes --kills 500 --seed 1``.

Every victim is a process of its own that works a library: the window (drawn in memory, by mouse and key
events), commands, a writer of the store, and an old library that is brought up to date. SIGKILL ends it;
then the library is opened and held against all that had been acknowledged. The plan follows from the seed:
``--only window --life 3`` repeats one library's. Exit code 1 where anything was lost.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.crash.lives import KILLS_A_LIFE, KINDS, Report, live

SHARES = {
    "window": 0.3,
    "import": 0.16,
    "upkeep": 0.1,
    "copies": 0.04,
    "store": 0.34,
    "migration": 0.06,
}


def main() -> int:
    """Kill, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=sorted(KINDS))
    parser.add_argument("--life", type=int, help="only this library's kills")
    asked = parser.parse_args()
    plan = list(_plan(asked.kills, asked.only))
    if asked.life is not None:
        plan = [(kind, number) for kind, number in plan if number == asked.life]
    print(f"seed {asked.seed}, {len(plan)} libraries, {KILLS_A_LIFE} kills each", flush=True)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="crashes-") as scratch,
        ThreadPoolExecutor(asked.jobs) as pool,
    ):
        lives = [pool.submit(live, *one, asked.seed, Path(scratch)) for one in plan]
        reports = [life.result() for life in lives]
    for kind in SHARES:
        _print(kind, [report for report in reports if report.kind == kind])
    kills = sum(report.kills for report in reports)
    problems = [(r, problem) for r in reports for problem in r.problems]
    print(f"{kills} kills in {(time.monotonic() - began) / 60:.1f} min, {len(problems)} problems")
    for report, problem in problems:
        print(f"  --only {report.kind} --life {report.number}: {problem[:300]}")
    return 1 if problems else 0


def _plan(kills: int, only: str | None) -> Iterator[tuple[str, int]]:
    for kind, share in SHARES.items():
        if only in (None, kind):
            of_kind = kills if only else kills * share
            yield from ((kind, number) for number in range(round(of_kind / KILLS_A_LIFE)))


def _print(kind: str, reports: list[Report]) -> None:
    if not reports:
        return
    told = sum((report.told for report in reports), start=type(reports[0].told)())
    openings = sorted(s for report in reports for s in report.opening_s) or [0.0]
    lags = sorted(ms for report in reports for ms in report.lags_ms)
    print(
        f"{kind}: {sum(r.kills for r in reports)} kills "
        f"({sum(r.natural_ends for r in reports)} ended before theirs); acknowledged: "
        f"{told['kept']} changes, {told['imported']} files, {told['settings'] // 2} settings; "
        f"{sum(len(r.problems) for r in reports)} lost or broken; opening afterwards "
        f"{1000 * statistics.median(openings):.0f} ms, at most {1000 * openings[-1]:.0f} ms"
    )
    if lags:
        print(
            f"  stroke to disk: median {statistics.median(lags):.0f} ms, 95th percentile "
            f"{lags[int(0.95 * len(lags))]:.0f} ms; {sum(r.open_strokes for r in reports)} kills came "
            "between a stroke and its acknowledgement"
        )


if __name__ == "__main__":
    sys.exit(main())
