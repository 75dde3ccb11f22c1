"""Between black and white, and still degrading to the image."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.generator import projected
from her2desk.enhancement.within_range import NEAR, RangeProjection
from tests.enhancers import DEGRADATION

ROWS, COLUMNS = 12, 15


def single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)


def missed(found: np.ndarray, x: np.ndarray, degradation: Degradation = DEGRADATION) -> float:
    return float(np.abs(degradation.applied(found) - x).max())


def of_a_picture(seed: int, dark: float) -> tuple[np.ndarray, np.ndarray]:
    """An image that a picture between black and white degrades to, and that picture."""
    draw = np.random.default_rng(seed)
    picture = np.clip(draw.normal(dark, 0.4, (4 * ROWS, 4 * COLUMNS)), 0, 1)
    return single(DEGRADATION.applied(picture)), picture


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.8))
def test_what_is_in_range_already_comes_back_as_it_was(seed, grey):
    x, picture = of_a_picture(seed, grey)
    found = RangeProjection(ROWS, COLUMNS, DEGRADATION).nearest(single(picture), x)
    assert np.array_equal(found, single(picture))


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_where_there_is_such_a_picture_it_is_all_but_reached(seed, grey):
    """From one that degrades to the image and goes far beyond black and white."""
    x, picture = of_a_picture(seed, grey)
    wild = np.random.default_rng(seed + 1).normal(0, 0.3, picture.shape)
    pair = (torch.from_numpy(values)[None, None] for values in (single(picture + wild), x))
    enhanced = projected(*pair, DEGRADATION)[0, 0].numpy()
    assert float(enhanced.max()) > 1 or float(enhanced.min()) < 0
    found = RangeProjection(ROWS, COLUMNS, DEGRADATION).nearest(enhanced, x)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    clipped = missed(enhanced.clip(0, 1), x)
    assert missed(found, x) <= max(NEAR, 0.1 * clipped)


def test_a_white_stroke_on_black_is_missed_no_more_than_it_must_be():
    """What no picture can do, a linear program says; the steps come close to the best there is."""
    x = np.zeros((7, 9))
    x[:, 4] = 1.0
    matrix = np.kron(DEGRADATION.along_depth(7), DEGRADATION.along_lateral(9))
    rows, pixels = matrix.shape
    best = linprog(
        np.r_[np.zeros(pixels), 1],
        A_ub=np.r_[np.c_[matrix, -np.ones(rows)], np.c_[-matrix, -np.ones(rows)]],
        b_ub=np.r_[x.ravel(), -x.ravel()],
        bounds=[(0, 1)] * pixels + [(0, None)],
    ).fun
    found = RangeProjection(7, 9, DEGRADATION).nearest(single(np.zeros((28, 36))), single(x))
    assert best > 0.02
    assert missed(found, single(x)) <= 2 * best


def test_the_nearest_of_all_such_pictures_is_found():
    """No other picture in range that degrades to the image lies on the enhanced one's side."""
    x, picture = of_a_picture(3, 0.3)
    draw = np.random.default_rng(4)
    enhanced = single(picture + draw.normal(0, 0.1, picture.shape))
    found = RangeProjection(ROWS, COLUMNS, DEGRADATION).nearest(enhanced, x)
    beyond = (enhanced - found).ravel()
    to_other = (single(picture) - found).ravel()
    cosine = float(beyond @ to_other / np.sqrt((beyond @ beyond) * (to_other @ to_other)))
    assert cosine < 0.01


@pytest.mark.parametrize("degradation", [Degradation(2, 0.25, 1.25), Degradation(4, 0.25, 2.5)])
def test_other_widths_and_scales_do_as_well(degradation):
    draw = np.random.default_rng(5)
    picture = draw.uniform(0.2, 0.8, (9 * degradation.scale, 6 * degradation.scale))
    x = single(degradation.applied(picture))
    start = single(picture + draw.normal(0, 0.02, picture.shape))
    found = RangeProjection(9, 6, degradation).nearest(start, x)
    assert missed(found, x, degradation) <= 1.1 * NEAR
