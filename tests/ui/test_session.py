"""What is on screen and what was answered: they are never shown as one when they differ."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest
from PySide6.QtCore import QObject, Signal

from her2desk.dicom.reader import open_image
from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.image import UserCalibration
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.domain.validation import ValidationSource
from her2desk.errors import EngineFailed
from her2desk.inference.pipeline import Question, load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.packs.archive import read_archive, write_archive
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.history import Action
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.opened_case import _from_header
from her2desk.ui.session import Session

from .session_on import session_on

WAIT_MS = 60_000
DEMO = demo_case_dir() / "demo.dcm"


class Runner(QObject):
    """Stands for the engine: keeps what was asked, and answers when the test says so."""

    progressed = Signal(int, float, object)
    finished = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)
    superseded = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list = []
        self.warmed: list = []
        self.looked_at: list = []
        self.cancels = 0

    def submit(self, request) -> int:
        self.requests.append(request)
        return len(self.requests)

    def cancel(self) -> None:
        self.cancels += 1

    def warm(self, path, device) -> None:
        self.warmed.append((path, device))

    def look(self, path, frame_index) -> None:
        self.looked_at.append((path, frame_index))


@pytest.fixture(scope="module")
def loaded():
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
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
    """A session with the demo pack and the demo case open, nothing drawn yet."""
    background = Background()
    session = session_on(library, runner, background, Settings(device="cpu"))
    case_id = library.add_image(DEMO, open_image(DEMO).image).case_id
    with qtbot.waitSignals([session.pack_opened, session.case_opened], timeout=WAIT_MS):
        session.open_pack(demo_pack_path())
        session.open_case(case_id)
    yield session
    session.close()
    background.close()


def answer(session: Session, runner: Runner, loaded) -> None:
    """The engine's answer to the last request."""
    request = runner.requests[-1]
    case = read_case(request.image_path, request.roi, request.clinical)
    question = Question(request.operating_point, request.prevalence)
    prediction = predict(case, loaded, SilentProgress(), question)
    runner.finished.emit(len(runner.requests), prediction)


def heard(signal) -> list:
    calls: list = []
    signal.connect(lambda *arguments: calls.append(arguments))
    return calls


def test_an_outline_is_kept_and_asked_about(qtbot, session, runner, library, loaded, roi):
    with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
        session.set_drawing(drawing_of(roi))
    assert library.latest_drawing(session.case.case_id).answering == roi
    (request,) = runner.requests
    assert request.roi == roi
    assert request.device == "cpu"
    with qtbot.waitSignals([session.answered, session.case_saved], timeout=WAIT_MS):
        answer(session, runner, loaded)
    assert session.is_current
    stored = library.latest_prediction(session.case.case_id)
    assert stored.inputs_sha256 == session.inputs.sha256
    session.set_drawing(drawing_of(roi))
    assert len(runner.requests) == 1  # the same outline again is no question


def test_an_answer_to_something_no_longer_on_screen_is_dropped(session, runner, loaded, roi):
    session.set_drawing(drawing_of(roi))
    old = runner.requests[-1]
    session.set_clinical(ClinicalRecord(pr=True))
    answers = heard(session.answered)
    prediction = predict(read_case(old.image_path, old.roi, old.clinical), loaded, SilentProgress())
    runner.finished.emit(1, prediction)
    assert answers == []
    assert session.prediction is None


@pytest.mark.parametrize("change", ["outline", "no outline", "clinical"])
def test_an_old_answer_is_not_shown_again_by_another_threshold(
    session, runner, loaded, roi, change
):
    session.set_drawing(drawing_of(roi))
    answer(session, runner, loaded)
    before = session.prediction
    stale, answers = heard(session.went_stale), heard(session.answered)
    if change == "clinical":
        session.set_clinical(ClinicalRecord(pr=True))
    else:
        moved = Roi(roi.frame_index, tuple((x + 3, y) for x, y in roi.polygon))
        session.set_drawing(drawing_of(moved) if change == "outline" else Drawing())
    assert len(stale) == 1
    assert not session.is_current
    session.restate(0.2, 0.1)
    assert answers == []
    assert session.prediction == before


def test_an_old_answer_survives_a_pack_of_other_inputs(
    qtbot, session, runner, loaded, roi, tmp_path
):
    """The new pack has no operating points for the old answer's pattern."""
    session.set_clinical(ClinicalRecord(pr=True))
    session.set_drawing(drawing_of(roi))
    answer(session, runner, loaded)
    members = dict(read_archive(demo_pack_path()).members)
    for name in ("manifest.json", "models/models.json", "models/readout.json", "validation.csv"):
        members[name] = members[name].replace(b'"pr"', b'"er"').replace(b",pr,", b",er,")
    other = tmp_path / "other.h2pack"
    write_archive(other, members)
    stale, answers = heard(session.went_stale), heard(session.answered)
    with qtbot.waitSignal(session.pack_opened, timeout=WAIT_MS):
        session.open_pack(other)
    assert len(stale) == 1
    session.restate("youden", None)
    assert answers == []
    assert runner.requests[-1].pack_path == other
    assert runner.warmed[-1] == (other, "cpu")


def test_a_question_changed_while_the_engine_works_is_the_one_answered(
    qtbot, session, runner, library, loaded, roi
):
    session.set_drawing(drawing_of(roi))
    session.settings = replace(session.settings, local_prevalence=0.1)
    session.restate("specificity95", 0.1)
    with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
        answer(session, runner, loaded)
    readout = session.prediction.readout
    assert readout.operating_point.name == "specificity95"
    assert readout.prevalence == 0.1
    request = runner.requests[-1]
    case = read_case(request.image_path, request.roi, request.clinical)
    asked = predict(case, loaded, SilentProgress(), Question("specificity95", 0.1))
    assert readout == asked.readout
    assert session.prediction.branches == asked.branches
    qtbot.waitUntil(
        lambda: library.latest_prediction(session.case.case_id) is not None, timeout=WAIT_MS
    )
    stored = library.latest_prediction(session.case.case_id).document
    assert stored["operating_point"]["name"] == "specificity95"


def test_patients_that_the_pack_does_not_have_are_not_asked_for(session, runner, loaded, roi):
    """Held-out ones wished for under another pack: the table counts those that this one has."""
    session.set_drawing(drawing_of(roi))
    answer(session, runner, loaded)
    pack = session.pack.pack
    kept = tuple(r for r in pack.validation if r.source is ValidationSource.OUT_OF_FOLD)
    session.pack = replace(session.pack, pack=replace(pack, validation=kept))
    session.count(ValidationSource.HELD_OUT, None)
    assert session.prediction.readout.confusion.source is ValidationSource.OUT_OF_FOLD


def test_an_own_threshold_is_said_without_the_engine(session, runner, loaded, roi):
    session.set_drawing(drawing_of(roi))
    answer(session, runner, loaded)
    answers = heard(session.answered)
    session.restate(0.25, 0.4)
    assert session.prediction.readout.operating_point.threshold == 0.25
    assert session.prediction.readout.prevalence == 0.4
    session.restate("a name the pack does not have", None)
    assert len(answers) == 2
    assert len(runner.requests) == 1


def test_an_outline_that_cannot_be_used_is_refused_and_nothing_runs(session, runner):
    refusals = heard(session.refused)
    session.set_drawing(drawing_of(Roi(0, ((10.0, 10.0), (12.0, 10.0), (11.0, 12.0)))))
    assert [error.code for (error,) in refusals] == ["roi-too-small"]
    assert runner.requests == []
    assert runner.cancels


def test_progress_failure_and_cancel_reach_the_window(session, runner, roi):
    session.set_drawing(drawing_of(roi))
    running, refused, cancelled = (
        heard(session.running),
        heard(session.refused),
        heard(session.was_cancelled),
    )
    runner.progressed.emit(1, 0.4, msg("Running the network"))
    error = EngineFailed(msg("It ended."), msg("Again."))
    runner.failed.emit(1, error)
    session.cancel()
    runner.cancelled.emit(1)
    assert running == [(0.4, "Running the network")]
    assert refused == [(error,)]
    assert len(cancelled) == 1
    assert runner.cancels


def test_opening_the_case_again_brings_back_what_was_left(qtbot, session, runner, roi):
    record = clinical_from_json(json.loads((demo_case_dir() / "clinical.json").read_text()))
    session.set_drawing(drawing_of(roi))
    session.set_clinical(record)
    session.record(Action.IMPRESSION, {"answer": "positive", "confidence": 3})
    case_id = session.case.case_id
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(case_id)
    assert (session.roi, session.clinical) == (roi, record)
    assert session.prediction is None
    assert runner.requests[-1].clinical == record  # and it is asked about at once
    path = session.case.path
    assert runner.looked_at == [(path, 0), (path, roi.frame_index)]
    session.rest_on(3)  # another frame is chosen
    assert runner.looked_at[-1] == (path, 3)


def test_a_case_that_is_not_there_is_refused_and_the_present_one_stays(qtbot, session):
    case = session.case
    with qtbot.waitSignal(session.refused, timeout=WAIT_MS):
        session.open_case(999)
    assert session.case is case


def test_frames_come_decoded_or_as_a_sentence(qtbot, session):
    with qtbot.waitSignal(session.frame_decoded, timeout=WAIT_MS) as decoded:
        session.request_frame(2)
    index, pixels, sha256 = decoded.args
    assert index == 2
    assert pixels.shape[:2] == (session.case.image.rows, session.case.image.columns)
    assert sha256 == session.case.image.sha256
    with qtbot.waitSignal(session.frame_failed, timeout=WAIT_MS) as failed:
        session.request_frame(999)
    assert failed.args[0] == 999
    assert failed.args[1]


def test_frames_of_a_case_that_was_left_are_dropped(qtbot, session):
    decoded, failed = heard(session.frame_decoded), heard(session.frame_failed)
    session.case_opened.connect(lambda _case: (decoded.clear(), failed.clear()))
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(session.case.case_id)
        session.request_frame(999)  # of the case that is being left
        session.request_frame(0)
    with qtbot.waitSignal(session.frame_decoded, timeout=WAIT_MS):
        session.request_frame(1)
    assert [index for index, _, _ in decoded] == [1]
    assert failed == []


def test_nothing_happens_without_a_case(qtbot, runner, library):
    background = Background()
    session = session_on(library, runner, background, Settings())
    session.set_drawing(drawing_of(Roi(0, ())))
    session.set_clinical(ClinicalRecord(pr=True))
    session.record(Action.IMPRESSION, {})
    session.request_frame(0)
    session.run()
    session.restate(0.5, None)
    background.close()
    assert session.inputs is None
    assert not session.is_current
    assert runner.requests == []
    assert library.cases() == []


def test_an_age_in_the_header_that_cannot_be_right_is_left_out():
    image = open_image(DEMO).image
    plausible = replace(image, patient_age_years=61.0, laterality="R")
    assert _from_header(plausible) == ClinicalRecord(age_years=61.0, laterality="R")
    wrong = replace(plausible, patient_age_years=3.0)
    assert _from_header(wrong) == ClinicalRecord(laterality="R")
    both = replace(plausible, laterality="B")
    assert _from_header(both) == ClinicalRecord(age_years=61.0)


def test_of_several_outlines_the_largest_answers(session, runner, roi):
    small = Roi(5, tuple((x / 2, y / 2) for x, y in roi.polygon))
    session.set_drawing(drawing_of(small))
    session.set_drawing(drawing_of(small, roi))
    assert [request.roi for request in runner.requests] == [small, roi]
    session.set_drawing(drawing_of(roi))  # the small one removed: nothing to ask
    assert len(runner.requests) == 2
    session.set_drawing(drawing_of(roi).with_key_frame_switched(1))
    assert len(runner.requests) == 2


def test_another_reader_sees_nothing_of_the_first_one_s_outline(
    qtbot, session, runner, library, roi
):
    first = library.reader
    session.set_drawing(drawing_of(roi))
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.set_reader("Reader B")
    assert session.drawing == Drawing()
    assert session.roi is None
    moved = Roi(roi.frame_index, tuple((x + 3, y) for x, y in roi.polygon))
    with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
        session.set_drawing(drawing_of(moved))
    drawn = library.drawings_by_reader(session.case.case_id)
    assert drawn == {first: drawing_of(roi), "Reader B": drawing_of(moved)}
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.set_reader(first)
    assert session.roi == roi


def test_a_calibration_by_the_reader_is_kept_and_asked_with(
    qtbot, session, runner, library, roi, tmp_path
):
    plain = tmp_path / "plain.png"
    PIL.Image.new("L", (200, 150), 90).save(plain)
    case_id = library.add_image(plain, open_image(plain).image).case_id
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(case_id)
    described = heard(session.image_described)
    square = Roi(0, ((20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)))
    session.set_drawing(drawing_of(square))
    before = session.inputs.sha256
    calibration = UserCalibration(0, (10.0, 20.0), (10.0, 120.0), 10.0)
    with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
        session.set_calibration(calibration)
    assert runner.requests[-1].calibration == calibration
    assert session.inputs.sha256 != before
    assert described[0][0].spacing_at(50, 50).mm == pytest.approx((0.1, 0.1))
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(case_id)
    assert session.case.image.user_calibration == calibration
    session.set_calibration(None)
    assert session.inputs.sha256 == before


def test_a_calibration_that_cannot_be_is_refused(session):
    refused = heard(session.refused)
    session.set_calibration(UserCalibration(0, (10.0, 20.0), (10.0, 20.0), 10.0))
    assert len(refused) == 1
    assert session.case.image.user_calibration is None


def test_the_library_file_is_what_the_engine_reads(session, runner, roi):
    session.set_drawing(drawing_of(roi))
    path: Path = runner.requests[-1].image_path
    assert path.read_bytes() == DEMO.read_bytes()


def test_the_last_stroke_is_kept_though_the_window_closes_behind_slow_work(
    qtbot, runner, library, roi
):
    background = Background()
    session = session_on(library, runner, background, Settings(device="cpu"))
    case_id = library.add_image(DEMO, open_image(DEMO).image).case_id
    with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
        session.open_case(case_id)
    began, go_on = threading.Event(), threading.Event()
    background.run(lambda: [began.set(), go_on.wait(60)], print, print)
    assert began.wait(60)
    dropped: list[int] = []
    background.run(lambda: dropped.append(1), print, print)
    session.set_drawing(drawing_of(roi))
    closing = threading.Thread(target=background.close)
    closing.start()
    while not background._closing:
        pass
    go_on.set()
    closing.join(60)
    assert library.latest_drawing(case_id).answering == roi
    assert dropped == []  # what may be lost does not hold up the closing
