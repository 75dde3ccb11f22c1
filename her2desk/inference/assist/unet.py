"""The contour network: a small U-Net (Ronneberger et al., MICCAI 2015) of five resolutions."""

import torch
from torch import nn

CHANNELS = (12, 24, 48, 96, 128)  # from the finest resolution to the coarsest
INPUTS = 2  # the picture and the prompt


class ContourUnet(nn.Module):
    """Logits (n, 1, size, size) of "lesion" for inputs (n, 2, size, size); size divides by 16."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        before = (INPUTS, *channels[:-1])
        self.down = nn.ModuleList(_twice(a, b) for a, b in zip(before, channels, strict=True))
        finer, coarser = channels[-2::-1], channels[:0:-1]
        self.up = nn.ModuleList(_twice(a + b, a) for a, b in zip(finer, coarser, strict=True))
        self.last = nn.Conv2d(channels[0], 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of ``x``."""
        kept = []
        for depth, block in enumerate(self.down):
            x = block(x if depth == 0 else nn.functional.max_pool2d(x, 2))
            kept.append(x)
        for block, finer in zip(self.up, kept[-2::-1], strict=True):
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = block(torch.cat([finer, x], dim=1))
        logits: torch.Tensor = self.last(x)
        return logits


def _twice(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )
