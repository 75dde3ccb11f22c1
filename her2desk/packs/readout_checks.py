"""Whether what a pack says for the readout belongs to its models and its patients, checked on opening."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping

import numpy as np

from her2desk.domain.failure import DECLARED
from her2desk.packs.manifest import LinearPart
from her2desk.packs.readout_part import ReadoutPart, SpacePart
from her2desk.packs.thumbnails import is_thumbnail, pictured_patient

_DECLARED = frozenset(pattern.name for pattern in DECLARED)


def readout_fits(
    readout: ReadoutPart,
    points: Collection[tuple[str, str]],
    features: Collection[str],
    patients: Collection[str],
) -> bool:
    """Whether failures, error models and space are of this pack.

    ``points`` are (submodel, operating point), ``features`` and ``patients`` the pack's own.
    """
    return (
        _are_of(((f.submodel, f.operating_point, f.name) for f in readout.failures), points)
        and all(failure.name in _DECLARED for failure in readout.failures)
        and _are_of(((e.submodel, e.operating_point, e.call) for e in readout.error_models), points)
        and all(
            error.model is None
            or (error.model.terms == tuple(error.traits) and is_covariance(error.model))
            for error in readout.error_models
        )
        and (readout.space is None or _is_of(readout.space, features, patients))
        and (readout.seen is None or _ascend(readout.seen.spacing_mm))
    )


def is_covariance(model: LinearPart) -> bool:
    """Whether the matrix can be one: symmetric, and no combination with a variance below zero."""
    matrix = np.array(model.covariance, dtype=np.float64)
    slack = 1e-9 * max(1.0, float(np.abs(matrix).max()))
    return bool(
        np.allclose(matrix, matrix.T, atol=slack) and np.linalg.eigvalsh(matrix).min() >= -slack
    )


def wrong_picture(members: Mapping[str, bytes], patients: Collection[str]) -> str | None:
    """A member that is the picture of nobody in the pack's table, or no small picture."""
    for name, content in members.items():
        patient = pictured_patient(name)
        if patient is not None and (patient not in patients or not is_thumbnail(content)):
            return name
    return None


def _are_of(keys: Iterable[tuple[str, str, str]], points: Collection[tuple[str, str]]) -> bool:
    """Whether each is of a known operating point, and none is there twice."""
    found = list(keys)
    return _are_distinct(found) and all(key[:2] in points for key in found)


def _is_of(space: SpacePart, features: Collection[str], patients: Collection[str]) -> bool:
    return (
        _are_distinct(space.features)
        and set(space.features) <= set(features)
        and set(space.patients) <= set(patients)
    )


def _are_distinct(values: Iterable[Hashable]) -> bool:
    return max(Counter(values).values(), default=1) == 1


def _ascend(limits: tuple[float, float] | None) -> bool:
    return limits is None or limits[0] <= limits[1]
