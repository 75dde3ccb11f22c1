"""Stored values become the grey values and colours of the standard and of Pillow."""

import contextlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from her2desk.dicom.palette import MAX_ENTRIES, expand_segments
from her2desk.dicom.pixels import GreyScale, Palette, Window, grey
from her2desk.dicom.reader import open_image
from her2desk.errors import InputRefused

from .dicom_builder import COLUMNS, ROWS, picture, save, us_dataset, us_file


def test_luma_is_that_of_pillow() -> None:
    colours = np.random.default_rng(2).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert np.array_equal(grey(colours), np.asarray(Image.fromarray(colours).convert("L")))


def test_grey_stored_as_colour_keeps_its_values() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(grey(np.repeat(values[..., None], 3, axis=-1)), values)


def test_a_grey_frame_is_its_own_grey() -> None:
    values = picture()[0]
    assert grey(values) is values


class TestGreyScale:
    """Worked examples; the linear window after the pseudo-code of PS3.3 C.11.2.1.2.1."""

    def scale(self, **settings: Any) -> GreyScale:
        return GreyScale(**{"bits_stored": 12, "signed": False, "inverted": False, **settings})

    def apply(self, scale: GreyScale, *values: int) -> list[int]:
        return scale.apply(np.array([values], np.int16))[0].tolist()

    def test_the_range_maps_to_black_and_white(self) -> None:
        assert self.apply(self.scale(highest=4095.0), 0, 2048, 4095) == [0, 128, 255]

    def test_the_linear_window(self) -> None:
        # c = 2048, w = 4096: y = (x − 2047.5) / 4095 + 0.5
        scale = self.scale(window=Window(2048, 4096))
        assert self.apply(scale, 0, 4095, 1023) == [0, 255, round(255 * 1023 / 4095)]

    def test_a_window_one_wide_is_a_threshold(self) -> None:
        assert self.apply(self.scale(window=Window(100, 1)), 99, 100) == [0, 255]

    def test_the_exact_window(self) -> None:
        scale = self.scale(window=Window(100, 200, "LINEAR_EXACT"))
        assert self.apply(scale, 0, 50, 200, 300) == [0, 64, 255, 255]

    def test_the_sigmoid_window(self) -> None:
        scale = self.scale(window=Window(100, 40, "SIGMOID"))
        assert self.apply(scale, -30000, 100, 110, 30000) == [0, 128, 186, 255]

    def test_rescale_comes_before_the_window(self) -> None:
        scale = self.scale(slope=2.0, intercept=-100.0, window=Window(100, 200, "LINEAR_EXACT"))
        assert self.apply(scale, 50, 100, 150) == [0, 128, 255]

    def test_inverted_grey(self) -> None:
        assert self.apply(self.scale(highest=4095.0, inverted=True), 0, 4095) == [255, 0]


class TestDeepFiles:
    deep = np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(1, ROWS, COLUMNS)

    def frame(self, tmp_path: Path, pixels: np.ndarray, **elements: Any) -> np.ndarray:
        return open_image(us_file(tmp_path / "us.dcm", pixels, **elements)).frames.frame(0)

    def test_all_that_the_bits_hold_is_the_range(self, tmp_path: Path) -> None:
        frame = self.frame(tmp_path, self.deep, BitsStored=10, HighBit=9)
        assert frame.max() == round(255 * 767 / 1023)

    def test_the_stated_range_is_used(self, tmp_path: Path) -> None:
        frame = self.frame(
            tmp_path, self.deep, SmallestImagePixelValue=0, LargestImagePixelValue=767
        )
        assert (frame.min(), frame.max()) == (0, 255)

    def test_a_window_is_used(self, tmp_path: Path) -> None:
        frame = self.frame(tmp_path, self.deep, WindowCenter="100", WindowWidth="100")
        assert (frame.min(), frame.max()) == (0, 255)
        assert frame[0, 0] == 0

    def test_signed_values(self, tmp_path: Path) -> None:
        pixels = self.deep.astype(np.int16) - 384
        frame = self.frame(tmp_path, pixels, BitsStored=10, HighBit=9)
        assert frame[0, 0] == round(255 * (512 - 384) / 1023)

    def test_fewer_than_eight_bits(self, tmp_path: Path) -> None:
        pixels = (picture() >> 1).astype(np.uint8)
        frame = self.frame(tmp_path, pixels, BitsStored=7, HighBit=6)
        assert frame.max() == 255


def tables(
    *, bits: int = 16, first: int = 0, high: bool = True, count: int = 256
) -> dict[str, Any]:
    """Three colour tables: red rising, green falling, blue constant 7."""
    step = 257 if bits == 16 and high else 1
    rising = (np.arange(count) % 256 * step).astype(np.uint16)
    columns = {"Red": rising, "Green": rising[::-1], "Blue": np.full(count, 7 * step, np.uint16)}
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, values in columns.items():
        stored = values.astype(np.uint8) if bits == 8 else values
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [count, first, bits]
        elements[f"{colour}PaletteColorLookupTableData"] = stored.tobytes()
    return elements


class TestPalettes:
    def frame(self, tmp_path: Path, **elements: Any) -> np.ndarray:
        return open_image(us_file(tmp_path / "us.dcm", **elements)).frames.frame(0)

    @pytest.mark.parametrize("settings", [{}, {"high": False}, {"bits": 8}])
    def test_colours_come_from_the_tables(self, tmp_path: Path, settings: dict[str, Any]) -> None:
        values = picture()[0]
        frame = self.frame(tmp_path, **tables(**settings))
        expected = np.stack([values, 255 - values, np.full_like(values, 7)], axis=-1)
        assert np.array_equal(frame, expected)

    def test_eight_bit_entries_may_fill_words(self, tmp_path: Path) -> None:
        elements = tables()
        for colour in ("Red", "Green", "Blue"):
            elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
            elements[f"{colour}PaletteColorLookupTableData"] = np.arange(256, dtype="<u2").tobytes()
        frame = self.frame(tmp_path, **elements)
        assert np.array_equal(frame[..., 1], picture()[0])

    def test_values_outside_the_table_take_its_ends(self) -> None:
        palette = Palette(10, np.array([[1, 1, 1], [2, 2, 2]], np.uint8))
        shown = palette.apply(np.array([[0, 10, 11, 200]], np.uint8))
        assert shown[0, :, 0].tolist() == [1, 1, 2, 2]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"RedPaletteColorLookupTableData": b"\0\0"},
            {"GreenPaletteColorLookupTableDescriptor": [256, 0]},
            {"GreenPaletteColorLookupTableDescriptor": [255, 0, 16]},
            {"BluePaletteColorLookupTableDescriptor": [256, 0, 12]},
            {"BluePaletteColorLookupTableData": None},
        ],
    )
    def test_tables_that_are_not_whole_are_refused(
        self, tmp_path: Path, wrong: dict[str, Any]
    ) -> None:
        elements = {**tables(), **wrong}
        kept = {k: v for k, v in elements.items() if v is not None}
        with pytest.raises(InputRefused) as caught:
            self.frame(tmp_path, **kept)
        assert caught.value.code == "malformed"

    def test_segmented_tables_are_written_out(self, tmp_path: Path) -> None:
        elements = tables()
        ramp = struct.pack("<7H", 0, 1, 0, 1, 255, 255 * 257, 0)  # one value, then a line of 255
        for colour in ("Red", "Green", "Blue"):
            del elements[f"{colour}PaletteColorLookupTableData"]
            elements[f"Segmented{colour}PaletteColorLookupTableData"] = ramp
        frame = self.frame(tmp_path, **elements)
        assert np.array_equal(frame[..., 0], picture()[0])

    def test_segmented_eight_bit_tables(self, tmp_path: Path) -> None:
        elements = tables(bits=8)
        ramp = struct.pack("<6B", 0, 1, 0, 1, 255, 255)
        for colour in ("Red", "Green", "Blue"):
            del elements[f"{colour}PaletteColorLookupTableData"]
            elements[f"Segmented{colour}PaletteColorLookupTableData"] = ramp
        assert np.array_equal(self.frame(tmp_path, **elements)[..., 2], picture()[0])


def write_palette(path: Path, vr: str, value: Any) -> Path:
    """A palette whose red table is written with another VR than the usual OW."""
    ds = us_dataset(**tables())
    del ds.RedPaletteColorLookupTableData
    ds.add_new("RedPaletteColorLookupTableData", vr, value)
    return save(ds, path)


def test_tables_written_as_numbers_are_read(tmp_path: Path) -> None:
    path = write_palette(tmp_path / "us.dcm", "US", [n * 257 for n in range(256)])
    assert np.array_equal(open_image(path).frames.frame(0)[..., 0], picture()[0])


@pytest.mark.parametrize(("vr", "value"), [("SS", [-1] * 256), ("US", 7), ("LO", "red")])
def test_tables_that_are_no_colours_are_refused(tmp_path: Path, vr: str, value: Any) -> None:
    with pytest.raises(InputRefused) as caught:
        open_image(write_palette(tmp_path / "us.dcm", vr, value))
    assert caught.value.code == "malformed"


class TestSegments:
    def test_the_example_of_the_standard(self) -> None:
        # PS3.3 C.7.9.2: a discrete segment, then a linear one from its last value
        words = np.array([0, 2, 10, 20, 1, 4, 60], np.uint16)
        assert expand_segments(words).tolist() == [10, 20, 30, 40, 50, 60]

    @pytest.mark.parametrize("words", [[1, 2, 5], [2, 1, 0, 0], [0, 1, 3, 9, 1, 1]])
    def test_segments_that_cannot_be_are_refused(self, words: list[int]) -> None:
        with pytest.raises(InputRefused):
            expand_segments(np.array(words, np.uint16))

    def test_a_table_that_never_ends_is_refused(self) -> None:
        words = np.array([0, 1, 1, *[1, 60000, 1] * 100], np.uint16)
        with pytest.raises(InputRefused):
            expand_segments(words)

    @given(st.lists(st.integers(0, 65535) | st.sampled_from([0, 1, 2]), max_size=60))
    def test_any_words_are_bounded(self, words: list[int]) -> None:
        with contextlib.suppress(InputRefused):
            assert len(expand_segments(np.array(words, np.uint16))) <= MAX_ENTRIES
