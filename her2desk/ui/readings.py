"""What panels show of a prediction beside its readout: nomogram, missing inputs, branch AUCs."""

from dataclasses import replace

from her2desk.domain.clinical import FIELDS_BY_NAME, ClinicalRecord
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.nomogram import NomogramGeometry, NomogramModel, NomogramTerm
from her2desk.domain.prediction import Prediction
from her2desk.inference.branches import combined_estimate, combined_inputs, known_inputs
from her2desk.inference.readout import prevalence_shift
from her2desk.packs.manifest import Submodel
from her2desk.packs.pack import CLINICAL_SIGNATURE, CNN_LOGIT, DLR_SIGNATURE, Pack
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import Message, msg

SIGNATURE_LABELS = {
    CLINICAL_SIGNATURE: msg("Clinical score (log-odds)"),
    CNN_LOGIT: msg("CNN score (log-odds)"),
    DLR_SIGNATURE: msg("DLR score (log-odds)"),
}


def nomogram_of(
    prediction: Prediction, pack: Pack, clinical: ClinicalRecord
) -> tuple[NomogramGeometry, dict[str, float]]:
    """The nomogram of the submodel that answered, and this patient's values on it."""
    submodel = _submodel(pack, prediction.estimate.pattern)
    values = _values(prediction, pack, clinical)
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
    if len(missing) != 1 or FIELDS_BY_NAME[missing[0]].is_number:
        return None
    name = missing[0]
    shift = nomogram_shift(prediction)
    found = {}
    for value in (False, True):
        supposed = replace(clinical, **{name: value})  # type: ignore[arg-type]
        submodel = pack.submodel(frozenset(known_inputs(pack, supposed)))
        estimate = combined_estimate(pack, submodel, _values(prediction, pack, supposed))
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
    parts = pack.manifest.auc.cross_validated
    return {name: (part.value, part.lower, part.upper) for name, part in parts.items()}


def _values(prediction: Prediction, pack: Pack, clinical: ClinicalRecord) -> dict[str, float]:
    cnn, dlr = prediction.signatures["cnn"], prediction.signatures[DLR_SIGNATURE]
    if cnn is None or dlr is None:
        raise ValueError("the image branches of a prediction always have a score")
    return combined_inputs(pack, clinical, cnn, dlr)


def _submodel(pack: Pack, pattern: str) -> Submodel:
    return next(s for s in pack.models.submodels if s.pattern == pattern)


def _term(name: str, coefficient: float, lower: float, upper: float) -> NomogramTerm:
    field = FIELDS_BY_NAME.get(name)
    label = field.label if field is not None else SIGNATURE_LABELS[name]
    is_binary = field is not None and not field.is_number
    return NomogramTerm(name, label, coefficient, lower, upper, is_binary)
