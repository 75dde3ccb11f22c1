"""Two outlines of one lesion: golden figures by hand and against SimpleITK's filters (V21)."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.agreement.overlap import compare, needs_third_reader, third_reader_reasons
from her2desk.domain.image import Region, SpacingSource, UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

PLAIN = UltrasoundImage("0" * 64, "1.2", 200, 300, 4, "MONOCHROME2", "1.2")
SQUARE_PIXELS = replace(PLAIN, pixel_spacing_mm=(0.5, 0.5))
TALL_PIXELS = replace(PLAIN, pixel_spacing_mm=(0.4, 0.1))  # (row, column)


def square(left: float, top: float, side: float = 40, frame: int = 0) -> Roi:
    corners = ((0, 0), (side, 0), (side, side), (0, side))
    return Roi(frame, tuple((left + x, top + y) for x, y in corners))


def circle(radius: float, points: int = 720, centre: tuple[float, float] = (100, 100)) -> Roi:
    angles = [math.tau * n / points for n in range(points)]
    x, y = centre
    return Roi(0, tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles))


def test_two_shifted_squares() -> None:
    """Squares of side 40, 10 apart in x. By hand: the overlap is 30 × 40, so Dice 30/40; the far
    side is 10 from the other square; the distances along both boundaries sum to 4·10·40 over a
    length of 8·40, so their mean is 10/2."""
    figures = compare(square(20, 30), square(30, 30), SQUARE_PIXELS)
    assert figures.dice == pytest.approx(0.75)
    assert figures.hausdorff_px == pytest.approx(10)
    assert figures.mean_distance_px == pytest.approx(5, abs=0.01)
    assert figures.hausdorff_mm == pytest.approx(5)
    assert figures.mean_distance_mm == pytest.approx(2.5, abs=0.01)
    assert figures.areas_px == (1600, 1600)
    assert figures.note is None


def test_two_concentric_circles() -> None:
    """Radii 30 and 40: every distance is 10, Dice is 2·30² ÷ (30² + 40²)."""
    figures = compare(circle(30), circle(40), SQUARE_PIXELS)
    assert figures.dice == pytest.approx(2 * 900 / 2500, abs=1e-3)
    assert figures.hausdorff_px == pytest.approx(10, abs=0.01)
    assert figures.mean_distance_px == pytest.approx(10, abs=0.01)
    assert figures.mean_distance_mm == pytest.approx(5, abs=0.01)


def test_millimetres_are_right_where_rows_and_columns_differ() -> None:
    """10 columns of 0.1 mm are 1 mm, 10 rows of 0.4 mm are 4 mm; Dice is the same."""
    across = compare(square(20, 30), square(30, 30), TALL_PIXELS)
    down = compare(square(20, 30), square(20, 40), TALL_PIXELS)
    assert across.hausdorff_mm == pytest.approx(1)
    assert down.hausdorff_mm == pytest.approx(4)
    assert across.hausdorff_px == down.hausdorff_px == pytest.approx(10)
    assert across.dice == down.dice


def evenly_along(roi: Roi, row_mm: float, column_mm: float, step_mm: float) -> np.ndarray:
    """Places (2, n) in mm along the outline, ``step_mm`` apart."""
    ring = np.array([*roi.polygon, roi.polygon[0]]) * (column_mm, row_mm)
    gone = np.concatenate([[0], np.hypot(*np.diff(ring, axis=0).T).cumsum()])
    asked = np.arange(0, gone[-1], step_mm)
    return np.stack([np.interp(asked, gone, ring[:, k]) for k in (0, 1)])


@pytest.mark.parametrize(("image", "fine_mm"), [(SQUARE_PIXELS, 0.1), (TALL_PIXELS, 0.04)])
def test_figures_are_those_of_simpleitk_on_fine_masks(
    image: UltrasoundImage, fine_mm: float
) -> None:
    """Both polygons filled on a grid of fine square pixels in mm, SimpleITK's own filters on it."""
    import SimpleITK as sitk  # noqa: N813

    a = circle(38, 60, (120, 90))
    b = Roi(
        0, tuple((118 + 45 * math.cos(t), 96 + 28 * math.sin(t)) for t in np.linspace(0, 6.2, 80))
    )
    row_mm, column_mm = image.pixel_spacing_mm or (1, 1)
    masks = []
    for roi in (a, b):
        points = [(x * column_mm / fine_mm, y * row_mm / fine_mm) for x, y in roi.polygon]
        size = round(200 * row_mm / fine_mm), round(300 * column_mm / fine_mm)
        mask = sitk.GetImageFromArray(rasterise(points, *size).astype(np.uint8))
        mask.SetSpacing((fine_mm, fine_mm))
        masks.append(mask)
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*masks)
    figures = compare(a, b, image)
    assert figures.dice == pytest.approx(overlap.GetDiceCoefficient(), abs=2e-3)
    distances = sitk.HausdorffDistanceImageFilter()
    distances.Execute(*(sitk.LabelContour(mask) for mask in masks))
    assert figures.hausdorff_mm == pytest.approx(
        distances.GetHausdorffDistance(), abs=1.5 * fine_mm
    )
    along = []
    for roi, other in ((a, masks[1]), (b, masks[0])):
        edge = sitk.LabelContour(other)
        far = sitk.GetArrayFromImage(sitk.DanielssonDistanceMap(edge, useImageSpacing=True))
        x, y = evenly_along(roi, row_mm, column_mm, fine_mm) / fine_mm
        along.append(far[y.astype(int), x.astype(int)])
    assert figures.mean_distance_mm == pytest.approx(np.concatenate(along).mean(), abs=fine_mm)


shifts = st.floats(-15, 15)


@given(shifts, shifts, st.floats(10, 40), st.floats(10, 40))
def test_order_does_not_matter_and_figures_are_bounded(
    dx: float, dy: float, r: float, s: float
) -> None:
    a, b = circle(r, 40), circle(s, 40, (100 + dx, 100 + dy))
    there, back = compare(a, b, SQUARE_PIXELS), compare(b, a, SQUARE_PIXELS)
    assert there.dice == pytest.approx(back.dice)
    assert there.hausdorff_px == pytest.approx(back.hausdorff_px)
    assert 0 <= there.dice <= 1
    assert 0 <= there.mean_distance_px <= there.hausdorff_px + 1e-9
    assert there.hausdorff_mm == pytest.approx(there.hausdorff_px / 2)
    assert there.hausdorff_px <= math.hypot(dx, dy) + abs(r - s) + 0.3  # of 40-cornered circles


def test_equal_outlines_agree_and_apart_ones_do_not() -> None:
    same = compare(square(20, 30), square(20, 30), SQUARE_PIXELS)
    assert (same.dice, same.hausdorff_mm, same.mean_distance_mm) == (1, 0, 0)
    assert compare(square(0, 0, 20), square(100, 0, 20), SQUARE_PIXELS).dice == 0


def test_the_farthest_place_may_lie_within_an_edge() -> None:
    """A notch that one reader cut is farthest from the other's straight edge at its tip, and the
    middle of that edge from the notch: no corner of the square is anywhere near."""
    whole = square(50, 50, 60)
    notched = Roi(0, ((50, 50), (79, 50), (80, 90), (81, 50), (110, 50), (110, 110), (50, 110)))
    figures = compare(whole, notched, PLAIN)
    assert figures.hausdorff_px == pytest.approx(30, abs=1.0)  # the tip, 20 from the lower side …
    assert compare(notched, whole, PLAIN).hausdorff_px == pytest.approx(figures.hausdorff_px)


def test_an_outline_that_touches_itself_encloses_all_its_parts() -> None:
    two = Roi(0, ((20, 20), (60, 20), (60, 60), (40, 20), (20, 60)))
    filled = np.count_nonzero(rasterise(two.polygon, 200, 300))
    assert compare(two, two, PLAIN).areas_px == pytest.approx((filled, filled), rel=0.02)


def test_an_outline_that_crosses_itself_is_not_compared() -> None:
    bow = Roi(0, ((20, 20), (60, 60), (60, 40), (20, 60)))
    with pytest.raises(InputRefused, match="crosses itself"):
        compare(bow, bow, PLAIN)


def test_without_calibration_figures_are_in_pixels_and_say_why() -> None:
    figures = compare(square(20, 30), square(30, 30), PLAIN)
    assert (figures.hausdorff_mm, figures.mean_distance_mm) == (None, None)
    assert figures.hausdorff_px == pytest.approx(10)
    assert figures.note is not None
    assert "pixel" in figures.note.text()


def region(index: int, x0: int, x1: int, delta: float) -> Region:
    return Region(index, x0, 0, x1, 199, 1, 1, 3, 3, delta, delta)


def test_outlines_on_parts_of_different_scale_have_no_distance_in_mm() -> None:
    image = replace(PLAIN, regions=(region(0, 0, 149, 0.01), region(1, 150, 299, 0.02)))
    apart = compare(square(20, 20), square(200, 20), image)
    assert apart.hausdorff_mm is None
    assert apart.note is not None
    assert "different" in apart.note.text()
    crossing = compare(square(20, 20), square(130, 20), image)
    assert crossing.note is not None
    assert "edge" in crossing.note.text()
    assert square(20, 20).spacing(image).source is SpacingSource.ULTRASOUND_REGION


def test_outlines_of_different_frames_or_outside_are_refused() -> None:
    with pytest.raises(InputRefused) as caught:
        compare(square(20, 20), square(20, 20, frame=2), PLAIN)
    assert caught.value.code == "readers-frames"
    with pytest.raises(InputRefused, match="outside"):
        compare(square(20, 20), square(290, 20), PLAIN)


def test_a_third_reader_is_called_below_dice_or_over_the_distance() -> None:
    near, far = compare(square(20, 30), square(29, 30), SQUARE_PIXELS), square(36, 30)
    assert not needs_third_reader(near)
    assert needs_third_reader(near, dice_below=0.8)
    assert needs_third_reader(near, hausdorff_over_mm=4)
    both = compare(square(20, 30), far, SQUARE_PIXELS)
    said = " ".join(reason.text() for reason in third_reader_reasons(both))
    assert said == ("Dice 0.60 is below 0.75. The outlines lie up to 8.0 mm apart, more than 5 mm.")


def test_without_calibration_only_dice_is_asked() -> None:
    assert not needs_third_reader(compare(square(20, 30, 150), square(50, 30, 150), PLAIN))
    assert needs_third_reader(compare(square(20, 30), square(36, 30), PLAIN))
