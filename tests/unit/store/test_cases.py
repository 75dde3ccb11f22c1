"""The case list: what is found, in which order, page by page."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.store import case_states, cases, history
from her2desk.store.cases import CaseFilter, CaseStatus, CaseSummary
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library

AddCase = Callable[..., int]
ROI: dict[str, Any] = {"frame_index": 0, "polygon": [[0, 0], [9, 0], [9, 9]]}


@pytest.fixture
def ward(library: Library, add_case: AddCase) -> Library:
    """Six cases; the odd ones are Weber's left sides, the third has no study date."""
    for number in range(1, 7):
        add_case(
            b"%d" % number,
            patient_id=f"P{number}",
            patient_name="Weber^A" if number % 2 else "Zhang^B",
            laterality="L" if number % 2 else "R",
            study_date="" if number == 3 else f"2025010{number}",
            file_name=f"file {number}.dcm",
        )
    return library


def found(library: Library, **asked: Any) -> list[int]:
    ids = [row.case_id for row in library.find(CaseFilter(**asked))]
    assert library.count(CaseFilter(**asked)) == len(ids)
    return ids


def test_nothing_asked_is_everything_newest_first(ward: Library) -> None:
    assert found(ward) == [6, 5, 4, 3, 2, 1]
    assert ward.count() == 6


def test_pages_follow_one_another(ward: Library) -> None:
    pages = [ward.find(CaseFilter(), limit=4, offset=offset) for offset in (0, 4, 8)]
    assert [[row.case_id for row in page] for page in pages] == [[6, 5, 4, 3], [2, 1], []]
    assert [row.case_id for row in ward.find(CaseFilter(words="weber"), 1, 1)] == [3]


def test_words_sides_and_days(ward: Library) -> None:
    assert found(ward, words="WEBER p") == [5, 3, 1]
    assert found(ward, words="file\t4") == [4]
    assert found(ward, words="weber p2") == []
    assert found(ward, laterality="R") == [6, 4, 2]
    assert found(ward, studied_from=date(2025, 1, 3)) == [6, 5, 4]
    assert found(ward, studied_to=date(2025, 1, 4)) == [4, 2, 1]
    assert found(ward, studied_from=date(2025, 1, 2), studied_to=date(2025, 1, 2)) == [2]
    assert found(ward, words="zhang", laterality="R", studied_to=date(2025, 1, 4)) == [4, 2]


def test_the_side_that_the_clinical_record_corrects_is_found(ward: Library) -> None:
    ward.save_clinical(1, ClinicalRecord(laterality="R"))
    assert found(ward, laterality="R") == [6, 4, 2, 1]
    assert found(ward, laterality="L") == [5, 3]


def test_how_far_a_case_has_come_is_asked_of_the_reader(ward: Library) -> None:
    for case_id in (2, 4):
        ward.record(case_id, Action.ROI, ROI)
    ward.save_prediction(4, {}, "")
    assert found(ward, statuses=frozenset({CaseStatus.DRAWN})) == [2]
    assert found(ward, statuses=frozenset({CaseStatus.DRAWN, CaseStatus.READ})) == [4, 2]
    assert found(ward, words="drawn") == [2]
    assert found(ward, words="r", statuses=frozenset({CaseStatus.READ})) == [4]
    ward.reader = "Reader B"
    assert found(ward, statuses=frozenset({CaseStatus.IMPORTED})) == [6, 5, 4, 3, 2, 1]


def test_pathology_counts_while_it_says_something(ward: Library) -> None:
    ward.save_pathology(2, Pathology("2+"))
    ward.save_pathology(3, Pathology("3+"))
    ward.save_pathology(3, Pathology())
    assert found(ward, has_pathology=True) == [2]
    assert found(ward, has_pathology=False) == [6, 5, 4, 3, 1]


def test_what_was_imported_lately(folder: Path, tmp_path: Path) -> None:
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
    times = iter([noon, noon + timedelta(hours=1)])
    with open_library(folder, clock=lambda: next(times)) as library:
        for number in (1, 2):
            with library.parts.database.transaction() as connection:
                utc = library.parts.clock().isoformat(timespec="milliseconds")
                connection.execute(
                    "INSERT INTO cases (image_sha256, file_name, study_instance_uid, study_date,"
                    " patient_id, patient_name, frames, imported_utc)"
                    " VALUES (?, '', '', '', '', '', 1, ?)",
                    (str(number), utc),
                )
        assert found(library, imported_since=noon + timedelta(minutes=1)) == [2]
        assert found(library, imported_since=(noon + timedelta(hours=1)).astimezone()) == [2]
        assert found(library, imported_since=noon) == [2, 1]


def test_what_a_person_types_is_never_sql(ward: Library) -> None:
    for words in ("'; DROP TABLE cases; --", "%", "_", '"', "\x00", "\udcff", ":word0", "?"):
        assert found(ward, words=words) == []
    assert ward.count() == 6


def test_one_row(ward: Library) -> None:
    row = ward.summary(4)
    assert row == ward.cases()[2]
    assert isinstance(row, CaseSummary)
    assert row.status is CaseStatus.IMPORTED
    assert ward.summary(99) is None


def test_the_cases_of_a_patient(ward: Library, add_case: AddCase) -> None:
    add_case(b"again", patient_id="P2")
    assert ward.cases_of_patient("P2") == (2, 7)
    assert ward.cases_of_patient("P") == ()


contents: dict[Action, st.SearchStrategy[Any]] = {
    Action.ROI: st.sampled_from([None, ROI]),
    Action.CLINICAL: st.fixed_dictionaries(
        {
            "age_years": st.none() | st.integers(20, 90) | st.floats(20, 90),
            "laterality": st.sampled_from([None, "", "L", "R"]),
        }
    )
    | st.none(),
    Action.CALIBRATION: st.sampled_from([None, {"frame_index": 0}]),
    Action.PATHOLOGY: st.sampled_from(
        [None, {"her2_ihc": None, "her2_fish": None}, {"her2_ihc": "3+", "her2_fish": None}]
    ),
    Action.PREDICTION: st.just({"document": {}, "inputs_sha256": ""}),
    Action.REPORTED: st.sampled_from([None, {}]),
    Action.LOOKED: st.just({}),
}
deeds = st.sampled_from(list(contents)).flatmap(
    lambda action: st.tuples(
        st.just(action), contents[action], st.integers(1, 2), st.sampled_from(["A", "B"])
    )
)


def as_before(library: Library, reader: str) -> list[tuple[object, ...]]:
    """The list as the history says it, entry by entry, without anything that is kept beside it."""
    rows = []
    for row in library.cases():
        entries = library.history(row.case_id)

        def last(action: Action, by: str | None = None, of: Any = entries) -> Any:
            found = [e for e in of if e.action is action and by in (None, e.reader)]
            return found[-1] if found else None

        def number(entry: Any) -> int:
            return entry.entry_id if entry else 0

        said = last(Action.CLINICAL)
        clinical = (said.content if said else None) or {}
        roi, pathology = last(Action.ROI, reader), last(Action.PATHOLOGY)
        changed = max(number(said), number(last(Action.CALIBRATION)), number(roi))
        predicted = number(last(Action.PREDICTION, reader))
        status = CaseStatus.REPORTED
        if number(last(Action.REPORTED, reader)) < predicted:
            status = CaseStatus.READ
        if predicted < changed:
            status = CaseStatus.DRAWN
        if roi is None or roi.content is None:
            status = CaseStatus.IMPORTED
        has_pathology = bool(pathology and pathology.content and pathology.content["her2_ihc"])
        rows.append(
            (
                row.case_id,
                status,
                clinical.get("age_years"),
                clinical.get("laterality") or None,
                has_pathology,
            )
        )
    return rows


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(done=st.lists(deeds, max_size=12))
def test_the_list_is_what_the_history_says(
    library: Library, add_case: AddCase, done: list[tuple[Action, Any, int, str]]
) -> None:
    for content in (b"one", b"two"):
        add_case(content)
    for action, content, case_id, reader in done:
        library.reader = reader
        library.record(case_id, action, content)
    for reader in ("A", "B", "nobody"):
        library.reader = reader
        with_pathology = {row.case_id for row in library.find(CaseFilter(has_pathology=True))}
        shown = [
            (r.case_id, r.status, r.age_years, r.laterality, r.case_id in with_pathology)
            for r in library.cases()
        ]
        assert shown == as_before(library, reader)
    with library.parts.database.reading() as connection:
        assert case_states.agrees(connection)


def test_ten_thousand_rows_are_asked_for_without_reading_their_histories(ward: Library) -> None:
    """The plan of the query: one pass over the cases, their states by key, nothing sorted."""
    with ward.parts.database.reading() as connection:
        plan = [
            row["detail"]
            for row in connection.execute(
                f"EXPLAIN QUERY PLAN {cases._ROW} {cases._FROM} ORDER BY cases.case_id DESC",
                {"reader": "x"},
            )
        ]
    assert len(plan) == 2
    assert plan[0].startswith("SCAN")
    assert plan[1].startswith("SEARCH states USING PRIMARY KEY")


def test_a_content_is_kept_as_it_was_said(library: Library, add_case: AddCase) -> None:
    case_id = add_case()
    said = {"z": [1, 2.5, None, True], "a": {"ü": "王"}}
    entry_id = library.record(case_id, Action.LOOKED, said)
    with library.parts.database.reading() as connection:
        entry = history.entry(connection, entry_id)
    assert entry is not None
    assert json.loads(json.dumps(entry.content)) == said


def test_a_prediction_is_found_again_by_its_entry(library: Library, add_case: AddCase) -> None:
    case_id = add_case()
    first = library.save_prediction(case_id, {"p": 0.25}, "ab", whole={"all": [1, 2]})
    second = library.save_prediction(case_id, {"p": 0.5}, "cd")
    kept = library.prediction(first)
    assert kept is not None
    assert (kept.entry_id, kept.document, kept.whole) == (first, {"p": 0.25}, {"all": [1, 2]})
    latest = library.latest_prediction(case_id)
    assert latest is not None
    assert (latest.entry_id, latest.whole, latest.reader) == (second, None, "Reader A")
    assert library.prediction(1) is None  # an import
    assert library.prediction(99) is None
