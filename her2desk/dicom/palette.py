"""Colour tables of PALETTE COLOR images: plain and segmented (PS3.3 C.7.6.3.1.5, C.7.9.2)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.header import Attributes, is_list
from her2desk.dicom.pixels import Palette
from her2desk.dicom.refusals import malformed
from her2desk.texts import msg

MAX_ENTRIES = 65_536
DISCRETE, LINEAR = 0, 1
Words = NDArray[np.uint16]


def read_palette(attributes: Attributes, big_endian: bool) -> Palette:
    """The image's colour table; raises ``InputRefused`` (``malformed``) where it is not whole."""
    tables = []
    first = 0
    for colour in ("Red", "Green", "Blue"):
        described = attributes.numbers(f"{colour}PaletteColorLookupTableDescriptor")
        if len(described) != 3 or any(v is None or v != int(v) for v in described):
            raise _damaged()
        count, first, bits = (int(v) for v in described if v is not None)
        count = (count & 0xFFFF) or MAX_ENTRIES  # written as US, 65536 does not fit and is 0
        table = _entries(attributes, colour, count, bits, big_endian)
        if len(table) < count or bits not in (8, 16):
            raise _damaged()
        tables.append(table[:count])
    if len({len(table) for table in tables}) != 1:
        raise _damaged()
    colours = np.stack(tables, axis=-1)
    # 16-bit tables hold the intensity in the high byte; some writers announce 16 bits and fill in
    # 8-bit values, which would come out black
    shift = 8 if colours.max() > 255 else 0
    return Palette(first, (colours >> shift).astype(np.uint8))


def _entries(a: Attributes, colour: str, count: int, bits: int, big_endian: bool) -> Words:
    plain = a.raw(f"{colour}PaletteColorLookupTableData")
    if plain is not None:
        return _words(plain, count, bits, big_endian)
    segmented = a.raw(f"Segmented{colour}PaletteColorLookupTableData")
    if segmented is None:
        raise _damaged()
    if isinstance(segmented, bytes) and bits == 8:
        return expand_segments(np.frombuffer(segmented, np.uint8).astype(np.uint16))
    return expand_segments(_words(segmented, len(segmented), bits, big_endian))


def _words(data: Any, count: int, bits: int, big_endian: bool) -> Words:
    """A table's values, one a word; 8-bit tables may be packed two in a word."""
    if not isinstance(data, bytes):
        numbers = list(data) if is_list(data) else [data]
        if not all(isinstance(v, int) and 0 <= v < MAX_ENTRIES for v in numbers):
            raise _damaged()
        return np.array(numbers, np.uint16)
    order = ">u2" if big_endian else "<u2"
    words = np.frombuffer(data[: len(data) // 2 * 2], order).astype("<u2")
    if bits == 8 and len(words) < count:
        return words.view(np.uint8)[:count].astype(np.uint16)
    return words.astype(np.uint16)


def expand_segments(words: Words) -> Words:
    """A segmented table written out, at most ``MAX_ENTRIES`` values (PS3.3 C.7.9.2).

    Raises ``InputRefused`` for indirect segments too: no ultrasound writer was found to use them.
    """
    values = [int(word) for word in words]
    out: list[int] = []
    at = 0
    while at + 2 < len(values):
        opcode, length = values[at], values[at + 1]
        if len(out) + length > MAX_ENTRIES:
            raise _damaged()
        if opcode == DISCRETE:
            out.extend(values[at + 2 : at + 2 + length])
            at += 2 + length
        elif opcode == LINEAR and out:
            rise = values[at + 2] - out[-1]
            out.extend([round(out[-1] + rise * n / length) for n in range(1, length + 1)])
            at += 3
        else:
            raise _damaged()
    return np.array(out, np.uint16)


def _damaged() -> Exception:
    return malformed(msg("The picture's colour table is damaged."))
