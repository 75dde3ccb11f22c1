"""Odds ratios one by one and stepwise, with what is missing counted (trap 2)."""

import math

import numpy as np
import pytest
from scipy.special import expit

from her2desk.errors import InputRefused
from her2desk.stats import association
from her2desk.stats.association import AssociationRow, associate
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.penalised import firth

from .golden_table import columns, golden

GLM = golden("stats_goldens.json")["glm"]
LABELS = columns()["malignant"]
Z_95 = 1.959963984540054


def by_name(table: association.AssociationTable) -> dict[str, AssociationRow]:
    return {row.name: row for row in table.rows}


def test_the_multivariable_column_is_that_of_rs_glm() -> None:
    names = GLM["features"]
    table = associate({name: columns()[name] for name in names}, LABELS, entry=0.9, removal=0.95)
    for j, row in enumerate(table.rows, start=1):
        beta, error = GLM["coefficients"][j], math.sqrt(GLM["covariance"][j][j])
        figures = row.multivariable
        assert figures is not None
        assert math.log(figures.value) == pytest.approx(beta, rel=1e-6)
        assert math.log(figures.upper) == pytest.approx(beta + Z_95 * error, rel=1e-6)
        assert figures.p == pytest.approx(math.erfc(abs(beta / error) / math.sqrt(2)), rel=1e-6)
        assert figures.method == "maximum likelihood"


def test_stepwise_keeps_what_matters_and_drops_what_another_column_says_better() -> None:
    rng = np.random.default_rng(3)
    cause = rng.normal(size=300)
    y = rng.uniform(size=300) < expit(1.5 * cause - 1)
    table = associate(
        {
            "shadow": cause + rng.normal(size=300),
            "noise": rng.normal(size=300),
            "cause": cause,
        },
        y,
    )
    rows = by_name(table)
    assert rows["shadow"].univariable.p < 0.001
    assert rows["shadow"].multivariable is None
    assert rows["noise"].multivariable is None
    assert rows["cause"].multivariable == rows["cause"].univariable


def test_a_column_that_entered_first_leaves_when_two_others_explain_it() -> None:
    """Backwards too: the sum enters first, and is not needed beside its two parts."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(2, 800))
    y = rng.uniform(size=800) < expit(a + b)
    table = associate({"sum": a + b + rng.normal(size=800), "a": a, "b": b}, y)
    rows = by_name(table)
    assert rows["sum"].univariable.p < min(rows["a"].univariable.p, rows["b"].univariable.p)
    assert rows["sum"].multivariable is None
    assert rows["a"].multivariable is not None
    assert rows["b"].multivariable is not None


def test_missing_values_are_counted_and_left_out() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(80, 2))
    y = rng.uniform(size=80) < expit(x[:, 0])
    x[:7, 0] = math.nan
    x[5:10, 1] = math.nan
    table = associate({"first": x[:, 0], "second": x[:, 1]}, y, entry=0.9, removal=0.95)
    rows = by_name(table)
    assert [(row.n, row.missing) for row in table.rows] == [(73, 7), (75, 5)]
    assert (table.n, table.multivariable_n, table.multivariable_missing) == (80, 70, 10)
    alone = fit_logistic(x[7:, :1], y[7:])
    assert rows["first"].univariable.value == pytest.approx(math.exp(alone.coefficients[1]))
    complete = np.isfinite(x).all(axis=1)
    both = fit_logistic(x[complete], y[complete])
    assert rows["second"].multivariable is not None
    assert rows["second"].multivariable.value == pytest.approx(math.exp(both.coefficients[2]))


SEPARATED = np.repeat([1.0, 0.0, 1.0, 0.0], [6, 4, 0, 20])
SEPARATED_Y = np.repeat([1, 0], [10, 20])


def test_separated_classes_get_firths_profile_interval() -> None:
    noise = np.random.default_rng(9).normal(size=30)
    rows = by_name(associate({"mark": SEPARATED, "noise": noise}, SEPARATED_Y))
    figures = rows["mark"].univariable
    fit = firth(SEPARATED[:, None], SEPARATED_Y)
    assert figures.method == "Firth"
    assert figures.value == pytest.approx(6.5 * 20.5 / (4.5 * 0.5))
    assert (figures.lower, figures.upper) == pytest.approx(
        (math.exp(fit.lower[0]), math.exp(fit.upper[0]))
    )
    assert rows["mark"].multivariable == figures


def test_what_cannot_be_estimated_says_so_and_spoils_nothing() -> None:
    empty = np.full(30, math.nan)
    only_positives = np.where(SEPARATED_Y == 1, np.arange(30.0), math.nan)
    table = associate(
        {"constant": np.ones(30), "empty": empty, "half": only_positives, "mark": SEPARATED},
        SEPARATED_Y,
    )
    rows = by_name(table)
    for name in ("constant", "empty", "half"):
        assert not rows[name].univariable.is_estimable
        assert math.isnan(rows[name].univariable.value)
        assert rows[name].multivariable is None
    assert rows["mark"].multivariable is not None
    assert (table.tests, table.multivariable_n) == (1, 30)


def test_without_any_estimable_column_there_is_no_model() -> None:
    table = associate({"constant": np.ones(4)}, [0, 1, 0, 1])
    assert (table.tests, table.rows[0].multivariable) == (0, None)


def test_no_patient_with_every_value_leaves_the_multivariable_column_empty() -> None:
    first = np.array([0.0, 1, 1, 0, math.nan, math.nan, math.nan, math.nan])
    second = first[::-1].copy()
    table = associate({"first": first, "second": second}, [0, 1, 0, 1, 0, 1, 0, 1])
    assert table.multivariable_n == 0
    assert [row.multivariable for row in table.rows] == [None, None]


def test_a_repeated_column_enters_once() -> None:
    x = columns()["mean_texture"]
    table = associate({"once": x, "again": 2 * x + 1}, LABELS)
    assert sum(row.multivariable is not None for row in table.rows) == 1


def test_a_profile_without_an_end_is_not_estimable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(x: object, y: object) -> None:
        raise InputRefused("no end", code="no-convergence")

    monkeypatch.setattr(association, "firth", refuse)
    row = associate({"mark": SEPARATED}, SEPARATED_Y).rows[0]
    assert row.univariable.method == "not estimable"


def test_the_number_of_tests_and_the_rule_are_said() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(140, 12))
    x[0, 0] = math.nan
    y = rng.uniform(size=140) < 0.3
    table = associate({f"c{j}": x[:, j] for j in range(12)}, y)
    assert table.tests_sentence().text() == (
        "12 univariable tests, not adjusted for their number: without any association about 0.6 of "
        "them would have p < 0.05."
    )
    assert table.stepwise_sentence().text() == (
        "Stepwise by likelihood-ratio tests, forwards and backwards (in at p < 0.05, out at "
        "p > 0.10), on the 139 patients with every value (1 left out). Intervals and p-values after "
        "such a selection are too optimistic."
    )


def test_a_tiny_unit_gives_an_infinite_odds_ratio_without_a_warning() -> None:
    x = columns()["mean_texture"] * 1e-5
    assert associate({"x": x}, LABELS).rows[0].univariable.value == math.inf


def test_one_class_has_no_association() -> None:
    with pytest.raises(InputRefused) as refusal:
        associate({"x": [1.0, 2.0]}, [1, 1])
    assert refusal.value.code == "one-class"


@pytest.mark.parametrize(("entry", "removal"), [(0.0, 0.1), (0.2, 0.1), (0.05, 1.0)])
def test_a_rule_that_would_go_round_in_circles_is_a_mistake(entry: float, removal: float) -> None:
    with pytest.raises(ValueError, match="entry"):
        associate({"x": [1.0, 2.0]}, [0, 1], entry=entry, removal=removal)


def test_no_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="column"):
        associate({}, [0, 1])
