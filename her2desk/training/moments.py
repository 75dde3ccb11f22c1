"""V8: what is known at the moment of prediction; a predictor later than that is refused."""

from collections.abc import Mapping, Sequence

from her2desk.domain.clinical import CLINICAL_FIELDS, FIELDS_BY_NAME
from her2desk.errors import InputRefused
from her2desk.texts import listed, msg, phrase
from her2desk.training.request import Moment

# The tissue that gives these gives HER-2 too.
KNOWN_FROM_TISSUE = ("er", "pr", "ki67_percent", "lymph_node_metastasis")
MOST_UNASKED = 3  # more coefficients than that would ask for more events than cohorts have (V6)
PREFERRED: Mapping[Moment, tuple[str, ...]] = {
    "before-biopsy": ("age_years", "postmenopausal", "calcification", "family_history"),
    "after-biopsy": ("pr", "er", "ki67_percent"),
}


def allowed_inputs(moment: Moment) -> tuple[str, ...]:
    """Clinical inputs that are known at this moment."""
    names = tuple(field.name for field in CLINICAL_FIELDS)
    if moment == "after-biopsy":
        return names
    return tuple(name for name in names if name not in KNOWN_FROM_TISSUE)


def check_inputs(inputs: Sequence[str], moment: Moment) -> None:
    """Raise ``InputRefused`` for an input that does not exist or comes later than the moment."""
    for name in inputs:
        if name not in FIELDS_BY_NAME:
            raise InputRefused(
                msg("There is no clinical input {name!r}.", name=name),
                msg("Use these names: {names}.", names=listed(FIELDS_BY_NAME)),
                code="unknown-input",
            )
        if name not in allowed_inputs(moment):
            raise InputRefused(
                msg(
                    "{name} is not known before the biopsy, when the pack is to predict.",
                    name=phrase(FIELDS_BY_NAME[name].label),
                ),
                msg("Leave it out, or build a pack for after the biopsy (--moment after-biopsy)."),
                code="input-too-late",
            )


def default_inputs(moment: Moment, known: Mapping[str, int], patients: int) -> tuple[str, ...]:
    """The inputs of a build that names none: the moment's usual ones, known for every patient.

    The paper's own, PR alone, after the biopsy where PR is known.
    """
    complete = [name for name in PREFERRED[moment] if known.get(name, 0) == patients]
    if moment == "after-biopsy" and "pr" in complete:
        return ("pr",)
    return tuple(complete[:MOST_UNASKED])
