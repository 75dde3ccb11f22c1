"""The paper's selection, each step one small object with scikit-learn's interface.

drop what does not vary → z-score → t-test p < 0.05 → Pearson |r| > 0.8 by greedy recursive deletion →
LASSO with 10-fold CV. Fitted inside a fold they see that fold's training rows only. Every step says in
``fallback_`` what had to give way, and refuses missing values: nothing is dropped or filled in silently.
"""

import warnings
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model import LassoCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]

P_LIMIT = 0.05
R_LIMIT = 0.8
FALLBACK_FEATURES = 3  # kept where a step would keep nothing, so that every branch has an answer
MIN_PER_CLASS = 2  # fewer have no variance and cannot be cross-validated
COMPONENTS = 64  # the paper's
LASSO_FOLDS = 10
LASSO_PENALTIES = 50
LASSO_RANGE = 0.01  # smallest ÷ largest λ, glmnet's own where features outnumber patients
ROUNDING = 1e-12  # spread ÷ size below which values differ by rounding only
NETWORK_ROUNDING = 1e-5  # the same for a network's float32 outputs, read again by other threads


class _Step(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """A step that keeps some of the features it is given.

    ``support_`` (features,) is true for the kept ones, ``kept_`` is their count.
    """

    fallback_: Message | None
    support_: NDArray[np.bool_]

    @property
    def kept_(self) -> int:
        """How many features the fitted step keeps."""
        return int(self.support_.sum())

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.support_


class ConstantFilter(_Step):
    """Drop features that are the same, to rounding, for all patients: they have no z-score and no r."""

    def fit(self, values: Matrix, labels: Labels | None = None) -> Self:
        """``values`` (patients, features); raises ``InputRefused`` where no feature varies."""
        require_finite(values)
        self.fallback_ = None
        size = np.abs(values).max(axis=0)
        self.support_ = np.ptp(values, axis=0) > ROUNDING * size
        if not self.support_.any():
            raise nothing_varies()
        return self


class TTestFilter(_Step):
    """Keep features whose means differ between the classes (Welch's t-test, p < 0.05).

    Where none does, the 3 of the smallest p are kept. ``p_`` (features,) are the two-sided p.
    """

    def fit(self, values: Matrix, labels: Labels) -> Self:
        """``values`` (patients, features), ``labels`` (patients,) true for positive."""
        require_finite(values)
        require_classes(labels, MIN_PER_CLASS)
        self.fallback_ = None
        self.p_ = _welch_p(values[labels], values[~labels])
        self.support_ = self.p_ < P_LIMIT
        if not self.support_.any():
            self.support_[np.argsort(self.p_, kind="stable")[:FALLBACK_FEATURES]] = True
            self.fallback_ = msg(
                "No feature differed between the classes (t-test); the best {kept} went on.",
                kept=self.kept_,
            )
        return self


class CorrelationFilter(_Step):
    """Delete, one by one, the feature with the most partners of |r| > 0.8 until none has any.

    Of those with as many partners the one with the largest sum of |r| goes, then the first.
    """

    def fit(self, values: Matrix, labels: Labels | None = None) -> Self:
        """``values`` (patients, features); labels are not used."""
        require_finite(values)
        self.fallback_ = None
        with np.errstate(divide="ignore", invalid="ignore"):
            r = np.abs(np.atleast_2d(np.corrcoef(values, rowvar=False)))
        close = np.nan_to_num(r) > R_LIMIT
        np.fill_diagonal(close, False)
        strength = np.where(close, r, 0.0)
        self.support_ = np.ones(len(r), dtype=bool)
        partners = close.sum(axis=1)
        while (most := partners.max()) > 0:
            # Sums are taken anew, not counted down: a last bit may decide between two features.
            candidates = np.flatnonzero(partners == most)
            worst = candidates[strength[candidates].sum(axis=1).argmax()]
            self.support_[worst] = False
            partners -= close[worst]
            partners[worst] = 0
            close[worst] = close[:, worst] = False
            strength[worst] = strength[:, worst] = 0.0
        return self


class LassoFilter(_Step):
    """Keep features with a coefficient in a LASSO whose λ 10-fold cross-validation chose.

    50 values of λ down to 1 % of the largest. A class of fewer than 10 patients has as many folds as
    patients (``folds_``). Where no coefficient is left, the 3 features of the largest |r| with the
    label are kept.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, values: Matrix, labels: Labels) -> Self:
        """``values`` (patients, features), z-scored; ``labels`` (patients,)."""
        require_finite(values)
        require_classes(labels, MIN_PER_CLASS)
        self.fallback_ = None
        self.folds_ = min(LASSO_FOLDS, int(labels.sum()), int((~labels).sum()))
        folds = StratifiedKFold(self.folds_, shuffle=True, random_state=self.seed)
        model = LassoCV(
            cv=folds,
            alphas=LASSO_PENALTIES,
            eps=LASSO_RANGE,
            precompute=False,  # the Gram matrix costs more than it saves at these sizes
            max_iter=20_000,
            tol=1e-3,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(values, labels.astype(np.float64))
        self.support_ = model.coef_ != 0
        if not self.support_.any():
            self._keep_most_correlated(values, labels)
        elif self.folds_ < LASSO_FOLDS:
            self.fallback_ = msg(
                "The LASSO was cross-validated in {folds} folds, for want of patients.",
                folds=self.folds_,
            )
        return self

    def _keep_most_correlated(self, values: Matrix, labels: Labels) -> None:
        centred = values - values.mean(axis=0)
        r = np.abs((labels - labels.mean()) @ centred) / np.linalg.norm(centred, axis=0)
        self.support_[np.argsort(-r, kind="stable")[:FALLBACK_FEATURES]] = True
        self.fallback_ = msg(
            "The LASSO kept no feature; the {kept} most correlated with the label went on.",
            kept=self.kept_,
        )


class PenultimatePca(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Principal components of the network's penultimate features, each over its standard deviation.

    Keeps min(``limit``, patients − 1, what the data carry) components of the rows it is fitted on; 64
    components keep 95 % of the variance by accident of a cohort's size. Attributes: ``mean_``
    (features,), ``components_`` (``kept_``, features) of length 1, ``sd_`` (``kept_``,) over the fitted
    rows, ``explained_`` (the kept share of the variance), ``fallback_`` (said where fewer than ``limit``
    are kept). The signs are fixed by the largest loading.
    """

    def __init__(self, limit: int = COMPONENTS) -> None:
        self.limit = limit

    def fit(self, values: Matrix, labels: Labels | None = None) -> Self:
        """``values`` (patients, penultimate features); labels are not used."""
        require_finite(values)
        with np.errstate(invalid="ignore"):  # shares of no variance at all
            model = PCA(svd_solver="full").fit(values)
        noise = NETWORK_ROUNDING * float(np.abs(values).max()) * np.sqrt(values.size)
        carried = int((model.singular_values_ > noise).sum())
        self.kept_ = min(self.limit, len(values) - 1, carried)
        variance = model.explained_variance_[: self.kept_]
        total = float(model.explained_variance_.sum())
        self.explained_ = float(variance.sum()) / total if self.kept_ else 0.0
        self.mean_, self.components_ = model.mean_, model.components_[: self.kept_]
        self.sd_ = np.sqrt(variance)
        self.fallback_ = None
        if self.kept_ < self.limit:
            self.fallback_ = msg(
                "The network's features carry {kept} principal components, fewer than {limit}.",
                kept=self.kept_,
                limit=self.limit,
            )
        return self

    def transform(self, values: Matrix) -> Matrix:
        """Scores ÷ ``sd_`` (patients, ``kept_``) of ``values`` (patients, penultimate features)."""
        return np.asarray((values - self.mean_) @ (self.components_ / self.sd_[:, None]).T)


def selection_pipeline(seed: int) -> Pipeline:
    """The whole chain; ``fit(values, labels)`` then ``selected(pipeline)``."""
    return Pipeline(
        [
            ("constant", ConstantFilter()),
            ("z_score", StandardScaler()),
            ("t_test", TTestFilter()),
            ("correlation", CorrelationFilter()),
            ("lasso", LassoFilter(seed)),
        ]
    )


def selected(pipeline: Pipeline) -> NDArray[np.intp]:
    """Column numbers that a fitted chain keeps, ascending."""
    steps = _filters(pipeline)
    columns: NDArray[np.intp] = np.arange(len(steps[0].support_))
    for step in steps:
        columns = columns[step.support_]
    return columns


def kept_after_each_step(pipeline: Pipeline) -> tuple[tuple[Message, int], ...]:
    """The name of each step of a fitted chain and how many features it left, the offer first."""
    constant, t_test, correlation, lasso = _filters(pipeline)
    return (
        (msg("Offered"), len(constant.support_)),
        (msg("Vary between patients"), constant.kept_),
        (msg("t-test, p < {limit}", limit=P_LIMIT), t_test.kept_),
        (msg("Correlation, |r| ≤ {limit}", limit=R_LIMIT), correlation.kept_),
        (msg("LASSO, λ by {folds}-fold cross-validation", folds=lasso.folds_), lasso.kept_),
    )


def fallbacks(pipeline: Pipeline) -> tuple[Message, ...]:
    """What had to give way in a fitted chain."""
    return tuple(s.fallback_ for s in _filters(pipeline) if s.fallback_ is not None)


def require_finite(values: Matrix) -> None:
    """Raise ``InputRefused`` (code ``values-missing``) where a value is missing or infinite."""
    missing = int(values.size - np.isfinite(values).sum())
    if missing:
        raise InputRefused(
            msg(
                "{missing} of the {all} values to be fitted on are missing.",
                missing=missing,
                all=values.size,
            ),
            msg("Leave those patients or features out: nothing is filled in."),
            code="values-missing",
        )


def nothing_varies() -> InputRefused:
    """The refusal of features that tell no patient from another."""
    return InputRefused(
        msg("Every feature has one and the same value for all patients."),
        msg("Check the features, or leave this branch out."),
        code="features-constant",
    )


def require_classes(labels: Labels, needed: int) -> None:
    """Raise ``InputRefused`` (code ``too-few-patients``) unless each class has ``needed`` patients."""
    smaller = int(min(labels.sum(), (~labels).sum()))
    if smaller < needed:
        raise InputRefused(
            msg(
                "Each class needs at least {needed} patients; the smaller one has {smaller}.",
                needed=needed,
                smaller=smaller,
            ),
            msg("Add patients of that class, or ask for fewer folds."),
            code="too-few-patients",
        )


def _filters(
    pipeline: Pipeline,
) -> tuple[ConstantFilter, TTestFilter, CorrelationFilter, LassoFilter]:
    steps = pipeline.named_steps
    return steps["constant"], steps["t_test"], steps["correlation"], steps["lasso"]


def _welch_p(a: Matrix, b: Matrix) -> Matrix:
    """Two-sided p of Welch's t-test for each column of two groups.

    A column without spread in both groups has p 0 where the means differ, else 1.
    """
    share_a = a.var(axis=0, ddof=1) / len(a)
    share_b = b.var(axis=0, ddof=1) / len(b)
    difference = a.mean(axis=0) - b.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = difference / np.sqrt(share_a + share_b)
        freedom = (share_a + share_b) ** 2 / (share_a**2 / (len(a) - 1) + share_b**2 / (len(b) - 1))
        p = 2 * stdtr(freedom, -np.abs(t))
    return np.where(share_a + share_b > 0, p, np.where(difference != 0, 0.0, 1.0))
