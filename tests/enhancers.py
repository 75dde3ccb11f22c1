"""Enhancements for tests: a trained one that is small, its file, and some that are simple or wrong."""

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.enhancer import Enhanced, TileMemory
from her2desk.enhancement.trained import TrainedEnhancer

DEGRADATION = Degradation(4, 1.4, 2.0)


def small_weights(
    width: int = 4, blocks: int = 1, scale: int = 4, seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """A generator's tensors by name, drawn by chance: what it adds is some grey levels of texture."""
    draw = np.random.default_rng(seed)
    shapes = {"head": (width, 1), "tail": (width, width), "up": (scale**2, width)}
    for block in range(blocks):
        shapes |= {f"body.{block}.{part}": (width, width) for part in ("first", "second")}
    weights = {}
    for name, (out, into) in sorted(shapes.items()):
        spread = 0.02 if name == "up" else np.sqrt(1 / (9 * into))
        weights[f"{name}.weight"] = draw.normal(0, spread, (out, into, 3, 3)).astype(np.float32)
        weights[f"{name}.bias"] = draw.normal(0, 0.01, out).astype(np.float32)
    return weights


def small_enhancer(
    name: str = "tiny",
    version: str = "1.0",
    *,
    degradation: Degradation = DEGRADATION,
    seed: int = 0,
    tolerance: float = 1.0,
    trained_on: frozenset[str] = frozenset(),
) -> TrainedEnhancer:
    """A trained enhancer of four channels and one block, that was not trained; it has no file."""
    weights = small_weights(scale=degradation.scale, seed=seed)
    digest = hashlib.sha256(f"{name} {version} {degradation} {tolerance}".encode())
    for tensor in weights.values():
        digest.update(tensor.tobytes())
    return TrainedEnhancer(
        name=name,
        version=version,
        degradation=degradation,
        width=4,
        blocks=1,
        tolerance=tolerance,
        weights=weights,
        sha256=digest.hexdigest(),
        trained_on=trained_on,
    )


def small_enhancer_file(
    path: Path,
    name: str = "tiny",
    version: str = "1.0",
    *,
    degradation: Degradation = DEGRADATION,
    seed: int = 0,
    tolerance: float = 1.0,
    trained_on: frozenset[str] = frozenset(),
) -> TrainedEnhancer:
    """As ``small_enhancer``, written to ``path`` and read again: with the SHA-256 of its file."""
    from her2desk.packs.enhancer_file import EnhancerManifest, read_enhancer, write_enhancer

    manifest = EnhancerManifest(
        schema_version=1,
        kind="enhancer",
        name=name,
        version=version,
        scale=degradation.scale,
        width=4,
        blocks=1,
        depth_sigma=degradation.depth_sigma,
        lateral_sigma=degradation.lateral_sigma,
        tolerance=tolerance,
        loss="l1",
        licence="CC0-1.0",
        description="Drawn by chance for tests; trained on nothing.",
        training_frames_sha256=tuple(sorted(trained_on)),
        training_patients=len(trained_on),
        training_images=len(trained_on),
        held_out_patients=0,
        seed=seed,
        steps=0,
        made_with={"her2desk": "0"},
        measures={},
    )
    weights = small_weights(scale=degradation.scale, seed=seed)
    write_enhancer(path, manifest, weights, "# Drawn by chance\n", b"step,psnr\n0,0\n")
    return read_enhancer(path).enhancer


@dataclass(frozen=True)
class Nearest:
    """Each pixel becomes ``scale`` × ``scale`` of its value; that is all it is, with no residual."""

    scale: int = 4
    method: str = "network"
    name: str = "nearest"
    version: str = "1"
    sha256: str = "0" * 64
    trained_on: frozenset[str] = frozenset()
    tolerance: float | None = None

    def enhance(
        self, frame: NDArray[np.uint8], box: Box, memory: TileMemory | None = None
    ) -> Enhanced:
        part = frame[box.y0 : box.y1, box.x0 : box.x1]
        return Enhanced(part.repeat(self.scale, axis=0).repeat(self.scale, axis=1))


@dataclass(frozen=True)
class OneRowShort(Nearest):
    """Does not keep to the interface."""

    def enhance(
        self, frame: NDArray[np.uint8], box: Box, memory: TileMemory | None = None
    ) -> Enhanced:
        whole = super().enhance(frame, box, memory)
        return dataclasses.replace(whole, pixels=whole.pixels[1:])


@dataclass(frozen=True)
class Unproved(Nearest):
    """Says that it keeps to the image, and gives no residual, or one that is no number."""

    tolerance: float | None = 1.0
    residual: float | None = None

    def enhance(
        self, frame: NDArray[np.uint8], box: Box, memory: TileMemory | None = None
    ) -> Enhanced:
        pixels = super().enhance(frame, box, memory).pixels
        if self.residual is None:
            return Enhanced(pixels)
        return Enhanced(pixels, np.full((box.height, box.width), self.residual, np.float32))
