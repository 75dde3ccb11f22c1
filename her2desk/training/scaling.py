"""The features that a deployed model looks at, and how they are z-scored."""

import numpy as np
from numpy.typing import NDArray

from her2desk.packs.manifest import FeatureScale
from her2desk.training.build import FittedCohort
from her2desk.training.table import Table


def used_features(fitted: FittedCohort, table: Table) -> dict[str, int]:
    """The features that a deployed model looks at, and their columns in the table."""
    stack = fitted.deployed
    places = np.flatnonzero(table.selectable)
    used = sorted({int(places[c]) for p in (stack.radiomics, stack.dlr) for c in p.columns_})
    return {table.names[column]: column for column in used}


def feature_scales(fitted: FittedCohort, table: Table) -> dict[str, FeatureScale]:
    """Mean, SD and limits, over the training side, of every feature that a model looks at."""
    scope = fitted.deployed.scope
    features = table.features[scope.target_mm][scope.rows]
    return {n: _scale(features[:, column]) for n, column in used_features(fitted, table).items()}


def _scale(values: NDArray[np.float64]) -> FeatureScale:
    return FeatureScale(
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)),
        lower=float(values.min()),
        upper=float(values.max()),
    )
