"""Shape of a volume of one slice, held against pyradiomics' C code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from radiomics import cShape

from her2desk.radiomics.slice_volume import mesh

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(
    arrays(bool, SHAPES).filter(lambda m: m.any()),
    st.tuples(*[st.floats(0.05, 3)] * 3),
)
def test_the_mesh_of_any_slice_is_that_of_pyradiomics(pixels, spacing):
    spacing = np.array(spacing)
    area, volume, diameters = cShape.calculate_coefficients(np.pad(pixels[None], 1), spacing)
    found = mesh(pixels, spacing)
    assert found.area == pytest.approx(area, rel=1e-12)
    assert found.volume == pytest.approx(volume, rel=1e-12)
    assert found.diameters == diameters


def test_the_mesh_of_a_large_slice_is_that_of_pyradiomics():
    rows, columns = np.mgrid[:90, :120]
    pixels = np.hypot((rows - 44) / 40, (columns - 60) / 57) < 1 + 0.1 * np.sin(columns / 7)
    spacing = np.array([1.0, 0.1, 0.13])
    _, _, diameters = cShape.calculate_coefficients(np.pad(pixels[None], 1), spacing)
    assert mesh(pixels, spacing).diameters == diameters
