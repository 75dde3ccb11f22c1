"""One crop through the network."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.benchmark.machine import NO_LIMIT, Limit
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.texts import Message, msg

CUDA = "cuda"
INPUT_PX = 224
RESNET101_FLOP = 15.6e9  # at 224 × 224, multiplications and additions, by torch's own counter


def no_card() -> Message | None:
    """Why nothing runs on an NVIDIA card here."""
    import torch

    return None if torch.cuda.is_available() else msg("There is no NVIDIA card here.")


@dataclass(frozen=True)
class NetworkScene(Scene):
    """ResNet101 at 224 × 224: logit, penultimate values and what Grad-CAM needs, against the logit."""

    row: str
    device: str = "cpu"
    product_rounds: int = 60
    baseline_rounds: int = 60

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.row,)

    @property
    def baseline_name(self) -> Message:
        return msg("eager PyTorch, MONAI's ResNet101")

    @property
    def about(self) -> Mapping[str, Any]:
        return {"device": self.device, "input_px": INPUT_PX}

    def limit(self, _row: str) -> Limit:
        return Limit(flop=RESNET101_FLOP) if self.device != CUDA else NO_LIMIT

    def absent(self) -> Message | None:
        return no_card() if self.device == CUDA else None

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        from her2desk.benchmark.sample_packs import ARCHITECTURE, CHANNELS, random_weights
        from her2desk.inference.devices import fix_arithmetic
        from her2desk.inference.networks import load_reader

        fix_arithmetic()
        reader = load_reader(ARCHITECTURE, CHANNELS, random_weights(), self.device)
        crops = different_crops(self.product_rounds + 1)
        side = Side(
            lambda number: reader.read(crops[number]).logit,
            self.product_rounds,
            warm=lambda: reader.read(crops[-1]),
        )
        return just({self.row: side})

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        from her2desk.benchmark.ordinary import eager_network
        from her2desk.benchmark.sample_packs import random_weights
        from her2desk.inference.devices import fix_arithmetic

        fix_arithmetic()
        logit = eager_network(random_weights(), self.device)
        crops = different_crops(self.baseline_rounds + 1)
        return just(
            Side(
                lambda number: logit(crops[number]),
                self.baseline_rounds,
                warm=lambda: logit(crops[-1]),
            )
        )

    def difference(self, product: Any, baseline: Any) -> float | None:
        return float(abs(product - baseline) / abs(baseline))


def different_crops(n: int) -> NDArray[np.float32]:
    """Crops such as the network reads, (n, 224, 224), always the same."""
    return np.random.default_rng(0).normal(size=(n, INPUT_PX, INPUT_PX)).astype(np.float32)
