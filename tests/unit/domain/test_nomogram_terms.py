"""Values and levels of a nomogram's variables."""

import pytest

from her2desk.domain.nomogram import NomogramAxis, NomogramModel, NomogramTerm
from her2desk.texts import Message, msg

SIZES = tuple(Message(name) for name in ("small", "medium", "large"))
SIZE = NomogramTerm.categorical("size", msg("Size"), SIZES, (0.0, 1.3, -0.4))
ER = NomogramTerm("er", msg("ER"), 0.8, 0, 1, is_binary=True)
AGE = NomogramTerm("age_years", msg("Age"), -0.02, 28, 81)


def test_each_kind_of_variable_knows_its_levels() -> None:
    assert (SIZE.is_discrete, SIZE.is_categorical, SIZE.level_names) == (True, True, SIZES)
    assert (ER.is_discrete, ER.is_categorical) == (True, False)
    assert [name.text() for name in ER.level_names] == ["no", "yes"]
    assert (AGE.is_discrete, AGE.level_names) == (False, ())


def test_a_level_stands_in_the_design_as_zeros_and_a_one() -> None:
    assert [SIZE.columns(k) for k in (0, 1, 2)] == [(0, 0), (1, 0), (0, 1)]
    assert AGE.columns(50) == (50,)
    assert [SIZE.effect(k) for k in (0, 1, 2)] == [0.0, 1.3, -0.4]
    assert AGE.effect(50) == -1


@pytest.mark.parametrize("value", [-1, 3, 0.5])
def test_a_level_that_is_not_there_is_no_other_level(value: float) -> None:
    with pytest.raises(ValueError, match="size has no level"):
        SIZE.effect(value)


def test_the_nearest_level_is_found_by_points() -> None:
    axis = NomogramAxis(SIZE, 2.0, 50.0, ((0.0, 20.0), (1.0, 85.0), (2.0, 0.0)))
    assert axis.levels_by_points() == (2.0, 0.0, 1.0)
    assert [axis.value_at(p) for p in (-40, 9, 11, 60, 400)] == [2.0, 2.0, 0.0, 1.0, 1.0]
    assert [axis.points_at(k) for k in (0, 1, 2)] == pytest.approx([20, 85, 0])
    assert axis.clipped(7) == (2.0, True)


def test_a_model_adds_up_its_terms() -> None:
    model = NomogramModel(0.5, (SIZE, ER, AGE))
    assert model.linear_predictor({"size": 1, "er": 1, "age_years": 50}) == pytest.approx(1.6)
    assert model.variance({"size": 1, "er": 1, "age_years": 50}) is None
