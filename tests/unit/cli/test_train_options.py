"""Every field of ``TrainRequest`` is an option, and each option sets its field."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from her2desk.cli.train_options import DEFAULTS, OPTIONS, request_of
from her2desk.training.request import TrainRequest

COHORT, OUT = Path("cohort"), Path("p.h2pack")


def as_given(**changed: Any) -> dict[str, Any]:
    """What the command line hands over when only ``changed`` was written."""
    return {**{o.field: o.parameter().default.default for o in OPTIONS}, **changed}


def test_every_field_is_an_option() -> None:
    own = {"cohort", "out"}
    assert {o.field for o in OPTIONS} == {f.name for f in fields(TrainRequest)} - own
    assert len({o.flag for o in OPTIONS}) == len(OPTIONS)


def test_without_options_the_request_is_the_builders_own_default() -> None:
    assert request_of(COHORT, OUT, as_given()) == TrainRequest(COHORT, OUT)
    assert TrainRequest(Path(), Path()) == DEFAULTS


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        ("networks", "resnet50, densenet121", ("resnet50", "densenet121")),
        ("families", "logistic,lightgbm", ("logistic", "lightgbm")),
        ("inputs", "pr,age_years", ("pr", "age_years")),
        ("inputs", "none", ()),
        ("inputs", None, None),
        ("moment", "before-biopsy", "before-biopsy"),
        ("seed", 7, 7),
        ("work", Path("w"), Path("w")),
        ("leave_one_site_out", True, True),
        ("indeterminate", "conformal", "conformal"),
        ("thumbnails", True, True),
        ("enhance", "lanczos-2", "lanczos-2"),
        ("enhance", "phantom-gan", "phantom-gan"),
        ("enhance", "ours/ward 3.h2enhancer", "ours/ward 3.h2enhancer"),
    ],
)
def test_what_is_written_is_what_is_asked(field: str, given: object, value: object) -> None:
    request = request_of(COHORT, OUT, as_given(**{field: given}))
    assert getattr(request, field) == value


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("robustness_cases", 1, "at least 2"),
        ("families", "forest", "logistic, random-forest"),
        ("families", "", "--families"),
        ("families", "lightgbm,lightgbm", "--families"),
        ("networks", "resnet50,,", "names each thing once"),
        ("inputs", "blood_type", "age_years"),
        ("inputs", "none,pr", "age_years"),
        ("moment", "afterwards", "before-biopsy, after-biopsy"),
        ("split", "half", "random, column, none"),
        ("dlr", "", "crossfit, frozen, paper"),
        ("indeterminate", "sometimes", "interval, conformal"),
        ("enhance", "gan", "none, lanczos-2, lanczos-4, phantom-gan, NAME.h2enhancer"),
        ("enhance", "ward.h2pack", "NAME.h2enhancer"),
        ("enhance", ".h2enhancer", "NAME.h2enhancer"),
    ],
)
def test_a_word_that_is_no_choice_names_the_choices(field: str, given: str, said: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        request_of(COHORT, OUT, as_given(**{field: given}))
    assert said in str(refused.value)
