"""Binning and order statistics, held against numpy's to the last bit."""

import numpy as np
from hypothesis import given, reject
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from radiomics import imageoperations

from her2desk.radiomics.order_statistics import order_statistics
from her2desk.radiomics.roi_image import binned

BINS = st.one_of(
    st.builds(lambda count: {"binCount": count}, st.integers(2, 256)),
    st.builds(lambda width: {"binWidth": width}, st.sampled_from([1.0, 2.5, 25.0])),
)


def grey_levels(dtype: type) -> st.SearchStrategy[np.ndarray]:
    """Whole numbers and others, far from 0 too, where edges are rounded."""
    few = st.sampled_from([0, 25, 50, 75, 74.99999999999999, 255, 1e-9, -30])
    near = st.builds(lambda offset, step: offset + step, st.just(1000.0), st.floats(0, 1e-3))
    any_ = st.floats(-300, 300, width=32)
    return st.one_of(arrays(dtype, st.integers(2, 60), elements=e) for e in (few, near, any_))


@given(st.one_of(grey_levels(np.float64), grey_levels(np.float32)), BINS)
def test_bins_are_those_of_numpy(values, bins):
    try:
        edges = np.asarray(imageoperations.getBinEdges(values, **bins))
    except ValueError:
        reject()  # there are fewer numbers between the least and the greatest than bins
    np.testing.assert_array_equal(binned(values, edges), np.digitize(values, edges))


def test_bins_of_many_single_precision_values_are_those_of_numpy():
    """The last edge is rounded away from where the others lead to."""
    for seed in range(20):
        values = np.random.default_rng(seed).normal(seed, 1, 5000).astype(np.float32)
        edges = imageoperations.getBinEdges(values, binCount=32)
        np.testing.assert_array_equal(binned(values, edges), np.digitize(values, edges))


@given(arrays(np.float64, st.integers(1, 80), elements=st.floats(-1e6, 1e6)))
def test_order_statistics_are_those_of_numpy(values):
    percentiles = [np.percentile(values, percent) for percent in (10, 25, 75, 90)]
    assert list(order_statistics(values)) == [*percentiles, np.median(values)]
