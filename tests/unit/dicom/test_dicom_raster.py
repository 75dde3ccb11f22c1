"""PNG and JPEG pictures of every mode open as grey or RGB, uncalibrated."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.errors import InputRefused

from .dicom_builder import COLUMNS, ROWS, picture

GREY = picture()[0]
RGB = picture(samples=3)[0]
ALPHA = np.full((ROWS, COLUMNS), 255, np.uint8)
ALPHA[:, :8] = 0
ALPHA[:, 8] = 128


def opened(
    tmp_path: Path, image: Image.Image, name: str = "us.png", **options: object
) -> OpenedImage:
    path = tmp_path / name
    image.save(path, **options)
    return open_image(path)


def frame(tmp_path: Path, image: Image.Image) -> np.ndarray:
    return opened(tmp_path, image).frames.frame(0)


def over_black(values: np.ndarray) -> np.ndarray:
    alpha = ALPHA if values.ndim == 2 else ALPHA[..., None]
    return np.floor(values.astype(float) * alpha / 255 + 0.5 - 1e-9).astype(np.uint8)


def refused(path: Path) -> str:
    with pytest.raises(InputRefused) as caught:
        open_image(path).frames.frame(0)
    return caught.value.code


def test_it_is_uncalibrated_and_says_so(tmp_path: Path) -> None:
    image = opened(tmp_path, Image.fromarray(GREY)).image
    assert [w.code for w in image.warnings] == ["uncalibrated-raster"]
    assert image.sop_instance_uid is None
    assert (image.rows, image.columns, image.frames) == (ROWS, COLUMNS, 1)
    assert (image.photometric, image.transfer_syntax) == ("MONOCHROME2", "image/png")
    assert image.spacing_at(1, 1).mm is None


def test_grey_and_colour_are_as_stored(tmp_path: Path) -> None:
    assert np.array_equal(frame(tmp_path, Image.fromarray(GREY)), GREY)
    assert np.array_equal(frame(tmp_path, Image.fromarray(RGB)), RGB)


def test_what_is_transparent_is_laid_over_black(tmp_path: Path) -> None:
    grey = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(ALPHA)])
    assert np.array_equal(frame(tmp_path, grey), over_black(GREY))
    colour = Image.fromarray(np.dstack([RGB, ALPHA]))
    assert np.array_equal(frame(tmp_path, colour), over_black(RGB))


def test_a_transparent_colour_is_laid_over_black(tmp_path: Path) -> None:
    path = tmp_path / "us.png"
    Image.fromarray(GREY).save(path, transparency=int(GREY[0, 0]))
    assert open_image(path).frames.frame(0)[0, 0] == 0


def test_indexed_colours_are_looked_up(tmp_path: Path) -> None:
    indexed = Image.fromarray(GREY).convert("P")
    assert np.array_equal(frame(tmp_path, indexed)[..., 0], GREY)


def test_black_and_white(tmp_path: Path) -> None:
    bilevel = Image.fromarray(GREY > 127)
    assert np.array_equal(frame(tmp_path, bilevel), np.where(GREY > 127, 255, 0))


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    deep = picture(dtype=np.uint16)[0]
    shown = frame(tmp_path, Image.fromarray(deep))
    assert np.abs(shown - deep / 257).max() <= 0.5


def test_jpeg_opens_too(tmp_path: Path) -> None:
    file = opened(tmp_path, Image.fromarray(RGB), "us.jpg", quality=95)
    assert file.image.transfer_syntax == "image/jpeg"
    assert file.image.photometric == "RGB"
    assert file.frames.frame(0).shape == (ROWS, COLUMNS, 3)


def test_a_truncated_picture_is_refused_not_padded(tmp_path: Path) -> None:
    for name in ("us.png", "us.jpg"):
        path = tmp_path / name
        Image.fromarray(RGB).save(path)
        path.write_bytes(path.read_bytes()[:-60])
        assert refused(path) == "truncated-frame"


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">L", len(content)) + checked + struct.pack(">L", zlib.crc32(checked))


def png(width: int, height: int, rest: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + rest


@pytest.mark.parametrize("side", [10_000, 12_000, 60_000])
def test_a_decompression_bomb_is_refused(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(side, side, chunk(b"IDAT", zlib.compress(b"\0" * 1000))))
    assert refused(path) == "too-large"


def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("her2desk.dicom.raster.MAX_FILE_BYTES", 50)
    path = tmp_path / "us.png"
    Image.fromarray(GREY).save(path)
    assert refused(path) == "too-large"


def test_a_damaged_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "us.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 200)
    assert refused(path) == "malformed"


def test_a_text_bomb_behind_the_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "us.png"
    Image.fromarray(GREY).save(path)
    content = path.read_bytes()
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 80_000_000))
    path.write_bytes(content[:-12] + bomb + content[-12:])
    assert refused(path) == "malformed"


def test_a_picture_that_pillow_cannot_unpack_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "us.png"
    Image.fromarray(GREY).save(path)
    broken = bytearray(path.read_bytes())
    at = broken.index(b"IDAT") + 6
    broken[at : at + 8] = b"\xff" * 8
    path.write_bytes(broken)
    assert refused(path) in ("truncated-frame", "malformed")
