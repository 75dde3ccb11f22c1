"""What clinical values that are not known could do to the answer."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.log_odds import sigmoid
from her2desk.inference.branches import combined_estimate, combined_inputs
from her2desk.inference.unknowns import unknown_effects
from her2desk.packs.manifest import LinearPart, Submodel
from her2desk.packs.pack import NO_CLINICAL_INPUT, Pack, open_pack, pattern_inputs
from her2desk.paths import demo_pack_path

BETA = {"pr": -1.0, "er": -0.2, "ki67_percent": 0.03, "dlr": 0.9}
LIMITS = {"ki67_percent": (5.0, 85.0)}


@dataclass(frozen=True)
class PackOfSubmodels:
    """What the effects ask of a pack: inputs, submodels and prevalence."""

    inputs: tuple[str, ...]
    patterns: tuple[str, ...]
    clinical: None = None
    manifest = SimpleNamespace(prevalence=0.3)

    @property
    def models(self):
        return SimpleNamespace(
            clinical_inputs=self.inputs, submodels=[self._submodel(p) for p in self.patterns]
        )

    submodel = Pack.submodel

    @staticmethod
    def _submodel(pattern: str) -> Submodel:
        terms = (*sorted(pattern_inputs(pattern)), "dlr")
        n = len(terms) + 1
        return Submodel(
            pattern=pattern,
            model=LinearPart(
                terms=terms,
                intercept=0.1,
                coefficients=tuple(BETA[t] for t in terms),
                covariance=tuple((0.0,) * n for _ in range(n)),
                lower=tuple(LIMITS.get(t, (0.0, 1.0))[0] for t in terms),
                upper=tuple(LIMITS.get(t, (0.0, 1.0))[1] for t in terms),
            ),
            method="ridge",
            refit_variance={},
        )


def effects(pack, **known):
    return unknown_effects(pack, ClinicalRecord(**known), cnn_logit=0.4, dlr=0.5)


FULL = PackOfSubmodels(
    ("er", "ki67_percent", "pr"), (NO_CLINICAL_INPUT, "er", "ki67_percent", "pr", "er+pr")
)


def test_the_one_that_moves_the_answer_most_comes_first():
    found = effects(FULL)
    assert [e.field for e in found] == ["ki67_percent", "pr", "er"]
    reach = [e.answers[-1][1] - e.answers[0][1] for e in found]
    assert [abs(r) for r in reach] == pytest.approx([80 * 0.03, 1.0, 0.2])


def test_yes_and_no_are_both_supposed_and_a_number_over_the_models_limits():
    by_field = {e.field: e.answers for e in effects(FULL)}
    assert [value for value, _ in by_field["pr"]] == [0.0, 1.0]
    assert [value for value, _ in by_field["ki67_percent"]] == [5.0, 25.0, 45.0, 65.0, 85.0]


def test_what_is_known_stays_known():
    (first, second) = effects(FULL, er=True)
    assert {first.field, second.field} == {"pr", "ki67_percent"}
    pr = first if first.field == "pr" else second
    assert pr.answers[1][1] == pytest.approx(0.1 - 0.2 - 1.0 + 0.45)
    assert pr.span() == pytest.approx((sigmoid(0.1 - 0.2 - 1.0 + 0.45), sigmoid(0.35)))


def test_an_input_that_no_submodel_would_look_at_has_no_answers_and_comes_last():
    pack = PackOfSubmodels(("er", "pr"), (NO_CLINICAL_INPUT, "pr"))
    found = effects(pack)
    assert [e.field for e in found] == ["pr", "er"]
    assert found[1].answers == ()
    assert found[1].span() is None


def test_a_number_that_enters_through_the_clinical_score_alone_has_no_limits_to_try():
    pack = PackOfSubmodels(("ki67_percent",), (NO_CLINICAL_INPUT,))
    signature = pack._submodel(NO_CLINICAL_INPUT).model_copy(update={"pattern": "ki67_percent"})
    through_score = SimpleNamespace(
        models=SimpleNamespace(clinical_inputs=pack.inputs, submodels=[signature]),
        submodel=lambda _known: signature,
    )
    (found,) = effects(through_score)
    assert found.answers == ()


def test_nothing_is_supposed_where_all_is_known():
    assert effects(FULL, er=True, pr=False, ki67_percent=20.0) == ()


def test_the_answers_are_those_the_program_would_give():
    pack = open_pack(demo_pack_path())
    (effect,) = effects(pack)
    assert effect.field == "pr"
    for value, log_odds in effect.answers:
        record = ClinicalRecord(pr=bool(value))
        values = combined_inputs(pack, record, 0.4, 0.5)
        submodel = pack.submodel(frozenset({"pr"}))
        assert combined_estimate(pack, submodel, values).logit == log_odds
