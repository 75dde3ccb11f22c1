"""The engine process: what it says to a request, a cancel, a stop, and to things it cannot do."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod, Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.proposal import Prompt, Proposal
from her2desk.domain.roi import roi_from_json
from her2desk.domain.stability import Stability
from her2desk.errors import EngineFailed, InputRefused, PackRefused
from her2desk.inference import engine as rooms
from her2desk.inference.engine import (
    AssistRequest,
    Engine,
    ExplainRequest,
    PredictRequest,
    StabilityRequest,
    TrackRequest,
)
from her2desk.inference.engine_work import Work
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.texts import msg

from ...failing_card import FailingCard


def demo_request(**changes) -> PredictRequest:
    case = demo_case_dir()
    return PredictRequest(
        **{
            "image_path": case / "demo.dcm",
            "roi": roi_from_json((case / "roi.json").read_text()),
            "clinical": ClinicalRecord(pr=False),
            "pack_path": demo_pack_path(),
            "device": "cpu",
            **changes,
        }
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("library"))
    engine.start()
    assert engine.receive() == ("ready",)
    yield engine
    engine.stop()
    assert engine.pid is None


def answer(engine: Engine) -> tuple:
    while (message := engine.receive())[0] == "progress":
        pass
    return message


def test_a_request_is_answered_with_its_stages(engine):
    engine.send("run", 1, demo_request())
    fractions = []
    while (message := engine.receive())[0] == "progress":
        assert message[1] == 1
        assert message[3].text()
        fractions.append(message[2])
    assert fractions == sorted(fractions)
    assert len(fractions) >= 5
    kind, job, prediction = message
    assert (kind, job) == ("done", 1)
    assert isinstance(prediction, Prediction)
    assert prediction.device == "cpu"


def test_starting_twice_is_starting_once(engine):
    pid = engine.pid
    engine.start()
    assert engine.pid == pid


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"pack_path": Path("gone.h2pack")}, PackRefused, "pack-unreadable"),
        ({"image_path": Path("gone.dcm")}, InputRefused, "unreadable-file"),
        ({"operating_point": "best"}, InputRefused, "operating-point"),
        ({"device": "tpu"}, InputRefused, "device"),
        ({"roi": "no outline"}, EngineFailed, "analysis-failed"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence_and_the_engine_lives_on(engine, changes, kind, code):
    pid = engine.pid
    engine.send("run", 7, demo_request(**changes))
    said, job, error = answer(engine)
    assert (said, job) == ("failed", 7)
    assert type(error) is kind
    assert error.code == code
    assert error.message.text()
    assert error.remedy.text()
    assert engine.pid == pid


def test_a_box_and_a_click_are_answered_with_an_outline(engine):
    drawn = demo_request().roi
    left, top, right, lower = drawn.bounds()
    box = ((left - 4, top - 4), (right + 4, lower + 4))
    for job, corners in ((20, box), (21, (drawn.centroid,))):
        request = AssistRequest(demo_case_dir() / "demo.dcm", Prompt(drawn.frame_index, corners))
        engine.send("run", job, request)
        kind, number, proposal = answer(engine)
        assert (kind, number) == ("done", job)
        assert isinstance(proposal, Proposal)
        assert len(proposal.roi.assisted_by) == 64
        assert proposal.roi.centroid == pytest.approx(drawn.centroid, abs=8)


def test_an_outline_is_followed_to_another_frame(engine, tmp_path):
    path = tmp_path / "cine.dcm"
    cine_of_two_frames(path)
    roi = replace(demo_request().roi, frame_index=0)
    engine.send("run", 22, TrackRequest(path, roi, 1))
    kind, _, proposal = answer(engine)
    assert kind == "done"
    assert proposal.roi.frame_index == 1
    assert proposal.roi.centroid == pytest.approx((roi.centroid[0] + 3, roi.centroid[1]), abs=0.2)


@pytest.mark.parametrize(
    ("request_of", "code"),
    [
        (lambda path, _: AssistRequest(Path("gone.dcm"), Prompt(0, ((1, 1),))), "unreadable-file"),
        (lambda path, _: AssistRequest(path, Prompt(999, ((1, 1),))), "assist-prompt"),
        (lambda path, roi: TrackRequest(path, roi, 999), "no-such-frame"),
        (lambda path, roi: TrackRequest(path, replace(roi, frame_index=999), 0), "roi-frame"),
    ],
)
def test_an_outline_that_cannot_be_had_is_a_sentence(engine, request_of, code):
    case = demo_case_dir()
    roi = roi_from_json((case / "roi.json").read_text())
    engine.send("run", 23, request_of(case / "demo.dcm", roi))
    kind, _, error = answer(engine)
    assert (kind, error.code) == ("failed", code)


def test_stability_is_told_as_it_grows_and_then_whole(engine):
    engine.send("run", 30, StabilityRequest(demo_request(), variants=8))
    told = []
    while (message := engine.receive())[0] in ("progress", "partial"):
        assert message[1] == 30
        if message[0] == "partial":
            told.append(len(message[2].logits))
    kind, job, found = message
    assert (kind, job) == ("done", 30)
    assert isinstance(found, Stability)
    assert told == [6]
    assert len(found.logits) == found.wanted == 8
    assert len(found.frames) == 2


def test_a_heatmap_of_any_kind_can_be_asked_for(engine):
    asked = ExplainRequest(demo_request(), HeatmapMethod.GRAD_CAM_PP, HeatmapClass.NEGATIVE)
    engine.send("run", 31, asked)
    kind, _, found = answer(engine)
    assert kind == "done"
    assert isinstance(found, Heatmap)
    assert (found.method, found.speaks_for) == (asked.method, asked.speaks_for)


@pytest.mark.parametrize(
    "request_of",
    [
        StabilityRequest,
        lambda question: ExplainRequest(question, HeatmapMethod.OCCLUSION, HeatmapClass.POSITIVE),
    ],
)
def test_what_was_meanwhile_asked_for_is_cancelled_and_the_next_answered(engine, request_of):
    engine.send("run", 32, request_of(demo_request()))
    while engine.receive()[0] != "progress":
        pass
    engine.send("cancel", 32)
    engine.send("run", 33, demo_request())
    while (message := engine.receive())[1] == 32:
        last = message
    assert last == ("cancelled", 32)
    assert message[:2] == ("progress", 33)
    assert answer(engine)[:2] == ("done", 33)


def cine_of_two_frames(path: Path) -> None:
    """The frame of the demo's outline, and the same moved to the right by three pixels."""
    data = dcmread(demo_case_dir() / "demo.dcm")
    roi = demo_request().roi
    first = data.pixel_array[roi.frame_index]
    both = np.stack([first, np.roll(first, 3, axis=1)])
    data.set_pixel_data(both, data.PhotometricInterpretation, 8, generate_instance_uid=False)
    data.save_as(path)


def test_warming_up_with_a_broken_pack_or_worse_harms_nothing(engine, tmp_path):
    broken = tmp_path / "broken.h2pack"
    broken.write_bytes(b"no pack")
    for pack in (broken, None, demo_pack_path()):
        engine.send("warm", pack, "cpu")
        assert engine.receive() == ("warmed", pack)
    engine.send("look", Path("gone.dcm"), 0)
    engine.send("run", 8, demo_request())
    assert answer(engine)[:2] == ("done", 8)


def test_a_stop_in_mid_run_ends_the_process_in_good_order(tmp_path):
    engine = Engine(tmp_path)
    engine.start()
    engine.receive()
    engine.send("run", 1, demo_request())
    assert engine.receive()[0] == "progress"
    engine.send("stop")
    process = engine._process
    process.join(60)
    assert process.exitcode == 0
    engine.stop()


def test_an_engine_that_is_gone_is_a_sentence(tmp_path):
    engine = Engine(tmp_path)
    assert engine.pid is None
    with pytest.raises(EngineFailed, match="ended unexpectedly"):
        _ = engine.connection
    engine.stop()  # nothing to end
    engine.start()
    engine._process.kill()
    with pytest.raises(EngineFailed, match="case is safe") as failed:
        engine.receive()
    assert failed.value.code == "engine-died"
    engine._process.join(60)
    with pytest.raises(EngineFailed):
        engine.send("run", 1, demo_request())
    engine.stop()
    assert engine.pid is None


# The loop itself, in this process, with work that the test decides about.


class Scripted:
    """Work of two steps; ``between`` runs after the first, ``preparing`` in idle moments."""

    def __init__(self, between=lambda: None, preparing=lambda progress: None) -> None:
        self.between = between
        self.preparing = preparing
        self.done: list[tuple] = []
        self.answered: list[str] = []

    def answer(self, request, progress, partial):
        progress.step(0.1, msg("First"))
        self.between()
        progress.step(0.9, msg("Second"))
        self.answered.append(request)
        return f"answer to {request}"

    def warm(self, path, device, progress):
        self.done.append(("warm", path, device))
        progress.step(0.5, msg("Half"))
        self.done.append(("warmed",))

    def look(self, path, frame_index):
        self.done.append(("look", path, frame_index))

    def prepare(self, progress):
        self.preparing(progress)

    def forget(self):
        self.done.append(("forget",))


@pytest.fixture
def ends() -> Iterator[tuple[Connection, Connection]]:
    ours, theirs = Pipe()
    yield ours, theirs
    ours.close()
    theirs.close()


def said(connection: Connection) -> list[tuple]:
    found = []
    while connection.poll():
        found.append(connection.recv())
    return found


def kinds(messages: list[tuple]) -> list[tuple]:
    return [m[:2] for m in messages]


def listen(work: Scripted, theirs: Connection) -> None:
    thread = threading.Thread(target=rooms._listen, args=(work, rooms._Inbox(theirs)))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_a_cancel_between_two_steps_is_heard(ends):
    ours, theirs = ends
    work = Scripted(between=lambda: [ours.send(("cancel", 1)), ours.send(("stop",))])
    ours.send(("run", 1, "a"))
    listen(work, theirs)
    assert kinds(said(ours)) == [("ready",), ("progress", 1), ("cancelled", 1)]


def test_a_stop_during_a_run_comes_before_everything_that_waits(ends):
    ours, theirs = ends

    def meanwhile():
        for message in (("warm", "pack", "cpu"), ("run", 2, "b"), ("stop",)):
            ours.send(message)

    work = Scripted(between=meanwhile)
    ours.send(("run", 1, "a"))
    listen(work, theirs)
    assert kinds(said(ours)) == [("ready",), ("progress", 1), ("cancelled", 1)]
    assert work.done == []


def test_what_arrives_during_a_run_and_is_not_for_it_waits_its_turn(ends):
    ours, theirs = ends

    def meanwhile():
        work.between = lambda: None
        for message in (("cancel", 0), ("warm", "pack", "cpu"), ("run", 2, "b")):
            ours.send(message)

    work = Scripted(between=meanwhile)
    ours.send(("run", 1, "a"))
    ending = threading.Thread(target=stop_after, args=(ours, 2))
    ending.start()
    listen(work, theirs)
    ending.join(60)
    assert work.done == [("warm", "pack", "cpu")]  # and no further, as somebody asked


def test_nobody_waits_for_what_is_done_ahead(ends):
    """A pack is warmed up to the end where nobody asks; of cases opened in passing the last is read."""
    ours, theirs = ends
    work = Scripted()
    looks = [("look", path, 0) for path in "abc"]
    for message in (("warm", "old", "cpu"), *looks, ("warm", "new", "cpu"), ("forget",)):
        ours.send(message)
    listening = threading.Thread(target=listen, args=(work, theirs))
    listening.start()
    while ("forget",) not in work.done:
        assert listening.is_alive()
    ours.send(("stop",))
    listening.join(60)
    assert work.done == [("look", "c", 0), ("warm", "new", "cpu"), ("warmed",), ("forget",)]


def test_a_frame_is_prepared_in_idle_moments_and_gives_way_to_whatever_is_heard(ends):
    """Each time that something comes, and then again from where it was left."""
    ours, theirs = ends
    begun = 0

    def preparing(progress):
        nonlocal begun
        begun += 1
        progress.step(0.1, msg("A tile"))
        ours.send(("run", begun, "a") if begun < 3 else ("stop",))
        while True:  # no end but being told
            progress.step(0.2, msg("Another tile"))

    work = Scripted(preparing=preparing)
    listen(work, theirs)
    assert [m[:2] for m in said(ours) if m[0] == "done"] == [("done", 1), ("done", 2)]
    assert begun == 3


def test_a_fault_while_preparing_keeps_nobody_from_an_answer(ends):
    ours, theirs = ends

    def preparing(_progress):
        raise MemoryError

    ours_first = Scripted(preparing=preparing)
    ending = threading.Thread(target=stop_after, args=(ours, 1))
    ending.start()
    ours.send(("run", 1, "a"))
    listen(ours_first, theirs)
    ending.join(60)
    assert ours_first.answered == ["a"]


def test_a_cancel_that_came_before_the_work_began_is_heard(ends):
    ours, theirs = ends
    work = Scripted()
    for message in (("warm", "pack", "cpu"), ("run", 1, "a"), ("cancel", 1), ("run", 2, "b")):
        ours.send(message)
    ending = threading.Thread(target=stop_after, args=(ours, 2))
    ending.start()
    listen(work, theirs)
    ending.join(60)
    assert work.answered == ["b"]


def stop_after(ours: Connection, job: int) -> None:
    while ours.recv()[:2] != ("done", job):
        pass
    ours.send(("stop",))


def test_a_window_that_is_gone_ends_the_loop(ends):
    ours, theirs = ends
    work = Scripted(between=ours.close)
    ours.send(("run", 1, "a"))
    with pytest.raises((EOFError, OSError)):
        rooms._listen(work, rooms._Inbox(theirs))


def test_a_device_that_fails_is_told_once_and_left_alone_by_every_pack(monkeypatch, tmp_path):
    card = FailingCard(monkeypatch)
    told = []
    work = Work(lambda wanted, said: told.append((wanted, said.text())))
    other = tmp_path / "other.h2pack"
    other.write_bytes(demo_pack_path().read_bytes())
    card.fails(2, lambda: RuntimeError("CUDA error: unspecified launch failure"))
    for pack in (demo_pack_path(), other, demo_pack_path()):
        request = demo_request(pack_path=pack, device="auto")
        answer = work.answer(request, SilentProgress(), lambda _: None)
        assert answer.device == "cpu"
        assert "device-fell-back" in {w.code for w in answer.warnings}
    assert card.asked == 2
    assert [wanted for wanted, _ in told] == ["auto"]
    assert told[0][1].startswith("The graphics card failed")


def test_only_the_last_packs_stay_loaded(tmp_path):
    loads = []
    work = Work(read_pack=lambda path, *_: loads.append(path) or path)
    packs = [tmp_path / f"{n}.h2pack" for n in "abc"]
    for pack in packs:
        pack.touch()
    for pack in (packs[0], packs[1], packs[0], packs[2], packs[0], packs[1]):
        assert work.load(pack, "cpu") == pack
    assert loads == [packs[0], packs[1], packs[2], packs[1]]
