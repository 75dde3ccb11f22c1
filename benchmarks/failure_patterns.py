"""Are planted patterns of failure recognised, and is there silence where none are (V16)?

``python -m benchmarks.failure_patterns`` prints one JSON document; ``--cohorts`` and ``--null`` say how
many simulated cohorts there are of each kind, with seeds 0, 1, 2, …

A cohort is a table of validation rows in 5 folds: patients of whom 43 in 140 are HER-2 positive, with
log-odds that part the classes by a stated AUC; thresholds are chosen on the other folds' rows by the
builder's own rules. Traits are independent of status and log-odds, calcification and nodes as often as in
the paper, attention figures correlated with one another. Then one of these is planted:

- calcification: a share of the negatives with calcification is taken for positive, that is, has the
  log-odds of a positive;
- dispersion: a share of the positives in the upper quarter of dispersion is taken for negative;
- nothing; and once more nothing, but with networks that differ: each fold's log-odds are moved by a
  normal draw of 0.5, each of its attention figures by one of 1.5 standard deviations.
"""

import argparse
import itertools
import json
import math
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri
from scipy.stats import hypergeom

from her2desk.domain.failure import LEVEL
from her2desk.domain.prediction import BRANCHES
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.packs.manifest import OperatingPointPart
from her2desk.phantoms.clinical import CALCIFICATION_SHARE, HER2_SHARE, NODES_SHARE
from her2desk.training.combined import POINTS
from her2desk.training.failures import error_model_parts, failure_parts

Planted = Literal["nothing", "calcification", "dispersion"]
PATTERN_OF: dict[Planted, str] = {
    "calcification": "calcification",
    "dispersion": "dispersed-attention",
}

FOLDS = 5
FOLD_LOG_ODDS, FOLD_ATTENTION = 0.5, 1.5  # how far folds lie apart
UPPER_QUARTER = 0.674  # of a standard normal
ATTENTION_R = 0.5  # how attention figures hang together
ATTENTION = (Trait.ROI_ATTENTION, Trait.BRIGHT_ATTENTION, Trait.DISPERSION)
SUBMODEL = "image-only"
SHARES = (0.1, 0.3, 0.5, 0.7, 1.0)
STRONG = 0.5
ERRORS = (0, 5, 10, 20, 40, 1000)


@dataclass(frozen=True)
class Setting:
    """How many patients a cohort has, and how well its model parts those whom no pattern concerns."""

    patients: int
    auc: float

    @property
    def spread(self) -> float:
        """Standard deviation of the log-odds within a class; its square parts the classes' means."""
        return math.sqrt(2) * float(ndtri(self.auc))

    @property
    def name(self) -> str:
        """As the document has it."""
        return f"{self.patients} patients, AUC {self.auc:g}"


PAPERS_SIZE = Setting(210, 0.85)
SETTINGS = (PAPERS_SIZE, Setting(420, 0.85), Setting(210, 0.95), Setting(420, 0.95))


@dataclass(frozen=True)
class Cohort:
    """Validation rows and the operating points that judge them."""

    rows: tuple[ValidationRow, ...]
    points: tuple[OperatingPointPart, ...]


def simulated(
    seed: int, planted: Planted, share: float = 0.0, setting: Setting = PAPERS_SIZE
) -> Cohort:
    """The cohort of this seed; the same draws whatever is planted."""
    patients, spread = setting.patients, setting.spread
    rng = np.random.default_rng(seed)
    positive = rng.random(patients) < HER2_SHARE
    centre = math.log(HER2_SHARE / (1 - HER2_SHARE))
    noise = spread * rng.normal(size=patients)
    shared = rng.normal(size=patients)
    attention = np.sqrt(ATTENTION_R) * shared + np.sqrt(1 - ATTENTION_R) * rng.normal(
        size=(3, patients)
    )
    calcified = rng.random(patients) < CALCIFICATION_SHARE
    values = {
        Trait.ROI_ATTENTION: 1.3 * np.exp(-0.25 * attention[0]),
        Trait.BRIGHT_ATTENTION: np.exp(0.2 * attention[1]),
        Trait.DISPERSION: expit(1.5 + 0.4 * attention[2]),
        Trait.CALCIFICATION: calcified.astype(float),
        Trait.NODES: (rng.random(patients) < NODES_SHARE).astype(float),
        Trait.SIZE: np.exp(rng.normal(np.log(12), 0.35, patients)),
        Trait.SOLIDITY: 1 - rng.beta(2, 18, patients),
    }
    alike = {
        "calcification": calcified & ~positive,
        "dispersion": (attention[2] > UPPER_QUARTER) & positive,
        "nothing": np.zeros(patients, dtype=np.bool_),
    }
    mistaken = alike[planted] & (rng.random(patients) < share)
    log_odds = centre + np.where(positive ^ mistaken, 0.5, -0.5) * spread**2 + noise
    folds = rng.permutation(np.arange(patients) % FOLDS)
    rows = tuple(
        ValidationRow(
            patient=f"V{i:04d}",
            positive=bool(positive[i]),
            fold=int(folds[i]),
            source=ValidationSource.OUT_OF_FOLD,
            pattern=SUBMODEL,
            logit=float(log_odds[i]),
            branches=dict.fromkeys(BRANCHES),
            traits={trait: float(column[i]) for trait, column in values.items()},
        )
        for i in range(patients)
    )
    return Cohort(rows, _points(positive, log_odds, folds))


def _points(
    positive: NDArray[np.bool_], log_odds: NDArray[np.float64], folds: NDArray[np.intp]
) -> tuple[OperatingPointPart, ...]:
    """Each named threshold, and the one of the other folds' patients for each fold."""
    probability = expit(log_odds)
    return tuple(
        OperatingPointPart.model_validate(
            {
                "pattern": SUBMODEL,
                "name": name,
                "threshold": rule(positive, probability),
                "fold_thresholds": [
                    rule(positive[folds != k], probability[folds != k]) for k in range(FOLDS)
                ],
            }
        )
        for name, rule in POINTS.items()
    )


@dataclass(frozen=True)
class Seen:
    """What the planted pattern came to at one operating point of one cohort.

    ``errors`` are those of its call, ``wrong`` and ``others_wrong`` the shares of errors among the
    ``alike`` who look like it and among the others; ``others_warn`` says that another pattern warned.
    """

    point: str
    found: bool
    errors: int
    alike: int
    wrong: float
    others_wrong: float
    others_warn: bool


def look_for(planted: Planted, share: float, setting: Setting, cohorts: int) -> list[Seen]:
    """Every operating point of every cohort with this pattern planted."""
    seen = []
    for seed in range(cohorts):
        cohort = simulated(seed, planted, share, setting)
        parts = failure_parts(cohort.rows, cohort.points)
        for point in POINTS:
            own = [part for part in parts if part.operating_point == point]
            target = next(part for part in own if part.name == PATTERN_OF[planted])
            seen.append(
                Seen(
                    point=point,
                    found=target.warns,
                    errors=target.errors,
                    alike=target.alike,
                    wrong=target.alike_wrong / max(1, target.alike),
                    others_wrong=target.others_wrong / max(1, target.others),
                    others_warn=any(part.warns for part in own if part is not target),
                )
            )
    return seen


def by_point(seen: Sequence[Seen]) -> dict[str, dict[str, float]]:
    """Means over cohorts, by operating point."""
    names = ("found", "errors", "alike", "wrong", "others_wrong", "others_warn")
    return {
        point: {
            name: float(np.mean([getattr(one, name) for one in seen if one.point == point]))
            for name in names
        }
        for point in POINTS
    }


def by_errors(seen: Sequence[Seen]) -> dict[str, dict[str, float]]:
    """Share found by the number of errors of the call, whatever the operating point."""
    table = {}
    for low, high in itertools.pairwise(ERRORS):
        hits = [one.found for one in seen if low <= one.errors < high]
        if hits:
            table[f"{low} to {high - 1}"] = {"found": float(np.mean(hits)), "tables": len(hits)}
    return table


def with_folds_apart(cohort: Cohort, seed: int) -> Cohort:
    """The same patients, as networks answer that differ from fold to fold."""
    rng = np.random.default_rng([seed, FOLDS])
    log_odds = rng.normal(0, FOLD_LOG_ODDS, FOLDS)
    columns = {trait: [row.traits[trait] for row in cohort.rows] for trait in ATTENTION}
    shifts = {
        trait: np.std(np.array(column, dtype=float)) * rng.normal(0, FOLD_ATTENTION, FOLDS)
        for trait, column in columns.items()
    }
    rows = []
    for row, *attention in zip(cohort.rows, *columns.values(), strict=True):
        fold = row.fold or 0
        moved = {
            trait: value + float(shifts[trait][fold])
            for trait, value in zip(ATTENTION, attention, strict=True)
        }
        rows.append(
            replace(row, logit=row.logit + float(log_odds[fold]), traits={**row.traits, **moved})
        )
    positive = np.array([row.positive for row in rows])
    folds = np.array([row.fold for row in rows])
    return Cohort(tuple(rows), _points(positive, np.array([row.logit for row in rows]), folds))


def null_rates(
    setting: Setting, cohorts: int, *, folds_apart: bool = False
) -> dict[str, dict[str, float]]:
    """Share of cohorts without any pattern in which something warns, by rule and operating point.

    "V16" is the rule; "unadjusted" takes any p < 0.05, with neither Holm nor least numbers.
    """
    rules = {"V16": lambda part: part.warns, "unadjusted": lambda part: part.p < LEVEL}
    alarms: dict[str, list[list[bool]]] = {name: [] for name in rules}
    for seed in range(cohorts):
        cohort = simulated(seed, "nothing", setting=setting)
        if folds_apart:
            cohort = with_folds_apart(cohort, seed)
        parts = failure_parts(cohort.rows, cohort.points)
        for name, rule in rules.items():
            alarms[name].append(
                [any(rule(p) for p in parts if p.operating_point == point) for point in POINTS]
            )
    return {
        name: {
            **dict(zip(POINTS, np.mean(found, axis=0).tolist(), strict=True)),
            "any of three": float(np.mean([any(row) for row in found])),
        }
        for name, found in alarms.items()
    }


def error_models(
    planted: Planted, share: float, setting: Setting, cohorts: int
) -> dict[str, dict[str, float]]:
    """By operating point and call: in which share of cohorts a model could be tried, and was kept."""
    tried: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for seed in range(cohorts):
        cohort = simulated(seed, planted, share, setting)
        for part in error_model_parts(cohort.rows, cohort.points):
            name = f"{part.operating_point}, {part.call}"
            tried[name] += 1
            kept[name] += part.model is not None
    return {
        name: {"tried": count / cohorts, "kept_of_tried": kept[name] / count}
        for name, count in sorted(tried.items())
    }


def three_of_seven(draws: int = 20_000) -> dict[str, float]:
    """The chance of "3 of 7" or more somewhere in seven subsets, with 9 false of 41 and no pattern.

    Exact for one subset of 7; for seven of them by independence, and by drawing them.
    """
    one = float(hypergeom.sf(2, 41, 9, 7))
    drawn = np.random.default_rng(0).random((draws, 7, 41)).argsort(axis=2)[:, :, :7]
    return {
        "one_subset": one,
        "seven_subsets": 1 - (1 - one) ** 7,
        "seven_subsets_drawn": float(((drawn < 9).sum(axis=2) >= 3).any(axis=1).mean()),
    }


def studied(setting: Setting, cohorts: int, null: int, models: int) -> dict[str, Any]:
    """Everything of one setting."""
    document: dict[str, Any] = {
        "nothing": null_rates(setting, null),
        "nothing, folds apart": null_rates(setting, null, folds_apart=True),
        "error models, nothing": error_models("nothing", 0.0, setting, models),
    }
    for planted in PATTERN_OF:
        seen = {share: look_for(planted, share, setting, cohorts) for share in SHARES}
        document[planted] = {
            f"{share:g}": {"points": by_point(one), "errors": by_errors(one)}
            for share, one in seen.items()
        }
        document[f"error models, {planted}"] = error_models(planted, STRONG, setting, models)
    return document


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cohorts", type=int, default=500, help="of each planted pattern and share"
    )
    parser.add_argument("--null", type=int, default=2000, help="cohorts without a pattern")
    parser.add_argument("--models", type=int, default=200, help="cohorts with error models")
    given = parser.parse_args()
    started = time.perf_counter()
    found = {
        setting.name: studied(setting, given.cohorts, given.null, given.models)
        for setting in SETTINGS
    }
    seconds = time.perf_counter() - started
    print(json.dumps({"three of seven": three_of_seven(), **found, "seconds": seconds}))


if __name__ == "__main__":
    main()
