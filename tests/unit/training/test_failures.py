"""Validity rule V16: which patterns of failure a builder declares, tests and may warn of."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.failure_patterns import PATTERN_OF, Setting, simulated, three_of_seven
from her2desk.domain.counts import Call
from her2desk.domain.failure import DECLARED
from her2desk.domain.log_odds import logit
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.readout import confusion_at
from her2desk.packs.manifest import OperatingPointPart
from her2desk.stats.logistic import fit_logistic
from her2desk.training.failures import ERROR_TRAITS, error_model_parts, failure_parts

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "failure_goldens.json").read_text(encoding="utf-8")
)
FOLDS = 5
LARGE = Setting(420, 0.95)
POSITIVE, NEGATIVE = 2.0, -2.0  # log-odds far from any threshold


def row(i: int, positive: bool, score: float, fold: int | None = None, **traits: float | None):
    named = {Trait[name.upper()]: value for name, value in traits.items()}
    return ValidationRow(
        patient=f"V{i:04d}",
        positive=positive,
        fold=i % FOLDS if fold is None else fold,
        source=ValidationSource.OUT_OF_FOLD,
        pattern="pr",
        logit=score,
        branches={},
        traits={**UNKNOWN_TRAITS, **named},
    )


def point(name: str = "youden", threshold: float = 0.5, pattern: str = "pr", folds=None):
    return OperatingPointPart(
        pattern=pattern,
        name=name,
        threshold=threshold,
        fold_thresholds=tuple(folds or [threshold] * FOLDS),
    )


def called_positive(wrong_with: int, right_with: int, wrong_without: int, right_without: int):
    """Patients called positive, with and without calcification; wrong ones are HER-2 negative."""
    kinds = [(1.0, False)] * wrong_with + [(1.0, True)] * right_with
    kinds += [(0.0, False)] * wrong_without + [(0.0, True)] * right_without
    return [row(i, truth, POSITIVE, calcification=value) for i, (value, truth) in enumerate(kinds)]


def measured(values, wrong, call=Call.NEGATIVE, trait=Trait.DISPERSION):
    """Patients of one call with these values of a trait, who were called wrongly or not."""
    score = POSITIVE if call is Call.POSITIVE else NEGATIVE
    return [
        row(i, error == (call is Call.NEGATIVE), score, **{trait.name.lower(): value})
        for i, (value, error) in enumerate(zip(values, wrong, strict=True))
    ]


def only(parts):
    (part,) = parts
    return part


@pytest.mark.parametrize(
    ("counts", "p"), list(zip(GOLDEN["tables"], GOLDEN["fisher"], strict=True)), ids=str
)
def test_p_is_that_of_fishers_test_in_r(counts, p):
    """``fisher.test(alternative = "greater")``, by tests/golden/failure_goldens.R."""
    wrong, right, others_wrong, others_right = counts
    part = only(failure_parts(called_positive(*counts), [point()]))
    assert (part.alike, part.alike_wrong) == (wrong + right, wrong)
    assert (part.others, part.others_wrong) == (others_wrong + others_right, others_wrong)
    assert part.errors == wrong + others_wrong
    assert part.p == pytest.approx(p, rel=1e-9)
    assert part.adjusted_p == part.p  # the only pattern there is


def test_holm_counts_the_patterns_of_one_operating_point_that_could_warn():
    """Three patterns of a positive call: p of R's ``fisher.test``, times 3, 2 and 1 by hand."""
    rows = called_positive(8, 4, 6, 22)
    order = np.random.default_rng(0).permutation(len(rows))
    rows = [
        replace(r, traits={**r.traits, Trait.NODES: float(k % 2), Trait.SOLIDITY: k / 100})
        for r, k in zip(rows, order.tolist(), strict=True)
    ]
    parts = {part.name: part for part in failure_parts(rows, [point()])}
    assert set(parts) == {"calcification", "nodes", "irregular-margin"}
    strongest, *weaker = sorted(parts.values(), key=lambda part: part.p)
    assert strongest.name == "calcification"
    assert strongest.adjusted_p == pytest.approx(3 * GOLDEN["fisher"][0], rel=1e-9)
    assert weaker[0].adjusted_p == pytest.approx(min(1, 2 * weaker[0].p))
    assert weaker[1].adjusted_p == pytest.approx(max(weaker[1].p, weaker[0].adjusted_p))
    twice = failure_parts(rows, [point(), point("specificity95")])
    assert [part.adjusted_p for part in twice[:3]] == [part.adjusted_p for part in twice[3:]]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((9, 0, 1, 30), "nine alike"),
        ((4, 8, 0, 30), "four errors"),
        ((12, 8, 0, 0), "nobody else"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_pattern_that_could_not_warn_has_its_counts_and_no_adjusted_p(counts, why):
    part = only(failure_parts(called_positive(*counts), [point()]))
    assert part.alike + part.others == sum(counts)
    assert part.adjusted_p == 1.0
    assert not part.warns


def test_ten_alike_and_five_errors_are_enough():
    part = only(failure_parts(called_positive(5, 5, 0, 30), [point()]))
    assert (part.alike, part.errors) == (10, 5)
    assert part.warns


def test_a_quarter_is_of_all_patients_whatever_their_call():
    """Values 1 to 100: numpy's quantile of 25 % is 25.75, so 25 look irregular, of either call."""
    rows = [
        row(i, i % 2 == 0, POSITIVE if i < 50 else NEGATIVE, solidity=float(i + 1))
        for i in range(100)
    ]
    part = only(failure_parts(rows, [point()]))
    assert part.name == "irregular-margin"
    assert part.limit == 25.75
    assert (part.alike, part.others) == (25, 25)


def test_attention_is_compared_among_patients_whom_the_same_network_read():
    """Each network spreads its attention wider than the one before; a quarter of each looks so."""
    values = [100.0 * (i % FOLDS) + i // FOLDS for i in range(20 * FOLDS)]
    part = only(failure_parts(measured(values, [i < 12 for i in range(len(values))]), [point()]))
    assert part.name == "dispersed-attention"
    assert (part.alike, part.others) == (5 * FOLDS, 15 * FOLDS)
    middle = FOLDS // 2
    assert (
        part.limit == 100.0 * middle + 14.25
    )  # the middle fold's edge, for want of held-out patients


def test_a_new_case_is_placed_among_those_whom_the_deployed_network_read():
    values = [100.0 * (i % FOLDS) + i // FOLDS for i in range(20 * FOLDS)]
    rows = measured(values, [i < 12 for i in range(len(values))])
    held_out = [
        replace(r, source=ValidationSource.HELD_OUT, fold=None, patient=f"H{r.patient}")
        for r in measured([float(v) for v in range(1000, 1021)], [False] * 21)
    ]
    assert only(failure_parts([*rows, *held_out], [point()])).limit == 1015.0
    assert only(failure_parts([*rows, *held_out[:19]], [point()])).limit < 1000  # too few of them


def test_low_patterns_take_the_lower_quarter():
    values = [float(v) for v in range(1, 41)]
    parts = failure_parts(measured(values, [v <= 10 for v in values], trait=Trait.SIZE), [point()])
    part = only(parts)
    assert (part.name, part.limit) == ("small-lesion", 10.75)
    assert (part.alike, part.alike_wrong, part.others_wrong) == (10, 10, 0)
    assert part.warns


def test_a_trait_that_all_share_is_no_pattern():
    part = only(failure_parts(measured([0.7] * 40, [i < 12 for i in range(40)]), [point()]))
    assert (part.alike, part.others, part.p, part.adjusted_p) == (40, 0, 1.0, 1.0)


def test_ties_at_the_edge_go_in_together_until_they_are_more_than_half():
    """Twelve of 40 share the lowest value: they are the quarter. With 24 there is none."""
    for shared, is_tested in ((12, True), (24, False)):
        values = [9.0 + i / 1000 for i in range(40 - shared)] + [4.0] * shared
        rows = measured(values, [v == 4.0 for v in values], trait=Trait.SIZE)
        part = only(failure_parts(rows, [point()]))
        assert (part.limit, part.alike, part.alike_wrong) == (4.0, shared, shared)
        assert part.warns is is_tested


def test_patients_of_whom_the_trait_is_not_known_stand_on_neither_side():
    rows = called_positive(5, 5, 0, 30)
    rows += [row(100 + i, False, POSITIVE) for i in range(3)]
    part = only(failure_parts(rows, [point()]))
    assert (part.alike, part.others, part.alike_wrong + part.others_wrong) == (10, 30, 5)
    assert part.errors == 8  # all of the call's in the cohort


def test_only_patients_out_of_fold_and_of_the_submodel_count():
    rows = called_positive(8, 4, 6, 22)
    held_out = [replace(r, source=ValidationSource.HELD_OUT, fold=None) for r in rows]
    elsewhere = [replace(r, pattern="image-only") for r in rows[:20]]
    expected = failure_parts(rows, [point()])
    assert failure_parts(rows + held_out + elsewhere, [point()]) == expected
    assert failure_parts(held_out, [point()]) == ()
    assert failure_parts(rows, [point(pattern="image-only")]) == ()


def test_each_patient_is_judged_by_the_threshold_of_the_own_fold():
    rows = [row(i, False, logit(0.4), fold=i % 2, calcification=1.0) for i in range(20)]
    part = only(failure_parts(rows, [point(folds=[0.35, 0.45, 0.4, 0.4, 0.4])]))
    assert (part.alike, part.alike_wrong) == (10, 10)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([-1.0, 0.0, 1.0]),
            st.one_of(st.none(), st.sampled_from([0.1, 0.5, 0.9])),
            st.one_of(st.none(), st.booleans()),
        ),
        min_size=1,
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_counts_add_up_to_the_calls_patients_and_their_order_means_nothing(cells, random):
    rows = [
        row(i, positive, score, dispersion=measure, nodes=None if yes is None else float(yes))
        for i, (positive, score, measure, yes) in enumerate(cells)
    ]
    asked = point(folds=[0.3, 0.5, 0.5, 0.6, 0.7])
    parts = failure_parts(rows, [asked])
    judge = OperatingPoint("youden", asked.threshold, asked.fold_thresholds)
    for part in parts:
        pattern = next(p for p in DECLARED if p.name == part.name)
        known = [r for r in rows if r.traits[pattern.trait] is not None]
        table, all_of_them = confusion_at(known, judge, 0.0), confusion_at(rows, judge, 0.0)
        is_positive = pattern.call is Call.POSITIVE
        own = table.tp + table.fp if is_positive else table.tn + table.fn
        assert part.alike + part.others == own
        assert part.alike_wrong + part.others_wrong == (table.fp if is_positive else table.fn)
        assert part.errors == (all_of_them.fp if is_positive else all_of_them.fn)
        assert part.p <= part.adjusted_p <= 1
    random.shuffle(rows)
    assert failure_parts(rows, [asked]) == parts


def test_simulated_patients_may_come_in_any_order():
    cohort = simulated(3, "dispersion", 0.7)
    turned = tuple(reversed(cohort.rows))
    assert failure_parts(turned, cohort.points) == failure_parts(cohort.rows, cohort.points)
    models = error_model_parts(cohort.rows, cohort.points)
    assert models
    assert error_model_parts(turned, cohort.points) == models


def some_warning(cohort) -> set[tuple[str, str]]:
    parts = failure_parts(cohort.rows, cohort.points)
    return {(part.operating_point, part.name) for part in parts if part.warns}


@pytest.mark.parametrize("planted", ["calcification", "dispersion"])
def test_a_planted_pattern_is_recognised(planted):
    """At four of five fixed seeds at least, and nothing else at the same operating point."""
    found = [some_warning(simulated(seed, planted, 0.7, LARGE)) for seed in range(5)]
    points = ("youden", "sensitivity95", "specificity95")
    assert sum(any((p, PATTERN_OF[planted]) in one for p in points) for one in found) >= 4


def test_without_a_pattern_there_is_silence():
    """Forty cohorts at three operating points: 5 % of 120 would be 6."""
    alarms = [some_warning(simulated(seed, "nothing")) for seed in range(40)]
    assert sum(len({where for where, _ in one}) for one in alarms) <= 6


def test_three_of_seven_somewhere_is_what_chance_gives():
    """Validity rule V16's own example: 9 false of 41, seven subsets, probability 0.72."""
    found = three_of_seven()
    assert found["seven_subsets"] == pytest.approx(0.72, abs=0.005)
    assert found["seven_subsets_drawn"] == pytest.approx(0.72, abs=0.01)


def bright(n: int, errors: int, slope: float, seed: int = 0, **more):
    """Patients called positive; the brighter the attention, the more often wrongly."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    chance = slope * values + rng.logistic(size=n)
    wrong = chance >= np.sort(chance)[-errors]
    return [
        row(
            i,
            not wrong[i],
            POSITIVE,
            bright_attention=float(values[i]),
            calcification=float(rng.random() < 0.4),
            nodes=float(rng.random() < 0.3),
            solidity=float(rng.uniform(0.8, 1)),
        )
        for i in range(n)
    ]


def test_an_error_model_needs_twenty_errors_for_each_coefficient():
    order = ERROR_TRAITS[Call.POSITIVE]
    for errors, allowed in ((19, 0), (20, 1), (39, 1), (40, 2), (85, 4), (130, 4)):
        parts = error_model_parts(bright(300, errors, 1.0), [point()])
        assert [part.traits for part in parts] == ([order[:allowed]] if allowed else [])
        assert all(part.errors == errors and part.patients == 300 for part in parts)


def test_the_error_model_is_the_logistic_fit_of_all_with_its_covariance():
    rows = bright(300, 45, 1.5)
    part = only(error_model_parts(rows, [point()]))
    x = [[r.traits[t] for t in part.traits] for r in rows]
    fit = fit_logistic(x, [not r.positive for r in rows])
    assert part.model is not None
    assert part.model.terms == ("hyperechoic_enrichment", "calcification")
    assert [part.model.intercept, *part.model.coefficients] == pytest.approx(
        fit.coefficients.tolist(), rel=1e-9
    )
    assert np.array(part.model.covariance) == pytest.approx(fit.covariance, rel=1e-9)
    assert part.model.lower == tuple(np.min(x, axis=0))
    assert part.auc.lower > 0.5


def test_an_error_model_that_may_be_chance_is_not_kept_but_told():
    part = only(error_model_parts(bright(300, 45, 0.0), [point()]))
    assert part.auc.lower <= 0.5
    assert part.model is None


def test_a_call_is_judged_by_its_own_errors():
    """False negatives by dispersion; the other call has none of its own."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=200)
    wrong = values + rng.logistic(size=200) > 1.6
    part = only(error_model_parts(measured(values.tolist(), wrong.tolist()), [point()]))
    assert (part.call, part.traits) == ("negative", (Trait.DISPERSION,))
    assert part.errors == wrong.sum()


def test_traits_that_nobody_has_or_all_share_leave_their_place_to_the_next():
    rows = [
        replace(r, traits={**r.traits, Trait.BRIGHT_ATTENTION: None, Trait.CALCIFICATION: 1.0})
        for r in bright(300, 45, 1.0)
    ]
    part = only(error_model_parts(rows, [point()]))
    assert part.traits == (Trait.NODES, Trait.SOLIDITY)


def test_patients_of_whom_a_trait_is_not_known_do_not_count_towards_the_twenty():
    rows = bright(300, 45, 1.0)
    known = [
        r if r.positive or i % 3 else replace(r, traits={**r.traits, Trait.CALCIFICATION: None})
        for i, r in enumerate(rows)
    ]
    lost = sum(a is not b for a, b in zip(rows, known, strict=True))
    part = only(error_model_parts(known, [point()]))
    assert lost > 5
    assert (part.traits, part.errors) == ((Trait.BRIGHT_ATTENTION,), 45)


def test_errors_that_all_fall_into_one_fold_give_no_model():
    rows = [
        row(i, i >= 25, POSITIVE, fold=0 if i < 60 else 1 + i % 4, bright_attention=float(i % 7))
        for i in range(200)
    ]
    assert error_model_parts(rows, [point()]) == ()


def test_a_single_fold_with_both_kinds_gives_no_interval_and_no_model():
    """Fold 0 has both, fold 1 errors only, fold 2 none."""
    folds = [0] * 30 + [1] * 20 + [2] * 30
    wrong = [i % 2 == 0 for i in range(30)] + [True] * 20 + [False] * 30
    rows = [
        row(i, not error, POSITIVE, fold=fold, bright_attention=float(i % 7))
        for i, (fold, error) in enumerate(zip(folds, wrong, strict=True))
    ]
    assert error_model_parts(rows, [point()]) == ()
