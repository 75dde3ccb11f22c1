"""The network's input where a picture has no contrast, or next to none."""

import numpy as np
import pytest

from her2desk.domain.roi import Box
from her2desk.inference.preprocess import network_input
from her2desk.packs.manifest import Preprocessing

PLAN = Preprocessing(crop_margin_px=0, input_size_px=32)
BOX = Box(5, 5, 40, 41)


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_a_crop_of_one_grey_value_is_zero_and_not_rounding_blown_up(grey):
    crop = network_input(np.full((50, 60), grey, np.uint8), BOX, PLAN)
    assert crop.shape == (32, 32)
    assert not crop.any()


def test_a_crop_of_nearly_one_grey_value_still_shows_its_one_pixel():
    pixels = np.full((50, 60), 77, np.uint8)
    pixels[20, 20] = 78
    crop = network_input(pixels, BOX, PLAN)
    assert crop.std() == pytest.approx(1, abs=1e-3)
    assert abs(int(crop.argmax()) // 32 - (20.5 - 5) * 32 / 36) < 1.5
