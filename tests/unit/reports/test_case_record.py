"""What a report is written from: the library's own answer, or a refusal that says why not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from her2desk.domain.clinical import Pathology
from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.image import UserCalibration
from her2desk.domain.reading import Decision, Impression
from her2desk.domain.roi import Roi
from her2desk.domain.stability import Stability, Variability
from her2desk.errors import PackRefused, StoreRefused
from her2desk.inference.keeping import keep_answer, keep_stability
from her2desk.inference.stored_prediction import to_stored
from her2desk.paths import demo_pack_path
from her2desk.reports.case_record import read_case
from her2desk.reports.case_report import case_report
from her2desk.reports.content import Columns, Section
from her2desk.reports.report_options import ReportOptions
from her2desk.store.history import Action
from her2desk.store.library import Library

from .kept_case import FILE, READER, RECORD, a_library, keep_case, the_answer, the_image, the_shelf

RULER = UserCalibration(0, (10.0, 10.0), (110.0, 10.0), 10.0)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with a_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def case_id(library: Library) -> int:
    return keep_case(library)


def refusal(library: Library, case_id: int) -> StoreRefused:
    with pytest.raises(StoreRefused) as refused:
        read_case(library, the_shelf(library), case_id)
    assert refused.value.remedy.text()
    return refused.value


def test_the_record_is_the_answer_that_was_kept(library: Library, case_id: int) -> None:
    record = read_case(library, the_shelf(library), case_id)
    assert to_stored(record.prediction) == to_stored(the_answer())
    assert record.reader == READER
    assert record.image_path == library.image_path(case_id)
    [kept] = [e for e in library.history(case_id) if e.action is Action.PREDICTION]
    assert (record.entry_id, record.utc, record.last_utc) == (kept.entry_id, kept.utc, kept.utc)


def test_impression_decision_and_pathology_come_with_who_and_when(
    library: Library, case_id: int
) -> None:
    answer = the_answer()
    readout = answer.readout
    decision = Decision(
        "positive", "a mass", readout.call, readout.probability, answer.inputs.sha256
    )
    library.record(case_id, Action.IMPRESSION, Impression("unsure", 2).to_json())
    library.record(case_id, Action.DECISION, decision.to_json())
    library.reader = "Pathologist"
    library.save_pathology(case_id, Pathology("3+"))
    library.record(case_id, Action.DECISION, replace(decision, answer="negative").to_json())
    library.reader = READER
    record = read_case(library, the_shelf(library), case_id)
    reading = record.reading
    assert reading.impression is not None
    assert reading.decision is not None
    assert reading.pathology is not None
    assert reading.impression.value == Impression("unsure", 2)
    assert reading.decision.value == decision  # the reader's own, not a later one of another's
    assert (reading.pathology.value.her2_ihc, reading.pathology.reader) == ("3+", "Pathologist")
    assert record.last_utc == reading.pathology.utc > record.utc


def test_without_an_answer_there_is_no_report(library: Library) -> None:
    case_id = library.add_image(FILE, the_image().image).case_id
    assert refusal(library, case_id).code == "report-nothing"
    assert refusal(library, 99).code == "case-unknown"


def test_another_readers_answer_is_not_this_readers(library: Library, case_id: int) -> None:
    library.reader = "Reader B"
    assert refusal(library, case_id).code == "report-nothing"


def test_an_answer_kept_without_what_a_report_needs_says_so(library: Library, case_id: int) -> None:
    answer = the_answer()
    library.save_prediction(case_id, answer.to_json(), answer.inputs.sha256)
    assert refusal(library, case_id).code == "report-nothing"


def test_an_answer_that_contradicts_itself_is_not_reported(library: Library, case_id: int) -> None:
    answer = the_answer()
    library.save_prediction(case_id, answer.to_json(), "0" * 64, whole=to_stored(answer))
    assert refusal(library, case_id).code == "stored-answer-malformed"
    library.save_prediction(case_id, answer.to_json(), answer.inputs.sha256, whole={"version": 1})
    assert refusal(library, case_id).code == "stored-answer-malformed"


def test_an_answer_for_another_image_is_not_reported(library: Library, case_id: int) -> None:
    """As after the images of two cases were made to change places."""
    answer = the_answer()
    other = replace(answer, inputs=replace(answer.inputs, image_sha256="0" * 64))
    library.save_prediction(case_id, other.to_json(), other.inputs.sha256, whole=to_stored(other))
    assert refusal(library, case_id).code == "stored-answer-malformed"


@pytest.mark.parametrize("drawing", [Drawing(), drawing_of(Roi(3, ((9, 9), (99, 9), (99, 99))))])
def test_another_outline_makes_the_answer_stale(
    library: Library, case_id: int, drawing: Drawing
) -> None:
    library.save_drawing(case_id, drawing)
    stale = refusal(library, case_id)
    assert stale.code == "report-stale"
    assert "the outline was changed after it" in stale.message.text()


def test_another_record_or_ruler_makes_the_answer_stale(library: Library, case_id: int) -> None:
    library.save_clinical(case_id, replace(RECORD, pr=True))
    assert "the clinical record was changed" in refusal(library, case_id).message.text()
    library.save_clinical(case_id, RECORD)
    library.save_calibration(case_id, RULER)
    assert "the size of a pixel was changed" in refusal(library, case_id).message.text()
    library.save_calibration(case_id, None)
    assert read_case(library, the_shelf(library), case_id)  # as it was when the answer was made


def test_another_readers_outline_changes_nothing(library: Library, case_id: int) -> None:
    library.reader = "Reader B"
    library.save_drawing(case_id, Drawing())
    library.reader = READER
    assert read_case(library, the_shelf(library), case_id)


def test_an_answer_on_a_ruler_of_the_readers_is_reported_with_it(library: Library) -> None:
    answer = the_answer()
    calibrated = replace(answer, inputs=replace(answer.inputs, calibration=RULER))
    case_id = keep_case(library, calibrated)
    record = read_case(library, the_shelf(library), case_id)
    assert record.prediction.inputs.calibration == RULER


def test_how_the_answer_moves_is_read_while_it_is_of_this_answer(
    library: Library, case_id: int
) -> None:
    found = Stability(the_answer().inputs.sha256, (), (0.1,) * 8, 8, Variability(0.5, True, 0))
    keep_stability(library, case_id, found)
    assert read_case(library, the_shelf(library), case_id).stability == found
    keep_stability(library, case_id, replace(found, inputs_sha256="0" * 64))
    assert read_case(library, the_shelf(library), case_id).stability is None


def test_a_pack_that_was_exchanged_while_it_answered_keeps_no_answer(
    library: Library, case_id: int
) -> None:
    other = replace(the_answer(), pack=replace(the_answer().pack, sha256="c" * 64))
    before = library.history(case_id)
    with pytest.raises(PackRefused) as refused:
        keep_answer(library, the_shelf(library), case_id, other, demo_pack_path())
    assert refused.value.code == "pack-changed"
    assert library.history(case_id) == before


def test_a_report_needs_the_pack_that_answered(library: Library, case_id: int) -> None:
    shelf = the_shelf(library)
    shelf.remove(the_answer().pack.sha256)
    with pytest.raises(PackRefused) as refused:
        case_report(library, shelf, case_id, ReportOptions())
    assert refused.value.code == "pack-not-kept"


def test_the_report_has_the_pictures_that_were_asked_for(library: Library, case_id: int) -> None:
    def titles(options: ReportOptions) -> set[str]:
        content = case_report(library, the_shelf(library), case_id, options)
        assert isinstance(content.parts[0], Columns)
        sections = (part for part in content.parts if isinstance(part, Section))
        return {s.title.text() for s in sections if s.title is not None}

    assert "Nomogram" in titles(ReportOptions())
    assert "Heatmap" not in titles(ReportOptions())
    other = titles(ReportOptions(heatmap=True, nomogram=False))
    assert "Heatmap" in other
    assert "Nomogram" not in other


def test_a_case_without_a_heatmap_or_a_nomogram_is_reported_without(library: Library) -> None:
    case_id = keep_case(library, the_answer(heatmap=None))
    content = case_report(library, the_shelf(library), case_id, ReportOptions(heatmap=True))
    titles = [p.title.text() for p in content.parts if isinstance(p, Section) and p.title]
    assert "Heatmap" not in titles
