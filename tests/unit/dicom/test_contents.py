"""What is found in a frame's pixels, on made pictures and on real ones."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from her2desk.dicom.contents import frame_contents, outline_contents
from her2desk.dicom.pixels import Frame, grey
from her2desk.dicom.reader import open_image
from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.roi import Box
from her2desk.paths import demo_case_dir

ROWS, COLUMNS = 300, 400
PLAIN = UltrasoundImage("0" * 64, None, ROWS, COLUMNS, 1, "RGB", "")


def speckle(seed: int = 1) -> Frame:
    """Grey tissue without structure, broader than deep, as a beam makes it."""
    noise = np.random.default_rng(seed).random((ROWS, COLUMNS + 16))
    wide = sum(np.roll(noise, shift, axis=1) for shift in range(-6, 7))[:, 8:-8]
    return np.clip(40 + 60 * (wide - wide.min()) / np.ptp(wide), 0, 255).astype(np.uint8)


def colours(frame: Frame) -> Frame:
    return np.stack([frame] * 3, axis=-1)


def codes(frame: Frame, image: UltrasoundImage = PLAIN) -> set[str]:
    return {warning.code for warning in frame_contents(frame, image)}


def jet(rows: int, columns: int) -> Frame:
    """Blue through green to red, from left to right."""
    share = np.broadcast_to(np.linspace(0, 1, columns), (rows, columns))
    parts = [np.clip(1.5 - np.abs(4 * share - middle), 0, 1) for middle in (3, 2, 1)]
    return (255 * np.stack(parts, axis=-1)).astype(np.uint8)


def region(index: int, x0: int, x1: int, **values: Any) -> Region:
    usual = {"spatial_format": 1, "data_type": 1, "units_x": 3, "units_y": 3}
    return Region(
        **{"index": index, "x0": x0, "y0": 0, "x1": x1, "y1": ROWS - 1, **usual},
        **{"delta_x": 0.01, "delta_y": 0.01, **values},
    )


def test_grey_tissue_calls_for_no_word() -> None:
    assert codes(speckle()) == set()
    assert codes(colours(speckle())) == set()


def test_a_tint_is_no_colour() -> None:
    tint = np.array([0.85, 0.93, 1.0])
    assert codes((colours(speckle()) * tint).astype(np.uint8)) == set()


def test_patches_of_red_and_blue_are_flow() -> None:
    frame = colours(speckle())
    frame[100:130, 150:190] = (200, 30, 20)
    frame[130:160, 150:170] = (20, 60, 210)
    assert codes(frame) == {"colour-doppler"}


def test_a_small_marker_of_the_screens_is_no_flow() -> None:
    frame = colours(speckle())
    frame[10:22, 10:26] = (240, 160, 20)
    assert "colour-doppler" not in codes(frame)


def test_a_box_of_every_hue_is_elastography() -> None:
    frame = colours(speckle())
    box = frame[60:240, 80:320]
    frame[60:240, 80:320] = (0.5 * box + 0.5 * jet(180, 240)).astype(np.uint8)
    assert "elastography" in codes(frame)
    assert "colour-doppler" not in codes(frame)


def calliper(frame: Frame, column: int, row: int, level: int = 230) -> None:
    frame[row - 5 : row + 6, column] = level
    frame[row, column - 5 : column + 6] = level


def test_callipers_and_letters_are_seen() -> None:
    marked = speckle()
    calliper(marked, 120, 150)
    assert codes(marked) == {"burned-in"}
    picture = Image.fromarray(speckle())
    ImageDraw.Draw(picture).text((150, 200), "LEFT BREAST", fill=230)
    assert codes(np.asarray(picture)) == {"burned-in"}


def test_words_beside_the_picture_are_no_warning() -> None:
    frame = np.zeros((ROWS, COLUMNS), np.uint8)
    frame[:, 100:] = speckle()[:, 100:]
    picture = Image.fromarray(frame)
    ImageDraw.Draw(picture).text((10, 200), "12 MHz", fill=230)
    assert codes(np.asarray(picture)) == set()


def test_only_the_picture_of_tissue_is_looked_at() -> None:
    frame = colours(speckle())
    frame[:, :60] = (200, 30, 20)
    image = replace(PLAIN, regions=(region(0, 60, COLUMNS - 1),))
    assert "colour-doppler" in codes(frame)
    assert codes(frame, image) == set()
    cropped = replace(image, regions=(region(0, 60, 4 * COLUMNS),))
    assert "colour-doppler" in codes(frame, cropped)  # no box to trust: all is looked at


@pytest.mark.parametrize("gap", [0, 6])
def test_two_pictures_side_by_side_are_seen(gap: int) -> None:
    left = np.clip(speckle(1) * 0.6, 0, 255).astype(np.uint8)[:, : COLUMNS // 2 - gap]
    right = speckle(2)[:, : COLUMNS // 2]
    frame = np.hstack([left, np.zeros((ROWS, gap), np.uint8), right])
    assert "dual-view" in codes(frame)


def test_two_regions_side_by_side_are_two_pictures() -> None:
    image = replace(PLAIN, regions=(region(0, 0, 199), region(1, 200, 399)))
    assert codes(speckle(), image) == {"dual-view"}


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (300, 5), (20, 20)])
def test_tiny_and_black_pictures_are_looked_at_without_harm(size: tuple[int, int]) -> None:
    image = replace(PLAIN, rows=size[0], columns=size[1])
    for shape in (size, (*size, 3)):
        for level in (0, 255):
            assert codes(np.full(shape, level, np.uint8), image) == set()


class TestOutline:
    box = Box(100, 100, 160, 160)

    def mask(self) -> np.ndarray:
        mask = np.zeros((ROWS, COLUMNS), bool)
        mask[110:150, 110:150] = True
        return mask

    def codes(self, frame: Frame) -> list[str]:
        return [warning.code for warning in outline_contents(frame, self.mask(), self.box)]

    def test_grey_is_fine(self) -> None:
        assert self.codes(speckle()) == self.codes(colours(speckle())) == []

    def test_colour_counts_under_the_outline_only(self) -> None:
        frame = colours(speckle())
        frame[102:106, 102:106] = (250, 30, 20)
        assert "colour-in-roi" not in self.codes(frame)
        frame[120:124, 120:124] = (250, 30, 20)
        assert "colour-in-roi" in self.codes(frame)

    def test_a_calliper_counts_wherever_the_network_sees_it(self) -> None:
        frame = speckle()
        calliper(frame, 106, 130)
        assert self.codes(frame) == ["graphics-in-roi"]
        away = speckle()
        calliper(away, 250, 130)
        assert self.codes(away) == []


def test_the_phantom_shows_nothing_but_tissue() -> None:
    opened = open_image(demo_case_dir() / "demo.dcm")
    for index in (0, opened.image.frames - 1):
        assert codes(opened.frames.frame(index), opened.image) == set()


@pytest.mark.data
def test_real_breast_pictures_without_marks_raise_no_alarm(test_data: Path) -> None:
    """BrEaST-Lesions-USG, 256 pictures of which none carries text, callipers or flow."""
    folder = test_data / "breast_usg" / "images_and_masks"
    files = [path for path in sorted(folder.glob("*.png")) if "_" not in path.name][::8]
    assert len(files) == 32
    for path in files:
        opened = open_image(path)
        assert codes(opened.frames.frame(0), opened.image) == set(), path.name


@pytest.mark.data
def test_pairs_of_real_pictures_are_dual_views(test_data: Path) -> None:
    folder = test_data / "breast_usg" / "images_and_masks"
    files = [path for path in sorted(folder.glob("*.png")) if "_" not in path.name][::16]
    pictures = [grey(open_image(path).frames.frame(0)) for path in files]
    rows, columns = min(p.shape[0] for p in pictures), min(p.shape[1] for p in pictures)
    cut = [picture[:rows, :columns] for picture in pictures]
    image = replace(PLAIN, rows=rows, columns=2 * columns)
    found = [codes(np.hstack(pair), image) for pair in pairwise(cut)]
    assert sum("dual-view" in seen for seen in found) >= 14  # of 15; 98 of 100 in the document


@pytest.mark.data
def test_real_callipers_and_letters_are_seen_in_nine_of_ten(test_data: Path) -> None:
    """BUS-BRA: in this twelfth nearly every picture carries callipers or a place's name."""
    files = sorted((test_data / "busbra" / "Images").glob("*.png"))[::12]
    seen = ["burned-in" in codes(open_image(p).frames.frame(0), open_image(p).image) for p in files]
    assert np.mean(seen) > 0.8
