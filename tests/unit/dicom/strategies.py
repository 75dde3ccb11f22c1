"""Hypothesis strategies for DICOM files as bytes: their structure, and the lengths of their pixels.

Nothing here goes through pydicom's writer, which would refuse to write most of it. ``structures`` are
files whose elements lie about themselves; ``native_pictures`` and ``compressed_pictures`` carry, beside
the bytes, what a reader may make of them at most.
"""

import struct
import zlib
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.encaps import encapsulate

from her2desk.dicom.header import EXPLICIT_BIG, IMPLICIT_LITTLE, J2K_SYNTAXES, JPEG_SYNTAXES, RLE

from .dicom_builder import jpeg, jpeg2000

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNDEFINED = 0xFFFFFFFF
LONG_VRS = (b"OB", b"OW", b"OF", b"SQ", b"UN", b"UT", b"UC", b"OD")
PIXEL_DATA = (0x7FE0, 0x0010)
ITEM, ITEM_END, SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
PREAMBLE = bytes(128) + b"DICM"
US_CLASS = b"1.2.840.10008.5.1.4.1.1.6.1\0"


@dataclass(frozen=True)
class Element:
    """One element; ``items`` make it a sequence. ``lie`` is added to the length that it states."""

    tag: tuple[int, int]
    vr: bytes
    value: bytes = b""
    items: tuple[tuple["Element", ...], ...] | None = None
    is_undefined: bool = False
    lie: int = 0


@dataclass(frozen=True)
class Writing:
    """How a transfer syntax writes elements."""

    syntax: str

    @property
    def order(self) -> str:
        return ">" if self.syntax == EXPLICIT_BIG else "<"

    def tag(self, tag: tuple[int, int]) -> bytes:
        return struct.pack(self.order + "HH", *tag)

    def element(self, element: Element) -> bytes:
        """The element as bytes."""
        value = element.value
        if element.items is not None:
            value = b"".join(self._item(item, element.is_undefined) for item in element.items)
        length = UNDEFINED if element.is_undefined else (len(value) + element.lie) % 2**32
        if element.is_undefined and element.items is not None:
            value += self.tag(SEQUENCE_END) + bytes(4)
        return self.tag(element.tag) + self._length(element.vr, length) + value

    def elements(self, elements: tuple[Element, ...]) -> bytes:
        return b"".join(map(self.element, elements))

    def _length(self, vr: bytes, length: int) -> bytes:
        if self.syntax == IMPLICIT_LITTLE:
            return struct.pack("<I", length)
        if vr in LONG_VRS:
            return vr + bytes(2) + struct.pack(self.order + "I", length)
        return vr + struct.pack(self.order + "H", min(length, 0xFFFF))

    def _item(self, item: tuple[Element, ...], is_undefined: bool) -> bytes:
        content = self.elements(item)
        length = UNDEFINED if is_undefined else len(content)
        end = self.tag(ITEM_END) + bytes(4) if is_undefined else b""
        return self.tag(ITEM) + struct.pack(self.order + "I", length) + content + end


def meta(syntax: str, *more: Element) -> bytes:
    """The file meta information: explicit little endian whatever follows."""
    padded = syntax.encode() + b"\0" * (len(syntax) % 2)
    elements = (Element((2, 2), b"UI", US_CLASS), *more, Element((2, 16), b"UI", padded))
    return Writing(EXPLICIT_LITTLE).elements(elements)


def us16(value: int, order: str) -> bytes:
    return struct.pack(order + "H", value % 2**16)


@dataclass(frozen=True)
class Picture:
    """What a header says of its pixels, which need not be so."""

    rows: int = 4
    columns: int = 6
    samples: int = 1
    bits_allocated: int = 8
    bits_stored: int = 8
    is_signed: int = 0
    planar: int | None = None
    photometric: bytes = b"MONOCHROME2 "
    frames: int | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame by these words, uncompressed and not subsampled."""
        return self.rows * self.columns * self.samples * self.bits_allocated // 8

    def elements(self, order: str) -> tuple[Element, ...]:
        """The image's elements in order of tag."""
        said = [
            Element((0x0008, 0x0016), b"UI", US_CLASS),
            Element((0x0008, 0x0060), b"CS", b"US"),
            Element((0x0028, 0x0002), b"US", us16(self.samples, order)),
            Element((0x0028, 0x0004), b"CS", self.photometric),
        ]
        if self.planar is not None:
            said.append(Element((0x0028, 0x0006), b"US", us16(self.planar, order)))
        if self.frames is not None:
            text = str(self.frames).encode()
            said.append(Element((0x0028, 0x0008), b"IS", text + b" " * (len(text) % 2)))
        numbers = (
            (0x0010, self.rows),
            (0x0011, self.columns),
            (0x0100, self.bits_allocated),
            (0x0101, self.bits_stored),
            (0x0102, self.bits_stored - 1),
            (0x0103, self.is_signed),
        )
        said += [Element((0x0028, tag), b"US", us16(value, order)) for tag, value in numbers]
        return tuple(said)


def dicom_file(syntax: str, elements: tuple[Element, ...], pixels: bytes) -> bytes:
    """A file with a preamble; ``pixels`` is the pixel element whole, tag and length included."""
    return PREAMBLE + meta(syntax) + Writing(syntax).elements(elements) + pixels


# Structure

SYNTAXES = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG)
VRS = (
    b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OW PN SH SL SQ SS ST TM UC UI UL UN UR US UT ?? \0\0"
).split(b" ")
LIES = st.sampled_from((*[0] * 12, 1, -1, 2, -2, 8, 255, 65_535, 2**31, -(2**31)))
KNOWN_TAGS = (
    (0x0008, 0x0005), (0x0008, 0x0018), (0x0008, 0x0060), (0x0010, 0x0010), (0x0010, 0x0020),
    (0x0018, 0x6011), (0x0028, 0x0002), (0x0028, 0x0008), (0x0028, 0x0010), (0x0028, 0x0011),
    (0x0028, 0x0030), (0x0028, 0x0100), (0x0028, 0x1050), (0x0028, 0x1101), (0x0028, 0x1201),
    (0x0028, 0x3000), (0x5200, 0x9229), (0x5200, 0x9230), (0x6000, 0x0010), (0x6000, 0x3000),
    (0x0009, 0x0010), (0x0009, 0x1001), (0x7FE0, 0x0001), (0x7FE0, 0x0010), (0xFFFE, 0xE000),
    (0xFFFE, 0xE0DD), (0xFFFF, 0xFFFF), (0x0002, 0x0010), (0x0000, 0x0000),
)  # fmt: skip
TAGS = st.sampled_from(KNOWN_TAGS) | st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
VALUES = st.binary(max_size=24) | st.sampled_from((
    b"", b"US", b"1\\2\\3 ", b"1e400 ", b"nan ", b"-1", b"2147483648", b"\\ISO 2022 IR 87",
    b"ISO_IR 192", b"\xff\xfe\xfd\xfc", b"1.2.840.10008.1.2.4.50", b"../../../etc/passwd ",
    b"\x1b$B\x00\x00", bytes(16), b"A" * 200,
))  # fmt: skip


def plain_elements() -> st.SearchStrategy[Element]:
    """Any tag with any VR and any bytes, the length a lie at times."""
    return st.builds(Element, TAGS, st.sampled_from(VRS), VALUES, lie=LIES)


def sequences(deeper: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    """Sequences of such elements, of defined and undefined length."""
    items = st.lists(st.lists(deeper, max_size=3).map(tuple), max_size=3).map(tuple)
    return st.builds(
        Element, TAGS, st.sampled_from((b"SQ", b"UN")), items=items, is_undefined=st.booleans(),
        lie=LIES,
    )  # fmt: skip


ELEMENTS = st.recursive(plain_elements(), sequences, max_leaves=12)


@dataclass(frozen=True)
class Structure:
    """A file's parts before they are joined."""

    syntax: str
    extra: tuple[Element, ...]
    place: int
    picture: Picture = field(default_factory=Picture)
    preamble: bytes = PREAMBLE
    is_deflated: bool = False
    stated_syntax: str | None = None
    in_order: bool = False

    def content(self) -> bytes:
        """The file's bytes."""
        writing = Writing(self.syntax)
        own = list(self.picture.elements(writing.order))
        where = self.place % (len(own) + 1)
        elements = [*own[:where], *self.extra, *own[where:]]
        if self.in_order:
            elements.sort(key=lambda element: element.tag)
        pixels = Element(PIXEL_DATA, b"OW", bytes(self.picture.frame_bytes))
        body = writing.elements((*elements, pixels))
        if self.is_deflated:
            packer = zlib.compressobj(wbits=-15)
            body = packer.compress(body) + packer.flush()
        stated = self.stated_syntax or (DEFLATED if self.is_deflated else self.syntax)
        return self.preamble + meta(stated) + body


def structures() -> st.SearchStrategy[Structure]:
    """Files of which any part may be wrong: order, duplicates, nesting, lengths, VRs, syntax."""
    return st.builds(
        Structure,
        st.sampled_from(SYNTAXES),
        st.lists(ELEMENTS, max_size=6).map(tuple),
        st.integers(0, 12),
        preamble=st.sampled_from((*[PREAMBLE] * 6, b"\xff" * 128 + b"DICM", b"", b"DICM")),
        is_deflated=st.sampled_from((*[False] * 9, True)),
        stated_syntax=st.sampled_from((*[None] * 9, *SYNTAXES, RLE, JPEG_SYNTAXES[0], "1.2.3", "")),
        in_order=st.booleans(),
    )


# Lengths of native pixels


@dataclass(frozen=True)
class NativeFile:
    """A file of uncompressed pixels: what is said of them, and the bytes that are there."""

    syntax: str
    picture: Picture
    pixels: bytes
    stated_length: int

    @property
    def is_sound(self) -> bool:
        """Whether all that is said is true, and is what ultrasound files hold."""
        p = self.picture
        frames = p.frames if p.frames is not None and p.frames > 0 else 1
        return (
            p.rows > 0
            and p.columns > 0
            and (p.samples, p.photometric, p.is_signed)
            in ((1, b"MONOCHROME2 ", 0), (3, b"RGB ", 0))
            and p.bits_allocated == p.bits_stored == 8
            and p.planar in (None, 0)
            and self.stated_length == len(self.pixels)
            and len(self.pixels) >= p.frame_bytes * frames
            and self.syntax != EXPLICIT_BIG
        )

    def content(self) -> bytes:
        """The file's bytes."""
        writing = Writing(self.syntax)
        lie = self.stated_length - len(self.pixels)
        element = Element(PIXEL_DATA, b"OB", self.pixels, lie=lie)
        return dicom_file(
            self.syntax, self.picture.elements(writing.order), writing.element(element)
        )


SIDES = st.integers(1, 9)
SOUND_KINDS = ((1, b"MONOCHROME2 ", None), (3, b"RGB ", 0))
ODD_WORDS = (
    {"samples": 3}, {"samples": 0}, {"samples": 4, "photometric": b"ARGB"}, {"photometric": b"RGB "},
    {"photometric": b"YBR_FULL_422", "samples": 3}, {"photometric": b"PALETTE COLOR "},
    {"photometric": b"MONOCHROME1 "}, {"photometric": b""}, {"bits_allocated": 16, "bits_stored": 16},
    {"bits_allocated": 16, "bits_stored": 12}, {"bits_stored": 12}, {"bits_stored": 5},
    {"bits_allocated": 1, "bits_stored": 1}, {"bits_allocated": 32, "bits_stored": 32},
    {"bits_allocated": 0, "bits_stored": 0}, {"is_signed": 1}, {"planar": 1}, {"planar": 7},
    {"rows": 0}, {"columns": 0}, {"rows": 65_535}, {"rows": 65_535, "columns": 65_535},
    {"frames": 0}, {"frames": -1}, {"frames": 2}, {"frames": 100_001}, {"frames": 2**31 - 1},
)  # fmt: skip


@st.composite
def native_files(draw: st.DrawFn) -> NativeFile:
    """Rows, columns, samples, bits and frames against the bytes that are there: sound, or not."""
    samples, photometric, planar = draw(st.sampled_from(SOUND_KINDS))
    frames = draw(st.sampled_from((None, 1, 2, 3)))
    true = Picture(
        draw(SIDES), draw(SIDES), samples, planar=planar, photometric=photometric, frames=frames
    )
    there = true.frame_bytes * (frames or 1)
    said, lie = true, 0
    for kind in draw(st.sets(st.sampled_from(("words", "bytes", "length")), max_size=2)):
        if kind == "words":
            said = replace(true, **draw(st.sampled_from(ODD_WORDS)))
        elif kind == "bytes":
            there = max(0, there + draw(st.sampled_from((-1, 1, -2, 2, 100))))
        else:
            lie = draw(LIES)
    pixels = np.random.default_rng(there).integers(0, 256, there, np.uint8).tobytes()
    stated = max(0, there + lie) % 2**32
    return NativeFile(draw(st.sampled_from(SYNTAXES)), said, pixels, stated)


# Encapsulated pixels


@dataclass(frozen=True)
class CompressedFile:
    """Frames in fragments: the header's picture, the true frames, the offset table and the items."""

    syntax: str
    picture: Picture
    frames: tuple[NDArray[np.uint8], ...]
    encoded: tuple[bytes, ...]
    cuts: int
    table: bytes | None
    item_lie: int
    has_end: bool

    @property
    def is_sound(self) -> bool:
        """Whether all that is said of the frames is true."""
        stated = self.picture.frames if self.picture.frames is not None else 1
        return (
            self.picture == replace(Picture(*self.frames[0].shape), frames=self.picture.frames)
            and stated == len(self.frames)
            and self.item_lie == 0
            and self.cuts == 1
            and self.table in (None, b"")
        )

    def content(self) -> bytes:
        """The file's bytes."""
        fragments = []
        for frame in self.encoded:
            step = max(2, -(-len(frame) // self.cuts) + -(-len(frame) // self.cuts) % 2)
            fragments += [frame[at : at + step] for at in range(0, len(frame), step)]
        items = [
            self._item(piece, self.item_lie if n == 0 else 0) for n, piece in enumerate(fragments)
        ]
        table = self.table if self.table is not None else self._true_table()
        end = Writing(self.syntax).tag(SEQUENCE_END) + bytes(4) if self.has_end else b""
        start = struct.pack("<HH", *PIXEL_DATA) + b"OB\0\0" + struct.pack("<I", UNDEFINED)
        pixels = start + self._item(table, 0) + b"".join(items) + end
        return dicom_file(self.syntax, self.picture.elements("<"), pixels)

    def _item(self, piece: bytes, lie: int) -> bytes:
        padded = piece + b"\0" * (len(piece) % 2)
        length = (len(padded) + lie) % 2**32
        return struct.pack("<HHI", *ITEM, length) + padded

    def _true_table(self) -> bytes:
        whole = encapsulate(list(self.encoded), fragments_per_frame=1)
        return whole[8 : 8 + 4 * len(self.encoded)]


def _frames(count: int, rows: int, columns: int) -> tuple[NDArray[np.uint8], ...]:
    rng = np.random.default_rng(rows * 100 + columns)
    return tuple(rng.integers(0, 256, (rows, columns), np.uint8) for _ in range(count))


def rle(frame: NDArray[np.uint8]) -> bytes:
    """One grey frame as RLE of literal runs (PS3.5 G)."""
    data = b""
    for row in frame:
        for at in range(0, len(row), 128):
            run = row[at : at + 128].tobytes()
            data += bytes([len(run) - 1]) + run
    header = struct.pack("<16I", 1, 64, *[0] * 14)
    return header + data + b"\0" * (len(data) % 2)


ENCODERS = {J2K_SYNTAXES[0]: jpeg2000, RLE: rle, JPEG_SYNTAXES[0]: jpeg}
LOSSLESS = (J2K_SYNTAXES[0], RLE)


@st.composite
def compressed_files(draw: st.DrawFn) -> CompressedFile:
    """Frames against the header's size and count, the offset table, the fragments and their lengths."""
    syntax = draw(st.sampled_from(tuple(ENCODERS)))
    count, rows, columns = draw(st.tuples(st.integers(1, 3), *[st.sampled_from((16, 24))] * 2))
    frames = _frames(count, rows, columns)
    encoded = tuple(ENCODERS[syntax](frame) for frame in frames)
    picture = Picture(rows, columns, frames=count)
    if draw(st.integers(0, 2)) == 0:
        lies = (
            {"rows": rows + 1}, {"columns": columns * 2}, {"samples": 3, "photometric": b"RGB "},
            {"bits_allocated": 16, "bits_stored": 16}, {"frames": count + 1}, {"frames": 1},
            {"frames": None}, {"frames": 90_000}, {"rows": 65_535, "columns": 65_535}, {"planar": 1},
            {"is_signed": 1}, {"bits_stored": 4}, {"rows": columns, "columns": rows},
        )  # fmt: skip
        picture = replace(picture, **draw(st.sampled_from(lies)))
    offsets = st.lists(st.integers(0, 400) | st.just(2**32 - 1), max_size=4)
    tables = offsets.map(lambda values: struct.pack(f"<{len(values)}I", *values)) | st.just(b"abc")
    return CompressedFile(
        syntax, picture, frames, encoded,
        draw(st.sampled_from((1, 1, 1, 2, 3))),
        draw(st.none() | st.just(b"") | tables),
        draw(st.sampled_from((0, 0, 0, 0, 2, -2, 2**20, 2**31, UNDEFINED))),
        draw(st.booleans()),
    )  # fmt: skip
