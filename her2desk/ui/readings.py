"""What the window says of a prediction: its readout anew, the prevalence's shift, AUCs, pictures."""

from typing import TYPE_CHECKING

from her2desk.domain.prediction import Prediction
from her2desk.domain.readout import prevalence_shift
from her2desk.domain.validation import OperatingPoint, ValidationSource

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack


def restated(
    prediction: Prediction,
    pack: "Pack",
    asked: str | float,
    prevalence: float | None,
    counted: ValidationSource,
) -> Prediction:
    """The same answer at the operating point ``asked``, by name or as a threshold.

    The validation patients whom the reader wants ``counted`` are, or those that this pack has instead.
    """
    from her2desk.inference.evidence import evidence_of
    from her2desk.inference.readout import restate

    pattern = prediction.estimate.pattern
    if isinstance(asked, float):
        point = OperatingPoint("own", asked)
    else:
        named = pack.operating_points(pattern)
        point = named.get(asked, prediction.readout.operating_point)
    kinds = (counted, ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)
    source = next((kind for kind in kinds if len(evidence_of(pack, pattern, kind))), counted)
    return restate(prediction, pack, point, prevalence, source)


def nomogram_shift(prediction: Prediction) -> float:
    """What the prevalence on screen adds to the log-odds."""
    return prevalence_shift(prediction.estimate, prediction.readout.prevalence)


def validation_aucs(pack: "Pack") -> dict[str, tuple[float, float, float]]:
    """Each branch's cross-validated AUC with its interval, as the pack states it."""
    parts = pack.manifest.auc.cross_validated
    return {name: (part.value, part.lower, part.upper) for name, part in parts.items()}


def thumbnails_of(prediction: Prediction, pack: "Pack") -> dict[str, bytes]:
    """PNG by patient, of those nearest validation patients whom the pack has a picture of."""
    nearest = prediction.familiarity.nearest if prediction.familiarity is not None else ()
    found = {near.patient: pack.thumbnail(near.patient) for near in nearest}
    return {patient: png for patient, png in found.items() if png is not None}
