"""Wilson intervals and predictive values (V12)."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from her2desk.domain.counts import Confusion
from her2desk.domain.validation import ValidationSource
from her2desk.stats.proportions import predictive_values, wilson

counts = st.integers(0, 300)


def table(tp: int, fp: int, tn: int, fn: int) -> Confusion:
    return Confusion(tp, fp, tn, fn, ValidationSource.OUT_OF_FOLD)


@pytest.mark.parametrize(
    ("count", "total", "lower", "upper"),
    [(14, 15, 0.70, 0.99), (15, 15, 0.80, 1.00), (11, 20, 0.34, 0.74)],
    ids=["14 of 15", "15 of 15", "11 of 20"],
)
def test_wilson_gives_the_intervals_printed_in_the_rules(
    count: int, total: int, lower: float, upper: float
) -> None:
    answer = wilson(count, total)
    assert (round(answer.lower, 2), round(answer.upper, 2)) == (lower, upper)


@given(counts, counts)
def test_wilson_is_the_score_interval_of_scipy(count: int, more: int) -> None:
    total = count + more
    answer = wilson(count, total)
    if total == 0:
        assert (answer.lower, answer.upper) == (0, 1)
        assert math.isnan(answer.value)
        return
    reference = stats.binomtest(count, total).proportion_ci(method="wilson")
    assert answer.lower == pytest.approx(reference.low, abs=1e-12)
    assert answer.upper == pytest.approx(reference.high, abs=1e-12)


@pytest.mark.parametrize(("count", "total"), [(3, 2), (-1, 2)])
def test_a_count_beyond_its_total_is_refused(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(count, total)


def test_ppv_at_another_prevalence_is_the_example_of_v12() -> None:
    ppv, _ = predictive_values(table(13, 9, 36, 2), 0.2)
    assert ppv is not None
    assert (round(ppv.value, 2), round(ppv.lower, 2), round(ppv.upper, 2)) == (0.52, 0.37, 0.67)


@pytest.mark.parametrize(
    ("cells", "prevalence"),
    [
        ((13, 9, 36, 2), 0.2),
        ((43, 30, 67, 0), 0.1),
        ((500, 80, 900, 40), 0.5),
        ((3, 2, 4, 1), 0.7),
        ((60, 0, 40, 20), 0.01),
    ],
)
def test_predictive_values_agree_with_a_million_draws(
    cells: tuple[int, int, int, int], prevalence: float
) -> None:
    tp, fp, tn, fn = cells
    rng = np.random.default_rng(5)
    sensitivity = rng.beta(tp + 0.5, fn + 0.5, 1_000_000)
    specificity = rng.beta(tn + 0.5, fp + 0.5, 1_000_000)
    hits, false = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    rejected, missed = (1 - prevalence) * specificity, prevalence * (1 - sensitivity)
    for answer, drawn in zip(
        predictive_values(table(*cells), prevalence),
        (hits / (hits + false), rejected / (rejected + missed)),
        strict=True,
    ):
        assert answer is not None
        low, high = np.quantile(drawn, [0.025, 0.975])
        assert answer.lower == pytest.approx(min(low, answer.value), abs=0.005)
        assert answer.upper == pytest.approx(max(high, answer.value), abs=0.005)


def test_at_the_cohorts_own_prevalence_the_interval_is_wilsons() -> None:
    ppv, npv = predictive_values(table(13, 9, 36, 2), 15 / 60)
    expected = wilson(13, 22)
    assert ppv is not None
    assert npv is not None
    assert (ppv.value, ppv.lower, ppv.upper) == (13 / 22, expected.lower, expected.upper)
    assert npv.value == 36 / 38


@pytest.mark.parametrize("prevalence", [0.0, 1.0])
def test_a_prevalence_of_0_or_1_has_no_predictive_value(prevalence: float) -> None:
    assert predictive_values(table(13, 9, 36, 2), prevalence) == (None, None)


@pytest.mark.parametrize("prevalence", [5e-324, 1e-320, 1e-12, 1 - 1e-16])
def test_a_prevalence_beside_0_or_1_gives_numbers_all_the_same(prevalence: float) -> None:
    for value in predictive_values(table(tp=13, fp=9, tn=36, fn=2), prevalence):
        assert value is not None
        assert 0 <= value.lower <= value.value <= value.upper <= 1


@pytest.mark.parametrize(
    "cells", [(0, 5, 5, 0), (5, 0, 0, 5)], ids=["no positives", "no negatives"]
)
def test_without_one_class_there_is_no_predictive_value(cells: tuple[int, int, int, int]) -> None:
    assert predictive_values(table(*cells), 0.3) == (None, None)


@pytest.mark.parametrize("prevalence", [0.25, 0.1], ids=["own", "other"])
def test_where_nobody_was_called_positive_only_npv_is_left(prevalence: float) -> None:
    ppv, npv = predictive_values(table(0, 0, 45, 15), prevalence)
    assert ppv is None
    assert npv is not None


@given(counts, counts, counts, counts, st.floats(0.001, 0.999))
def test_an_interval_holds_its_estimate_and_repeats_to_the_bit(
    tp: int, fp: int, tn: int, fn: int, prevalence: float
) -> None:
    first = predictive_values(table(tp, fp, tn, fn), prevalence)
    assert first == predictive_values(table(tp, fp, tn, fn), prevalence)
    for answer in first:
        if answer is not None:
            assert 0 <= answer.lower <= answer.value <= answer.upper <= 1


def test_ppv_interval_covers_the_true_value() -> None:
    """Exact coverage over all tables of 30 positives and 60 negatives, mean of six true points."""
    prevalence, positives, negatives = 0.2, 30, 60
    bounds = np.array(
        [
            [interval(tp, negatives - tn, tn, positives - tp, prevalence) for tn in range(61)]
            for tp in range(31)
        ]
    )
    covered = []
    for sensitivity in (0.7, 0.8, 0.9):
        for specificity in (0.7, 0.85):
            hits, false = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
            true = hits / (hits + false)
            weight = np.outer(
                stats.binom.pmf(np.arange(31), positives, sensitivity),
                stats.binom.pmf(np.arange(61), negatives, specificity),
            )
            inside = (bounds[:, :, 0] <= true) & (true <= bounds[:, :, 1])
            covered.append((weight * inside).sum())
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)
    assert min(covered) > 0.92


def interval(tp: int, fp: int, tn: int, fn: int, prevalence: float) -> tuple[float, float]:
    ppv, _ = predictive_values(table(tp, fp, tn, fn), prevalence)
    return (ppv.lower, ppv.upper) if ppv else (0.0, 1.0)


def test_what_the_window_calls_loads_no_scipy() -> None:
    modules = ["proportions", "counts", "statements", "thresholds", "nomogram"]
    code = "import sys\n" + "\n".join(f"import her2desk.stats.{m}" for m in modules)
    code += "\nprint([m for m in sys.modules if m.split('.')[0] in ('scipy', 'statsmodels')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
