"""The acquisition-only model (V4): what scanner, site, spacing and crop alone know of the label."""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed

from her2desk.training.fold_pipeline import FoldPipeline, Layout
from her2desk.training.folds import Scope
from her2desk.training.table import Labels, Matrix, Rows, Sample

FAMILIES = ("logistic", "extra-trees")
UNKNOWN_MM = 0.0


def acquisition_scores(
    samples: Sequence[Sample], labels: Labels, scopes: Sequence[Scope], jobs: int
) -> list[tuple[Matrix, Matrix]]:
    """For each scope, log-odds of its asked rows and of its own rows (apparent)."""
    results = Parallel(n_jobs=jobs)(delayed(_scores)(samples, labels, s) for s in scopes)
    return list(results)


def _scores(samples: Sequence[Sample], labels: Labels, scope: Scope) -> tuple[Matrix, Matrix]:
    values = acquisition_columns(samples, scope.rows)
    pipeline = FoldPipeline(
        layout=Layout(0, 0, values.shape[1]), families=FAMILIES, grid="quick", seed=scope.seed
    )
    pipeline.fit(values[scope.rows], labels[scope.rows])
    asked = pipeline.score(values[scope.asked]) if len(scope.asked) else np.empty(0)
    return asked, pipeline.score(values[scope.rows])


def acquisition_columns(samples: Sequence[Sample], fitted_on: Rows) -> Matrix:
    """(patients, columns): spacing, crop size, share of saturated pixels, scanner and site.

    The scanners and sites that have a column are those of the rows ``fitted_on``.
    """
    numbers = [
        [
            *(s.spacing_mm or (UNKNOWN_MM, UNKNOWN_MM)),
            float(s.spacing_mm is None),
            float(s.box.width),
            float(s.box.height),
            s.saturated_share,
        ]
        for s in samples
    ]
    named = [
        np.array([[getattr(s, kind) == name for name in names] for s in samples], dtype=np.float64)
        for kind in ("scanner", "site")
        if (names := sorted({n for i in fitted_on if (n := getattr(samples[i], kind))}))
    ]
    return np.column_stack([np.array(numbers, dtype=np.float64), *named])
