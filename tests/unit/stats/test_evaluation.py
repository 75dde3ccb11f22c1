"""All figures of ``her2desk evaluate`` against R on scikit-learn's breast-cancer table."""

import json

import numpy as np
import pytest

from her2desk.errors import InputRefused
from her2desk.stats.auc import auc
from her2desk.stats.calibration import calibration
from her2desk.stats.evaluation import evaluate

from .evaluation_scores import GOLDEN, LABELS, predictions

SCORES = list(GOLDEN["scores"])


def test_every_figure_of_the_document_is_rs() -> None:
    document = evaluate(LABELS, predictions(), fitted_on=True).document()
    assert (document["n"], document["events"]) == (569, 212)
    for name in SCORES:
        expected = GOLDEN["scores"][name]
        area, test = document["auc"][name], document["hosmer_lemeshow"][name]
        assert area["method"] == "delong"
        assert [area["value"], area["lower"], area["upper"]] == pytest.approx(
            [expected["auc"], expected["lower"], expected["upper"]], abs=1e-6
        )
        hoslem = expected["hoslem"][0]
        assert [test["g"], test["df"]] == [hoslem["g"], hoslem["g"] - 2]
        assert [test["chi2"], test["p"]] == pytest.approx(
            [hoslem["chi2"], hoslem["p_fitted"]], abs=1e-6
        )
        assert document["brier"][name] == pytest.approx(expected["brier"], abs=1e-6)
        thresholds, benefit = np.array(document["net_benefit"][name]).T
        np.testing.assert_array_equal(thresholds, np.arange(1, 100) / 100)
        np.testing.assert_allclose(benefit, expected["net_benefit"], atol=1e-6)
    for test, expected in zip(document["delong"], GOLDEN["delong"], strict=True):
        assert (test["a"], test["b"]) == (expected["a"], expected["b"])
        assert [test["z"], test["p"]] == pytest.approx([expected["z"], expected["p"]], abs=1e-6)


def test_the_document_has_the_contracts_keys_and_is_json() -> None:
    document = evaluate(LABELS, predictions()).document()
    assert set(document) == {
        "n",
        "events",
        "auc",
        "delong",
        "hosmer_lemeshow",
        "brier",
        "net_benefit",
    }
    assert set(document["auc"]["texture"]) == {"value", "lower", "upper", "method"}
    assert set(document["hosmer_lemeshow"]["texture"]) == {"g", "chi2", "df", "p"}
    assert document["hosmer_lemeshow"]["texture"]["df"] == 10
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_shown_interval_is_on_request() -> None:
    answer = evaluate(LABELS, predictions(), interval="logit")
    assert answer.auc["texture"] == auc(LABELS, predictions()["texture"], "logit")
    assert answer.document()["auc"]["texture"]["method"] == "logit-delong"


def test_scores_outside_0_to_1_have_an_auc_and_no_calibration() -> None:
    """And are never flipped: a score that is lower in the positive stays below one half."""
    answer = evaluate(LABELS, {"p": predictions()["texture"], "minus": -predictions()["texture"]})
    assert answer.auc["minus"].value == pytest.approx(1 - answer.auc["p"].value)
    for figures in (
        answer.hosmer_lemeshow,
        answer.brier,
        answer.net_benefit,
        answer.calibration,
    ):
        assert list(figures) == ["p"]
    assert [(test.a, test.b) for test in answer.delong] == [("p", "minus")]


def test_calibration_is_there_unless_a_probability_is_exactly_0_or_1() -> None:
    answer = evaluate(LABELS, predictions())
    assert answer.calibration["texture"] == calibration(LABELS, predictions()["texture"])
    assert "texture_tied" not in answer.calibration
    assert "texture_tied" in answer.brier


def test_a_score_without_groups_has_no_hosmer_lemeshow_test() -> None:
    answer = evaluate(np.arange(120) % 2, {"zeros": np.repeat([0.0, 0.5], 60)})
    assert answer.hosmer_lemeshow == {}
    assert answer.brier["zeros"] == pytest.approx(0.375)


def test_a_difference_without_bound_is_null() -> None:
    labels = [0, 0, 1, 1]
    document = evaluate(labels, {"a": [1, 2, 3, 4], "b": [4, 3, 2, 1]}).document()
    assert document["delong"] == [{"a": "a", "b": "b", "z": None, "p": 0.0}]


def test_one_patient_in_a_class_leaves_out_delongs_test() -> None:
    answer = evaluate([1, 0, 0], {"a": [3, 1, 2], "b": [1, 2, 3]})
    assert answer.delong == ()
    assert answer.auc["a"].method == "newcombe"


def test_missing_scores_are_refused() -> None:
    with pytest.raises(InputRefused) as refusal:
        evaluate([0, 1, 0], {"a": [0.1, float("nan"), 0.3]})
    assert refusal.value.code == "score-not-finite"


def test_no_score_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="score"):
        evaluate([0, 1], {})


def test_the_base_install_can_evaluate() -> None:
    """statsmodels and scikit-learn come with the train extra only."""
    import subprocess
    import sys

    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['statsmodels', 'sklearn', 'pandas']))\n"
        "from her2desk.stats.evaluation import evaluate\n"
        "p = [0.1, 0.4, 0.35, 0.8, 0.3, 0.6]\n"
        "print(evaluate([0, 0, 1, 1, 0, 1], {'p': p}).calibration['p'].slope is not None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
