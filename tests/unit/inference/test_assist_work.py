"""Outlines for files: what is kept for the next question, and when it is read again."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from her2desk.dicom.reader import open_image
from her2desk.domain.progress import SilentProgress
from her2desk.domain.proposal import Prompt
from her2desk.domain.roi import roi_from_json
from her2desk.errors import EngineFailed, InputRefused
from her2desk.inference.assist import work as rooms
from her2desk.inference.assist.affine import Affine, correlation, fitted
from her2desk.inference.assist.work import OutlineWork
from her2desk.inference.opened_files import OpenedFiles
from her2desk.paths import contour_network_path, demo_case_dir

ROI = roi_from_json((demo_case_dir() / "roi.json").read_text())
PROMPT = Prompt(ROI.frame_index, (ROI.centroid,))


@pytest.fixture
def image(tmp_path) -> Path:
    path = Path(shutil.copy(demo_case_dir() / "demo.dcm", tmp_path / "demo.dcm"))
    os.utime(path, (1, 1))  # written long ago
    return path


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Notes each reading of an image or of the network."""
    noted: list[str] = []
    real = rooms.read_contour_network
    monkeypatch.setattr(
        rooms, "read_contour_network", lambda path: noted.append("network") or real(path)
    )
    return noted


@pytest.fixture
def files(reads) -> OpenedFiles:
    return OpenedFiles(lambda path: reads.append("image") or open_image(path))


def test_image_and_network_are_read_once_for_several_questions(image, files, reads):
    work = OutlineWork(contour_network_path(), files)
    first = work.assist(image, PROMPT, SilentProgress())
    assert work.assist(image, PROMPT, SilentProgress()) == first
    moved = work.track(image, first.roi, ROI.frame_index + 1, SilentProgress())
    assert moved.roi.assisted_by == first.roi.assisted_by
    assert reads == ["image", "network"]


def test_a_changed_file_is_read_again(image, files, reads):
    work = OutlineWork(contour_network_path(), files)
    work.track(image, ROI, ROI.frame_index, SilentProgress())
    image.write_bytes(image.read_bytes() + b"\0\0")
    work.track(image, ROI, ROI.frame_index, SilentProgress())
    assert reads == ["image", "image"]


def test_what_cannot_be_read_is_a_sentence(image, tmp_path):
    work = OutlineWork(tmp_path / "none.safetensors", OpenedFiles())
    with pytest.raises(EngineFailed):
        work.assist(image, PROMPT, SilentProgress())
    with pytest.raises(InputRefused) as refused:
        work.assist(tmp_path / "gone.dcm", PROMPT, SilentProgress())
    assert refused.value.code == "unreadable-file"
    with pytest.raises(InputRefused, match="does not fit"):  # before a frame is decoded
        work.assist(image, Prompt(999, PROMPT.corners), SilentProgress())


# The affine fit where there is nothing to fit


def test_a_map_that_leaves_the_patch_or_explodes_is_not_taken():
    patch = np.random.default_rng(0).normal(0, 1, (40, 40)).astype(np.float32)
    weights = np.ones_like(patch)
    away = Affine(np.eye(2), np.array([200.0, 0.0]))
    assert correlation(patch, patch, weights, away) == 0
    assert np.array_equal(fitted(patch, patch, weights, away).shift, away.shift)
    assert not Affine(np.eye(2), np.array([np.nan, 0.0])).is_plausible
    assert not Affine(np.eye(2) * 2, np.zeros(2)).is_plausible
    assert correlation(patch, patch, weights, Affine(np.eye(2), np.zeros(2))) == pytest.approx(1)
