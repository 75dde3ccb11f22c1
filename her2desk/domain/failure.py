"""How such answers fail: patterns declared before any pack was looked at, and what is said of a case.

Validity rule V16. The patterns follow the paper's discussion: false positives attend to bright areas,
calcification or lymph-node metastasis; false negatives have attention dispersed over the image.
"""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.counts import Call, Proportion
from her2desk.domain.traits import Trait

SMALLEST_SUBSET = 10  # V16: patients of the call who look like this
FEWEST_ERRORS = 5  # V16: errors of that kind in the cohort
LEVEL = 0.05  # V16: of the Holm-adjusted p
QUARTER = 0.25  # the share of validation patients whom a pattern on a measure takes
ERRORS_PER_COEFFICIENT = 20  # V16, of the error model


@dataclass(frozen=True)
class FailurePattern:
    """One declared pattern: cases of ``call`` whose ``trait`` is high, or low.

    High means yes, or in the upper quarter of the pack's validation patients; low the lower quarter.
    Attention is compared among patients whom the same network read.
    """

    name: str
    call: Call
    trait: Trait
    is_high: bool

    def holds(self, value: float, limit: float) -> bool:
        """Whether a case with this value looks like the pattern; ``limit`` is the quarter's edge."""
        return value >= limit if self.is_high else value <= limit


DECLARED: tuple[FailurePattern, ...] = (
    FailurePattern("bright-attention", Call.POSITIVE, Trait.BRIGHT_ATTENTION, True),
    FailurePattern("calcification", Call.POSITIVE, Trait.CALCIFICATION, True),
    FailurePattern("nodes", Call.POSITIVE, Trait.NODES, True),
    FailurePattern("irregular-margin", Call.POSITIVE, Trait.SOLIDITY, False),
    FailurePattern("dispersed-attention", Call.NEGATIVE, Trait.DISPERSION, True),
    FailurePattern("attention-outside", Call.NEGATIVE, Trait.ROI_ATTENTION, False),
    FailurePattern("small-lesion", Call.NEGATIVE, Trait.SIZE, False),
)


class Silence(StrEnum):
    """Why a pattern gives no warning."""

    UNKNOWN = "unknown"  # the case has no value of the trait
    ABSENT = "absent"  # the case does not look like this
    NO_VALIDATION = "no-validation"  # the pack has no table, or none with the trait
    OWN_THRESHOLD = "own-threshold"  # never tested at a threshold chosen by hand
    FEW_ALIKE = "few-alike"  # fewer than 10 validation patients looked like this
    FEW_ERRORS = "few-errors"  # fewer than 5 errors of this kind in the cohort
    UNTESTED = "untested"  # the pack's builder did not test the pattern
    NO_DIFFERENCE = "no-difference"  # the test does not show that they fail more often


@dataclass(frozen=True)
class FailureSign:
    """One pattern as it stands for a case whose call it belongs to.

    ``alike`` and ``others`` count the errors among the validation patients of the same call who did
    and did not look like this; None without a table. ``silence`` is None where the pattern warns.
    """

    pattern: FailurePattern
    value: float | None
    limit: float | None
    alike: Proportion | None
    others: Proportion | None
    silence: Silence | None

    @property
    def warns(self) -> bool:
        """Whether the pack's validation shows that cases like this one fail more often."""
        return self.silence is None


class NoErrorModel(StrEnum):
    """Why there is no error model (V16)."""

    NO_VALIDATION = "no-validation"
    OWN_THRESHOLD = "own-threshold"
    OTHER_PREVALENCE = "other-prevalence"  # fitted on calls made in the training prevalence
    FEW_ERRORS = "few-errors"
    UNTESTED = "untested"  # the pack's builder did not try
    NOT_BETTER_THAN_CHANCE = "not-better-than-chance"
    UNKNOWN_TRAIT = "unknown-trait"


@dataclass(frozen=True)
class ErrorEstimate:
    """The probability that this call is wrong, by a model of the pack's own errors, with 95 % interval.

    ``errors`` of ``patients`` of the same call were fitted; ``auc`` is (value, lower, upper), cross-
    validated.
    """

    value: float
    lower: float
    upper: float
    traits: tuple[Trait, ...]
    errors: int
    patients: int
    auc: tuple[float, float, float]


@dataclass(frozen=True)
class FailureReading:
    """What the pack's own errors say of a case with a call.

    ``error`` is an estimate, or why there is none; ``errors`` counts the wrong ones among all
    validation patients of this call.
    """

    signs: tuple[FailureSign, ...]
    error: ErrorEstimate | NoErrorModel
    errors: Proportion | None
