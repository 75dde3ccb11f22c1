"""Several tests at once: Holm's adjustment of their p-values."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values (n,) that keep the chance of any false alarm among ``p`` (n,) at the level.

    Holm 1979, Scandinavian Journal of Statistics 6: 65; whatever the tests have in common.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
