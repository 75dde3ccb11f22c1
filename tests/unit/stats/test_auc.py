"""AUC, DeLong's variance and test, against R's pROC and in simulation (V13)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from her2desk.errors import InputRefused
from her2desk.stats.auc import auc, delong_test

from .golden_table import columns, golden, scores

LABELS = columns()["malignant"]


@pytest.mark.parametrize("name", list(scores()))
def test_auc_and_plain_delong_interval_are_those_of_proc(name: str) -> None:
    expected = golden("stats_goldens.json")["auc"][name]
    answer = auc(LABELS, scores()[name], "plain")
    assert answer.value == pytest.approx(expected["auc"], abs=1e-9)
    assert answer.variance == pytest.approx(expected["variance"], rel=1e-6)
    assert answer.lower == pytest.approx(expected["lower"], abs=1e-6)
    assert answer.upper == pytest.approx(expected["upper"], abs=1e-6)
    assert answer.method == "delong"


@pytest.mark.parametrize("case", golden("stats_goldens.json")["delong"], ids=lambda c: c["b"])
def test_delong_test_is_that_of_proc(case: dict[str, float | str]) -> None:
    answer = delong_test(LABELS, scores()[str(case["a"])], scores()[str(case["b"])])
    assert answer.z == pytest.approx(case["z"], abs=1e-6)
    assert answer.p == pytest.approx(case["p"], abs=1e-6)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=40).filter(
        lambda rows: len({positive for positive, _ in rows}) == 2
    )
)
def test_auc_counts_ties_half_and_its_interval_holds_it(rows: list[tuple[bool, int]]) -> None:
    labels, values = zip(*rows, strict=True)
    for interval in ("plain", "logit"):
        answer = auc(labels, values, interval)
        assert answer.value == pytest.approx(roc_auc_score(labels, values))
        assert 0 <= answer.lower <= answer.value + 1e-12
        assert answer.value - 1e-12 <= answer.upper <= 1


def test_the_shown_interval_is_on_the_logit() -> None:
    answer = auc(LABELS, scores()["mean_texture"])
    half = 1.959963984540054 * math.sqrt(answer.variance) / (answer.value * (1 - answer.value))
    logits = [math.log(p / (1 - p)) for p in (answer.lower, answer.value, answer.upper)]
    assert logits[2] - logits[1] == pytest.approx(half)
    assert logits[1] - logits[0] == pytest.approx(half)
    assert answer.method == "logit-delong"


def test_a_perfect_auc_still_has_a_lower_bound() -> None:
    labels = [0] * 45 + [1] * 15
    answer = auc(labels, range(60))
    turned = auc(labels, [-k for k in range(60)])
    assert answer.method == "newcombe"
    assert answer.upper == pytest.approx(1)
    assert 0.85 < answer.lower < 0.99
    assert (turned.lower, turned.upper) == pytest.approx((0, 1 - answer.lower))


def test_one_patient_of_a_class_gives_a_wide_interval_and_no_variance() -> None:
    answer = auc([1, 0, 0, 0], [3, 1, 2, 4])
    assert answer.value == pytest.approx(2 / 3)
    assert answer.method == "newcombe"
    assert math.isnan(answer.variance)
    assert answer.upper - answer.lower > 0.5


def test_equal_scores_do_not_differ() -> None:
    answer = delong_test([0, 1, 0, 1], [1, 2, 3, 4], [10, 20, 30, 40])
    assert (answer.z, answer.p) == (0, 1)


def test_a_perfect_score_against_its_reverse_differs_without_bound() -> None:
    answer = delong_test([0, 0, 1, 1], [1, 2, 3, 4], [4, 3, 2, 1])
    assert (answer.z, answer.p) == (math.inf, 0)


@pytest.mark.parametrize(
    ("labels", "values", "code"),
    [
        ([1, 1], [0.1, 0.2], "one-class"),
        ([0, 0], [0.1, 0.2], "one-class"),
        ([0, 1], [0.1, math.nan], "score-not-finite"),
    ],
)
def test_what_has_no_roc_curve_is_refused(
    labels: list[int], values: list[float], code: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        auc(labels, values)
    assert refusal.value.code == code


def test_a_comparison_needs_two_patients_of_each_class() -> None:
    with pytest.raises(InputRefused) as refusal:
        delong_test([0, 0, 1], [1, 2, 3], [3, 1, 2])
    assert refusal.value.code == "too-few-patients"


def test_lists_of_different_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="one length"):
        auc([0, 1], [1, 2, 3])


@pytest.mark.slow
def test_logit_interval_covers_the_true_auc() -> None:
    """Binormal scores, 15 positives and 45 negatives; the target is their true AUC of 0.90."""
    rng = np.random.default_rng(13)
    true, shift = 0.9, 1.2815515655446004 * math.sqrt(2)
    labels = np.repeat([0, 1], [45, 15])
    covered = {"logit": 0, "plain": 0}
    runs = 3000
    for _ in range(runs):
        values = rng.normal(size=60) + shift * labels
        for kind in covered:
            answer = auc(labels, values, kind)
            covered[kind] += answer.lower <= true <= answer.upper
    assert covered["logit"] / runs == pytest.approx(0.95, abs=0.02)
    assert covered["plain"] < covered["logit"]
