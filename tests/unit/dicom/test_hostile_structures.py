"""Files whose structure or lengths lie: read as they are, or refused in a sentence, and never wrongly."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from her2desk.dicom.deidentify.source import open_source
from her2desk.dicom.header import RLE
from her2desk.dicom.outline import outlines_from_file
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import InputRefused

from .dicom_builder import COLUMNS, ROWS
from .strategies import (
    EXPLICIT_LITTLE,
    LOSSLESS,
    CompressedFile,
    Element,
    NativeFile,
    Picture,
    Structure,
    compressed_files,
    native_files,
    rle,
    structures,
)

IMAGE = UltrasoundImage("0" * 64, "1.2.3.4", ROWS, COLUMNS, 1, "MONOCHROME2", "1.2")
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LONG = settings(QUICK, max_examples=2000)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "hostile.dcm"
    path.write_bytes(content)
    return path


def opened(path: Path) -> OpenedImage | None:
    """The image, or None for a refusal in a sentence; nothing else comes out."""
    try:
        return open_image(path)
    except InputRefused as refusal:
        assert_sentence(refusal)
        return None


def frames_of(image: OpenedImage) -> list[np.ndarray | None]:
    """The first frames as far as they decode."""
    found: list[np.ndarray | None] = []
    for index in range(min(len(image.frames), 4)):
        try:
            found.append(image.frames.frame(index))
        except InputRefused as refusal:
            assert_sentence(refusal)
            found.append(None)
    return found


def assert_sentence(refusal: InputRefused) -> None:
    sentence = refusal.message.text()
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 160
    assert refusal.code not in ("", "unreadable-file")  # the disk is never to blame
    assert refusal.remedy.text()


def check_structure(path: Path) -> None:
    image = opened(path)
    if image is not None:
        for frame in frames_of(image):
            assert frame is None or frame.shape[:2] == (image.image.rows, image.image.columns)
    for reader in (open_source, lambda p: outlines_from_file(p, IMAGE)):
        try:
            reader(path)
        except InputRefused as refusal:
            assert_sentence(refusal)


def check_native(path: Path, file: NativeFile) -> None:
    image = opened(path)
    if image is None:
        assert not file.is_sound
        return
    p = file.picture
    assert (image.image.rows, image.image.columns) == (p.rows, p.columns)
    assert image.image.frames == (p.frames if p.frames is not None and p.frames > 0 else 1)
    assert len(image.frames) * p.rows * p.columns <= len(file.pixels)
    shown = frames_of(image)
    for index, frame in enumerate(shown):
        assert frame is not None or not file.is_sound
        if frame is None:
            continue
        assert frame.shape == ((p.rows, p.columns) if frame.ndim == 2 else (p.rows, p.columns, 3))
        if file.is_sound:
            start = index * p.frame_bytes
            stored = np.frombuffer(file.pixels[start : start + p.frame_bytes], np.uint8)
            np.testing.assert_array_equal(frame.ravel(), stored)


def check_compressed(path: Path, file: CompressedFile) -> None:
    image = opened(path)
    if image is None:
        assert not file.is_sound
        return
    p = file.picture
    assert (image.image.rows, image.image.columns) == (p.rows, p.columns)
    for frame in frames_of(image):
        assert frame is not None or not file.is_sound
        if frame is None:
            continue
        assert frame.shape[:2] == (p.rows, p.columns)
        is_plain = p.bits_stored == 8 and not p.is_signed and p.samples == 1
        if is_plain and file.syntax in LOSSLESS and p.rows == file.frames[0].shape[0]:
            assert any(np.array_equal(frame, true) for true in file.frames)


OVERLONG = Element((0x0010, 0x0010), b"PN", b"Doe^Jane", lie=2**31)
DEEP = Element((0x0018, 0x6011), b"SQ", items=((),), is_undefined=True)
for _ in range(60):
    DEEP = Element((0x0018, 0x6011), b"SQ", items=((DEEP,),), is_undefined=True)


@QUICK
@given(structures())
@example(Structure(EXPLICIT_LITTLE, (OVERLONG,), 3))
@example(Structure(EXPLICIT_LITTLE, (DEEP, DEEP), 3))
@example(Structure(EXPLICIT_LITTLE, (), 0, is_deflated=True))
def test_any_structure_is_read_or_refused(tmp_path: Path, structure: Structure) -> None:
    check_structure(written(tmp_path, structure.content()))


@QUICK
@given(native_files())
@example(NativeFile(EXPLICIT_LITTLE, Picture(), bytes(24), 24))
@example(NativeFile(EXPLICIT_LITTLE, Picture(frames=2), bytes(24), 24))
def test_uncompressed_pixels_agree_with_what_is_said_of_them(
    tmp_path: Path, file: NativeFile
) -> None:
    check_native(written(tmp_path, file.content()), file)


@QUICK
@given(compressed_files())
def test_compressed_pixels_agree_with_what_is_said_of_them(
    tmp_path: Path, file: CompressedFile
) -> None:
    check_compressed(written(tmp_path, file.content()), file)


def test_a_sequence_without_its_end_is_the_file_s_fault_and_not_the_disk_s(tmp_path: Path) -> None:
    """pydicom raises an OSError, as a disk would."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    open_ended = Element((0x0018, 0x6011), b"SQ", item, is_undefined=True)
    with pytest.raises(InputRefused) as refused:
        open_image(written(tmp_path, Structure(EXPLICIT_LITTLE, (open_ended,), 12).content()))
    assert refused.value.code == "malformed"


def test_rle_that_lacks_its_last_byte_gets_no_pixel_in_its_place(tmp_path: Path) -> None:
    frame = np.arange(256, dtype=np.uint8).reshape(16, 16)
    whole = CompressedFile(RLE, Picture(16, 16), (frame,), (rle(frame),), 1, b"", 0, has_end=False)
    shown = open_image(written(tmp_path, whole.content())).frames.frame(0)
    np.testing.assert_array_equal(shown, frame)
    cut = open_image(written(tmp_path, replace(whole, item_lie=-1).content()))
    with pytest.raises(InputRefused) as refused:
        cut.frames.frame(0)
    assert refused.value.code == "malformed"


def test_what_pydicom_warns_of_is_no_loss_and_reaches_nobody(tmp_path: Path) -> None:
    long = Element((0x0008, 0x0070), b"LO", b"A" * 120)
    path = written(tmp_path, Structure(EXPLICIT_LITTLE, (long,), 2).content())
    with warnings.catch_warnings(record=True) as escaped:
        warnings.simplefilter("always")
        image = open_image(path).image
    assert image.manufacturer == "A" * 120
    assert escaped == []


@pytest.mark.slow
@LONG
@given(structures())
def test_thousands_of_structures(tmp_path: Path, structure: Structure) -> None:
    check_structure(written(tmp_path, structure.content()))


@pytest.mark.slow
@LONG
@given(native_files())
def test_thousands_of_uncompressed_pictures(tmp_path: Path, file: NativeFile) -> None:
    check_native(written(tmp_path, file.content()), file)


@pytest.mark.slow
@LONG
@given(compressed_files())
def test_thousands_of_compressed_pictures(tmp_path: Path, file: CompressedFile) -> None:
    check_compressed(written(tmp_path, file.content()), file)
