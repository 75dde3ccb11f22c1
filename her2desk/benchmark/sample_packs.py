"""Packs of the paper's size, of random weights, which change no time: the demo pack with other parts."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.packs.archive import read_archive, write_archive
from her2desk.paths import demo_pack_path
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import Profile

ARCHITECTURE, CHANNELS, INPUT_PX, PENULTIMATE = "resnet101", 3, 224, 2048
COMPONENTS = 64
FEATURES = 30
IMAGES = {
    "us-2d": ("original", "wavelet-LL", "lbp-2D", "log-sigma-1-0-mm-3D", "gradient"),
    "onekey-1561": ("original", "wavelet-LLL", "lbp-3D-k", "square", "gradient"),
}
_NOT_OF_THIS_PACK = ("models/readout", "models/space", "preview/")


def names_of(profile: Profile, features: int = FEATURES) -> list[str]:
    """Features such as a pack selects: up to thirty of five image types, more of all that there are."""
    known = list(all_names(profile))
    if features <= FEATURES:
        known = [name for name in known if name.split("_")[0] in IMAGES[profile.name]]
    return sorted(random.Random(0).sample(known, features))


def write_pack(path: Path, profile: Profile, features: int = FEATURES) -> None:
    """A pack with a ResNet101, components of its penultimate values and so many features."""
    from safetensors.numpy import save as save_tensors

    members = {
        name: content
        for name, content in read_archive(demo_pack_path()).members.items()
        if not name.startswith(_NOT_OF_THIS_PACK)
    }
    names = names_of(profile, features)
    manifest = json.loads(members["manifest.json"])
    manifest["network"] = {"architecture": ARCHITECTURE, "channels": CHANNELS}
    manifest["preprocessing"]["input_size_px"] = INPUT_PX
    manifest["dlr_kind"] = "paper"
    manifest["features"] = {"profile": profile.name, "names": names, "count": len(names)}
    rng = np.random.default_rng(0)
    components = rng.normal(size=(COMPONENTS, PENULTIMATE))
    members |= {
        "manifest.json": json.dumps(manifest).encode(),
        "profile.json": profile.to_json().encode(),
        "models/models.json": _models(json.loads(members["models/models.json"]), names),
        "networks/cnn.safetensors": save_tensors(random_weights()),
        "models/pca.safetensors": save_tensors(
            {"mean": rng.normal(size=PENULTIMATE), "components": components}
        ),
    }
    write_archive(path, members)


def random_weights() -> dict[str, NDArray[Any]]:
    """The network's weights, always the same."""
    import torch

    from her2desk.inference.networks import build_network

    torch.manual_seed(0)
    network = build_network(ARCHITECTURE, CHANNELS)
    return {name: value.numpy() for name, value in network.state_dict().items()}


def _models(models: dict[str, dict[str, Any]], names: list[str]) -> bytes:
    models["scaling"] = {n: {"mean": 0, "sd": 1, "lower": -1e9, "upper": 1e9} for n in names}
    components = [f"pc_{i:02d}" for i in range(1, COMPONENTS + 1)]
    for branch, inputs in (("radiomics", names), ("dlr", [*names, "cnn_logit", *components])):
        models[branch] |= {"inputs": inputs, "coefficients": [0.01] * len(inputs)}
    return json.dumps(models).encode()
