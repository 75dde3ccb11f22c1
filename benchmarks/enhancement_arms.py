"""The enhancements that the benchmarks compare: Lanczos' window, and generators trained here and kept.

"bicubic" is the generator before its first step, a projected enlargement that has learnt nothing; "l1" the
generator after the steps that learn from the pixels alone, "gan" the same one after those against the
discriminator. A generator sees a whole picture at once here, not tiles of the grid: a crop's margin is
as wide as a tile's.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.enhancement.generator import Generator
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.enhancement.running import TileGenerator
from her2desk.packs.enhancer_file import read_enhancer
from her2desk.training.enhancer_patches import EnhancerSample
from her2desk.training.enhancer_training import EnhancerPlan, train_enhancer

Grey = NDArray[np.uint8]
Weights = Mapping[str, NDArray[np.float32]]
Enlarge = Callable[[Grey], Grey]

LEARNT = ("l1", "gan")
SEEN_PX = 16  # of the image around what is asked for, as a tile's margin


def lanczos(scale: int) -> Enlarge:
    """Lanczos' window, of a whole picture."""
    return LanczosEnhancer(scale).enlarged


def bicubic(plan: EnhancerPlan) -> Enlarge:
    """The projected bicubic enlargement: a generator that adds nothing."""
    with torch.random.fork_rng():
        first = Generator(Architecture(plan.width, plan.blocks), plan.degradation).state_dict()
    return generator({name: value.numpy() for name, value in first.items()}, plan)


def generator(weights: Weights, plan: EnhancerPlan) -> Enlarge:
    """A trained generator."""
    return TileGenerator(Architecture(plan.width, plan.blocks), plan.degradation, weights)


def from_file(path: Path) -> tuple[str, Enlarge]:
    """The generator of an enhancer's file, and its name."""
    found = read_enhancer(path).enhancer
    return found.name, TileGenerator(found.architecture, found.degradation, found.weights)


def trained(
    samples: Sequence[EnhancerSample], plan: EnhancerPlan, seed: int, kept: Path
) -> dict[str, Enlarge]:
    """The generators "l1" and "gan" of these samples; see ``learnt``."""
    weights = learnt(samples, plan, seed, kept)
    return {arm: generator(own, plan) for arm, own in weights.items()}


def learnt(
    samples: Sequence[EnhancerSample],
    plan: EnhancerPlan,
    seed: int,
    kept: Path,
    initial: Weights | None = None,
) -> dict[str, Weights]:
    """The weights of "l1" and "gan", kept in a file beside ``kept``; ``initial`` are to go on from.

    What is kept there of other samples, another plan or another seed is not used.
    """
    parts = plan, seed, [(s.patient, s.frame_sha256) for s in samples]
    key = hashlib.sha256(repr(parts).encode()).hexdigest()
    kept = kept.with_name(f"{kept.name}-{key[:16]}.npz")
    if not kept.exists():
        found = train_enhancer(samples, plan, seed, initial=initial)
        both = zip(LEARNT, (found.l1_weights, found.weights), strict=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"{arm}/{name}": w for arm, own in both for name, w in own.items()}
        np.savez(kept, **arrays)  # type: ignore[arg-type]
    with np.load(kept) as file:
        return {
            arm: {n.split("/", 1)[1]: file[n] for n in file.files if n.startswith(f"{arm}/")}
            for arm in LEARNT
        }


def sample(pixels: Grey, patient: str) -> EnhancerSample:
    """A picture to learn from."""
    return EnhancerSample(pixels, patient, grey_sha256(pixels))
