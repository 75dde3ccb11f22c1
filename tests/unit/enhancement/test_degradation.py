"""What degrades an enhanced picture, and what undoes it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from her2desk.enhancement.degradation import BROADEST, NARROWEST, Degradation, back_projector
from her2desk.enhancement.generator import back_projected, degraded, projected
from tests.enhancers import DEGRADATION


def by_the_definition(enhanced: np.ndarray, degradation: Degradation) -> np.ndarray:
    """Pixel by pixel, as the module says it in words."""
    scale = degradation.scale
    rows, columns = (side // scale for side in enhanced.shape)

    def weights(pixel: int, count: int, sigma: float) -> list[float]:
        away = [(place + 0.5 - (pixel + 0.5) * scale) / sigma for place in range(count * scale)]
        near = [math.exp(-(a**2) / 2) if abs(a) <= 3 else 0.0 for a in away]
        return [weight / sum(near) for weight in near]

    found = np.empty((rows, columns))
    for row in range(rows):
        down = weights(row, rows, degradation.depth_sigma)
        for column in range(columns):
            across = weights(column, columns, degradation.lateral_sigma)
            found[row, column] = np.array(down) @ enhanced @ np.array(across)
    return found


@st.composite
def degradations(draw: st.DrawFn) -> Degradation:
    scale = draw(st.sampled_from([2, 4]))
    sigmas = st.floats(NARROWEST, BROADEST * scale)
    return Degradation(scale, draw(sigmas), draw(sigmas))


SIDES = st.integers(1, 9)
SEEDS = st.integers(0, 2**32 - 1)


def drawn(rows: int, columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)


def as_tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32) / 255)[None, None]


@settings(max_examples=30)
@given(degradations(), SIDES, SIDES, SEEDS)
def test_a_pixel_is_the_weighted_mean_of_the_enhanced_ones_around_it(
    degradation, rows, columns, seed
):
    scale = degradation.scale
    enhanced = drawn(rows * scale, columns * scale, seed)
    said = by_the_definition(enhanced.astype(float), degradation)
    assert degradation.applied(enhanced) == pytest.approx(said, abs=1e-9)
    matrices = degradation.along_depth(rows), degradation.along_lateral(columns)
    assert matrices[0] @ enhanced @ matrices[1].T == pytest.approx(said, abs=1e-9)
    assert degraded(as_tensor(enhanced), degradation)[0, 0] * 255 == pytest.approx(said, abs=1e-3)


@settings(max_examples=30)
@given(degradations(), SIDES, SIDES, st.integers(0, 255))
def test_one_grey_value_stays_that_value_up_to_the_edge(degradation, rows, columns, grey):
    flat = np.full((rows * degradation.scale, columns * degradation.scale), grey, np.uint8)
    assert degradation.applied(flat) == pytest.approx(np.full((rows, columns), grey), abs=1e-9)


@settings(max_examples=30)
@given(degradations(), SEEDS)
def test_no_pixel_looks_further_than_it_says(degradation, seed):
    """Else a box's residual would not be that of the whole frame."""
    rows, columns, scale, reach = 11, 13, degradation.scale, degradation.reach_px
    enhanced = drawn(rows * scale, columns * scale, seed)
    other = enhanced.copy()
    other[: (4 - reach) * scale] ^= 85
    other[(7 + reach) * scale :] ^= 85
    other[:, : (4 - reach) * scale] ^= 85
    other[:, (9 + reach) * scale :] ^= 85
    inside = np.s_[4:7, 4:9]
    assert np.array_equal(degradation.applied(enhanced)[inside], degradation.applied(other)[inside])


@settings(max_examples=30)
@given(degradations(), st.integers(1, 24), st.integers(1, 24), SEEDS)
def test_the_projection_degrades_to_the_image(degradation, rows, columns, seed):
    """In float32: a thousandth of a grey level at the most, whatever was enhanced before."""
    scale = degradation.scale
    image = as_tensor(drawn(rows, columns, seed))
    enhanced = as_tensor(drawn(rows * scale, columns * scale, seed + 1))
    found = projected(enhanced, image, degradation)
    assert float((degraded(found, degradation) - image).abs().max()) * 255 < 2e-3


@settings(max_examples=30)
@given(degradations(), SEEDS)
def test_the_projection_is_the_nearest_picture_that_degrades_to_the_image(degradation, seed):
    """What it changes is at a right angle to every change that the image does not see."""
    rows, columns, scale = 6, 7, degradation.scale
    image = as_tensor(drawn(rows, columns, seed))
    enhanced, other = (as_tensor(drawn(rows * scale, columns * scale, seed + n)) for n in (1, 2))
    found = projected(enhanced, image, degradation)
    unseen = other - back_projected(degraded(other, degradation), degradation)
    changed = found - enhanced
    angle = float((changed * unseen).sum() / (changed.norm() * unseen.norm()))
    assert angle == pytest.approx(0, abs=1e-4)
    assert projected(found, image, degradation) == pytest.approx(found, abs=2e-5)


def test_what_undoes_the_broadest_blur_still_ends_within_a_tiles_margin():
    """So that a tile's numbers do not depend on where the next one begins."""
    broadest = Degradation(4, BROADEST * 4, BROADEST * 4)
    undoing = np.abs(back_projector(broadest.along_depth(160)))
    assert undoing[16 * 4 + 4 * 60 :, 60].max() < 2e-4 * undoing[:, 60].max()


@pytest.mark.parametrize(
    ("scale", "depth", "lateral"),
    [(1, 1, 1), (4, 0, 1), (4, 1, 0.24), (4, 2.51, 1), (4, 1, math.nan), (4, math.inf, 1)],
)
def test_what_cannot_be_undone_is_no_degradation(scale, depth, lateral):
    with pytest.raises(ValueError, match="no such degradation"):
        Degradation(scale, depth, lateral)


def test_sides_that_are_no_multiple_of_the_scale_are_our_fault():
    with pytest.raises(ValueError, match="no multiple of 4"):
        DEGRADATION.applied(np.zeros((8, 9)))


def test_half_precision_around_it_does_not_make_the_projection_coarse():
    image, enhanced = as_tensor(drawn(8, 8, 1)), as_tensor(drawn(32, 32, 2))
    plainly = projected(enhanced, image, DEGRADATION)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(projected(enhanced, image, DEGRADATION), plainly)


def test_who_trains_after_a_picture_was_enhanced_gets_its_gradient():
    """The matrices of a size are kept; made in inference mode they would stop the training."""
    side = 13  # that no other test has asked for
    image = as_tensor(drawn(side, side, 1))
    with torch.inference_mode():
        projected(as_tensor(drawn(4 * side, 4 * side, 2)), image, DEGRADATION)
    learning = torch.rand(1, 1, 4 * side, 4 * side, requires_grad=True)
    projected(learning, image, DEGRADATION).square().sum().backward()
    assert learning.grad is not None
    assert float(learning.grad.abs().max()) > 0
