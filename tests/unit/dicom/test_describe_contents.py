"""What a header says of overlays, colour, elastography, two views, and spacing by frame."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from her2desk.dicom.reader import open_image
from her2desk.domain.image import SpacingSource, UltrasoundImage
from her2desk.domain.measurements import distance

from .dicom_builder import COLUMNS, ROWS, picture, save, us_dataset


def region(x0: int, x1: int, data_type: int = 1, delta: float = 0.01) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = 1, data_type
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, 0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x1, ROWS - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = -delta, delta
    return item


def described(folder: Path, pixels: np.ndarray | None = None, **elements: Any) -> UltrasoundImage:
    return open_image(save(us_dataset(pixels, **elements), folder / "a.dcm")).image


def codes(folder: Path, **elements: Any) -> list[str]:
    image = described(folder, PixelSpacing=[0.1, 0.1], **elements)
    return [warning.code for warning in image.warnings]


def test_an_overlay_is_named(tmp_path: Path) -> None:
    ds = us_dataset(PixelSpacing=[0.1, 0.1])
    for group in (0x6000, 0x601E):
        ds.add_new((group, 0x0010), "US", ROWS)
    (warning,) = open_image(save(ds, tmp_path / "a.dcm")).image.warnings
    assert warning.code == "overlay"
    assert "does not show it" in warning.message.text()


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "BREAST", "0001"]}, []),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "BREAST", "0011"]}, ["colour-doppler"]),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "BREAST", "0100"]}, ["colour-doppler"]),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "BREAST", "COLOUR"]}, []),
        ({"ImageType": ["DERIVED", "PRIMARY", "ELASTOGRAPHY"]}, ["elastography"]),
        ({"SeriesDescription": "Breast Shear Wave right"}, ["elastography"]),
        ({"ProtocolName": "SWE"}, ["elastography"]),
        ({"ProtocolName": "answers, restraint"}, []),
        ({"BurnedInAnnotation": "YES"}, ["burned-in"]),
        ({"BurnedInAnnotation": "NO"}, []),
    ],
)
def test_what_the_header_names_is_said(
    tmp_path: Path, elements: dict[str, Any], expected: list[str]
) -> None:
    assert codes(tmp_path, **elements) == expected


def test_a_flow_region_counts_where_the_picture_has_colours(tmp_path: Path) -> None:
    regions = Sequence([region(0, COLUMNS - 1), region(4, 12, data_type=2)])
    for present, expected in ((1, ["colour-doppler"]), (0, [])):
        found = codes(
            tmp_path, SequenceOfUltrasoundRegions=regions, UltrasoundColorDataPresent=present
        )
        assert found == expected


def test_two_pictures_are_measured_each_with_its_own(tmp_path: Path) -> None:
    regions = Sequence([region(0, 15, delta=0.01), region(16, COLUMNS - 1, delta=0.02)])
    image = described(tmp_path, SequenceOfUltrasoundRegions=regions)
    assert [warning.code for warning in image.warnings] == ["dual-view"]
    assert distance(image, (2, 2), (12, 2)).mm == pytest.approx(1.0)
    assert distance(image, (18, 2), (28, 2)).mm == pytest.approx(2.0)
    assert distance(image, (12, 2), (18, 2)).mm is None


def test_a_depth_that_no_beam_reaches_is_doubted(tmp_path: Path) -> None:
    deep = Sequence([region(0, COLUMNS - 1, delta=2.0)])  # 24 rows of 20 mm
    (warning,) = described(tmp_path, SequenceOfUltrasoundRegions=deep).warnings
    assert warning.code == "spacing-implausible"
    assert "48 cm" in warning.message.text()


def measures(*spacing: float) -> Dataset:
    group, inner = Dataset(), Dataset()
    if spacing:
        inner.PixelSpacing = list(spacing)
        group.PixelMeasuresSequence = Sequence([inner])
    return group


def test_spacing_that_all_frames_share(tmp_path: Path) -> None:
    shared = Sequence([measures(0.2, 0.1)])
    image = described(tmp_path, picture(3), SharedFunctionalGroupsSequence=shared)
    assert image.spacing_at(3, 3, 2).mm == (0.2, 0.1)
    assert image.spacing_at(3, 3).source is SpacingSource.PIXEL_SPACING


def test_spacing_that_changes_from_frame_to_frame(tmp_path: Path) -> None:
    image = described(
        tmp_path,
        picture(4),
        SharedFunctionalGroupsSequence=Sequence([measures(0.3, 0.3)]),
        PerFrameFunctionalGroupsSequence=Sequence([measures(0.1, 0.1), measures(), measures(0, 1)]),
    )
    found = [image.spacing_at(3, 3, frame).mm for frame in range(4)]
    assert found == [(0.1, 0.1), (0.3, 0.3), None, (0.3, 0.3)]
    assert distance(image, (0, 0), (10, 0), frame_index=1).mm == pytest.approx(3.0)


def test_groups_without_measures_change_nothing(tmp_path: Path) -> None:
    groups = Sequence([measures(), measures()])
    image = described(tmp_path, picture(2), PerFrameFunctionalGroupsSequence=groups)
    assert image.frame_spacing_mm == ()
    assert [warning.code for warning in image.warnings] == ["spacing-unknown"]
