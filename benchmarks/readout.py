"""Time of one restatement, which a dragged threshold asks for 60 times a second (16 ms each).

``python -m benchmarks.readout``: the pack that ships, and validation tables of 140 to 2,000 patients
under a conformal rule, at thresholds all over. Everything is restated: table, intervals, predictive
values at a local prevalence, zone, branches' ranks, patterns of failure and neighbours. The baseline
gathers the pack's rows anew each time.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from her2desk.domain.readout import Estimate, IndeterminateRule, Readout
from her2desk.domain.traits import Trait
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.evidence import Grounds, gathered
from her2desk.inference.readout import CaseFacts, read
from her2desk.packs.pack import open_pack
from her2desk.packs.readout_part import ReadoutPart
from her2desk.paths import demo_pack_path

ROUNDS = 200
SIZES = (140, 500, 2000)
LOCAL_PREVALENCE = 0.2
FACTS = CaseFacts({"radiomics": 0.4, "cnn": 0.2}, dict.fromkeys(Trait, 1.0))


def rows_of(n: int) -> tuple[ValidationRow, ...]:
    """``n`` patients in five folds, a third of them positive, with every trait and branch."""
    rng = np.random.default_rng(n)
    return tuple(
        ValidationRow(
            f"V{i:05d}",
            i % 3 == 0,
            i % 5,
            ValidationSource.OUT_OF_FOLD,
            "pr",
            float(rng.normal(i % 3 == 0)),
            {"radiomics": float(rng.normal()), "cnn": float(rng.normal())},
            {t: float(rng.random() < 0.4) if t.is_yes_no else float(rng.normal()) for t in Trait},
        )
        for i in range(n)
    )


def milliseconds(work: Callable[[OperatingPoint], Readout]) -> tuple[float, float]:
    """Median and 95th percentile over thresholds from 0.05 to 0.95."""
    times = []
    for threshold in np.linspace(0.05, 0.95, ROUNDS):
        started = time.perf_counter()
        work(OperatingPoint("own", float(threshold)))
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), float(np.percentile(times, 95))


def report(name: str, rows: tuple[ValidationRow, ...], pattern: str) -> None:
    """One line: everything kept against everything gathered anew."""
    estimate = Estimate(0.1, 0.1, pattern, 0.307)

    def grounds() -> Grounds:
        evidence = gathered(rows)
        return Grounds(evidence, evidence, IndeterminateRule.CONFORMAL, ReadoutPart())

    kept = grounds()
    warm = milliseconds(lambda point: read(estimate, kept, point, LOCAL_PREVALENCE, FACTS))
    anew = milliseconds(lambda point: read(estimate, grounds(), point, LOCAL_PREVALENCE, FACTS))
    print(
        f"{name:28} {len(rows):5} patients   kept {warm[0]:5.2f} ms (p95 {warm[1]:5.2f})   "
        f"gathered anew {anew[0]:6.2f} ms (p95 {anew[1]:6.2f})"
    )


def main() -> None:
    """Print a line for the pack that ships and for each size."""
    pack = open_pack(demo_pack_path())
    pattern = pack.models.submodels[0].pattern
    rows = pack.rows(pattern, ValidationSource.OUT_OF_FOLD)
    report(f"{pack.manifest.name}, {pattern}", rows, pattern)
    for n in SIZES:
        report("simulated", rows_of(n), "pr")


if __name__ == "__main__":
    main()
