"""Where each frame's bytes lie in a DICOM file, found by walking the file, not by its header.

Encapsulated pixel data: PS3.5 A.4.
"""

from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from her2desk.dicom.codestream import starts_frame
from her2desk.dicom.header import RLE, Header
from her2desk.dicom.layout import CONTRADICTION, MAX_FRAMES, PixelLayout
from her2desk.dicom.refusals import malformed, truncated, unsupported_pixels
from her2desk.texts import msg

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM = b"\xfe\xff\x00\xe0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0"
MAX_FRAGMENTS = 10 * MAX_FRAMES


@dataclass(frozen=True)
class Span:
    """A run of bytes in the file."""

    offset: int
    length: int


FrameSpans = tuple[Span, ...]  # the fragments of one frame


@dataclass(frozen=True)
class PixelData:
    """The frames of a file: the layout they really have, their spans, whether more were found."""

    layout: PixelLayout
    frames: tuple[FrameSpans, ...]
    has_surplus: bool


def locate(stream: BinaryIO, size: int, header: Header, layout: PixelLayout) -> PixelData:
    """Find every frame of the pixel data; raises ``InputRefused`` where some are missing or cut."""
    if layout.is_encapsulated:
        return _encapsulated(stream, size, header, layout)
    return _native(size, header, layout)


def _native(size: int, header: Header, layout: PixelLayout) -> PixelData:
    if header.length == UNDEFINED_LENGTH:
        raise malformed(CONTRADICTION)
    if header.offset + header.length > size:
        raise truncated()
    layout = _really_subsampled(header.length, layout)
    if layout.photometric == "YBR_FULL_422" and layout.columns % 2:
        raise malformed(CONTRADICTION)
    each = layout.frame_bytes
    there = header.length // each
    frames = layout.stated_frames or 1
    if there < frames:
        raise truncated()
    if layout.is_byte_swapped and each % 2 and frames > 1:
        raise unsupported_pixels(msg("The frames are stored in an order that is not read."))
    pad = each % 2 if layout.is_byte_swapped else 0
    spans = tuple((Span(header.offset + index * each, each + pad),) for index in range(frames))
    return PixelData(layout, spans, has_surplus=there > frames)


def _really_subsampled(length: int, layout: PixelLayout) -> PixelLayout:
    """Some writers say YBR_FULL_422 and store every sample: the length tells."""
    if layout.photometric != "YBR_FULL_422":
        return layout
    full = replace(layout, photometric="YBR_FULL")
    return full if length >= full.frame_bytes * (layout.stated_frames or 1) else layout


def _encapsulated(stream: BinaryIO, size: int, header: Header, layout: PixelLayout) -> PixelData:
    if header.length != UNDEFINED_LENGTH:
        raise malformed(CONTRADICTION)
    table, fragments = _walk(stream, size, header.offset)
    frames = layout.stated_frames or 1
    offsets = _offsets(stream, header, table)
    groups = _grouped(stream, fragments, offsets, frames, layout)
    if len(groups) < frames:
        raise truncated()
    return PixelData(layout, tuple(groups[:frames]), has_surplus=len(groups) > frames)


def _walk(stream: BinaryIO, size: int, offset: int) -> tuple[Span, list[Span]]:
    """The basic offset table's span and those of the fragments."""
    spans: list[Span] = []
    while True:
        stream.seek(offset)
        start = stream.read(8)
        if len(start) < 8 or start[:4] == SEQUENCE_END:
            break  # some writers leave out the end; whether a frame is missing shows later
        length = int.from_bytes(start[4:], "little")
        if start[:4] != ITEM or length == UNDEFINED_LENGTH or len(spans) > MAX_FRAGMENTS:
            raise malformed(msg("The compressed picture in this file is damaged."))
        if offset + 8 + length > size:
            raise truncated()
        spans.append(Span(offset + 8, length))
        offset += 8 + length
    if len(spans) < 2:
        raise truncated()
    return spans[0], [span for span in spans[1:] if span.length]


def _offsets(stream: BinaryIO, header: Header, table: Span) -> list[int]:
    """Where frames begin, by the extended offset table, else the basic one; else empty."""
    extended = header.attributes.raw("ExtendedOffsetTable")
    if isinstance(extended, bytes) and len(extended) >= 8:
        return [int(v) for v in np.frombuffer(extended[: len(extended) // 8 * 8], "<u8")]
    stream.seek(table.offset)
    basic = stream.read(min(table.length, 4 * MAX_FRAMES))
    return [int(v) for v in np.frombuffer(basic[: len(basic) // 4 * 4], "<u4")]


def _grouped(
    stream: BinaryIO, fragments: list[Span], offsets: list[int], frames: int, layout: PixelLayout
) -> list[FrameSpans]:
    """Fragments by frame: one each where the counts agree, else by offsets, else by start codes."""
    if len(fragments) == frames:
        return [(span,) for span in fragments]
    if frames == 1 and len(offsets) < 2:
        return [tuple(fragments)] if fragments else []
    if layout.syntax == RLE:  # PS3.5 A.4.2: each frame is one fragment
        return [(span,) for span in fragments]
    base = fragments[0].offset - 8 if fragments else 0
    starts = {base + offset for offset in offsets}
    if len(starts) < 2 or not starts <= {span.offset - 8 for span in fragments}:
        starts = {span.offset - 8 for span in fragments if _begins_frame(stream, span)}
    groups: list[list[Span]] = []
    for span in fragments:
        if span.offset - 8 in starts or not groups:
            groups.append([])
        groups[-1].append(span)
    return [tuple(group) for group in groups]


def _begins_frame(stream: BinaryIO, span: Span) -> bool:
    stream.seek(span.offset)
    return starts_frame(stream.read(min(8, span.length)))
