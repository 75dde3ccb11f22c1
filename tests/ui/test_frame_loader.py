"""Frames on demand: the latest request wins, what comes next is read ahead, and nothing is left over."""

import multiprocessing
import os
import re
import threading
import time
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from her2desk.dicom.frames import FrameSource
from her2desk.dicom.pixels import Frame
from her2desk.dicom.reader import open_image
from her2desk.errors import InputRefused
from her2desk.paths import demo_case_dir
from her2desk.ui.frame_loader import AHEAD, FrameLoader, read_ahead

WAIT_MS = 30_000
DEMO = demo_case_dir() / "demo.dcm"


@pytest.fixture
def loader(qtbot: QtBot) -> Iterator[FrameLoader]:
    loader = FrameLoader()
    yield loader
    loader.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "frames"]
    assert not started_by_loader()


def started_by_loader() -> list[multiprocessing.process.BaseProcess]:
    """Decoding processes that still run; those of other tests' builds are none of these."""
    return [p for p in multiprocessing.active_children() if p.name == "her2desk-frames"]


def numbered(index: int) -> Frame:
    return np.full((4, 5), index, np.uint8)


def shown(qtbot: QtBot, loader: FrameLoader, index: int) -> Frame:
    """The frame, as it arrives."""
    with qtbot.waitSignal(loader.decoded, timeout=WAIT_MS) as decoded:
        loader.request(index)
    assert decoded.args[0] == index
    pixels: Frame = decoded.args[1]
    return pixels


def refusal(qtbot: QtBot, loader: FrameLoader, index: int) -> str:
    """The words for a frame that does not arrive."""
    with qtbot.waitSignal(loader.failed, timeout=WAIT_MS) as failed:
        loader.request(index)
    assert failed.args[0] == index
    return str(failed.args[1])


class Gated:
    """A decoder that waits before each frame until the test lets it through."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.begun: list[int] = []
        self.refused: set[int] = set()
        self.is_open = False

    def __call__(self, index: int) -> Frame:
        self.begun.append(index)
        if not self.is_open:
            self.gate.acquire()
        if index in self.refused:
            raise InputRefused("This frame is damaged.", "Choose another.")
        return numbered(index)

    def open(self) -> None:
        self.is_open = True
        self.gate.release(1000)


@pytest.fixture
def gated() -> Iterator[Gated]:
    decode = Gated()
    yield decode
    decode.open()


def test_a_frame_arrives_with_its_number_and_its_image(qtbot: QtBot, loader: FrameLoader) -> None:
    loader.open(FrameSource(numbered, 5), "abc")
    with qtbot.waitSignal(loader.decoded, timeout=WAIT_MS) as decoded:
        loader.request(3)
    index, pixels, sha256 = decoded.args
    assert (index, sha256) == (3, "abc")
    assert (pixels == 3).all()


def test_of_an_image_that_is_left_nothing_is_held(qtbot: QtBot, loader: FrameLoader) -> None:
    source = FrameSource(numbered, 5)
    left = weakref.ref(source)
    loader.open(source, "abc")
    shown(qtbot, loader, 3)
    loader.leave()
    del source
    qtbot.waitUntil(lambda: left() is None, timeout=WAIT_MS)
    with qtbot.assertNotEmitted(loader.decoded, wait=50):
        loader.request(0)


def test_a_frame_never_arrives_while_it_is_being_asked_for(
    qtbot: QtBot, loader: FrameLoader
) -> None:
    loader.open(FrameSource(numbered, 5), "abc")
    shown(qtbot, loader, 3)
    with qtbot.assertNotEmitted(loader.decoded):
        loader.request(3)
    with qtbot.waitSignal(loader.decoded, timeout=WAIT_MS):
        pass


def test_what_was_passed_over_while_scrubbing_is_never_decoded(
    qtbot: QtBot, loader: FrameLoader, gated: Gated
) -> None:
    arrived: list[int] = []
    loader.decoded.connect(lambda index, _pixels, _sha256: arrived.append(index))
    loader.open(FrameSource(gated, 200, cache_bytes=1), "abc")
    loader.request(10)
    qtbot.waitUntil(lambda: gated.begun == [10])
    for index in range(30, 180, 20):
        loader.request(index)
    with qtbot.waitSignal(loader.decoded, timeout=WAIT_MS):
        gated.open()
    assert gated.begun == [10, 170]
    assert arrived == [170]


def test_frames_ahead_are_read_before_they_are_asked_for(qtbot: QtBot, loader: FrameLoader) -> None:
    source = FrameSource(numbered, 40)
    loader.open(source, "abc")
    shown(qtbot, loader, 10)
    qtbot.waitUntil(lambda: all(source.kept(i) is not None for i in range(9, 11 + AHEAD)))
    shown(qtbot, loader, 13)  # in strides of three
    last = 13 + 3 * AHEAD
    qtbot.waitUntil(lambda: source.kept(last) is not None)
    assert source.kept(last - 1) is None


def test_a_request_goes_before_what_is_read_ahead(
    qtbot: QtBot, loader: FrameLoader, gated: Gated
) -> None:
    loader.open(FrameSource(gated, 100), "abc")
    gated.gate.release()
    shown(qtbot, loader, 10)
    qtbot.waitUntil(lambda: gated.begun == [10, 11])
    loader.request(50)
    with qtbot.waitSignal(loader.decoded, timeout=WAIT_MS):
        gated.open()
    assert gated.begun[:3] == [10, 11, 50]


def test_no_more_is_read_ahead_than_is_kept(qtbot: QtBot, loader: FrameLoader) -> None:
    asked: list[int] = []

    def decode(index: int) -> Frame:
        asked.append(index)
        return numbered(index)

    loader.open(FrameSource(decode, 100, cache_bytes=3 * 20), "abc")
    shown(qtbot, loader, 10)
    qtbot.waitUntil(lambda: len(asked) == 3)
    shown(qtbot, loader, 11)
    qtbot.waitUntil(lambda: asked == [10, 11, 12, 13])


def test_frames_of_an_image_that_was_left_do_not_arrive(
    qtbot: QtBot, loader: FrameLoader, gated: Gated
) -> None:
    arrived: list[str] = []
    loader.decoded.connect(lambda _index, _pixels, sha256: arrived.append(sha256))
    loader.open(FrameSource(gated, 5), "left")
    loader.request(1)
    qtbot.waitUntil(lambda: gated.begun == [1])
    loader.open(FrameSource(numbered, 5), "present")
    gated.open()
    shown(qtbot, loader, 2)
    assert arrived == ["present"]


def test_without_an_image_nothing_is_asked(qtbot: QtBot, loader: FrameLoader) -> None:
    with qtbot.assertNotEmitted(loader.failed, wait=0):
        loader.request(0)
    loader.open(FrameSource(numbered, 5), "abc")
    loader.close()
    loader.request(0)
    assert loader.process_id is None
    loader.open(FrameSource(numbered, 5), "abc")
    assert (shown(qtbot, loader, 4) == 4).all()


def test_a_frame_that_the_image_does_not_have(qtbot: QtBot, loader: FrameLoader) -> None:
    loader.open(FrameSource(numbered, 5), "abc")
    assert refusal(qtbot, loader, 5).startswith("There is no frame 6")


def test_a_damaged_frame_says_so_and_the_others_go_on(
    qtbot: QtBot, loader: FrameLoader, gated: Gated
) -> None:
    gated.refused = {2}
    gated.open()
    loader.open(FrameSource(gated, 5), "abc")
    shown(qtbot, loader, 1)
    assert refusal(qtbot, loader, 2) == "This frame is damaged. Choose another."
    shown(qtbot, loader, 3)


def test_a_fault_of_ours_is_a_sentence_too(
    qtbot: QtBot, loader: FrameLoader, caplog: pytest.LogCaptureFixture
) -> None:
    def decode(index: int) -> Frame:
        raise MemoryError("no room")

    loader.open(FrameSource(decode, 5), "abc")
    words = refusal(qtbot, loader, 2)
    assert "MemoryError" not in words
    (reference,) = re.findall(r"reference (\w{6})", words)
    assert f"fault {reference}" in caplog.text


class TestCompressed:
    """Compressed cines are decoded by a process of their own as soon as it listens."""

    def listening(self, qtbot: QtBot, loader: FrameLoader) -> None:
        worker = loader._worker
        assert worker is not None
        qtbot.waitUntil(lambda: loader.process_id is not None, timeout=WAIT_MS)
        qtbot.waitUntil(worker.process.is_ready, timeout=WAIT_MS)

    def test_the_first_frame_does_not_wait_for_the_process(
        self, qtbot: QtBot, loader: FrameLoader
    ) -> None:
        frames = open_image(DEMO).frames
        loader.open(frames, "demo")
        np.testing.assert_array_equal(shown(qtbot, loader, 0), open_image(DEMO).frames.frame(0))
        self.listening(qtbot, loader)
        np.testing.assert_array_equal(shown(qtbot, loader, 9), open_image(DEMO).frames.frame(9))

    def test_it_is_started_ahead_when_asked(self, qtbot: QtBot, loader: FrameLoader) -> None:
        loader.warm()
        self.listening(qtbot, loader)
        pid = loader.process_id
        loader.open(open_image(DEMO).frames, "demo")
        shown(qtbot, loader, 3)
        assert loader.process_id == pid

    def test_stills_and_plain_pixels_start_none(self, qtbot: QtBot, loader: FrameLoader) -> None:
        for source in (FrameSource(numbered, 1, is_compressed=True), FrameSource(numbered, 3)):
            loader.open(source, "abc")
            shown(qtbot, loader, 0)
        assert loader.process_id is None

    def test_a_frame_that_ends_the_process_is_said_and_the_others_go_on(
        self, qtbot: QtBot, loader: FrameLoader
    ) -> None:
        source = FrameSource(os._exit, 50, cache_bytes=1, is_compressed=True)
        source.keep(0, numbered(0))
        loader.open(source, "abc")
        shown(qtbot, loader, 0)
        self.listening(qtbot, loader)
        first = loader.process_id
        for index in (7, 7, 8):  # known by now; and another
            assert "cannot be decoded" in refusal(qtbot, loader, index)
        demo = open_image(DEMO).frames
        loader.open(demo, "demo")
        shown(qtbot, loader, 3)
        assert loader.process_id != first

    def test_a_process_that_ended_by_itself_is_replaced(
        self, qtbot: QtBot, loader: FrameLoader
    ) -> None:
        loader.open(open_image(DEMO).frames, "demo")
        shown(qtbot, loader, 0)
        self.listening(qtbot, loader)
        first, worker = loader.process_id, loader._worker
        assert worker is not None
        worker.process.interrupt()
        shown(qtbot, loader, 12)
        shown(qtbot, loader, 20)
        qtbot.waitUntil(lambda: loader.process_id not in (None, first), timeout=WAIT_MS)

    def test_closing_does_not_wait_for_a_codec(self, qtbot: QtBot, loader: FrameLoader) -> None:
        source = FrameSource(time.sleep, 4000, is_compressed=True)  # type: ignore[arg-type]
        source.keep(0, numbered(0))
        loader.open(source, "abc")
        shown(qtbot, loader, 0)
        self.listening(qtbot, loader)
        loader.request(3600)
        loader.close()

    def test_where_no_process_can_be_started_frames_are_decoded_here(
        self, qtbot: QtBot, loader: FrameLoader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def none(_process: object) -> None:
            raise OSError("no more processes")

        monkeypatch.setattr("her2desk.dicom.decoding.DecodingProcess.start", none)
        loader.open(open_image(DEMO).frames, "demo")
        for index in (0, 5):
            shown(qtbot, loader, index)

    def test_a_file_cut_while_scrubbing_says_so_and_what_was_read_stays(
        self, qtbot: QtBot, loader: FrameLoader, tmp_path: Path
    ) -> None:
        path = tmp_path / "cine.dcm"
        path.write_bytes(DEMO.read_bytes())
        source = open_image(path).frames
        loader.open(source, "demo")
        shown(qtbot, loader, 0)
        path.write_bytes(DEMO.read_bytes()[:-50_000])
        assert "has changed since it was opened" in refusal(qtbot, loader, 20)
        shown(qtbot, loader, 0)

    def test_a_file_that_vanishes_while_scrubbing_says_so_and_what_was_read_stays(
        self, qtbot: QtBot, loader: FrameLoader, tmp_path: Path
    ) -> None:
        path = tmp_path / "cine.dcm"
        path.write_bytes(DEMO.read_bytes())
        loader.open(open_image(path).frames, "demo")
        shown(qtbot, loader, 0)
        self.listening(qtbot, loader)
        path.unlink()
        assert "cannot be read" in refusal(qtbot, loader, 20)
        shown(qtbot, loader, 0)


class TestReadAhead:
    def test_onward_at_first_and_one_back(self) -> None:
        assert read_ahead(None, 5, 50) == [6, 7, 8, 9, 10, 11, 12, 13, 4]

    def test_backwards_when_going_back(self) -> None:
        assert read_ahead(6, 5, 50)[:3] == [4, 3, 2]

    def test_in_the_strides_of_the_hand(self) -> None:
        assert read_ahead(10, 13, 50)[:3] == [16, 19, 22]

    def test_a_jump_is_no_stride(self) -> None:
        assert read_ahead(1, 40, 50)[:3] == [41, 42, 43]
        assert read_ahead(40, 20, 50)[:3] == [19, 18, 17]

    def test_around_the_end_as_a_film_starts_over(self) -> None:
        assert read_ahead(48, 49, 50)[:3] == [0, 1, 2]
        assert read_ahead(49, 0, 50)[:3] == [1, 2, 3]
        assert read_ahead(0, 49, 50)[:3] == [48, 47, 46]

    @pytest.mark.parametrize("frames", [1, 2, 3])
    def test_each_frame_once_where_there_are_few(self, frames: int) -> None:
        assert sorted(read_ahead(0, 0, frames)) == list(range(1, frames))


class Scrubbing(RuleBasedStateMachine):
    """A hand that goes anywhere, a decoder that takes as long as it likes, images that change."""

    frames = 12

    def __init__(self) -> None:
        super().__init__()
        self.loader = FrameLoader()
        self.loader.decoded.connect(self.on_decoded)
        self.loader.failed.connect(self.on_failed)
        self.decoders: list[Gated] = []
        self.asked: tuple[str, int] | None = None
        self.answers = 0
        self.images = 0

    @initialize()
    def an_image_is_open(self) -> None:
        self.take_another_image(set(), 3)

    @rule(refused=st.sets(st.integers(0, 11), max_size=3), room=st.integers(1, 15))
    def take_another_image(self, refused: set[int], room: int) -> None:
        decode = Gated()
        decode.refused = refused
        self.decoders.append(decode)
        self.images += 1
        self.asked = None
        self.loader.open(FrameSource(decode, self.frames, 20 * room), str(self.images))

    @rule(index=st.integers(0, 11))
    def ask(self, index: int) -> None:
        self.asked = (str(self.images), index)
        self.answers = 0
        self.loader.request(index)

    @rule(frames=st.integers(1, 4))
    def some_are_decoded(self, frames: int) -> None:
        self.decoders[-1].gate.release(frames)

    @rule()
    def the_window_has_time(self) -> None:
        QCoreApplication.processEvents()

    def on_decoded(self, index: int, pixels: Frame, sha256: str) -> None:
        assert (sha256, index) == self.asked, "only what was asked for last arrives"
        assert (pixels == index).all()
        assert index not in self.decoders[-1].refused
        self.answers += 1

    def on_failed(self, index: int, words: str, sha256: str) -> None:
        assert (sha256, index) == self.asked
        assert index in self.decoders[-1].refused
        self.answers += 1

    @invariant()
    def never_twice(self) -> None:
        assert self.answers <= 1

    def teardown(self) -> None:
        try:
            for decode in self.decoders:
                decode.open()
            deadline = threading.Event()
            timer = threading.Timer(WAIT_MS / 1000, deadline.set)
            timer.start()
            while self.asked is not None and not self.answers and not deadline.is_set():
                QCoreApplication.processEvents()
            timer.cancel()
            timer.join()
            assert self.asked is None or self.answers == 1, "the last one asked for arrives"
        finally:
            self.loader.close()


def test_whatever_the_hand_does_the_last_frame_asked_for_is_the_last_to_arrive(
    qtbot: QtBot,
) -> None:
    with qtbot.captureExceptions() as raised:
        run_state_machine_as_test(
            Scrubbing, settings=settings(max_examples=60, stateful_step_count=25)
        )
    assert not raised


CINES = (
    "dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm",
    "dicomParser__IM00001.implicit_little_endian.dcm",
    *(f"go-dicom__I_0000{n:02}.dcm" for n in (3, 7, 14, 18, 24, 31)),
    "orthanc-tests__Issue16.dcm",
    "pydicom-data__OBXXXX1A_rle_2frame.dcm",
    "pydicom-data__color3d_jpeg_baseline.dcm",
    "pydicom__examples_ybr_color.dcm",
    "ruby-dicom__implicit_us_jpeg2k-lossless-mono2-multiframe.dcm",
    "GREYSCALE_CINE.zip",
)


@pytest.mark.data
@pytest.mark.parametrize("name", CINES)
def test_every_frame_of_every_real_cine_arrives_as_it_is(
    qtbot: QtBot, loader: FrameLoader, test_data: Path, tmp_path: Path, name: str
) -> None:
    path = test_data / "dicom_us" / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (member,) = (m for m in archive.namelist() if m.endswith(".dcm") and "__" not in m)
            path = Path(archive.extract(member, tmp_path))
    opened, reference = open_image(path), open_image(path).frames
    assert len(reference) > 1
    loader.open(opened.frames, opened.image.sha256)
    shown(qtbot, loader, 0)
    if opened.frames.is_compressed:
        TestCompressed().listening(qtbot, loader)
    for index in range(len(reference)):
        np.testing.assert_array_equal(
            shown(qtbot, loader, index), reference.frame(index), strict=True
        )
    assert opened.frames.kept_bytes <= opened.frames.cache_bytes
