"""Intraclass correlations of readers with 95 % intervals (McGraw & Wong 1996; V21)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

UPPER_TAIL = 0.975


@dataclass(frozen=True)
class Icc:
    """One ICC a table of ratings, with its 95 % interval; shape () for one table.

    NaN where no case differs from another or a rating is missing.
    """

    value: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class _MeanSquares:
    """Of n cases (rows), k readers (columns) and what is left."""

    n: int
    k: int
    rows: FloatArray
    columns: FloatArray
    error: FloatArray


def icc_a1(ratings: ArrayLike) -> Icc:
    """ICC(A,1): absolute agreement of single ratings, two-way random readers.

    ``ratings`` has shape (n, k) or (features, n, k): n ≥ 2 cases, k ≥ 2 readers; all features at
    once. It is Shrout & Fleiss's ICC(2,1). Raises ``ValueError`` for other shapes.
    """
    ms = _mean_squares(ratings)
    n, k = ms.n, ms.k
    rest = k * n - k - n
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (ms.rows - ms.error) / (
            ms.rows + (k - 1) * ms.error + k * (ms.columns - ms.error) / n
        )
        # McGraw & Wong's a and b, both times 1 − ICC: the degrees of freedom depend on their ratio
        # alone, and perfect agreement needs no special case.
        a = k * value / n * ms.columns
        b = ((1 - value) + k * value * (n - 1) / n) * ms.error
        df = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
        below, above = _f_point(n - 1, df), _f_point(df, n - 1)
        noise = k * ms.columns + rest * ms.error
        lower = n * (ms.rows - below * ms.error) / (below * noise + n * ms.rows)
        upper = n * (above * ms.rows - ms.error) / (noise + n * above * ms.rows)
    return _perfect_where_nothing_differs(ms, Icc(value, lower, upper))


def icc_c1(ratings: ArrayLike) -> Icc:
    """ICC(C,1): consistency of single ratings; readers may differ by a constant.

    Shapes and refusals as ``icc_a1``. It is Shrout & Fleiss's ICC(3,1).
    """
    ms = _mean_squares(ratings)
    n, k = ms.n, ms.k
    df = (n - 1) * (k - 1)
    below, above = _f_point(n - 1, df), _f_point(df, n - 1)

    def at(rows: FloatArray) -> FloatArray:
        return (rows - ms.error) / (rows + (k - 1) * ms.error)

    with np.errstate(divide="ignore", invalid="ignore"):
        return Icc(at(ms.rows), at(ms.rows / below), at(ms.rows * above))


def _mean_squares(ratings: ArrayLike) -> _MeanSquares:
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim not in (2, 3) or min(table.shape[-2:]) < 2:
        raise ValueError("ratings must have shape (n, k) or (features, n, k), n and k at least 2")
    n, k = table.shape[-2:]
    mean = table.mean(axis=(-2, -1), keepdims=True)
    rows = table.mean(axis=-1, keepdims=True) - mean
    columns = table.mean(axis=-2, keepdims=True) - mean
    error = table - mean - rows - columns
    return _MeanSquares(
        n,
        k,
        k * (rows**2).sum(axis=(-2, -1)) / (n - 1),
        n * (columns**2).sum(axis=(-2, -1)) / (k - 1),
        (error**2).sum(axis=(-2, -1)) / ((n - 1) * (k - 1)),
    )


def _perfect_where_nothing_differs(ms: _MeanSquares, icc: Icc) -> Icc:
    """Readers who agree to the last digit leave no degrees of freedom: the interval is 1–1."""
    perfect = (ms.error == 0) & (ms.columns == 0) & (ms.rows > 0)
    return Icc(
        np.where(perfect, 1.0, icc.value)[()],
        np.where(perfect, 1.0, icc.lower)[()],
        np.where(perfect, 1.0, icc.upper)[()],
    )


def _f_point(numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    from scipy.stats import f

    return np.asarray(f.ppf(UPPER_TAIL, numerator, denominator))
