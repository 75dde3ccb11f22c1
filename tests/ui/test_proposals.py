"""Outlines that the engine proposes: asked for, taken or left, and never in the way of the answer."""

from dataclasses import replace

import pytest

from her2desk.dicom.reader import open_image
from her2desk.domain.drawing import drawing_of
from her2desk.domain.proposal import Prompt, Proposal, ProposalOrigin
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.errors import EngineFailed
from her2desk.inference.engine import AssistRequest, PredictRequest, TrackRequest
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.history import Action
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.proposals import Proposals

from .engine_stand_in import Runner
from .session_on import session_on

WAIT_MS = 60_000
DEMO = demo_case_dir() / "demo.dcm"
PROMPT = Prompt(3, ((10.0, 20.0), (90.0, 80.0)))


@pytest.fixture
def roi() -> Roi:
    return roi_from_json((demo_case_dir() / "roi.json").read_text())


@pytest.fixture
def runner(qtbot) -> Runner:
    return Runner()


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path / "library") as library:
        yield library


@pytest.fixture
def session(qtbot, runner, library):
    background = Background()
    session = session_on(library, runner, background, Settings(device="cpu"))
    case_id = library.add_image(DEMO, open_image(DEMO).image).case_id
    with qtbot.waitSignals([session.pack_opened, session.case_opened], timeout=WAIT_MS):
        session.open_pack(demo_pack_path())
        session.open_case(case_id)
    yield session
    session.close()
    background.close()


@pytest.fixture
def proposals(session, runner) -> Proposals:
    return Proposals(session, runner)


def heard(signal) -> list:
    calls: list = []
    signal.connect(lambda *arguments: calls.append(arguments))
    return calls


def test_a_box_becomes_a_proposal(proposals, session, runner, roi):
    asked, proposed = heard(proposals.asked), heard(proposals.proposed)
    proposals.ask(PROMPT)
    assert runner.requests == [AssistRequest(session.case.path, PROMPT)]
    found = Proposal(roi, ProposalOrigin.ASSISTED)
    runner.finish(found)
    assert proposed == [(found,)]
    assert asked == [(True,), (False,)]
    assert len(runner.requests) == 1  # nothing is drawn yet, so there is nothing to answer


def test_an_outline_is_followed_to_another_frame(proposals, session, runner, roi):
    proposals.track(roi, 4)
    assert runner.requests == [TrackRequest(session.case.path, roi, 4)]
    proposed = heard(proposals.proposed)
    runner.finish(Proposal(replace(roi, frame_index=4), ProposalOrigin.TRACKED))
    assert proposed[0][0].roi.frame_index == 4


def test_the_prediction_that_a_proposal_put_off_is_asked_for_again(proposals, session, runner, roi):
    session.set_drawing(drawing_of(roi))
    cancelled = heard(session.was_cancelled)
    proposals.ask(PROMPT)
    runner.finish(Proposal(roi, ProposalOrigin.ASSISTED))
    assert [type(r) for r in runner.requests] == [PredictRequest, AssistRequest, PredictRequest]
    assert cancelled == []


def test_a_refused_proposal_is_told_apart_from_a_refused_prediction(
    proposals, session, runner, roi
):
    refused, session_refused = heard(proposals.refused), heard(session.refused)
    error = EngineFailed(msg("Nothing was found there."), msg("Draw a box."))
    proposals.ask(PROMPT)
    runner.fail(error)
    assert refused == [(error,)]
    session.set_drawing(drawing_of(roi))
    runner.fail(error)
    assert session_refused == [(error,)]
    assert len(refused) == 1


def test_a_stroke_while_a_proposal_is_awaited_ends_the_waiting(proposals, session, runner, roi):
    asked, proposed = heard(proposals.asked), heard(proposals.proposed)
    proposals.ask(PROMPT)
    session.set_drawing(drawing_of(roi))
    assert asked == [(True,), (False,)]
    assert isinstance(runner.requests[-1], PredictRequest)
    assert proposed == []


def test_asking_twice_waits_for_the_second(proposals, runner, roi):
    asked, proposed = heard(proposals.asked), heard(proposals.proposed)
    proposals.ask(PROMPT)
    proposals.ask(replace(PROMPT, corners=((5.0, 5.0),)))
    assert asked == [(True,), (False,), (True,)]
    runner.finish(Proposal(roi, ProposalOrigin.ASSISTED))
    assert asked[-1] == (False,)
    assert len(proposed) == 1


def test_leaving_the_case_ends_the_waiting(qtbot, proposals, session, runner):
    asked = heard(proposals.asked)
    proposals.ask(PROMPT)
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(session.case.case_id)
    assert asked == [(True,), (False,)]


def test_what_became_of_a_proposal_is_kept(qtbot, proposals, session, library, roi):
    with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
        proposals.keep_answer(Proposal(roi, ProposalOrigin.ASSISTED), True)
    entry = library.history(session.case.case_id)[-1]
    assert entry.action is Action.PROPOSAL
    assert (entry.content["origin"], entry.content["accepted"]) == ("assisted", True)


def test_without_a_case_nothing_is_asked(qtbot, runner, library, roi):
    background = Background()
    session = session_on(library, runner, background, Settings())
    proposals = Proposals(session, runner)
    proposals.ask(PROMPT)
    proposals.track(roi, 1)
    session.close()
    background.close()
    assert runner.requests == []
