"""The heatmap's coarse grid laid on pixels: one bilinear resize for the window and the report."""

import numpy as np
from numpy.typing import NDArray


def resized(values: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float64]:
    """Bilinear resize to (rows, columns): cell centres stay cell centres, edges are held."""
    along_columns = _resized_axis(np.asarray(values, dtype=np.float64), columns, 1)
    return _resized_axis(along_columns, rows, 0)


def _resized_axis(values: NDArray[np.float64], size: int, axis: int) -> NDArray[np.float64]:
    length = values.shape[axis]
    place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    low = place.astype(int)
    high = np.minimum(low + 1, length - 1)
    weight = (place - low).reshape(-1, 1) if axis == 0 else place - low
    between = values.take(low, axis) * (1 - weight) + values.take(high, axis) * weight
    return np.asarray(between, dtype=np.float64)
