"""A whole frame enhanced ×4 by a network."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.benchmark.lesions import COLUMNS, ROWS, LesionPicture
from her2desk.benchmark.machine import Limit
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.domain.roi import Box
from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.trained import TrainedEnhancer
from her2desk.texts import Message, msg

AREA_PX = 15_000
DEGRADATION = Degradation(4, 1.4, 2.0)
KERNEL_PX = 9
ADDED = 0.002  # spread of the last weights: some grey levels of texture, as training gives


@dataclass(frozen=True)
class EnhanceScene(Scene):
    """A frame of 500 × 400 ×4, with its residual, against the generator alone on all of it at once."""

    row: str = "enhance_500x400"
    product_rounds: int = 30
    baseline_rounds: int = 15

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.row,)

    @property
    def baseline_name(self) -> Message:
        return msg("eager PyTorch, the generator on the whole frame, nothing checked")

    @property
    def about(self) -> Mapping[str, Any]:
        size = Architecture()
        return {"frame": (ROWS, COLUMNS), "width": size.width, "blocks": size.blocks}

    def limit(self, _row: str) -> Limit:
        size = Architecture()
        layers = size.width**2 * (2 * size.blocks + 1) + size.width * (1 + DEGRADATION.scale**2)
        return Limit(flop=2.0 * KERNEL_PX * layers * ROWS * COLUMNS)

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        size = Architecture()
        enhancer = TrainedEnhancer(
            name="drawn by chance",
            version="1",
            degradation=DEGRADATION,
            width=size.width,
            blocks=size.blocks,
            tolerance=1.0,
            weights=random_weights(),
            sha256="0" * 64,
        )
        whole = Box(0, 0, COLUMNS, ROWS)
        frames = different_frames(self.product_rounds + 1)
        side = Side(
            lambda number: enhancer.enhance(frames[number], whole).pixels,
            self.product_rounds,
            warm=lambda: enhancer.enhance(frames[-1], whole),
        )
        return just({self.row: side})

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        from her2desk.benchmark.ordinary import eager_generator

        enhanced = eager_generator(random_weights(), Architecture(), DEGRADATION)
        frames = different_frames(self.baseline_rounds + 1)
        return just(
            Side(
                lambda number: enhanced(frames[number]),
                self.baseline_rounds,
                warm=lambda: enhanced(frames[-1]),
            )
        )

    def difference(self, product: Any, baseline: Any) -> float | None:
        """In the mean: what is beyond black and white the baseline only cuts off."""
        return float(np.abs(product.astype(float) - baseline).mean() / 255)


def random_weights() -> dict[str, NDArray[np.float32]]:
    """A generator's weights, always the same."""
    import torch

    from her2desk.enhancement.generator import Generator

    draw = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        state = Generator(Architecture(), DEGRADATION).state_dict()
    weights = {}
    for name, tensor in state.items():
        into = max(1, tensor[0].numel())
        spread = ADDED if name.startswith("up.") else 1 / np.sqrt(into)
        weights[name] = draw.normal(0, spread, tuple(tensor.shape)).astype(np.float32)
    return weights


def different_frames(n: int) -> list[NDArray[np.uint8]]:
    """Frames (rows, columns) of a lesion on speckle, each another."""
    return [LesionPicture(AREA_PX, seed).grey() for seed in range(n)]
