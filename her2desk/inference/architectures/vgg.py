"""VGG19 in torchvision's layout, with one output.

Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
column E. Layers are named as in torchvision (``features.N``, ``classifier.N``), so that its weights load.
"""

from typing import cast

import torch
from torch import nn

CONVOLUTIONS_PER_STAGE = (2, 2, 4, 4, 4)
WIDTHS = (64, 128, 256, 512, 512)
LAST_CONVOLUTION = 35  # the rectified one of the last stage, before its pooling
POOLED_SIDE = 7
HIDDEN = 4096


class Vgg19(nn.Module):
    """float32 (images, channels, side, side) to one logit each; the side at least 32 px."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(*_stages(channels))
        self.avgpool = nn.AdaptiveAvgPool2d(POOLED_SIDE)
        self.classifier = nn.Sequential(
            nn.Linear(WIDTHS[-1] * POOLED_SIDE**2, HIDDEN),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(HIDDEN, 1),
        )
        for module in self.modules():
            _initialise(module)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (images, 1)."""
        penultimate = self.behind_maps()(self.maps(images))
        logits: torch.Tensor = self.head(penultimate)
        return logits

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        """The last convolution's rectified maps (images, 512, rows, columns)."""
        for layer in list(self.features)[: LAST_CONVOLUTION + 1]:
            images = layer(images)
        return images

    def behind_maps(self) -> nn.Sequential:
        """What leads from the maps to the 4096 values (images, 4096) that the last layer reads."""
        pooling = self.features[LAST_CONVOLUTION + 1]
        return nn.Sequential(pooling, self.avgpool, nn.Flatten(), *list(self.classifier)[:-1])

    @property
    def head(self) -> nn.Linear:
        """The last layer."""
        return cast(nn.Linear, self.classifier[-1])


def _stages(channels: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for count, width in zip(CONVOLUTIONS_PER_STAGE, WIDTHS, strict=True):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return layers


def _initialise(module: nn.Module) -> None:
    """Sixteen convolutions without batch normalisation learn only from He's variances."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
