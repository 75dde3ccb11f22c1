"""The space of a pack's features in which distances are measured (V18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.packs.readout_part import SpacePart

MOST_COMPONENTS = 20  # V18
ARRAYS = ("whiten", "coordinates")
LARGEST = 1e9  # squares and sums of such stay finite


@dataclass(frozen=True)
class Space:
    """``whiten`` (components, features) leads from z-scores to whitened coordinates.

    The distance of a case is the length of ``whiten @ z``. ``coordinates`` (patients, components) are
    the validation patients', in the order of ``part.patients``.
    """

    part: SpacePart
    whiten: NDArray[np.float64]
    coordinates: NDArray[np.float64]

    def place(self, z_scores: Mapping[str, float]) -> NDArray[np.float64]:
        """Coordinates (components,) of a case, from z-scores by feature."""
        return np.asarray(self.whiten @ np.array([z_scores[n] for n in self.part.features]))

    def to_tensors(self) -> dict[str, NDArray[np.float64]]:
        """The arrays as they are written."""
        return {"whiten": self.whiten, "coordinates": self.coordinates}


def space_of(part: SpacePart, tensors: Mapping[str, NDArray[Any]]) -> Space:
    """The space of these arrays; raises ``ValueError`` where they do not fit ``part``."""
    if set(tensors) != set(ARRAYS):
        raise ValueError("arrays")
    whiten, coordinates = (np.asarray(tensors[name], dtype=np.float64) for name in ARRAYS)
    if whiten.ndim != 2 or whiten.shape[1] != len(part.features):
        raise ValueError("features")
    if not 1 <= len(whiten) <= MOST_COMPONENTS:
        raise ValueError("components")
    if coordinates.shape != (len(part.patients), len(whiten)):
        raise ValueError("patients")
    if not (np.abs(whiten) <= LARGEST).all() or not (np.abs(coordinates) <= LARGEST).all():
        raise ValueError("numbers")  # NaN among them
    return Space(part, whiten, coordinates)
