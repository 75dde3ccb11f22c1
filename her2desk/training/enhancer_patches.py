"""What an enhancer learns from: patches of pictures, and the same patches brought down.

The high-resolution picture is the image as it is; the low-resolution one is that picture after the
enhancer's own degradation, in whole grey levels. No noise is drawn: speckle is echo, not noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.generator import WHITE

PLACES_TRIED = 8
BLACK = 8  # grey levels up to here are no echo
TISSUE_SHARE = 0.75  # of a patch that is learnt from

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class EnhancerSample:
    """The ultrasound picture of a frame, uint8 (rows, columns), whose it is, and ``grey_sha256``.

    The hash is of the whole frame, by which it is known again whatever part was learnt from.
    """

    pixels: Grey
    patient: str
    frame_sha256: str

    @property
    def parts(self) -> dict[str, object]:
        """All of the sample that a trained network's bits depend on."""
        return {"pixels": self.pixels, "patient": self.patient}


@dataclass(frozen=True)
class Pair:
    """A picture ``high`` (rows·scale, columns·scale), and ``low`` (rows, columns) made from it."""

    low: Grey
    high: Grey


def pair_of(pixels: Grey, degradation: Degradation) -> Pair:
    """A picture, cut to multiples of the scale, and what the degradation makes of it."""
    rows, columns = (side // degradation.scale * degradation.scale for side in pixels.shape)
    high = np.ascontiguousarray(pixels[:rows, :columns])
    low = np.rint(degradation.applied(high)).clip(0, WHITE).astype(np.uint8)
    return Pair(low, high)


class Patches:
    """Random patches of ``patch_px`` low-resolution pixels, the same for the same generator.

    Each patient is as likely as any other, whatever the number of pictures. Raises ``ValueError``
    for a picture smaller than a patch.
    """

    def __init__(
        self, samples: Sequence[EnhancerSample], degradation: Degradation, patch_px: int
    ) -> None:
        self._pairs = [pair_of(sample.pixels, degradation) for sample in samples]
        if any(min(pair.low.shape) < patch_px for pair in self._pairs):
            raise ValueError(f"a picture is smaller than a patch of {patch_px} pixels")
        self._scale, self._patch_px = degradation.scale, patch_px
        by_patient: dict[str, list[int]] = {}
        for index, sample in enumerate(samples):
            by_patient.setdefault(sample.patient, []).append(index)
        self._of_patient = [by_patient[patient] for patient in sorted(by_patient)]

    def drawn(self, count: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Low (count, 1, patch, patch) and high (count, 1, patch·scale, patch·scale), both 0–1."""
        pairs = [self._one(rng) for _ in range(count)]
        return _stacked([pair.low for pair in pairs]), _stacked([pair.high for pair in pairs])

    def _one(self, rng: np.random.Generator) -> Pair:
        own = self._of_patient[int(rng.integers(len(self._of_patient)))]
        pair = self._pairs[own[int(rng.integers(len(own)))]]
        for _ in range(PLACES_TRIED):
            cut = self._cut(pair, rng)
            if (cut.low > BLACK).mean() >= TISSUE_SHARE:
                break
        if rng.random() < 0.5:  # left to right only: depth has a direction
            return Pair(cut.low[:, ::-1], cut.high[:, ::-1])
        return cut

    def _cut(self, pair: Pair, rng: np.random.Generator) -> Pair:
        size, scale = self._patch_px, self._scale
        top, left = (int(rng.integers(side - size + 1)) for side in pair.low.shape)
        return Pair(
            pair.low[top : top + size, left : left + size],
            pair.high[top * scale : (top + size) * scale, left * scale : (left + size) * scale],
        )


def _stacked(patches: Sequence[Grey]) -> torch.Tensor:
    return torch.from_numpy(np.stack(patches)[:, None].astype(np.float32) / WHITE)
