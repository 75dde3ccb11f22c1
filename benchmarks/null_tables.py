"""Feature tables without any signal through selection and choice of model (validity rule V24).

``python -m benchmarks.null_tables --tables 200 --grid default|quick --jobs 2`` prints one JSON document;
with ``--keep FILE`` each table's figures are kept there as they come, and a stopped run goes on.

A table has 200 patients, 140 to train on with 43 events and 60 held out with 15, and 100 features: five
blocks of 12 that correlate by 0.9 within the block, and 40 on their own. Nothing in it depends on the
label. The honest run fits a whole ``FoldPipeline`` (selection, five families, their settings) in each of
5 outer folds, and one on all training patients for those held out. The leaky run, which must be
caught, selects the features on all training patients first and cross-validates a logistic model on them.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from her2desk.stats.auc import auc
from her2desk.training.families import GridKind
from her2desk.training.fold_pipeline import FoldPipeline, Layout
from her2desk.training.request import FAMILIES
from her2desk.training.selection import selected, selection_pipeline

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]

TRAINING, TRAINING_EVENTS = 140, 43
HELD_OUT, HELD_OUT_EVENTS = 60, 15
BLOCKS, BLOCK_WIDTH, BLOCK_R = 5, 12, 0.9
LONE_FEATURES = 40
FEATURES = BLOCKS * BLOCK_WIDTH + LONE_FEATURES
OUTER_FOLDS = 5
STANDARD_ERRORS = 3
COVERING_SHARE = 0.9  # 180 of 200


@dataclass(frozen=True)
class NullTable:
    """Features (patients, ``FEATURES``) and labels (patients,) of both sides of the split."""

    values: Matrix
    labels: Labels
    held_out_values: Matrix
    held_out_labels: Labels


@dataclass(frozen=True)
class NullRun:
    """What one table gave: means of within-fold AUCs, and the held-out AUC with its interval."""

    seed: int
    cross_validated: float
    leaky: float
    held_out: float
    lower: float
    upper: float
    family: str

    @property
    def covers(self) -> bool:
        """Whether the held-out interval holds the truth, 0.5."""
        return self.lower <= 0.5 <= self.upper


def null_table(seed: int) -> NullTable:
    """The table of this seed."""
    rng = np.random.default_rng(seed)
    n = TRAINING + HELD_OUT
    shared = np.repeat(rng.normal(size=(n, BLOCKS)), BLOCK_WIDTH, axis=1)
    own = rng.normal(size=(n, BLOCKS * BLOCK_WIDTH))
    blocks = np.sqrt(BLOCK_R) * shared + np.sqrt(1 - BLOCK_R) * own
    values = np.column_stack([blocks, rng.normal(size=(n, LONE_FEATURES))])
    return NullTable(
        values[:TRAINING],
        rng.permutation(np.arange(TRAINING) < TRAINING_EVENTS),
        values[TRAINING:],
        rng.permutation(np.arange(HELD_OUT) < HELD_OUT_EVENTS),
    )


def run_table(seed: int, grid: GridKind) -> NullRun:
    """The honest and the leaky run on the table of this seed."""
    table = null_table(seed)
    whole = FoldPipeline(Layout(FEATURES), FAMILIES, grid, seed=seed)
    honest = _mean_within_folds(whole, table.values, table.labels, seed)
    chain = selection_pipeline(seed).fit(table.values, table.labels)
    peeked = table.values[:, selected(chain)]
    unselected = FoldPipeline(Layout(0, 0, peeked.shape[1]), ("logistic",), grid, seed=seed)
    leaky = _mean_within_folds(unselected, peeked, table.labels, seed)
    whole.fit(table.values, table.labels)
    last = auc(table.held_out_labels, whole.score(table.held_out_values))
    return NullRun(seed, honest, leaky, last.value, last.lower, last.upper, whole.family_)


def run_tables(tables: int, grid: GridKind, jobs: int, keep: Path | None = None) -> list[NullRun]:
    """The tables of seeds 0 to ``tables`` − 1, which were fixed before any was run.

    ``keep`` is a file of finished runs on this grid: found again, and added to one by one.
    """
    runs = _kept(keep, grid)
    todo = [seed for seed in range(tables) if seed not in runs]
    work = Parallel(n_jobs=jobs, return_as="generator_unordered")
    for run in work(delayed(run_table)(seed, grid) for seed in todo):
        runs[run.seed] = run
        if keep is not None:
            with keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"grid": grid, **asdict(run)}) + "\n")
    return [runs[seed] for seed in range(tables)]


def _kept(keep: Path | None, grid: GridKind) -> dict[int, NullRun]:
    if keep is None or not keep.exists():
        return {}
    lines = [json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines()]
    runs = [NullRun(**line) for line in lines if line.pop("grid") == grid]
    return {run.seed: run for run in runs}


def passes(areas: Sequence[float]) -> bool:
    """V24's first test: the mean of the tables' AUCs lies within 0.5 ± 3 standard errors."""
    mean, error = mean_and_error(areas)
    return abs(mean - 0.5) <= STANDARD_ERRORS * error


def mean_and_error(areas: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error over tables."""
    return float(np.mean(areas)), float(np.std(areas, ddof=1) / np.sqrt(len(areas)))


def summary(runs: Sequence[NullRun]) -> dict[str, Any]:
    """V24's figures; ``passes`` of the leaky run must be false."""
    found: dict[str, Any] = {"tables": len(runs)}
    for name in ("cross_validated", "leaky", "held_out"):
        areas = [getattr(run, name) for run in runs]
        mean, error = mean_and_error(areas)
        found[name] = {"mean_auc": mean, "standard_error": error, "passes": passes(areas)}
    found["held_out"]["covers"] = sum(run.covers for run in runs)
    found["held_out"]["needed"] = int(np.ceil(COVERING_SHARE * len(runs)))
    chosen = [run.family for run in runs]
    found["families_chosen"] = {name: chosen.count(name) for name in FAMILIES}
    return found


def _mean_within_folds(pipeline: FoldPipeline, values: Matrix, labels: Labels, seed: int) -> float:
    folds = StratifiedKFold(OUTER_FOLDS, shuffle=True, random_state=seed)
    areas = []
    for train, test in folds.split(values, labels):
        pipeline.fit(values[train], labels[train])
        areas.append(auc(labels[test], pipeline.score(values[test])).value)
    return float(np.mean(areas))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--grid", choices=get_args(GridKind), default="default")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a file outside the project")
    given = parser.parse_args()
    started = time.perf_counter()
    runs = run_tables(given.tables, given.grid, given.jobs, given.keep)
    seconds = time.perf_counter() - started
    print(json.dumps({"grid": given.grid, **summary(runs), "seconds": seconds}))


if __name__ == "__main__":
    main()
