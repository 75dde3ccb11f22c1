"""Calibration by groups, as a curve and in words (V19)."""

import numpy as np
import pytest
from scipy.special import expit

from her2desk.errors import InputRefused
from her2desk.stats.calibration import calibration
from her2desk.stats.proportions import wilson
from her2desk.stats.smooth_calibration import (
    calibration_groups,
    calibration_sentence,
    smooth_calibration,
)

from .evaluation_scores import GOLDEN, LABELS, predictions

Z_95 = 1.959963984540054


def test_groups_are_the_hosmer_lemeshow_tests() -> None:
    p = predictions()["concavity"]
    groups = calibration_groups(LABELS, p)
    expected = GOLDEN["scores"]["concavity"]["hoslem"][0]
    assert [group.observed.count for group in groups] == expected["observed"]
    assert [group.observed.total for group in groups] == expected["sizes"]
    sums = [group.mean_predicted * group.observed.total for group in groups]
    assert sums == pytest.approx(expected["expected"])
    assert groups[3].observed == wilson(expected["observed"][3], expected["sizes"][3])


def test_the_curve_and_its_interval_are_those_of_rms() -> None:
    curve = smooth_calibration(LABELS, predictions()["concavity"])
    expected = GOLDEN["smooth"]
    assert curve is not None
    np.testing.assert_allclose(curve.predicted, expected["predicted"], atol=1e-9)
    centre, error = np.array(expected["logit"]), np.array(expected["se"])
    np.testing.assert_allclose(curve.observed, expit(centre), atol=1e-6)
    np.testing.assert_allclose(curve.lower, expit(centre - Z_95 * error), atol=1e-6)
    np.testing.assert_allclose(curve.upper, expit(centre + Z_95 * error), atol=1e-6)


@pytest.mark.parametrize(("events", "others"), [(99, 300), (300, 99)])
def test_below_100_of_a_class_there_is_no_curve(events: int, others: int) -> None:
    labels = np.repeat([1, 0], [events, others])
    p = np.random.default_rng(1).uniform(0.1, 0.9, size=len(labels))
    assert smooth_calibration(labels, p) is None


def test_predictions_of_few_values_have_no_curve() -> None:
    labels = np.arange(400) % 2
    assert smooth_calibration(labels, np.where(np.arange(400) % 3, 0.3, 0.6)) is None


def test_separated_classes_have_no_curve() -> None:
    labels = np.arange(400) >= 200
    assert smooth_calibration(labels, np.linspace(0.1, 0.9, 400)) is None


@pytest.mark.parametrize("p", [[0.0, 0.5], [0.5, 1.2]])
def test_scores_that_are_no_probabilities_are_refused(p: list[float]) -> None:
    with pytest.raises(InputRefused) as refusal:
        smooth_calibration([0, 1], p)
    assert refusal.value.code == "probability-outside"


def test_a_right_model_lies_within_its_interval() -> None:
    rng = np.random.default_rng(19)
    inside = []
    for _ in range(40):
        p = expit(rng.normal(-0.8, 1, size=600))
        curve = smooth_calibration(rng.uniform(size=600) < p, p)
        assert curve is not None
        middle = slice(10, 60)
        inside.append((curve.lower[middle] <= curve.predicted[middle]).mean())
        inside.append((curve.upper[middle] >= curve.predicted[middle]).mean())
    assert np.mean(inside) == pytest.approx(0.975, abs=0.03)


def test_enough_patients_are_told_intercept_slope_and_brier_score() -> None:
    labels = np.arange(60) % 3 == 0
    p = expit(np.linspace(-1.5, 0.5, 60))
    said = calibration_sentence(calibration(labels, p)).text()
    assert said == (
        "Calibration intercept -0.25 (95 % interval -0.81 to 0.31; 0 is right), slope -0.15 (-1.06 "
        "to 0.77; 1 is right), Brier score 0.248."
    )


def test_fifteen_positives_cannot_judge_calibration() -> None:
    labels = np.arange(60) % 4 == 0
    said = calibration_sentence(calibration(labels, np.linspace(0.1, 0.5, 60))).text()
    assert said.startswith(
        "Calibration cannot be judged: 15 of 60 patients were positive, and in so few even a "
        "perfect model can look far off. Calibration intercept "
    )


def test_without_overlap_the_slope_is_not_available() -> None:
    labels = np.arange(80) >= 40
    answer = calibration(labels, expit(np.linspace(-1, 1, 80)))
    said = calibration_sentence(answer).text()
    assert "no slope, Brier score" in said
    assert said.startswith("Calibration cannot be judged")
