"""Files and folders made to hang, to fill the memory or to be read wrongly."""

import gzip
import os
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.dataset import Dataset

from her2desk.dicom import header
from her2desk.dicom.deidentify.source import open_source
from her2desk.dicom.dicomdir import listed_files
from her2desk.dicom.mask import outline_from_mask
from her2desk.dicom.nifti_file import nifti_bytes
from her2desk.dicom.outline import outlines_from_file
from her2desk.dicom.reader import open_image
from her2desk.dicom.scan import candidate_files
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .dicom_builder import COLUMNS, ROWS, us_file
from .seg_builder import seg_file, sources

IMAGE = UltrasoundImage("0" * 64, "1.2.3.4", ROWS, COLUMNS, 1, "MONOCHROME2", "1.2")
ROI = Roi(0, ((5.0, 4.0), (20.0, 4.0), (20.0, 15.0), (5.0, 15.0)))
MASK = rasterise(ROI.polygon, ROWS, COLUMNS)
ITEM = b"\xfe\xff\x00\xe0\0\0\0\0"


def refusal(action: object, *values: object) -> str:
    with pytest.raises(InputRefused) as caught:
        action(*values)  # type: ignore[operator]
    assert caught.value.message.text()
    return caught.value.code


def nifti() -> bytes:
    return nifti_bytes([MASK], [ROI], IMAGE, packed=False)


def nifti_with(place: int, form: str, value: float, tmp_path: Path) -> Path:
    content = bytearray(nifti())
    struct.pack_into(form, content, place, value)
    path = tmp_path / "mask.nii"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_a_text_named_transparency_is_no_transparency(tmp_path: Path, mode: str) -> None:
    path, text = tmp_path / "mask.png", PngInfo()
    text.add_text("transparency", "hello")
    Image.fromarray(MASK.astype(np.uint8) * 255).convert(mode).save(path, pnginfo=text)
    assert outline_from_mask(path, 0).roi.area_px == pytest.approx(ROI.area_px, rel=0.05)
    assert open_image(path).frames.frame(0).shape[:2] == (ROWS, COLUMNS)


@pytest.mark.parametrize("offset", [0.0, 348.0, 351.0, 360.0])
def test_a_mask_whose_pixels_begin_amid_its_header_is_refused(
    tmp_path: Path, offset: float
) -> None:
    path = nifti_with(108, "<f", offset, tmp_path)
    assert refusal(outlines_from_file, path, IMAGE) == "malformed"


def test_a_mask_whose_header_marks_every_pixel_is_refused(tmp_path: Path) -> None:
    path = nifti_with(116, "<f", 1.0, tmp_path)
    assert refusal(outlines_from_file, path, IMAGE) == "mask-values"


def test_gzip_parts_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(gzip.compress(b"", mtime=0) * 100_002 + gzip.compress(nifti()))
    assert refusal(outlines_from_file, path, IMAGE) == "malformed"


def test_a_gzip_name_of_megabytes_is_passed_over(tmp_path: Path) -> None:
    path, content = tmp_path / "mask.nii.gz", nifti()
    body = zlib.compressobj(wbits=-15)
    packed = body.compress(content) + body.flush()
    start = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"n" * 2**22 + b"\0"
    end = struct.pack("<2I", zlib.crc32(content), len(content))
    path.write_bytes(start + packed + end)
    (outline,) = outlines_from_file(path, IMAGE)
    assert outline.roi == ROI


def test_a_mask_packed_in_several_parts_is_read(tmp_path: Path) -> None:
    path, content = tmp_path / "mask.nii.gz", nifti()
    path.write_bytes(gzip.compress(content[:400]) + gzip.compress(content[400:]) + bytes(20))
    (outline,) = outlines_from_file(path, IMAGE)
    assert outline.roi == ROI


@pytest.mark.parametrize("frame", [4, 2**31 - 1, -1])
def test_a_segmentation_of_frames_that_are_not_there_is_refused(tmp_path: Path, frame: int) -> None:
    def change(ds: Dataset) -> None:
        for source in sources(ds):
            source.ReferencedFrameNumber = [1, frame]

    path = seg_file(tmp_path / "seg.dcm", MASK, change=change)
    assert refusal(outlines_from_file, path, replace(IMAGE, frames=3)) == "no-such-frame"


def sequence(items: int, *, undefined: bool) -> bytes:
    content = ITEM * items
    tag = struct.pack("<HH", 0x5200, 0x9230) + b"SQ\0\0"  # PerFrameFunctionalGroupsSequence
    if undefined:
        return tag + b"\xff\xff\xff\xff" + content + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return tag + struct.pack("<I", len(content)) + content


@pytest.mark.parametrize("undefined", [True, False])
def test_a_header_of_nothing_but_items_is_not_taken_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undefined: bool
) -> None:
    monkeypatch.setattr(header, "MAX_READS", 2_000)
    monkeypatch.setattr(header, "MAX_ITEMS", 1_000)
    path = us_file(tmp_path / "a.dcm")
    plain = path.read_bytes()
    at = plain.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(plain[:at] + sequence(5_000, undefined=undefined) + plain[at:])
    if undefined:
        assert refusal(open_image, path) == "too-large"
        assert refusal(open_source, path) == "too-large"
    else:
        assert (
            header.Attributes(_sequence_of(path)).items("PerFrameFunctionalGroupsSequence") is None
        )


def _sequence_of(path: Path) -> Dataset:
    with path.open("rb") as stream:
        return header.read_header(stream, path.stat().st_size).attributes._dataset


def test_a_directory_of_nothing_but_items_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header, "MAX_READS", 2_000)
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", 20) + b"1.2.840.10008.1.2.1\0"
    records = struct.pack("<HH2sHI", 4, 0x1220, b"SQ", 0, 0xFFFFFFFF) + ITEM * 5_000
    path = tmp_path / "DICOMDIR"
    path.write_bytes(bytes(128) + b"DICM" + meta + records)
    assert refusal(listed_files, path) == "too-large"


def test_a_thousand_folders_in_one_another_are_walked(tmp_path: Path) -> None:
    start, deep = Path.cwd(), tmp_path / "deep"
    deep.mkdir()
    try:
        os.chdir(deep)
        for _ in range(1_200):
            Path("d").mkdir()
            os.chdir("d")
        Path("a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    finally:
        os.chdir(start)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert [c.status for c in candidate_files([deep], temporary)] == ["found"]
    os.chdir(deep)  # no cleaner-up of folders goes so deep
    try:
        for _ in range(1_200):
            os.chdir("d")
        Path("a.png").unlink()
        for _ in range(1_200):
            os.chdir("..")
            Path("d").rmdir()
    finally:
        os.chdir(start)


def test_a_name_too_long_for_the_system_is_refused(tmp_path: Path) -> None:
    (candidate,) = candidate_files([tmp_path / ("a" * 300)], tmp_path)
    assert (candidate.status, candidate.code) == ("refused", "unreadable-file")
