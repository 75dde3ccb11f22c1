"""From a frame and an ROI to the network's input, the same for training and prediction."""

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk.domain.roi import Box, Roi
from her2desk.packs.manifest import Preprocessing


def crop_box(roi: Roi, rows: int, columns: int, preprocessing: Preprocessing) -> Box:
    """The ROI's bounding rectangle and the margin (10 px in the paper), cut at the image's edge."""
    return roi.box(preprocessing.crop_margin_px, rows, columns)


def network_input(
    pixels: NDArray[np.uint8], box: Box, preprocessing: Preprocessing
) -> NDArray[np.float32]:
    """The crop resized to a square (bilinear, antialiased) and z-scored over its own pixels.

    Returns float32 of shape (size, size). A crop of one grey value becomes zeros.
    """
    crop = pixels[box.y0 : box.y1, box.x0 : box.x1].astype(np.float32)
    size = preprocessing.input_size_px
    square = torch.nn.functional.interpolate(
        torch.from_numpy(crop)[None, None],
        size=(size, size),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )[0, 0].numpy()
    deviation = float(square.std())
    # Resizing one grey value leaves rounding behind, which must not be blown up to a picture.
    if crop.min() == crop.max() or deviation == 0.0:
        return np.zeros((size, size), dtype=np.float32)
    return np.asarray((square - square.mean()) / deviation, dtype=np.float32)
