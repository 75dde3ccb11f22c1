"""Calls and counts: what a threshold makes of patients, and the proportions that follow."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.validation import ValidationSource


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
