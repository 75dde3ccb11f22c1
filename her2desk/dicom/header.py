"""A DICOM header read without trust: what cannot be read is absent; only refusals are raised."""

import io
import logging
import math
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import Tag
from pydicom.uid import UID

from her2desk.dicom.refusals import malformed, unsupported_syntax
from her2desk.errors import InputRefused
from her2desk.texts import msg

LOG = logging.getLogger(__name__)

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES = (IMPLICIT_LITTLE, "1.2.840.10008.1.2.1", EXPLICIT_BIG)
RLE = "1.2.840.10008.1.2.5"
JPEG_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70))
JPEG_LS_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (80, 81))
J2K_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203))
ENCAPSULATED_SYNTAXES = (RLE, *JPEG_SYNTAXES, *JPEG_LS_SYNTAXES, *J2K_SYNTAXES)

MAX_TEXT = 256  # characters shown of any header text
MAX_NAME = 64  # characters of a transfer syntax's name, which may be any text
META_GROUP = 0x0002
PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
BARE_ITEM = 0xFFFEE000
KEYWORDS = (
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyDate", "Modality"),
    *("Manufacturer", "ManufacturerModelName", "RecommendedDisplayFrameRate", "PatientName"),
    *("PatientID", "PatientBirthDate", "PatientAge", "CineRate", "FrameTime", "FrameTimeVector"),
    *("SequenceOfUltrasoundRegions", "StudyInstanceUID", "Laterality", "ImageLaterality"),
    *("ViewCodeSequence", "SharedFunctionalGroupsSequence", "BurnedInAnnotation"),
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames"),
    *("Rows", "Columns", "PixelSpacing", "BitsAllocated", "BitsStored", "PixelRepresentation"),
    *("SmallestImagePixelValue", "LargestImagePixelValue", "WindowCenter", "WindowWidth"),
    *("VOILUTFunction", "RescaleSlope", "RescaleIntercept"),
    *(f"{c}PaletteColorLookupTableDescriptor" for c in ("Red", "Green", "Blue")),
    *(f"{c}PaletteColorLookupTableData" for c in ("Red", "Green", "Blue")),
    *(f"Segmented{c}PaletteColorLookupTableData" for c in ("Red", "Green", "Blue")),
    *("ExtendedOffsetTable",),
)

_WARNINGS_LOCK = threading.Lock()  # warnings.catch_warnings changes what the whole process sees


class Attributes:
    """One data set, read by keyword; absent, wrong and unreadable values are None (or empty)."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def raw(self, keyword: str) -> Any:
        """The value as pydicom gives it, or None."""
        try:
            return self._dataset.get(keyword)
        except Exception as error:  # hostile values raise anything, RecursionError included
            LOG.info("%s cannot be read: %r", keyword, error)
            return None

    def has(self, tag: int | str) -> bool:
        """Whether the data set has the element, readable or not."""
        return tag in self._dataset

    def text(self, keyword: str) -> str:
        """The value as one line of printable text; several values joined by a backslash."""
        value = self.raw(keyword)
        if value is None or isinstance(value, bytes):
            return ""
        try:
            whole = "\\".join(str(v) for v in value) if is_list(value) else str(value)
        except Exception as error:  # decoding by a character set that does not fit
            LOG.info("%s is no text: %r", keyword, error)
            return ""
        kept = "".join(c if c.isprintable() else " " for c in whole[: 4 * MAX_TEXT])
        return kept.strip()[:MAX_TEXT]

    def number(self, keyword: str) -> float | None:
        """The first value as a finite number."""
        return next(iter(self.numbers(keyword)), None)

    def numbers(self, keyword: str) -> list[float | None]:
        """All values as finite numbers, None in the place of what is not one."""
        value = self.raw(keyword)
        if value is None:
            return []
        return [as_number(v) for v in (value if is_list(value) else [value])]

    def whole(self, keyword: str) -> int | None:
        """The first value as an integer; None for a fraction."""
        value = self.number(keyword)
        return int(value) if value is not None and value == int(value) else None

    def items(self, keyword: str) -> "list[Attributes] | None":
        """The items of a sequence; None where there are none or they cannot be read."""
        value = self.raw(keyword)
        if not is_list(value) or not all(isinstance(item, Dataset) for item in value):
            return None
        return [Attributes(item) for item in value]


@dataclass(frozen=True)
class Header:
    """File meta information, data set up to the pixels, and the position where those begin.

    ``vr`` is None for implicit syntaxes; ``length`` is 0xFFFFFFFF where undefined; ``pixel_tag`` is
    None in a file without pixel data.
    """

    syntax: str
    storage_class: str
    attributes: Attributes
    pixel_tag: int | None
    vr: str | None
    offset: int
    length: int

    @property
    def is_big_endian(self) -> bool:
        return self.syntax == EXPLICIT_BIG


class _Clamped:
    """A stream whose reads never ask for more than is there: a forged length reserves no memory."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self.name = PurePath(str(getattr(stream, "name", ""))).name

    def read(self, length: int = -1) -> bytes:
        left = max(0, self._size - self._stream.tell())
        return self._stream.read(left if length < 0 else min(length, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def read_header(stream: BinaryIO, size: int) -> Header:
    """Read the header of the DICOM file in ``stream`` (``size`` bytes, at position 0).

    Raises ``InputRefused`` with code ``malformed`` or ``unsupported-transfer-syntax``. Only the
    elements named in ``KEYWORDS`` are kept; deflated data sets are refused unread, since what they
    unpack to has no bound.
    """
    clamped = _Clamped(stream, size)
    try:
        with quiet():
            return _read(clamped)
    except (InputRefused, OSError):
        raise
    except Exception as error:  # hostile headers make pydicom raise anything
        raise malformed(msg("The DICOM header of this file is damaged.")) from error


def _read(stream: _Clamped) -> Header:
    read_preamble(stream, False)
    meta = Attributes(
        read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != META_GROUP)
    )
    syntax = meta.text("TransferSyntaxUID")
    if not syntax:
        raise malformed(msg("The file does not say how its picture is stored."))
    if syntax not in NATIVE_SYNTAXES + ENCAPSULATED_SYNTAXES:
        raise unsupported_syntax(str(UID(syntax).name)[:MAX_NAME])
    is_implicit, is_little = syntax == IMPLICIT_LITTLE, syntax != EXPLICIT_BIG
    dataset = read_dataset(
        stream,
        is_implicit,
        is_little,
        stop_when=lambda tag, vr, length: tag in PIXEL_TAGS,
        specific_tags=[Tag(k) for k in KEYWORDS] + [Tag(BARE_ITEM)],
    )
    tag, vr, length = _element_start(stream, is_implicit, "little" if is_little else "big")
    return Header(
        syntax=syntax,
        storage_class=meta.text("MediaStorageSOPClassUID"),
        attributes=Attributes(dataset),
        pixel_tag=tag,
        vr=vr,
        offset=stream.tell(),
        length=length,
    )


def _element_start(
    stream: _Clamped, is_implicit: bool, order: Any
) -> tuple[int | None, str | None, int]:
    """Tag, VR and length of the element at the stream's position; no tag at the file's end."""
    start = stream.read(8 if is_implicit else 12)
    if len(start) < (8 if is_implicit else 12):
        return None, None, 0
    tag = int.from_bytes(start[:2], order) << 16 | int.from_bytes(start[2:4], order)
    if tag not in PIXEL_TAGS:
        return None, None, 0
    if is_implicit:
        return tag, None, int.from_bytes(start[4:8], order)
    return tag, start[4:6].decode("latin-1"), int.from_bytes(start[8:12], order)


def is_list(value: object) -> bool:
    """Whether a value has several parts; text and bytes have one."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def as_number(value: object) -> float | None:
    """``value`` as a finite number, from numbers and from text that is one; else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("latin-1").strip("\0 ")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@contextmanager
def quiet() -> Iterator[None]:
    """Send what pydicom and Pillow warn of to the log instead of the user."""
    with _WARNINGS_LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for warning in caught:
                LOG.info("%s", warning.message)
