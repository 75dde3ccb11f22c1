"""The heatmap's colours, and the heatmap as a picture. numpy only."""

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.heat_grid import resized

# Every 17th entry of matplotlib's viridis (van der Walt and Smith, CC0).
VIRIDIS = (
    (68, 1, 84), (72, 26, 108), (71, 47, 125), (65, 68, 135), (57, 86, 140), (49, 104, 142),
    (42, 120, 142), (35, 136, 142), (31, 152, 139), (34, 168, 132), (53, 183, 121),
    (84, 197, 104), (122, 209, 81), (165, 219, 54), (210, 226, 27), (253, 231, 37),
)  # fmt: skip
OPAQUE_FROM = 0.25  # little heat shows the ultrasound beneath; from here on the colour is full


def colour_table() -> NDArray[np.uint8]:
    """Red, green, blue for heat 0…1 in 256 steps: uint8, shape (256, 3)."""
    anchors = np.asarray(VIRIDIS, dtype=float)
    at = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def heat_picture(values: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.uint8]:
    """Red, green, blue, alpha of a heat grid 0–1 on (rows, columns): uint8, (rows, columns, 4)."""
    heat = np.clip(np.nan_to_num(resized(values, rows, columns)), 0.0, 1.0)
    picture = np.empty((rows, columns, 4), dtype=np.uint8)
    picture[..., :3] = colour_table()[np.round(heat * 255).astype(np.uint8)]
    picture[..., 3] = np.round(np.minimum(heat / OPAQUE_FROM, 1.0) * 255)
    return picture
