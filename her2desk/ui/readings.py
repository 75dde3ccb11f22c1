"""What panels show of a prediction beside its readout: nomogram, missing inputs, branch AUCs."""

from dataclasses import replace

from her2desk.domain.clinical import FIELDS_BY_NAME, ClinicalRecord
from her2desk.domain.nomogram import NomogramGeometry, NomogramModel, NomogramTerm
from her2desk.domain.prediction import Prediction
from her2desk.inference.branches import combined_estimate, known_inputs
from her2desk.inference.readout import prevalence_shift, sigmoid
from her2desk.packs.manifest import Submodel
from her2desk.packs.pack import DLR_SIGNATURE, Pack
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import Message, msg

DLR_LABEL = msg("DLR score (log-odds)")


def nomogram_of(
    prediction: Prediction, pack: Pack, clinical: ClinicalRecord
) -> tuple[NomogramGeometry, dict[str, float]]:
    """The nomogram of the submodel that answered, and this patient's values on it."""
    submodel = _submodel(pack, prediction.estimate.pattern)
    values = known_inputs(pack, clinical)
    dlr = prediction.signatures[DLR_SIGNATURE]
    if dlr is not None:
        values[DLR_SIGNATURE] = dlr
    terms = {name: values[name] for name in submodel.model.terms}
    return build_nomogram(nomogram_model(submodel)), terms


def nomogram_model(submodel: Submodel) -> NomogramModel:
    """The submodel as a nomogram's model, with the training limits that the pack states."""
    model = submodel.model
    terms = (
        _term(name, c, lower, upper)
        for name, c, lower, upper in zip(
            model.terms, model.coefficients, model.lower, model.upper, strict=True
        )
    )
    return NomogramModel(model.intercept, tuple(terms))


def nomogram_shift(prediction: Prediction) -> float:
    """What the prevalence on screen adds to the log-odds."""
    return prevalence_shift(prediction.estimate, prediction.readout.prevalence)


def missing_note(prediction: Prediction, pack: Pack, clinical: ClinicalRecord) -> Message | None:
    """What a missing yes/no input could do to the estimate (V9): the answer for either value."""
    missing = [n for n in pack.models.clinical_inputs if clinical.value(n) is None]
    dlr = prediction.signatures[DLR_SIGNATURE]
    if len(missing) != 1 or dlr is None or FIELDS_BY_NAME[missing[0]].is_number:
        return None
    name = missing[0]
    shift = nomogram_shift(prediction)
    found = {}
    for value in (False, True):
        known = known_inputs(pack, replace(clinical, **{name: value}))  # type: ignore[arg-type]
        estimate = combined_estimate(pack, pack.submodel(frozenset(known)), known, dlr)
        found[value] = sigmoid(estimate.logit + shift)
    return msg(
        "{field} is not known. With it, the estimate would be {no:.2f} if negative and "
        "{yes:.2f} if positive.",
        field=FIELDS_BY_NAME[name].label.text(),
        no=found[False],
        yes=found[True],
    )


def missing_names(pack: Pack, clinical: ClinicalRecord) -> tuple[str, ...]:
    """The pack's clinical inputs that are not known, as people read them."""
    names = (n for n in pack.models.clinical_inputs if clinical.value(n) is None)
    return tuple(FIELDS_BY_NAME[name].label.text() for name in names)


def validation_aucs(pack: Pack) -> dict[str, tuple[float, float, float]]:
    """Each branch's cross-validated AUC with its interval, as the pack states it."""
    parts = pack.manifest.cross_validated_auc
    return {name: (part.value, part.lower, part.upper) for name, part in parts.items()}


def _submodel(pack: Pack, pattern: str) -> Submodel:
    return next(s for s in pack.models.submodels if s.pattern == pattern)


def _term(name: str, coefficient: float, lower: float, upper: float) -> NomogramTerm:
    field = FIELDS_BY_NAME.get(name)
    label = field.label if field is not None else DLR_LABEL
    is_binary = field is not None and not field.is_number
    return NomogramTerm(name, label, coefficient, lower, upper, is_binary)
