"""One whole stack fitted on one set of rows: clinical, radiomics, DLR, combined, operating points.

Validity rule V1: whatever takes another model's output is fitted on that output predicted out of fold.
DLR is ``crossfit`` (V2): the network enters as one out-of-fold logit beside the selected radiomics.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from her2desk.packs.manifest import FeatureScale, LinearPart, Submodel
from her2desk.packs.pack import CNN_LOGIT, DLR_SIGNATURE, NO_CLINICAL_INPUT
from her2desk.packs.trees import TreeEnsemble
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.thresholds import sensitivity_at_least, specificity_at_least, youden
from her2desk.training.cohort import Sample
from her2desk.training.folds import FittedNetworks, Scope
from her2desk.training.selection import selected, selection_pipeline
from her2desk.training.tree_conversion import from_lightgbm

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]

TREES = 60
TREE_OPTIONS = {
    "objective": "binary",
    "num_leaves": 4,
    "learning_rate": 0.05,
    "min_data_in_leaf": 12,
    "lambda_l2": 1.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
POINTS: dict[str, Callable[[Labels, Matrix], float]] = {
    "youden": youden,
    "sensitivity95": lambda labels, p: sensitivity_at_least(labels, p, 0.95),
    "specificity95": lambda labels, p: specificity_at_least(labels, p, 0.95),
}


@dataclass(frozen=True)
class Table:
    """The cohort as arrays: features (patients, features), labels and clinical (patients, inputs)."""

    names: tuple[str, ...]
    features: Matrix
    labels: Labels
    clinical_names: tuple[str, ...]
    clinical: Matrix

    @classmethod
    def of(
        cls, samples: Sequence[Sample], names: tuple[str, ...], clinical_names: tuple[str, ...]
    ) -> "Table":
        """The table of these samples."""
        clinical = [[s.clinical.value(name) for name in clinical_names] for s in samples]
        return cls(
            names,
            np.stack([s.features for s in samples]),
            np.array([s.positive for s in samples]),
            clinical_names,
            np.array(clinical, dtype=np.float64),
        )


@dataclass(frozen=True)
class TreeModel:
    """Trees, the features that they are fed with (z-scored), and whether the CNN's logit follows."""

    columns: NDArray[np.intp]
    mean: Matrix
    sd: Matrix
    uses_cnn: bool
    trees: TreeEnsemble

    def score(self, features: Matrix, cnn: Matrix) -> Matrix:
        """log-odds for features (patients, all features) and CNN logits (patients,)."""
        values = (features[:, self.columns] - self.mean) / self.sd
        if self.uses_cnn:
            values = np.column_stack([values, cnn])
        return self.trees.raw_score(values)

    def inputs(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        own = tuple(names[c] for c in self.columns)
        return (*own, CNN_LOGIT) if self.uses_cnn else own


@dataclass(frozen=True)
class Stack:
    """Everything fitted on one scope's rows; ``thresholds[pattern][name]``."""

    clinical: LinearPart
    radiomics: TreeModel
    dlr: TreeModel
    submodels: tuple[Submodel, ...]
    thresholds: dict[str, dict[str, float]]
    scales: dict[str, FeatureScale]


def fit_stack(table: Table, scope: Scope, networks: FittedNetworks) -> Stack:
    """Fit every model above the network on ``scope.rows``."""
    rows = scope.rows
    features, labels = table.features[rows], table.labels[rows]
    clinical = table.clinical[rows]
    columns = _select(features, labels, scope.seed)
    radiomics = _fit_trees(features, labels, columns, None, scope.seed)
    dlr = _fit_trees(features, labels, columns, networks.out_of_fold[0], scope.seed)
    signature = _dlr_out_of_fold(table, scope, networks)
    refit_variance = float(signature.var(axis=0, ddof=1).mean()) if len(signature) > 1 else 0.0
    folds = _fold_numbers(scope)
    patterns = {
        "+".join(table.clinical_names): (*table.clinical_names, DLR_SIGNATURE),
        NO_CLINICAL_INPUT: (DLR_SIGNATURE,),
    }
    submodels, thresholds = [], {}
    for pattern, terms in patterns.items():
        x = np.column_stack([clinical, signature[0]])[:, -len(terms) :]
        model = _linear(terms, x, labels)
        submodels.append(Submodel(pattern=pattern, model=model, refit_variance=refit_variance))
        probability = _cross_predicted(terms, x, labels, folds)
        thresholds[pattern] = {n: rule(labels, probability) for n, rule in POINTS.items()}
    return Stack(
        _linear(table.clinical_names, clinical, labels),
        radiomics,
        dlr,
        tuple(submodels),
        thresholds,
        {table.names[c]: _scale(features[:, c]) for c in columns},
    )


def linear_scores(model: LinearPart, values: Matrix) -> Matrix:
    """log-odds of a logistic model for values (patients, terms)."""
    return np.asarray(model.intercept + values @ np.array(model.coefficients))


def _select(features: Matrix, labels: Labels, seed: int) -> NDArray[np.intp]:
    return selected(selection_pipeline(seed).fit(features, labels))


def _fit_trees(
    features: Matrix, labels: Labels, columns: NDArray[np.intp], cnn: Matrix | None, seed: int
) -> TreeModel:
    own = features[:, columns]
    mean, sd = own.mean(axis=0), own.std(axis=0, ddof=1)
    values = (own - mean) / sd
    if cnn is not None:
        values = np.column_stack([values, cnn])
    data = lightgbm.Dataset(values, labels.astype(float), params={"verbosity": -1})
    booster = lightgbm.train({**TREE_OPTIONS, "seed": seed % 2**31}, data, TREES)
    return TreeModel(columns, mean, sd, cnn is not None, from_lightgbm(booster.dump_model()))


def _dlr_out_of_fold(table: Table, scope: Scope, networks: FittedNetworks) -> Matrix:
    """DLR log-odds (repeats, rows), each row by a DLR model that had not seen it."""
    rows = scope.rows
    place = {int(row): i for i, row in enumerate(rows)}
    out = np.full((len(scope.inner), len(rows)), np.nan)
    for r, folds in enumerate(scope.inner):
        cnn = networks.out_of_fold[r]
        for j, fold in enumerate(folds):
            test = np.array([place[int(row)] for row in fold])
            train = np.setdiff1d(np.arange(len(rows)), test)
            seed = scope.seed + 100 * r + j
            features, labels = table.features[rows[train]], table.labels[rows[train]]
            columns = _select(features, labels, seed)
            model = _fit_trees(features, labels, columns, cnn[train], seed)
            out[r, test] = model.score(table.features[rows[test]], cnn[test])
    return out


def _fold_numbers(scope: Scope) -> NDArray[np.intp]:
    number = {int(row): j for j, fold in enumerate(scope.inner[0]) for row in fold}
    return np.array([number[int(row)] for row in scope.rows])


def _linear(terms: tuple[str, ...], x: Matrix, labels: Labels) -> LinearPart:
    fit = fit_logistic(x, labels)
    beta = [float(v) for v in fit.coefficients]
    return LinearPart(
        terms=terms,
        intercept=beta[0],
        coefficients=tuple(beta[1:]),
        covariance=tuple(tuple(float(v) for v in row) for row in fit.covariance),
        lower=tuple(float(v) for v in x.min(axis=0)),
        upper=tuple(float(v) for v in x.max(axis=0)),
    )


def _cross_predicted(
    terms: tuple[str, ...], x: Matrix, labels: Labels, folds: NDArray[np.intp]
) -> Matrix:
    """Probability of each row by the combined model of the other inner folds."""
    out = np.empty(len(labels))
    for j in np.unique(folds):
        test = folds == j
        model = _linear(terms, x[~test], labels[~test])
        out[test] = 1 / (1 + np.exp(-linear_scores(model, x[test])))
    return out


def _scale(values: Matrix) -> FeatureScale:
    return FeatureScale(
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)),
        lower=float(values.min()),
        upper=float(values.max()),
    )
