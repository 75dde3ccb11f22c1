"""The networks a pack may name, as MONAI builds them, and what one pass through them gives.

All end in global average pooling and one linear layer, so Grad-CAM of the logit needs no backward pass:
the gradient of the logit with respect to a feature map is its weight over the number of cells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from monai.networks.nets import DenseNet121, ResNet
from numpy.typing import NDArray
from torch import nn

from her2desk.errors import PackRefused
from her2desk.texts import msg


@dataclass(frozen=True)
class NetworkAnswer:
    """One image through the network.

    ``logit`` of the positive class; ``penultimate`` float32 (features,); ``maps`` float32
    (features, rows, columns), the last feature maps; ``weights`` float32 (features,) of the linear layer.
    """

    logit: float
    penultimate: NDArray[np.float32]
    maps: NDArray[np.float32]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Architecture:
    """How to build a network, and where its last feature maps and its linear layer are."""

    build: Callable[[int], nn.Module]
    maps: Callable[[nn.Module], nn.Module]
    head: Callable[[nn.Module], nn.Linear]
    rectifies_maps: bool = False


def _resnet(block: str, layers: list[int], widths: list[int], **options: Any) -> Architecture:
    def build(channels: int) -> nn.Module:
        return ResNet(  # type: ignore[no-any-return]
            block,
            layers,
            widths,
            spatial_dims=2,
            n_input_channels=channels,
            num_classes=1,
            shortcut_type="B",
            bias_downsample=False,
            conv1_t_stride=2,  # MONAI's default of 1 is silently another network
            **options,
        )

    return Architecture(build, lambda net: net.layer4, lambda net: net.fc)  # type: ignore[return-value,arg-type]


_FULL_WIDTH = [64, 128, 256, 512]
ARCHITECTURES: Mapping[str, Architecture] = {
    # Without the first pooling a 112-px crop gives a 7 × 7 map, as ResNet does at 224 px.
    "resnet18-slim": _resnet("basic", [2, 2, 2, 2], [8, 16, 32, 64], no_max_pool=True),
    "resnet50": _resnet("bottleneck", [3, 4, 6, 3], _FULL_WIDTH),
    "resnet101": _resnet("bottleneck", [3, 4, 23, 3], _FULL_WIDTH),
    "densenet121": Architecture(
        lambda channels: DenseNet121(spatial_dims=2, in_channels=channels, out_channels=1),
        lambda net: net.features,  # type: ignore[arg-type,return-value]
        lambda net: net.class_layers.out,  # type: ignore[union-attr,return-value,arg-type]
        rectifies_maps=True,
    ),
}


def build_network(architecture: str, channels: int) -> nn.Module:
    """An untrained network; raises ``PackRefused`` for a name that is not known here."""
    if architecture not in ARCHITECTURES:
        raise PackRefused(
            msg("The pack's network {name!r} is not known here.", name=architecture),
            msg("Update Her2Desk, or use another pack."),
            code="pack-network",
        )
    return ARCHITECTURES[architecture].build(channels)


def load_reader(
    architecture: str, channels: int, weights: Mapping[str, NDArray[Any]], device: str = "cpu"
) -> "CnnReader":
    """A reader of stored weights; raises ``PackRefused`` where they do not fit the architecture."""
    network = build_network(architecture, channels)
    state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise PackRefused(
            msg("The pack's network does not fit its architecture."),
            msg("Get the pack again from whoever built it."),
            code="pack-network",
        ) from error
    return CnnReader(network, architecture, channels, device)


class CnnReader:
    """A trained network, ready to read crops on one device."""

    def __init__(
        self, network: nn.Module, architecture: str, channels: int, device: str = "cpu"
    ) -> None:
        self.device = device
        self._channels = channels
        self._network = network.eval().to(device)
        self._spec = ARCHITECTURES[architecture]

    def read(self, crop: NDArray[np.float32]) -> NetworkAnswer:
        """Pass one crop, float32 (size, size), through the network."""
        captured: list[torch.Tensor] = []
        hook = self._spec.maps(self._network).register_forward_hook(
            lambda _module, _inputs, output: captured.append(output.detach())
        )
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(crop)[None, None].expand(1, self._channels, -1, -1)
                output = self._network(batch.to(self.device))
        finally:
            hook.remove()
        maps = captured[0][0].relu() if self._spec.rectifies_maps else captured[0][0]
        weights = self._spec.head(self._network).weight[0]
        return NetworkAnswer(
            logit=float(output[0, 0]),
            penultimate=maps.mean(dim=(1, 2)).float().cpu().numpy(),
            maps=maps.float().cpu().numpy(),
            weights=weights.detach().float().cpu().numpy(),
        )
