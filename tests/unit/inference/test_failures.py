"""What the pack's own errors say of a case with a call (V16)."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.domain.counts import Call
from her2desk.domain.failure import DECLARED, ErrorEstimate, NoErrorModel, Silence
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.readout import Estimate
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.validation import OperatingPoint, ValidationRow
from her2desk.inference.evidence import gathered
from her2desk.inference.failures import failure_reading
from her2desk.inference.readout import CaseFacts, read
from her2desk.packs.manifest import AucPart, LinearPart, OperatingPointPart
from her2desk.packs.readout_part import ErrorModelPart, FailurePart, ReadoutPart
from her2desk.training.failures import failure_parts

from .readout_rows import POINT, cohort, grounds, row

SUBMODEL = "pr"
CALCIFIED = {**UNKNOWN_TRAITS, Trait.CALCIFICATION: 1.0}
SMOOTH = {**CALCIFIED, Trait.SOLIDITY: 0.9}
OWN = OperatingPoint("own", 0.4)


def called_positive() -> list[ValidationRow]:
    """41 called positive: of 14 with calcification 9 wrong, of the other 27, 4; 20 called negative."""
    rows = []
    for n, wrong, calcified in ((14, 9, 1.0), (27, 4, 0.0)):
        for i in range(n):
            traits = {Trait.CALCIFICATION: calcified}
            rows.append(row(len(rows), i >= wrong, 2.0, fold=i % 2, traits=traits))
    for i in range(20):
        traits = {Trait.CALCIFICATION: float(i % 2)}
        rows.append(row(100 + i, False, -2.0, fold=i % 2, traits=traits))
    return rows


def by_builder(adjusted_p: float = 0.01, **changes: object) -> ReadoutPart:
    part = FailurePart(
        submodel=SUBMODEL,
        operating_point="youden",
        name="calcification",
        limit=0.5,
        alike=14,
        alike_wrong=9,
        others=27,
        others_wrong=4,
        errors=13,
        p=min(0.004, adjusted_p),
        adjusted_p=adjusted_p,
    )
    return ReadoutPart(failures=(part.model_copy(update=changes),))


def reading(rows=None, part=None, traits=CALCIFIED, call=Call.POSITIVE, point=POINT, shift=0.0):
    evidence = gathered(called_positive() if rows is None else rows)
    return failure_reading(
        traits, call, evidence, part or by_builder(), point, submodel=SUBMODEL, shift=shift
    )


def sign(name: str = "calcification", **arguments):
    found = reading(**arguments)
    return next(s for s in found.signs if s.pattern.name == name)


def test_it_warns_where_the_builders_test_does_and_counts_what_is_on_screen():
    found = sign()
    assert found.warns
    assert (found.alike.count, found.alike.total) == (9, 14)
    assert (found.others.count, found.others.total) == (4, 27)


def test_only_the_patterns_of_the_call_are_looked_at():
    for call in (Call.POSITIVE, Call.NEGATIVE):
        names = [s.pattern.name for s in reading(call=call).signs]
        assert names == [p.name for p in DECLARED if p.call is call]
    assert reading(call=Call.INDETERMINATE) is None


def test_the_errors_of_a_call_are_its_own():
    assert (reading().errors.count, reading().errors.total) == (13, 41)
    negative = reading(call=Call.NEGATIVE)
    assert (negative.errors.count, negative.errors.total) == (0, 20)


def test_few_patients_who_look_like_this_do_not_warn():
    rows = called_positive()[5:]
    found = sign(rows=rows)
    assert found.alike.total == 9
    assert found.silence is Silence.FEW_ALIKE


def test_few_errors_of_the_call_do_not_warn():
    rows = [
        replace(r, positive=True) if r.logit > 0 and i > 3 else r
        for i, r in enumerate(called_positive())
    ]
    assert reading(rows=rows).errors.count < 5
    assert sign(rows=rows).silence is Silence.FEW_ERRORS


@pytest.mark.parametrize(
    ("changes", "silence"),
    [
        ({"traits": UNKNOWN_TRAITS}, Silence.UNKNOWN),
        ({"traits": {**UNKNOWN_TRAITS, Trait.CALCIFICATION: 0.0}}, Silence.ABSENT),
        ({"rows": []}, Silence.NO_VALIDATION),
        ({"rows": [], "part": ReadoutPart(), "traits": UNKNOWN_TRAITS}, Silence.UNKNOWN),
        ({"point": OWN}, Silence.OWN_THRESHOLD),
        ({"part": ReadoutPart()}, Silence.UNTESTED),
        ({"part": by_builder(0.05)}, Silence.NO_DIFFERENCE),
        ({"part": by_builder(submodel="image-only")}, Silence.UNTESTED),
        ({"part": by_builder(alike=9)}, Silence.NO_DIFFERENCE),
    ],
)
def test_otherwise_it_says_why_it_is_silent(changes, silence):
    found = sign(**changes)
    assert found.silence is silence
    assert not found.warns


def test_a_difference_that_the_prevalence_has_turned_round_does_not_warn():
    """The same test of the builder's, but on screen those who look like this are wrong less often."""
    turned = [replace(r, positive=not r.positive) if r.logit > 0 else r for r in called_positive()]
    found = sign(rows=turned)
    assert found.alike.value < found.others.value
    assert found.silence is Silence.NO_DIFFERENCE


def test_the_prevalence_moves_who_is_counted():
    here, there = sign(), sign(shift=-5.0)
    assert here.alike.total == 14
    assert there.alike.total == 0
    assert there.silence is Silence.FEW_ALIKE


def test_without_a_tested_limit_a_measure_has_that_of_the_patients_quarter():
    rng = np.random.default_rng(2)
    sizes = rng.uniform(5, 40, 80)
    rows = [row(i, i % 2, -2.0, traits={Trait.SIZE: float(s)}) for i, s in enumerate(sizes)]
    found = sign(
        "small-lesion",
        rows=rows,
        call=Call.NEGATIVE,
        part=ReadoutPart(),
        traits={**UNKNOWN_TRAITS, Trait.SIZE: 6.0},
    )
    assert found.limit == pytest.approx(np.quantile(sizes, 0.25))
    assert found.alike.total == 20
    turned = [replace(r, positive=not r.positive) for r in rows]
    again = sign("small-lesion", rows=turned, call=Call.NEGATIVE, part=ReadoutPart())
    assert again.limit == found.limit  # no label has a say


def test_patients_without_the_trait_are_on_neither_side():
    rows = [
        replace(r, traits=UNKNOWN_TRAITS) if i < 5 else r for i, r in enumerate(called_positive())
    ]
    found = sign(rows=rows)
    assert found.alike.total + found.others.total == 41 - 5


def test_builder_and_readout_count_the_same_patients():
    """``training.failures`` works the table out on rows, the readout on arrays."""
    rng = np.random.default_rng(7)
    rows = [
        replace(
            r,
            traits={
                **UNKNOWN_TRAITS,
                **{t: float(rng.random() < 0.4) for t in Trait if t.is_yes_no},
                **{t: float(rng.normal()) for t in Trait if not t.is_yes_no and rng.random() > 0.1},
            },
        )
        for r in cohort(200)
    ]
    named = OperatingPointPart(
        pattern=SUBMODEL, name="youden", threshold=0.4, fold_thresholds=(0.35, 0.45)
    )
    parts = {p.name: p for p in failure_parts(rows, [named])}
    assert set(parts) == {p.name for p in DECLARED}
    known = dict.fromkeys(Trait, 0.0)
    for call in (Call.POSITIVE, Call.NEGATIVE):
        found = reading(rows=rows, part=ReadoutPart(), call=call, traits=known)
        for s in found.signs:
            part = parts[s.pattern.name]
            assert s.limit == part.limit
            assert (s.alike.total, s.alike.count) == (part.alike, part.alike_wrong)
            assert (s.others.total, s.others.count) == (part.others, part.others_wrong)
            assert found.errors.count == part.errors


def test_the_readout_carries_the_reading_of_its_call():
    estimate = Estimate(3.0, 1e-6, SUBMODEL, 0.5)
    facts = CaseFacts(traits=CALCIFIED)
    readout = read(estimate, grounds(called_positive(), part=by_builder()), POINT, facts=facts)
    assert readout.call is Call.POSITIVE
    assert [s.pattern.name for s in readout.failure.signs if s.warns] == ["calcification"]


class TestErrorModel:
    """The probability that a call is wrong, where V16 allows a model."""

    MODEL = LinearPart(
        terms=("calcification", "solidity"),
        intercept=-1.0,
        coefficients=(1.5, -0.5),
        covariance=((0.04, 0.0, 0.0), (0.0, 0.09, 0.0), (0.0, 0.0, 0.01)),
        lower=(0.0, 0.6),
        upper=(1.0, 1.0),
    )

    def part(self, model: LinearPart | None = MODEL) -> ReadoutPart:
        return ReadoutPart(
            error_models=(
                ErrorModelPart(
                    submodel=SUBMODEL,
                    operating_point="youden",
                    call="positive",
                    traits=(Trait.CALCIFICATION, Trait.SOLIDITY),
                    errors=44,
                    patients=90,
                    auc=AucPart(value=0.7, lower=0.6, upper=0.8, method="approximate"),
                    model=model,
                ),
            )
        )

    def test_it_is_the_logistic_of_the_traits_with_its_interval(self):
        error = reading(part=self.part(), traits=SMOOTH).error
        centre = -1.0 + 1.5 - 0.45
        sd = (0.04 + 0.09 + 0.81 * 0.01) ** 0.5
        assert isinstance(error, ErrorEstimate)
        assert error.value == pytest.approx(sigmoid(centre))
        assert logit(error.lower) == pytest.approx(centre - 1.959964 * sd)
        assert logit(error.upper) == pytest.approx(centre + 1.959964 * sd)
        assert (error.errors, error.patients, error.auc) == (44, 90, (0.7, 0.6, 0.8))

    def test_a_trait_beyond_the_fitted_limits_counts_as_the_limit(self):
        beyond = {**SMOOTH, Trait.SOLIDITY: 0.1}
        at_limit = {**SMOOTH, Trait.SOLIDITY: 0.6}
        assert (
            reading(part=self.part(), traits=beyond).error
            == reading(part=self.part(), traits=at_limit).error
        )

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"rows": []}, NoErrorModel.NO_VALIDATION),
            ({"point": OWN}, NoErrorModel.OWN_THRESHOLD),
            ({"shift": 0.4}, NoErrorModel.OTHER_PREVALENCE),
            ({"traits": CALCIFIED}, NoErrorModel.UNKNOWN_TRAIT),
            ({"call": Call.NEGATIVE}, NoErrorModel.FEW_ERRORS),
        ],
    )
    def test_otherwise_it_says_why_there_is_none(self, changes, reason):
        arguments = {"part": self.part(), "traits": SMOOTH, **changes}
        assert reading(**arguments).error is reason

    def test_a_model_that_was_tried_in_vain_is_said_to_be(self):
        found = reading(part=self.part(None), traits=SMOOTH)
        assert found.error is NoErrorModel.NOT_BETTER_THAN_CHANCE

    def test_enough_errors_without_a_model_were_not_tried(self):
        rows = [row(i, i % 2, 2.0, fold=i % 2) for i in range(60)]
        assert reading(rows=rows, part=ReadoutPart()).error is NoErrorModel.UNTESTED
