"""The space in which a case's distance from a pack's patients is measured, and its alarm (V18).

z-scores of the features that the pack uses, at most 20 principal components, shrunk covariance. The
alarm goes off beyond a threshold that comes from patients whom the space was not fitted on: distances
of those it was fitted on are too short, and the more so the more components there are. Labels have no
say in means, components and covariance; they chose only which features the pack uses.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

from her2desk.packs.manifest import FeatureScale
from her2desk.packs.readout_part import SpacePart
from her2desk.packs.space import MOST_COMPONENTS, Space
from her2desk.training.folds import Scope, Scopes
from her2desk.training.table import Matrix, Rows, Table, pseudonym

ALARM_RATE = 0.05  # V18, of patients like the pack's own
PATIENTS_PER_COMPONENT = 5  # with fewer, a covariance is mostly noise, shrunk or not
NO_VARIANCE = 1e-10  # of the whole; a component below is rounding


@dataclass(frozen=True)
class _Fit:
    """Whitening of z-scores: (components, features), with the mean and SD that make them."""

    mean: Matrix
    sd: Matrix
    whiten: Matrix

    def distances(self, values: Matrix) -> Matrix:
        """How far patients (n, features) lie from the mean, (n,)."""
        return np.asarray(np.linalg.norm((values - self.mean) / self.sd @ self.whiten.T, axis=1))


def fit_space(
    table: Table, scopes: Scopes, scaling: Mapping[str, FeatureScale], validated: Rows
) -> Space | None:
    """The space of the deployed scope, with coordinates of the ``validated`` patients.

    The threshold comes from the outer folds, each judged by a fit on the others. How often it goes off
    is found out by doing all of it again for each outer fold, on its other patients' inner folds, and
    asking about the fold's own: none of what judges them has seen them. None without features, or with
    too few patients for a threshold at 5 %.
    """
    columns = [table.names.index(name) for name in scaling]
    if not columns:
        return None
    values = _measured(table, scopes.deployed, columns)
    fold_rows = [scope.asked for scope in scopes.outer]
    threshold = alarm_threshold(out_of_fold_distances(values, fold_rows))
    rehearsals = [_rehearsal(table, scope, columns) for scope in scopes.outer]
    judged = [rehearsal for rehearsal in rehearsals if rehearsal is not None]
    if threshold is None or len(judged) < len(rehearsals):
        return None
    fit = _fit(values[scopes.deployed.rows], _components(values, fold_rows))
    part = SpacePart(
        features=tuple(scaling),
        threshold=threshold,
        false_alarms=sum(alarms for alarms, _ in judged),
        judged=sum(patients for _, patients in judged),
        patients=tuple(pseudonym(int(row)) for row in validated),
    )
    means = np.array([scale.mean for scale in scaling.values()])
    sds = np.array([scale.sd for scale in scaling.values()])
    # the pack's z-scores are this fit's own: both are of the deployed scope's rows
    return Space(part, fit.whiten, (values[validated] - means) / sds @ fit.whiten.T)


def out_of_fold_distances(values: Matrix, folds: Sequence[Rows]) -> Matrix:
    """Distances of the folds' rows of ``values``, each fold's by a fit on the other folds' rows."""
    components = _components(values, folds)
    found = []
    for k, fold in enumerate(folds):
        rest = np.concatenate([other for j, other in enumerate(folds) if j != k])
        found.append(_fit(values[rest], components).distances(values[fold]))
    return np.concatenate(found)


def alarm_threshold(distances: Matrix) -> float | None:
    """The distance beyond which at most 5 % of new patients lie, as conformal prediction has it.

    The ⌈0.95 · (n + 1)⌉-th smallest of n; None where n is too small for that (Vovk, Gammerman & Shafer
    2005, split conformal).
    """
    rank = math.ceil((1 - ALARM_RATE) * (len(distances) + 1))
    return float(np.sort(distances)[rank - 1]) if rank <= len(distances) else None


def _rehearsal(table: Table, scope: Scope, columns: Sequence[int]) -> tuple[int, int] | None:
    """(alarms, patients) of a scope's asked rows, by space and threshold of its own rows."""
    values, folds = _measured(table, scope, columns), scope.inner[0]
    threshold = alarm_threshold(out_of_fold_distances(values, folds))
    if threshold is None:
        return None
    fit = _fit(values[scope.rows], _components(values, folds))
    return int((fit.distances(values[scope.asked]) > threshold).sum()), len(scope.asked)


def _measured(table: Table, scope: Scope, columns: Sequence[int]) -> Matrix:
    """The features as the scope measures them, (all patients, columns)."""
    return table.features[scope.target_mm][:, list(columns)]


def _components(values: Matrix, folds: Sequence[Rows]) -> int:
    """As many as the smallest of the out-of-fold fits can bear, so that all distances compare."""
    fewest = sum(map(len, folds)) - max(map(len, folds))
    return max(1, min(MOST_COMPONENTS, int(values.shape[1]), fewest // PATIENTS_PER_COMPONENT))


def _fit(values: Matrix, components: int) -> _Fit:
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    if not sd.any():  # all of these patients alike: there is no distance to speak of
        return _Fit(mean, np.ones_like(sd), np.zeros((1, len(sd))))
    sd = np.where(sd > 0, sd, 1.0)
    z = (values - mean) / sd
    pca = PCA(components, svd_solver="full").fit(z)
    variances = pca.explained_variance_
    axes = pca.components_[variances > NO_VARIANCE * variances.sum()]
    covariance = LedoitWolf(assume_centered=True).fit(z @ axes.T).covariance_
    return _Fit(mean, sd, np.linalg.solve(np.linalg.cholesky(covariance), axes))
