"""Opens an ultrasound file: DICOM, PNG or JPEG."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from her2desk.dicom.describe import describe
from her2desk.dicom.frames import DicomDecoder, FileOnDisk, FrameSource, open_regular
from her2desk.dicom.header import Header, quiet, read_header
from her2desk.dicom.kinds import SNIFFED_BYTES, FileKind, kind_of
from her2desk.dicom.layout import pixel_layout
from her2desk.dicom.pixel_data import locate
from her2desk.dicom.presentation import shown_by
from her2desk.dicom.raster import RasterDecoder, describe_raster
from her2desk.dicom.refusals import no_pixels, not_an_image, os_errors_refused, other_modality
from her2desk.domain.image import UltrasoundImage
from her2desk.texts import msg

ULTRASOUND = "US"
ULTRASOUND_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.6.1",  # Ultrasound Image Storage
    "1.2.840.10008.5.1.4.1.1.3.1",  # Ultrasound Multi-frame Image Storage
    "1.2.840.10008.5.1.4.1.1.6",  # both as retired in 1993
    "1.2.840.10008.5.1.4.1.1.3",
)
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class OpenedImage:
    """A file that can be worked on: what it says, and its frames when asked for."""

    image: UltrasoundImage
    frames: FrameSource


def sha256_of(stream: BufferedReader) -> str:
    """The hash of all that is left in ``stream``."""
    return hashlib.file_digest(stream, "sha256").hexdigest()


def open_image(path: Path, hashed: Callable[[BufferedReader], str] = sha256_of) -> OpenedImage:
    """Open the DICOM, PNG or JPEG file at ``path``; its pixels are decoded later, frame by frame.

    Raises ``InputRefused`` with code ``not-an-image``, ``no-pixels``, ``other-modality``,
    ``truncated-frame``, ``too-large``, ``unreadable-file``, ``unsupported-transfer-syntax``,
    ``unsupported-pixels`` or ``malformed``. PNG and JPEG name ``image/png`` or ``image/jpeg`` as
    transfer syntax and have no SOP instance. ``hashed`` reads the whole file, and may tell of it.
    """
    with os_errors_refused(), open_regular(path) as stream:
        file = FileOnDisk.of(path, stream)
        kind = kind_of(stream.read(SNIFFED_BYTES))
        if kind not in (FileKind.DICOM, FileKind.RASTER):
            raise not_an_image()
        stream.seek(0)
        sha256 = hashed(stream)
        stream.seek(0)
        if kind is FileKind.DICOM:
            return _open_dicom(file, stream, sha256)
    return _open_raster(file, sha256)


def _open_dicom(file: FileOnDisk, stream: BinaryIO, sha256: str) -> OpenedImage:
    header = read_header(stream, file.size)
    check_is_ultrasound_picture(header)
    with quiet():
        layout = pixel_layout(header)
        data = locate(stream, file.size, header, layout)
        decoder = DicomDecoder(file, data, shown_by(header, data.layout))
        image = describe(header, data, sha256)
    frames = FrameSource(decoder, image.frames, is_compressed=layout.is_encapsulated)
    return OpenedImage(image, frames)


def _open_raster(file: FileOnDisk, sha256: str) -> OpenedImage:
    decoder = RasterDecoder(file)
    image = describe_raster(decoder.read(), sha256)
    return OpenedImage(image, FrameSource(decoder, image.frames))


def check_is_ultrasound_picture(header: Header) -> None:
    """Raise ``InputRefused`` (``no-pixels``, ``other-modality``) for any other DICOM file."""
    a = header.attributes
    if header.storage_class == DIRECTORY_CLASS:
        raise no_pixels(msg("This is a DICOMDIR, a list of the files on a disc, not a picture."))
    modality = a.text("Modality")
    is_ultrasound = (
        modality.upper() == ULTRASOUND
        if modality
        else (a.text("SOPClassUID") or header.storage_class) in ULTRASOUND_CLASSES
    )
    if not is_ultrasound:
        raise other_modality(modality)
    if header.pixel_tag is None:
        raise no_pixels(msg("This DICOM file holds no picture."))
