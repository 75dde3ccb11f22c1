"""PNG and JPEG pictures: no header, no calibration, no patient."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from her2desk.dicom.frames import FileOnDisk, open_regular
from her2desk.dicom.header import quiet
from her2desk.dicom.kinds import SNIFFED_BYTES, FileKind, kind_of
from her2desk.dicom.layout import check_frame_size
from her2desk.dicom.pixels import Frame
from her2desk.dicom.refusals import malformed, not_an_image, os_errors_refused, too_large, truncated
from her2desk.domain.image import ImageWarning, UltrasoundImage
from her2desk.texts import msg

MAX_FILE_BYTES = 512 * 2**20
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
SIXTEEN_BIT_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")
SIXTEEN_TO_EIGHT = 257  # 65535 = 255 × 257


class RasterDecoder:
    """Decodes the one picture of a PNG or JPEG file."""

    def __init__(self, file: FileOnDisk) -> None:
        self._file = file

    def __call__(self, index: int) -> Frame:
        """The picture as uint8, grey or RGB; raises ``InputRefused``."""
        return to_8bit(load(self.read()))

    def read(self) -> bytes:
        """The file's bytes."""
        if self._file.size > MAX_FILE_BYTES:
            raise too_large(msg("The picture's file is larger than any ultrasound image's."))
        with self._file.open() as stream, os_errors_refused():
            return stream.read()


def describe_raster(content: bytes, sha256: str) -> UltrasoundImage:
    """The image of a PNG or JPEG file: uncalibrated, and a warning that says so."""
    picture = load(content, pixels=False)
    is_grey = picture.mode in ("1", "L", "LA", *SIXTEEN_BIT_MODES)
    return UltrasoundImage(
        sha256=sha256,
        sop_instance_uid=None,
        rows=picture.height,
        columns=picture.width,
        frames=1,
        photometric="MONOCHROME2" if is_grey else "RGB",
        transfer_syntax=MEDIA_TYPES[str(picture.format)],
        warnings=(
            ImageWarning(
                "uncalibrated-raster",
                msg("A PNG or JPEG picture does not say how large a pixel is."),
            ),
        ),
    )


def load(content: bytes, *, pixels: bool = True) -> Image.Image:
    """A PNG or JPEG picture, its size checked before it is unpacked; raises ``InputRefused``."""
    try:
        with quiet():
            picture = Image.open(io.BytesIO(content), formats=tuple(MEDIA_TYPES))
    except Image.DecompressionBombError as error:
        raise too_large(msg("The picture is larger than any ultrasound image.")) from error
    except Exception as error:
        raise malformed(msg("The picture's file is damaged.")) from error
    check_frame_size(picture.height, picture.width, len(picture.getbands()))
    if not pixels:
        return picture
    try:
        with quiet():
            picture.load()
            if isinstance(picture.info.get("transparency"), str):  # a text of that name is none
                del picture.info["transparency"]
    except OSError as error:  # Pillow's way to say that data ran out or are broken
        raise truncated() from error
    except Exception as error:
        raise malformed(msg("The picture's file is damaged.")) from error
    return picture


def to_8bit(picture: Image.Image) -> Frame:
    """A loaded picture as uint8: grey or RGB, what is transparent laid over black."""
    if picture.mode in SIXTEEN_BIT_MODES:
        values = np.asarray(picture).astype(np.float64)
        return np.rint(np.clip(values / SIXTEEN_TO_EIGHT, 0, 255)).astype(np.uint8)
    is_transparent = picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info
    is_grey = picture.mode in ("1", "L", "LA")
    if not is_transparent:
        return np.array(picture.convert("L" if is_grey else "RGB"))
    layers = np.asarray(picture.convert("LA" if is_grey else "RGBA")).astype(np.uint32)
    shown = (layers[..., :-1] * layers[..., -1:] + 127) // 255
    return shown.astype(np.uint8)[..., 0] if is_grey else shown.astype(np.uint8)


def read_picture(path: Path) -> Image.Image:
    """A PNG or JPEG file's picture in its own mode; raises ``InputRefused``."""
    with os_errors_refused(), open_regular(path) as stream:
        file = FileOnDisk.of(path, stream)
        if kind_of(stream.read(SNIFFED_BYTES)) is not FileKind.RASTER:
            raise not_an_image()
    return load(RasterDecoder(file).read())
