"""One frame at a time, decoded when asked for, the last few kept."""

import io
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from her2desk.dicom import codestream
from her2desk.dicom.header import (
    J2K_SYNTAXES,
    JPEG_LS_SYNTAXES,
    JPEG_SYNTAXES,
    RLE,
    quiet,
)
from her2desk.dicom.layout import CONTRADICTION, PixelLayout, check_frame_size
from her2desk.dicom.limits import too_much_memory
from her2desk.dicom.pixel_data import ITEM, FrameSpans, PixelData
from her2desk.dicom.pixels import Frame, GreyScale, Palette
from her2desk.dicom.refusals import (
    file_changed,
    malformed,
    no_such_frame,
    not_a_file,
    os_errors_refused,
    too_large,
    truncated,
)
from her2desk.texts import msg

CACHE_BYTES = 384 * 2**20  # 170 colour frames of 1024 × 768
RLE_EXPANSION = 64  # two bytes can stand for 128
MAX_DECODED_BYTES = 2**30

# Colour decoders differ by small steps, and features are computed from what they give: each syntax
# has one decoder, never pydicom's choice of what happens to be installed.
PLUGINS = {
    **dict.fromkeys(JPEG_SYNTAXES, "pylibjpeg"),
    **dict.fromkeys(JPEG_LS_SYNTAXES, "pyjpegls"),
    **dict.fromkeys(J2K_SYNTAXES, "pylibjpeg"),
    RLE: "pydicom",
}


class FrameSource:
    """The frames of one image: ``frame(i)`` decodes, and the most recent stay in memory.

    ``decode`` makes the frame of an index; ``cache_bytes`` bounds what is kept, but for the newest
    frame. ``is_compressed`` says that decoding is work, which a codec may do without letting other
    threads run. May be used from several threads: one decodes at a time, and a frame that is kept
    is given at once meanwhile.
    """

    def __init__(
        self,
        decode: Callable[[int], Frame],
        frames: int,
        cache_bytes: int = CACHE_BYTES,
        *,
        is_compressed: bool = False,
    ) -> None:
        self.decode = decode
        self.cache_bytes = cache_bytes
        self.is_compressed = is_compressed
        self._frames = frames
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()  # of what is kept; never held while decoding
        self._decoding = threading.Lock()

    def __len__(self) -> int:
        return self._frames

    @property
    def kept_bytes(self) -> int:
        """How many bytes of pixels are in memory now."""
        return self._kept_bytes

    @property
    def capacity(self) -> int:
        """How many frames of the newest one's size are kept; 1 before there is one."""
        with self._lock:
            newest = next(reversed(self._kept.values()), None)
        return 1 if newest is None else max(1, self.cache_bytes // newest.nbytes)

    def frame(self, index: int) -> Frame:
        """Frame ``index`` (from 0), uint8, read-only: (rows, columns) or (rows, columns, 3) RGB.

        Raises ``InputRefused`` for an index outside the image and a frame that cannot be decoded.
        """
        if not 0 <= index < self._frames:
            raise no_such_frame(index, self._frames)
        kept = self.kept(index)
        if kept is not None:
            return kept
        with self._decoding:
            kept = self.kept(index)  # another thread may have decoded it meanwhile
            return kept if kept is not None else self.keep(index, self.decode(index))

    def kept(self, index: int) -> Frame | None:
        """Frame ``index`` if it is in memory; never decodes."""
        with self._lock:
            if index not in self._kept:
                return None
            self._kept.move_to_end(index)
            return self._kept[index]

    def keep(self, index: int, frame: Frame) -> Frame:
        """Keep frame ``index``, decoded elsewhere, read-only from now on; older ones give way."""
        frame.setflags(write=False)
        with self._lock:
            self._drop(index)
            self._kept[index] = frame
            self._kept_bytes += frame.nbytes
            while len(self._kept) > 1 and self._kept_bytes > self.cache_bytes:
                self._drop(next(iter(self._kept)))
        return frame

    def _drop(self, index: int) -> None:
        frame = self._kept.pop(index, None)
        self._kept_bytes -= 0 if frame is None else frame.nbytes


@dataclass(frozen=True)
class FileOnDisk:
    """A file as it was when opened; reading it after it changed is refused."""

    path: Path
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path, stream: BinaryIO) -> "FileOnDisk":
        """The file that ``stream`` is open on."""
        status = os.fstat(stream.fileno())
        return cls(path, status.st_size, status.st_mtime_ns)

    def open(self) -> io.BufferedReader:
        """The file again, at its start; raises ``InputRefused`` when it is another one by now."""
        with os_errors_refused():
            stream = open_regular(self.path)
            if FileOnDisk.of(self.path, stream) != self:
                stream.close()
                raise file_changed()
            return stream


def open_regular(path: Path) -> io.BufferedReader:
    """``path`` for reading; folders, pipes and devices, which may never answer, are refused."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise not_a_file()
    return path.open("rb")


class DicomDecoder:
    """Decodes single frames of one DICOM file, read afresh by their position in it.

    Can be sent to another process.
    """

    def __init__(self, file: FileOnDisk, data: PixelData, shown_by: GreyScale | Palette | None):
        self._file = file
        self._data = data
        self._shown_by = shown_by

    def __call__(self, index: int) -> Frame:
        """Frame ``index`` as uint8, grey or RGB; raises ``InputRefused``."""
        encoded = self._read(self._data.frames[index])
        stored = decode_frame(encoded, self._data.layout)
        if self._shown_by is not None:
            return self._shown_by.apply(stored)
        return np.ascontiguousarray(stored, dtype=np.uint8)

    def _read(self, spans: FrameSpans) -> bytes:
        with self._file.open() as stream, os_errors_refused():
            parts = []
            for span in spans:
                stream.seek(span.offset)
                parts.append(stream.read(span.length))
                if len(parts[-1]) < span.length:
                    raise truncated()
        return b"".join(parts)


def decode_frame(encoded: bytes, layout: PixelLayout) -> NDArray[np.integer[Any]]:
    """Stored values of one frame, RGB where it is a colour image; raises ``InputRefused``."""
    check_codestream(encoded, layout)
    source = _as_only_item(encoded) if layout.is_encapsulated else encoded
    options = {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": 1,
        "samples_per_pixel": layout.samples,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": layout.planar,
        "photometric_interpretation": layout.photometric,
        "pixel_keyword": "PixelData",
        "pixel_vr": layout.vr,
    }
    try:
        with quiet():
            stored, _ = get_decoder(UID(layout.syntax)).as_array(
                source, index=0, decoding_plugin=PLUGINS.get(layout.syntax, ""), **options
            )
    except MemoryError as error:
        raise too_much_memory() from error
    except Exception as error:  # each codec has errors of its own
        raise malformed(msg("The compressed picture in this file cannot be decoded.")) from error
    result: NDArray[np.integer[Any]] = stored
    return result


def _as_only_item(encoded: bytes) -> bytes:
    """Encapsulated pixel data of this one frame, byte for byte.

    Not ``pydicom.encaps``, which adds a zero to an odd length: to RLE that was cut it would add the
    last pixel.
    """
    return ITEM + bytes(4) + ITEM + len(encoded).to_bytes(4, "little") + encoded


def check_codestream(encoded: bytes, layout: PixelLayout) -> None:
    """Raise ``InputRefused`` for a frame that asks for other than the file's header, or has no end."""
    if layout.syntax == RLE:
        if len(encoded) * RLE_EXPANSION > MAX_DECODED_BYTES:
            raise too_large(msg("A compressed frame would unpack to more than 1 GB."))
        return
    if not layout.is_encapsulated:
        return
    is_j2k = layout.syntax in J2K_SYNTAXES
    header = codestream.j2k_header(encoded) if is_j2k else codestream.jpeg_header(encoded)
    check_frame_size(header.rows, header.columns, header.samples)
    if (header.rows, header.columns, header.samples) != (
        layout.rows,
        layout.columns,
        layout.samples,
    ):
        raise malformed(msg("The picture in the file has another size than the file says."))
    if header.bits > layout.bits_allocated:
        raise malformed(CONTRADICTION)
    if not codestream.is_complete(encoded):
        raise truncated()
