"""The generator at work: what a tile sees in, whole grey levels out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.generator import WHITE, Generator
from her2desk.enhancement.within_range import range_projection


class TileGenerator:
    """Enhances tiles; ``weights`` are the generator's tensors by name.

    Raises ``ValueError`` for weights that are another network's.
    """

    def __init__(
        self,
        architecture: Architecture,
        degradation: Degradation,
        weights: Mapping[str, NDArray[Any]],
    ) -> None:
        generator = Generator(architecture, degradation)
        state = {name: torch.from_numpy(np.array(w, np.float32)) for name, w in weights.items()}
        try:
            generator.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError("the weights are not this generator's") from error
        # oneDNN's own order: convolutions take two thirds of the time
        self._generator = generator.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._degradation = degradation

    def __call__(self, tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Grey values (rows, columns) as (rows·scale, columns·scale)."""
        x = tile.astype(np.float32) / np.float32(WHITE)
        with torch.inference_mode():
            enhanced = self._generator(torch.from_numpy(x)[None, None])[0, 0].numpy()
        found = range_projection(*tile.shape, self._degradation).nearest(enhanced, x)
        grey: NDArray[np.uint8] = np.rint(found * np.float32(WHITE)).astype(np.uint8)
        return grey
