"""Colours as people see them whose cones differ, and how far two of them are apart then.

Matrices: Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color
vision deficiency", IEEE TVCG 15(6), severity 1.0, on linear RGB. Without cones: luminance, BT.709.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

FloatArray = NDArray[np.float64]
_LUMINANCE = (0.2126, 0.7152, 0.0722)
MATRICES: Mapping[str, FloatArray] = {
    "usual": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
    "achromat": np.array([_LUMINANCE, _LUMINANCE, _LUMINANCE]),
}


def as_seen(rgb: NDArray[np.uint8], vision: str) -> NDArray[np.uint8]:
    """A picture, (…, 3) sRGB, as this vision has it."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ MATRICES[vision].T, 0, 1)
    srgb = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    found: NDArray[np.uint8] = np.round(255 * srgb).astype(np.uint8)
    return found


def apart(one: str, other: str, vision: str) -> float:
    """ΔE2000 of two colours, ``#rrggbb``, under this vision; 1 is just seen side by side."""
    pair = np.array([[_bytes(one), _bytes(other)]], np.uint8)
    lab = rgb2lab(as_seen(pair, vision))
    return float(deltaE_ciede2000(lab[0, 0], lab[0, 1]))


def _bytes(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.lstrip("#")))
