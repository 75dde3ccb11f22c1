"""How far a case lies from the patients that a pack knows (V18), and which of them are nearest."""

from collections.abc import Mapping
from dataclasses import dataclass

from her2desk.domain.counts import Proportion
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationSource


@dataclass(frozen=True)
class Distance:
    """Distance in the space of the pack's features: ``components`` components, shrunk covariance.

    Beyond ``threshold`` the case is out of range. ``false_alarms`` counts the validation patients whom
    the same rule called out of range without cause.
    """

    value: float
    threshold: float
    components: int
    false_alarms: Proportion

    @property
    def is_outside(self) -> bool:
        """Whether the case is unlike the pack's patients; so is one whose distance is no number."""
        return not self.value <= self.threshold


@dataclass(frozen=True)
class TraitPlace:
    """Where a measure of the case stands among the validation patients: so many at or beyond it.

    ``beyond`` counts the patients with a value at least as extreme, on the nearer side.
    """

    trait: Trait
    value: float
    lowest: float
    highest: float
    beyond: Proportion

    @property
    def is_outside(self) -> bool:
        """Whether no patient of the pack was like this."""
        return not self.lowest <= self.value <= self.highest


@dataclass(frozen=True)
class NearPatient:
    """One of the validation patients nearest to the case in features and clinical inputs.

    ``distance`` is in the units of ``Distance.value``. ``logit`` is what models that had not seen the
    patient said, in the training prevalence.
    """

    patient: str
    positive: bool
    logit: float
    distance: float
    source: ValidationSource
    traits: Mapping[Trait, float | None]


@dataclass(frozen=True)
class Familiarity:
    """All that is known of how familiar a case is to its pack.

    ``distance`` is None, and ``nearest`` empty, where the pack states no space. ``scanner_seen`` and
    ``spacing_seen`` are None where the pack or the file does not say.
    """

    distance: Distance | None
    places: tuple[TraitPlace, ...]
    nearest: tuple[NearPatient, ...]
    scanner: str
    scanner_seen: bool | None
    spacing_mm: float | None
    spacing_limits_mm: tuple[float, float] | None

    @property
    def spacing_seen(self) -> bool | None:
        """Whether the pack's patients had pixels of this size; the geometric mean of both sides."""
        if self.spacing_mm is None or self.spacing_limits_mm is None:
            return None
        lower, upper = self.spacing_limits_mm
        return lower <= self.spacing_mm <= upper
