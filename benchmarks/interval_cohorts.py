"""Simulated cohorts whose truth is known, fitted and packed as the builder does it.

HER-2 status is drawn first. PR depends on it as in the paper; four of twelve features are shifted in
positives by a part of their standard deviation, and everything is independent given the status. So the
share of positives among patients with the same PR and the same DLR score can be worked out for any
DLR model: E(Y | scores), the target of V10's interval.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.log_odds import logit
from her2desk.packs.manifest import Submodel
from her2desk.packs.pack import DLR_SIGNATURE, Pack, open_pack
from her2desk.packs.readout_part import ReadoutPart
from her2desk.paths import demo_pack_path
from her2desk.phantoms.clinical import PR_ODDS_RATIO
from her2desk.training.combined import fit_combined
from her2desk.training.families import Form, families
from her2desk.training.folds import Scope, stratified_folds
from her2desk.training.table import Labels, Matrix, Table

PR = "pr"
FEATURES = 12
SHIFT = np.repeat([0.73, 0.0], [4, 8])  # of the positives; together an AUC of 0.85 at best
PR_IN_NEGATIVES = 0.67
_ODDS = PR_ODDS_RATIO * PR_IN_NEGATIVES / (1 - PR_IN_NEGATIVES)
PR_IN_POSITIVES = _ODDS / (1 + _ODDS)
FOLDS, REPEATS = 4, 4  # the builder's own
SCORED = 100_000  # patients behind the truth of a model without a closed form
NEAREST = 1_500
LearnerName = Literal["logistic", "lightgbm"]


@dataclass(frozen=True)
class Patients:
    """HER-2 status (n,), PR (n,) as 0 or 1, and features (n, ``FEATURES``)."""

    positive: Labels
    pr: Matrix
    features: Matrix


def drawn(rng: np.random.Generator, n: int, prevalence: float) -> Patients:
    """``n`` patients of a place where ``prevalence`` are positive, otherwise as everywhere."""
    positive = rng.random(n) < prevalence
    pr = rng.random(n) < np.where(positive, PR_IN_POSITIVES, PR_IN_NEGATIVES)
    features = rng.normal(size=(n, FEATURES)) + positive[:, None] * SHIFT
    return Patients(positive, pr.astype(np.float64), features)


@dataclass(frozen=True)
class Fitted:
    """A cohort's pack and the DLR model that it would deploy.

    ``prevalence`` is that of the place the cohort is drawn from, not the cohort's own.
    """

    pack: Pack
    dlr: Form
    prevalence: float
    seed: int

    @property
    def submodel(self) -> Submodel:
        """The combined model with PR."""
        return next(s for s in self.pack.models.submodels if s.pattern == PR)

    def values(self, patients: Patients) -> list[dict[str, float]]:
        """What the combined model looks at, for each patient."""
        scores = self.dlr.log_odds(patients.features)
        return [
            {PR: float(pr), DLR_SIGNATURE: float(score)}
            for pr, score in zip(patients.pr, scores, strict=True)
        ]

    def truth(self, values: Mapping[str, float], prevalence: float | None = None) -> float:
        """log-odds of E(Y | PR, DLR score) where ``prevalence`` are positive."""
        share_in_positives = PR_IN_POSITIVES if values[PR] else 1 - PR_IN_POSITIVES
        share_in_negatives = PR_IN_NEGATIVES if values[PR] else 1 - PR_IN_NEGATIVES
        of_pr = np.log(share_in_positives / share_in_negatives)
        own = self.prevalence if prevalence is None else prevalence
        return float(logit(own) + of_pr + self.log_ratio(values[DLR_SIGNATURE]))

    def log_ratio(self, score: float) -> float:
        """Log of the density of a DLR score in positives over that in negatives."""
        if self.dlr.coefficients is None:
            return self._scored.log_ratio(score)
        # A weighted sum of normal features of equal variance is normal with equal variances.
        weights = self.dlr.coefficients
        apart = float(weights @ SHIFT)
        variance = float(weights @ weights)
        return apart / variance * (score - self.dlr.intercept - apart / 2)

    @cached_property
    def _scored(self) -> "Population":
        return population(self.dlr, self.seed)


@dataclass(frozen=True)
class Population:
    """A huge population, half of it positive, by the deployed model's scores in ascending order."""

    scores: Matrix
    positives: NDArray[np.int64]  # how many up to each place, 0 first

    def log_ratio(self, score: float) -> float:
        """Log-odds of the status among the nearest scores."""
        middle = int(np.searchsorted(self.scores, score))
        first = min(max(middle - NEAREST // 2, 0), len(self.scores) - NEAREST)
        count = int(self.positives[first + NEAREST] - self.positives[first])
        return float(np.log((count + 0.5) / (NEAREST - count + 0.5)))


def population(dlr: Form, seed: int) -> Population:
    """The population of ``SCORED`` patients as ``dlr`` scores it."""
    patients = drawn(np.random.default_rng([seed, 1]), SCORED, 0.5)
    scores = dlr.log_odds(patients.features)
    order = np.argsort(scores, kind="stable")
    positives = np.concatenate([[0], np.cumsum(patients.positive[order])])
    return Population(scores[order], positives)


def fitted(patients: int, prevalence: float, learner: LearnerName, seed: int) -> Fitted:
    """The pack of a cohort drawn with this seed."""
    rng = np.random.default_rng(seed)
    cohort = drawn(rng, patients, prevalence)
    rows = np.arange(patients)
    inner = tuple(stratified_folds(cohort.positive, rows, FOLDS, seed + r) for r in range(REPEATS))
    nobody = np.array([], dtype=np.intp)
    scope = Scope(rows, nobody, inner, seed)
    table = Table((), {}, np.array([], dtype=bool), cohort.positive, (PR,), cohort.pr[:, None])
    combined = fit_combined(
        table, scope, {DLR_SIGNATURE: out_of_fold(cohort, scope, learner)}, "inputs"
    )
    pack = packed(combined.submodels, patients, int(cohort.positive.sum()))
    dlr = learnt(learner, cohort.features, cohort.positive, seed)
    return Fitted(pack, dlr, prevalence, seed)


def out_of_fold(cohort: Patients, scope: Scope, learner: LearnerName) -> Matrix:
    """DLR scores (repeats, patients), each by a model that had not seen the patient (V1)."""
    scores = np.full((len(scope.inner), len(cohort.positive)), np.nan)
    for r, folds in enumerate(scope.inner):
        for j, fold in enumerate(folds):
            rest = np.setdiff1d(scope.rows, fold)
            seed = scope.seed + 100 * r + j
            model = learnt(learner, cohort.features[rest], cohort.positive[rest], seed)
            scores[r, fold] = model.log_odds(cohort.features[fold])
    return scores


def learnt(learner: LearnerName, values: Matrix, labels: Labels, seed: int) -> Form:
    """A DLR model of one family with the last settings of its default grid."""
    (family,) = families([learner], "default")
    return family.convert(family.build(values, labels, family.grid[-1], seed))


@cache
def demo_frame() -> Pack:
    """The demo pack, opened once."""
    return open_pack(demo_pack_path())


def packed(submodels: tuple[Submodel, ...], patients: int, positive: int) -> Pack:
    """A pack with these combined models and no validation patients, on the demo pack's frame."""
    frame = demo_frame()
    return replace(
        frame,
        manifest=frame.manifest.model_copy(
            update={
                "training": frame.manifest.training.model_copy(
                    update={"patients": patients, "positive": positive}
                )
            }
        ),
        models=frame.models.model_copy(update={"submodels": submodels, "nomograms": ()}),
        validation=(),
        readout=ReadoutPart(),
        space=None,
    )
