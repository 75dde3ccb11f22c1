"""Percentiles and median of one set of values, from one partition of it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PERCENTS = (10, 25, 75, 90)


class OrderStatistics(NamedTuple):
    """numpy's percentiles and median, to the last bit."""

    p10: np.float64
    p25: np.float64
    p75: np.float64
    p90: np.float64
    median: np.float64


def order_statistics(values: NDArray[np.float64]) -> OrderStatistics:
    """Of values (n,), none of them NaN; percentiles are interpolated linearly."""
    last = len(values) - 1
    virtual = last * (np.array(PERCENTS) / 100)
    before = np.floor(virtual).astype(np.int64)
    after = np.minimum(before + 1, last)
    middle = np.array([last // 2, (last + 1) // 2])
    ordered = np.partition(values, np.unique(np.concatenate([before, after, middle])))
    lower, upper, share = ordered[before], ordered[after], virtual - before
    step = upper - lower
    p10, p25, p75, p90 = np.where(share < 0.5, lower + step * share, upper - step * (1 - share))
    median = np.float64(np.mean(ordered[middle[0] : middle[1] + 1]))
    return OrderStatistics(p10, p25, p75, p90, median)
