"""What is said of a case: probability, interval, call, zone, confusion and neighbours."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from her2desk.domain.counts import Call
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.readout import Doubt, Estimate, IndeterminateRule
from her2desk.domain.validation import OperatingPoint, ValidationSource
from her2desk.inference.conformal import class_p_values
from her2desk.inference.evidence import evidence_of, gathered, grounds_of
from her2desk.inference.readout import CaseFacts, confusion_at, read
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path

from .readout_rows import POINT, cohort, grounds, row

SURE = 1e-6  # a variance that leaves no interval to speak of
OWN = OperatingPoint("own", 0.4)
CONFORMAL = IndeterminateRule.CONFORMAL


def estimate(score: float, variance: float = SURE, prevalence: float = 1 / 3) -> Estimate:
    return Estimate(score, variance, "pr", prevalence)


def test_v11_example_moves_with_the_local_prevalence():
    """0.63 (0.48–0.76) at 30.7 % is 0.49 (0.34–0.64) at 20 % (validity rule V11)."""
    z = 1.959964
    sd = (logit(0.76) - logit(0.48)) / (2 * z)
    found = Estimate((logit(0.76) + logit(0.48)) / 2, sd**2, "pr", 0.307)
    at_home = read(found, grounds(cohort()), POINT)
    elsewhere = read(found, grounds(cohort()), POINT, 0.20)
    assert [round(v, 2) for v in (at_home.probability, at_home.lower, at_home.upper)] == [
        0.63, 0.48, 0.76,
    ]  # fmt: skip
    assert [round(v, 2) for v in (elsewhere.probability, elsewhere.lower, elsewhere.upper)] == [
        0.49, 0.34, 0.64,
    ]  # fmt: skip
    assert elsewhere.prevalence == 0.20


def test_each_row_is_judged_by_its_own_folds_threshold():
    score = logit(0.40)  # above fold 0's 0.35, below fold 1's 0.45
    table = confusion_at([row(1, True, score, fold=0), row(2, True, score, fold=1)], POINT, 0.0)
    assert (table.tp, table.fn) == (1, 1)


def test_held_out_patients_are_judged_by_the_deployed_threshold():
    rows = [row(1, True, logit(0.41), fold=None), row(2, True, logit(0.39), fold=None)]
    table = confusion_at(rows, POINT, 0.0)
    assert (table.tp, table.fn) == (1, 1)
    assert table.source is ValidationSource.HELD_OUT


def test_a_threshold_given_by_hand_judges_every_row():
    rows = [row(1, True, logit(0.41), fold=0), row(2, False, logit(0.41), fold=1)]
    table = confusion_at(rows, OWN, 0.0)
    assert OWN.is_own
    assert (table.tp, table.fp) == (1, 1)


def test_there_is_no_table_of_nobody():
    with pytest.raises(ValueError, match="nobody"):
        confusion_at([], POINT, 0.0)


@given(
    st.floats(0.01, 0.99),
    st.floats(-3, 3),
    st.one_of(st.none(), st.floats(0.02, 0.98)),
    st.sampled_from(IndeterminateRule),
)
@settings(deadline=None)
def test_every_table_sums_to_its_cohort(threshold, score, prevalence, rule):
    at = OperatingPoint("own", threshold)
    readout = read(estimate(score, 0.1), grounds(cohort(150), rule), at, prevalence)
    table = readout.confusion
    assert table.cohort_size == 150
    assert table.tp + table.fn == readout.sensitivity.total == 50
    assert table.tn + table.fp == readout.specificity.total == 100
    assert readout.neighbours.total == 20
    if readout.call is Call.INDETERMINATE:
        assert readout.doubts
        assert readout.alike is None
        assert readout.failure is None
    else:
        assert not readout.doubts
        positives = table.tp if readout.call is Call.POSITIVE else table.fn
        of_call = (table.tp + table.fp, table.fn + table.tn)[readout.call is Call.NEGATIVE]
        if of_call:
            assert (readout.alike.count, readout.alike.total) == (positives, of_call)
        else:
            assert readout.alike is None
        assert readout.failure.errors.total == of_call


@pytest.mark.parametrize(
    ("probability", "sd", "call"),
    [(0.7, 0.1, Call.POSITIVE), (0.1, 0.1, Call.NEGATIVE), (0.45, 0.5, Call.INDETERMINATE)],
)
def test_no_call_where_the_interval_crosses_the_threshold(probability, sd, call):
    readout = read(estimate(logit(probability), sd**2), grounds(cohort()), POINT)
    assert readout.call is call
    assert readout.doubts == ((Doubt.INTERVAL,) if call is Call.INDETERMINATE else ())


def test_neighbours_are_the_twenty_nearest_scores():
    rows = [row(i, i < 20, 0.01 * i) for i in range(40)]
    readout = read(estimate(-1.0), grounds(rows), POINT)
    assert (readout.neighbours.count, readout.neighbours.total) == (20, 20)


class TestConformal:
    """The class-conditional rule at α = 0.10 (V20)."""

    ROWS = tuple(
        [row(i, False, -3 + 0.04 * i, fold=i % 4) for i in range(100)]
        + [row(100 + i, True, -1 + 0.04 * i, fold=i % 4) for i in range(100)]
    )
    AT_HALF = OperatingPoint("youden", 0.5, (0.5,) * 4)

    def test_p_values_count_those_at_least_as_strange(self):
        logits = np.array([0.0, 1.0, 2.0, 5.0, 6.0])
        positive = np.array([False, False, False, True, True])
        found = class_p_values(logits, positive, np.array([1.0, 5.5]))
        assert found.tolist() == [
            [pytest.approx(3 / 4), pytest.approx(1 / 3)],
            [pytest.approx(1 / 4), pytest.approx(2 / 3)],
        ]

    @pytest.mark.parametrize(
        ("score", "call"),
        [(2.9, Call.POSITIVE), (-2.9, Call.NEGATIVE), (0.3, Call.INDETERMINATE)],
    )
    def test_a_call_only_where_one_class_is_left(self, score, call):
        readout = read(estimate(score, 4.0), grounds(self.ROWS, CONFORMAL), self.AT_HALF)
        assert readout.call is call
        assert readout.rule is CONFORMAL
        assert not readout.falls_back
        assert readout.doubts == ((Doubt.CONFORMAL,) if call is Call.INDETERMINATE else ())

    def test_no_call_where_the_class_left_is_not_the_one_that_the_threshold_calls(self):
        far = OperatingPoint("own", sigmoid(3.5))
        readout = read(estimate(2.9), grounds(self.ROWS, CONFORMAL), far)
        assert readout.class_p[0] < 0.1 < readout.class_p[1]
        assert readout.call is Call.INDETERMINATE

    def test_no_call_where_neither_class_is_left(self):
        apart = [row(i, i >= 50, 10.0 * (i >= 50) + 0.01 * i) for i in range(100)]
        readout = read(estimate(5.0), grounds(apart, CONFORMAL), self.AT_HALF)
        assert max(readout.class_p) < 0.1
        assert readout.call is Call.INDETERMINATE

    def test_the_prevalence_does_not_move_what_is_ruled_out(self):
        here = read(estimate(2.9), grounds(self.ROWS, CONFORMAL), self.AT_HALF)
        there = read(estimate(2.9), grounds(self.ROWS, CONFORMAL), self.AT_HALF, 0.1)
        assert here.class_p == there.class_p

    def test_fewer_than_forty_of_a_class_fall_back_to_the_interval(self):
        few = [r for r in self.ROWS if not r.positive] + [r for r in self.ROWS if r.positive][:39]
        readout = read(estimate(0.0, 1.0), grounds(few, CONFORMAL), self.AT_HALF)
        assert readout.falls_back
        assert readout.rule is IndeterminateRule.INTERVAL
        assert readout.doubts == (Doubt.INTERVAL,)
        assert readout.miscalled is None
        assert readout.class_p is None

    def test_each_fold_is_miscalled_by_the_others_alone(self):
        """A fold of negatives far above all others: judged by the others, each is called wrongly."""
        rows = [row(i, False, -2.0 + 0.01 * i, fold=0) for i in range(80)]
        rows += [row(100 + i, True, 2.0 + 0.01 * i, fold=i % 2) for i in range(80)]
        rows += [row(200 + i, False, 5.0, fold=1) for i in range(5)]
        point = OperatingPoint("youden", 0.5, (0.5, 0.5))
        negative, positive = read(estimate(2.5), grounds(rows, CONFORMAL), point).miscalled
        assert (negative.count, negative.total) == (5, 85)
        assert (positive.count, positive.total) == (0, 80)

    def test_at_most_about_a_tenth_of_each_class_is_miscalled(self):
        """Over 200 cohorts drawn anew, 60 + 60 patients, scores a standard deviation apart."""
        rng = np.random.default_rng(4)
        point = OperatingPoint("youden", 0.5, (0.5,) * 4)
        wrong = np.zeros(2)
        for _ in range(200):
            scores = np.concatenate([rng.normal(-0.5, 1, 60), rng.normal(0.5, 1, 60)])
            rows = [row(i, i >= 60, float(s), fold=i % 4) for i, s in enumerate(scores)]
            shares = read(estimate(0.0), grounds(rows, CONFORMAL), point).miscalled
            wrong += [share.value for share in shares]
        assert (wrong / 200 < 0.105).all()
        assert (wrong / 200 > 0.05).all()  # a rule that never calls would be no rule


class TestBranches:
    """Radiomics and network rank a case apart (V20)."""

    @staticmethod
    def rows(n: int = 100):
        """Both branches order the patients nearly alike."""
        return [
            row(i, i % 2, 0.0, branches={"radiomics": float(i), "cnn": float(i + 3 * (i % 2))})
            for i in range(n)
        ]

    @staticmethod
    def facts(radiomics: float | None, cnn: float | None) -> CaseFacts:
        return CaseFacts({"radiomics": radiomics, "cnn": cnn})

    def test_no_call_where_they_differ_as_they_rarely_did(self):
        readout = read(estimate(3.0), grounds(self.rows()), POINT, facts=self.facts(10, 90))
        assert readout.doubts == (Doubt.BRANCHES,)
        assert readout.call is Call.INDETERMINATE
        assert readout.ranks.radiomics == pytest.approx(0.105)
        assert readout.ranks.patients == 100
        assert readout.ranks.limit < 0.1

    def test_agreeing_branches_leave_the_call(self):
        readout = read(estimate(3.0), grounds(self.rows()), POINT, facts=self.facts(50, 51))
        assert readout.call is Call.POSITIVE
        assert not readout.ranks.disagree

    def test_the_outcome_of_the_patients_has_no_say(self):
        turned = [replace(r, positive=not r.positive) for r in self.rows()]
        found = [
            read(estimate(3.0), grounds(rows), POINT, facts=self.facts(10, 20)).ranks
            for rows in (self.rows(), turned)
        ]
        assert found[0] == found[1]

    def test_at_most_one_in_twenty_of_the_patients_themselves_disagrees(self):
        evidence = gathered(cohort(200))
        ranks = [evidence.rank(b, evidence.branches[b]) for b in ("radiomics", "cnn")]
        apart = np.abs(ranks[0] - ranks[1]) > evidence.rank_limit
        assert 0 < apart.mean() <= 0.05

    @pytest.mark.parametrize(
        ("n", "facts"), [(39, (1.0, 90.0)), (100, (None, 90.0)), (100, (1.0, None))]
    )
    def test_too_few_patients_or_a_missing_score_give_no_ranks(self, n, facts):
        readout = read(estimate(3.0), grounds(self.rows(n)), POINT, facts=self.facts(*facts))
        assert readout.ranks is None
        assert readout.call is Call.POSITIVE


def test_a_case_out_of_range_gets_no_call():
    readout = read(estimate(3.0), grounds(cohort()), POINT, facts=CaseFacts(is_outside=True))
    assert readout.call is Call.INDETERMINATE
    assert readout.doubts == (Doubt.OUT_OF_RANGE,)


class TestThinPacks:
    """The readout says less, and nothing falls over."""

    def test_without_validation_patients_only_the_estimate_is_stated(self):
        readout = read(estimate(3.0), grounds([], CONFORMAL), POINT)
        assert readout.call is Call.POSITIVE
        assert readout.falls_back
        for name in (
            "confusion",
            "sensitivity",
            "specificity",
            "ppv",
            "npv",
            "neighbours",
            "alike",
        ):
            assert getattr(readout, name) is None
        assert readout.failure.errors is None

    def test_three_events_are_counted_and_no_more(self):
        rows = [row(i, i < 3, float(i < 3), fold=i % 2) for i in range(30)]
        readout = read(estimate(3.0), grounds(rows, CONFORMAL), POINT)
        assert readout.sensitivity.total == 3
        assert readout.confusion.cohort_size == 30
        assert readout.falls_back

    @pytest.mark.parametrize("positive", [True, False])
    def test_of_one_class_there_is_no_rate_of_the_other(self, positive):
        rows = [row(i, positive, 0.1 * i) for i in range(12)]
        readout = read(estimate(3.0), grounds(rows), POINT)
        assert (readout.sensitivity is None) is not positive
        assert (readout.specificity is None) is positive
        assert readout.ppv is None
        assert readout.npv is None
        assert readout.neighbours.total == 12

    @pytest.mark.parametrize(("threshold", "score"), [(0.999, 9.0), (0.001, -9.0)])
    def test_a_threshold_beyond_all_patients_leaves_nobody_of_the_call(self, threshold, score):
        readout = read(estimate(score), grounds(cohort()), OperatingPoint("own", threshold))
        assert readout.call is not Call.INDETERMINATE
        assert readout.alike is None
        assert (readout.ppv if score > 0 else readout.npv) is None


class TestSources:
    """Out-of-fold or held-out patients are counted; the zone and the patterns are judged out of fold."""

    def test_held_out_patients_are_counted_when_asked_for(self):
        held = [row(500 + i, i < 4, 2.0 if i < 4 else -2.0, fold=None) for i in range(10)]
        readout = read(estimate(3.0), grounds(cohort(150), CONFORMAL, counted=held), POINT)
        assert readout.confusion.source is ValidationSource.HELD_OUT
        assert readout.confusion.cohort_size == readout.neighbours.total == 10
        assert (readout.alike.count, readout.alike.total) == (4, 4)
        assert readout.miscalled[0].total + readout.miscalled[1].total == 150
        assert readout.failure.errors.total > 4

    def test_the_call_does_not_depend_on_who_is_counted(self):
        held = [row(500 + i, i < 4, float(i), fold=None) for i in range(10)]
        for score in np.linspace(-3, 3, 13):
            calls = {
                read(
                    estimate(score, 0.2), grounds(cohort(150), CONFORMAL, counted=rows), POINT
                ).call
                for rows in (None, held)
            }
            assert len(calls) == 1


@pytest.fixture(scope="module")
def pack():
    return open_pack(demo_pack_path())


class TestEvidence:
    """The pack's rows as arrays, gathered once."""

    def test_it_is_gathered_once_for_a_pack_and_anew_for_another(self, pack):
        first = evidence_of(pack, "pr", ValidationSource.OUT_OF_FOLD)
        assert evidence_of(pack, "pr", ValidationSource.OUT_OF_FOLD) is first
        emptied = replace(pack, validation=())
        assert len(evidence_of(emptied, "pr", ValidationSource.OUT_OF_FOLD)) == 0

    def test_only_the_rows_of_the_pattern_and_the_source_are_in_it(self, pack):
        for source in (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT):
            for pattern in ("pr", "image-only", "no-such"):
                found = evidence_of(pack, pattern, source)
                assert len(found) == len(pack.rows(pattern, source))
        found = grounds_of(pack, "pr", ValidationSource.HELD_OUT)
        assert found.counted.source is ValidationSource.HELD_OUT
        assert found.judged.source is ValidationSource.OUT_OF_FOLD
        assert found.rule is pack.manifest.indeterminate_rule

    def test_the_order_of_the_rows_does_not_matter(self):
        rows = cohort()
        found = [read(estimate(0.3), grounds(r), POINT) for r in (rows, rows[::-1])]
        assert found[0] == found[1]

    def test_a_missing_value_is_not_a_number(self):
        assert math.isnan(gathered([row(1, True, 0.0)]).traits["size_mm"][0])
