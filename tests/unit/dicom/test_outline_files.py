"""An outline's file is read by what it holds, and its frame must be the frame that was asked for."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from her2desk.dicom.outline import outline_from_file
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused

IMAGE = UltrasoundImage("0" * 64, "1.2.3.4", 40, 50, 4, "MONOCHROME2", "1.2")
ROI = Roi(2, ((5.0, 5.0), (30.5, 6.0), (20.0, 31.25)))


def roi_file(folder: Path, name: str = "roi.json", before: bytes = b"") -> Path:
    path = folder / name
    path.write_bytes(before + json.dumps(ROI.to_json()).encode())
    return path


def refused(path: Path, frame: int | None = 0, image: UltrasoundImage = IMAGE) -> str:
    with pytest.raises(InputRefused) as caught:
        outline_from_file(path, frame, image)
    assert caught.value.remedy.text()
    return caught.value.code


@pytest.mark.parametrize("name", ["roi.json", "roi", "roi.png"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" \n"])
def test_an_roi_file_is_read_whatever_its_name(tmp_path, name, before):
    for frame in (2, None):
        found = outline_from_file(roi_file(tmp_path, name, before), frame, IMAGE)
        assert (found.roi, found.warnings) == (ROI, ())


def test_an_roi_on_another_frame_contradicts(tmp_path):
    assert refused(roi_file(tmp_path), 1) == "frame-contradicts-roi"


def test_a_png_mask_is_of_the_frame_that_was_asked_for(tmp_path):
    mask = np.zeros((40, 50), np.uint8)
    mask[10:20, 10:30] = 255
    path = tmp_path / "named.json"
    Image.fromarray(mask).save(path, "PNG")
    assert outline_from_file(path, 3, IMAGE).roi.frame_index == 3
    assert outline_from_file(path, None, IMAGE).roi.frame_index == 0
    assert refused(path, 0, replace(IMAGE, rows=41)) == "mask-size"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("roi.json", b"[]", "roi-malformed"),
        ("roi.json", b"{", "roi-malformed"),
        ("roi.json", b"", "roi-malformed"),
        ("roi.json", b"\xff\xfe", "unreadable-file"),
        ("roi.json", b"{" + b" " * 4 * 2**20, "too-large"),
        ("mask.png", b"lesion", "roi-format"),
        ("roi.txt", b"", "roi-format"),
        ("mask.nii", b"no NIfTI", "malformed"),
        ("roi.zip", b"PK\x03\x04", "roi-format"),
    ],
)
def test_what_holds_no_outline_is_refused(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name) == code


def test_a_file_that_is_not_there_or_no_file_is_refused_by_name(tmp_path):
    with pytest.raises(InputRefused, match=r"gone\.json") as caught:
        outline_from_file(tmp_path / "gone.json", 0, IMAGE)
    assert caught.value.code == "unreadable-file"
    assert refused(tmp_path) == "unreadable-file"


def test_a_file_that_goes_away_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = roi_file(tmp_path)
    monkeypatch.setattr(
        "her2desk.dicom.outline.kind_of", lambda start: path.unlink(missing_ok=True)
    )
    assert refused(path) == "unreadable-file"


def test_an_edge_too_ragged_for_an_outline_is_refused(tmp_path):
    comb = np.zeros((200, 400), np.uint8)
    comb[:, ::2] = 255  # 200 teeth of 1 px
    comb[-1] = 255
    comb[1:-1:2] = 255
    comb[:, 1::2][2:-2:4] = 0
    path = tmp_path / "mask.png"
    Image.fromarray(comb).save(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("her2desk.dicom.mask.MAX_POINTS", 7)
        assert refused(path, 0, replace(IMAGE, rows=200, columns=400)) == "mask-ragged"
