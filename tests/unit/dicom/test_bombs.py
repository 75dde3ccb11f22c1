"""Small files that unpack to something huge: refused, or read with a bounded need of time and memory.

Measured in a child process (``benchmarks.hostile_files``), whose readers see every file: a decoder may not
be asked to stop, and memory once taken is not given back.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from benchmarks.hostile_files import measure
from her2desk.dicom.dicomdir import MAX_RECORDS, listed_files
from her2desk.dicom.header import JPEG_SYNTAXES, RLE
from her2desk.dicom.nifti_file import nifti_bytes
from her2desk.dicom.reader import open_image
from her2desk.dicom.scan import CandidateStatus, candidate_files
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .dicom_builder import J2K_LOSSLESS, jpeg, jpeg2000, picture, us_bytes
from .strategies import Picture, Writing, dicom_file, meta

LARGEST = 65_535
IMAGE = UltrasoundImage("0" * 64, "1.2.3.4", 128, 128, 1, "MONOCHROME2", "1.2")
ROI = Roi(0, ((20.0, 20.0), (90.0, 25.0), (80.0, 70.0), (40.0, 60.0)))
PIXELS = struct.pack("<HH", 0x7FE0, 0x0010) + b"OB\0\0" + b"\xff" * 4
ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0" + bytes(4)


def item(content: bytes) -> bytes:
    return ITEM + struct.pack("<I", len(content)) + content


def encapsulated(syntax: str, said: Picture, *fragments: bytes) -> bytes:
    return dicom_file(
        syntax, said.elements("<"), PIXELS + item(b"") + b"".join(map(item, fragments)) + END
    )


def with_size(frame: bytes, place: int, form: str, *size: int) -> bytes:
    """A codestream that states another size."""
    changed = bytearray(frame)
    struct.pack_into(form, changed, place, *size)
    return bytes(changed)


def j2k_giant() -> bytes:
    frame = jpeg2000(picture()[0])
    at = frame.index(b"\xff\x51") + 6  # Xsiz, Ysiz
    giant = with_size(frame, at, ">II", LARGEST, LARGEST)
    return encapsulated(J2K_LOSSLESS, Picture(LARGEST, LARGEST), giant)


def j2k_of_one_tile_too_many() -> bytes:
    """As large as is read, in tiles of one pixel: sixty-four million of them."""
    frame = jpeg2000(picture()[0])
    at = frame.index(b"\xff\x51") + 6
    frame = with_size(frame, at, ">II", 8192, 8192)
    return encapsulated(J2K_LOSSLESS, Picture(8192, 8192), with_size(frame, at + 16, ">II", 1, 1))


def j2k_inner_lie() -> bytes:
    """Small by the DICOM header, giant by the codestream's."""
    frame = jpeg2000(picture()[0])
    at = frame.index(b"\xff\x51") + 6
    return encapsulated(J2K_LOSSLESS, Picture(24, 32), with_size(frame, at, ">II", 60_000, 60_000))


def jpeg_giant(rows: int, columns: int) -> bytes:
    frame = jpeg(picture()[0])
    at = frame.index(b"\xff\xc0") + 5
    said = with_size(frame, at, ">HH", rows, columns)
    return encapsulated(JPEG_SYNTAXES[0], Picture(rows, columns), said)


def rle_of_runs() -> bytes:
    """Two bytes a hundred and twenty-eight pixels, up to the largest picture that is read."""
    runs = b"\x81\x07" * (8192 * 8192 // 128)
    return encapsulated(RLE, Picture(8192, 8192), struct.pack("<16I", 1, 64, *[0] * 14) + runs)


def rle_beyond_its_picture() -> bytes:
    runs = b"\x81\x07" * (20 * 2**20)
    return encapsulated(RLE, Picture(16, 16), struct.pack("<16I", 1, 64, *[0] * 14) + runs)


def deflated() -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    body = packer.compress(Writing(ExplicitVRLittleEndian).elements(Picture().elements("<")))
    body += packer.compress(bytes(400 * 2**20)) + packer.flush()
    return bytes(128) + b"DICM" + meta(DeflatedExplicitVRLittleEndian) + body


def frames_that_are_not_there() -> bytes:
    return us_bytes(NumberOfFrames="99999")


def empty_fragments() -> bytes:
    frame = jpeg(picture()[0])
    said = Picture(24, 32, frames=99_999)
    return encapsulated(JPEG_SYNTAXES[0], said, frame, *[b""] * 400_000)


def fragments_of_two_bytes() -> bytes:
    return encapsulated(JPEG_SYNTAXES[0], Picture(24, 32, frames=2), *[b"\xff\xd8"] * 200_000)


def png(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")
    return buffer.getvalue()


def png_claiming(side: int) -> bytes:
    """A small picture under a header that states another size."""
    whole = png(16)
    header = b"IHDR" + struct.pack(">II", side, side) + whole[24:29]
    return whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]


def png_with_a_text(size: int) -> bytes:
    whole = png(16)
    text = b"Comment\0\0" + zlib.compress(bytes(size), 9)
    chunk = b"zTXt" + text
    return (
        whole[:33]
        + struct.pack(">I", len(text))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + whole[33:]
    )


def nifti(lengths: tuple[int, ...], trailing: int = 0) -> bytes:
    content = bytearray(nifti_bytes([rasterise(ROI.polygon, 128, 128)], [ROI], IMAGE, packed=False))
    struct.pack_into("<8h", content, 40, len(lengths), *lengths, *[1] * (7 - len(lengths)))
    return gzip.compress(bytes(content) + bytes(trailing), 9)


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_of_zips() -> bytes:
    content = zipped(*((f"{n}.dcm", us_bytes()[:132] + bytes(4 * 2**20)) for n in range(8)))
    for _ in range(4):
        content = zipped(*((f"{n}.zip", content) for n in range(8)))
    return content


def zip_of_one_file_named_often() -> bytes:
    """Every entry of the index points at the same bytes (Fifield 2019): each would unpack anew."""
    one = zipped(("a.dcm", us_bytes()[:132] + bytes(64 * 2**20)))
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry, count = one[start:end], 2000
    index = entry * count
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(index), start, 0)
    return one[:start] + index + tail


def directory_of_records(count: int) -> bytes:
    record = b"\x04\x00\x30\x14CS\x06\x00IMAGE " + b"\x04\x00\x00\x15CS\x04\x00A\\B "
    records = (ITEM + struct.pack("<I", len(record)) + record) * count
    sequence = b"\x04\x00\x20\x12SQ\0\0" + struct.pack("<I", len(records)) + records
    return bytes(128) + b"DICM" + meta(ExplicitVRLittleEndian) + sequence


BOMBS: dict[str, Callable[[], bytes]] = {
    "deflated.dcm": deflated,
    "j2k-giant.dcm": j2k_giant,
    "j2k-tiles.dcm": j2k_of_one_tile_too_many,
    "j2k-inner.dcm": j2k_inner_lie,
    "jpeg-giant.dcm": lambda: jpeg_giant(LARGEST, LARGEST),
    "jpeg-largest.dcm": lambda: jpeg_giant(8192, 8192),
    "jpeg-strip.dcm": lambda: jpeg_giant(1, LARGEST),
    "rle-runs.dcm": rle_of_runs,
    "rle-beyond.dcm": rle_beyond_its_picture,
    "frames.dcm": frames_that_are_not_there,
    "empty-fragments.dcm": empty_fragments,
    "small-fragments.dcm": fragments_of_two_bytes,
    "largest.png": lambda: png(8192),
    "giant.png": lambda: png_claiming(30_000),
    "text.png": lambda: png_with_a_text(900 * 2**20),
    "giant.nii.gz": lambda: nifti((32_000, 32_000, 100)),
    "trailing.nii.gz": lambda: nifti((128, 128, 1), 600 * 2**20),
    "zips.zip": zip_of_zips,
    "overlapping.zip": zip_of_one_file_named_often,
    "DICOMDIR": lambda: directory_of_records(250_000),
}


@pytest.mark.slow
def test_no_bomb_crashes_hangs_or_fills_the_memory(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) / name for number, name in enumerate(BOMBS)]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(BOMBS[path.name]())
    found = measure(paths)
    assert found.harmful == []
    assert found.outcomes["refused"] > len(BOMBS)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("j2k-giant.dcm", "too-large"),
        ("j2k-inner.dcm", "too-large"),
        ("jpeg-giant.dcm", "too-large"),
        ("frames.dcm", "truncated-frame"),
        ("giant.png", "too-large"),
    ],
)
def test_what_a_bomb_claims_is_refused_before_it_is_unpacked(
    tmp_path: Path, name: str, code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    with pytest.raises(InputRefused) as refused:
        open_image(path).frames.frame(0)
    assert refused.value.code == code


def test_a_directory_of_endless_records_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "DICOMDIR"
    path.write_bytes(directory_of_records(MAX_RECORDS + 1))
    with pytest.raises(InputRefused) as refused:
        listed_files(path)
    assert refused.value.code == "too-large"


def test_archives_in_archives_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "outer.zip"
    path.write_bytes(zipped(("inner.zip", zipped(("a.dcm", us_bytes()))), ("b.dcm", us_bytes())))
    found = candidate_files([path], tmp_path, lambda _seen: None)
    assert {(Path(c.name).name, c.status, c.code) for c in found} == {
        ("inner.zip", CandidateStatus.SKIPPED, "nested-archive"),
        ("b.dcm", CandidateStatus.FOUND, ""),
    }


def test_one_file_named_often_spends_the_archive_s_whole_allowance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("her2desk.dicom.unzip.ALWAYS_ALLOWED_BYTES", 2**20)
    path = tmp_path / "overlapping.zip"
    content = zipped(("a.dcm", us_bytes()[:132] + np.zeros(2**20, np.uint8).tobytes()))
    path.write_bytes(content)
    (only,) = candidate_files([path], tmp_path, lambda _seen: None)
    assert (only.status, only.code) == (CandidateStatus.REFUSED, "too-large")
