"""Writes one de-identified file: its new header, and its frames with boxes blackened."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, itemize_fragment
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.pixels import get_decoder, get_encoder
from pydicom.uid import UID

from her2desk.dicom.deidentify.black import Black, black_out, black_out_native, widened
from her2desk.dicom.deidentify.cleaning import CleanHeader
from her2desk.dicom.deidentify.remarks import without_remarks
from her2desk.dicom.deidentify.source import SourceFile
from her2desk.dicom.frames import decode_frame
from her2desk.dicom.header import (
    EXPLICIT_BIG,
    IMPLICIT_LITTLE,
    J2K_SYNTAXES,
    JPEG_LS_SYNTAXES,
    JPEG_SYNTAXES,
    RLE,
    quiet,
)
from her2desk.dicom.layout import PixelLayout
from her2desk.dicom.pixel_data import ITEM, SEQUENCE_END, FrameSpans
from her2desk.dicom.refusals import malformed, os_errors_refused, too_large, truncated
from her2desk.domain.roi import Box
from her2desk.errors import InputRefused
from her2desk.texts import msg

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLEMENTATION_UID = "2.25.237043520468046160735180325468612862325"  # of this writer, made once
IMPLEMENTATION_NAME = "HER2DESK_DEID"
PIXEL_ELEMENT = 0x7FE00010
MAX_PIXEL_BYTES = 2**32 - 2
COPY_BYTES = 2**20
LOSSY_METHODS = {  # PS3.3 C.7.6.1.1.5.1
    **dict.fromkeys(JPEG_SYNTAXES[:2], "ISO_10918_1"),
    JPEG_LS_SYNTAXES[1]: "ISO_14495_1",
    J2K_SYNTAXES[1]: "ISO_15444_1",
    J2K_SYNTAXES[4]: "ISO_15444_15",
}
CAN_HOLD_REMARKS = (*JPEG_SYNTAXES, *JPEG_LS_SYNTAXES, *J2K_SYNTAXES)


@dataclass(frozen=True)
class Written:
    """What was written: the transfer syntax, the boxes blackened, and how the pixels came over.

    ``pixels_copied`` says that the frames' bytes are those of the original.
    """

    syntax: str
    boxes: tuple[Box, ...]
    pixels_copied: bool


class FileWriter:
    """Writes one source file under a clean header; ``boxes`` are blackened on every frame."""

    def __init__(self, source: SourceFile, header: CleanHeader, boxes: tuple[Box, ...]) -> None:
        self._source = source
        self._header = header
        self._layout = source.pixels.layout
        self._boxes = widened(boxes, self._layout)

    def write(self, target: BinaryIO, step: Callable[[int], None]) -> Written:
        """Write the file; ``step`` is told each frame's index before it is made.

        Raises ``InputRefused`` where a frame cannot be decoded, has changed, or names the patient
        in its compressed bytes, and for pixels that no longer fit one file.
        """
        with self._source.file.open() as stream:
            frames = _Frames(stream, self._source.pixels.frames, step)
            if not self._boxes:
                return self._copy(target, frames)
            if not self._layout.is_encapsulated:
                return self._edit_native(target, frames)
            if self._layout.syntax == RLE:
                return self._edit_rle(target, frames)
            return self._decode(target, frames)

    def _copy(self, target: BinaryIO, frames: "_Frames") -> Written:
        if self._layout.syntax in CAN_HOLD_REMARKS and not all(
            self._bare(content) is content for content in frames.unwatched()
        ):
            return self._copy_bare(target, frames)
        if self._layout.is_encapsulated:
            table = frames.table(self._source.header.offset)
            if not table:
                self._drop_offsets()
            self._write_header(target, self._layout.syntax)
            self._copy_fragments(target, frames, table)
        else:
            self._write_header(target, self._layout.syntax)
            self._begin_pixels(target, frames.size)
            for content in frames:
                target.write(content)
            target.write(b"\0" * (frames.size % 2))
        return Written(self._layout.syntax, (), pixels_copied=True)

    def _copy_fragments(self, target: BinaryIO, frames: "_Frames", table: bytes) -> None:
        self._begin_pixels(target, None)
        target.write(ITEM + len(table).to_bytes(4, "little") + table)
        for parts in frames.fragments():
            self._check_words(b"".join(parts))
            for part in parts:
                target.write(ITEM + len(part).to_bytes(4, "little") + part)
        target.write(SEQUENCE_END + bytes(4))

    def _copy_bare(self, target: BinaryIO, frames: "_Frames") -> Written:
        """Copy the compressed picture and leave out what lies beside it in the frames."""
        self._drop_offsets()
        self._write_header(target, self._layout.syntax)
        self._begin_pixels(target, None)
        target.write(ITEM + bytes(4))
        for content in frames:
            bare = self._bare(content)
            self._check_words(bare)
            target.write(itemize_fragment(bare))
        target.write(SEQUENCE_END + bytes(4))
        return Written(self._layout.syntax, (), pixels_copied=False)

    def _bare(self, content: bytes) -> bytes:
        return without_remarks(content, is_j2k=self._layout.syntax in J2K_SYNTAXES)

    def _check_words(self, content: bytes) -> None:
        if self._header.words.occur_in_bytes(content):
            raise _named_in_pixels()

    def _edit_native(self, target: BinaryIO, frames: "_Frames") -> Written:
        big = self._layout.syntax == EXPLICIT_BIG
        black = Black.of(self._layout, self._source.attributes, big_endian=big)
        self._write_header(target, self._layout.syntax)
        self._begin_pixels(target, frames.size)
        for content in frames:
            target.write(
                black_out_native(content, self._layout, self._boxes, black, big_endian=big)
            )
        target.write(b"\0" * (frames.size % 2))
        return Written(self._layout.syntax, self._boxes, pixels_copied=False)

    def _edit_rle(self, target: BinaryIO, frames: "_Frames") -> Written:
        black = Black.of(self._layout, self._source.attributes, big_endian=False)
        self._drop_offsets()
        self._write_header(target, RLE)
        self._begin_pixels(target, None)
        target.write(ITEM + bytes(4))
        for content in frames:
            decode_frame(content, self._layout)  # the checks of every reader, before ours
            stored = _stored_values(content, self._layout)
            black_out(stored, self._boxes, black)
            target.write(itemize_fragment(_as_rle(stored, self._layout)))
        target.write(SEQUENCE_END + bytes(4))
        return Written(RLE, self._boxes, pixels_copied=False)

    def _decode(self, target: BinaryIO, frames: "_Frames") -> Written:
        """Store a compressed picture uncompressed: compressing it again would change all of it."""
        layout = self._layout
        shown = replace(
            layout,
            syntax=EXPLICIT_LITTLE,
            photometric="RGB" if layout.samples == 3 else layout.photometric,
            planar=0,
        )
        size = shown.frame_bytes * len(frames.spans)
        if size > MAX_PIXEL_BYTES:
            raise too_large(
                msg("Uncompressed, which the mask demands, the picture needs more than 4 GB.")
            )
        black = Black.of(shown, self._source.attributes, big_endian=False)
        self._describe_decoded(shown, size)
        self._write_header(target, EXPLICIT_LITTLE)
        self._begin_pixels(target, size)
        for content in frames:
            stored = np.array(decode_frame(content, layout))
            black_out(stored, self._boxes, black)
            kind = "i" if layout.signed else "u"
            target.write(stored.astype(f"<{kind}{layout.bits_allocated // 8}").tobytes())
        target.write(b"\0" * (size % 2))
        return Written(EXPLICIT_LITTLE, self._boxes, pixels_copied=False)

    def _describe_decoded(self, shown: PixelLayout, size: int) -> None:
        header, syntax = self._header, self._layout.syntax
        self._drop_offsets()
        header.set("PhotometricInterpretation", shown.photometric)
        if shown.samples == 3:
            header.set("PlanarConfiguration", 0)
        if syntax in LOSSY_METHODS:
            stored = _bytes_of(self._source.pixels.frames)
            header.set("LossyImageCompression", "01")
            header.add("LossyImageCompressionRatio", f"{size / max(stored, 1):.4g}")
            header.add("LossyImageCompressionMethod", LOSSY_METHODS[syntax])

    def _drop_offsets(self) -> None:
        self._header.drop("ExtendedOffsetTable", "ExtendedOffsetTableLengths")

    def _write_header(self, target: BinaryIO, syntax: str) -> None:
        target.write(bytes(128) + b"DICM")
        target.write(_meta(self._header, syntax))
        target.write(encoded(self._header, syntax))

    def _begin_pixels(self, target: BinaryIO, size: int | None) -> None:
        """The pixel element's tag, VR and even length; None for an undefined one."""
        layout = self._layout
        order: Any = "big" if layout.syntax == EXPLICIT_BIG else "little"
        length = 0xFFFFFFFF if size is None else size + size % 2
        if size is not None and length > MAX_PIXEL_BYTES:
            raise too_large(msg("The picture needs more than 4 GB."))
        target.write((0x7FE0).to_bytes(2, order) + (0x0010).to_bytes(2, order))
        if layout.syntax != IMPLICIT_LITTLE:
            wide = layout.bits_allocated > 8 and size is not None
            vr = "OW" if wide else "OB"
            if not layout.is_encapsulated and self._source.header.vr in ("OB", "OW"):
                vr = self._source.header.vr
            target.write(vr.encode("ascii") + bytes(2))
        target.write(length.to_bytes(4, order))


class _Frames:
    """The frames' bytes, read one after the other."""

    def __init__(
        self, stream: BinaryIO, spans: tuple[FrameSpans, ...], step: Callable[[int], None]
    ) -> None:
        self._stream = stream
        self.spans = spans
        self.size = _bytes_of(spans)
        self._step = step

    def __iter__(self) -> Iterator[bytes]:
        return (b"".join(parts) for parts in self.fragments())

    def fragments(self) -> Iterator[list[bytes]]:
        for index, spans in enumerate(self.spans):
            self._step(index)
            yield self._read_all(spans)

    def unwatched(self) -> Iterator[bytes]:
        """The frames for a look ahead, of which nobody is told."""
        return (b"".join(self._read_all(spans)) for spans in self.spans)

    def _read_all(self, spans: FrameSpans) -> list[bytes]:
        return [self._read(span.offset, span.length) for span in spans]

    def table(self, offset: int) -> bytes:
        """The basic offset table, the item at ``offset``; empty where it names other frames.

        It holds only while the fragments lie as they did and all of them are frames' own.
        """
        length = int.from_bytes(self._read(offset + 4, 4), "little")
        flat = [span for spans in self.spans for span in spans]
        ends = [offset + 8 + length, *(span.offset + span.length for span in flat)]
        in_place = all(s.offset - 8 == end for s, end in zip(flat, ends, strict=False))
        if length != 4 * len(self.spans) or not in_place:
            return b""
        return self._read(offset + 8, length)

    def _read(self, offset: int, length: int) -> bytes:
        with os_errors_refused():
            self._stream.seek(offset)
            content = self._stream.read(length)
        if len(content) < length:
            raise truncated()
        return content


def encoded(header: CleanHeader, syntax: str) -> bytes:
    """The header's elements as the transfer syntax writes them, in order of tag."""
    out = DicomBytesIO()
    out.is_implicit_VR = syntax == IMPLICIT_LITTLE
    out.is_little_endian = syntax != EXPLICIT_BIG
    charset = header.character_set
    try:
        with quiet():
            for tag in sorted(header.elements):
                write_data_element(out, header.elements[tag], charset)
    except Exception as error:  # values that were read but cannot be written raise anything
        raise malformed(msg("The DICOM header of this file cannot be written anew.")) from error
    content: bytes = out.getvalue()
    return content


def _meta(header: CleanHeader, syntax: str) -> bytes:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = header.text("SOPClassUID")
    meta.MediaStorageSOPInstanceUID = header.text("SOPInstanceUID")
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    out = DicomBytesIO()
    with quiet():
        write_file_meta_info(out, meta)
    content: bytes = out.getvalue()
    return content


def _bytes_of(spans: tuple[FrameSpans, ...]) -> int:
    return sum(span.length for frame in spans for span in frame)


def _stored_values(content: bytes, layout: PixelLayout) -> NDArray[Any]:
    """An RLE frame's values as they are stored, no colour converted, (rows, columns[, 3])."""
    with quiet():
        stored, _ = get_decoder(UID(RLE)).as_array(
            encapsulate([content], has_bot=False),
            index=0,
            raw=True,
            decoding_plugin="pydicom",
            **_description(layout),
        )
    return np.array(stored)


def _as_rle(stored: NDArray[Any], layout: PixelLayout) -> bytes:
    with quiet():
        content: bytes = get_encoder(UID(RLE)).encode(
            stored, index=None, encoding_plugin="pydicom", **_description(layout)
        )
    return content


def _description(layout: PixelLayout) -> dict[str, Any]:
    described = {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": 1,
        "samples_per_pixel": layout.samples,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "photometric_interpretation": layout.photometric,
        "pixel_keyword": "PixelData",
    }
    if layout.samples == 3:
        described["planar_configuration"] = 0
    return described


def _named_in_pixels() -> InputRefused:
    return InputRefused(
        msg("The compressed picture carries words of the header, such as a name, inside it."),
        msg("Draw a mask on it, or export it uncompressed: then the picture is stored anew."),
        code="named-in-pixels",
    )
