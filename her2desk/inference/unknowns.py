"""What each clinical value that is not known could do to the answer (V9)."""

from dataclasses import replace

import numpy as np

from her2desk.domain.clinical import FIELDS_BY_NAME, ClinicalRecord
from her2desk.domain.unknowns import UnknownEffect
from her2desk.inference.branches import combined_estimate, combined_inputs, known_inputs
from her2desk.packs.manifest import Submodel
from her2desk.packs.pack import Pack, pattern_inputs

SUPPOSED_NUMBERS = 5  # over the range that the submodel was fitted on


def unknown_effects(
    pack: Pack, clinical: ClinicalRecord, cnn_logit: float, dlr: float
) -> tuple[UnknownEffect, ...]:
    """One for each of the pack's clinical inputs that is not known, the one that moves most first.

    Only that one more is supposed to be known: yes and no, or five values over the limits that the
    submodel states. The answers are those that the program would give, by the submodel that it would
    take; empty where that one does not look at the input, or states no limits of it.
    """
    unknown = [name for name in pack.models.clinical_inputs if clinical.value(name) is None]
    effects = [
        UnknownEffect(name, _answers(pack, clinical, name, cnn_logit, dlr)) for name in unknown
    ]
    return tuple(sorted(effects, key=_reach, reverse=True))


def _answers(
    pack: Pack, clinical: ClinicalRecord, name: str, cnn_logit: float, dlr: float
) -> tuple[tuple[float, float], ...]:
    submodel = pack.submodel(frozenset({*known_inputs(pack, clinical), name}))
    if name not in pattern_inputs(submodel.pattern):
        return ()
    found = []
    for value in _supposed(submodel, name):
        supposed = replace(clinical, **{name: value})  # type: ignore[arg-type]
        inputs = combined_inputs(pack, supposed, cnn_logit, dlr)
        found.append((float(value), combined_estimate(pack, submodel, inputs).logit))
    return tuple(found)


def _supposed(submodel: Submodel, name: str) -> tuple[float, ...] | tuple[bool, ...]:
    """The values to try, ascending."""
    if not FIELDS_BY_NAME[name].is_number:
        return False, True
    model = submodel.model
    if name not in model.terms:  # it enters through the clinical signature, without limits
        return ()
    place = model.terms.index(name)
    return tuple(np.linspace(model.lower[place], model.upper[place], SUPPOSED_NUMBERS).tolist())


def _reach(effect: UnknownEffect) -> float:
    """How far the log-odds move; less than nothing where no answer is to be had."""
    answers = [logit for _, logit in effect.answers]
    return max(answers) - min(answers) if answers else -1.0
