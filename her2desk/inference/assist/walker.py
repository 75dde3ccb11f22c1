"""The random walker (Grady, IEEE TPAMI 28, 2006): an edge from the pixels of one picture alone."""

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Point
from her2desk.inference.assist.window import SIZE, Corners, box_map

SEED_SHARE = 0.65  # of a box's half axes: surely lesion
SHORTEST_HALF_AXIS_PX = 1.5
SMOOTHING_PX = 1.5
BETA = 4000.0  # how hard it is to walk over an edge
TOLERANCE = 1e-3
WHITE = 255.0


def walked(
    crop: NDArray[np.float32], inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """How likely a walk from each pixel meets ``inside`` before ``outside``, float32 as ``crop``.

    ``crop`` are grey values 0–255; both seeds are masks of its shape with at least one pixel.
    """
    from scipy.ndimage import gaussian_filter
    from skimage.segmentation import random_walker

    marks = np.where(inside, 1, np.where(outside, 2, 0)).astype(np.int32)
    values = gaussian_filter(crop.astype(np.float64) / WHITE, SMOOTHING_PX)
    chances = random_walker(
        values,
        marks,
        beta=BETA,
        mode="cg_j",
        tol=TOLERANCE,
        return_full_prob=True,
        prob_tol=1.0,  # what the solver overshoots by is cut off below
    )
    return np.asarray(np.clip(chances[0], 0, 1), np.float32)


def walked_in_box(crop: NDArray[np.float32], box: Corners) -> NDArray[np.float32]:
    """``walked`` from the middle of a box in window coordinates, and from all that is not in it."""
    return walked(crop, ellipse(box, SEED_SHARE), box_map(box) == 0)


def ellipse(box: Corners, scale: float) -> NDArray[np.bool_]:
    """The ellipse in a box, its axes times ``scale``, as a mask (SIZE, SIZE)."""
    left, top, right, lower = box
    middle: Point = (left + right) / 2, (top + lower) / 2
    half_axes = [
        max(SHORTEST_HALF_AXIS_PX, (b - a) / 2 * scale) for a, b in ((left, right), (top, lower))
    ]
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    inside: NDArray[np.bool_] = ((x - middle[0]) / half_axes[0]) ** 2 + (
        (y - middle[1]) / half_axes[1]
    ) ** 2 <= 1
    return inside
