"""Frames decoded when asked for, kept within a bound, and given at once where they are kept."""

import threading
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.dicom.frames import FrameSource
from her2desk.dicom.header import quiet
from her2desk.dicom.pixels import Frame
from her2desk.errors import InputRefused

FRAME_BYTES = 4 * 5


def numbered(index: int) -> Frame:
    return np.full((4, 5), index, np.uint8)


class Counting:
    """A decoder that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, index: int) -> Frame:
        self.asked.append(index)
        return numbered(index)


def test_a_frame_is_decoded_once_and_read_only() -> None:
    decode = Counting()
    frames = FrameSource(decode, 3)
    assert frames.kept(1) is None
    frame = frames.frame(1)
    assert (frame == 1).all()
    assert frames.frame(1) is frame
    assert frames.kept(1) is frame
    assert decode.asked == [1]
    with pytest.raises(ValueError, match="read-only"):
        frame[0, 0] = 9


@pytest.mark.parametrize("index", [-1, 3])
def test_a_frame_outside_the_image_is_refused(index: int) -> None:
    frames = FrameSource(numbered, 3)
    assert frames.kept(index) is None
    with pytest.raises(InputRefused) as refused:
        frames.frame(index)
    assert refused.value.code == "no-such-frame"


def test_the_frame_not_used_for_longest_gives_way() -> None:
    decode = Counting()
    frames = FrameSource(decode, 9, cache_bytes=2 * FRAME_BYTES)
    for index in (0, 1, 0, 2, 0, 1):
        frames.frame(index)
    assert decode.asked == [0, 1, 2, 1]


def test_a_frame_larger_than_the_bound_is_kept_while_it_is_the_newest() -> None:
    frames = FrameSource(numbered, 3, cache_bytes=1)
    assert frames.capacity == 1
    frames.frame(0)
    assert frames.kept_bytes == FRAME_BYTES
    frames.frame(1)
    assert frames.kept(0) is None
    assert frames.kept_bytes == FRAME_BYTES


def test_how_many_frames_are_kept_is_known_with_the_first() -> None:
    frames = FrameSource(numbered, 9, cache_bytes=3 * FRAME_BYTES + 1)
    assert frames.capacity == 1
    frames.frame(0)
    assert frames.capacity == 3


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(1, 40), st.booleans()), min_size=1, max_size=60
    ),
    st.integers(1, 100),
)
def test_what_is_kept_stays_within_its_bound(
    visits: list[tuple[int, int, bool]], bound: int
) -> None:
    sizes = dict.fromkeys(range(8), 1)
    frames = FrameSource(lambda index: np.zeros((1, sizes[index]), np.uint8), 8, bound)
    for index, size, is_decoded_elsewhere in visits:
        sizes[index] = size
        if is_decoded_elsewhere:
            frames.keep(index, np.zeros((1, size), np.uint8))
        else:
            frames.frame(index)
        kept = [frame for i in range(8) if (frame := frames.kept(i)) is not None]
        assert frames.kept_bytes == sum(frame.nbytes for frame in kept)
        assert frames.kept_bytes <= bound or len(kept) == 1


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_kept_frame_does_not_wait_for_another_to_be_decoded() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def decode(index: int) -> Frame:
        if index == 1:
            begun.set()
            assert go_on.wait(30)
        return numbered(index)

    frames = FrameSource(decode, 2)
    frames.frame(0)
    slow = in_thread(lambda: frames.frame(1))
    assert begun.wait(30)
    assert (frames.frame(0) == 0).all()  # would never return if it waited
    go_on.set()
    slow.join()
    assert frames.kept(1) is not None


def test_two_threads_that_want_the_same_frame_decode_it_once() -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[int] = []

    def decode(index: int) -> Frame:
        asked.append(index)
        begun.set()
        assert go_on.wait(30)
        return numbered(index)

    frames = FrameSource(decode, 2)
    got: list[Frame] = []
    both = [in_thread(lambda: got.append(frames.frame(1)))]
    assert begun.wait(30)
    both.append(in_thread(lambda: got.append(frames.frame(1))))
    go_on.set()
    for thread in both:
        thread.join()
    assert asked == [1]
    assert got[0] is got[1]


class TestQuiet:
    """Warnings go to the log, and no thread waits for another's work to end."""

    def test_two_threads_are_quiet_at_once(self, caplog: pytest.LogCaptureFixture) -> None:
        inside, leave = threading.Event(), threading.Event()
        shown = warnings.showwarning

        def decode() -> None:
            with quiet():
                inside.set()
                assert leave.wait(30)
                warnings.warn("a strange picture", ResourceWarning, stacklevel=1)

        caplog.set_level("INFO")
        decoding = in_thread(decode)
        assert inside.wait(30)
        with quiet():  # would never begin if it waited
            warnings.warn("a strange header", stacklevel=1)
        assert "UserWarning" in caplog.text
        leave.set()
        decoding.join()
        assert "ResourceWarning" in caplog.text
        assert "strange" not in caplog.text, "its words may be the patient's"
        assert warnings.showwarning is shown

    def test_afterwards_warnings_are_as_before(self) -> None:
        before = list(warnings.filters)
        with quiet(), quiet():
            warnings.warn("unseen", stacklevel=1)
        assert warnings.filters == before
        with pytest.warns(UserWarning, match="seen again"):
            warnings.warn("seen again", stacklevel=1)
