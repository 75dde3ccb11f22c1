"""How a pack answered for patients it had not seen: the rows behind every confusion figure."""

from dataclasses import dataclass
from enum import StrEnum


class ValidationSource(StrEnum):
    """Whether a row was predicted out of fold or belongs to a held-out set."""

    OUT_OF_FOLD = "out-of-fold"
    HELD_OUT = "held-out"


@dataclass(frozen=True)
class Attention:
    """Where the network looked (V17): shares of heat over shares of area, and entropy over log N.

    None where the map is all zero or there are no hyperechoic pixels.
    """

    roi_enrichment: float | None
    hyperechoic_enrichment: float | None
    dispersion: float | None


@dataclass(frozen=True)
class ValidationRow:
    """One patient's answer by a model that had not seen the patient.

    ``pattern`` names the set of known clinical inputs the answer used ("pr" or "none"); ``logit`` is of
    the combined model, in the training cohort's prevalence.
    """

    patient: str
    positive: bool
    fold: int
    source: ValidationSource
    pattern: str
    logit: float
    branches: dict[str, float]
    attention: Attention


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the predicted probability.

    ``fold_thresholds`` are the thresholds that the same rule chose inside each outer fold (V14); empty
    for a threshold given by hand, which is then used for every row ("chosen after looking").
    """

    name: str
    threshold: float
    fold_thresholds: tuple[float, ...] = ()

    @property
    def is_own(self) -> bool:
        return not self.fold_thresholds

    def threshold_for(self, fold: int) -> float:
        """The threshold that judges a row of this fold."""
        return self.fold_thresholds[fold] if self.fold_thresholds else self.threshold
