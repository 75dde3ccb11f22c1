"""ROC points against R's pROC, and that their area is the AUC."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.stats.auc import auc
from her2desk.stats.roc import roc_points

from .evaluation_scores import GOLDEN, LABELS, predictions

cohorts = st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=2, max_size=40).filter(
    lambda rows: len({positive for positive, _ in rows}) == 2
)


@pytest.mark.parametrize("name", list(GOLDEN["scores"]))
def test_points_are_those_of_proc(name: str) -> None:
    curve = roc_points(LABELS, predictions()[name])
    expected = GOLDEN["scores"][name]
    # pROC goes from (1, 1) to (0, 0)
    np.testing.assert_allclose(curve.sensitivity[::-1], expected["sensitivity"], atol=1e-12)
    np.testing.assert_allclose(
        1 - curve.false_positive_rate[::-1], expected["specificity"], atol=1e-12
    )


@given(cohorts)
def test_the_area_under_the_points_is_the_auc(rows: list[tuple[bool, int]]) -> None:
    labels, scores = zip(*rows, strict=True)
    curve = roc_points(labels, scores)
    area = float(np.trapezoid(curve.sensitivity, curve.false_positive_rate))
    assert area == pytest.approx(auc(labels, scores).value)
    assert (curve.false_positive_rate[0], curve.sensitivity[0]) == (0, 0)
    assert (curve.false_positive_rate[-1], curve.sensitivity[-1]) == (1, 1)


def test_a_patient_at_the_threshold_is_called_positive() -> None:
    curve = roc_points([0, 1, 1], [0.2, 0.2, 0.6])
    assert curve.thresholds.tolist() == [np.inf, 0.6, 0.2]
    assert curve.sensitivity.tolist() == [0, 0.5, 1]
    assert curve.false_positive_rate.tolist() == [0, 0, 1]


def test_one_class_has_no_curve() -> None:
    with pytest.raises(InputRefused) as refusal:
        roc_points([1, 1], [0.2, 0.4])
    assert refusal.value.code == "one-class"
