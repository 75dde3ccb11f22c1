"""Decoding in a process of its own: the same pixels, refusals that arrive, and deaths survived."""

import multiprocessing
import operator
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from her2desk.dicom import decoding
from her2desk.dicom.decoding import DecodingProcess, ProcessDied
from her2desk.dicom.reader import open_image
from her2desk.errors import InputRefused
from her2desk.paths import demo_case_dir

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="no such limit elsewhere")


@pytest.fixture(scope="module")
def shared() -> Iterator[DecodingProcess]:
    process = DecodingProcess()
    process.start()
    assert process.wait_until_ready()
    yield process
    process.stop()


@pytest.fixture
def process() -> Iterator[DecodingProcess]:
    """One that the test may end."""
    process = DecodingProcess()
    process.start()
    assert process.wait_until_ready()
    yield process
    process.stop()


def test_pixels_are_those_that_are_decoded_here(shared: DecodingProcess) -> None:
    frames = open_image(demo_case_dir() / "demo.dcm").frames
    for index in (0, 23, 7):
        decoded = shared.decode(frames.decode, index)
        np.testing.assert_array_equal(decoded, frames.frame(index), strict=True)
        assert not decoded.flags.writeable


def test_one_image_after_another(shared: DecodingProcess, tmp_path: Path) -> None:
    demo = demo_case_dir() / "demo.dcm"
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(demo.read_bytes())
    first, second = open_image(demo).frames, open_image(copy).frames
    copy.unlink()
    shared.decode(first.decode, 0)
    with pytest.raises(InputRefused) as refused:
        shared.decode(second.decode, 0)
    assert refused.value.code == "unreadable-file"
    shared.decode(first.decode, 1)


def out_of_memory(_index: int) -> None:
    raise MemoryError


def test_the_childs_loop_answers_each_message_and_ends_with_the_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Run here, with the window's side in a thread."""
    monkeypatch.setattr(decoding.signal, "signal", lambda *_arguments: None)
    monkeypatch.setattr(decoding, "limit_memory", lambda: None)
    ours, theirs = multiprocessing.Pipe()
    frames = open_image(demo_case_dir() / "demo.dcm").frames
    copy = tmp_path / "gone.dcm"
    copy.write_bytes((demo_case_dir() / "demo.dcm").read_bytes())
    gone = open_image(copy).frames
    copy.unlink()
    heard: list[object] = []

    def window() -> None:
        heard.append(ours.recv())
        ours.send(("open", frames.decode))
        ours.send(("frame", 2))
        heard.append(ours.recv())
        heard.append(ours.recv_bytes())
        for decode in (gone.decode, operator.truediv, out_of_memory):
            ours.send(("open", decode))
            ours.send(("frame", 0))
            heard.append(ours.recv()[1].code)
        ours.close()

    other = threading.Thread(target=window)
    other.start()
    decoding.serve(theirs)
    other.join()
    expected = frames.frame(2)
    assert heard == [
        ("ready",),
        ("frame", expected.shape),
        expected.tobytes(),
        "unreadable-file",
        "malformed",
        "too-large",
    ]


def test_an_error_that_nobody_thought_of_is_a_sentence(shared: DecodingProcess) -> None:
    with pytest.raises(InputRefused, match="cannot be decoded"):
        shared.decode(operator.truediv, 0)


@needs_linux
def test_a_frame_that_would_fill_the_memory_is_refused_and_the_process_lives(
    shared: DecodingProcess,
) -> None:
    with pytest.raises(InputRefused) as refused:
        shared.decode(np.zeros, 3 * 2**30 // 8)  # numbers of eight bytes
    assert refused.value.code == "too-large"
    assert shared.is_ready()
    frames = open_image(demo_case_dir() / "demo.dcm").frames
    assert shared.decode(frames.decode, 0).shape == frames.frame(0).shape


def test_a_process_is_renewed_after_many_damaged_frames(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder leaks over each."""
    monkeypatch.setattr(decoding, "MOST_REFUSALS", 3)
    for refusals in (1, 2, 3):
        assert process.pid is not None
        with pytest.raises(InputRefused):
            process.decode(operator.truediv, refusals)
    assert process.pid is None
    process.start()
    assert process.wait_until_ready()
    frames = open_image(demo_case_dir() / "demo.dcm").frames
    process.decode(frames.decode, 0)


def test_a_codec_that_ends_the_process_ends_no_more_than_that(process: DecodingProcess) -> None:
    with pytest.raises(ProcessDied):
        process.decode(os._exit, 3)
    assert not process.is_ready()
    assert process.pid is None
    with pytest.raises(ProcessDied):  # nobody there
        process.decode(os._exit, 3)
    process.start()
    assert process.wait_until_ready()


def test_a_codec_that_never_ends_is_ended(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "LONGEST_S", 0.05)
    with pytest.raises(ProcessDied):
        process.decode(time.sleep, 3600)
    assert process.pid is None


def test_a_wait_is_interrupted_from_another_thread(process: DecodingProcess) -> None:
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(ProcessDied):
            process.decode(time.sleep, 3600)
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    process.interrupt()
    waiting.join(30)
    assert ended.is_set()


def test_starting_twice_is_starting_once(process: DecodingProcess) -> None:
    pid = process.pid
    process.start()
    assert process.pid == pid
    assert process.wait_until_ready()


def test_a_process_that_dies_before_it_listens_is_forgotten() -> None:
    process = DecodingProcess()
    assert not process.is_ready()
    process.start()
    process.interrupt()
    assert not process.wait_until_ready()
    assert process.pid is None
    process.interrupt()
    process.stop()


def test_a_frame_of_another_size_than_announced_counts_as_a_death(
    process: DecodingProcess,
) -> None:
    with pytest.raises(ProcessDied):
        process.decode(np.zeros, 7)  # seven numbers of eight bytes
    assert process.pid is None
