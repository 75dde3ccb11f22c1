"""How often the local audit cries wolf, and how soon it finds a pack that has fallen behind.

Each run draws a pack's promise (150 held-out patients) and a ward, and looks at the audit after every ten
results, as a person does who opens it again and again:

    python -m benchmarks.local_audit --runs 200
"""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.audit_ward import in_memory, patients, promising, scores
from her2desk.audit.performance import performance
from her2desk.audit.verdict import Standing, verdict
from her2desk.packs.pack import Pack, open_pack
from her2desk.paths import demo_pack_path
from her2desk.stats.cusum import cusum
from her2desk.stats.recalibration import recalibrate_intercept, slope_test

PROMISED = 0.90
LOOKS = tuple(range(40, 201, 10))
SCENARIOS: Mapping[str, Mapping[str, Any]] = {
    "keeps its promise": {},
    "AUC 0.90 is 0.80": {"true": 0.80},
    "AUC 0.90 is 0.70": {"true": 0.70},
    "odds of positive doubled": {"odds_ratio": 2.0},
    "odds of positive halved": {"odds_ratio": 0.5},
}


def looks(pack: Pack, scenario: Mapping[str, Any], seed: int) -> list[Standing]:
    """The verdict at each look."""
    rng = np.random.default_rng(seed)
    promise = promising(pack, rng, PROMISED)
    positive, eta = scores(
        rng, LOOKS[-1], promised=PROMISED, prevalence=pack.manifest.prevalence, **scenario
    )
    ward = patients(promise, positive, eta, rng=rng)
    found = []
    for n in LOOKS:
        results = in_memory(promise, ward[:n])
        found.append(verdict(results, performance(promise, results)).standing)
    return found


def slopes(events: int, runs: int) -> tuple[float, float, float]:
    """2.5 and 97.5 % points of fitted slopes of a right pack (AUC 0.80), and the intercept's coverage."""
    found, covered = [], 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        positive, eta = scores(rng, 20 * events, promised=0.80, prevalence=0.5)
        chosen = np.concatenate(
            [np.flatnonzero(positive)[:events], np.flatnonzero(~positive)[:events]]
        )
        test = slope_test(positive[chosen], eta[chosen])
        found.append(np.nan if test is None else test.slope.value)
        drawn = scores(rng, 2 * events, promised=0.80, prevalence=0.3, odds_ratio=1.5)
        interval = recalibrate_intercept(*drawn).intercept_interval
        covered += interval.lower <= np.log(1.5) <= interval.upper
    lower, upper = np.nanquantile(found, [0.025, 0.975])
    return float(lower), float(upper), covered / runs


def false_signals(runs: int) -> float:
    """Share of sequences of 100 results of a right pack that go beyond a chart's limit."""
    found = 0
    for seed in range(runs):
        positive, eta = scores(np.random.default_rng(seed), 100, promised=0.85, prevalence=0.3)
        found += bool(cusum(positive, eta, 0.3, runs=2000, seed=seed).signals)
    return found / runs


def main() -> None:
    """Print the shares of runs with each verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    print(f"false signals of the charts over 100 results: {false_signals(5 * runs):.3f}")
    for events in (15, 30, 50, 100):
        lower, upper, coverage = slopes(events, 5 * runs)
        print(
            f"{events} of each class: fitted slopes {lower:.2f} to {upper:.2f}; the intercept's "
            f"interval covers {coverage:.3f}",
            flush=True,
        )
    pack = open_pack(demo_pack_path())
    print(f"{runs} runs; looks after {LOOKS[0]}, {LOOKS[0] + 10}, … {LOOKS[-1]} results")
    print("scenario | behind at 100 | behind ever | off at 100 | off ever | keeps at 200")
    for name, scenario in SCENARIOS.items():
        found = [looks(pack, scenario, seed) for seed in range(runs)]
        at_100 = LOOKS.index(100)
        shares = [
            np.mean([run[at_100] is Standing.BEHIND for run in found]),
            np.mean([Standing.BEHIND in run for run in found]),
            np.mean([run[at_100] is Standing.MISCALIBRATED for run in found]),
            np.mean([Standing.MISCALIBRATED in run for run in found]),
            np.mean([run[-1] is Standing.KEEPS for run in found]),
        ]
        print(" | ".join([name, *(f"{share:.3f}" for share in shares)]), flush=True)


if __name__ == "__main__":
    main()
