"""The small pictures of validation patients that a pack's owner may allow into it."""

import re
import struct

FOLDER = "preview/"
THUMBNAIL_PX = 64  # the longer side at most
MAX_BYTES = 64 * 2**10
_MAGIC = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(
    ">I4sIIBB"
)  # PNG 3rd edition, 11.2.1: length, type, width, height, depth, colour
_GREYSCALE = (8, 0)
_NAME = re.compile(rf"{FOLDER}(?P<patient>[^/]+)\.png")


def thumbnail_file(patient: str) -> str:
    """Where the picture of a validation patient lies in the pack."""
    return f"{FOLDER}{patient}.png"


def pictured_patient(name: str) -> str | None:
    """Whose picture a member of this name is; None for another kind of member."""
    found = _NAME.fullmatch(name)
    return None if found is None else found["patient"]


def is_thumbnail(content: bytes) -> bool:
    """Whether this claims to be a small 8-bit greyscale PNG, whose decoding cannot take much memory."""
    if len(content) > MAX_BYTES or not content.startswith(_MAGIC):
        return False
    header = content[len(_MAGIC) : len(_MAGIC) + _HEADER.size]
    if len(header) < _HEADER.size:
        return False
    length, kind, width, height, *colour = _HEADER.unpack(header)
    return bool(
        (length, kind) == (13, b"IHDR")
        and tuple(colour) == _GREYSCALE
        and 1 <= width <= THUMBNAIL_PX
        and 1 <= height <= THUMBNAIL_PX
    )
