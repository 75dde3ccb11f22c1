"""Only the part that is needed is enhanced, and nobody can tell."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from her2desk.domain.roi import Box, Roi
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.enhancement.sight import Sight, enhanced_box, enhanced_sight, margin_px
from her2desk.errors import InputRefused
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.frame_part import FramePart
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d, us_2d_px
from tests.enhancers import Nearest, OneRowShort, Unproved

ROWS, COLUMNS = 96, 120
LESION = Roi(0, ((50.25, 30), (70, 38.5), (72.75, 55), (58, 64), (44, 52.5)))
AT_THE_EDGE = Roi(0, ((0, 0), (30.5, 0), (25, 22.75), (3, 20)))
FINE_MM = (0.05, 0.04)


def speckle(rows: int = ROWS, columns: int = COLUMNS, seed: int = 0) -> np.ndarray:
    """Grey values that are alike over a few pixels."""
    noise = np.random.default_rng(seed).normal(size=(rows + 4, columns + 4))
    smooth = sum(noise[i : i + rows, j : j + columns] for i in range(5) for j in range(5))
    return np.clip(128 + 12 * smooth, 0, 255).astype(np.uint8)


def of_the_whole(pixels: np.ndarray, roi: Roi, mm: tuple[float, float] | None, scale: int) -> Sight:
    """The ROI on the whole frame, enhanced; no part of anything."""
    polygon = tuple((column * scale, row * scale) for column, row in roi.polygon)
    mask = rasterise(polygon, ROWS * scale, COLUMNS * scale)
    spacing = None if mm is None else (mm[0] / scale, mm[1] / scale)
    return Sight(LanczosEnhancer(scale).enlarged(pixels), mask, spacing)


def in_part(
    pixels: np.ndarray, roi: Roi, mm: tuple[float, float] | None, scale: int, profile: Profile
) -> Sight:
    mask = rasterise(roi.polygon, *pixels.shape)
    return enhanced_sight(LanczosEnhancer(scale), pixels, mask, roi, mm, profile)


def features(sight: Sight, profile: Profile, names: tuple[str, ...]) -> dict[str, float]:
    return extract(
        sight.pixels, sight.mask, sight.spacing_mm, profile, names, part=sight.part,
        on_missing="nan",
    )  # fmt: skip


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, ROWS - 1))
    return Box(x0, y0, draw(st.integers(x0 + 1, COLUMNS)), draw(st.integers(y0 + 1, ROWS)))


@given(boxes(), st.sampled_from([2, 4]), st.integers(0, 3))
def test_an_enhanced_box_is_that_of_the_enhanced_frame_to_the_last_bit(box, scale, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (ROWS, COLUMNS)).astype(np.uint8)
    enhancer = LanczosEnhancer(scale)
    whole = enhancer.enlarged(pixels)
    assert np.array_equal(
        enhanced_box(enhancer, pixels, box).pixels,
        whole[box.y0 * scale : box.y1 * scale, box.x0 * scale : box.x1 * scale],
    )


def test_with_less_margin_than_the_kernel_reaches_the_bits_would_differ():
    """So that the test above can fail."""
    pixels = speckle()
    box, seen = Box(40, 30, 60, 50), np.s_[28:52, 38:62]
    assert not np.array_equal(
        LanczosEnhancer(4).enlarged(pixels[seen])[8:-8, 8:-8],
        enhanced_box(LanczosEnhancer(4), pixels, box).pixels,
    )


POINTS = st.tuples(st.integers(0, 4 * COLUMNS), st.integers(0, 4 * ROWS))


@given(st.lists(POINTS, min_size=3, max_size=8), st.sampled_from([2, 4]))
def test_pixels_and_mask_are_those_of_the_whole_frame(points, scale):
    roi = Roi(0, tuple((column / 4, row / 4) for column, row in points))
    assume(rasterise(roi.polygon, ROWS, COLUMNS).sum() > max(ROWS, COLUMNS))
    pixels = speckle()
    part = in_part(pixels, roi, FINE_MM, scale, us_2d(resample_mm=0.025))
    whole = of_the_whole(pixels, roi, FINE_MM, scale)
    rows, columns = part.mask.shape
    here = np.s_[
        part.part.row : part.part.row + rows, part.part.column : part.part.column + columns
    ]
    assert np.array_equal(part.pixels, whole.pixels[here])
    assert np.array_equal(part.mask, whole.mask[here])
    assert part.mask.sum() == whole.mask.sum()
    assert part.spacing_mm == whole.spacing_mm


@pytest.mark.parametrize("roi", [LESION, AT_THE_EDGE], ids=["inside", "at the edge"])
@pytest.mark.parametrize("scale", [2, 4])
def test_features_in_pixels_are_those_of_the_whole_frame_to_the_last_bit(roi, scale):
    profile = us_2d_px()
    pixels = speckle()
    names = all_names(profile)
    assert features(in_part(pixels, roi, None, scale, profile), profile, names) == features(
        of_the_whole(pixels, roi, None, scale), profile, names
    )


@pytest.mark.parametrize("roi", [LESION, AT_THE_EDGE], ids=["inside", "at the edge"])
@pytest.mark.parametrize(("mm", "scale"), [((0.05, 0.04), 4), ((0.13, 0.13), 2), ((0.11, 0.07), 4)])
def test_features_in_mm_are_those_of_the_whole_frame(roi, mm, scale):
    """The resampled grid starts at the frame's corner, not at the part's."""
    profile = us_2d().model_copy(update={"pad_px": 12})
    pixels = speckle()
    names = all_names(profile)
    part = in_part(pixels, roi, mm, scale, profile)
    assert part.pixels.shape < (ROWS * scale, COLUMNS * scale)
    found = features(part, profile, names)
    whole = features(of_the_whole(pixels, roi, mm, scale), profile, names)
    assert found == pytest.approx(whole, rel=1e-9, abs=1e-9, nan_ok=True)


def test_a_grid_that_began_at_the_part_would_give_other_features():
    """So that the test above can fail."""
    profile = us_2d().model_copy(update={"pad_px": 12})
    names = tuple(n for n in all_names(profile) if n.startswith("original_glcm"))
    part = in_part(speckle(), LESION, (0.13, 0.13), 2, profile)
    rows, columns = part.mask.shape
    elsewhere = dataclasses.replace(part, part=FramePart(0, 0, rows, columns))
    assert features(elsewhere, profile, names) != features(part, profile, names)


def test_a_profile_of_the_enhanced_pixel_size_only_cuts():
    profile = us_2d(resample_mm=0.025)
    names = tuple(n for n in all_names(profile) if n.startswith("original"))
    part = in_part(speckle(), LESION, (0.1, 0.1), 4, profile)
    whole = of_the_whole(speckle(), LESION, (0.1, 0.1), 4)
    assert features(part, profile, names) == features(whole, profile, names)


def test_filters_that_look_over_the_whole_frame_get_it():
    sight = in_part(speckle(), LESION, None, 2, onekey_1561())
    assert sight.pixels.shape == (2 * ROWS, 2 * COLUMNS)
    assert sight.part == FramePart(0, 0, 2 * ROWS, 2 * COLUMNS)


def test_the_crop_of_the_network_is_there_and_is_found():
    pixels = speckle()
    crop = Box(2, 60, 33, 90)  # far from the ROI
    sight = enhanced_sight(
        LanczosEnhancer(4), pixels, rasterise(LESION.polygon, ROWS, COLUMNS), LESION, None,
        us_2d_px(), crop,
    )  # fmt: skip
    own = sight.box(crop)
    whole = LanczosEnhancer(4).enlarged(pixels)
    assert np.array_equal(
        sight.pixels[own.y0 : own.y1, own.x0 : own.x1],
        whole[4 * crop.y0 : 4 * crop.y1, 4 * crop.x0 : 4 * crop.x1],
    )
    assert Sight(pixels, sight.mask, None).box(crop) == crop


def test_margins_shrink_with_the_scale_and_grow_with_the_grid():
    assert margin_px(us_2d_px(), None, 4) == 20
    assert margin_px(onekey_1561(), None, 4) is None
    fine, coarse = (margin_px(us_2d(resample_mm=mm), (0.02, 0.02), 4) for mm in (0.1, 0.2))
    assert fine == 111  # (82 · 0.1 / 0.02 + 32) / 4, rounded up
    assert coarse > fine


def test_a_pixel_of_assumed_size_is_enhanced_to_a_smaller_one():
    profile = us_2d(uncalibrated="as-if", assumed_mm=0.08)
    assert in_part(speckle(), LESION, None, 4, profile).spacing_mm == (0.02, 0.02)
    assert in_part(speckle(), LESION, None, 4, us_2d_px()).spacing_mm is None


@pytest.mark.parametrize(
    ("mm", "roi", "profile", "code", "said"),
    [
        (None, LESION, us_2d(), "spacing-needed", "spacing is not known"),
        ((2.29, 2.29), LESION, us_2d(resample_mm=0.01), "spacing-implausible", "2.29 × 2.29"),
        (
            (0.05, 0.05),
            Roi(0, ((9, 9), (12, 9), (12, 12), (9, 12))),
            us_2d(),
            "roi-too-small",
            " 9 ",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_by_the_images_own_pixels(mm, roi, profile, code, said):
    with pytest.raises(InputRefused, match=re.escape(said)) as refused:
        in_part(speckle(), roi, mm, 4, profile)
    assert refused.value.code == code


def test_a_picture_too_large_to_enhance_is_refused_before_it_is_tried():
    huge = np.broadcast_to(np.uint8(7), (4000, 4000))
    with pytest.raises(InputRefused, match="4 times") as refused:
        enhanced_box(LanczosEnhancer(4), huge, Box(0, 0, 4000, 4000))
    assert refused.value.code == "enhancement-too-large"
    assert refused.value.remedy.text()


def test_an_enhancement_that_does_not_keep_to_its_scale_is_our_fault():
    box = Box(3, 2, 9, 7)
    doubled = speckle()[2:7, 3:9].repeat(4, axis=0).repeat(4, axis=1)
    assert np.array_equal(enhanced_box(Nearest(), speckle(), box).pixels, doubled)
    for wrong in (OneRowShort(), Unproved(), Unproved(residual=np.nan)):
        with pytest.raises(ValueError, match="nearest gave"):
            enhanced_box(wrong, speckle(), box)


@settings(max_examples=20)
@given(st.integers(0, 60), st.integers(0, 40))
def test_moving_the_whole_picture_moves_nothing_else(right, down):
    """Features in pixels of a lesion do not depend on where on the screen it lies."""
    profile = us_2d_px().model_copy(update={"pad_px": 8})
    names = ("original_firstorder_Mean", "gradient_firstorder_Variance")
    large = speckle(ROWS + 60, COLUMNS + 80)
    here = Roi(0, tuple((c + right, r + down) for c, r in LESION.polygon))
    moved = np.roll(large, (down, right), axis=(0, 1))
    mask = rasterise(here.polygon, *moved.shape)
    start = rasterise(LESION.polygon, *large.shape)
    enhancer = LanczosEnhancer(2)
    assert features(enhanced_sight(enhancer, moved, mask, here, None, profile), profile, names) == (
        features(enhanced_sight(enhancer, large, start, LESION, None, profile), profile, names)
    )
