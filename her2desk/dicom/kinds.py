"""What kind of file some bytes begin; names and endings are not believed."""

from enum import StrEnum

DICOM_PREFIX = b"DICM"
PREAMBLE_BYTES = 128
SNIFFED_BYTES = PREAMBLE_BYTES + len(DICOM_PREFIX)
PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


class FileKind(StrEnum):
    """Kinds of file that matter here."""

    DICOM = "dicom"
    RASTER = "raster"
    ZIP = "zip"
    OTHER = "other"


def kind_of(start: bytes) -> FileKind:
    """Kind of the file whose first ``SNIFFED_BYTES`` bytes are ``start``."""
    if start[PREAMBLE_BYTES:SNIFFED_BYTES] == DICOM_PREFIX:
        return FileKind.DICOM
    if start.startswith((PNG_START, JPEG_START)):
        return FileKind.RASTER
    if start.startswith(ZIP_STARTS):
        return FileKind.ZIP
    return FileKind.OTHER
