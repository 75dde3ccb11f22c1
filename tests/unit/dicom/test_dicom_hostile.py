"""Whatever the bytes, an image opens or is refused in a sentence; nothing else comes out."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from her2desk.dicom.reader import open_image
from her2desk.errors import InputRefused

from .dicom_builder import J2K_LOSSLESS, JPEG_BASELINE, jpeg, jpeg2000, picture, region, us_bytes

QUICK_STEP = 7  # every seventh of the 292: 42 files
CT, US = b"\x08\x00\x60\x00CS\x02\x00CT", b"\x08\x00\x60\x00CS\x02\x00US"


def survives(path: Path) -> None:
    """Open and decode; only a refusal with its words may come out."""
    try:
        opened = open_image(path)
        frame = opened.frames.frame(0)
    except InputRefused as error:
        refusal: InputRefused | None = error
    else:
        refusal = None
    if refusal is None:
        assert frame.dtype == np.uint8
        assert frame.shape[:2] == (opened.image.rows, opened.image.columns)
        return
    sentence = refusal.message.text()
    assert len(sentence) < 160
    assert sentence.isprintable()
    assert refusal.code
    assert refusal.remedy.text()


def survives_as_ultrasound_too(path: Path, copy: Path) -> None:
    """Most of the corpus is CT and would be refused for that alone."""
    survives(path)
    copy.write_bytes(path.read_bytes().replace(CT, US))
    survives(copy)


def corpus(test_data: Path) -> list[Path]:
    with (test_data / "fuzz" / "index.csv").open(newline="", encoding="utf-8") as stream:
        files = [test_data / "fuzz" / row["file"] for row in csv.DictReader(stream)]
    assert len(files) == 292
    return files


@pytest.mark.data
def test_a_part_of_the_odd_and_malformed_files(test_data: Path, tmp_path: Path) -> None:
    for path in corpus(test_data)[::QUICK_STEP]:
        survives_as_ultrasound_too(path, tmp_path / "copy.dcm")


@pytest.mark.data
@pytest.mark.slow
def test_all_of_the_odd_and_malformed_files(test_data: Path, tmp_path: Path) -> None:
    for path in corpus(test_data):
        survives_as_ultrasound_too(path, tmp_path / "copy.dcm")


def _seeds() -> list[bytes]:
    details = {"SequenceOfUltrasoundRegions": [region()], "PixelSpacing": ["0.1", "0.1"]}
    native = [
        us_bytes(syntax=syntax, **details)
        for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
    ]
    encoded = [jpeg(frame) for frame in picture(frames=2)]
    cine = us_bytes(picture(frames=2), syntax=JPEG_BASELINE, encoded=encoded, **details)
    still = us_bytes(syntax=J2K_LOSSLESS, encoded=[jpeg2000(picture()[0])], **details)
    return [*native, cine, still]


SEEDS = _seeds()
CHANGES = st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=4)), max_size=6)


@given(st.sampled_from(SEEDS), CHANGES, st.none() | st.integers(0, 4000))
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_changed_and_cut_files(
    tmp_path: Path, seed: bytes, changes: list[tuple[int, bytes]], cut: int | None
) -> None:
    content = bytearray(seed)
    for at, piece in changes:
        where = at % len(content)
        content[where : where + len(piece)] = piece
    path = tmp_path / "mutant.dcm"
    path.write_bytes(content if cut is None else content[: cut % len(content)])
    survives(path)


@given(st.binary(max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_behind_a_preamble(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "noise.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + rest)
    survives(path)


def test_a_sequence_nested_without_end(tmp_path: Path) -> None:
    content = us_bytes()
    at = content.index(b"\x28\x00\x02\x00US")
    opening = b"\x20\x00\x11\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path = tmp_path / "deep.dcm"
    path.write_bytes(content[:at] + opening * 5000 + content[at:])
    survives(path)


def test_a_length_of_four_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    content = us_bytes()
    at = content.index(b"\x28\x00\x02\x00US")
    endless = b"\x20\x00\x0d\x00UN\0\0\xfe\xff\xff\xff"
    path = tmp_path / "long.dcm"
    path.write_bytes(content[:at] + endless + content[at:])
    survives(path)
