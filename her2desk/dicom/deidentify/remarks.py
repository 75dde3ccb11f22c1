"""Takes out of compressed frames what is no picture: comments, EXIF, XMP, and what follows the end.

Any of it may hold a name, and whether it does cannot be told by looking for the header's words alone.
Sources: ITU-T T.81 annex B (JPEG), T.87 annex C (JPEG-LS), T.800 annex A (JPEG 2000).
"""

from her2desk.dicom.codestream import (
    END_OF_CODESTREAM,
    J2K_HEADER_WITHIN,
    MARKERS_ALONE,
    START_OF_J2K,
    START_OF_JPEG,
)
from her2desk.dicom.refusals import malformed
from her2desk.errors import InputRefused
from her2desk.texts import msg

JPEG_SCAN, JPEG_END = 0xDA, 0xD9
JPEG_COMMENT, JPEG_APPLICATION = 0xFE, range(0xE0, 0xF0)
# Those that say how the picture is to be decoded, by their beginning and length
JFIF, ADOBE, HP_COLOUR = (0xE0, b"JFIF\0", 16), (0xEE, b"Adobe", 14), (0xE8, b"mrfx", 7)
DECODING = (JFIF, ADOBE, HP_COLOUR)
J2K_COMMENT, J2K_TILE, J2K_DATA, J2K_END = 0xFF64, 0xFF90, 0xFF93, 0xFFD9
J2K_TILE_BYTES = 12  # SOT and its length, from the marker on


def without_remarks(frame: bytes, *, is_j2k: bool) -> bytes:
    """The frame with nothing in it but the picture; itself where nothing else is in it.

    Padding of zeros after the end stays. Raises ``InputRefused`` where the frame's parts cannot be
    told apart.
    """
    try:
        kept = _j2k(frame) if is_j2k else _jpeg(frame)
    except IndexError as error:
        raise _unclear() from error
    return frame if frame.rstrip(b"\0") == kept else kept + bytes(len(kept) % 2)


def _jpeg(frame: bytes) -> bytes:
    if not frame.startswith(START_OF_JPEG):
        raise _unclear()
    kept, at = [frame[:2]], 2
    while True:
        if frame[at] != 0xFF:
            raise _unclear()
        marker = frame[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == JPEG_END:
            return b"".join([*kept, END_OF_CODESTREAM])
        elif marker in MARKERS_ALONE:
            kept.append(frame[at : at + 2])
            at += 2
        else:
            end = at + 2 + _length(frame, at + 2)
            if not _is_remark(marker, frame[at + 4 : end]):
                kept.append(frame[at:end])
            at = end
            if marker == JPEG_SCAN:
                end = _scan_end(frame, at)
                kept.append(frame[at:end])
                at = end


def _is_remark(marker: int, content: bytes) -> bool:
    if marker == JPEG_COMMENT:
        return True
    decides = any(
        marker == own and content.startswith(begin) and len(content) + 2 == length
        for own, begin, length in DECODING
    )
    return marker in JPEG_APPLICATION and not decides


def _scan_end(frame: bytes, at: int) -> int:
    """Where the next marker is that ends a scan; stuffed bytes and restarts do not."""
    while True:
        at = frame.find(b"\xff", at)
        if at < 0:
            raise _unclear()
        following = frame[at + 1]
        # Of what follows FF in a scan, JPEG stuffs 00, and JPEG-LS a bit: anything below 80
        if following >= 0x80 and following != 0xFF and following not in MARKERS_ALONE:
            return at
        at += 1 if following == 0xFF else 2


def _j2k(frame: bytes) -> bytes:
    """The codestream without the JP2 boxes around it and the comments in it."""
    at = frame.find(START_OF_J2K, 0, J2K_HEADER_WITHIN)
    if at < 0:
        raise _unclear()
    kept = [frame[at : at + 2]]
    at += 2
    while _marker(frame, at) != J2K_TILE:
        at = _keep_segment(frame, at, kept)
    while _marker(frame, at) == J2K_TILE:
        at = _keep_tile(frame, at, kept)
    if _marker(frame, at) != J2K_END:
        raise _unclear()
    return b"".join([*kept, END_OF_CODESTREAM])


def _keep_tile(frame: bytes, at: int, kept: list[bytes]) -> int:
    """One tile-part, its length made right; where the next begins."""
    begin, size = at, int.from_bytes(frame[at + 6 : at + 10], "big")
    end = begin + size if size else len(frame.rstrip(b"\0")) - len(END_OF_CODESTREAM)
    at += J2K_TILE_BYTES
    header: list[bytes] = []
    while _marker(frame, at) != J2K_DATA:
        at = _keep_segment(frame, at, header)
    if not at <= end <= len(frame):
        raise _unclear()
    content = b"".join(header) + frame[at:end]
    length = (J2K_TILE_BYTES + len(content)).to_bytes(4, "big")
    start = frame[begin : begin + J2K_TILE_BYTES]
    kept.append(start[:6] + (length if size else start[6:10]) + start[10:] + content)
    return end


def _keep_segment(frame: bytes, at: int, kept: list[bytes]) -> int:
    end = at + 2 + _length(frame, at + 2)
    if frame[at] != 0xFF or end > len(frame):
        raise _unclear()
    if _marker(frame, at) != J2K_COMMENT:
        kept.append(frame[at:end])
    return end


def _marker(frame: bytes, at: int) -> int:
    return frame[at] << 8 | frame[at + 1]


def _length(frame: bytes, at: int) -> int:
    length = frame[at] << 8 | frame[at + 1]
    if length < 2:
        raise _unclear()
    return length


def _unclear() -> InputRefused:
    return malformed(
        msg("The compressed picture has parts that cannot be told from what may be a name.")
    )
