"""Network and features side by side: the same bits as one after the other, and nothing left running."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.errors import Cancelled, InputRefused, PackRefused
from her2desk.inference.loaded_pack import LoadedPack, load_pack
from her2desk.inference.pipeline import predict
from her2desk.inference.requests import read_case
from her2desk.inference.stages import (
    StageClock,
    crop_of,
    features_of,
    prepared,
    read_and_measured,
)
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.texts import msg

WAIT_S = 60
SILENT = SilentProgress()


@pytest.fixture(scope="module")
def loaded() -> LoadedPack:
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def case() -> Case:
    folder = demo_case_dir()
    roi = roi_from_json((folder / "roi.json").read_text())
    return read_case(folder / "demo.dcm", roi, ClinicalRecord(pr=False))


class Network:
    """Reads as the pack's does, after ``first``; notes its threads, and counts what it has done."""

    def __init__(self, loaded: LoadedPack, first: Callable[[], object] = lambda: None) -> None:
        self._reader = loaded.network
        self._first = first
        self.device, self.warnings, self.at_once = "cpu", (), 1
        self.threads: list[threading.Thread] = []
        self.ended = 0

    def read(self, crop):
        self.threads.append(threading.current_thread())
        try:
            self._first()
            return self._reader.read(crop)
        finally:
            self.ended += 1


def with_work(loaded: LoadedPack, reading, measuring) -> tuple[LoadedPack, Network]:
    """The pack, doing something before it reads a crop and before it measures."""
    network = Network(loaded, reading)

    def measure(*args, **options):
        measuring()
        return loaded.measure(*args, **options)

    return replace(loaded, network=network, measure=measure), network


def refused(code: str) -> Callable[[], None]:
    def refuse() -> None:
        raise InputRefused(msg("No."), msg("Do otherwise."), code=code)

    return refuse


def nothing() -> None:
    pass


def test_side_by_side_gives_the_bits_of_one_after_the_other(case, loaded):
    picture = prepared(case, loaded, StageClock(SILENT))
    answer = loaded.network.read(crop_of(picture, loaded))
    features = features_of(picture.sight, loaded)
    beside, measured = read_and_measured(picture, loaded, StageClock(SILENT))
    assert (beside.logit, measured) == (answer.logit, features)
    for name in ("penultimate", "maps", "weights"):
        assert np.array_equal(getattr(beside, name), getattr(answer, name))


def test_each_waits_for_the_other_to_have_begun(case, loaded):
    """One after the other they would wait for ever."""
    both = threading.Barrier(2)
    meet = lambda: both.wait(WAIT_S)  # noqa: E731
    meeting, network = with_work(loaded, meet, meet)
    assert predict(case, meeting, SILENT).estimate == predict(case, loaded, SILENT).estimate
    assert network.threads != [threading.current_thread()]


def test_the_answer_says_how_long_each_stage_took_though_they_overlap(case, loaded):
    both = threading.Barrier(2)
    meet = lambda: both.wait(WAIT_S)  # noqa: E731
    meeting, _ = with_work(loaded, meet, meet)
    timings = predict(case, meeting, SILENT).timings_ms
    assert next(iter(timings)) == "total"
    assert max(timings["cnn"], timings["radiomics"]) <= timings["total"]
    assert all(value >= 0 for value in timings.values())


class StopsAt:
    """Stops the work at its ``step``-th step, and says so."""

    def __init__(self, step: int, said: threading.Event) -> None:
        self._left = step
        self._said = said

    def step(self, _fraction, _text) -> None:
        self._left -= 1
        if self._left == 0:
            self._said.set()
            raise Cancelled


def test_a_cancel_at_the_features_leaves_no_pass_running(case, loaded):
    said = threading.Event()
    slow, network = with_work(loaded, lambda: said.wait(WAIT_S), nothing)
    with pytest.raises(Cancelled):
        predict(case, slow, StopsAt(3, said))
    assert network.ended == 1
    assert predict(case, slow, SILENT).estimate == predict(case, loaded, SILENT).estimate


@pytest.mark.parametrize(
    ("reading", "measuring", "code"),
    [
        (nothing, refused("features"), "features"),
        (refused("network"), nothing, "network"),
        (refused("network"), refused("features"), "network"),  # as one after the other
    ],
)
def test_what_either_side_refuses_is_said(case, loaded, reading, measuring, code):
    refusing, network = with_work(loaded, reading, measuring)
    with pytest.raises(InputRefused) as said:
        predict(case, refusing, SILENT)
    assert said.value.code == code
    assert network.ended == 1


@pytest.mark.parametrize("is_network", [True, False])
def test_a_fault_of_ours_on_either_side_is_no_answer(case, loaded, is_network):
    def fault() -> None:
        raise ZeroDivisionError

    broken, network = with_work(loaded, *((fault, nothing) if is_network else (nothing, fault)))
    with pytest.raises(ZeroDivisionError):
        predict(case, broken, SILENT)
    assert network.ended == 1


def test_a_pack_whose_network_cannot_read_is_refused(case, loaded):
    def refuse() -> None:
        raise PackRefused(msg("No."), msg("Get another."), code="pack-network")

    refusing, _ = with_work(loaded, refuse, nothing)
    with pytest.raises(PackRefused):
        predict(case, refusing, SILENT)
