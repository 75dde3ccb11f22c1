"""What a build or an external validation found: everything that its report, figures and JSON say.

``training`` fills it; ``reports`` writes it. Nothing here is computed: whoever shows a figure asks
``stats`` for it, from the scores kept here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from her2desk.domain.counts import Confusion
from her2desk.stats.association import AssociationTable
from her2desk.stats.meta_analysis import SitePooling
from her2desk.stats.sample_size import SampleSize
from her2desk.texts import Message

_Value = TypeVar("_Value")


class Evidence(StrEnum):
    """On whom a figure was worked out; ``EXTERNAL`` is another cohort, with the pack locked."""

    APPARENT = "apparent"
    CROSS_VALIDATED = "cross_validated"
    HELD_OUT = "held_out"
    EXTERNAL = "external"


@dataclass(frozen=True)
class AucFigure:
    """An AUC with its 95 % interval; ``method`` names the interval ("nadeau-bengio" is approximate)."""

    value: float
    lower: float
    upper: float
    method: str


@dataclass(frozen=True)
class ScoredCohort:
    """Patients with known status and what each branch said of them, one entry a patient.

    ``probabilities[branch]`` lie in (0, 1), NaN where the branch's inputs are not known. ``folds`` are
    outer folds for cross-validated scores, None where one model answered all. ``groups[kind]``
    ("scanner", "site", "size", "age") names each patient's subgroup, "" where not known.
    """

    evidence: Evidence
    patients: tuple[str, ...]
    positive: tuple[bool, ...]
    probabilities: Mapping[str, tuple[float, ...]]
    folds: tuple[int, ...] | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def where_known(self, *branches: str) -> "ScoredCohort":
        """The patients whom each of these branches could answer for."""
        given = [self.probabilities[branch] for branch in branches]
        kept = [i for i in range(len(self.patients)) if all(math.isfinite(p[i]) for p in given)]

        def of(values: tuple[_Value, ...]) -> tuple[_Value, ...]:
            return tuple(values[i] for i in kept)

        return ScoredCohort(
            self.evidence,
            of(self.patients),
            of(self.positive),
            {branch: of(values) for branch, values in self.probabilities.items()},
            None if self.folds is None else of(self.folds),
            {kind: of(values) for kind, values in self.groups.items()},
        )


@dataclass(frozen=True)
class OperatingPointFigures:
    """The confusion table at a named threshold of the combined model (V14)."""

    name: str
    threshold: float
    evidence: Evidence
    confusion: Confusion


@dataclass(frozen=True)
class SelectionStep:
    """How many features one step of the selection kept, on the whole training side."""

    name: Message
    kept: int


@dataclass(frozen=True)
class ReaderAgreement:
    """V21: ``left_out`` of ``features`` were not offered to the deployed model's selection.

    Two readers outlined ``patients`` of the training side; every fold judged by its own.
    """

    patients: int
    features: int
    left_out: int


@dataclass(frozen=True)
class SelectedFeature:
    """A feature of the deployed model and in how many of the outer folds it was chosen too."""

    name: str
    chosen_in_folds: int
    folds: int


@dataclass(frozen=True)
class BranchChoice:
    """What a branch became: family ("lightgbm") and settings; each try's inner cross-validated AUC."""

    branch: str
    family: str
    settings: Mapping[str, float]
    tries: Mapping[str, float]


@dataclass(frozen=True)
class LogisticTerm:
    """A term of the combined model: name ("pr", "dlr"), coefficient, standard error, training limits."""

    name: str
    coefficient: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CombinedModel:
    """A logistic model to draw as a nomogram; ``method``: "maximum likelihood", "ridge" or "FLIC"."""

    name: str
    intercept: float
    terms: tuple[LogisticTerm, ...]
    method: str


@dataclass(frozen=True)
class Ledger:
    """V5: how often this cohort was built on and its held-out patients were looked at."""

    builds: int
    held_out_opened: int


@dataclass(frozen=True)
class RobustnessRow:
    """A feature under jitter of the outline: ICC(A,1) with its 95 % interval (McGraw & Wong 1996)."""

    feature: str
    icc: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Population:
    """Who was in a set: counts, and each clinical input's summary as text by class.

    ``summaries`` are (label, among positives, among negatives); populations of one study list the
    same labels in one order as far as they have them.
    """

    name: Message
    patients: int
    positive: int
    summaries: tuple[tuple[Message, str, str], ...] = ()


@dataclass(frozen=True)
class Study:
    """A build, or an external validation of a locked pack.

    ``figures[branch][evidence]`` holds AUCs. ``tables`` are the scored patients behind them, one
    for each evidence. ``decision_range`` is the range of threshold probabilities at which
    ``decision`` may be taken; without one no net benefit is shown (V8). Parts that a kind of study
    does not have are empty or None.
    """

    title: str
    is_external: bool
    pack_name: str
    pack_version: str
    pack_digest: str
    demo: bool
    intended_use: str
    moment_of_prediction: str
    decision: str
    cohort_description: str
    cohort_sha256: str
    seed: int
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    populations: tuple[Population, ...]
    figures: Mapping[str, Mapping[Evidence, AucFigure]]
    tables: Mapping[Evidence, ScoredCohort]
    operating_points: tuple[OperatingPointFigures, ...]
    decision_range: tuple[float, float] | None = None
    acquisition: Mapping[Evidence, AucFigure] = field(default_factory=dict)
    sites: SitePooling | None = None
    sample_size: SampleSize | None = None
    association: AssociationTable | None = None
    selection: tuple[SelectionStep, ...] = ()
    features: tuple[SelectedFeature, ...] = ()
    choices: tuple[BranchChoice, ...] = ()
    nomograms: tuple[CombinedModel, ...] = ()
    ledger: Ledger | None = None
    robustness: tuple[RobustnessRow, ...] = ()
    readers: ReaderAgreement | None = None
    fallbacks: tuple[Message, ...] = ()
    excluded: tuple[tuple[str, Message], ...] = ()
