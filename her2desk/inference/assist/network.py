"""The contour network as it ships: its weights, and the list of what it was trained on.

The list is for the builder: an outline that a network proposed says something of the patients that the
network was trained on, so such a patient must not be predicted by a model built on it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from her2desk.inference.assist.training_list import damaged, manifest_path
from her2desk.inference.assist.unet import ContourUnet


@dataclass(frozen=True)
class ContourNetwork:
    """The network, ready to read, and the SHA-256 of its file."""

    unet: ContourUnet
    sha256: str

    def chances(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely each pixel is lesion: float32 (SIZE, SIZE) for ``inputs`` (2, SIZE, SIZE).

        The mean of what the network says of the picture and of its mirror image.
        """
        both = np.stack([inputs, inputs[..., ::-1]])
        with torch.inference_mode():
            seen, mirrored = self.unet(torch.from_numpy(both)).sigmoid()[:, 0].numpy()
        return np.asarray((seen + mirrored[:, ::-1]) / 2, np.float32)


def read_contour_network(path: Path) -> ContourNetwork:
    """The network of a safetensors file with its manifest beside it.

    Raises ``EngineFailed`` (``contour-network``) when either is missing, damaged or of another file.
    """
    try:
        content = path.read_bytes()
        manifest = json.loads(manifest_path(path).read_text(encoding="utf-8"))
        sha256 = hashlib.sha256(content).hexdigest()
        if manifest["sha256"] != sha256:
            raise ValueError("the manifest is of another file")
        unet = ContourUnet(tuple(manifest["channels"]))
        unet.load_state_dict(_float32(load_tensors(content)))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise damaged() from error
    return ContourNetwork(unet.eval(), sha256)


def _float32(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }
