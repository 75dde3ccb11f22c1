"""Logistic regression with its covariance, refusing what has no maximum-likelihood answer."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.texts import msg

SEPARATION_TOLERANCE = 1e-6


@dataclass(frozen=True)
class LogisticFit:
    """logit(p) = coefficients[0] + Σ coefficients[j] · x[j − 1].

    ``coefficients`` has shape (k + 1,), intercept first; ``covariance`` (k + 1, k + 1) is the
    inverse of the observed information.
    """

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def fit_logistic(x: ArrayLike, y: ArrayLike) -> LogisticFit:
    """Maximum-likelihood fit of 0/1 outcomes ``y`` (n,) on ``x`` (n, k), always with an intercept.

    Needs statsmodels (the ``train`` extra). Raises ``InputRefused`` with code ``"separation"``
    where a combination of the columns parts the classes (completely or up to ties; the test is
    Konis's linear programme, 2007), ``"collinear"`` where a column repeats others,
    ``"one-class"``, ``"not-finite"``.
    """
    import statsmodels.api as sm

    columns, positive = _checked(x, y)
    # Centred and scaled columns keep the information matrix well conditioned; the result is
    # carried back.
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    if not (scale > 0).all():
        raise _collinear()
    design = np.column_stack([np.ones(len(columns)), (columns - centre) / scale])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise _collinear()
    if _is_separated(design, positive):
        raise InputRefused(
            msg(
                "The inputs part the classes without an error, so no logistic model can be fitted."
            ),
            msg("Use fewer inputs or more patients, or a penalised model."),
            code="separation",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = sm.Logit(positive.astype(np.float64), design).fit(
            method="newton", maxiter=100, tol=1e-12, disp=False
        )
    back = _unscaling(centre, scale)
    return LogisticFit(back @ result.params, back @ result.cov_params() @ back.T)


def _checked(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    columns = np.asarray(x, dtype=np.float64)
    positive = np.asarray(y).astype(bool)
    if columns.ndim != 2 or positive.shape != columns.shape[:1]:
        raise ValueError("x must have shape (n, k) and y shape (n,)")
    if not np.isfinite(columns).all():
        raise InputRefused(
            msg("Some inputs of the logistic model are missing or not finite."),
            msg("Leave those patients out, or fill in the values."),
            code="not-finite",
        )
    if positive.all() or not positive.any():
        raise InputRefused(
            msg("A logistic model needs patients of both classes."),
            msg("Add patients of the missing class, or check the label column."),
            code="one-class",
        )
    return columns, positive


def _is_separated(design: NDArray[np.float64], positive: NDArray[np.bool_]) -> bool:
    """Whether some direction has no patient on the wrong side and at least one off the border."""
    from scipy.optimize import linprog

    signed = np.where(positive, 1.0, -1.0)[:, None] * design
    total = signed.sum(axis=0)
    answer = linprog(-total, A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return bool(-answer.fun > SEPARATION_TOLERANCE)


def _unscaling(centre: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix from coefficients of centred, scaled columns to those of the columns."""
    back = np.diag(np.concatenate(([1.0], 1 / scale)))
    back[0, 1:] = -centre / scale
    return back


def _collinear() -> InputRefused:
    return InputRefused(
        msg("One input of the logistic model is constant or repeats the others."),
        msg("Leave it out."),
        code="collinear",
    )
