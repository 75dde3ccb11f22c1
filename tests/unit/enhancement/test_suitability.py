"""What a trained enhancement is not for is refused, or said, in words."""

from functools import cache

import numpy as np
import pytest
from PIL import Image

from her2desk.dicom.pixels import Frame
from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.roi import Box
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.enhancement.magnification import magnification
from her2desk.enhancement.suitability import check_suitable, magnified_warning
from her2desk.errors import InputRefused
from her2desk.phantoms.patient import simulate_patient
from tests.enhancers import small_enhancer

CROP = Box(60, 40, 120, 90)
SEEN_PX = small_enhancer().architecture.seen_px


@cache
def scanned() -> Frame:
    """A simulated scanner's picture, without the screen around it."""
    patient = simulate_patient(0, 11, 0.0)
    region = patient.region
    return patient.image[region.y0 : region.y1 + 1, region.x0 : region.x1 + 1]


def image_of(frame: Frame, *regions: Box) -> UltrasoundImage:
    planes = tuple(
        Region(i, b.x0, b.y0, b.x1 - 1, b.y1 - 1, 1, 1, 3, 3, 0.01, 0.01)
        for i, b in enumerate(regions)
    )
    return UltrasoundImage("0" * 64, None, *frame.shape[:2], 1, "RGB", "", planes)


def in_colours(frame: Frame, box: Box, rgb: tuple[int, int, int] = (230, 60, 20)) -> Frame:
    """The frame with one box in a colour, as flow is shown."""
    shown = np.stack([frame] * 3, axis=-1)
    shown[box.y0 : box.y1, box.x0 : box.x1] = rgb
    return shown


def refusal(frame: Frame, image: UltrasoundImage, crop: Box | None) -> InputRefused:
    with pytest.raises(InputRefused) as refused:
        check_suitable(small_enhancer(), frame, image, crop)
    assert refused.value.remedy.text()
    return refused.value


@pytest.mark.parametrize("crop", [None, CROP])
def test_grey_pictures_are_suitable_however_they_are_stored(crop):
    for frame in (scanned(), np.stack([scanned()] * 3, axis=-1)):
        check_suitable(small_enhancer(), frame, image_of(frame), crop)


@pytest.mark.parametrize("crop", [None, CROP])
def test_flow_in_what_is_enhanced_is_refused(crop):
    frame = in_colours(scanned(), Box(70, 50, 110, 80))
    refused = refusal(frame, image_of(frame), crop)
    assert refused.code == "enhancement-colour"
    assert "tiny" in refused.message.text()


def test_flow_beside_the_crop_is_refused_only_where_all_is_enhanced():
    frame = in_colours(scanned(), Box(150, 120, 190, 150))
    check_suitable(small_enhancer(), frame, image_of(frame), CROP)
    assert refusal(frame, image_of(frame), None).code == "enhancement-colour"


def test_a_coloured_calliper_is_no_coloured_picture():
    """It has a warning of its own, and the residual shows it."""
    frame = in_colours(scanned(), Box(80, 50, 81, 75), (250, 240, 0))
    check_suitable(small_enhancer(), frame, image_of(frame), CROP)


def test_colours_of_the_screen_beside_the_picture_do_not_matter():
    frame = in_colours(scanned(), Box(0, 0, 40, 200))
    check_suitable(small_enhancer(), frame, image_of(frame, Box(50, 0, 250, 200)), None)


@pytest.mark.parametrize(("rows", "columns"), [(SEEN_PX - 1, 200), (200, SEEN_PX - 1)])
def test_a_frame_smaller_than_what_the_network_looks_at_is_refused(rows, columns):
    frame = scanned()[:rows, :columns]
    refused = refusal(frame, image_of(frame), None)
    assert refused.code == "enhancement-too-small"
    assert str(SEEN_PX - 1) in refused.message.text()
    assert str(SEEN_PX) in refused.message.text()


def test_a_frame_just_as_large_as_what_the_network_looks_at_is_suitable():
    frame = scanned()[:SEEN_PX, :SEEN_PX]
    check_suitable(small_enhancer(), frame, image_of(frame), None)


def test_the_picture_with_the_crop_must_be_large_enough_not_the_screen():
    frame, small = scanned(), Box(60, 40, 60 + SEEN_PX - 1, 90)
    image = image_of(frame, small, Box(100, 100, 250, 200))
    assert refusal(frame, image, Box(62, 45, 66, 50)).code == "enhancement-too-small"
    check_suitable(small_enhancer(), frame, image, Box(120, 120, 140, 140))


def test_interpolation_takes_any_picture():
    frame = in_colours(scanned(), Box(0, 0, 60, 60))[:9, :9]
    check_suitable(LanczosEnhancer(4), frame, image_of(frame), None)
    doubled = scanned().repeat(2, axis=0).repeat(2, axis=1)
    assert magnified_warning(LanczosEnhancer(4), doubled, CROP) is None


def enlarged(times: float, kernel: Image.Resampling) -> tuple[Frame, Box]:
    frame = Image.fromarray(np.ascontiguousarray(scanned()))
    larger = frame.resize((round(frame.width * times), round(frame.height * times)), kernel)
    return np.array(larger), Box(0, 0, *larger.size)


@pytest.mark.parametrize("times", [1.5, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("kernel", [Image.Resampling.NEAREST, Image.Resampling.LANCZOS])
def test_a_magnified_picture_is_seen_to_be_one(times, kernel):
    told = magnification(*enlarged(times, kernel))
    assert told == pytest.approx(times, rel=0.25)


def test_a_picture_as_scanned_is_not():
    whole = Box(0, 0, *scanned().shape[::-1])
    assert magnification(scanned(), whole) is None
    assert magnified_warning(small_enhancer(), scanned(), whole) is None


def test_the_warning_says_how_many_times_and_by_whom():
    warning = magnified_warning(small_enhancer(), *enlarged(2.0, Image.Resampling.NEAREST))
    assert warning is not None
    assert warning.code == "enhancement-magnified"
    assert "×2 already" in warning.message.text()
    assert "tiny" in warning.message.text()


def test_the_middle_of_what_is_looked_at_decides_and_may_lie_at_the_edge():
    frame, _ = enlarged(3.0, Image.Resampling.LANCZOS)
    for corner in (Box(0, 0, 20, 20), Box(frame.shape[1] - 20, 0, frame.shape[1], 20)):
        assert magnification(frame, corner) is not None


@pytest.mark.parametrize("shape", [(63, 300), (300, 63), (1, 1)])
def test_of_a_few_pixels_nothing_is_said(shape):
    assert magnification(np.zeros(shape, np.uint8), Box(0, 0, *shape[::-1])) is None


def test_of_a_black_picture_nothing_is_said():
    assert magnification(np.zeros((300, 300), np.uint8), Box(0, 0, 300, 300)) is None
