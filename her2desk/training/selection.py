"""The paper's selection, each step one small object with scikit-learn's interface.

z-score → t-test p < 0.05 → Pearson |r| > 0.8 by greedy recursive deletion → LASSO with 10-fold CV.
Fitted inside a fold they see that fold's training rows only.
"""

import warnings
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model import LassoCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]

P_LIMIT = 0.05
R_LIMIT = 0.8
LASSO_FOLDS = 10
FEWEST = (
    3  # a fold whose tests keep less goes on with this many, so that every branch has an answer
)


class TTestFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Keep features whose means differ between the classes (Welch's t-test, p < 0.05)."""

    def fit(self, values: Matrix, labels: Labels) -> Self:
        """``values`` (patients, features), ``labels`` (patients,) true for positive."""
        with np.errstate(divide="ignore", invalid="ignore"):
            p = stats.ttest_ind(values[labels], values[~labels], equal_var=False).pvalue
        p = np.where(np.isfinite(p), p, 1.0)
        self.support_ = p < P_LIMIT
        self.support_[np.argsort(p, kind="stable")[:FEWEST]] = True
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.support_


class CorrelationFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Delete, one by one, the feature with the most partners of |r| > 0.8 until none has any."""

    def fit(self, values: Matrix, labels: Labels | None = None) -> Self:
        """``values`` (patients, features); labels are not used."""
        n = values.shape[1]
        keep = np.ones(n, dtype=bool)
        with np.errstate(divide="ignore", invalid="ignore"):
            r = np.abs(np.atleast_2d(np.corrcoef(values, rowvar=False)))
        close = np.nan_to_num(r) > R_LIMIT
        np.fill_diagonal(close, False)
        strength = np.where(close, r, 0.0)
        while close.any():
            partners = close.sum(axis=1)
            worst = max(range(n), key=lambda i: (partners[i], strength[i].sum(), -i))
            keep[worst] = False
            close[worst] = close[:, worst] = False
            strength[worst] = strength[:, worst] = 0.0
        self.support_ = keep
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.support_


class LassoFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Keep features with a coefficient in a LASSO whose λ 10-fold cross-validation chose."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, values: Matrix, labels: Labels) -> Self:
        """``values`` (patients, features), z-scored; ``labels`` (patients,)."""
        smallest = int(min(labels.sum(), (~labels).sum()))
        folds = StratifiedKFold(min(LASSO_FOLDS, smallest), shuffle=True, random_state=self.seed)
        model = LassoCV(cv=folds, max_iter=20_000, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(values, labels.astype(float))
        self.support_: NDArray[np.bool_] = model.coef_ != 0
        if not self.support_.any():
            with np.errstate(divide="ignore", invalid="ignore"):
                r = np.nan_to_num([abs(np.corrcoef(v, labels)[0, 1]) for v in values.T])
            self.support_[np.argsort(-r, kind="stable")[:FEWEST]] = True
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.support_


def selection_pipeline(seed: int) -> Pipeline:
    """The whole chain; ``fit(values, labels)`` then ``selected(pipeline)``."""
    return Pipeline(
        [
            ("z_score", StandardScaler()),
            ("t_test", TTestFilter()),
            ("correlation", CorrelationFilter()),
            ("lasso", LassoFilter(seed)),
        ]
    )


def selected(pipeline: Pipeline) -> NDArray[np.intp]:
    """Column numbers that a fitted chain keeps, ascending."""
    columns: NDArray[np.intp] = np.arange(pipeline.named_steps["z_score"].n_features_in_)
    for name in ("t_test", "correlation", "lasso"):
        columns = columns[pipeline.named_steps[name].get_support()]
    return columns
