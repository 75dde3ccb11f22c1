"""The networks a pack may name, and what one pass through them gives.

All but VGG19 end in global average pooling and one linear layer, so Grad-CAM of the logit needs no
backward pass: the gradient of the logit with respect to a feature map is its weight over the number of
cells. VGG19's gradient is taken through what lies behind its last convolution.
"""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from monai.networks.nets import DenseNet121, ResNet
from numpy.typing import NDArray
from torch import nn

from her2desk.domain.image import ImageWarning
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.architectures.crossformer import INPUT_MULTIPLES, CrossFormer
from her2desk.inference.architectures.efficientnet_lite import EfficientNetLite0
from her2desk.inference.architectures.vgg import LAST_CONVOLUTION, Vgg19
from her2desk.inference.devices import CPU, Device, NoNumbers, release_memory
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class Response:
    """What the branches behind the network go on with.

    ``logit`` of the positive class; ``penultimate`` float32 (values,), what the last linear layer reads.
    """

    logit: float
    penultimate: NDArray[np.float32]


@dataclass(frozen=True)
class NetworkAnswer(Response):
    """One image through the network.

    ``maps`` float32 (features, rows, columns), the last feature maps; ``weights`` float32 (features,), the
    gradient of the logit with respect to each map, summed over its cells. Behind global average pooling
    that is the linear layer's weight.
    """

    maps: NDArray[np.float32]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Architecture:
    """How to build a network for ``channels`` input channels, and where to look inside.

    ``maps`` finds the module that gives the last feature maps, ``head`` the last linear layer.
    ``behind_maps`` leads from the maps to the logit where that is not average pooling and the head. The
    input's side must be at least ``smallest_px`` (a map of 2 × 2) and a multiple of one of
    ``multiples_px``.
    """

    build: Callable[[int], nn.Module]
    channels: int
    maps: Callable[[nn.Module], nn.Module]
    head: Callable[[nn.Module], nn.Linear]
    smallest_px: int
    multiples_px: tuple[int, ...] = (1,)
    rectifies_maps: bool = False
    behind_maps: Callable[[nn.Module, torch.Tensor], torch.Tensor] | None = None


def _resnet(
    block: str,
    layers: list[int],
    widths: list[int],
    channels: int,
    smallest_px: int,
    **options: Any,
) -> Architecture:
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

    return Architecture(
        build,
        channels,
        lambda net: cast(nn.Module, net.layer4),
        lambda net: cast(nn.Linear, net.fc),
        smallest_px,
    )


CROPS_AT_ONCE = 32  # on an accelerator
_FULL_WIDTH = [64, 128, 256, 512]
ARCHITECTURES: Mapping[str, Architecture] = {
    # Without the first pooling a 112-px crop gives a 7 × 7 map, as ResNet does at 224 px.
    "resnet18-slim": _resnet("basic", [2, 2, 2, 2], [8, 16, 32, 64], 1, 32, no_max_pool=True),
    "resnet50": _resnet("bottleneck", [3, 4, 6, 3], _FULL_WIDTH, 3, 64),
    "resnet101": _resnet("bottleneck", [3, 4, 23, 3], _FULL_WIDTH, 3, 64),
    "vgg19": Architecture(
        Vgg19,
        3,
        lambda net: cast(Vgg19, net).features[LAST_CONVOLUTION],
        lambda net: cast(nn.Linear, cast(Vgg19, net).classifier[-1]),
        32,
        behind_maps=lambda net, maps: cast(Vgg19, net).behind_maps(maps),
    ),
    "densenet121": Architecture(
        lambda channels: DenseNet121(spatial_dims=2, in_channels=channels, out_channels=1),
        3,
        lambda net: cast(nn.Module, net.features),
        lambda net: cast(nn.Linear, cast(nn.Module, net.class_layers).out),
        64,
        rectifies_maps=True,
    ),
    "efficientnet_lite0": Architecture(
        EfficientNetLite0,
        3,
        lambda net: cast(EfficientNetLite0, net).maps,
        lambda net: cast(EfficientNetLite0, net).head,
        64,
    ),
    "crossformer": Architecture(
        CrossFormer,
        1,
        lambda net: cast(CrossFormer, net).maps,
        lambda net: cast(CrossFormer, net).head,
        min(INPUT_MULTIPLES),
        INPUT_MULTIPLES,
    ),
}


def find_architecture(name: str) -> Architecture:
    """The architecture of this name; raises ``PackRefused`` for one that is not known here."""
    if name not in ARCHITECTURES:
        raise PackRefused(
            msg("The pack's network {name!r} is not known here.", name=name),
            msg("Update Her2Desk, or use another pack."),
            code="pack-network",
        )
    return ARCHITECTURES[name]


def build_network(architecture: str, channels: int) -> nn.Module:
    """An untrained network; raises ``PackRefused`` for a name that is not known here."""
    return find_architecture(architecture).build(channels)


def check_input_size(architecture: str, size_px: int) -> None:
    """Raise ``InputRefused`` where the network cannot read squares of this side."""
    problem = _size_problem(architecture, size_px)
    if problem is not None:
        raise InputRefused(
            problem,
            msg("Choose another input size, such as 112 or 224."),
            code="network-input-size",
        )


def _size_problem(architecture: str, size_px: int) -> Message | None:
    spec = find_architecture(architecture)
    if size_px < spec.smallest_px:
        return msg(
            "The network {name} reads crops of at least {smallest} pixels, not {size}.",
            name=architecture,
            smallest=spec.smallest_px,
            size=size_px,
        )
    if all(size_px % multiple for multiple in spec.multiples_px):
        return msg(
            "The network {name} reads crops whose side is a multiple of {multiples} pixels, not {size}.",
            name=architecture,
            multiples="/".join(str(m) for m in spec.multiples_px),
            size=size_px,
        )
    return None


def load_reader(
    architecture: str,
    channels: int,
    weights: Mapping[str, NDArray[Any]],
    device: str | Device = CPU,
) -> "CnnReader":
    """A reader of stored weights; raises ``PackRefused`` where they do not fit the architecture."""
    network = build_network(architecture, channels)
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise _unfit()  # before a weight is copied, of which there may be far too many
    try:
        state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
        network.load_state_dict(state, strict=True)
    except (RuntimeError, TypeError) as error:
        raise _unfit() from error
    return CnnReader(network, architecture, channels, device)


def _unfit() -> PackRefused:
    return PackRefused(
        msg("The pack's network does not fit its architecture."),
        msg("Get the pack again from whoever built it."),
        code="pack-network",
    )


class CnnReader:
    """A trained network, ready to read crops on a device, or on the processor once that fails."""

    def __init__(
        self, network: nn.Module, architecture: str, channels: int, device: str | Device = CPU
    ) -> None:
        self._device = Device.of(device)
        self._channels = channels
        self._network = network.eval()
        self._elsewhere: nn.Module | None = None  # a copy: what a lost device held is lost
        self._architecture = architecture
        self._spec = ARCHITECTURES[architecture]
        if not self._device.is_processor:
            self._device.run(self._on)

    @property
    def device(self) -> str:
        """Where crops are read now."""
        return self._device.name

    @property
    def warnings(self) -> tuple[ImageWarning, ...]:
        """What an answer must say of the device; empty while it works."""
        return self._device.warnings

    @property
    def at_once(self) -> int:
        """How many crops to give to ``read_many`` together.

        One on a processor, which gains a tenth from more and cannot be stopped in between.
        """
        return 1 if self._device.is_processor else CROPS_AT_ONCE

    def read(self, crop: NDArray[np.float32]) -> NetworkAnswer:
        """Pass one crop, float32 (size, size), through the network.

        Raises ``PackRefused`` where the network cannot read crops of this size.
        """
        self._check_size(crop)
        return self._device.run(lambda name: self._read(crop, name))

    def read_many(self, crops: NDArray[np.float32]) -> list[Response]:
        """Pass crops, float32 (n, size, size), through the network at once.

        The numbers of one crop are those of ``read``; of several, but for rounding, about 1e-6 of
        them. Raises as ``read``.
        """
        self._check_size(crops)
        return self._device.run(lambda name: self._read_many(crops, name))

    def gradients(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logit's gradient with respect to every cell of ``maps``, as ``read`` gave them."""
        return self._device.run(lambda name: self._gradients(maps, name))

    def _on(self, device: str) -> nn.Module:
        """The network on ``device``; on the processor, whatever lies elsewhere is given up."""
        if device == CPU:
            if self._elsewhere is not None:
                self._elsewhere = None
                release_memory()
            return self._network
        if self._elsewhere is None:
            self._elsewhere = copy.deepcopy(self._network).to(device)
        return self._elsewhere

    def _read(self, crop: NDArray[np.float32], device: str) -> NetworkAnswer:
        network = self._on(device)
        seen: dict[str, torch.Tensor] = {}

        def keep_maps(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            seen["maps"] = output.detach()[0]

        def keep_penultimate(_module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            seen["penultimate"] = inputs[0].detach()[0]

        hooks = (
            self._spec.maps(network).register_forward_hook(keep_maps),
            self._spec.head(network).register_forward_pre_hook(keep_penultimate),
        )
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(crop)[None, None].expand(1, self._channels, -1, -1)
                output = network(batch.to(device))
        finally:
            for hook in hooks:
                hook.remove()
        maps = seen["maps"].relu() if self._spec.rectifies_maps else seen["maps"]
        answer = NetworkAnswer(
            logit=float(output[0, 0]),
            penultimate=seen["penultimate"].float().cpu().numpy(),
            maps=maps.float().cpu().numpy(),
            weights=self._weights(network, maps).float().cpu().numpy(),
        )
        _check_numbers((answer,), device)
        return answer

    def _read_many(self, crops: NDArray[np.float32], device: str) -> list[Response]:
        network = self._on(device)
        seen: list[torch.Tensor] = []

        def keep(_module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            seen.append(inputs[0].detach())

        hook = self._spec.head(network).register_forward_pre_hook(keep)
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(crops)[:, None].expand(-1, self._channels, -1, -1)
                logits = network(batch.to(device))[:, 0].float().cpu().numpy()
        finally:
            hook.remove()
        penultimate = seen[0].float().cpu().numpy()
        answers = [Response(float(x), p) for x, p in zip(logits, penultimate, strict=True)]
        _check_numbers(answers, device)
        return answers

    def _gradients(self, maps: NDArray[np.float32], device: str) -> NDArray[np.float32]:
        network = self._on(device)
        if self._spec.behind_maps is None:
            weight = self._spec.head(network).weight[0].detach().float().cpu().numpy()
            cells = maps[0].size
            return np.asarray(np.broadcast_to(weight[:, None, None] / cells, maps.shape))
        found = self._through(network, torch.from_numpy(maps).to(device))
        return np.asarray(found.float().cpu().numpy())

    def _check_size(self, crop: NDArray[np.float32]) -> None:
        problem = _size_problem(self._architecture, crop.shape[-1])
        if problem is not None:
            raise PackRefused(
                problem, msg("Get the pack again from whoever built it."), code="pack-network"
            )

    def _weights(self, network: nn.Module, maps: torch.Tensor) -> torch.Tensor:
        """The logit's gradient with respect to each map, summed over its cells."""
        if self._spec.behind_maps is None:
            return self._spec.head(network).weight[0].detach()
        return self._through(network, maps).sum(dim=(1, 2))

    def _through(self, network: nn.Module, maps: torch.Tensor) -> torch.Tensor:
        """By a backward pass through what lies behind the maps, where that is not pooling."""
        assert self._spec.behind_maps is not None
        leaf = maps[None].clone().requires_grad_(True)  # a copy outside of inference mode
        logit = self._spec.behind_maps(network, leaf)[0, 0]
        return torch.autograd.grad(logit, leaf)[0][0]


def _check_numbers(answers: Sequence[Response], device: str) -> None:
    """A failing device may answer without a word, only with no numbers."""
    if device != CPU and not all(math.isfinite(answer.logit) for answer in answers):
        raise NoNumbers(f"{device} gave no number")
