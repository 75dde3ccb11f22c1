"""Blacking out boxes in stored pixels, whatever way they are stored (PS3.3 C.7.6.3.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.header import Attributes
from her2desk.dicom.layout import PALETTE, PixelLayout
from her2desk.dicom.palette import read_palette
from her2desk.dicom.pixels import LUMA_WEIGHTS
from her2desk.domain.roi import Box

YBR = ("YBR_FULL", "YBR_FULL_422")
YBR_BLACK = (0, 128, 128)
Stored = NDArray[Any]


@dataclass(frozen=True)
class Black:
    """What is stored where the picture is black: one value, or one a channel."""

    values: tuple[int, ...]

    @classmethod
    def of(cls, layout: PixelLayout, attributes: Attributes, *, big_endian: bool) -> "Black":
        """Black in a file of this layout; raises ``InputRefused`` for a damaged colour table."""
        if layout.photometric in YBR:
            return cls(YBR_BLACK)
        if layout.samples == 3:
            return cls((0, 0, 0))
        lowest, highest = stored_range(layout)
        if layout.photometric == PALETTE:
            return cls((_darkest(attributes, lowest, highest, big_endian=big_endian),))
        inverted = layout.photometric == "MONOCHROME1"
        falls = (attributes.number("RescaleSlope") or 1.0) < 0
        return cls((highest if inverted != falls else lowest,))


def stored_range(layout: PixelLayout) -> tuple[int, int]:
    """The least and the greatest value that a sample can have."""
    bits = layout.bits_stored
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if layout.signed else (0, 2**bits - 1)


def _darkest(a: Attributes, lowest: int, highest: int, *, big_endian: bool) -> int:
    palette = read_palette(a, big_endian)
    last = min(len(palette.colours), highest - palette.first + 1)
    begin = max(0, lowest - palette.first)
    luma = palette.colours[begin:last].astype(np.int64) @ np.array(LUMA_WEIGHTS)
    return palette.first + begin + int(luma.argmin()) if luma.size else lowest


def widened(boxes: Iterable[Box], layout: PixelLayout) -> tuple[Box, ...]:
    """The boxes that can be blacked out: in subsampled colour two columns share their colour."""
    if layout.is_encapsulated or layout.photometric != "YBR_FULL_422":
        return tuple(boxes)
    return tuple(Box(b.x0 // 2 * 2, b.y0, b.x1 + b.x1 % 2, b.y1) for b in boxes)


def black_out(frame: Stored, boxes: Sequence[Box], black: Black) -> None:
    """Blacken boxes of a decoded frame, (rows, columns[, channels]), in place."""
    for box in boxes:
        frame[box.y0 : box.y1, box.x0 : box.x1] = (
            black.values if frame.ndim == 3 else black.values[0]
        )


def black_out_native(
    content: bytes, layout: PixelLayout, boxes: Sequence[Box], black: Black, *, big_endian: bool
) -> bytes:
    """One uncompressed frame's bytes with the boxes blackened; all other bytes are as they were.

    In ``YBR_FULL_422`` the boxes' columns must be even (``widened``).
    """
    if layout.is_byte_swapped:
        swapped = _swap(content)
        return _swap(_edited(swapped, layout, boxes, black, np.dtype(np.uint8)))
    kind = "i" if layout.signed else "u"
    order = ">" if big_endian else "<"
    dtype = np.dtype(f"{order}{kind}{layout.bits_allocated // 8}")
    return _edited(content, layout, boxes, black, dtype)


def _edited(
    content: bytes, layout: PixelLayout, boxes: Sequence[Box], black: Black, dtype: np.dtype[Any]
) -> bytes:
    size = layout.frame_bytes
    values = np.frombuffer(content[:size], dtype).copy()
    rows, columns = layout.rows, layout.columns
    if layout.photometric == "YBR_FULL_422":
        _black_out_subsampled(values.reshape(rows, columns // 2, 4), boxes)
    elif layout.samples == 3 and layout.planar == 1:
        for plane, value in zip(values.reshape(3, rows, columns), black.values, strict=True):
            black_out(plane, boxes, Black((value,)))
    elif layout.samples == 3:
        black_out(values.reshape(rows, columns, 3), boxes, black)
    else:
        black_out(values.reshape(rows, columns), boxes, black)
    return values.tobytes() + content[size:]


def _black_out_subsampled(pairs: Stored, boxes: Sequence[Box]) -> None:
    """Two pixels are stored as Y Y Cb Cr (PS3.3 C.7.6.3.1.2)."""
    luma, blue, red = YBR_BLACK
    for box in boxes:
        pairs[box.y0 : box.y1, box.x0 // 2 : box.x1 // 2] = (luma, luma, blue, red)


def _swap(content: bytes) -> bytes:
    return np.frombuffer(content + b"\0" * (len(content) % 2), np.uint16).byteswap().tobytes()
