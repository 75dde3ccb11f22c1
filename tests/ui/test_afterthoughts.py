"""What is worked out after an answer: asked for by itself, kept, and never in the way of an answer."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from her2desk.dicom.reader import open_image
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.drawing import drawing_of
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod, Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.proposal import Proposal, ProposalOrigin
from her2desk.domain.roi import Box, Roi, roi_from_json
from her2desk.domain.stability import Stability, Variability, VariantKind
from her2desk.errors import EngineFailed
from her2desk.inference.engine import (
    ExplainRequest,
    PredictRequest,
    StabilityRequest,
    TrackRequest,
)
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.afterthoughts import Afterthoughts
from her2desk.ui.jobs import Background, JobRunner
from her2desk.ui.proposals import Proposals

from .engine_stand_in import Runner
from .session_on import session_on

WAIT_MS = 60_000
DEMO = demo_case_dir() / "demo.dcm"
OCCLUSION = (HeatmapMethod.OCCLUSION, HeatmapClass.POSITIVE)
AGAINST = (HeatmapMethod.GRAD_CAM, HeatmapClass.NEGATIVE)
OWN = (HeatmapMethod.GRAD_CAM, HeatmapClass.POSITIVE)


@pytest.fixture(scope="module")
def roi() -> Roi:
    return roi_from_json((demo_case_dir() / "roi.json").read_text())


@pytest.fixture(scope="module")
def answer_to():
    """The prediction that the engine would give, by clinical record."""
    loaded = load_pack(demo_pack_path(), "cpu")

    def answer(request: PredictRequest) -> Prediction:
        case = read_case(request.image_path, request.roi, request.clinical)
        return predict(case, loaded, SilentProgress())

    return answer


@pytest.fixture
def runner(qtbot) -> Runner:
    return Runner()


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path / "library") as library:
        yield library


@pytest.fixture
def session(qtbot, runner, library):
    with opened(qtbot, runner, library) as session:
        yield session


@contextmanager
def opened(qtbot, runner, library):
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
def thoughts(session, runner) -> Afterthoughts:
    return Afterthoughts(session, runner)


@pytest.fixture
def answered(thoughts, session, runner, roi, answer_to) -> Afterthoughts:
    """An answer is on screen, and its stability is being worked out."""
    session.set_drawing(drawing_of(roi))
    runner.finish(answer_to(runner.requests[-1]))
    return thoughts


def heard(signal) -> list:
    calls: list = []
    signal.connect(lambda *arguments: calls.append(arguments))
    return calls


def stable(session, count: int) -> Stability:
    kinds = (VariantKind.REDRAWN,) * count
    variability = Variability(0.5, is_mm=True, patients=0)
    return Stability(session.inputs.sha256, kinds, (0.1,) * count, 20, variability)


def heatmap(kind) -> Heatmap:
    return Heatmap(np.eye(3, dtype=np.float32), Box(0, 0, 9, 9), 0.5, *kind)


def test_a_new_answer_is_followed_by_its_stability(answered, session, runner):
    changed = heard(answered.stability_changed)
    assert runner.asked == [PredictRequest, StabilityRequest]
    asked, again = runner.requests
    assert replace(asked, operating_point=again.question.operating_point) == again.question
    runner.tell(stable(session, 6))
    runner.finish(stable(session, 20))
    assert [len(found.logits) for (found,) in changed] == [6, 20]
    assert not runner.is_running


def test_the_same_answer_at_another_threshold_asks_nothing(answered, session, runner):
    changed = heard(answered.stability_changed)
    session.restate(0.3, 0.2)
    session.restate("youden", None)
    assert runner.asked == [PredictRequest, StabilityRequest]
    assert changed == []


def test_a_new_outline_puts_the_question_off_and_forgets_what_was_shown(
    answered, session, runner, roi, answer_to
):
    runner.tell(stable(session, 6))
    changed, maps = heard(answered.stability_changed), heard(answered.heatmap_changed)
    late = stable(session, 20)
    session.set_clinical(ClinicalRecord(pr=True))
    assert runner.asked[-1] is PredictRequest
    assert (changed, maps) == ([(None,)], [(None,)])
    runner.tell(late)
    runner.finish(answer_to(runner.requests[-1]))
    assert runner.asked[-1] is StabilityRequest
    runner.tell(late)  # of the answer before
    assert changed == [(None,)]


def test_what_was_found_for_an_answer_is_there_when_it_comes_back(
    answered, session, runner, answer_to
):
    before = session.clinical
    found = stable(session, 20)
    runner.finish(found)
    session.set_clinical(ClinicalRecord(pr=True))
    runner.finish(answer_to(runner.requests[-1]))
    changed = heard(answered.stability_changed)
    session.set_clinical(before)
    runner.finish(answer_to(runner.requests[-1]))
    assert changed == [(None,), (found,)]
    assert runner.asked[-1] is PredictRequest  # nothing more is to be found out


def test_an_outline_carried_to_another_frame_comes_first_and_the_question_again_after_it(
    answered, session, runner, roi
):
    proposals = Proposals(session, runner)
    runner.tell(stable(session, 12))
    changed = heard(answered.stability_changed)
    proposals.track(roi, 4)
    runner.finish(Proposal(replace(roi, frame_index=4), ProposalOrigin.TRACKED))
    assert runner.asked[-2:] == [TrackRequest, StabilityRequest]
    runner.tell(stable(session, 6))  # less than is on screen
    assert changed == []
    runner.tell(stable(session, 14))
    assert len(changed) == 1


def test_a_heatmap_comes_before_stability_which_then_goes_on(answered, session, runner):
    waits, maps = heard(answered.explaining), heard(answered.heatmap_changed)
    answered.explain(*OCCLUSION)
    assert runner.asked[-1] is ExplainRequest
    assert (runner.requests[-1].method, runner.requests[-1].speaks_for) == OCCLUSION
    found = heatmap(OCCLUSION)
    runner.finish(found)
    assert maps == [(found,)]
    assert waits == [(True,), (False,)]
    assert runner.asked[-1] is StabilityRequest


def test_a_heatmap_that_is_known_is_not_asked_for_again(answered, runner):
    answered.explain(*AGAINST)
    found = heatmap(AGAINST)
    runner.finish(found)
    maps = heard(answered.heatmap_changed)
    asked = list(runner.requests)
    answered.explain(*OWN)
    answered.explain(*AGAINST)
    assert maps == [(None,), (found,)]
    assert runner.requests == asked


def test_the_heatmap_chosen_last_is_the_one_that_is_shown(answered, runner):
    waits, maps = heard(answered.explaining), heard(answered.heatmap_changed)
    answered.explain(*OCCLUSION)
    answered.explain(*OCCLUSION)
    answered.explain(*AGAINST)
    assert runner.asked[-2:] == [ExplainRequest, ExplainRequest]
    runner.finish(heatmap(AGAINST))
    assert [(m.method, m.speaks_for) for (m,) in maps] == [AGAINST]
    assert waits == [(True,), (False,)]


def test_going_back_to_the_predictions_own_heatmap_ends_the_waiting(answered, runner):
    waits, maps = heard(answered.explaining), heard(answered.heatmap_changed)
    answered.explain(*OCCLUSION)
    answered.explain(*OWN)
    assert waits == [(True,), (False,)]
    assert maps == [(None,)]
    assert runner.asked[-1] is StabilityRequest  # the engine is free again


def test_a_heatmap_that_is_put_off_is_asked_for_again(answered, session, runner, roi):
    answered.explain(*OCCLUSION)
    waits = heard(answered.explaining)
    proposals = Proposals(session, runner)
    proposals.track(roi, 4)
    answered.explain(*AGAINST)  # while the engine is busy with the outline
    assert runner.asked[-1] is TrackRequest
    runner.finish(Proposal(roi, ProposalOrigin.TRACKED))
    assert runner.requests[-1] == replace(runner.requests[-1], method=AGAINST[0])
    assert runner.requests[-1].speaks_for is AGAINST[1]
    assert waits == []


def test_cancelling_asks_for_nothing_more(answered, session, runner, roi):
    answered.explain(*OCCLUSION)
    waits = heard(answered.explaining)
    answered.cancel()
    answered.cancel()
    assert waits == [(False,)]
    assert not runner.is_running
    session.restate(0.4, None)
    assert runner.asked[-1] is ExplainRequest


def test_a_cancel_from_elsewhere_is_heeded_too(answered, session, runner):
    session.cancel()
    assert not runner.is_running
    assert runner.asked == [PredictRequest, StabilityRequest]


def test_a_failure_is_told_once_and_not_tried_again(answered, session, runner):
    told, waits = heard(answered.refused), heard(answered.explaining)
    error = EngineFailed(msg("The analysis failed."), msg("Try again."))
    runner.fail(error)
    assert told == [(error,)]
    assert not runner.is_running
    answered.explain(*OCCLUSION)
    runner.fail(error)
    assert waits == [(True,), (False,)]
    assert len(told) == 2


@pytest.mark.parametrize("end", ["cancel", "elsewhere", "failure"])
def test_a_band_that_will_not_be_finished_is_taken_back(answered, session, runner, end):
    """V22 asks for 20 outlines; and nothing must say that it is still being computed."""
    runner.tell(stable(session, 8))
    changed = heard(answered.stability_changed)
    if end == "cancel":
        answered.cancel()
    elif end == "elsewhere":
        session.cancel()
    else:
        runner.fail(EngineFailed(msg("The analysis failed."), msg("Try again.")))
    assert changed == [(None,)]
    assert not runner.is_running


def test_a_finished_band_outlives_a_cancel(answered, session, runner):
    runner.finish(stable(session, 20))
    changed = heard(answered.stability_changed)
    answered.cancel()
    assert changed == []


def test_leaving_the_case_leaves_it_all(qtbot, answered, session, runner):
    changed, waits = heard(answered.stability_changed), heard(answered.explaining)
    answered.explain(*OCCLUSION)
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(session.case.case_id)
    assert changed == [(None,)]
    assert waits == [(True,), (False,)]
    answered.explain(*OCCLUSION)  # there is no answer yet
    assert waits == [(True,), (False,)]


def test_only_the_last_answers_are_kept(answered, session, runner, answer_to, monkeypatch):
    monkeypatch.setattr("her2desk.ui.afterthoughts.ANSWERS_KEPT", 1)
    before = session.clinical
    runner.finish(stable(session, 20))
    for record in (ClinicalRecord(pr=True), before):
        session.set_clinical(record)
        runner.finish(answer_to(runner.requests[-1]))
        assert runner.asked[-1] is StabilityRequest
        runner.cancel()


def test_the_real_engine_answers_the_demo_case(qtbot, library, roi, tmp_path):
    runner = JobRunner(tmp_path)
    with qtbot.waitSignal(runner.engine_ready, timeout=WAIT_MS):
        runner.start()
    with opened(qtbot, runner, library) as session:
        thoughts = Afterthoughts(session, runner)
        bands = heard(thoughts.stability_changed)
        session.set_drawing(drawing_of(roi))
        qtbot.waitUntil(lambda: bool(bands) and bands[-1][0].is_complete, timeout=WAIT_MS)
        counts = [len(found.logits) for (found,) in bands]
        assert counts == sorted(counts)
        assert counts[0] == 6
        lower, upper = bands[-1][0].band()
        assert 0 < lower < upper < 1
        with qtbot.waitSignal(thoughts.heatmap_changed, timeout=WAIT_MS) as shown:
            thoughts.explain(*OCCLUSION)
        assert shown.args[0].values.max() == 1.0
    runner.close()
