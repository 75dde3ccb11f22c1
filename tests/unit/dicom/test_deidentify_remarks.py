"""Comments, EXIF and whatever else a compressed frame carries do not come over; its pixels do."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.masks import MaskBook
from her2desk.dicom.deidentify.one_file import Choices
from her2desk.dicom.deidentify.profile import ALL_OPTIONS
from her2desk.dicom.deidentify.remarks import without_remarks
from her2desk.dicom.deidentify.run import deidentify
from her2desk.dicom.reader import open_image
from her2desk.domain.progress import SilentProgress
from her2desk.errors import InputRefused

from .dicom_builder import J2K_LOSSLESS, JPEG_BASELINE, jpeg, jpeg2000, picture, us_file

NAME = b"Kim Lee, 4711"  # short, and nowhere in the header


def segment(marker: bytes, content: bytes) -> bytes:
    return marker + (len(content) + 2).to_bytes(2, "big") + content


def jpeg_with(marker: bytes, content: bytes) -> bytes:
    plain = jpeg(picture()[0])
    return plain[:2] + segment(marker, content) + plain[2:]


def j2k_with_comment(where: str) -> bytes:
    plain = jpeg2000(picture()[0])
    tile = plain.index(b"\xff\x90")
    if where == "main":
        return plain[:tile] + segment(b"\xff\x64", b"\0\1" + NAME) + plain[tile:]
    comment = segment(b"\xff\x64", b"\0\1" + NAME)
    size = int.from_bytes(plain[tile + 6 : tile + 10], "big")
    length = (size + len(comment) if where == "tile" else 0).to_bytes(4, "big")
    start = plain[: tile + 6] + length + plain[tile + 10 : tile + 12]
    return start + comment + plain[tile + 12 :]


def exif() -> Image.Exif:
    tags = Image.Exif()
    tags[0x010E] = NAME.decode()  # ImageDescription
    return tags


def jp2() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture()[0]).save(buffer, "JPEG2000", irreversible=False)
    whole = buffer.getvalue()
    at = whole.index(b"jp2c") - 4
    return whole[:at] + (8 + len(NAME)).to_bytes(4, "big") + b"xml " + NAME + whole[at:]


CARRIERS = {
    "jpeg comment": (JPEG_BASELINE, lambda: jpeg_with(b"\xff\xfe", NAME)),
    "exif": (JPEG_BASELINE, lambda: jpeg(picture()[0], exif=exif())),
    "xmp": (
        JPEG_BASELINE,
        lambda: jpeg_with(b"\xff\xe1", b"http://ns.adobe.com/xap/1.0/\0" + NAME),
    ),
    "photoshop": (JPEG_BASELINE, lambda: jpeg_with(b"\xff\xed", NAME)),
    "after the end": (JPEG_BASELINE, lambda: jpeg(picture()[0]) + NAME[:12] + b"\xff\xd9"),
    "padded adobe": (JPEG_BASELINE, lambda: jpeg_with(b"\xff\xee", b"Adobe" + bytes(7) + NAME)),
    "j2k comment": (J2K_LOSSLESS, lambda: j2k_with_comment("main")),
    "j2k tile": (J2K_LOSSLESS, lambda: j2k_with_comment("tile")),
    "j2k open tile": (J2K_LOSSLESS, lambda: j2k_with_comment("open")),
    "jp2 box": (J2K_LOSSLESS, lambda: jp2()),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_lies_beside_the_picture_stays_behind(tmp_path: Path, carrier: str) -> None:
    syntax, make = CARRIERS[carrier]
    frames = [make(), make()]
    assert NAME[:12] in frames[0]
    path = us_file(tmp_path / "a.dcm", picture(frames=2), syntax=syntax, encoded=frames)
    before = path.read_bytes()
    out = tmp_path / "out"
    choices = Choices(ProjectKey(b"k" * 32), ALL_OPTIONS, MaskBook())
    (file,) = deidentify([path], out, choices, SilentProgress()).report.files
    assert file.output is not None, file.reason.text()
    copy = out / file.output
    assert NAME[:7] not in copy.read_bytes()
    assert path.read_bytes() == before
    original, opened = open_image(path), open_image(copy)
    assert opened.image.transfer_syntax == syntax
    for index in range(2):
        assert np.array_equal(original.frames.frame(index), opened.frames.frame(index))


@pytest.mark.parametrize(
    ("frame", "is_j2k"),
    [
        (jpeg(picture()[0]), False),
        (jpeg(picture()[0], restart_marker_blocks=1), False),
        (jpeg_with(b"\xff\xee", b"Adobe" + bytes(7)), False),
    ],
)
def test_a_bare_picture_is_left_as_it_is(frame: bytes, is_j2k: bool) -> None:
    assert without_remarks(frame + b"\0", is_j2k=is_j2k) == frame + b"\0"


@given(st.data())
def test_a_broken_picture_is_refused_or_cleaned(data: st.DataObject) -> None:
    is_j2k = data.draw(st.booleans())
    frame = bytearray(j2k_with_comment("tile") if is_j2k else jpeg_with(b"\xff\xfe", NAME))
    for place in data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=4)):
        frame[place] = data.draw(st.integers(0, 255))
    cut = bytes(frame[: data.draw(st.integers(0, len(frame)))])
    with contextlib.suppress(InputRefused):
        bare = without_remarks(cut, is_j2k=is_j2k)
        assert without_remarks(bare, is_j2k=is_j2k) == bare
