"""How a pack answered for patients it had not seen: the rows behind every confusion figure."""

from dataclasses import dataclass, field
from enum import StrEnum

from her2desk.domain.traits import UNKNOWN_TRAITS, Trait, Traits


class ValidationSource(StrEnum):
    """Whether rows were predicted out of fold, held out, or are of another cohort."""

    OUT_OF_FOLD = "out-of-fold"
    HELD_OUT = "held-out"
    EXTERNAL = "external"


@dataclass(frozen=True)
class Attention:
    """Where the network looked (V17): shares of heat over shares of area, and entropy over log N.

    None where the map is all zero or there are no hyperechoic pixels.
    """

    roi_enrichment: float | None
    hyperechoic_enrichment: float | None
    dispersion: float | None

    @property
    def traits(self) -> dict[Trait, float | None]:
        """The figures as traits."""
        return {
            Trait.ROI_ATTENTION: self.roi_enrichment,
            Trait.BRIGHT_ATTENTION: self.hyperechoic_enrichment,
            Trait.DISPERSION: self.dispersion,
        }


@dataclass(frozen=True)
class ValidationRow:
    """One patient's answer by a model that had not seen the patient.

    ``pattern`` names the set of known clinical inputs the answer used ("pr" or "image-only"); ``logit``
    is of the combined model, in the training cohort's prevalence. ``fold`` is the outer fold, None for
    a held-out patient. A branch without an answer is None.
    """

    patient: str
    positive: bool
    fold: int | None
    source: ValidationSource
    pattern: str
    logit: float
    branches: dict[str, float | None]
    traits: Traits = field(default_factory=lambda: UNKNOWN_TRAITS)


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

    def threshold_for(self, fold: int | None) -> float:
        """The threshold that judges a row of this fold; held-out rows have the deployed one."""
        if fold is None or self.is_own:
            return self.threshold
        return self.fold_thresholds[fold]
