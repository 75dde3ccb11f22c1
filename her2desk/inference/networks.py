"""The networks a pack may name, and what one pass through them gives.

All but VGG19 end in global average pooling and one linear layer, so Grad-CAM of the logit needs no
backward pass: the gradient of the logit with respect to a feature map is its weight over the number of
cells. VGG19's gradient is taken through what lies behind its last convolution.

On a processor a ``CnnReader`` answers with the same bits in any thread; one call at a time.
"""

import copy
import gc
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from monai.networks.nets import DenseNet121, ResNet
from numpy.typing import NDArray
from torch import nn
from torch.overrides import TorchFunctionMode

from her2desk.domain.image import ImageWarning
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.architectures.crossformer import INPUT_MULTIPLES, CrossFormer
from her2desk.inference.architectures.efficientnet_lite import EfficientNetLite0
from her2desk.inference.architectures.vgg import Vgg19
from her2desk.inference.devices import CPU, HALF, Device, NoNumbers, release_memory
from her2desk.inference.network_pass import (
    NetworkPass,
    half_where_it_agrees,
    ready_for_processor,
)
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


def _pooling(_network: nn.Module) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


@dataclass(frozen=True)
class Architecture:
    """How to build a network for ``channels`` input channels, and its three parts.

    ``maps`` computes the last feature maps of images, ``behind`` gives the module that leads from them
    to what ``head`` reads, the last linear layer. It is global average pooling, or ``is_pooled`` is
    False. The input's side must be at least ``smallest_px`` (a map of 2 × 2) and a multiple of one of
    ``multiples_px``. ``prepacks`` where prepacked convolutions pay (ADR 0027).
    """

    build: Callable[[int], nn.Module]
    channels: int
    maps: Callable[[nn.Module, torch.Tensor], torch.Tensor]
    head: Callable[[nn.Module], nn.Linear]
    smallest_px: int
    multiples_px: tuple[int, ...] = (1,)
    behind: Callable[[nn.Module], nn.Module] = _pooling
    is_pooled: bool = True
    prepacks: bool = False


def _resnet(
    block: str,
    layers: list[int],
    widths: list[int],
    channels: int,
    smallest_px: int,
    *,
    prepacks: bool,
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
        lambda net, images: _resnet_maps(cast(ResNet, net), images),
        lambda net: cast(nn.Linear, net.fc),
        smallest_px,
        prepacks=prepacks,
    )


def _resnet_maps(network: ResNet, images: torch.Tensor) -> torch.Tensor:
    maps = network.act(network.bn1(network.conv1(images)))
    if not network.no_max_pool:
        maps = network.maxpool(maps)
    for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
        maps = layer(maps)
    return cast(torch.Tensor, maps)


CROPS_AT_ONCE = 32  # on an accelerator
_FULL_WIDTH = [64, 128, 256, 512]
ARCHITECTURES: Mapping[str, Architecture] = {
    # Without the first pooling a 112-px crop gives a 7 × 7 map, as ResNet does at 224 px. Its pass of
    # 2 ms is shorter than prepacking would take.
    "resnet18-slim": _resnet(
        "basic", [2, 2, 2, 2], [8, 16, 32, 64], 1, 32, prepacks=False, no_max_pool=True
    ),
    "resnet50": _resnet("bottleneck", [3, 4, 6, 3], _FULL_WIDTH, 3, 64, prepacks=True),
    "resnet101": _resnet("bottleneck", [3, 4, 23, 3], _FULL_WIDTH, 3, 64, prepacks=True),
    "vgg19": Architecture(
        Vgg19,
        3,
        lambda net, images: cast(Vgg19, net).maps(images),
        lambda net: cast(Vgg19, net).head,
        32,
        behind=lambda net: cast(Vgg19, net).behind_maps(),
        is_pooled=False,
        prepacks=True,
    ),
    "densenet121": Architecture(
        lambda channels: DenseNet121(spatial_dims=2, in_channels=channels, out_channels=1),
        3,
        lambda net, images: nn.functional.relu(cast(DenseNet121, net).features(images)),
        lambda net: cast(nn.Linear, cast(nn.Module, net.class_layers).out),
        64,
        prepacks=True,
    ),
    "efficientnet_lite0": Architecture(
        EfficientNetLite0,
        3,
        lambda net, images: cast(EfficientNetLite0, net).maps(images),
        lambda net: cast(EfficientNetLite0, net).head,
        64,
    ),
    "crossformer": Architecture(
        CrossFormer,
        1,
        lambda net, images: cast(CrossFormer, net).maps(images),
        lambda net: cast(CrossFormer, net).head,
        min(INPUT_MULTIPLES),
        INPUT_MULTIPLES,
    ),
}


class _Maps(nn.Module):
    """The part of a network up to its last feature maps."""

    def __init__(self, network: nn.Module, spec: Architecture) -> None:
        super().__init__()
        self.network = network
        self._maps = spec.maps

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self._maps(self.network, images)


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


_DRAWING = (
    nn.init.kaiming_uniform_,
    nn.init.normal_,
    nn.init.uniform_,
    torch.Tensor.normal_,
    torch.Tensor.uniform_,
)


class _NothingDrawn(TorchFunctionMode):
    """Leave new weights as memory gave them: drawing what is replaced at once takes half of loading."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in _DRAWING:
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)


def load_reader(
    architecture: str,
    channels: int,
    weights: Mapping[str, NDArray[Any]],
    device: str | Device = CPU,
) -> "CnnReader":
    """A reader of stored weights; raises ``PackRefused`` where they do not fit the architecture."""
    with _NothingDrawn():
        network = build_network(architecture, channels)
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise _unfit()  # before a weight is copied, of which there may be far too many
    try:
        state = {n: torch.from_numpy(np.require(v, requirements="W")) for n, v in weights.items()}
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
        self._architecture = architecture
        self._spec = spec = ARCHITECTURES[architecture]
        head = spec.head(network.eval())
        self._weights = head.weight[0].detach().numpy()
        self._here = NetworkPass(
            _Maps(network, spec), spec.behind(network), head, channels, spec.is_pooled
        )
        self._is_ready_here = False
        self._elsewhere: NetworkPass | None = None  # a copy: what a lost device held is lost
        self._may_be_half = self._device.half
        if not self._device.is_processor:
            self._device.run(self._on)

    @property
    def device(self) -> str:
        """Where crops are read now, and whether in half precision."""
        is_half = self._elsewhere is not None and self._elsewhere.head.weight.dtype == torch.half
        return f"{self._device.name}{HALF if is_half else ''}"

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

    def warm(self, size_px: int) -> None:
        """Make the first crop of this side as fast to read as later ones; raises as ``read``."""
        self.read(np.zeros((size_px, size_px), dtype=np.float32))

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
        if self._spec.is_pooled:
            weights = self._weights[:, None, None] / maps[0].size
            return np.asarray(np.broadcast_to(weights, maps.shape))
        return self._device.run(lambda name: self._gradients(maps, name))

    def _on(self, device: str) -> NetworkPass:
        """The network on ``device``; on the processor, whatever lies elsewhere is given up."""
        if device == CPU:
            if self._elsewhere is not None:
                self._elsewhere = None
                release_memory()
            if not self._is_ready_here:
                self._is_ready_here = True
                ready = ready_for_processor(self._here, prepacks=self._spec.prepacks)
                if ready is not self._here:
                    self._here = ready
                    gc.collect()  # a traced network's cycles would keep its weights for long
            return self._here
        if self._elsewhere is None:
            self._elsewhere = copy.deepcopy(self._here).to(device)
        return self._elsewhere

    def _on_for(self, device: str, size_px: int) -> NetworkPass:
        """As ``_on``, in half precision where that is asked for and agrees on crops of this side."""
        found = self._on(device)
        if device != CPU and self._may_be_half:
            self._may_be_half = False
            self._elsewhere = found = half_where_it_agrees(found, device, size_px)
        return found

    def _read(self, crop: NDArray[np.float32], device: str) -> NetworkAnswer:
        numbers, shape = self._passed(crop[None], device, wants_maps=True)
        values = self._here.head.in_features
        ends = (1 + values, 1 + values + math.prod(shape))
        first, maps, weights = np.split(numbers[0], ends)
        answer = NetworkAnswer(
            logit=float(first[0]),
            penultimate=first[1:],
            maps=maps.reshape(shape),
            weights=self._weights if self._spec.is_pooled else weights,
        )
        _check_numbers((answer,), device)
        return answer

    def _read_many(self, crops: NDArray[np.float32], device: str) -> list[Response]:
        numbers, _ = self._passed(crops, device, wants_maps=False)
        answers = [Response(float(row[0]), row[1:]) for row in numbers]
        _check_numbers(answers, device)
        return answers

    def _passed(
        self, crops: NDArray[np.float32], device: str, *, wants_maps: bool
    ) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
        """There in one copy, of one channel, and back in one."""
        network = self._on_for(device, crops.shape[-1])
        numbers, shape = network(torch.from_numpy(crops).to(device), wants_maps)
        return numbers.cpu().numpy(), shape

    def _gradients(self, maps: NDArray[np.float32], device: str) -> NDArray[np.float32]:
        network = self._on(device)
        return np.asarray(network.gradients(torch.from_numpy(maps).to(device)).cpu().numpy())

    def _check_size(self, crop: NDArray[np.float32]) -> None:
        problem = _size_problem(self._architecture, crop.shape[-1])
        if problem is not None:
            raise PackRefused(
                problem, msg("Get the pack again from whoever built it."), code="pack-network"
            )


def _check_numbers(answers: Sequence[Response], device: str) -> None:
    """A failing device may answer without a word, only with no numbers."""
    if device != CPU and not all(math.isfinite(answer.logit) for answer in answers):
        raise NoNumbers(f"{device} gave no number")
