"""A whole header, read without trust, and where its pixels lie."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag

from her2desk.dicom.describe import read_regions
from her2desk.dicom.frames import FileOnDisk, open_regular
from her2desk.dicom.header import (
    EXPLICIT_BIG,
    IMPLICIT_LITTLE,
    META_GROUP,
    PIXEL_TAGS,
    Attributes,
    Clamped,
    Header,
    quiet,
    read_header,
)
from her2desk.dicom.kinds import SNIFFED_BYTES, FileKind, kind_of
from her2desk.dicom.layout import pixel_layout
from her2desk.dicom.pixel_data import PixelData, locate
from her2desk.dicom.reader import check_is_ultrasound_picture
from her2desk.dicom.refusals import (
    malformed,
    os_errors_refused,
    too_large,
    unsupported_pixels,
)
from her2desk.domain.image import Region
from her2desk.errors import InputRefused
from her2desk.texts import msg

MAX_HEADER_BYTES = 64 * 2**20
MAX_ELEMENT_BYTES = 8 * 2**20  # longer values are left unread and removed
MAX_DEPTH = 16  # sequences in sequences; what lies deeper is removed
OVERLAY_BIT_POSITION = 0x0102

_FAMILIES = (
    {"LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE", "CS", "PN"},
    {"DA", "DT", "TM"},
    {"US", "SS", "UL", "SL", "UV", "SV", "AT"},
    {"IS", "DS"},
    {"FL", "FD"},
    {"OB", "OW", "OL", "OF", "OD", "OV", "UN"},
)


@dataclass(frozen=True)
class SourceFile:
    """One ultrasound file as it was when opened: its whole header and where its frames lie.

    ``raw`` has the elements as they lie in the file, before any was converted; ``header_sha256`` is
    of all the file's bytes before the pixels.
    """

    file: FileOnDisk
    header: Header
    dataset: Dataset
    raw: Mapping[int, DataElement | RawDataElement]
    header_sha256: str
    pixels: PixelData

    @property
    def attributes(self) -> Attributes:
        """The header, read by keyword."""
        return self.header.attributes

    @property
    def regions(self) -> tuple[Region, ...]:
        """The ultrasound regions that can be read; empty where some cannot."""
        regions, unread = read_regions(self.attributes)
        return () if unread else regions


def open_source(path: Path) -> SourceFile:
    """Read the DICOM file at ``path`` up to its pixels.

    Raises ``InputRefused``: what ``open_image`` raises, and for a picture that is no DICOM file, a
    header of more than 64 MB, or an overlay hidden in the pixels' unused bits.
    """
    with os_errors_refused(), open_regular(path) as stream:
        file = FileOnDisk.of(path, stream)
        _check_is_dicom(stream.read(SNIFFED_BYTES))
        stream.seek(0)
        header = read_header(stream, file.size)
        check_is_ultrasound_picture(header)
        with quiet():
            pixels = locate(stream, file.size, header, pixel_layout(header))
        head = _head(stream, header)
    dataset = _whole(head, header)
    raw = {tag: dataset.get_item(tag, keep_deferred=True) for tag in dataset.keys()}  # noqa: SIM118
    _check_no_hidden_overlay(dataset)
    return SourceFile(file, header, dataset, raw, hashlib.sha256(head).hexdigest(), pixels)


def elements_of(dataset: Dataset) -> Iterator[tuple[BaseTag, DataElement | None]]:
    """Every element in order of tag; None where it cannot be read or is not what its tag says."""
    for tag in sorted(dataset.keys()):
        with quiet():
            element = _element(dataset, tag)
        yield tag, element


def values_of(element: DataElement) -> list[str]:
    """An element's values as text, without padding; empty for bytes and sequences."""
    value = element.value
    if element.VR == "SQ" or value is None or isinstance(value, bytes):
        return []
    many = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return [str(one).strip("\0 ") for one in many]


def _check_is_dicom(start: bytes) -> None:
    if kind_of(start) is not FileKind.DICOM:
        raise InputRefused(
            msg("This file is not a DICOM image; only those are de-identified."),
            msg("Choose DICOM files. PNG and JPEG pictures have no header to clean."),
            code="not-dicom",
        )


def _head(stream: BinaryIO, header: Header) -> bytes:
    if header.offset > MAX_HEADER_BYTES:
        raise too_large(msg("The header of this file is larger than 64 MB."))
    stream.seek(0)
    return stream.read(header.offset)


def _whole(content: bytes, header: Header) -> Dataset:
    head = Clamped(io.BytesIO(content), len(content))
    try:
        with quiet():
            read_preamble(head, False)
            read_dataset(
                head, False, True, stop_when=lambda tag, vr, length: tag >> 16 != META_GROUP
            )
            return read_dataset(
                head,
                header.syntax == IMPLICIT_LITTLE,
                header.syntax != EXPLICIT_BIG,
                stop_when=lambda tag, vr, length: tag in PIXEL_TAGS,
                defer_size=MAX_ELEMENT_BYTES,
            )
    except InputRefused:
        raise
    except Exception as error:  # hostile headers make pydicom raise anything
        raise malformed(msg("The DICOM header of this file is damaged.")) from error


def _element(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    raw = dataset.get_item(tag, keep_deferred=True)
    if raw.is_raw and raw.value is None and raw.length:
        return None  # longer than is read
    try:
        element: DataElement = dataset[tag]
        values_of(element)
    except Exception:  # values that are not of their VR raise anything
        return None
    return element if _is_of_its_tag(element) else None


def _is_of_its_tag(element: DataElement) -> bool:
    """Whether the VR is one that the dictionary gives the tag, or a sister of it."""
    if element.tag.is_private or not dictionary_has_tag(element.tag):
        return True  # goes anyway
    meant = set(dictionary_VR(element.tag).split(" or "))
    vr = set(str(element.VR).split(" or "))
    if vr & meant:
        return True
    return any(vr & family and meant & family for family in _FAMILIES)


def _check_no_hidden_overlay(dataset: Dataset) -> None:
    """Overlays of before 2004 may lie in pixel bits that are not shown; none is left to hide."""
    for tag in sorted(dataset.keys()):
        if 0x6000 <= tag.group <= 0x60FF and tag.element == OVERLAY_BIT_POSITION:
            element = _element(dataset, tag)
            if element is None or values_of(element) not in ([], ["0"]):
                raise unsupported_pixels(
                    msg("The picture hides an overlay in its unused bits, which is not removed.")
                )
