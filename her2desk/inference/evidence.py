"""A pack's validation patients as arrays, with all that a threshold or a prevalence does not change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.failure import DECLARED, FailurePattern
from her2desk.domain.log_odds import logit
from her2desk.domain.readout import FEWEST_OF_A_CLASS, IndeterminateRule
from her2desk.domain.traits import Trait
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.conformal import left_in
from her2desk.inference.quarters import deployed_limit, looks_like
from her2desk.packs.pack import Pack
from her2desk.packs.readout_part import ReadoutPart

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RANKED_BRANCHES = ("radiomics", "cnn")
FEWEST_RANKED = 40  # patients among whom two branches' ranks are compared
RARE = 95.0  # the percentile of their difference beyond which they disagree
HELD_OUT_FOLD = -1


@dataclass(frozen=True, eq=False)
class Evidence:
    """The validation patients of one source, as one submodel answered for them; arrays are (patients,).

    Rows are in the order of the patients' pseudonyms. ``folds`` is -1 for held-out patients; ``traits``
    and ``branches`` hold NaN where there is no value. ``source`` is None where there is no row.
    """

    source: ValidationSource | None
    patients: tuple[str, ...]
    positive: Flags
    logits: Floats
    folds: NDArray[np.intp]
    traits: Mapping[Trait, Floats]
    branches: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.patients)

    def called(self, point: OperatingPoint, shift: float) -> Flags:
        """Who is called positive, each by the own fold's threshold (V14); ``shift`` is V11's."""
        by_fold = [logit(point.threshold_for(fold)) for fold in range(len(point.fold_thresholds))]
        cuts = np.array([*by_fold, logit(point.threshold)])  # the last is the place of fold -1
        places = np.full(len(self), HELD_OUT_FOLD) if point.is_own else self.folds
        return np.asarray(self.logits + shift >= cuts[places], dtype=np.bool_)

    @cached_property
    def looks(self) -> Mapping[str, Flags]:
        """Who looks like each declared pattern of failure, by its name."""
        return {
            pattern.name: looks_like(pattern, self.traits[pattern.trait], self.folds)
            for pattern in DECLARED
        }

    def limit_of_a_new_case(
        self, pattern: FailurePattern, held_out: "Evidence | None" = None
    ) -> float | None:
        """From where on a case of the deployed network looks like the pattern.

        ``held_out`` are the patients whom that network read without having seen them.
        """
        if held_out is None:
            return self._limits[pattern.name]
        read = held_out.traits[pattern.trait]
        return deployed_limit(pattern, self.traits[pattern.trait], self.folds, read)

    @cached_property
    def _limits(self) -> Mapping[str, float | None]:
        """Of each declared pattern by name, where no patient was held out."""
        nobody = np.empty(0)
        return {
            pattern.name: deployed_limit(pattern, self.traits[pattern.trait], self.folds, nobody)
            for pattern in DECLARED
        }

    @property
    def supports_conformal(self) -> bool:
        """Whether there are 40 patients of each class (V20)."""
        positive = int(self.positive.sum())
        return min(positive, len(self) - positive) >= FEWEST_OF_A_CLASS

    @cached_property
    def left_out_of_fold(self) -> Flags:
        """Classes not ruled out (patients, 2), negative first, by the patients of the other folds."""
        left = np.ones((len(self), 2), dtype=np.bool_)
        for fold in np.unique(self.folds):
            asked = self.folds == fold
            left[asked] = left_in(self.logits[~asked], self.positive[~asked], self.logits[asked])
        return left

    @cached_property
    def rank_limit(self) -> float | None:
        """The difference between radiomics' and network's ranks that 95 % stay within.

        None with fewer than 40 patients who have both scores. No label has a say in it.
        """
        known = self._has_both
        if int(known.sum()) < FEWEST_RANKED:
            return None
        ranks = [self.rank(name, self.branches[name][known]) for name in RANKED_BRANCHES]
        return float(np.percentile(np.abs(ranks[0] - ranks[1]), RARE))

    @property
    def ranked(self) -> int:
        """How many patients the branches' ranks are compared among."""
        return int(self._has_both.sum())

    def rank(self, branch: str, scores: Floats) -> Floats:
        """Share of the patients with a lower score of this branch; half of those with the same."""
        known = np.sort(self.branches[branch][self._has_both])
        below = np.searchsorted(known, scores, "left")
        return np.asarray((below + np.searchsorted(known, scores, "right")) / (2 * len(known)))

    @cached_property
    def _has_both(self) -> Flags:
        radiomics, cnn = (self.branches[name] for name in RANKED_BRANCHES)
        return np.asarray(np.isfinite(radiomics) & np.isfinite(cnn), dtype=np.bool_)


@dataclass(frozen=True)
class Grounds:
    """What of a pack a readout rests on.

    ``counted`` are the patients of the table and the neighbours. ``judged`` are always out of fold:
    rule of the indeterminate zone and patterns of failure were worked out on them. ``part`` is what the
    builder worked out, ``rule`` what the pack asks for.
    """

    counted: Evidence
    judged: Evidence
    rule: IndeterminateRule = IndeterminateRule.INTERVAL
    part: ReadoutPart = field(default_factory=ReadoutPart)


def gathered(rows: Sequence[ValidationRow]) -> Evidence:
    """The rows, of one pattern and source, as arrays."""
    ordered = sorted(rows, key=lambda row: row.patient)
    return Evidence(
        source=ordered[0].source if ordered else None,
        patients=tuple(row.patient for row in ordered),
        positive=np.array([row.positive for row in ordered], dtype=np.bool_),
        logits=np.array([row.logit for row in ordered], dtype=np.float64),
        folds=np.array(
            [HELD_OUT_FOLD if row.fold is None else row.fold for row in ordered], dtype=np.intp
        ),
        traits={trait: _column([row.traits[trait] for row in ordered]) for trait in Trait},
        branches={
            name: _column([row.branches.get(name) for row in ordered]) for name in RANKED_BRANCHES
        },
    )


def evidence_of(pack: Pack, pattern: str, source: ValidationSource) -> Evidence:
    """The validation patients of one source as the submodel of ``pattern`` answered for them.

    Gathered once for an opened pack and forgotten with it: a threshold that is dragged asks 60 times
    a second.
    """
    known = _GATHERED.setdefault(pack, {})
    key = (pattern, source)
    if key not in known:
        known[key] = gathered(pack.rows(pattern, source))
    return known[key]


def grounds_of(
    pack: Pack, pattern: str, source: ValidationSource = ValidationSource.OUT_OF_FOLD
) -> Grounds:
    """What a readout of this pack rests on when the patients of ``source`` are counted."""
    return Grounds(
        counted=evidence_of(pack, pattern, source),
        judged=evidence_of(pack, pattern, ValidationSource.OUT_OF_FOLD),
        rule=pack.manifest.indeterminate_rule,
        part=pack.readout,
    )


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


# A pack is compared by identity, so one opened twice is gathered twice and neither is kept alive.
_GATHERED: WeakKeyDictionary[Pack, dict[tuple[str, ValidationSource], Evidence]] = (
    WeakKeyDictionary()
)
