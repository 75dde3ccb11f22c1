"""The pixels that an ROI touches, as a rectangle of its picture."""

import numpy as np
from numpy.typing import NDArray


class Box:
    """The pixels that an ROI touches, in a picture of two dimensions.

    ``rows`` and ``columns`` are slices of a picture ``shape`` (rows, columns).
    """

    def __init__(self, mask: NDArray[np.bool_]):
        self.shape = mask.shape
        touched_rows, touched_columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        self.rows = slice(int(touched_rows[0]), int(touched_rows[-1]) + 1)
        self.columns = slice(int(touched_columns[0]), int(touched_columns[-1]) + 1)

    @property
    def places(self) -> tuple[slice, slice]:
        """Rows and columns, to cut a picture with."""
        return self.rows, self.columns

    def widened(self, reach: int) -> tuple[slice, slice]:
        """Rows and columns with what filters reach; all of an axis whose edge they reach too.

        pyradiomics' wavelet continues the picture periodically, so the other edge counts there.
        """
        return _widened(self.rows, self.shape[0], reach), _widened(
            self.columns, self.shape[1], reach
        )


def within(part: slice, whole: slice) -> slice:
    """The part's place in the whole, both of one axis."""
    return slice(part.start - whole.start, part.stop - whole.start)


def _widened(part: slice, size: int, reach: int) -> slice:
    start, stop = part.start - reach, part.stop + reach
    return slice(0, size) if start < 0 or stop > size else slice(start, stop)
