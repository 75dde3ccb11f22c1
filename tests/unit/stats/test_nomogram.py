"""The nomogram's geometry against R's rms, and its ticks against R's pretty."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from her2desk.domain.nomogram import NomogramGeometry, NomogramModel, NomogramTerm
from her2desk.errors import InputRefused
from her2desk.stats.nomogram import (
    build_nomogram,
    interval,
    largest_total,
    pretty,
    probability_ticks,
)
from her2desk.stats.proportions import Z_95
from her2desk.texts import Message, msg

from .golden_table import categories, columns, golden

MODELS = golden("nomogram_goldens.json")["models"]
PR = NomogramTerm("pr", msg("PR"), -1.07, 0, 1, is_binary=True)
DLR = NomogramTerm("dlr", msg("DLR"), 1.4, -3.2, 2.9)


def geometry_of(golden_model: dict[str, Any]) -> NomogramGeometry:
    terms = tuple(term_of(axis) for axis in golden_model["axes"])
    covariance = tuple(tuple(row) for row in golden_model["covariance"])
    return build_nomogram(NomogramModel(golden_model["intercept"], terms, covariance))


def term_of(axis: dict[str, Any]) -> NomogramTerm:
    name, label = axis["name"], msg(axis["name"])
    if "levels" in axis:
        levels = tuple(Message(level) for level in axis["levels"])
        return NomogramTerm.categorical(name, label, levels, tuple(axis["effects"]))
    return NomogramTerm(
        name, label, axis["coefficient"], axis["lower"], axis["upper"], axis["binary"]
    )


def patient_of(golden_model: dict[str, Any], row: int) -> dict[str, float]:
    return {
        a["name"]: float(a["levels"].index(categories()[a["name"]][row]))
        if "levels" in a
        else float(columns()[a["name"]][row])
        for a in golden_model["axes"]
    }


def test_pretty_is_rs_on_several_hundred_ranges() -> None:
    cases = golden("stats_goldens.json")["pretty"]
    assert len(cases) > 500
    for case in cases:
        ticks = pretty(case["lower"], case["upper"], case["n"])
        step = (ticks[-1] - ticks[0]) / max(len(ticks) - 1, 1)
        assert ticks == pytest.approx(case["ticks"], rel=1e-14, abs=1e-9 * step), case


@pytest.mark.parametrize("sign", [1, -1], ids=["first", "last"])
def test_pretty_is_rs_where_rounding_moves_a_tick(sign: int) -> None:
    """R 4.2.2: ``pretty(c(7310.9090661445, 7310.9090661456885), n = 10)``, and its mirror image."""
    ticks = pretty(*sorted([sign * 7310.9090661445, sign * 7310.9090661456885]))
    assert len(ticks) == 14
    assert sorted(abs(t) for t in ticks)[0] == 7310.9090661444006
    assert sorted(abs(t) for t in ticks)[-1] == 7310.9090661457003


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 20))
def test_pretty_covers_its_range_in_ascending_steps(lower: float, width: float, n: int) -> None:
    ticks = pretty(lower, lower + width, n)
    slack = 1e-9 * (ticks[1] - ticks[0])  # R's, so that rounding adds no tick
    assert ticks[0] <= lower + slack
    assert ticks[-1] >= lower + width - slack
    assert list(ticks) == sorted(set(ticks))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: "+".join(a["name"] for a in m["axes"]))
def test_points_are_those_of_rms(model: dict[str, Any]) -> None:
    geometry = geometry_of(model)
    for axis, expected in zip(geometry.axes, model["axes"], strict=True):
        values, points = zip(*axis.ticks, strict=True)
        if "levels" in expected:
            assert [axis.term.level_names[int(v)].text() for v in values] == expected["values"]
        else:
            assert values == pytest.approx(expected["values"], abs=1e-9)
        assert points == pytest.approx(expected["points"], abs=1e-6)
    for logit, total in zip(model["lp"]["value"], model["lp"]["total"], strict=True):
        assert geometry.linear_predictor(total) == pytest.approx(logit, abs=1e-6)
    for p, total in zip(model["probability"]["value"], model["probability"]["total"], strict=True):
        # rms interpolates this axis; ours is the exact inverse
        assert geometry.total_at(p) == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: "+".join(a["name"] for a in m["axes"]))
def test_a_patients_total_and_interval_are_those_of_rms(model: dict[str, Any]) -> None:
    geometry, expected = geometry_of(model), model["patients"]
    rows = zip(expected["row"], expected["logit"], expected["error"], strict=True)
    for row, logit, error in rows:
        patient = patient_of(model, row)
        total = geometry.total_points(patient)
        assert geometry.linear_predictor(total) == pytest.approx(logit, abs=1e-6)
        assert geometry.model.linear_predictor(patient) == pytest.approx(logit, abs=1e-6)
        found = interval(geometry.model, patient, shift=-0.4)
        assert found is not None
        ends = [math.log(p / (1 - p)) + 0.4 for p in found]
        assert ends == pytest.approx([logit - Z_95 * error, logit + Z_95 * error], abs=1e-6)


def test_a_refit_variance_widens_the_interval_by_the_coefficients_square() -> None:
    """V10: Var(η) = xᵀΣx + β² · v_refit."""
    exact = tuple(tuple(0.0 for _ in range(3)) for _ in range(3))
    model = NomogramModel(-1.2, (PR, DLR), exact, {"dlr": 0.09})
    patient = {"pr": 1.0, "dlr": 0.8}
    assert model.variance(patient) == pytest.approx(1.4**2 * 0.09)
    assert interval(replace(model, refit_variance={}), patient) == pytest.approx(
        (build_nomogram(model).probability(build_nomogram(model).total_points(patient)),) * 2
    )


def test_without_a_covariance_or_a_value_there_is_no_interval() -> None:
    model = NomogramModel(-1.2, (PR, DLR))
    assert interval(model, {"pr": 1.0, "dlr": 0.8}) is None
    exact = tuple(tuple(0.0 for _ in range(3)) for _ in range(3))
    assert interval(replace(model, covariance=exact), {"dlr": 0.8}) is None


SIZES = st.integers(-9000, 9000).map(lambda n: n / 1000)


@given(st.floats(-30, 30), st.lists(SIZES, min_size=1, max_size=4), SIZES)
def test_levels_and_numbers_together_add_up_to_the_model(
    intercept: float, effects: list[float], coefficient: float
) -> None:
    """Whatever the coefficients, nothing is NaN, and points lead back to the log-odds."""
    assume(coefficient != 0 or any(effects))
    levels = tuple(Message(str(k)) for k in range(len(effects) + 1))
    group = NomogramTerm.categorical("group", msg("Group"), levels, (0.0, *effects))
    model = NomogramModel(intercept, (group, NomogramTerm("x", msg("x"), coefficient, -1.7, 2.3)))
    geometry = build_nomogram(model)
    for level in range(len(levels)):
        values = {"group": float(level), "x": 0.5}
        total = geometry.total_points(values)
        assert geometry.linear_predictor(total) == pytest.approx(
            model.linear_predictor(values), abs=1e-9
        )
        assert 0 <= geometry.probability(total) <= 1
        assert geometry.axes[0].points_at(0.0) >= 0


def test_no_axis_starts_below_0_or_ends_above_100_and_one_reaches_it() -> None:
    geometry = build_nomogram(NomogramModel(-1.2, (PR, DLR)))
    points = [p for axis in geometry.axes for _, p in axis.ticks]
    assert min(points) == 0
    assert max(points) == pytest.approx(100)
    assert geometry.points_ticks == tuple(range(0, 101, 10))
    assert geometry.total_ticks[-1] >= largest_total(geometry)
    assert dict(geometry.axes[0].ticks)[1.0] == 0  # a negative coefficient counts from the right


def test_a_term_without_effect_has_no_axis() -> None:
    silent = NomogramTerm("er", msg("ER"), 0.0, 0, 1, is_binary=True)
    geometry = build_nomogram(NomogramModel(-1.2, (silent, DLR)))
    assert [axis.term.name for axis in geometry.axes] == ["dlr"]


def test_probability_ticks_are_round_and_within_reach() -> None:
    geometry = build_nomogram(NomogramModel(-1.2, (PR, DLR)))
    limits = geometry.probability(0), geometry.probability(largest_total(geometry))
    for p, total in geometry.probability_ticks:
        assert limits[0] <= p <= limits[1]
        assert geometry.probability(total) == pytest.approx(p)
    assert 0.5 in dict(geometry.probability_ticks)


def test_local_prevalence_moves_the_probability_ticks() -> None:
    geometry = build_nomogram(NomogramModel(-1.2, (PR, DLR)))
    here, there = dict(geometry.probability_ticks), dict(probability_ticks(geometry, -0.5))
    assert there[0.5] - here[0.5] == pytest.approx(0.5 / geometry.per_point)


def test_a_narrow_range_of_probabilities_has_ticks_too() -> None:
    weak = NomogramTerm("age_years", msg("Age"), 0.002, 30, 80)
    geometry = build_nomogram(NomogramModel(-0.3, (weak,)))
    assert len(geometry.probability_ticks) >= 3


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (NomogramModel(0.0, ()), "nomogram-empty"),
        (
            NomogramModel(0.0, (NomogramTerm("pr", msg("PR"), 0.0, 0, 1, True),)),
            "nomogram-empty",
        ),
        (NomogramModel(float("nan"), (PR,)), "nomogram-number"),
        (
            NomogramModel(0.0, (NomogramTerm("x", msg("x"), 1.0, 0, float("inf")),)),
            "nomogram-number",
        ),
        (NomogramModel(0.0, (NomogramTerm("x", msg("x"), 1.0, 2, 2),)), "nomogram-limits"),
        (NomogramModel(0.0, (NomogramTerm("x", msg("x"), 5e-324, 0, 1),)), "nomogram-number"),
        (NomogramModel(0.0, (PR,), ((1.0, 0.0),)), "nomogram-covariance"),
        (NomogramModel(0.0, (PR,), ((1.0, 0.5), (0.2, 1.0))), "nomogram-covariance"),
        (NomogramModel(0.0, (PR,), ((1.0, 0.0), (0.0, -1.0))), "nomogram-covariance"),
        (NomogramModel(0.0, (PR,), ((1.0, 0.0), (0.0, float("nan")))), "nomogram-number"),
        (NomogramModel(0.0, (PR,), None, {"pr": float("inf")}), "nomogram-number"),
        (
            NomogramModel(0.0, (NomogramTerm.categorical("g", msg("g"), (msg("a"),), (0.0,)),)),
            "nomogram-levels",
        ),
        (
            NomogramModel(
                0.0,
                (NomogramTerm.categorical("g", msg("g"), (msg("a"), msg("b")), (0.0, 0.0)),),
            ),
            "nomogram-empty",
        ),
    ],
)
def test_a_model_without_a_nomogram_is_refused(model: NomogramModel, code: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        build_nomogram(model)
    assert refusal.value.code == code
