"""The table of benchmarks.enhancement_consistency counts what fails."""

import numpy as np

from benchmarks.enhancement_consistency import Misses, Picture, misses, row
from her2desk.domain.roi import Box


def test_what_differs_by_more_than_the_tolerance_fails_in_either_direction():
    residual = np.array([[0.2, -1.5, 1.0], [3.25, 0.0, -1.0]])
    assert misses(residual, 1.0) == Misses(3.25, 2, 6)


def test_a_row_counts_pictures_and_the_share_of_all_their_pixels():
    found = [Misses(0.25, 0, 100), Misses(9.0, 30, 300), Misses(0.5, 0, 200)]
    assert row("A", found) == "| A | 2 of 3 | 5.00% | 0.50 | 9.0 |"


def test_a_crop_is_the_lesions_box_and_its_margin_inside_the_picture():
    mask = np.zeros((100, 80), np.bool_)
    mask[5:30, 40:60] = True
    assert Picture(np.zeros((100, 80), np.uint8), mask).crop == Box(30, 0, 70, 40)
