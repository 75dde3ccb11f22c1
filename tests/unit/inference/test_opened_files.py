"""Images opened lately: the same file is read once, any other anew."""

import gc
import os
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest

from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.errors import InputRefused
from her2desk.inference.opened_files import FILES_KEPT, FRAMES_BYTES, SETTLED_NS, OpenedFiles
from her2desk.paths import demo_case_dir

LONG_AGO = 1_000_000_000
DEMO = demo_case_dir() / "demo.dcm"


class Reads:
    """Opens images and counts them."""

    def __init__(self) -> None:
        self.paths: list[Path] = []

    def __call__(self, path: Path) -> OpenedImage:
        self.paths.append(path)
        return open_image(path)


@pytest.fixture
def reads() -> Reads:
    return Reads()


def copied(path: Path, modified_ns: int = LONG_AGO) -> Path:
    shutil.copy(DEMO, path)
    os.utime(path, ns=(modified_ns, modified_ns))
    return path


def test_an_image_is_read_once_with_its_frames(tmp_path, reads):
    files = OpenedFiles(reads)
    path = copied(tmp_path / "a.dcm")
    first = files.open(path)
    frame = first.frames.frame(0)
    assert files.open(path) is first
    assert files.open(path).frames.kept(0) is frame
    assert first.frames.cache_bytes == FRAMES_BYTES
    assert reads.paths == [path]


def other_content(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(bytes(data))  # as long as before


def written_with_its_time_set_back(path: Path) -> None:
    other_content(path)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def replaced(path: Path) -> None:
    other = copied(path.with_name("other.dcm"))
    other_content(other)
    os.utime(other, ns=(LONG_AGO, LONG_AGO))
    other.replace(path)


@pytest.mark.parametrize("change", [other_content, written_with_its_time_set_back, replaced])
def test_a_file_that_changed_is_read_again(tmp_path, reads, change):
    files = OpenedFiles(reads)
    path = copied(tmp_path / "a.dcm")
    before = files.open(path)
    change(path)
    after = files.open(path)
    assert after.image.sha256 != before.image.sha256
    assert len(reads.paths) == 2


def test_a_file_just_written_is_not_trusted_to_stay_as_it_is(tmp_path, reads):
    """Within one tick of the disk's clock it may be written again, and look the same."""
    path = copied(tmp_path / "a.dcm")
    now = [LONG_AGO + SETTLED_NS - 1]
    files = OpenedFiles(reads, lambda: now[0])
    files.open(path)
    files.open(path)
    assert len(reads.paths) == 2
    now[0] += 1
    files.open(path)
    files.open(path)
    assert len(reads.paths) == 3


def test_only_the_last_files_are_kept(tmp_path, reads):
    files = OpenedFiles(reads)
    paths = [copied(tmp_path / f"{n}.dcm") for n in range(FILES_KEPT + 1)]
    for path in paths:
        files.open(path)
    files.open(paths[-1])
    files.open(paths[-2])
    assert len(reads.paths) == len(paths)
    files.open(paths[0])
    assert len(reads.paths) == len(paths) + 1


def test_nothing_of_an_image_is_left_when_it_is_forgotten(tmp_path, reads):
    files = OpenedFiles(reads)
    path = copied(tmp_path / "a.dcm")
    opened = files.open(path)
    gone = [weakref.ref(opened), weakref.ref(opened.frames.frame(0))]
    del opened
    gc.collect()
    assert all(one() is not None for one in gone)
    files.forget()
    gc.collect()
    assert all(one() is None for one in gone)


def test_a_file_that_is_gone_is_refused_and_not_remembered(tmp_path, reads):
    files = OpenedFiles(reads)
    path = copied(tmp_path / "a.dcm")
    gone = weakref.ref(files.open(path))
    path.unlink()
    with pytest.raises(InputRefused) as refused:
        files.open(path)
    assert refused.value.code == "unreadable-file"
    del refused  # with the frames of its traceback
    gc.collect()
    assert gone() is None


def test_a_picture_that_cannot_be_read_is_asked_for_again(tmp_path, reads):
    files = OpenedFiles(reads)
    path = tmp_path / "a.dcm"
    path.write_bytes(b"no picture")
    for _ in range(2):
        with pytest.raises(InputRefused):
            files.open(path)
    copied(path)
    assert np.array_equal(files.open(path).frames.frame(0), open_image(DEMO).frames.frame(0))
