"""All that the child process does which opens a ``.pth`` file: tensors in, safetensors out."""

import hashlib
import io
from pathlib import Path

import torch
from safetensors.torch import save

NO_WEIGHTS, NOT_WRITTEN = 3, 4  # how the process ends where it has no result


def convert_pickle(source: str, target: str) -> None:
    """In the child process: write the tensors of a ``.pth`` file as safetensors, with its SHA-256.

    Ends the process with a status of its own where that cannot be done.
    """
    content = Path(source).read_bytes()
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        # A copy each: safetensors refuses tensors that share their memory
        tensors = {name: tensor.detach().clone().contiguous() for name, tensor in loaded.items()}
        blob = save(tensors, {"sha256": hashlib.sha256(content).hexdigest()})
    except Exception:  # whatever a damaged or hostile file provokes, it holds no weights
        raise SystemExit(NO_WEIGHTS) from None
    try:
        Path(target).write_bytes(blob)
    except OSError:
        raise SystemExit(NOT_WRITTEN) from None
