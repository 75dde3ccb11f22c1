"""The five families: each fits the same bits again, and a pack answers as its library does."""

import numpy as np
import pytest

from her2desk.errors import InputRefused
from her2desk.training.families import Form, families
from her2desk.training.request import FAMILIES

EVERY = [
    pytest.param(family, settings, id=f"{kind}: {family.label(settings)}")
    for kind in ("default", "quick")
    for family in families(FAMILIES, kind)
    for settings in family.grid
]


def cohort(seed=0, patients=112, inputs=6):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(patients, inputs))
    labels = values[:, 0] + 0.5 * values[:, 1] + rng.normal(size=patients) > 0.7
    return values, labels


def as_bytes(form: Form) -> list[bytes]:
    if form.trees is None:
        return [np.float64(form.intercept).tobytes(), form.coefficients.tobytes()]
    return [array.tobytes() for array in form.trees.to_tensors().values()]


@pytest.mark.parametrize(("family", "settings"), EVERY)
def test_the_same_rows_and_seed_give_the_same_bits(family, settings):
    values, labels = cohort()
    once, again = (family.convert(family.build(values, labels, settings, 3)) for _ in range(2))
    assert as_bytes(once) == as_bytes(again)


@pytest.mark.parametrize(("family", "settings"), EVERY)
def test_the_form_answers_as_the_library_does(family, settings):
    values, labels = cohort()
    new, _ = cohort(1)
    model = family.build(values, labels, settings, 3)
    form = family.convert(model)
    np.testing.assert_allclose(
        form.log_odds(new), family.ask(model, new), rtol=0, atol=family.tolerance
    )
    assert not form.is_constant
    assert np.isfinite(form.log_odds(new)).all()


@pytest.mark.parametrize(("family", "settings"), EVERY)
def test_a_signal_is_learned(family, settings):
    values, labels = cohort()
    score = family.convert(family.build(values, labels, settings, 3)).log_odds(values)
    assert score[labels].mean() > score[~labels].mean() + 0.1


def test_the_default_grid_has_two_points_a_family_and_the_quick_one_has_one():
    assert [f.name for f in families(FAMILIES, "default")] == list(FAMILIES)
    assert {len(f.grid) for f in families(FAMILIES, "default")} == {2}
    assert {len(f.grid) for f in families(FAMILIES, "quick")} == {1}


def test_families_keep_their_order_however_they_are_asked_for():
    assert [f.name for f in families(("lightgbm", "logistic"), "quick")] == ["logistic", "lightgbm"]


def test_a_try_is_named_by_what_varies():
    (family,) = families(("lightgbm",), "default")
    assert family.label(family.grid[1]) == "lightgbm num_leaves=4"


@pytest.mark.parametrize(("names", "said"), [(("svm", "logistic"), "svm is no"), ((), "– is no")])
def test_an_unknown_family_is_refused(names, said):
    with pytest.raises(InputRefused, match=said) as caught:
        families(names, "default")
    assert caught.value.code == "family-unknown"


@pytest.mark.parametrize("name", ["xgboost", "lightgbm", "random-forest"])
def test_a_model_without_a_split_is_constant(name):
    (family,) = families((name,), "default")
    values, labels = cohort(patients=9)
    settings = {**family.grid[0], "min_samples_leaf": 8}
    form = family.convert(family.build(np.zeros_like(values), labels, settings, 0))
    assert form.is_constant


def test_a_linear_model_of_what_never_varies_is_constant():
    (family,) = families(("logistic",), "default")
    values, labels = cohort()
    assert family.convert(family.build(np.ones_like(values), labels, family.grid[0], 0)).is_constant
