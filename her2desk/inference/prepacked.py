"""Convolutions whose weights lie ready in oneDNN's order, for reading on a processor.

PyTorch keeps weights in an order that oneDNN cannot multiply by, and puts them into another at every
pass; for one image that costs a quarter of the time. Here it is done once. Batch normalisation goes into
the weights, rectifying and adding the shortcut into the convolution. The kernels are those that
``torch.compile`` writes into its graphs, but no compiler is needed. A pass gives the same bits with any
number of threads, which PyTorch's own does not.
"""

import functools
import logging
import operator
from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.fx
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

log = logging.getLogger(__name__)
AGREEMENT = 1e-5  # of the largest value
_ADDITIONS = (operator.add, operator.iadd, torch.add)
_OWN_MEMORY = (nn.ReLU, nn.MaxPool2d)  # nothing else needs what they give, but whoever asked them


class PackedConvolution(nn.Module):
    """A convolution of float32 (images, channels, rows, columns), rectified if asked.

    The weights are put in order at the first call, for inputs of its size; others may follow, at the
    cost of another order each time.
    """

    def __init__(self, plain: nn.Conv2d, rectifies: bool) -> None:
        super().__init__()
        self._weight = plain.weight.detach()
        self._bias = None if plain.bias is None else plain.bias.detach()
        self._shape = (plain.padding, plain.stride, plain.dilation, plain.groups)
        self._is_packed = False
        self.rectification = "relu" if rectifies else None

    def forward(self, images: torch.Tensor, shortcut: torch.Tensor | None = None) -> torch.Tensor:
        """The convolution, with ``shortcut`` added before it is rectified; ``shortcut`` is used up."""
        if not self._is_packed:
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                self._weight, *self._shape, list(images.shape)
            )
            self._is_packed = True
        given = (self._weight, self._bias, *self._shape)
        if shortcut is None:
            found = torch.ops.mkldnn._convolution_pointwise(
                images, *given, self.rectification or "none", [], ""
            )
        else:
            found = torch.ops.mkldnn._convolution_pointwise_.binary(
                shortcut, images, *given, "add", 1.0, self.rectification, [], ""
            )
        convolved: torch.Tensor = found
        return convolved


class _ChannelsLast(nn.Module):
    """The order in which oneDNN's kernels read images."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self._inner = inner

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self._inner(images.contiguous(memory_format=torch.channels_last))
        return found


def prepacked(network: nn.Module) -> nn.Module:
    """What ``network`` computes in evaluation of one batch of images, to ``AGREEMENT``.

    It reads in inference mode only. Weights of convolutions are copied, all others shared.
    """
    graph = torch.fx.symbolic_trace(network)
    _Packing(graph).run()
    return _ChannelsLast(graph).eval()


@functools.cache
def prepacking_works() -> bool:
    """Whether this computer has the kernels, and they do what they did where this was written.

    They are PyTorch's own, but no promise of its. Three small convolutions are asked in both ways.
    """
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        plain = _Sample().eval()
        images = torch.randn(1, 3, 20, 20)
        try:
            difference = (prepacked(plain)(images) - plain(images)).abs().max()
        except (AttributeError, RuntimeError, TypeError):
            log.info("convolutions cannot be prepacked here", exc_info=True)
            return False
        works = bool(difference <= AGREEMENT * plain(images).abs().max())
    if not works:
        log.warning("prepacked convolutions give other numbers here, so they are not used")
    return works


class _Sample(nn.Module):
    """All that is put together: a plain convolution, a normalised and rectified one, a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.second = nn.Conv2d(16, 16, 3, padding=1, bias=False)
        self.third = nn.Conv2d(16, 16, 1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(16) for _ in range(2))
        self.relu = nn.ReLU()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        first = self.first(images)
        second = self.relu(self.norms[0](self.second(first)))
        found: torch.Tensor = self.relu(self.norms[1](self.third(second)) + first)
        return found


class _Packing:
    """Rewrites a traced network in place."""

    def __init__(self, traced: torch.fx.GraphModule) -> None:
        self._traced = traced
        self._graph = traced.graph
        self._modules: dict[str, nn.Module] = dict(traced.named_modules())

    def run(self) -> None:
        for node in self._nodes(nn.Conv2d):
            self._pack(node)
        for node in [n for n in self._graph.nodes if n.target in _ADDITIONS]:
            self._take_shortcut(node)
        self._graph.lint()
        self._traced.recompile()
        self._traced.delete_all_unused_submodules()

    def _nodes(self, kind: type[nn.Module]) -> Iterator[torch.fx.Node]:
        yield from [node for node in self._graph.nodes if self._is(node, kind)]

    def _is(self, node: torch.fx.Node, kind: type[nn.Module] | tuple[type[nn.Module], ...]) -> bool:
        return node.op == "call_module" and isinstance(self._modules[str(node.target)], kind)

    def _pack(self, node: torch.fx.Node) -> None:
        convolution: Any = self._modules[str(node.target)]
        norm = self._only_user(node, nn.BatchNorm2d)
        if norm is not None:
            convolution = fuse_conv_bn_eval(convolution, cast(Any, self._modules[str(norm.target)]))
            self._skip(norm, node)
        relu = self._only_user(node, nn.ReLU)
        if relu is not None:
            self._skip(relu, node)
        packed = PackedConvolution(convolution, rectifies=relu is not None)
        self._traced.set_submodule(str(node.target), packed)
        self._modules[str(node.target)] = packed

    def _take_shortcut(self, addition: torch.fx.Node) -> None:
        """``convolution(x) + shortcut`` in one, where nothing else needs either of the two."""
        one, other = addition.args
        for node, shortcut in ((one, other), (other, one)):
            if self._may_use_up(node, shortcut, addition):
                break
        else:
            return
        assert isinstance(node, torch.fx.Node)
        assert isinstance(shortcut, torch.fx.Node)
        packed = self._modules[str(node.target)]
        assert isinstance(packed, PackedConvolution)
        with self._graph.inserting_before(addition):
            together = self._graph.call_module(str(node.target), (*node.args, shortcut))
        self._skip(addition, together)
        self._graph.erase_node(node)
        relu = self._only_user(together, nn.ReLU)
        if relu is not None:
            packed.rectification = "relu"
            self._skip(relu, together)

    def _may_use_up(self, node: object, shortcut: object, addition: torch.fx.Node) -> bool:
        if not (isinstance(node, torch.fx.Node) and isinstance(shortcut, torch.fx.Node)):
            return False
        if not self._is(node, PackedConvolution) or len(node.users) > 1 or len(node.args) > 1:
            return False
        if self._modules[str(node.target)].rectification is not None:
            return False
        if not self._is(shortcut, (PackedConvolution, *_OWN_MEMORY)):
            return False
        if node in shortcut.all_input_nodes:
            return False
        place = {node: i for i, node in enumerate(self._graph.nodes)}
        return all(place[user] <= place[addition] for user in shortcut.users)

    def _only_user(self, node: torch.fx.Node, kind: type[nn.Module]) -> torch.fx.Node | None:
        """What alone goes on with the node's value, if it is of this kind."""
        users = list(node.users)
        return users[0] if len(users) == 1 and self._is(users[0], kind) else None

    def _skip(self, node: torch.fx.Node, instead: torch.fx.Node) -> None:
        node.replace_all_uses_with(instead)
        self._graph.erase_node(node)
