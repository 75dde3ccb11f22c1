"""How often the 95 % intervals of V10, V12 and V13 hold what they are of.

    python -m benchmarks.interval_coverage --cohorts 500

V10: cohorts of the paper's size (140 patients, 43 in 140 positive) and of the demo pack's (207, 56) are
drawn, fitted by the builder's own functions and read by the product's own. The target is E(Y | scores):
the share of positives among patients with the same PR and DLR score. ``logistic`` scores have an exact
truth, for ``lightgbm`` it is counted in 100,000 patients scored by the deployed model; of those there are
``--tree-cohorts``. Cohort k has seed k. A standard error (SE) is over cohorts. Three lines show other
variances than the product's: the covariance alone, and two that leave out what is counted twice.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from scipy.special import expit

from benchmarks.audit_ward import in_memory, patients
from benchmarks.interval_cohorts import PR, Fitted, LearnerName, drawn, fitted
from her2desk.audit.recalibration import RecalibrationKind, recalibrated
from her2desk.domain.counts import Confusion, PredictiveValue
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.validation import OperatingPoint, ValidationSource
from her2desk.errors import InputRefused
from her2desk.inference.branches import combined_estimate
from her2desk.inference.evidence import grounds_of
from her2desk.inference.nomograms import linear_model
from her2desk.inference.readout import read
from her2desk.packs.manifest import Manifest, Models, Submodel, TrainingPopulation
from her2desk.packs.pack import DLR_SIGNATURE, MODELS_FILE, Pack
from her2desk.stats.auc import auc
from her2desk.stats.nomogram import interval
from her2desk.stats.proportions import predictive_values
from her2desk.training.table import Matrix

ASKED = 40  # patients of each cohort's place
PLACES = 21  # along the axis of the DLR score
LOCAL_PREVALENCE = 0.2
LOCAL_RESULTS = 40
LOCAL_ODDS_RATIO = 2.0
MIDDLE = OperatingPoint("own", 0.5)

Bounds = tuple[float, float]
Scores = Mapping[str, float]
Seen = tuple[float, float]  # share covered, and mean width, of one cohort


@dataclass(frozen=True)
class Setting:
    """How large the cohorts are, and what makes the DLR score."""

    patients: int
    positive: int
    learner: LearnerName

    @property
    def prevalence(self) -> float:
        """Of the place that the cohorts are drawn from."""
        return self.positive / self.patients


SETTINGS = (
    Setting(140, 43, "logistic"),
    Setting(207, 56, "logistic"),
    Setting(140, 43, "lightgbm"),
    Setting(207, 56, "lightgbm"),
)


@dataclass(frozen=True)
class Coverage:
    """Share of intervals that hold their target, its standard error, and their mean width."""

    name: str
    share: float
    error: float
    width: float
    runs: int

    def line(self) -> str:
        """As the table has it."""
        return f"| {self.name} | {self.share:.3f} | {self.error:.3f} | {self.width:.2f} | {self.runs} |"


def coverage(name: str, seen: list[Seen]) -> Coverage:
    """Over cohorts, each of which counts alike."""
    shares, widths = np.array(seen).T
    error = float(shares.std(ddof=1)) / math.sqrt(len(shares))
    return Coverage(name, float(shares.mean()), error, float(widths.mean()), len(shares))


def readout_bounds(
    pack: Pack, submodel: Submodel, scores: Scores, prevalence: float | None = None
) -> Bounds:
    """The interval that a result shows (V10), at a local prevalence if one is given (V11)."""
    estimate = combined_estimate(pack, submodel, scores)
    readout = read(estimate, grounds_of(pack, estimate.pattern), MIDDLE, prevalence)
    return readout.lower, readout.upper


def without_refits(submodel: Submodel) -> Submodel:
    """As if no variance over refits were known."""
    return submodel.model_copy(update={"refit_variance": {}})


def with_covariance(submodel: Submodel, covariance: Matrix) -> Submodel:
    """The same model with another covariance of its coefficients."""
    rows = tuple(map(tuple, covariance.tolist()))
    return submodel.model_copy(
        update={"model": submodel.model.model_copy(update={"covariance": rows})}
    )


def without_own_share(submodel: Submodel, population: TrainingPopulation) -> Submodel:
    """Without the intercept's part that comes from how many of the cohort happened to be positive.

    V11 takes that share off again (Prentice and Pyke, Biometrika 1979; 66: 403).
    """
    covariance = np.array(submodel.model.covariance)
    covariance[0, 0] -= 1 / population.positive + 1 / (population.patients - population.positive)
    return with_covariance(submodel, covariance)


def without_own_intercept(local: Submodel, old: Submodel, at: Matrix, logits: Matrix) -> Submodel:
    """A recalibrated model without the old intercept's uncertainty, in whose place the new one's is.

    Local patients have the designs ``at`` (patients, 1 + terms) and the new ``logits``; what the old
    coefficients are wrong by in their middle, the fitted intercept takes off again.
    """
    weights = expit(logits) * (1 - expit(logits))
    first = np.eye(at.shape[1])[0]
    off_middle = np.eye(at.shape[1]) - np.outer(first, weights @ at / weights.sum())
    covariance = off_middle @ np.array(old.model.covariance) @ off_middle.T
    return with_covariance(local, covariance + np.outer(first, first) / weights.sum())


def v10(setting: Setting, seed: int) -> dict[str, Seen]:
    """What one cohort's intervals hold; a ward that cannot be recalibrated is left out."""
    cohort = fitted(setting.patients, setting.prevalence, setting.learner, seed)
    pack, submodel = cohort.pack, cohort.submodel
    rng = np.random.default_rng([seed, 2])
    here = cohort.values(drawn(rng, ASKED, cohort.prevalence))
    there = cohort.values(drawn(rng, ASKED, LOCAL_PREVALENCE))
    alone = without_refits(submodel)
    no_share = without_own_share(submodel, pack.manifest.training)
    model = linear_model(submodel.model, submodel.refit_variance)
    found = {
        "result": share_held(cohort, here, lambda v: readout_bounds(pack, submodel, v)),
        "result, covariance alone": share_held(
            cohort, here, lambda v: readout_bounds(pack, alone, v)
        ),
        "result at a local prevalence of 20 %": share_held(
            cohort,
            there,
            lambda v: readout_bounds(pack, submodel, v, LOCAL_PREVALENCE),
            LOCAL_PREVALENCE,
        ),
        "the same, without the cohort's own share": share_held(
            cohort,
            there,
            lambda v: readout_bounds(pack, no_share, v, LOCAL_PREVALENCE),
            LOCAL_PREVALENCE,
        ),
        "nomogram, any place on its axes": share_held(
            cohort, list(places(submodel)), lambda v: interval(model, v) or (0.0, 1.0)
        ),
    }
    recalibrating = after_recalibration(cohort, rng)
    return found if recalibrating is None else {**found, **recalibrating}


def share_held(
    cohort: Fitted,
    values: list[dict[str, float]],
    bounds: Callable[[Scores], Bounds],
    prevalence: float | None = None,
) -> Seen:
    """Share of the intervals that hold E(Y | scores), and their mean width."""
    held, widths = [], []
    for scores in values:
        lower, upper = bounds(scores)
        held.append(lower <= sigmoid(cohort.truth(scores, prevalence)) <= upper)
        widths.append(upper - lower)
    return float(np.mean(held)), float(np.mean(widths))


def places(submodel: Submodel) -> Iterator[dict[str, float]]:
    """Both values of PR with the DLR score anywhere within its training limits."""
    at = submodel.model.terms.index(DLR_SIGNATURE)
    for pr in (0.0, 1.0):
        for score in np.linspace(submodel.model.lower[at], submodel.model.upper[at], PLACES):
            yield {PR: pr, DLR_SIGNATURE: float(score)}


def after_recalibration(cohort: Fitted, rng: np.random.Generator) -> dict[str, Seen] | None:
    """The intervals in a ward with other odds, before and after its intercept was fitted there.

    None where the ward's results have fewer than 10 of a class.
    """
    prevalence = sigmoid(logit(cohort.prevalence) + math.log(LOCAL_ODDS_RATIO))
    ward = drawn(rng, LOCAL_RESULTS, prevalence)
    terms = cohort.submodel.model.terms
    values = cohort.values(ward)
    estimates = np.array([combined_estimate(cohort.pack, cohort.submodel, v).logit for v in values])
    simulated = patients(cohort.pack, ward.positive, estimates, rng=rng)
    results = in_memory(cohort.pack, simulated)
    try:
        members = recalibrated(cohort.pack, results, RecalibrationKind.INTERCEPT, "local")
    except InputRefused:
        return None
    local = replace(
        cohort.pack,
        manifest=Manifest.model_validate_json(members["manifest.json"]),
        models=Models.model_validate_json(members[MODELS_FILE]),
    )
    submodel = replace(cohort, pack=local).submodel
    at = np.array([[1.0, *(v[t] for t in terms)] for v in values])
    moved = estimates + submodel.model.intercept - cohort.submodel.model.intercept
    once = without_own_intercept(submodel, cohort.submodel, at, moved)
    asked = cohort.values(drawn(rng, ASKED, prevalence))
    return {
        "result where odds are doubled": share_held(
            cohort, asked, lambda v: readout_bounds(cohort.pack, cohort.submodel, v), prevalence
        ),
        "the same, recalibrated on 40 local results": share_held(
            cohort, asked, lambda v: readout_bounds(local, submodel, v), prevalence
        ),
        "the same, one intercept's uncertainty": share_held(
            cohort, asked, lambda v: readout_bounds(local, once, v), prevalence
        ),
    }


def of_cohorts(setting: Setting, cohorts: int) -> list[Coverage]:
    """V10's intervals in cohorts 0, 1, 2, …"""
    seen: dict[str, list[Seen]] = {}
    for seed in range(cohorts):
        for name, one in v10(setting, seed).items():
            seen.setdefault(name, []).append(one)
    return [coverage(name, runs) for name, runs in seen.items()]


@dataclass(frozen=True)
class Calls:
    """Validation patients, and how well their model calls them."""

    patients: int
    prevalence: float
    sensitivity: float = 0.80
    specificity: float = 0.75


def v12(calls: Calls, prevalence: float | None, draws: int) -> list[Coverage]:
    """PPV and NPV of patients drawn at random, at the cohort's own share or at ``prevalence``.

    The target is the call's true predictive value where so many are positive: in the first case, where
    the cohort was drawn.
    """
    rng = np.random.default_rng(12)
    world = calls.prevalence if prevalence is None else prevalence
    hits, rejected = world * calls.sensitivity, (1 - world) * calls.specificity
    true = (
        hits / (hits + (1 - world) * (1 - calls.specificity)),
        rejected / (rejected + world * (1 - calls.sensitivity)),
    )
    seen: tuple[list[Seen], list[Seen]] = ([], [])
    for _ in range(draws):
        positives = int(rng.binomial(calls.patients, calls.prevalence))
        tp = int(rng.binomial(positives, calls.sensitivity))
        tn = int(rng.binomial(calls.patients - positives, calls.specificity))
        table = (tp, calls.patients - positives - tn, tn, positives - tp)
        for answer, value, found in zip(predicted(table, prevalence), true, seen, strict=True):
            if answer is not None:
                found.append((answer.lower <= value <= answer.upper, answer.upper - answer.lower))
    return [coverage(name, found) for name, found in zip(("PPV", "NPV"), seen, strict=True)]


@cache
def predicted(
    cells: tuple[int, int, int, int], prevalence: float | None
) -> tuple[PredictiveValue | None, PredictiveValue | None]:
    """The product's predictive values of a table: TP, FP, TN, FN."""
    tp, fp, tn, fn = cells
    table = Confusion(tp=tp, fp=fp, tn=tn, fn=fn, source=ValidationSource.HELD_OUT)
    return predictive_values(table, (tp + fn) / sum(cells) if prevalence is None else prevalence)


def v13(n: int, positive: int, area: float, draws: int) -> list[Coverage]:
    """The true AUC of binormal scores, by the interval that is shown and by plain DeLong's."""
    rng = np.random.default_rng(13)
    labels = np.arange(n) < positive
    apart = math.sqrt(2) * NormalDist().inv_cdf(area)
    seen: dict[Literal["logit", "plain"], list[Seen]] = {"logit": [], "plain": []}
    for _ in range(draws):
        scores = rng.normal(size=n) + apart * labels
        for kind, found in seen.items():
            one = auc(labels, scores, kind)
            found.append((one.lower <= area <= one.upper, one.upper - one.lower))
    return [coverage(f"{name} DeLong", found) for name, found in seen.items()]


def show(title: str, found: list[Coverage]) -> None:
    """Print one part of the table."""
    print(f"{title}\n| interval | covers | SE | mean width | runs |\n|---|---|---|---|---|")
    for one in found:
        print(one.line())
    print(flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=500, help="with a logistic DLR model")
    parser.add_argument("--tree-cohorts", type=int, default=200, help="with LightGBM")
    parser.add_argument("--draws", type=int, default=5000, help="of tables and of ROC curves")
    given = parser.parse_args()
    started = time.perf_counter()
    for n, positive in ((60, 15), (140, 43)):
        calls = Calls(n, positive / n)
        for prevalence in (None, LOCAL_PREVALENCE, 0.1):
            where = "own prevalence" if prevalence is None else f"{100 * prevalence:g} % positive"
            show(f"V12, {n} patients, {where}", v12(calls, prevalence, given.draws))
        for area in (0.75, 0.9):
            show(f"V13, {n} patients, AUC {area:g}", v13(n, positive, area, given.draws))
    for setting in SETTINGS:
        cohorts = given.cohorts if setting.learner == "logistic" else given.tree_cohorts
        title = f"V10, {setting.patients} patients, {setting.positive} positive, {setting.learner}"
        show(title, of_cohorts(setting, cohorts))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
