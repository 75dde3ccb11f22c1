"""Logistic regression with its covariance, refusing what has no maximum-likelihood answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.stats.likelihood import (
    Design,
    ascend,
    collinear,
    design_of,
    information,
    inverse,
    log_likelihood,
    solve,
)
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

    The base install can do it: an audit recalibrates without the ``train`` extra. Raises
    ``InputRefused`` with code ``"separation"`` where a combination of the columns parts the classes
    (completely or up to ties; the test is Konis's linear programme, 2007), ``"collinear"`` where a
    column repeats others, ``"one-class"``, ``"not-finite"``.
    """
    design = design_of(x, y)
    if design.is_collinear:
        raise collinear()
    if _is_separated(design):
        raise InputRefused(
            msg(
                "The inputs part the classes without an error, so no logistic model can be fitted."
            ),
            msg("Use fewer inputs or more patients, or a penalised model."),
            code="separation",
        )
    matrix, outcome = design.matrix, design.outcome

    def newton_step(at: NDArray[np.float64]) -> NDArray[np.float64]:
        p, _, info = information(matrix, at)
        return solve(info, matrix.T @ (outcome - p))

    best = ascend(
        lambda at: log_likelihood(matrix, outcome, at), newton_step, np.zeros(matrix.shape[1])
    )
    _, _, info = information(matrix, best)
    return LogisticFit(design.back @ best, design.covariance(inverse(info)))


def _is_separated(design: Design) -> bool:
    """Whether some direction has no patient on the wrong side and at least one off the border."""
    from scipy.optimize import linprog

    signed = np.where(design.outcome > 0, 1.0, -1.0)[:, None] * design.matrix
    total = signed.sum(axis=0)
    answer = linprog(-total, A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return bool(-answer.fun > SEPARATION_TOLERANCE)
