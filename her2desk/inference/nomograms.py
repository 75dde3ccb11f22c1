"""Which nomograms a case has: the one that answered, and the pack's others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from her2desk.domain.clinical import FIELDS_BY_NAME, ClinicalRecord
from her2desk.domain.nomogram import NomogramGeometry, NomogramModel, NomogramTerm
from her2desk.domain.prediction import Prediction
from her2desk.errors import InputRefused
from her2desk.inference.branches import combined_inputs
from her2desk.packs.manifest import LinearPart, NomogramPart, Submodel
from her2desk.packs.pack import CLINICAL_SIGNATURE, CNN_LOGIT, DLR_SIGNATURE, Pack
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import Message, listed, msg, phrase

RECEPTOR_LEVELS = (msg("negative"), msg("positive"))
RECEPTORS = {"er": msg("ER"), "pr": msg("PR")}
SIGNATURES = {
    CLINICAL_SIGNATURE: msg("Clinical score"),
    CNN_LOGIT: msg("CNN score"),
    DLR_SIGNATURE: msg("DLR score"),
}


@dataclass(frozen=True)
class CaseNomogram:
    """A model of the pack as a nomogram, and this patient's values on it.

    ``parts`` name what stands on it. ``is_answer`` marks the submodel that gave the estimate; the
    probability of any other is another model's. ``without`` names the pack's clinical inputs that are
    not known and that the answer does without (V9). ``obstacle`` says why it cannot be shown for this
    patient; ``geometry`` is None where it cannot be drawn at all.
    """

    parts: tuple[Message, ...]
    is_answer: bool
    geometry: NomogramGeometry | None
    values: Mapping[str, float]
    without: tuple[Message, ...] = ()
    obstacle: Message | None = None

    @property
    def name(self) -> str:
        """Its variables in words: "PR + DLR score"."""
        return " + ".join(part.text() for part in self.parts)


def nomograms_of(
    prediction: Prediction, pack: Pack, clinical: ClinicalRecord
) -> tuple[CaseNomogram, ...]:
    """The nomogram of the submodel that answered, then the pack's others that differ from it."""
    known = _known_values(prediction, pack, clinical)
    pattern = prediction.estimate.pattern
    answer = next(s for s in pack.models.submodels if s.pattern == pattern)
    others = [n for n in pack.models.nomograms if n.model.terms != answer.model.terms]
    found = []
    parts: tuple[Submodel | NomogramPart, ...] = (answer, *others)
    for part in parts:
        names = part.model.terms
        geometry, refusal = _laid_out(linear_model(part.model, part.refit_variance))
        is_answer = part is answer
        found.append(
            CaseNomogram(
                parts=tuple(_short(name) for name in names),
                is_answer=is_answer,
                geometry=geometry,
                values={name: known[name] for name in names if name in known},
                without=_unknown(pack.models.clinical_inputs, clinical) if is_answer else (),
                obstacle=refusal or _obstacle(names, pack, clinical),
            )
        )
    return tuple(found)


def answering_nomogram(
    prediction: Prediction, pack: Pack, clinical: ClinicalRecord
) -> CaseNomogram:
    """The nomogram of the submodel that answered."""
    return nomograms_of(prediction, pack, clinical)[0]


def linear_model(part: LinearPart, refit_variance: Mapping[str, float]) -> NomogramModel:
    """A pack's logistic model as a nomogram's, with the training limits that the pack states."""
    terms = (
        _term(name, coefficient, lower, upper)
        for name, coefficient, lower, upper in zip(
            part.terms, part.coefficients, part.lower, part.upper, strict=True
        )
    )
    return NomogramModel(part.intercept, tuple(terms), part.covariance, dict(refit_variance))


def _laid_out(model: NomogramModel) -> tuple[NomogramGeometry | None, Message | None]:
    """The geometry, or why there is none."""
    try:
        return build_nomogram(model), None
    except InputRefused as refusal:
        return None, refusal.message


def _obstacle(names: tuple[str, ...], pack: Pack, clinical: ClinicalRecord) -> Message | None:
    """Which clinical value keeps a model from this patient, or None."""
    needed = [n for n in names if n in FIELDS_BY_NAME]
    if CLINICAL_SIGNATURE in names and pack.clinical is not None:
        needed += pack.clinical.part.inputs
    unknown = _unknown(dict.fromkeys(needed), clinical)
    if not unknown:
        return None
    return msg("Not known: {names}.", names=listed(unknown))


def _unknown(names: Iterable[str], clinical: ClinicalRecord) -> tuple[Message, ...]:
    return tuple(FIELDS_BY_NAME[n].label for n in names if clinical.value(n) is None)


def _short(name: str) -> Message:
    return RECEPTORS.get(name) or SIGNATURES.get(name) or FIELDS_BY_NAME[name].label


def _term(name: str, coefficient: float, lower: float, upper: float) -> NomogramTerm:
    field = FIELDS_BY_NAME.get(name)
    if field is None:
        label = msg("{score} (log-odds)", score=phrase(SIGNATURES[name]))
        return NomogramTerm(name, label, coefficient, lower, upper)
    if field.is_number:
        label = msg("{label} ({unit})", label=phrase(field.label), unit=phrase(field.unit))
        return NomogramTerm(name, label, coefficient, lower, upper)
    levels = RECEPTOR_LEVELS if name in RECEPTORS else ()
    return NomogramTerm(name, field.label, coefficient, lower, upper, is_binary=True, levels=levels)


def _known_values(prediction: Prediction, pack: Pack, clinical: ClinicalRecord) -> dict[str, float]:
    cnn, dlr = prediction.signatures["cnn"], prediction.signatures[DLR_SIGNATURE]
    if cnn is None or dlr is None:
        raise ValueError("the image branches of a prediction always have a score")
    return combined_inputs(pack, clinical, cnn, dlr)
