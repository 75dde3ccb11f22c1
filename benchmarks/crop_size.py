"""How much of the acquisition-only model is the crop's size: ``python -m benchmarks.crop_size COHORT``.

The crop follows the outline, so its size is the lesion's, not the scanner's. The model is fitted on the
splits of a build with the builder's default folds: with all its columns, without the crop's size, and with
that alone. ``--profile us-2d-px`` for pictures without pixel size. One JSON document is printed.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.progress import SilentProgress
from her2desk.inference.cohort import case_of_row
from her2desk.inference.cohort_check import check_cohort, require_usable
from her2desk.radiomics.profile import named_profile
from her2desk.stats.auc import Auc, auc
from her2desk.training.acquisition import FAMILIES, acquisition_columns
from her2desk.training.enhancement import ChosenEnhancement
from her2desk.training.fold_pipeline import FoldPipeline, Layout
from her2desk.training.folds import Scope
from her2desk.training.prepare import choose_cohort, preprocessing_of
from her2desk.training.request import TrainRequest
from her2desk.training.table import Sample, sample_of

KINDS = ("all", "without crop size", "crop size alone")


def scored(samples: Sequence[Sample], scope: Scope, kind: str) -> Auc:
    """AUC in the scope's asked rows of the model of one of ``KINDS``."""
    labels = np.array([s.positive for s in samples])
    values = acquisition_columns(samples, scope.rows)
    is_size = size_columns(samples, values)
    kept = {KINDS[0]: np.full(len(is_size), True), KINDS[1]: ~is_size, KINDS[2]: is_size}[kind]
    own = values[:, kept]
    pipeline = FoldPipeline(
        Layout(0, 0, own.shape[1]), families=FAMILIES, grid="quick", seed=scope.seed
    )
    pipeline.fit(own[scope.rows], labels[scope.rows])
    return auc(labels[scope.asked], pipeline.score(own[scope.asked]))


def size_columns(samples: Sequence[Sample], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns hold the crop's width or height."""
    sizes = [[s.box.width for s in samples], [s.box.height for s in samples]]
    return np.array([any((column == size).all() for size in sizes) for column in values.T])


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--profile", default="us-2d")
    given = parser.parse_args()
    request = TrainRequest(given.cohort, Path("unused"), profile=given.profile, inputs=())
    check = check_cohort(given.cohort, SilentProgress())
    require_usable(check)
    cohort = choose_cohort(request, check, named_profile(given.profile))
    preprocessing = preprocessing_of(request, ChosenEnhancement())
    samples = [sample_of(row, case_of_row(row), preprocessing) for row in cohort.chosen.rows]
    document = {}
    for kind in KINDS:
        last = scored(samples, cohort.scopes.deployed, kind)
        areas = [scored(samples, scope, kind).value for scope in cohort.scopes.outer]
        document[kind] = {
            "cross_validated": float(np.mean(areas)),
            "held_out": [last.value, last.lower, last.upper],
        }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
