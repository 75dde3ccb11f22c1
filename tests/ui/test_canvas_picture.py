"""What a window does to a picture is the same whatever way it is worked out."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from her2desk.ui.canvas.picture import Picture
from her2desk.ui.canvas.transform import ViewTransform
from her2desk.ui.canvas.window_level import WindowLevel

LEVELS = st.builds(WindowLevel, st.floats(2, 512), st.floats(0, 255))
SHAPES = st.sampled_from([(1, 1), (3, 5), (4, 6), (1, 1, 3), (5, 7, 3), (0, 4)])


@given(SHAPES, LEVELS, st.integers(0, 2**32 - 1))
def test_a_window_is_its_table_at_every_pixel(
    shape: tuple[int, ...], level: WindowLevel, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    shown = level.apply(pixels)
    np.testing.assert_array_equal(shown, np.take(level.lookup_table(), pixels), strict=True)


def test_the_full_window_copies_nothing() -> None:
    pixels = np.zeros((3, 4), np.uint8)
    assert WindowLevel().apply(pixels) is pixels


def on_screen(pixels: NDArray[np.uint8], level: WindowLevel) -> QImage:
    """What the picture paints, every pixel once."""
    picture = Picture()
    picture.set_level(level)
    picture.set_pixels(pixels)
    size = QSize(pixels.shape[1], pixels.shape[0])
    return picture.pixmap(ViewTransform(), size, 1.0, None, 0.0).toImage()


@pytest.mark.parametrize("shape", [(61, 83), (61, 83, 3)])
@pytest.mark.parametrize("level", [WindowLevel(), WindowLevel(90, 70), WindowLevel(2, 128)])
def test_every_pixel_on_screen_is_the_tables_value(
    qtbot: QtBot, shape: tuple[int, ...], level: WindowLevel
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    image = on_screen(pixels, level).convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(shape[0], image.bytesPerLine())
    painted = lines[:, : 3 * shape[1]].reshape(shape[0], shape[1], 3)
    expected = np.take(level.lookup_table(), pixels)
    if expected.ndim == 2:
        expected = np.repeat(expected[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(painted, expected)


def test_a_frame_is_held_without_a_copy_and_outlives_who_brought_it(qtbot: QtBot) -> None:
    pixels = np.full((40, 50, 3), 10, np.uint8)
    picture, size = Picture(), QSize(50, 40)
    picture.set_pixels(pixels)
    pixels[:] = 200  # before it is first painted: the very array is held
    assert pixels.flags.c_contiguous
    picture.pixmap(ViewTransform(), size, 1.0, None, 0.0)
    del pixels
    gc.collect()
    moved = picture.pixmap(ViewTransform(2.0), size, 1.0, None, 0.0).toImage()
    assert moved.pixelColor(20, 20).getRgb()[:3] == (200, 200, 200)
