"""Other outlines of the same lesion: of every kind, usable, and always the same."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.regions import Region
from her2desk.domain.roi import Roi
from her2desk.domain.stability import Variability, VariantKind
from her2desk.errors import InputRefused
from her2desk.inference.outline_variants import variability_of, variants
from her2desk.inference.robustness import JITTER_MM, JITTER_PX
from her2desk.packs.readout_part import VariabilityPart

IN_PIXELS = Variability(3.0, is_mm=False, patients=0)


def image(spacing_mm=None, regions=(), rows=200, columns=300) -> UltrasoundImage:
    return UltrasoundImage(
        "0" * 64, None, rows, columns, 1, "MONOCHROME2", "", regions, pixel_spacing_mm=spacing_mm
    )


def ellipse(column=150.0, row=100.0, right=50.0, down=30.0, points=60) -> Roi:
    turns = np.linspace(0, 2 * np.pi, points, endpoint=False)
    corners = zip(column + right * np.cos(turns), row + down * np.sin(turns), strict=True)
    return Roi(0, tuple((float(x), float(y)) for x, y in corners))


def test_there_are_twenty_and_the_first_six_are_of_every_kind():
    found = variants(ellipse(), image(), IN_PIXELS, 20)
    kinds = [kind for kind, _ in found]
    assert len(found) == 20
    assert set(kinds[:6]) == set(VariantKind)
    assert kinds.count(VariantKind.SHIFTED) == 8
    assert (kinds.count(VariantKind.ERODED), kinds.count(VariantKind.DILATED)) == (2, 2)
    assert len({roi for _, roi in found}) == 20


def test_more_can_be_had_and_fewer_are_the_first_of_them():
    many = variants(ellipse(), image(), IN_PIXELS, 30)
    assert [kind for kind, _ in many[20:]] == [VariantKind.REDRAWN] * 10
    assert variants(ellipse(), image(), IN_PIXELS, 6) == many[:6]


def test_the_same_outline_gives_the_same_others_and_another_gives_others():
    assert variants(ellipse(), image(), IN_PIXELS, 20) == variants(
        ellipse(), image(), IN_PIXELS, 20
    )
    redrawn = [
        next(roi for kind, roi in variants(drawn, image(), IN_PIXELS, 6) if kind == "redrawn")
        for drawn in (ellipse(), ellipse(points=61))
    ]
    assert redrawn[0] != redrawn[1]


def test_erosion_and_dilation_move_the_edge_by_one_and_two_deviations():
    """The distance between two outlines, by Hausdorff, of a circle that stays a circle."""
    circle = ellipse(right=40.0, down=40.0, points=200)
    edge = shapely.LinearRing(circle.polygon)
    moved = {VariantKind.ERODED: [], VariantKind.DILATED: []}
    for kind, roi in variants(circle, image(), IN_PIXELS, 20):
        if kind in moved:
            other = shapely.LinearRing(roi.polygon)
            inward = shapely.Polygon(roi.polygon).area < shapely.Polygon(circle.polygon).area
            assert inward == (kind is VariantKind.ERODED)
            moved[kind].append(edge.hausdorff_distance(other))
    assert moved[VariantKind.ERODED] == pytest.approx([3.0, 6.0], abs=0.2)
    assert moved[VariantKind.DILATED] == pytest.approx([3.0, 6.0], abs=0.2)


def test_shifts_are_one_deviation_long_in_millimetres_on_pixels_that_are_no_squares():
    spacing = (0.05, 0.1)
    at = ellipse()
    in_mm = Variability(0.5, is_mm=True, patients=0)
    found = variants(at, image(spacing), in_mm, 20)
    turns = []
    for kind, roi in found:
        if kind is VariantKind.SHIFTED:
            right = (roi.centroid[0] - at.centroid[0]) * spacing[1]
            down = (roi.centroid[1] - at.centroid[1]) * spacing[0]
            assert math.hypot(right, down) == pytest.approx(0.5)
            turns.append(round(math.degrees(math.atan2(down, right))) % 360)
    assert sorted(turns) == [0, 45, 90, 135, 180, 225, 270, 315]
    eroded = next(roi for kind, roi in found if kind is VariantKind.ERODED)
    moved_px = np.subtract(eroded.bounds(), at.bounds())
    assert moved_px == pytest.approx([5.0, 10.0, -5.0, -10.0], abs=0.3)


@pytest.mark.parametrize(
    ("roi", "why"),
    [
        (ellipse(column=50.0, row=30.0), "touches the picture's corner"),
        (ellipse(right=5.0, down=5.0), "so small that erosion leaves nothing"),
    ],
)
def test_one_that_cannot_be_used_is_replaced_by_one_that_is_redrawn(roi, why):
    found = variants(roi, image(), IN_PIXELS, 20)
    kinds = [kind for kind, _ in found]
    assert len(found) == 20, why
    assert kinds.count(VariantKind.REDRAWN) > 8
    for _, other in found:
        other.check(image())


def test_none_leaves_the_region_of_the_readers_own():
    """The region's right edge is four pixels from the lesion; beyond it no size is known."""
    region = Region(0, 0, 0, 203, 199, 1, 1, 3, 3, 0.01, 0.01)
    found = variants(ellipse(), image(regions=(region,)), Variability(0.5, True, 0), 20)
    assert len(found) == 20
    assert max(roi.bounds()[2] for _, roi in found) <= 204
    assert [kind for kind, _ in found].count(VariantKind.REDRAWN) > 8


def test_an_outline_that_allows_no_other_has_none():
    """Eight pixels by eight with a picture that ends around it: nothing larger, nothing moved."""
    whole = Roi(0, ((0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)))
    assert variants(whole, image(rows=8, columns=8), IN_PIXELS, 20) == ()


@given(st.floats(0, 300), st.floats(0, 200), st.floats(4, 60), st.floats(4, 60), st.integers(3, 50))
def test_all_can_be_used_wherever_the_lesion_lies(column, row, right, down, points):
    drawn = ellipse(column, row, right, down, points)
    inside = tuple((min(max(x, 0.0), 300.0), min(max(y, 0.0), 200.0)) for x, y in drawn.polygon)
    roi = Roi(0, inside)
    try:
        roi.check(image())
    except InputRefused:
        return
    for _, other in variants(roi, image(), IN_PIXELS, 6):
        other.check(image())


@pytest.mark.parametrize(
    ("measured", "spacing", "expected"),
    [
        (None, (0.1, 0.1), Variability(JITTER_MM, True, 0)),
        (None, None, Variability(JITTER_PX, False, 0)),
        (VariabilityPart(sd=0.8, unit="mm", patients=31), (0.1, 0.1), Variability(0.8, True, 31)),
        (VariabilityPart(sd=0.8, unit="mm", patients=31), None, Variability(JITTER_PX, False, 0)),
        (VariabilityPart(sd=5.0, unit="px", patients=31), None, Variability(5.0, False, 31)),
        (VariabilityPart(sd=5.0, unit="px", patients=31), (0.1, 0.1), Variability(5.0, False, 31)),
    ],
)
def test_the_packs_own_readers_count_where_their_figure_can_be_used(measured, spacing, expected):
    assert variability_of(measured, spacing) == expected


def test_millimetres_without_a_pixel_size_are_a_mistake_of_ours():
    with pytest.raises(ValueError, match="unknown"):
        variants(ellipse(), image(), Variability(0.5, is_mm=True, patients=0), 6)
