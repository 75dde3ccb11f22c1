"""Everything that ``her2desk evaluate`` says of one or more scores of the same patients."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.stats.auc import MIN_FOR_DELONG, Auc, auc, delong_test
from her2desk.stats.calibration import Calibration, calibration
from her2desk.stats.checks import labels_and_scores
from her2desk.stats.decision_curve import net_benefit
from her2desk.stats.hosmer_lemeshow import HosmerLemeshow, hosmer_lemeshow

FloatArray = NDArray[np.float64]

THRESHOLDS = tuple(k / 100 for k in range(1, 100))


@dataclass(frozen=True)
class PairedTest:
    """DeLong's test of two scores: ``z`` of the AUC of ``a`` less that of ``b``, two-sided ``p``."""

    a: str
    b: str
    z: float
    p: float


@dataclass(frozen=True)
class Evaluation:
    """Figures by the score's name.

    Scores that leave 0–1 are in ``auc`` and ``delong`` only. ``hosmer_lemeshow`` lacks scores
    whose groups have no χ² (all alike, or exactly 0 or 1 throughout a group), ``calibration`` those
    with a probability of exactly 0 or 1. ``net_benefit`` lists (threshold, value) at 0.01 … 0.99.
    """

    n: int
    events: int
    auc: dict[str, Auc]
    delong: tuple[PairedTest, ...]
    hosmer_lemeshow: dict[str, HosmerLemeshow]
    brier: dict[str, float]
    net_benefit: dict[str, list[tuple[float, float]]]
    calibration: dict[str, Calibration]

    def document(self) -> dict[str, Any]:
        """The command line's JSON; a z without bound is null."""
        return {
            "n": self.n,
            "events": self.events,
            "auc": {
                name: {
                    "value": area.value,
                    "lower": area.lower,
                    "upper": area.upper,
                    "method": area.method,
                }
                for name, area in self.auc.items()
            },
            "delong": [
                {
                    "a": test.a,
                    "b": test.b,
                    "z": test.z if math.isfinite(test.z) else None,
                    "p": test.p,
                }
                for test in self.delong
            ],
            "hosmer_lemeshow": {
                name: {"g": test.g, "chi2": test.chi2, "df": test.df, "p": test.p}
                for name, test in self.hosmer_lemeshow.items()
            },
            "brier": dict(self.brier),
            "net_benefit": {
                name: [list(point) for point in points] for name, points in self.net_benefit.items()
            },
        }


def evaluate(
    labels: ArrayLike,
    scores: Mapping[str, ArrayLike],
    *,
    interval: Literal["plain", "logit"] = "plain",
    fitted_on: bool = False,
) -> Evaluation:
    """AUC, DeLong's tests of all pairs, Hosmer–Lemeshow, Brier, net benefit and calibration.

    ``labels`` and every score have shape (n,); a higher score means positive, never flipped.
    ``interval`` is that of the AUC (``plain`` as pROC); ``fitted_on`` says that the scores come
    from these patients (Hosmer–Lemeshow on g − 2). The Hosmer–Lemeshow figure is given however few
    the patients, as R gives it. Raises ``InputRefused`` unless both classes are there and the
    scores are finite, ``ValueError`` without a score.
    """
    if not scores:
        raise ValueError("an evaluation needs a score")
    checked = {name: labels_and_scores(labels, values) for name, values in scores.items()}
    positive = next(iter(checked.values()))[0]
    values = {name: pair[1] for name, pair in checked.items()}
    probabilities = {name: p for name, p in values.items() if ((p >= 0) & (p <= 1)).all()}
    inside = {name: p for name, p in probabilities.items() if ((p > 0) & (p < 1)).all()}
    benefits = {name: net_benefit(positive, p, THRESHOLDS) for name, p in probabilities.items()}
    return Evaluation(
        n=len(positive),
        events=int(positive.sum()),
        auc={name: auc(positive, score, interval) for name, score in values.items()},
        delong=_paired_tests(positive, values),
        hosmer_lemeshow=_hosmer_lemeshow(positive, probabilities, fitted_on),
        brier={name: float(((p - positive) ** 2).mean()) for name, p in probabilities.items()},
        net_benefit={
            name: list(zip(THRESHOLDS, map(float, benefit), strict=True))
            for name, benefit in benefits.items()
        },
        calibration={name: calibration(positive, p) for name, p in inside.items()},
    )


def _paired_tests(
    positive: NDArray[np.bool_], values: Mapping[str, FloatArray]
) -> tuple[PairedTest, ...]:
    """All pairs in the order given; none where a class has one patient only."""
    if min(positive.sum(), (~positive).sum()) < MIN_FOR_DELONG:
        return ()
    tests = []
    for a, b in combinations(values, 2):
        test = delong_test(positive, values[a], values[b])
        tests.append(PairedTest(a, b, test.z, test.p))
    return tuple(tests)


def _hosmer_lemeshow(
    positive: NDArray[np.bool_], probabilities: Mapping[str, FloatArray], fitted_on: bool
) -> dict[str, HosmerLemeshow]:
    tests = {}
    for name, p in probabilities.items():
        with suppress(InputRefused):  # no χ²: see Evaluation
            tests[name] = hosmer_lemeshow(positive, p, fitted_on=fitted_on, strict=False)
    return tests
