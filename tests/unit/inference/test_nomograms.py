"""Which nomograms a case has, and whether they say what the answer says."""

import dataclasses
import json

import pytest

from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.inference.branches import combined_estimate, combined_inputs
from her2desk.inference.nomograms import answering_nomogram, linear_model, nomograms_of
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.packs.manifest import LinearPart, NomogramPart
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.stats.nomogram import interval
from her2desk.stats.proportions import Z_95


@pytest.fixture(scope="module")
def loaded():
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def case():
    folder = demo_case_dir()
    record = clinical_from_json(json.loads((folder / "clinical.json").read_text()))
    roi = roi_from_json((folder / "roi.json").read_text())
    return read_case(folder / "demo.dcm", roi, record)


@pytest.fixture(scope="module")
def prediction(case, loaded):
    return predict(case, loaded, SilentProgress())


def linear(terms: tuple[str, ...], *coefficients: float) -> LinearPart:
    n = len(terms) + 1
    covariance = tuple(tuple(0.01 if i == j else 0.0 for j in range(n)) for i in range(n))
    lower, upper = (0.0,) * len(terms), (1.0,) * len(terms)
    return LinearPart(
        terms=terms,
        intercept=0.2,
        coefficients=coefficients,
        covariance=covariance,
        lower=lower,
        upper=upper,
    )


def with_nomograms(pack, *parts: NomogramPart):
    models = pack.models.model_copy(update={"nomograms": parts})
    return dataclasses.replace(pack, models=models)


@pytest.mark.parametrize("shift", [0.0, -0.7])
@pytest.mark.parametrize("is_pr_known", [True, False])
def test_the_answers_nomogram_gives_the_estimate_and_its_interval_back(
    case, loaded, prediction, shift, is_pr_known
):
    if not is_pr_known:
        case = dataclasses.replace(case, clinical=ClinicalRecord())
        prediction = predict(case, loaded, SilentProgress())
    nomogram = answering_nomogram(prediction, loaded.pack, case.clinical)
    assert nomogram.is_answer
    assert nomogram.obstacle is None
    total = nomogram.geometry.total_points(nomogram.values)
    estimate = prediction.estimate
    assert nomogram.geometry.linear_predictor(total) == pytest.approx(estimate.logit, abs=1e-12)
    reach = Z_95 * estimate.variance**0.5
    found = interval(nomogram.geometry.model, nomogram.values, shift)
    centre = estimate.logit + shift
    assert found == pytest.approx((sigmoid(centre - reach), sigmoid(centre + reach)), abs=1e-12)
    assert [m.text() for m in nomogram.without] == (
        [] if is_pr_known else ["Progesterone receptor (PR)"]
    )
    assert nomogram.name == ("PR + DLR score" if is_pr_known else "DLR score")


def test_both_of_the_papers_stand_beside_the_answer(case, loaded, prediction):
    answer, *others = nomograms_of(prediction, loaded.pack, case.clinical)
    assert answer.name == "PR + DLR score"
    assert [n.name for n in others] == [
        "PR + CNN score",
        "Clinical score + DLR score",
        "Clinical score + CNN score",
    ]
    values = combined_inputs(
        loaded.pack, case.clinical, prediction.signatures["cnn"], prediction.signatures["dlr"]
    )
    for nomogram, part in zip(others, loaded.pack.models.nomograms, strict=True):
        assert not nomogram.is_answer
        assert nomogram.obstacle is None
        submodel = loaded.pack.models.submodels[0].model_copy(
            update={"model": part.model, "refit_variance": part.refit_variance}
        )
        estimate = combined_estimate(loaded.pack, submodel, values)
        total = nomogram.geometry.total_points(nomogram.values)
        assert nomogram.geometry.linear_predictor(total) == pytest.approx(estimate.logit)
        assert nomogram.geometry.model.variance(nomogram.values) == pytest.approx(estimate.variance)


def test_a_nomogram_with_an_unknown_value_is_listed_with_what_it_needs(case, loaded):
    unknown = dataclasses.replace(case, clinical=ClinicalRecord())
    found = predict(unknown, loaded, SilentProgress())
    answer, *others = nomograms_of(found, loaded.pack, unknown.clinical)
    assert answer.obstacle is None
    assert others
    for nomogram in others:  # each needs PR, itself or through the clinical score
        assert nomogram.obstacle.text() == "Not known: Progesterone receptor (PR)."
        assert nomogram.geometry is not None


def test_the_answers_own_terms_are_not_listed_twice(case, loaded, prediction):
    again = NomogramPart(name="again", model=linear(("pr", "dlr"), -1.0, 1.0), refit_variance={})
    pack = with_nomograms(loaded.pack, again)
    assert len(nomograms_of(prediction, pack, case.clinical)) == 1


def test_a_model_without_effect_is_listed_with_the_reason(case, loaded, prediction):
    flat = NomogramPart(name="flat", model=linear(("cnn_logit",), 0.0), refit_variance={})
    _, nomogram = nomograms_of(prediction, with_nomograms(loaded.pack, flat), case.clinical)
    assert nomogram.geometry is None
    assert "no variable with an effect" in nomogram.obstacle.text()


def test_axes_are_named_with_units_and_levels():
    terms = ("er", "calcification", "ki67_percent", "age_years", "cnn_logit")
    model = linear_model(linear(terms, 1.0, 1.0, 1.0, 1.0, 1.0), {"cnn_logit": 0.2})
    assert [t.label.text() for t in model.terms] == [
        "Oestrogen receptor (ER)",
        "Calcification",
        "Ki-67 (%)",
        "Age (years)",
        "CNN score (log-odds)",
    ]
    assert [name.text() for name in model.terms[0].level_names] == ["negative", "positive"]
    assert [name.text() for name in model.terms[1].level_names] == ["no", "yes"]
    assert model.refit_variance == {"cnn_logit": 0.2}
