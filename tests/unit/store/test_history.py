"""The chain holds while contents go, and shows what was changed from outside."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.errors import StoreRefused
from her2desk.store import history
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.erasing import erase_cases
from her2desk.store.history import Action
from her2desk.store.last_entry import NOTE_NAME
from her2desk.store.library import Library
from her2desk.store.opening import open_library

AddCase = Callable[..., int]
TRIGGERS = ("history_is_never_changed", "history_is_never_deleted")


@contextmanager
def from_outside(folder: Path) -> Iterator[sqlite3.Connection]:
    """As somebody who removes what protects the history."""
    with closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as connection:
        sql = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for name in TRIGGERS:
            connection.execute(sql[name])


@pytest.fixture
def told(library: Library, add_case: AddCase) -> Library:
    """Two cases with a clinical record each, entries 1 to 4."""
    for number, content in enumerate((b"one", b"two"), start=1):
        case_id = add_case(content)
        library.save_clinical(case_id, ClinicalRecord(age_years=40 + number))
    return library


def refusal(library: Library) -> StoreRefused:
    with pytest.raises(StoreRefused) as refused:
        library.check()
    return refused.value


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET content = replace(content, '41', '42') WHERE entry_id = 2",
        "UPDATE history SET salt = randomblob(16) WHERE entry_id = 2",
        "UPDATE history SET content_sha256 = sha256 WHERE entry_id = 2",
        "UPDATE history SET reader = 'somebody else' WHERE entry_id = 2",
        "UPDATE history SET utc = '2020' WHERE entry_id = 2",
        "UPDATE history SET case_id = 2 WHERE entry_id = 2",
        "UPDATE history SET content = NULL, salt = NULL WHERE entry_id = 2",
        "UPDATE history SET action = 'pathology' WHERE entry_id = 2",
        "UPDATE history SET entry_id = 20 WHERE entry_id = 2",
    ],
)
def test_every_change_is_noticed(told: Library, folder: Path, change: str) -> None:
    told.check()
    with from_outside(folder) as connection:
        connection.execute(change)
    assert refusal(told).code == "store-history-changed"


@pytest.mark.parametrize(
    ("change", "case"),
    [
        ("UPDATE cases SET patient_name = 'Somebody^Else' WHERE case_id = 2", "0002"),
        ("UPDATE cases SET patient_id = 'P-2' WHERE case_id = 1", "0001"),
        ("UPDATE cases SET laterality = 'R' WHERE case_id = 2", "0002"),
        ("DELETE FROM cases WHERE case_id = 2", "0002"),
        ("INSERT INTO cases SELECT 3, 'ab', file_name, sop_instance_uid, study_instance_uid,"
         " study_date, patient_id, patient_name, patient_age_years, laterality, frames,"
         " imported_utc, NULL, NULL, 0, 0, '' FROM cases WHERE case_id = 1", "0003"),
    ],
)  # fmt: skip
def test_a_case_that_is_not_what_was_imported_is_noticed(
    told: Library, folder: Path, change: str, case: str
) -> None:
    with from_outside(folder) as connection:
        connection.execute(change)
    refused = refusal(told)
    assert refused.code == "store-case-changed"
    assert case in str(refused)


def test_the_images_of_two_cases_that_changed_places_are_noticed(
    told: Library, folder: Path
) -> None:
    one, two = (told.image_path(case_id).name for case_id in (1, 2))
    with from_outside(folder) as connection:
        for case_id, sha256 in ((1, "in between"), (2, one), (1, two)):
            connection.execute(
                "UPDATE cases SET image_sha256 = ? WHERE case_id = ?", (sha256, case_id)
            )
    assert refusal(told).code == "store-case-changed"


def test_a_history_that_is_gone_leaves_cases_that_nobody_imported(
    told: Library, folder: Path
) -> None:
    told.close()
    (folder / NOTE_NAME).unlink()
    with from_outside(folder) as connection:
        connection.execute("DELETE FROM history")
    with open_library(folder, "Reader A") as library:
        assert refusal(library).code == "store-case-changed"


def test_an_entry_taken_out_of_the_middle_is_noticed(told: Library, folder: Path) -> None:
    with from_outside(folder) as connection:
        connection.execute("DELETE FROM history WHERE entry_id = 2")
    assert "Entry 3" in str(refusal(told))


def test_an_end_that_was_cut_off_is_noticed_and_stays_so(told: Library, folder: Path) -> None:
    told.close()
    with from_outside(folder) as connection:
        connection.execute("DELETE FROM history WHERE entry_id = 4")
    with open_library(folder, "Reader A") as library:
        assert refusal(library).code == "store-history-cut"
        library.save_clinical(1, ClinicalRecord(age_years=50))  # what goes on does not cover it up
        assert refusal(library).code == "store-history-cut"


def test_an_older_copy_of_the_database_is_noticed(
    told: Library, folder: Path, add_case: AddCase
) -> None:
    told.close()
    older = (folder / DATABASE_NAME).read_bytes()
    with open_library(folder) as library:
        library.save_clinical(1, ClinicalRecord(age_years=50))
    (folder / DATABASE_NAME).write_bytes(older)
    with open_library(folder) as library:
        assert "entry 5" in str(refusal(library))


@pytest.mark.parametrize("note", [None, b"", b"torn", b"\xff\xfe 1", b"x y"])
def test_a_note_that_is_not_there_accuses_nobody(
    told: Library, folder: Path, note: bytes | None
) -> None:
    (folder / NOTE_NAME).unlink()
    if note is not None:
        (folder / NOTE_NAME).write_bytes(note)
    told.check()


def test_a_note_that_cannot_be_written_costs_no_stroke(told: Library, folder: Path) -> None:
    (folder / NOTE_NAME).unlink()
    (folder / NOTE_NAME).mkdir()
    told.save_clinical(1, ClinicalRecord(age_years=50))
    told.check()


def test_the_note_names_the_last_entry(told: Library, folder: Path) -> None:
    with told.parts.database.reading() as connection:
        assert told.parts.note.read() == history.head(connection)
    assert (folder / NOTE_NAME).stat().st_mode & 0o077 == 0


def test_equal_contents_have_unequal_hashes(told: Library) -> None:
    """Nobody can find out what an erased content said by trying."""
    told.save_clinical(1, ClinicalRecord(age_years=41))
    with told.parts.database.reading() as connection:
        rows = connection.execute(
            "SELECT content, content_sha256 FROM history WHERE case_id = 1 AND action = 'clinical'"
        ).fetchall()
    assert len({row["content"] for row in rows}) == 1
    assert len({row["content_sha256"] for row in rows}) == 2
    plain = hashlib.sha256(rows[0]["content"].encode()).hexdigest()
    assert plain not in {row["content_sha256"] for row in rows}


class TestErasedContents:
    def test_the_chain_holds_without_them(self, told: Library) -> None:
        erase_cases(told, [1])
        told.check()
        entries = told.history(1)
        assert [(e.action, e.content, e.is_erased) for e in entries[:2]] == [
            (Action.IMPORTED, None, True),
            (Action.CLINICAL, None, True),
        ]
        assert entries[2].action is Action.ERASED
        assert entries[2].content == {"contents": 2, "entries": [1, 2], "files": 1}
        assert not entries[2].is_erased
        told.save_clinical(2, ClinicalRecord(age_years=50))
        told.check()

    @pytest.mark.parametrize(
        "change",
        [
            # another entry of the same case, another case's, and the fact itself
            "UPDATE history SET content = '{}', salt = x'00' WHERE entry_id = 2",
            "UPDATE history SET content = NULL, salt = NULL WHERE entry_id = 4",
            "UPDATE history SET content = NULL, salt = NULL WHERE action = 'erased'",
            "UPDATE history SET content = 'not json' WHERE action = 'erased'",
            "UPDATE history SET content = '[]' WHERE action = 'erased'",
        ],
    )
    def test_nothing_else_may_go_or_come_back(
        self, told: Library, folder: Path, change: str
    ) -> None:
        erase_cases(told, [1])
        with from_outside(folder) as connection:
            connection.execute(change)
        assert refusal(told).code == "store-history-changed"

    def test_an_erasure_speaks_for_its_own_case_only(self, told: Library, folder: Path) -> None:
        """A forged fact, chained as ours are, that names another case's entry."""
        with told.parts.database.transaction() as connection:
            forged = {"entries": [2, 4]}
            history.append(connection, 1, Action.ERASED, forged, "x", datetime.now(UTC))
        with from_outside(folder) as connection:
            connection.execute(
                "UPDATE history SET content = NULL, salt = NULL WHERE entry_id IN (2, 4)"
            )
        assert "Entry 4" in str(refusal(told))

    def test_without_the_fact_the_database_lets_nothing_go(
        self, told: Library, folder: Path
    ) -> None:
        for change in (
            "UPDATE history SET content = NULL, salt = NULL WHERE entry_id = 2",
            "DELETE FROM history WHERE entry_id = 2",
        ):
            with (
                closing(sqlite3.connect(folder / DATABASE_NAME)) as connection,
                pytest.raises(sqlite3.IntegrityError, match="append-only"),
            ):
                connection.execute(change)
        erase_cases(told, [1])
        for change in (
            "UPDATE history SET content = NULL, salt = NULL WHERE entry_id = 4",
            "UPDATE history SET content = NULL, salt = NULL, utc = '' WHERE entry_id = 2",
            "UPDATE history SET content = NULL, salt = NULL WHERE action = 'erased'",
            "UPDATE history SET content = '{}', salt = x'00' WHERE entry_id = 2",
        ):
            with (
                closing(sqlite3.connect(folder / DATABASE_NAME)) as connection,
                pytest.raises(sqlite3.IntegrityError, match="append-only"),
            ):
                connection.execute(change)


def test_a_clock_that_is_set_back_loses_and_misorders_nothing(
    folder: Path, library: Library, add_case: AddCase
) -> None:
    case_id = add_case()
    library.close()
    noon = datetime(2030, 3, 1, 12, tzinfo=UTC)
    times = [noon, noon - timedelta(days=700), noon - timedelta(days=699), noon - timedelta(800)]
    ticks = iter(times)
    with open_library(folder, "Reader A", clock=lambda: next(ticks)) as later:
        for age in range(40, 44):
            later.save_clinical(case_id, ClinicalRecord(age_years=age))
        latest = later.latest_clinical(case_id)
        assert latest is not None
        assert latest.age_years == 43
        said = [e.content["age_years"] for e in later.history(case_id)[1:] if e.content]
        assert said == [40, 41, 42, 43]
        assert later.cases()[0].age_years == 43
        later.check()
        with later.parts.database.reading() as connection:
            assert history.steps_back(connection) == 2


def test_a_case_list_that_does_not_follow_from_the_history_is_worked_out_anew(
    told: Library, folder: Path
) -> None:
    before = told.cases()
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        connection.execute("UPDATE cases SET clinical_age_years = 12, words = ''")
        connection.execute("INSERT INTO case_states VALUES ('Reader A', 1, 1, 1, 9, 9)")
        connection.commit()
    assert told.cases() != before
    told.check()
    assert told.cases() == before
    assert [row.case_id for row in told.cases("0002")] == [2]


def test_contents_are_json_that_python_reads_back(told: Library) -> None:
    with told.parts.database.reading() as connection:
        for row in connection.execute("SELECT content FROM history"):
            json.loads(row["content"])
