"""How the answer moves when the outline does (V22), and what it is on the frames beside."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from her2desk.domain.log_odds import sigmoid

BAND = (5.0, 95.0)  # percentiles, V22
FEWEST_FOR_A_BAND = 6
VARIANTS = 20  # V22


class VariantKind(StrEnum):
    """How an outline was changed."""

    ERODED = "eroded"
    DILATED = "dilated"
    SHIFTED = "shifted"
    REDRAWN = "redrawn"  # as another reader might have drawn it


@dataclass(frozen=True)
class Variability:
    """How far readers' outlines lie apart: standard deviation along the outline, in mm or pixels.

    ``patients`` of the pack's cohort were outlined twice; 0 where the figure is assumed.
    """

    sd: float
    is_mm: bool
    patients: int


@dataclass(frozen=True)
class Stability:
    """Answers for changed outlines, log-odds in the training prevalence; ``wanted`` are to come in all.

    ``frames`` are (frame index, log-odds) of the same outline on the frames beside. ``inputs_sha256``
    is the fingerprint of the answer that they belong to.
    """

    inputs_sha256: str
    kinds: tuple[VariantKind, ...]
    logits: tuple[float, ...]
    wanted: int
    variability: Variability
    frames: tuple[tuple[int, float], ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every variant has been asked."""
        return len(self.logits) >= self.wanted

    def band(self, shift: float = 0.0) -> tuple[float, float] | None:
        """5th and 95th percentile of the probability; None while there are too few variants.

        ``shift`` moves the log-odds to the local prevalence (V11).
        """
        if len(self.logits) < FEWEST_FOR_A_BAND:
            return None
        lower, upper = self._limits
        return sigmoid(lower + shift), sigmoid(upper + shift)

    def beside(self, shift: float = 0.0) -> tuple[tuple[int, float], ...]:
        """(frame index, probability) of the frames beside."""
        return tuple((frame, sigmoid(logit + shift)) for frame, logit in self.frames)

    @cached_property
    def _limits(self) -> tuple[float, float]:
        """The band's ends in log-odds, which a dragged threshold asks for at each move."""
        lower, upper = np.percentile(self.logits, BAND)
        return float(lower), float(upper)
