"""What is said of a case: probability, interval, call, confusion and neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.log_odds import logit
from her2desk.domain.readout import Call, Estimate
from her2desk.domain.validation import (
    Attention,
    OperatingPoint,
    ValidationRow,
    ValidationSource,
)
from her2desk.inference.readout import confusion_at, read

NO_LOOK = Attention(None, None, None)


def row(patient: int, positive: bool, score: float, fold: int = 0, pattern: str = "pr"):
    return ValidationRow(
        f"V{patient:04d}", positive, fold, ValidationSource.OUT_OF_FOLD, pattern, score, {}, NO_LOOK
    )


def cohort(n: int = 60) -> list[ValidationRow]:
    rng = np.random.default_rng(1)
    return [row(i, i % 3 == 0, float(rng.normal(i % 3 == 0)), fold=i % 2) for i in range(n)]


POINT = OperatingPoint("youden", 0.4, (0.35, 0.45))


def test_v11_example_moves_with_the_local_prevalence():
    """0.63 (0.48–0.76) at 30.7 % is 0.49 (0.34–0.64) at 20 % (validity rule V11)."""
    z = 1.959964
    sd = (logit(0.76) - logit(0.48)) / (2 * z)
    estimate = Estimate((logit(0.76) + logit(0.48)) / 2, sd**2, "pr", 0.307)
    at_home = read(estimate, cohort(), POINT)
    elsewhere = read(estimate, cohort(), POINT, 0.20)
    assert [round(v, 2) for v in (at_home.probability, at_home.lower, at_home.upper)] == [
        0.63, 0.48, 0.76,
    ]  # fmt: skip
    assert [round(v, 2) for v in (elsewhere.probability, elsewhere.lower, elsewhere.upper)] == [
        0.49, 0.34, 0.64,
    ]  # fmt: skip
    assert elsewhere.prevalence == 0.20


def test_each_row_is_judged_by_its_own_folds_threshold():
    score = logit(0.40)  # above fold 0's 0.35, below fold 1's 0.45
    rows = [row(1, True, score, fold=0), row(2, True, score, fold=1)]
    table = confusion_at(rows, POINT, 0.0)
    assert (table.tp, table.fn) == (1, 1)


def test_a_threshold_given_by_hand_judges_every_row():
    own = OperatingPoint("own", 0.4)
    rows = [row(1, True, logit(0.41), fold=0), row(2, False, logit(0.41), fold=1)]
    table = confusion_at(rows, own, 0.0)
    assert own.is_own
    assert (table.tp, table.fp) == (1, 1)


@given(
    st.floats(0.01, 0.99),
    st.floats(-3, 3),
    st.one_of(st.none(), st.floats(0.02, 0.98)),
)
def test_every_confusion_table_sums_to_its_cohort(threshold, score, prevalence):
    estimate = Estimate(score, 0.1, "pr", 1 / 3)
    readout = read(estimate, cohort(), OperatingPoint("own", threshold), prevalence)
    table = readout.confusion
    assert table.cohort_size == 60
    assert table.tp + table.fn == 20
    assert readout.sensitivity.total == 20
    assert readout.specificity.total == 40
    assert readout.neighbours.total == 20


def test_only_the_rows_of_the_answers_own_pattern_are_counted():
    mixed = cohort(30) + [row(100 + i, True, 0.0, pattern="image-only") for i in range(7)]
    readout = read(Estimate(0.0, 0.1, "image-only", 0.3), mixed, POINT)
    assert readout.confusion.cohort_size == 7


@pytest.mark.parametrize(
    ("probability", "sd", "call"),
    [(0.7, 0.1, Call.POSITIVE), (0.1, 0.1, Call.NEGATIVE), (0.45, 0.5, Call.INDETERMINATE)],
)
def test_no_call_where_the_interval_crosses_the_threshold(probability, sd, call):
    estimate = Estimate(logit(probability), sd**2, "pr", 1 / 3)
    assert read(estimate, cohort(), POINT).call is call


def test_neighbours_are_the_twenty_nearest_scores():
    rows = [row(i, i < 20, 0.01 * i) for i in range(40)]
    readout = read(Estimate(-1.0, 0.1, "pr", 0.5), rows, POINT)
    assert (readout.neighbours.count, readout.neighbours.total) == (20, 20)
