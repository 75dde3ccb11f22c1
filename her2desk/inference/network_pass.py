"""One pass through a network: all that is asked of it comes back in one piece, in one copy."""

import copy
import logging

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from her2desk.inference.prepacked import prepacked, prepacking_works

log = logging.getLogger(__name__)
HALF_AGREEMENT = 1e-3  # of the logit, of the penultimate values and of the maps


class NetworkPass(nn.Module):
    """A network in three parts, one behind the other: ``maps``, ``behind`` and ``head``.

    ``maps`` leads from images (n, ``channels``, side, side) to the last feature maps (n, features, rows,
    columns), ``behind`` to the penultimate values (n, values), ``head`` to the logits (n, 1). Where
    ``behind`` is global average pooling and no more, ``is_pooled``.
    """

    def __init__(
        self, maps: nn.Module, behind: nn.Module, head: nn.Linear, channels: int, is_pooled: bool
    ) -> None:
        super().__init__()
        self.maps = maps
        self.behind = behind
        self.head = head
        self.channels = channels
        self.is_pooled = is_pooled

    def forward(
        self, crops: torch.Tensor, wants_maps: bool
    ) -> tuple[torch.Tensor, tuple[int, int, int]]:
        """Crops, float32 (n, side, side), as float32 (n, numbers), and the shape of one crop's maps.

        The numbers are the logit and the penultimate values, and if asked the maps; then, where pooling
        does not tell it, also the logit's gradient with respect to each map, summed over its cells.
        """
        with torch.inference_mode():
            images = crops[:, None].expand(-1, self.channels, -1, -1)
            maps = self.maps(images.to(self.head.weight.dtype))
        wants_gradient = wants_maps and not self.is_pooled
        # a copy outside of inference mode, where gradients cannot be asked for
        leaf = maps.clone().requires_grad_(True) if wants_gradient else maps
        with torch.inference_mode(not wants_gradient):
            penultimate = self.behind(leaf)
            logits = self.head(penultimate)
        parts = [logits.detach(), penultimate.detach()]
        if wants_maps:
            parts.append(maps.flatten(1))
        if wants_gradient:
            (gradient,) = torch.autograd.grad(logits.sum(), leaf)
            parts.append(gradient.sum(dim=(2, 3)))
        _, features, rows, columns = maps.shape
        with torch.inference_mode():
            return torch.cat(parts, dim=1).float(), (features, rows, columns)

    def gradients(self, maps: torch.Tensor) -> torch.Tensor:
        """The logit's gradient, float32, with respect to maps (features, rows, columns)."""
        leaf = maps[None].to(self.head.weight.dtype, copy=True).requires_grad_(True)
        logit = self.head(self.behind(leaf))[0, 0]
        return torch.autograd.grad(logit, leaf)[0][0].float()


def ready_for_processor(whole: NetworkPass, *, prepacks: bool) -> NetworkPass:
    """The same parts, with prepacked convolutions if asked and where this computer has them."""
    if not (prepacks and prepacking_works()):
        return whole
    maps = prepacked(whole.maps)
    return NetworkPass(maps, whole.behind, whole.head, whole.channels, whole.is_pooled)


def half_where_it_agrees(whole: NetworkPass, device: str, size_px: int) -> NetworkPass:
    """``whole``, which lies on ``device``, in float16, or itself where the numbers would not agree.

    Three fixed crops of side ``size_px`` are read in both. The logit may differ by
    ``HALF_AGREEMENT`` of itself or of 1, the others by that of the largest of their kind.
    """
    half = copy.deepcopy(whole).half()
    crops = torch.from_numpy(_reference_crops(size_px)).to(device)
    exact, (features, rows, columns) = whole(crops, True)
    rough, _ = half(crops, True)
    values = whole.head.in_features
    ends = (1, 1 + values, 1 + values + features * rows * columns)
    difference = (rough - exact).abs().tensor_split(ends, dim=1)
    size = exact.abs().tensor_split(ends, dim=1)
    shares = [
        (d.amax(1) / s.amax(1).clamp(min=least)).max()
        for d, s, least in zip(difference[:3], size[:3], (1.0, 1e-12, 1e-12), strict=True)
    ]
    worst = float(torch.stack(shares).max().cpu())  # no number where a number is too large
    if worst <= HALF_AGREEMENT:
        return half
    log.warning("half precision is not used: its numbers differ by %.1e", worst)
    return whole


def _reference_crops(size_px: int) -> NDArray[np.float32]:
    """Noise, a dark disc in noise and a ramp, each with mean 0 and deviation 1."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[-1 : 1 : size_px * 1j, -1 : 1 : size_px * 1j]
    noise = rng.normal(size=(2, size_px, size_px))
    disc = noise[1] - 3.0 * (np.hypot(row, column) < 0.6)
    crops = np.stack([noise[0], disc, row + column / 2])
    crops -= crops.mean(axis=(1, 2), keepdims=True)
    crops /= crops.std(axis=(1, 2), keepdims=True)
    return np.asarray(crops, dtype=np.float32)
