"""What is said of one case at one operating point and one prevalence."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.counts import Call, Confusion, PredictiveValue, Proportion
from her2desk.domain.failure import FailureReading
from her2desk.domain.log_odds import logit
from her2desk.domain.validation import OperatingPoint

CONFORMAL_LEVEL = 0.10  # V20
FEWEST_OF_A_CLASS = 40  # V20: validation patients behind the conformal rule


class IndeterminateRule(StrEnum):
    """By which rule of the pack no call is made (V20)."""

    INTERVAL = "interval-across-threshold"
    CONFORMAL = "class-conditional-conformal"


class Doubt(StrEnum):
    """Why no call is made for a case."""

    INTERVAL = "interval"  # the interval lies on both sides of the threshold
    CONFORMAL = "conformal"  # neither class can be ruled out, or only the one not called
    BRANCHES = "branches"  # radiomics and network disagree as they rarely did in validation
    OUT_OF_RANGE = "out-of-range"  # unlike the pack's patients


@dataclass(frozen=True)
class Estimate:
    """The combined model's answer in the prevalence that the pack was fitted or recalibrated at.

    ``variance`` is Var(η) of V10: coefficient covariance plus refit variance. ``pattern`` names the
    submodel (V9). ``training_prevalence`` is that prevalence, a share of positives.
    """

    logit: float
    variance: float
    pattern: str
    training_prevalence: float


@dataclass(frozen=True)
class BranchRanks:
    """How far radiomics and network disagree: shares of the validation patients below the case.

    ``limit`` is the difference of the two shares that 95 % of the ``patients`` stay within (V20).
    """

    radiomics: float
    cnn: float
    limit: float
    patients: int

    @property
    def disagree(self) -> bool:
        """Whether they differ as they rarely did in validation."""
        return abs(self.radiomics - self.cnn) > self.limit


@dataclass(frozen=True)
class Readout:
    """The statement of one case. Probabilities are at ``prevalence`` (V11: one world at a time).

    ``doubts`` say why no call is made, and are empty where one is. ``confusion``, the proportions,
    ``neighbours`` and ``alike`` are None where the pack has no validation patients to count, or none
    of one class where that is needed. ``neighbours`` counts the positives among the validation
    patients with the nearest scores, ``alike`` among those with the same call, None without a call
    (V15). ``miscalled`` are the patients of each class, negative first, whom the conformal rule called
    wrongly out of fold; None under the other rule. ``failure`` is None without a call.

    ``class_p`` are the conformal p-values of the classes, negative first; None under the other rule.
    ``falls_back`` says that the pack asks for the conformal rule, which has too few patients here.
    ``ranks`` are None where there are too few patients to compare the branches among.
    """

    probability: float
    lower: float
    upper: float
    prevalence: float
    operating_point: OperatingPoint
    call: Call
    confusion: Confusion | None
    sensitivity: Proportion | None
    specificity: Proportion | None
    ppv: PredictiveValue | None
    npv: PredictiveValue | None
    neighbours: Proportion | None
    rule: IndeterminateRule = IndeterminateRule.INTERVAL
    doubts: tuple[Doubt, ...] = ()
    miscalled: tuple[Proportion, Proportion] | None = None
    alike: Proportion | None = None
    failure: FailureReading | None = None
    class_p: tuple[float, float] | None = None
    falls_back: bool = False
    ranks: BranchRanks | None = None


def prevalence_shift(estimate: Estimate, prevalence: float | None) -> float:
    """What the local prevalence adds to the log-odds (V11); nothing where none is given."""
    if prevalence is None:
        return 0.0
    return logit(prevalence) - logit(estimate.training_prevalence)
