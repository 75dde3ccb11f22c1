"""A logistic fit that always answers: maximum likelihood, else the penalised fit that fits (V6)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.penalised import flic, ridge_logistic
from her2desk.texts import Message, msg

FitMethod = Literal["maximum likelihood", "FLIC", "ridge"]


@dataclass(frozen=True)
class RobustFit:
    """Coefficients (k + 1,) with the intercept first, their covariance, and how they came about.

    ``note`` says in words why maximum likelihood was not used; None where it was.
    """

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    method: FitMethod
    note: Message | None


def fit_logistic_or_fallback(x: ArrayLike, y: ArrayLike) -> RobustFit:
    """Fit 0/1 outcomes ``y`` (n,) on ``x`` (n, k), whatever the columns are.

    Separated classes get FLIC, whose probabilities are right on average; collinear or constant
    columns get ridge. Raises ``InputRefused`` with ``"one-class"`` or ``"not-finite"``.
    """
    try:
        fit = fit_logistic(x, y)
    except InputRefused as refusal:
        if refusal.code == "separation":
            return _by_flic(x, y)
        if refusal.code == "collinear":
            return _by_ridge(x, y)
        raise
    return RobustFit(fit.coefficients, fit.covariance, "maximum likelihood", None)


def _by_flic(x: ArrayLike, y: ArrayLike) -> RobustFit:
    fit = flic(x, y)
    note = msg(
        "The inputs part the classes without an error, so the logistic model was fitted with "
        "Firth's penalty and a corrected intercept (FLIC)."
    )
    return RobustFit(fit.coefficients, fit.covariance, "FLIC", note)


def _by_ridge(x: ArrayLike, y: ArrayLike) -> RobustFit:
    fit = ridge_logistic(x, y)
    note = msg(
        "An input is constant or repeats the others, so the logistic model was fitted with a "
        "ridge penalty."
    )
    return RobustFit(fit.coefficients, fit.covariance, "ridge", note)
