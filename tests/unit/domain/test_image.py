"""Which spacing holds at which place of an image, and what is said of it."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.image import Region, SpacingSource, UltrasoundImage


def region(**values: Any) -> Region:
    """A calibrated tissue plane, 0.1 mm across and 0.2 mm down, over the left half."""
    usual = {
        "index": 0,
        "x0": 0,
        "y0": 0,
        "x1": 49,
        "y1": 79,
        "spatial_format": 1,
        "data_type": 1,
        "units_x": 3,
        "units_y": 3,
        "delta_x": 0.01,
        "delta_y": 0.02,
    }
    return Region(**{**usual, **values})


def image(*regions: Region, **values: Any) -> UltrasoundImage:
    usual = {
        "sha256": "0" * 64,
        "sop_instance_uid": None,
        "rows": 80,
        "columns": 100,
        "frames": 1,
        "photometric": "MONOCHROME2",
        "transfer_syntax": "1.2.840.10008.1.2.1",
    }
    return UltrasoundImage(**{**usual, "regions": regions, **values})


class TestRegion:
    def test_spacing_is_row_then_column_in_mm(self) -> None:
        assert region().spacing_mm == pytest.approx((0.2, 0.1))

    def test_a_negative_delta_is_a_direction(self) -> None:
        assert region(delta_x=-0.01).spacing_mm == pytest.approx((0.2, 0.1))

    @pytest.mark.parametrize(
        "values",
        [
            {"spatial_format": 2},  # M-mode
            {"spatial_format": 3},  # spectral
            {"data_type": 10},  # ECG
            {"units_x": 4},  # seconds
            {"units_y": 0},
            {"delta_x": 0.0},
            {"delta_y": math.nan},
            {"delta_y": math.inf},
        ],
    )
    def test_what_is_no_calibrated_tissue_has_no_spacing(self, values: dict[str, Any]) -> None:
        assert region(**values).spacing_mm is None

    def test_the_last_column_and_row_belong_to_it(self) -> None:
        assert region().contains(49.9, 79.9)
        assert not region().contains(50, 10)
        assert not region().contains(10, 80)

    @pytest.mark.parametrize(
        ("values", "fits"),
        [
            ({"x1": 99, "y1": 79}, True),
            ({"x1": 100, "y1": 80}, True),  # Philips, Mindray: one too many
            ({"x1": 101}, False),
            ({"y1": 81}, False),
            ({"x0": -1}, False),
            ({"y0": -1}, False),
            ({"x0": 60}, False),  # right of its own right edge
        ],
    )
    def test_fitting_in_the_image(self, values: dict[str, Any], fits: bool) -> None:
        assert region(**values).fits(80, 100) is fits


class TestSpacing:
    def test_the_region_under_the_place_counts(self) -> None:
        right = region(index=1, x0=50, x1=99, delta_x=0.05, delta_y=0.05)
        spacing = image(region(), right).spacing_at(75, 40)
        assert spacing.mm == pytest.approx((0.5, 0.5))
        assert (spacing.region_index, spacing.region_count) == (1, 2)
        assert spacing.source is SpacingSource.ULTRASOUND_REGION
        assert spacing.is_known

    def test_a_dummy_first_region_does_not_hide_the_true_one(self) -> None:
        dummy = region(spatial_format=0, data_type=0, units_x=0, units_y=0, delta_x=1, delta_y=1)
        true = region(index=1)
        assert image(dummy, true).spacing_at(10, 10).region_index == 1

    def test_colour_over_the_same_box_counts_as_the_first(self) -> None:
        colour = region(index=1, data_type=2)
        assert image(region(), colour).spacing_at(10, 10).region_index == 0

    def test_an_uncalibrated_plane_gives_way_to_a_calibrated_one(self) -> None:
        assert image(region(units_x=0), region(index=1)).spacing_at(10, 10).region_index == 1

    def test_pixel_spacing_where_no_region_is(self) -> None:
        spacing = image(region(), pixel_spacing_mm=(0.3, 0.3)).spacing_at(75, 40)
        assert spacing.mm == (0.3, 0.3)
        assert spacing.source is SpacingSource.PIXEL_SPACING

    def test_pixel_spacing_does_not_hold_on_a_curve(self) -> None:
        curve = region(spatial_format=3, data_type=3, units_x=4, units_y=7)
        assert not image(curve, pixel_spacing_mm=(0.3, 0.3)).spacing_at(10, 10).is_known

    def test_nothing_known_is_unknown(self) -> None:
        spacing = image().spacing_at(10, 10)
        assert (spacing.mm, spacing.source) == (None, SpacingSource.UNKNOWN)
        assert image(region(units_x=0)).region_at(10, 10) is not None

    def test_a_region_outside_the_image_discredits_all(self) -> None:
        cropped = image(region(), region(index=1, y1=200), pixel_spacing_mm=(0.3, 0.3))
        spacing = cropped.spacing_at(10, 10)
        assert spacing.mm is None
        assert spacing.note is not None
        assert "cropped" in spacing.note.text()

    def test_disagreement_is_noted_and_the_region_used(self) -> None:
        spacing = image(region(), pixel_spacing_mm=(0.3, 0.1)).spacing_at(10, 10)
        assert spacing.mm == pytest.approx((0.2, 0.1))
        assert spacing.note is not None
        assert "0.3 × 0.1 mm" in spacing.note.text()

    def test_agreement_within_one_percent_is_none(self) -> None:
        assert image(region(), pixel_spacing_mm=(0.201, 0.1)).spacing_at(10, 10).note is None

    @given(
        st.tuples(*[st.integers(-5, 120)] * 4),
        st.integers(0, 5),
        st.integers(0, 12),
        st.floats(),
        st.floats(-10, 110),
        st.floats(-10, 110),
    )
    def test_any_region_gives_a_positive_spacing_or_none(
        self,
        box: tuple[int, int, int, int],
        spatial_format: int,
        data_type: int,
        delta: float,
        column: float,
        row: float,
    ) -> None:
        x0, y0, x1, y1 = box
        odd = region(
            x0=x0,
            y0=y0,
            x1=x1,
            y1=y1,
            spatial_format=spatial_format,
            data_type=data_type,
            delta_x=delta,
        )
        spacing = image(odd).spacing_at(column, row)
        assert spacing.mm is None or all(v > 0 and math.isfinite(v) for v in spacing.mm)
        assert spacing.is_known == (spacing.source is not SpacingSource.UNKNOWN)
