"""What is said of one case at one operating point and one prevalence."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.validation import OperatingPoint, ValidationSource


class Call(StrEnum):
    """The answer at an operating point."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True)
class Proportion:
    """A count out of a total, with its 95 % Wilson interval."""

    count: int
    total: int
    lower: float
    upper: float

    @property
    def value(self) -> float:
        return self.count / self.total if self.total else float("nan")


@dataclass(frozen=True)
class PredictiveValue:
    """PPV or NPV with its 95 % interval (V12)."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Confusion:
    """The confusion table of the pack's validation patients at the present threshold."""

    tp: int
    fp: int
    tn: int
    fn: int
    source: ValidationSource

    @property
    def cohort_size(self) -> int:
        """Always the number of validation patients: the four cells by construction."""
        return self.tp + self.fp + self.tn + self.fn


@dataclass(frozen=True)
class Estimate:
    """The combined model's answer in the training cohort's prevalence.

    ``variance`` is Var(η) of V10: coefficient covariance plus refit variance. ``pattern`` names the
    submodel (V9). ``training_prevalence`` is the cohort's share of positives.
    """

    logit: float
    variance: float
    pattern: str
    training_prevalence: float


@dataclass(frozen=True)
class Readout:
    """The statement of one case. Probabilities are at ``prevalence`` (V11: one world at a time).

    ``neighbours`` counts the positives among the validation patients with the nearest scores (V15).
    ``ppv`` and ``npv`` are None where they cannot be given (no such calls).
    """

    probability: float
    lower: float
    upper: float
    prevalence: float
    operating_point: OperatingPoint
    call: Call
    confusion: Confusion
    sensitivity: Proportion
    specificity: Proportion
    ppv: PredictiveValue | None
    npv: PredictiveValue | None
    neighbours: Proportion
