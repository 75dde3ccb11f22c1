"""Regions by kind, lines across them, frames of their own spacing, and the reader's own ruler."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.geometry import line_touches, polygon_touches
from her2desk.domain.image import (
    Region,
    SpacingSource,
    UltrasoundImage,
    UserCalibration,
    calibration_from_json,
)
from her2desk.domain.regions import RegionKind, kind_words, unit_words, views
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused


def region(index: int = 0, x0: int = 0, x1: int = 49, **values: Any) -> Region:
    """A tissue plane of 0.1 × 0.1 mm over the left half of an image of 100 × 80."""
    usual = {
        "y0": 0,
        "y1": 79,
        "spatial_format": 1,
        "data_type": 1,
        "units_x": 3,
        "units_y": 3,
        "delta_x": 0.01,
        "delta_y": 0.01,
    }
    return Region(**{"index": index, "x0": x0, "x1": x1, **usual, **values})


def image(*regions: Region, **values: Any) -> UltrasoundImage:
    usual: dict[str, Any] = {
        "sha256": "0" * 64,
        "sop_instance_uid": None,
        "rows": 80,
        "columns": 100,
        "frames": 3,
        "photometric": "MONOCHROME2",
        "transfer_syntax": "1.2.840.10008.1.2.1",
    }
    return UltrasoundImage(**{**usual, "regions": regions, **values})


def uncalibrated(index: int = 0, x0: int = 0, x1: int = 49, **values: Any) -> Region:
    return region(index, x0, x1, **{"units_x": 0, "units_y": 0, **values})


M_MODE = region(1, 0, 99, y0=40, spatial_format=2, units_x=4)
RULER = UserCalibration(1, (10.0, 10.0), (10.0, 60.0), 10.0)  # 0.2 mm/px


class TestKinds:
    @pytest.mark.parametrize(
        ("spatial_format", "data_type", "kind"),
        [
            (1, 1, RegionKind.TISSUE),
            (1, 2, RegionKind.COLOUR_FLOW),
            (2, 1, RegionKind.M_MODE),
            (2, 2, RegionKind.M_MODE),
            (3, 3, RegionKind.SPECTRAL),
            (1, 4, RegionKind.SPECTRAL),
            (4, 10, RegionKind.CURVE),
            (7, 1, RegionKind.CURVE),
            (5, 0, RegionKind.GRAPHIC),
            (0, 13, RegionKind.GRAPHIC),
            (0, 14, RegionKind.GRAPHIC),
            (0, 0, RegionKind.UNKNOWN),
            (1, 0, RegionKind.UNKNOWN),
        ],
    )
    def test_format_and_type_make_a_kind(
        self, spatial_format: int, data_type: int, kind: RegionKind
    ) -> None:
        found = region(spatial_format=spatial_format, data_type=data_type)
        assert found.kind is kind
        assert kind_words(found.kind).text()

    def test_units_are_in_words(self) -> None:
        # PS3.3 C.8.5.5.1.15: 3 cm, 4 seconds, 5 hertz, 7 cm/s, C (12) degrees.
        words = [unit_words(code).text() for code in (0, 3, 4, 5, 7, 12, 13, -1)]
        assert words[:6] == ["no unit", "cm", "s", "Hz", "cm/s", "degrees"]
        assert words[6:] == ["unknown unit 13", "unknown unit -1"]

    def test_colour_over_grey_is_one_view_and_side_by_side_are_two(self) -> None:
        grey, beside = region(), region(2, 50, 99)
        colour = region(1, 20, 40, data_type=2)
        assert views((grey, colour)) == ((grey, colour),)
        assert views((grey, beside, M_MODE)) == ((grey,), (beside,))
        assert views((grey, region(2, 49, 99))) != views((region(x1=99),))  # an edge too far
        bridge = region(3, 30, 70)
        assert len(views((grey, beside, bridge))) == 1


class TestPlaces:
    def test_a_spectrum_over_the_picture_is_no_tissue(self) -> None:
        both = image(region(x1=99), M_MODE, pixel_spacing_mm=(0.1, 0.1))
        assert both.spacing_at(10, 10).is_known
        spacing = both.spacing_at(10, 50)
        assert not spacing.is_known
        assert spacing.note is not None
        assert "M-mode" in spacing.note.text()
        assert both.region_at(10, 50) is None

    def test_overlapping_regions_that_disagree_have_no_spacing(self) -> None:
        odd = image(region(), region(1, 20, 30, delta_x=0.02, delta_y=0.02))
        note = odd.spacing_at(25, 10).note
        assert odd.spacing_at(10, 10).is_known
        assert note is not None
        assert "disagree" in note.text()

    def test_a_line_from_grey_into_its_colour_box_is_one_plane(self) -> None:
        flow = region(0, 20, 40, data_type=2)
        inside = image(flow, region(1))
        line = inside.spacing_along(((25.0, 10.0), (5.0, 10.0)))
        assert line.mm == pytest.approx((0.1, 0.1))
        assert line.region_kind is RegionKind.TISSUE
        assert inside.spacing_at(25, 10).region_kind is RegionKind.COLOUR_FLOW

    @pytest.mark.parametrize(
        "regions",
        [
            (region(), region(1, 50, 99)),  # side by side, the same spacing
            (region(),),  # out of the only one
            (uncalibrated(), uncalibrated(1, 50, 99)),
        ],
    )
    def test_a_line_that_leaves_its_region_has_no_spacing(self, regions: tuple[Region]) -> None:
        picture = image(*regions, pixel_spacing_mm=(0.1, 0.1))
        spacing = picture.spacing_along(((30.0, 10.0), (70.0, 20.0)))
        assert not spacing.is_known
        assert spacing.note is not None
        assert "crosses" in spacing.note.text()

    def test_an_edge_shared_with_the_neighbour_is_not_crossed(self) -> None:
        pair = image(region(), region(1, 50, 99))
        right = ((50.0, 10.0), (80.0, 10.0), (80.0, 40.0), (50.0, 40.0))
        assert Roi(0, right).spacing(pair).region_index == 1

    def test_an_outline_around_a_whole_spectrum_has_no_spacing(self) -> None:
        spectrum = region(0, 40, 60, y0=30, y1=50, spatial_format=3, data_type=3)
        around = Roi(0, ((5.0, 5.0), (95.0, 5.0), (95.0, 75.0), (5.0, 75.0)))
        spacing = around.spacing(image(spectrum, pixel_spacing_mm=(0.1, 0.1)))
        assert not spacing.is_known

    def test_each_frame_has_its_own_spacing_where_frames_differ(self) -> None:
        enhanced = image(frame_spacing_mm=((0.1, 0.1), None, (0.3, 0.2)))
        assert enhanced.spacing_at(5, 5, 0).mm == (0.1, 0.1)
        assert not enhanced.spacing_at(5, 5, 1).is_known
        square = ((5.0, 5.0), (30.0, 5.0), (30.0, 30.0))
        assert Roi(2, square).spacing(enhanced).mm == (0.3, 0.2)


class TestRuler:
    def test_it_calibrates_a_picture_without_calibration_on_all_frames(self) -> None:
        picture = image().calibrated_by(RULER)
        spacing = picture.spacing_at(90, 5, 2)
        assert spacing.mm == pytest.approx((0.2, 0.2))
        assert spacing.source is SpacingSource.USER
        assert spacing.note is not None
        assert "frame 2" in spacing.note.text()
        assert not picture.calibrated_by(None).spacing_at(90, 5).is_known

    def test_it_gives_way_to_the_file(self) -> None:
        for own in (
            image(region(x1=99)),
            image(pixel_spacing_mm=(0.1, 0.1)),
            image(region(x0=50, x1=99)),  # the depth scale stands outside the region
            image(region(x1=4), uncalibrated(1, 5, 20)),  # one view, the other calibrated
        ):
            if own.regions[1:]:
                assert own.calibrated_by(RULER).spacing_at(15, 5).source is SpacingSource.USER
                assert own.calibrated_by(RULER).spacing_at(2, 5).source is not SpacingSource.USER
                assert own.calibrated_by(RULER).spacing_at(60, 5).mm is None
                continue
            with pytest.raises(InputRefused) as refused:
                RULER.check(own)
            assert refused.value.code == "calibration-place"

    def test_of_two_views_it_calibrates_the_one_it_was_drawn_on(self) -> None:
        pair = image(uncalibrated(), uncalibrated(1, 50, 99))
        picture = pair.calibrated_by(RULER)
        assert picture.spacing_at(20, 20).source is SpacingSource.USER
        assert picture.spacing_at(20, 20).region_index == 0
        assert not picture.spacing_at(70, 20).is_known
        across = UserCalibration(0, (40.0, 10.0), (60.0, 10.0), 4.0)
        with pytest.raises(InputRefused, match="none of them"):
            across.check(pair)

    def test_it_is_no_help_on_a_spectrum(self) -> None:
        over = image(M_MODE)
        with pytest.raises(InputRefused, match="M-mode"):
            RULER.check(over)
        above = UserCalibration(0, (10.0, 5.0), (10.0, 35.0), 6.0)
        picture = over.calibrated_by(above)
        assert picture.spacing_at(30, 10).mm == pytest.approx((0.2, 0.2))
        assert not picture.spacing_at(30, 60).is_known

    def test_it_helps_where_the_files_regions_cannot_be_trusted(self) -> None:
        cropped = image(region(y1=200))
        assert cropped.calibrated_by(RULER).spacing_at(20, 20).source is SpacingSource.USER
        several = image(region(y1=200), region(1, 50, 99))
        with pytest.raises(InputRefused, match="wrongly where they lie"):
            RULER.check(several)

    @pytest.mark.parametrize(
        ("ruler", "code"),
        [
            (UserCalibration(3, (10, 10), (10, 60), 10), "calibration-frame"),
            (UserCalibration(-1, (10, 10), (10, 60), 10), "calibration-frame"),
            (UserCalibration(0, (10, 10), (10, 80.5), 10), "calibration-outside"),
            (UserCalibration(0, (10, math.nan), (10, 60), 10), "calibration-outside"),
            (UserCalibration(0, (10, 10), (10, 19), 1), "calibration-too-short"),
            (UserCalibration(0, (10, 10), (10, 60), 0), "calibration-length"),
            (UserCalibration(0, (10, 10), (10, 60), math.inf), "calibration-length"),
            (UserCalibration(0, (10, 10), (10, 60), 51), "calibration-scale"),
            (UserCalibration(0, (10, 10), (10, 60), 0.2), "calibration-scale"),
        ],
    )
    def test_rulers_that_cannot_be_right_are_refused(
        self, ruler: UserCalibration, code: str
    ) -> None:
        with pytest.raises(InputRefused) as refused:
            ruler.check(image())
        assert refused.value.code == code
        assert refused.value.remedy.text()

    def test_its_json_reads_back_equal(self) -> None:
        assert calibration_from_json(json.dumps(RULER.to_json())) == RULER

    @pytest.mark.parametrize(
        "change",
        [
            {"frame_index": True},
            {"frame_index": "0"},
            {"length_mm": 0},
            {"length_mm": "ten"},
            {"length_mm": None},
            {"start": [1]},
            {"end": [10.0, 10.0], "start": [10.0, 10.0]},
            {"end": ["a", 1]},
        ],
    )
    def test_anything_else_is_no_calibration(self, change: dict[str, Any]) -> None:
        with pytest.raises(InputRefused) as refused:
            calibration_from_json(json.dumps({**RULER.to_json(), **change}))
        assert refused.value.code == "calibration-malformed"

    def test_broken_json_is_no_calibration(self) -> None:
        with pytest.raises(InputRefused, match="not a calibration"):
            calibration_from_json("{")


points = st.tuples(st.floats(-20, 120), st.floats(-20, 100))


@given(st.lists(points, min_size=3, max_size=8))
def test_what_a_line_touches_its_outline_touches_too(path: list[tuple[float, float]]) -> None:
    rectangle = (10.0, 10.0, 60.0, 40.0)
    assert polygon_touches(path, rectangle) >= line_touches(path, rectangle)


@given(points, points, st.floats(0.01, 0.99))
def test_a_line_with_a_place_inside_touches(
    start: tuple[float, float], end: tuple[float, float], share: float
) -> None:
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    if 11 < x < 59 and 11 < y < 39:
        assert line_touches((start, end), (10.0, 10.0, 60.0, 40.0))
