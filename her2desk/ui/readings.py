"""What panels show of a prediction beside its readout: the prevalence's shift, AUCs, pictures."""

from her2desk.domain.prediction import Prediction
from her2desk.domain.readout import prevalence_shift
from her2desk.packs.pack import Pack


def nomogram_shift(prediction: Prediction) -> float:
    """What the prevalence on screen adds to the log-odds."""
    return prevalence_shift(prediction.estimate, prediction.readout.prevalence)


def validation_aucs(pack: Pack) -> dict[str, tuple[float, float, float]]:
    """Each branch's cross-validated AUC with its interval, as the pack states it."""
    parts = pack.manifest.auc.cross_validated
    return {name: (part.value, part.lower, part.upper) for name, part in parts.items()}


def thumbnails_of(prediction: Prediction, pack: Pack) -> dict[str, bytes]:
    """PNG by patient, of those nearest validation patients whom the pack has a picture of."""
    nearest = prediction.familiarity.nearest if prediction.familiarity is not None else ()
    found = {near.patient: pack.thumbnail(near.patient) for near in nearest}
    return {patient: png for patient, png in found.items() if png is not None}
