"""How a pack does here, against what its card promises (V13–V15, V19, V23)."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from her2desk.audit.promise import Promise, promise_of
from her2desk.audit.results import LocalCase, LocalResults
from her2desk.domain.counts import Confusion, Proportion
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.validation import OperatingPoint, ValidationSource
from her2desk.packs.pack import Pack
from her2desk.stats.auc import Auc, auc
from her2desk.stats.calibration import Calibration, Interval, calibration
from her2desk.stats.cusum import Cusum, cusum
from her2desk.stats.multiple_tests import holm
from her2desk.stats.proportions import Z_95, wilson
from her2desk.stats.recalibration import SlopeTest, slope_test
from her2desk.stats.smooth_calibration import TOO_FEW_TO_JUDGE

NEEDED = 10  # V23: results of each class before any figure
LEVEL = 0.01  # of a look; the audit is looked at again and again, see docs/validation.md
_LARGEST_LOGIT = 30.0  # beyond, a probability in floating point is 0 or 1 and has no log-odds


@dataclass(frozen=True)
class RateCheck:
    """A sensitivity or specificity here and as promised; ``p`` is Fisher's, one-sided: worse here.

    Fisher's test counts the uncertainty of both sides: held against the promised lower bound alone, a
    fall from 14 of 15 (70–99 %) to three quarters would never show. ``adjusted_p`` is Holm's over all
    tests of the same look. Both are None without a promise.
    """

    local: Proportion
    promised: Proportion | None
    p: float | None
    adjusted_p: float | None = None


@dataclass(frozen=True)
class PointCheck:
    """The confusion table at one of the pack's operating points."""

    point: OperatingPoint
    table: Confusion
    sensitivity: RateCheck
    specificity: RateCheck


@dataclass(frozen=True)
class AucCheck:
    """The AUC here and the promised (value, lower, upper); ``p`` one-sided: lower here.

    The difference's interval is put together from both asymmetric ones (Zou and Donner 2008, Statistics
    in Medicine 27: 1693), ``p`` is where it would just reach 0.
    """

    local: Auc
    promised: tuple[float, float, float] | None
    p: float | None
    adjusted_p: float | None = None


@dataclass(frozen=True)
class Calibrated:
    """How predicted probabilities agree with what happened.

    ``observed_to_expected`` is a ratio with its 95 % interval (Debray et al. 2017, BMJ 356: i6460).
    ``is_judged`` is V19's: too few patients say nothing of a slope.
    """

    figures: Calibration
    expected: float
    observed_to_expected: Interval
    slope_test: SlopeTest | None
    is_judged: bool


@dataclass(frozen=True)
class Performance:
    """Figures of the counted cases.

    Calibration and CUSUM are of all; AUC and confusion tables of those answered with ``pattern``, the
    one with the most results, because what is promised differs between patterns (V9).
    """

    pattern: str
    patients: int
    positives: int
    auc: AucCheck
    points: tuple[PointCheck, ...]
    promise: Promise | None
    calibrated: Calibrated
    cusum: Cusum


def missing(results: LocalResults) -> tuple[int, int]:
    """How many positives and negatives are wanting before there are figures."""
    own = _main_pattern(results.counted)[1]
    positives = sum(case.is_positive for case in own)
    return max(0, NEEDED - positives), max(0, NEEDED - (len(own) - positives))


def performance(pack: Pack, results: LocalResults) -> Performance | None:
    """All figures; None below 10 positives and 10 negatives (V23)."""
    if any(missing(results)):
        return None
    pattern, own = _main_pattern(results.counted)
    promise = promise_of(pack, pattern)
    area = _auc_check(own, promise)
    points = tuple(
        _point_check(point, own, promise) for point in pack.operating_points(pattern).values()
    )
    area, points = _adjusted(area, points)
    return Performance(
        pattern,
        len(own),
        sum(case.is_positive for case in own),
        area,
        points,
        promise,
        _calibrated(results.counted),
        cusum(labels_of(results.counted), logits_of(results.counted), pack.manifest.prevalence),
    )


def labels_of(cases: Sequence[LocalCase]) -> NDArray[np.bool_]:
    """HER-2 status (n,)."""
    return np.array([case.is_positive for case in cases], dtype=bool)


def logits_of(cases: Sequence[LocalCase]) -> NDArray[np.float64]:
    """Predicted log-odds (n,)."""
    values = [case.answer.logit for case in cases]
    return np.clip(np.array(values, dtype=np.float64), -_LARGEST_LOGIT, _LARGEST_LOGIT)


def _main_pattern(cases: Sequence[LocalCase]) -> tuple[str, list[LocalCase]]:
    if not cases:
        return "", []
    pattern = Counter(case.answer.pattern for case in cases).most_common(1)[0][0]
    return pattern, [case for case in cases if case.answer.pattern == pattern]


def _auc_check(cases: Sequence[LocalCase], promise: Promise | None) -> AucCheck:
    local = auc(labels_of(cases), logits_of(cases))
    if promise is None:
        return AucCheck(local, None, None)
    value, lower, _ = promise.auc
    reach = math.hypot(local.upper - local.value, value - lower)
    fall = value - local.value
    z = Z_95 * fall / reach if reach > 0 else math.copysign(math.inf, fall)
    return AucCheck(local, promise.auc, 1 - NormalDist().cdf(z))


def _point_check(
    point: OperatingPoint, cases: Sequence[LocalCase], promise: Promise | None
) -> PointCheck:
    positive = labels_of(cases)
    called = logits_of(cases) >= logit(point.threshold)
    table = Confusion(
        tp=int((called & positive).sum()),
        fp=int((called & ~positive).sum()),
        tn=int((~called & ~positive).sum()),
        fn=int((~called & positive).sum()),
        source=ValidationSource.EXTERNAL,
    )
    promised = None if promise is None else promise.tables[point.name]
    return PointCheck(
        point,
        table,
        _rate_check((table.tp, table.fn), None if promised is None else (promised.tp, promised.fn)),
        _rate_check((table.tn, table.fp), None if promised is None else (promised.tn, promised.fp)),
    )


def _rate_check(local: tuple[int, int], promised: tuple[int, int] | None) -> RateCheck:
    from scipy.stats import fisher_exact

    own = wilson(local[0], sum(local))
    if promised is None:
        return RateCheck(own, None, None)
    p = float(fisher_exact([local, promised], alternative="less").pvalue)
    return RateCheck(own, wilson(promised[0], sum(promised)), p)


def _adjusted(
    area: AucCheck, points: tuple[PointCheck, ...]
) -> tuple[AucCheck, tuple[PointCheck, ...]]:
    """All tests of one look under one roof (Holm)."""
    if area.p is None:
        return area, points
    rates = [rate for point in points for rate in (point.sensitivity, point.specificity)]
    ps = [area.p, *(rate.p for rate in rates if rate.p is not None)]
    first, *others = (float(p) for p in holm(ps))
    judged = [replace(rate, adjusted_p=p) for rate, p in zip(rates, others, strict=True)]
    return replace(area, adjusted_p=first), tuple(
        replace(point, sensitivity=judged[2 * i], specificity=judged[2 * i + 1])
        for i, point in enumerate(points)
    )


def _calibrated(cases: Sequence[LocalCase]) -> Calibrated:
    positive, eta = labels_of(cases), logits_of(cases)
    probabilities = [sigmoid(float(value)) for value in eta]
    figures = calibration(positive, probabilities)
    expected = math.fsum(probabilities)
    ratio = figures.events / expected
    half = Z_95 * math.sqrt((1 - figures.events / figures.n) / figures.events)
    fewer = min(figures.events, figures.n - figures.events)
    return Calibrated(
        figures,
        expected,
        Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half)),
        slope_test(positive, eta),
        fewer > TOO_FEW_TO_JUDGE and figures.slope is not None,
    )
