"""Held-out patients, by whose pictures an enhancer is judged: it is not fitted to them."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box
from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.enhancement.trained import TrainedEnhancer
from her2desk.training.enhancer_measures import compared, mean_measures
from her2desk.training.enhancer_patches import EnhancerSample, Pair, pair_of

LANCZOS, GENERATOR = "lanczos", "generator"
CURVE_PATIENTS = 8  # of whom the curves are; the measures at the end are of all

Weights = Mapping[str, NDArray[np.float32]]
Measures = Mapping[str, float]


class Yardstick:
    """What a generator, and Lanczos' window, make of the pictures; each patient counts alike."""

    def __init__(
        self,
        held_out: Sequence[EnhancerSample],
        degradation: Degradation,
        architecture: Architecture,
    ) -> None:
        self._degradation, self._architecture = degradation, architecture
        self._pairs: dict[str, list[Pair]] = {}
        for sample in held_out:
            own = self._pairs.setdefault(sample.patient, [])
            own.append(pair_of(sample.pixels, degradation))
        shown = sorted(self._pairs)[:CURVE_PATIENTS]
        self._shown = {patient: self._pairs[patient][:1] for patient in shown}

    def point(self, weights: Weights) -> Measures:
        """The generator's measures on a picture of each of a few patients."""
        return _measured(self._enhancer(weights), self._shown)

    def lanczos_point(self) -> Measures:
        """Those of Lanczos' window on the same pictures."""
        return _measured(LanczosEnhancer(self._degradation.scale), self._shown)

    def final(self, weights: Weights) -> dict[str, Measures]:
        """The generator's and Lanczos' measures on every picture; empty where there is none."""
        if not self._pairs:
            return {}
        return {
            LANCZOS: _measured(LanczosEnhancer(self._degradation.scale), self._pairs),
            GENERATOR: _measured(self._enhancer(weights), self._pairs),
        }

    def _enhancer(self, weights: Weights) -> Enhancer:
        network = self._architecture
        return TrainedEnhancer(
            "", "", self._degradation, network.width, network.blocks, math.inf, weights, sha256=""
        )


def _measured(enhancer: Enhancer, pairs: Mapping[str, Sequence[Pair]]) -> Measures:
    of_patients = []
    for own in pairs.values():
        found = [compared(_enhanced(enhancer, pair.low), pair.high) for pair in own]
        of_patients.append(mean_measures(found))
    return mean_measures(of_patients)


def _enhanced(enhancer: Enhancer, low: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = low.shape
    return enhancer.enhance(low, Box(0, 0, columns, rows)).pixels
