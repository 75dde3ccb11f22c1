"""A compressed frame's own header is read as a decoder would, and any bytes are survived."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.dicom.codestream import (
    FrameHeader,
    is_complete,
    j2k_header,
    jpeg_header,
    starts_frame,
)
from her2desk.errors import InputRefused

from .dicom_builder import COLUMNS, ROWS, jpeg, jpeg2000, picture

GREY_JPEG = jpeg(picture()[0])
COLOUR_J2K = jpeg2000(picture(samples=3)[0])


def test_size_and_depth_are_read() -> None:
    assert jpeg_header(GREY_JPEG) == FrameHeader(ROWS, COLUMNS, 1, 8)
    assert j2k_header(COLOUR_J2K) == FrameHeader(ROWS, COLUMNS, 3, 8)
    assert j2k_header(b"\0\0\0\x0cjP  \r\n\x87\n" + COLOUR_J2K) == FrameHeader(ROWS, COLUMNS, 3, 8)


def test_fill_bytes_and_markers_alone_are_passed_over() -> None:
    padded = GREY_JPEG[:2] + b"\xff\xff\xff\x01" + GREY_JPEG[2:]
    assert jpeg_header(padded).rows == ROWS


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", "malformed"),
        (b"\xff\xd8\x00\x00\x00\x00", "malformed"),
        (b"\xff\xd8", "truncated-frame"),
        (b"\xff\xd8\xff\xe0\x00\x10", "truncated-frame"),
        (b"\xff\xd8\xff\xc0\x00\x11", "truncated-frame"),
        (b"\xff\xd8" + b"\xff" * 20_000, "malformed"),
    ],
)
def test_headers_that_are_none_are_refused(frame: bytes, code: str) -> None:
    with pytest.raises(InputRefused) as caught:
        jpeg_header(frame)
    assert caught.value.code == code


def test_progressive_jpeg_is_not_dicom() -> None:
    with pytest.raises(InputRefused) as caught:
        jpeg_header(jpeg(picture()[0], progressive=True))
    assert caught.value.code == "malformed"


@pytest.mark.parametrize(("frame", "code"), [(b"x" * 60, "malformed"), (COLOUR_J2K[:20], None)])
def test_jpeg_2000_headers_that_are_none_are_refused(frame: bytes, code: str | None) -> None:
    with pytest.raises(InputRefused) as caught:
        j2k_header(frame)
    assert caught.value.code == (code or "truncated-frame")


def test_the_end_is_seen_through_padding() -> None:
    assert is_complete(GREY_JPEG)
    assert is_complete(GREY_JPEG + b"\0" * 40)
    assert is_complete(COLOUR_J2K)
    assert not is_complete(GREY_JPEG[:-20])


def test_beginnings_are_told_from_continuations() -> None:
    assert starts_frame(GREY_JPEG[:8])
    assert starts_frame(COLOUR_J2K[:8])
    assert not starts_frame(GREY_JPEG[100:108])


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\xff\x4f\xff\x51"]))
def test_any_bytes_are_read_or_refused(tail: bytes, start: bytes) -> None:
    for read in (jpeg_header, j2k_header):
        with contextlib.suppress(InputRefused):
            assert read(start + tail).samples >= 0


def test_the_pictures_here_are_not_flat() -> None:
    assert np.std(picture()) > 50
