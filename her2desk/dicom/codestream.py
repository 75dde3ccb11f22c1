"""What a compressed frame says of itself, read before a decoder is let near it.

A decoder allocates what the codestream asks for, not what the DICOM header says; and most fill the
rest of a shortened frame with grey. Both are caught here. Sources: ITU-T T.81 annex B (JPEG), T.87
annex C (JPEG-LS), T.800 annex A (JPEG 2000).
"""

from dataclasses import dataclass

from her2desk.dicom.refusals import malformed, truncated
from her2desk.texts import Message, msg

START_OF_JPEG = b"\xff\xd8"
START_OF_J2K = b"\xff\x4f\xff\x51"
END_OF_CODESTREAM = b"\xff\xd9"  # the same in JPEG, JPEG-LS and JPEG 2000
J2K_HEADER_WITHIN = 512  # bytes; some writers leave the JP2 boxes before the codestream
MAX_SEGMENTS = 10_000
END_WITHIN = 16  # bytes; fragments are padded to even length, and some writers pad more

SOF_BASELINE, SOF_EXTENDED, SOF_LOSSLESS, SOF_JPEG_LS = 0xC0, 0xC1, 0xC3, 0xF7
SOF_READ = (SOF_BASELINE, SOF_EXTENDED, SOF_LOSSLESS, SOF_JPEG_LS)
SOF_ALL = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)
MARKERS_ALONE = (0x01, *range(0xD0, 0xD9))


@dataclass(frozen=True)
class FrameHeader:
    """Size and precision that a codestream states for its one frame."""

    rows: int
    columns: int
    samples: int
    bits: int


def jpeg_header(frame: bytes) -> FrameHeader:
    """Header of a JPEG or JPEG-LS frame; raises ``InputRefused`` where none can be read."""
    if not frame.startswith(START_OF_JPEG):
        raise malformed(_NOT_READABLE)
    position = 2
    for _ in range(MAX_SEGMENTS):
        if position + 4 > len(frame):
            raise truncated()
        if frame[position] != 0xFF:
            raise malformed(_NOT_READABLE)
        marker = frame[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker in MARKERS_ALONE:
            position += 2
        elif marker in SOF_ALL:
            return _start_of_frame(frame[position : position + 10], marker)
        else:
            position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    raise malformed(_NOT_READABLE)


def j2k_header(frame: bytes) -> FrameHeader:
    """Header of a JPEG 2000 frame, with or without JP2 boxes before it."""
    start = frame.find(START_OF_J2K, 0, J2K_HEADER_WITHIN)
    if start < 0:
        raise malformed(_NOT_READABLE)
    size = frame[start + 4 : start + 43]
    if len(size) < 39:
        raise truncated()
    right, lower, left, top = (int.from_bytes(size[at : at + 4], "big") for at in (4, 8, 12, 16))
    samples = int.from_bytes(size[36:38], "big")
    return FrameHeader(lower - top, right - left, samples, (size[38] & 0x7F) + 1)


def is_complete(frame: bytes) -> bool:
    """Whether a JPEG, JPEG-LS or JPEG 2000 frame ends with its end marker."""
    return END_OF_CODESTREAM in frame.rstrip(b"\0")[-END_WITHIN:]


def starts_frame(fragment: bytes) -> bool:
    """Whether a fragment's first bytes begin a codestream."""
    return fragment.startswith((START_OF_JPEG, START_OF_J2K[:2], b"\0\0\0\x0cjP  "))


def _start_of_frame(segment: bytes, marker: int) -> FrameHeader:
    if marker not in SOF_READ:
        raise malformed(_NOT_READABLE)  # progressive, hierarchical, arithmetic: not in DICOM
    if len(segment) < 10:
        raise truncated()
    return FrameHeader(
        rows=int.from_bytes(segment[5:7], "big"),
        columns=int.from_bytes(segment[7:9], "big"),
        samples=segment[9],
        bits=segment[4],
    )


_NOT_READABLE: Message = msg("The compressed picture in this file cannot be decoded.")
