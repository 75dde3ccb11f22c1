"""Grad-CAM of the logit, and where its heat lies.

Selvaraju et al. 2017. Figures by V17: enrichment is the share of heat over the share of the crop's area;
dispersion is the entropy over log N on the network's native grid.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk.domain.prediction import Heatmap
from her2desk.domain.roi import Box
from her2desk.domain.validation import Attention
from her2desk.inference.networks import NetworkAnswer

HYPERECHOIC_SDS = 1.0  # brighter than the crop's mean by this many standard deviations


def grad_cam(answer: NetworkAnswer) -> NDArray[np.float32]:
    """Heat on the native grid (rows, columns), negative values cut at 0, not yet scaled.

    It is the published map times the number of cells, which scaling takes away again.
    """
    return np.maximum(weighted_maps(answer), 0).astype(np.float32)


def weighted_maps(answer: NetworkAnswer) -> NDArray[np.float32]:
    """Grad-CAM before it is cut at 0: what speaks against the class is negative."""
    return np.asarray(np.tensordot(answer.weights, answer.maps, axes=1), dtype=np.float32)


def look(
    heat: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    box: Box,
) -> tuple[Heatmap, Attention]:
    """The heatmap scaled to 0–1 with its crop, and the attention figures of the case.

    ``pixels`` and ``mask`` are of the whole frame (rows, columns).
    """
    crop = pixels[box.y0 : box.y1, box.x0 : box.x1].astype(np.float64)
    roi = mask[box.y0 : box.y1, box.x0 : box.x1]
    mean = crop.mean(keepdims=True)
    bright = crop > mean + HYPERECHOIC_SDS * crop.std(mean=mean)
    total = float(heat.sum())
    if total == 0.0:
        return Heatmap(heat, box, None), Attention(None, None, None)
    fine = _on_pixels(heat, box)
    all_heat = fine.sum()
    share = float(fine[roi].sum() / all_heat)
    attention = Attention(
        roi_enrichment=_enrichment(share, roi),
        hyperechoic_enrichment=_enrichment(float(fine[bright].sum() / all_heat), bright),
        dispersion=_dispersion(heat),
    )
    return Heatmap(heat / heat.max(), box, share), attention


def _on_pixels(heat: NDArray[np.float32], box: Box) -> NDArray[np.float64]:
    scaled = torch.nn.functional.interpolate(
        torch.from_numpy(heat)[None, None],
        size=(box.height, box.width),
        mode="bilinear",
        align_corners=False,
    )
    return scaled[0, 0].numpy().astype(np.float64)


def _enrichment(share: float, where: NDArray[np.bool_]) -> float | None:
    area = float(where.mean())
    return None if area == 0.0 else share / area


def _dispersion(heat: NDArray[np.float32]) -> float:
    shares = heat.astype(np.float64).ravel() / float(heat.sum())
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / math.log(heat.size))
