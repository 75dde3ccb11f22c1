"""Texture matrices, held against pyradiomics' C code to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from radiomics import cMatrices

from her2desk.radiomics import matrices
from her2desk.radiomics.matrices import Levels

SHAPES = st.tuples(st.integers(2, 9), st.integers(2, 9))
FEW_LEVELS = st.integers(0, 4)  # so that runs and zones are long


def levels_of(plane: np.ndarray) -> Levels:
    places = np.flatnonzero(plane)
    inside = plane.ravel()[places].astype(np.intp)
    present, count = np.unique(inside, return_counts=True)
    return Levels(plane, places, inside, present, count)


def planes():
    few = arrays(np.uint8, SHAPES, elements=FEW_LEVELS)
    wide = arrays(np.uint16, SHAPES, elements=st.sampled_from([0, 1, 300]))
    return st.one_of(few, wide).filter(lambda plane: plane.any())


def in_c(name: str, plane: np.ndarray, *settings: object):
    """Of the levels present, whatever pyradiomics' C code counts."""
    return getattr(cMatrices, f"calculate_{name}")(
        plane.astype(int), plane > 0, *settings, False, 0
    )


def kept(counts: np.ndarray, levels: Levels) -> np.ndarray:
    return counts[0][levels.present - 1]


def with_met_columns(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    other_axes = tuple(axis for axis in range(counts.ndim) if axis != 1)
    met = np.flatnonzero(counts.any(axis=other_axes))
    return counts[:, met], met


@given(planes())
def test_cooccurrences(plane):
    levels = levels_of(plane)
    theirs, angles = in_c("glcm", plane, np.array([1]), levels.highest)
    assert tuple(map(tuple, angles)) == matrices.DIRECTIONS
    theirs = kept(theirs, levels)[:, levels.present - 1]
    np.testing.assert_array_equal(matrices.cooccurrences(levels), theirs)


@given(planes())
def test_runs(plane):
    levels = levels_of(plane)
    theirs, angles = in_c("glrlm", plane, levels.highest, max(plane.shape))
    assert tuple(map(tuple, angles)) == matrices.DIRECTIONS
    theirs, met = with_met_columns(kept(theirs, levels))
    ours, lengths = matrices.runs(levels)
    np.testing.assert_array_equal(lengths, met + 1)
    np.testing.assert_array_equal(ours, theirs)


@given(planes())
def test_zones(plane):
    levels = levels_of(plane)
    theirs, met = with_met_columns(kept(in_c("glszm", plane, levels.highest, plane.size), levels))
    ours, sizes = matrices.zones(levels)
    np.testing.assert_array_equal(sizes, met + 1)
    np.testing.assert_array_equal(ours, theirs)


@given(planes())
def test_dependences(plane):
    levels = levels_of(plane)
    theirs = in_c("gldm", plane, np.array([1]), levels.highest, 0)
    theirs, met = with_met_columns(kept(theirs, levels))
    ours, numbers = matrices.dependences(levels)
    np.testing.assert_array_equal(numbers, met)
    np.testing.assert_array_equal(ours, theirs)


@given(planes())
def test_neighbourhood_differences(plane):
    levels = levels_of(plane)
    theirs = kept(in_c("ngtdm", plane, np.array([1]), levels.highest), levels)
    neighbours = matrices.neighbours_inside(plane > 0)
    np.testing.assert_array_equal(matrices.neighbourhood_differences(levels, neighbours), theirs)


@pytest.mark.parametrize("flip", [slice(None), slice(None, None, -1)])
def test_a_direction_in_which_no_line_meets_the_roi_twice_has_no_runs(flip):
    diagonal = np.eye(9, dtype=np.uint8)[:, flip]
    ours, _ = matrices.runs(levels_of(diagonal))
    theirs, _ = in_c("glrlm", diagonal, 1, 9)
    np.testing.assert_array_equal(ours.sum(axis=1)[0], theirs.sum(axis=2)[0, 0])
    assert np.count_nonzero(ours.sum(axis=(0, 1))) == 1
