"""Writing a trained contour network: its weights, and the manifest that says what it was made from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors

from her2desk import __version__
from her2desk.inference.assist.training_list import manifest_path
from her2desk.training.contour_network import ContourPlan, TrainedContour
from her2desk.training.contour_samples import ContourSample
from her2desk.training.work_folder import write_whole

FORMAT = 1


def write_contour_network(
    path: Path,
    trained: TrainedContour,
    samples: Sequence[ContourSample],
    plan: ContourPlan,
    seed: int,
    sources: Sequence[Mapping[str, object]],
) -> str:
    """Write the network to ``path`` in float16 and its manifest beside it; the network's SHA-256.

    ``sources`` attribute the pictures. Patients and pictures are named by digests only. Raises
    ``InputRefused`` when a file cannot be written.
    """
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in trained.network.state_dict().items()
    }
    content = save_tensors(tensors)
    sha256 = hashlib.sha256(content).hexdigest()
    manifest = {
        "format": FORMAT,
        "sha256": sha256,
        "channels": list(plan.channels),
        "made_with": {"her2desk": __version__, "torch": torch.__version__.split("+")[0]},
        "seed": seed,
        "plan": asdict(plan),
        "best_epoch": trained.epoch,
        "dice_in_stopping_patients": round(trained.dice, 4),
        "sources": list(sources),
        "training_pictures": len(samples),
        "training_patients_sha256": sorted({_digest(sample.patient) for sample in samples}),
        "training_pixels_sha256": sorted({d for sample in samples for d in sample.pixels_sha256}),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(content))
    write_whole(manifest_path(path), lambda file: file.write(text.encode()))
    return sha256


def _digest(patient: str) -> str:
    return hashlib.sha256(patient.encode()).hexdigest()
