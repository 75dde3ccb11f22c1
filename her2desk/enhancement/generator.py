"""The generator: residual blocks at the image's own size, then pixel shuffle (SRGAN, ESRGAN, ESPCN).

Ledig et al., CVPR 2017, without batch normalisation as in EDSR and ESRGAN (Lim et al., CVPRW 2017; Wang
et al., ECCVW 2018), and with all convolutions at the image's own resolution (Shi et al., CVPR 2016), so
that ×4 costs little more than ×1. It adds to a bicubic enlargement what interpolation cannot give, and
the sum is projected so that degrading it gives the image back (Irani & Peleg, 1991, solved exactly).
"""

from functools import lru_cache

import numpy as np
import torch
from torch import nn

from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation, back_projector

WHITE = 255.0


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside the identity, no normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (n, width, rows, columns) and what the block adds."""
        added: torch.Tensor = self.second(torch.relu(self.first(x)))
        return x + added


class Generator(nn.Module):
    """Enhanced grey values (n, 1, rows·scale, columns·scale) of ``x`` (n, 1, rows, columns), all 0–1.

    What comes out is not clipped. At the start of training it is the projected enlargement: the last
    convolution begins at zero.
    """

    def __init__(self, architecture: Architecture, degradation: Degradation) -> None:
        super().__init__()
        width, scale = architecture.width, degradation.scale
        self.degradation = degradation
        self.head = nn.Conv2d(1, width, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(architecture.blocks)))
        self.tail = nn.Conv2d(width, width, 3, padding=1)
        self.up = nn.Conv2d(width, scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The enhanced picture, projected."""
        return self.completed(self.added(x), x)

    def added(self, x: torch.Tensor) -> torch.Tensor:
        """What the network adds to the enlargement: the part that bears half precision."""
        first = self.head(x)
        added: torch.Tensor = self.shuffle(self.up(first + self.tail(self.body(first))))
        return added

    def completed(self, added: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The enlargement and what was added to it, projected."""
        enlarged = nn.functional.interpolate(
            x, scale_factor=self.degradation.scale, mode="bicubic", align_corners=False
        )
        return projected(enlarged + added, x, self.degradation)


def degraded(enhanced: torch.Tensor, degradation: Degradation) -> torch.Tensor:
    """As ``Degradation.applied``, for float32 (n, 1, rows·scale, columns·scale)."""
    rows, columns = (side // degradation.scale for side in enhanced.shape[-2:])
    depth, lateral = _matrices(rows, columns, degradation, enhanced.device)[:2]
    with torch.autocast(enhanced.device.type, enabled=False):
        return depth @ enhanced @ lateral.T


def back_projected(missing: torch.Tensor, degradation: Degradation) -> torch.Tensor:
    """The least change of an enhanced picture that changes what it degrades to by ``missing``."""
    rows, columns = missing.shape[-2:]
    depth_back, lateral_back = _matrices(rows, columns, degradation, missing.device)[2:]
    with torch.autocast(missing.device.type, enabled=False):
        return depth_back @ missing @ lateral_back.T


def projected(enhanced: torch.Tensor, x: torch.Tensor, degradation: Degradation) -> torch.Tensor:
    """The picture nearest to ``enhanced`` that degrades to ``x``."""
    return enhanced + back_projected(x - degraded(enhanced, degradation), degradation)


@lru_cache(maxsize=8)
def _matrices(
    rows: int, columns: int, degradation: Degradation, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Both axes' degradation, then both axes' back-projection."""
    depth, lateral = degradation.along_depth(rows), degradation.along_lateral(columns)
    every = depth, lateral, back_projector(depth), back_projector(lateral)
    with torch.inference_mode(False):  # whoever trains later gets the same tensors
        first, second, third, fourth = (
            torch.from_numpy(np.array(m, np.float32)).to(device) for m in every
        )
    return first, second, third, fourth
