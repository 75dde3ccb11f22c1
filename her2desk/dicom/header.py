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

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import Tag
from pydicom.uid import UID

from her2desk.dicom.refusals import malformed, too_large, unsupported_syntax
from her2desk.errors import InputRefused
from her2desk.redaction import public
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
MAX_READS = 600_000  # an element takes two or three; enhanced multi-frame headers have 50 a frame
MAX_SEQUENCE_BYTES = 16 * 2**20
MAX_ITEMS = 300_000
ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # how one begins, little and big endian
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
    *("ExtendedOffsetTable", "PerFrameFunctionalGroupsSequence", "UltrasoundColorDataPresent"),
    *("ImageType", "SeriesDescription", "ProtocolName"),
)
OVERLAY_ROWS = tuple(0x60000010 + (group << 16) for group in range(0, 0x20, 2))  # PS3.3 C.9.2


class Attributes:
    """One data set, read by keyword; absent, wrong and unreadable values are None (or empty)."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def raw(self, keyword: str) -> Any:
        """The value as pydicom gives it, or None."""
        try:
            with quiet():
                return None if self._is_too_long(keyword) else self._dataset.get(keyword)
        except Exception as error:  # hostile values raise anything, RecursionError included
            LOG.info("%s cannot be read: %r", public(keyword), error)
            return None

    def _is_too_long(self, keyword: str) -> bool:
        """Whether it is a sequence, not taken apart yet, that would fill the memory if it were."""
        if dictionary_VR(keyword) != "SQ" or keyword not in self._dataset:
            return False
        element = self._dataset.get_item(keyword)
        content = element.value if element.is_raw else None
        return isinstance(content, bytes) and (
            len(content) > MAX_SEQUENCE_BYTES or sum(map(content.count, ITEMS)) > MAX_ITEMS
        )

    def has(self, tag: int | str) -> bool:
        """Whether the data set has the element, readable or not."""
        return tag in self._dataset

    def text(self, keyword: str) -> str:
        """The value as one line of printable text; several values joined by a backslash."""
        value = self.raw(keyword)
        if value is None or isinstance(value, bytes):
            return ""
        try:
            with quiet():
                whole = "\\".join(str(v) for v in value) if is_list(value) else str(value)
        except Exception as error:  # decoding by a character set that does not fit
            LOG.info("%s is no text: %r", public(keyword), error)
            return ""
        kept = "".join(c if c.isprintable() else " " for c in whole[: 4 * MAX_TEXT])
        return kept.strip()[:MAX_TEXT]

    def private_text(self, group: int, creator: str, offset: int) -> str:
        """The whole text of a private element (PS3.5 7.8), whatever its length; empty if absent."""
        try:
            with quiet():
                value = self._dataset.private_block(group, creator)[offset].value
                return value.decode("ascii") if isinstance(value, bytes) else str(value)
        except Exception as error:  # as in raw
            LOG.info("%04x,%02x of %s cannot be read: %r", group, offset, public(creator), error)
            return ""

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


class Clamped:
    """A stream whose reads never ask for more than is there: a forged length reserves no memory.

    Nor are there more reads than any header needs: a file of nothing but elements without content
    would take minutes, and a hundred times its size. Raises ``InputRefused`` (``too-large``).
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self._reads_left = MAX_READS
        self.name = PurePath(str(getattr(stream, "name", ""))).name

    def read(self, length: int = -1) -> bytes:
        self._reads_left -= 1
        self.check()
        left = max(0, self._size - self._stream.tell())
        return self._stream.read(left if length < 0 else min(length, left))

    def check(self) -> None:
        """Raise what ``read`` raises, which pydicom hides at places."""
        if self._reads_left < 0:
            raise too_large(msg("The file's header has more parts than any ultrasound image's."))

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
    clamped = Clamped(stream, size)
    try:
        with quiet():
            return _read(clamped)
    except InputRefused:
        clamped.check()
        raise
    except Exception as error:  # hostile headers make pydicom raise anything, OSError included
        clamped.check()
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise malformed(msg("The DICOM header of this file is damaged.")) from error


def _read(stream: Clamped) -> Header:
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
        specific_tags=[Tag(k) for k in (*KEYWORDS, *OVERLAY_ROWS, BARE_ITEM)],
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
    stream: Clamped, is_implicit: bool, order: Any
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


class _Hush:
    """Warnings recorded for as long as any thread wants them so.

    ``warnings.catch_warnings`` changes what the whole process sees: the first who comes enters it,
    the last who goes leaves it, and nobody waits for another's work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted_by = 0
        self._catching: warnings.catch_warnings[list[warnings.WarningMessage]] | None = None
        self._caught: list[warnings.WarningMessage] = []

    def begin(self) -> None:
        with self._lock:
            self._wanted_by += 1
            if self._catching is None:
                self._catching = warnings.catch_warnings(record=True)
                self._caught = self._catching.__enter__()
                warnings.simplefilter("always")

    def end(self) -> None:
        with self._lock:
            self._wanted_by -= 1
            caught = self._caught[:]
            del self._caught[: len(caught)]
            if self._catching is not None and not self._wanted_by:
                self._catching.__exit__(None, None, None)
                self._catching = None
        for warning in caught:
            LOG.info("%s", type(warning.message))


_HUSH = _Hush()


@contextmanager
def quiet() -> Iterator[None]:
    """Send what pydicom and Pillow warn of to the log instead of the user."""
    _HUSH.begin()
    try:
        yield
    finally:
        _HUSH.end()
