"""Other heatmaps of a case, asked for after its answer: by another method, or for the negative class.

The network has one logit, the positive class's; what speaks for the negative class is what speaks for
minus that logit.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod
from her2desk.domain.progress import Progress, Standstill
from her2desk.inference.heatmap import look, weighted_maps
from her2desk.inference.loaded_pack import LoadedPack
from her2desk.inference.networks import NetworkAnswer
from her2desk.inference.remembered import CropReader
from her2desk.inference.stages import StageClock, crop_of, prepared
from her2desk.texts import msg

OCCLUSION_CELLS = 8  # along each side: patches of 28 pixels on a crop of 224
_ROUNDING = 1e-5  # of the logit
_READING = msg("Running the network")
_COVERING = msg("Covering the crop place by place")

_Method = Callable[[CropReader, NDArray[np.float32], float, Progress], NDArray[np.float32]]


def explain(
    case: Case,
    loaded: LoadedPack,
    method: HeatmapMethod,
    speaks_for: HeatmapClass,
    progress: Progress,
) -> Heatmap:
    """The heatmap of a case by ``method``, of what speaks for one class.

    Its crop is in the image's own pixels; values are 0–1, or all zero where nothing speaks for the
    class. Raises as ``pipeline.predict``.
    """
    case.roi.check(case.image)
    picture = prepared(case, loaded, StageClock(Standstill(progress, 0.0, _READING)))
    crop = crop_of(picture, loaded)
    sign = 1.0 if speaks_for is HeatmapClass.POSITIVE else -1.0
    heat = _METHODS[method](loaded.network, crop, sign, progress)
    found, _ = look(heat, case.pixels, picture.mask, picture.box)
    return Heatmap(found.values, found.crop, found.share_in_roi, method, speaks_for)


def grad_cam_pp(
    answer: NetworkAnswer, gradients: NDArray[np.float32], sign: float = 1.0
) -> NDArray[np.float32]:
    """Grad-CAM++ (Chattopadhay et al. 2018) on the native grid (rows, columns), not yet scaled.

    ``gradients`` (features, rows, columns) are the logit's; ``sign`` −1 asks for the negative class. With
    Y = exp(S), S being ±logit, and S linear in the maps A as it is behind ReLUs, every derivative of Y
    is exp(S) times a power of g = ∂S/∂A, and exp(S) cancels out of equation 19:
    α = g² ⁄ (2 g² + g³ ΣA), the sum over the map. A map's weight is Σ α·max(g, 0) and the heat is
    max(Σ weight·A, 0); the factor exp(S) that is left is taken away by scaling. Where the denominator is
    not above 0, which takes maps with negative values, α is 0.
    """
    g = sign * gradients.astype(np.float64)
    sums = answer.maps.astype(np.float64).sum(axis=(1, 2), keepdims=True)
    below = 2 + g * sums  # the denominator over g²
    alpha = np.divide(1.0, below, out=np.zeros_like(g), where=(below > 0) & (g != 0))
    weights = (alpha * np.maximum(g, 0)).sum(axis=(1, 2))
    heat = np.tensordot(weights, answer.maps.astype(np.float64), axes=1)
    return np.maximum(heat, 0).astype(np.float32)


def occlusion(
    network: CropReader, crop: NDArray[np.float32], sign: float, progress: Progress
) -> NDArray[np.float32]:
    """How far ±logit falls when a place of the network's input is covered (Zeiler & Fergus 2014).

    ``crop`` is float32 (size, size). Places tile it, ``OCCLUSION_CELLS`` along each side, and are
    filled with the crop's mean. Rises, and falls no larger than rounding, become 0. Raises
    ``Cancelled`` when ``progress`` says so.
    """
    edges = np.linspace(0, crop.shape[-1], OCCLUSION_CELLS + 1).round().astype(int).tolist()
    slots = [slice(start, stop) for start, stop in pairwise(edges)]
    places = [(rows, columns) for rows in slots for columns in slots]
    (seen,) = network.read_many(crop[None])
    logits: list[float] = []
    while len(logits) < len(places):
        progress.step(len(logits) / len(places), _COVERING)
        now = places[len(logits) : len(logits) + network.at_once]
        covered = np.repeat(crop[None], len(now), axis=0)
        for one, place in zip(covered, now, strict=True):
            one[place] = crop.mean()
        logits += [response.logit for response in network.read_many(covered)]
    falls: NDArray[np.float64] = sign * (seen.logit - np.array(logits))
    falls[falls <= _ROUNDING * max(1.0, abs(seen.logit))] = 0.0
    return np.asarray(falls.reshape(OCCLUSION_CELLS, OCCLUSION_CELLS), dtype=np.float32)


def _grad_cam(
    network: CropReader, crop: NDArray[np.float32], sign: float, _progress: Progress
) -> NDArray[np.float32]:
    weighted = sign * weighted_maps(network.read(crop))
    return np.asarray(np.maximum(weighted, 0), dtype=np.float32)


def _grad_cam_pp(
    network: CropReader, crop: NDArray[np.float32], sign: float, _progress: Progress
) -> NDArray[np.float32]:
    answer = network.read(crop)
    return grad_cam_pp(answer, network.gradients(answer.maps), sign)


_METHODS: Mapping[HeatmapMethod, _Method] = {
    HeatmapMethod.GRAD_CAM: _grad_cam,
    HeatmapMethod.GRAD_CAM_PP: _grad_cam_pp,
    HeatmapMethod.OCCLUSION: occlusion,
}
