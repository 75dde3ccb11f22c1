"""``models/readout.json``: what a pack's builder worked out for the readout, checked on reading.

Validity rules V16 (patterns of failure), V18 (range and neighbours), V22 (outlines) and what the pack
saw. A pack without this file is read, and the readout says less.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from her2desk.domain.failure import FEWEST_ERRORS, LEVEL, SMALLEST_SUBSET
from her2desk.domain.traits import Trait
from her2desk.packs.manifest import (
    MOST_PATIENTS,
    AucPart,
    Finite,
    LinearPart,
    NotNegative,
    PackPart,
)

READOUT_FILE = "models/readout.json"
SPACE_FILE = "models/space.safetensors"
MOST_VARIABLE = 1000.0  # mm or px; no two readers lie further apart

Count = Annotated[int, Field(ge=0, le=MOST_PATIENTS, strict=True)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
NamedPoint = Literal["youden", "sensitivity95", "specificity95"]


class FailurePart(PackPart):
    """One declared pattern, tested among the out-of-fold patients of one call (V16).

    ``submodel`` is the pattern of known inputs, ``name`` the failure pattern's. ``limit`` is the edge of
    its quarter for a new case, 0.5 for yes/no. ``p`` is Fisher's, one-sided; ``adjusted_p`` Holm's over
    the declared patterns of the same submodel and operating point that could warn, 1 for one that
    could not.
    ``errors`` counts the call's errors in the cohort.
    """

    submodel: str
    operating_point: NamedPoint
    name: str
    limit: Finite
    alike: Count
    alike_wrong: Count
    others: Count
    others_wrong: Count
    errors: Count
    p: Probability
    adjusted_p: Probability

    @model_validator(mode="after")
    def _counts_agree(self) -> "FailurePart":
        if self.alike_wrong > self.alike or self.others_wrong > self.others:
            raise ValueError("more errors than patients")
        if self.alike_wrong + self.others_wrong > self.errors:
            raise ValueError("more errors than the cohort has")
        return self

    @property
    def warns(self) -> bool:
        """Whether a case that looks like this is warned of (V16)."""
        return (
            self.alike >= SMALLEST_SUBSET
            and self.errors >= FEWEST_ERRORS
            and self.adjusted_p < LEVEL
        )


class ErrorModelPart(PackPart):
    """A logistic model of one call's errors (V16), or that one was tried and is no better than chance.

    ``model`` has traits as terms; it is None where the interval of ``auc`` reaches 0.5.
    """

    submodel: str
    operating_point: NamedPoint
    call: Literal["positive", "negative"]
    traits: tuple[Trait, ...] = Field(min_length=1)
    errors: Count
    patients: Count
    auc: AucPart
    model: LinearPart | None


class SpacePart(PackPart):
    """The space in which a case's distance is measured; its arrays are in ``models/space.safetensors``.

    ``features`` are the space's axes before projection, z-scored as ``Models.scaling`` says. A distance
    beyond ``threshold`` is out of range; ``false_alarms`` of ``judged`` patients went beyond the
    threshold of the others (V18). ``patients`` are the validation patients in the order of the array.
    """

    features: tuple[str, ...] = Field(min_length=1)
    threshold: NotNegative
    false_alarms: Count
    judged: Count
    patients: tuple[str, ...]

    @model_validator(mode="after")
    def _false_alarms_are_judged(self) -> "SpacePart":
        if self.false_alarms > self.judged or len(set(self.patients)) != len(self.patients):
            raise ValueError("the space's patients are not as they should be")
        return self


class SeenPart(PackPart):
    """What the patients' images were like: scanners, as files name them, and sizes of a pixel in mm."""

    scanners: tuple[str, ...]
    spacing_mm: tuple[NotNegative, NotNegative] | None


class VariabilityPart(PackPart):
    """How far two readers' outlines lay apart: standard deviation along the outline.

    ``patients`` of the cohort were outlined by both.
    """

    sd: float = Field(gt=0, le=MOST_VARIABLE, allow_inf_nan=False)
    unit: Literal["mm", "px"]
    patients: int = Field(ge=2, le=MOST_PATIENTS)


class ReadoutPart(PackPart):
    """``models/readout.json``."""

    failures: tuple[FailurePart, ...] = ()
    error_models: tuple[ErrorModelPart, ...] = ()
    space: SpacePart | None = None
    seen: SeenPart | None = None
    variability: VariabilityPart | None = None
