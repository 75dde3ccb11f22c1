"""What all logistic fits share: a well-conditioned design and Newton's method with halved steps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from her2desk.errors import InputRefused
from her2desk.texts import msg

FloatArray = NDArray[np.float64]

MAX_STEPS = 500
MAX_HALVINGS = 60
TOLERANCE = 1e-10  # of a coefficient's size, or of 1 below it
ROUNDING = 1e-12  # how far, of its size, an objective may fall by rounding alone


@dataclass(frozen=True)
class Design:
    """Columns centred and scaled after one of ones: the information matrix is well conditioned.

    ``matrix`` has shape (n, k + 1); ``outcome`` (n,) is 0 or 1; ``back`` (k + 1, k + 1) turns
    coefficients of ``matrix`` into those of the columns as given. A constant column is all zero
    and keeps its unit.
    """

    matrix: FloatArray
    outcome: FloatArray
    scale: FloatArray
    back: FloatArray

    @property
    def is_collinear(self) -> bool:
        return bool(np.linalg.matrix_rank(self.matrix) < self.matrix.shape[1])

    def covariance(self, scaled: FloatArray) -> FloatArray:
        """A covariance of coefficients of ``matrix`` as that of the columns' own."""
        return np.asarray(self.back @ scaled @ self.back.T)


def design_of(x: ArrayLike, y: ArrayLike) -> Design:
    """The design of columns ``x`` (n, k) and 0/1 outcomes ``y`` (n,).

    Raises ``InputRefused`` with code ``"not-finite"`` or ``"one-class"``.
    """
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
    varies = columns.min(axis=0) < columns.max(axis=0)
    centre = np.where(varies, columns.mean(axis=0), columns[0])
    scale = np.where(varies, columns.std(axis=0), 1.0)
    back = np.diag(np.concatenate(([1.0], 1 / scale)))
    back[0, 1:] = -centre / scale
    matrix = np.column_stack([np.ones(len(columns)), (columns - centre) / scale])
    return Design(matrix, positive.astype(np.float64), scale, back)


def log_likelihood(matrix: FloatArray, outcome: FloatArray, coefficients: FloatArray) -> float:
    """Bernoulli log-likelihood at ``coefficients`` (k,) of ``matrix`` (n, k)."""
    logit = matrix @ coefficients
    return float((outcome * logit - np.logaddexp(0.0, logit)).sum())


def information(
    matrix: FloatArray, coefficients: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probabilities (n,), their weights p(1 − p) (n,) and the information matrix (k, k)."""
    p = expit(matrix @ coefficients)
    weights = p * (1 - p)
    return p, weights, (matrix * weights[:, None]).T @ matrix


def solve(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.solve(a, b), dtype=np.float64)


def inverse(a: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.inv(a), dtype=np.float64)


def ascend(
    objective: Callable[[FloatArray], float],
    step_from: Callable[[FloatArray], FloatArray],
    start: FloatArray,
) -> FloatArray:
    """The maximum of ``objective`` by Newton steps, each halved until it climbs.

    Raises ``InputRefused`` with code ``"no-convergence"``.
    """
    here, value = start, objective(start)
    for _ in range(MAX_STEPS):
        step = step_from(here)
        if (np.abs(step) <= TOLERANCE * np.maximum(np.abs(here), 1.0)).all():
            return here + step
        for _ in range(MAX_HALVINGS):
            there = objective(here + step)
            if there >= value - ROUNDING * abs(value):
                break
            step = step / 2
        here, value = here + step, there
    raise InputRefused(
        msg("The logistic model did not settle on an answer."),
        msg("Use fewer inputs, or check them for extreme values."),
        code="no-convergence",
    )


def matching_shift(logits: FloatArray, events: float) -> float:
    """The number to add to ``logits`` (n,) so that ``events`` are expected (0 < events < n).

    It is the maximum-likelihood intercept with ``logits`` as offset.
    """
    from scipy.optimize import brentq
    from scipy.special import logit

    def excess(shift: float) -> float:
        return float(expit(logits + shift).sum() - events)

    centre = logit(events / len(logits))
    # At these ends every patient lies on one side of the wanted share; the margin is for rounding.
    low, high = centre - logits.max() - 1, centre - logits.min() + 1
    return float(brentq(excess, low, high, xtol=1e-12))


def collinear() -> InputRefused:
    """The refusal of columns that no maximum-likelihood fit can tell apart."""
    return InputRefused(
        msg("One input of the logistic model is constant or repeats the others."),
        msg("Leave it out."),
        code="collinear",
    )
