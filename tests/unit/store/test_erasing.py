"""After an erasing no byte of the patient is in the library; the fact of it is."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import Roi
from her2desk.errors import StoreRefused
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.erasing import erase_cases, erasure_of, remove_copies
from her2desk.store.files import FileStore
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_for_window, open_library

AddCase = Callable[..., int]

NAME, PATIENT, FILE_NAME, NOTE = "Quetzalcoatl^Xiomara", "QX-4711", "xiomara.dcm", "Xochimilco"
PLANTED = (NAME, PATIENT, FILE_NAME, NOTE, "pixels of xiomara", NAME.casefold())


@pytest.fixture
def planted(library: Library, add_case: AddCase) -> int:
    """A patient whom every kind of entry names, among others who stay."""
    others = [add_case(b"other %d" % n, patient_id=f"P{n}") for n in range(8)]
    case_id = add_case(
        b"pixels of xiomara",
        patient_id=PATIENT,
        patient_name=NAME,
        file_name=FILE_NAME,
        study_date="20250102",
    )
    square = Roi(0, ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0)))
    for stroke in range(8):
        library.save_drawing(case_id, drawing_of(square))
        library.save_drawing(others[stroke], drawing_of(square))
    library.save_clinical(case_id, ClinicalRecord(age_years=51.5))
    library.save_pathology(case_id, Pathology("3+"))
    library.save_prediction(case_id, {"note": NOTE * 2000}, NOTE, whole={"patient": NAME * 500})
    library.record(case_id, Action.REPORTED, {"name": NAME, "note": NOTE})
    return case_id


def traces(folder: Path) -> set[tuple[str, str]]:
    found = set()
    for path in folder.rglob("*"):
        names = path.relative_to(folder).as_posix()
        content = path.read_bytes() if path.is_file() else b""
        for word in PLANTED:
            if word.encode() in content or word in names:
                found.add((path.name, word))
    return found


def test_no_byte_of_the_patient_is_left(library: Library, folder: Path, planted: int) -> None:
    assert {word for _, word in traces(folder)} == set(PLANTED)
    image = library.image_path(planted)
    erased = erase_cases(library, [planted])
    assert traces(folder) == set()  # while the library is open
    library.close()
    assert traces(folder) == set()
    assert not image.exists()
    assert (erased.case_ids, erased.files, erased.copies) == ((planted,), 1, ())
    with open_library(folder) as again:
        again.check()
        assert traces(folder) == set()


def test_all_others_stay_as_they_were(library: Library, planted: int) -> None:
    def rest() -> list[object]:
        rows = [row for row in library.cases() if row.case_id != planted]
        return [
            (row, library.history(row.case_id), library.image_path(row.case_id)) for row in rows
        ]

    before = rest()
    erase_cases(library, [planted])
    assert rest() == before
    assert library.count() == 8


def test_the_fact_of_it_stays(library: Library, planted: int) -> None:
    before = library.history(planted)
    library.reader = "Dr Ada"
    erased = erase_cases(library, [planted])
    *gone, fact = library.history(planted)
    assert [(e.entry_id, e.action, e.reader, e.utc) for e in gone] == [
        (e.entry_id, e.action, e.reader, e.utc) for e in before
    ]
    assert all(e.is_erased and e.content is None for e in gone)
    assert (fact.action, fact.reader) == (Action.ERASED, "Dr Ada")
    numbers = [e.entry_id for e in before]
    assert fact.content == {"entries": numbers, "contents": len(numbers), "files": 1}
    assert erased.contents == len(numbers)
    assert library.entries(Action.ERASED) == (fact,)


def test_whoever_reads_the_history_meets_no_erased_content(library: Library, planted: int) -> None:
    prediction = library.latest_prediction(planted)
    assert prediction is not None
    erase_cases(library, [planted])
    wanted = [action for action in Action if action is not Action.ERASED]
    assert planted not in {entry.case_id for entry in library.entries(*wanted)}
    assert library.latest_prediction(planted) is None
    assert library.prediction(prediction.entry_id) is None
    assert library.latest_clinical(planted) is None
    assert library.latest_pathology(planted) is None
    assert library.latest_calibration(planted) is None
    assert library.latest_drawing(planted).rois == ()
    assert library.drawings_by_reader(planted) == {}
    assert library.summary(planted) is None
    assert library.readers() == ("Reader A",)


def test_a_number_is_never_given_again(library: Library, add_case: AddCase, planted: int) -> None:
    erase_cases(library, [planted])
    again = add_case(b"pixels of xiomara")
    assert again == planted + 1
    assert library.image_path(again).read_bytes() == b"pixels of xiomara"
    with pytest.raises(StoreRefused) as refused:
        library.save_clinical(planted, ClinicalRecord())
    assert refused.value.code == "case-unknown"


def test_counting_changes_nothing(library: Library, folder: Path, planted: int) -> None:
    before = library.history(planted)
    counted = erasure_of(library, [planted, planted])
    assert (counted.case_ids, counted.contents, counted.files) == ((planted,), len(before), 1)
    assert library.history(planted) == before
    assert erase_cases(library, [planted]) == counted


def test_an_unknown_case_stops_all_of_it(library: Library, planted: int) -> None:
    for ask in (erasure_of, erase_cases):
        with pytest.raises(StoreRefused) as refused:
            ask(library, [planted, 4711])
        assert refused.value.code == "case-unknown"
    assert not any(entry.is_erased for entry in library.history(planted))


def test_nothing_is_erased_under_the_eyes_of_another_window(
    library: Library, folder: Path, planted: int
) -> None:
    with open_for_window(folder, "B"), pytest.raises(StoreRefused) as refused:
        erase_cases(library, [planted])
    assert refused.value.code == "store-in-use"
    assert library.summary(planted) is not None
    library.close()
    with open_for_window(folder, "A") as window:
        erase_cases(window, [planted])
        assert traces(folder) == set()


def test_a_copy_that_a_killed_import_left_goes_too(
    library: Library, folder: Path, tmp_path: Path, planted: int
) -> None:
    store = FileStore(folder / "files")
    source = library.image_path(planted)
    theirs = store.stage(source, source.name)
    other = store.stage(library.image_path(1), library.image_path(1).name)
    erase_cases(library, [planted])
    assert not theirs.temporary.exists()
    assert other.temporary.exists()


def test_a_file_that_a_killed_import_kept_for_no_case_goes_too(
    library: Library, folder: Path, planted: int
) -> None:
    content = b"more pixels of xiomara"
    kept = {}
    for name, age_s in (("a" * 64, 7200), ("b" * 64, 0)):
        path = folder / "files" / name[:2] / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age_s,) * 2)
        kept[name] = path
    erase_cases(library, [planted])
    assert not kept["a" * 64].exists()
    assert kept["b" * 64].exists(), "another process may be about to make its case"


def test_copies_in_the_library_are_named_and_go_on_request(
    library: Library, folder: Path, planted: int
) -> None:
    copy = folder / "backups" / "before-schema-3-x.sqlite"
    copy.parent.mkdir()
    copy.write_bytes(NAME.encode())
    aside = folder / "replaced-x"
    aside.mkdir()
    (aside / DATABASE_NAME).write_bytes(NAME.encode())
    erased = erase_cases(library, [planted])
    assert erased.copies == (copy, aside)
    assert str(copy) in erased.sentence().text()
    remove_copies(library)
    assert traces(folder) == set()
    assert erasure_of(library, [1]).copies == ()
    assert "other places" in erasure_of(library, [1]).sentence().text()


def test_copies_that_cannot_be_deleted_are_a_sentence(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "backups").mkdir()
    (folder / "backups" / "a.sqlite").write_bytes(b"")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreRefused) as refused:
        remove_copies(library)
    assert "it may hold patients" in refused.value.remedy.text()


class TestInterrupted:
    def test_what_could_not_be_removed_goes_at_the_next_opening(
        self,
        library: Library,
        folder: Path,
        planted: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(*_: object) -> None:
            raise StoreRefused("It cannot be removed.", code="store-unwritable")

        with monkeypatch.context() as patched:
            patched.setattr(FileStore, "remove", refuse)
            with pytest.raises(StoreRefused):
                erase_cases(library, [planted])
            library.close()
            open_library(folder).close()  # it opens all the same
        assert traces(folder) != set()
        with open_library(folder) as again:
            assert traces(folder) == set()
            assert again.summary(planted) is None
            again.check()

    def test_a_reader_elsewhere_delays_it(
        self, library: Library, folder: Path, planted: int
    ) -> None:
        with library.parts.database.alone() as writer:
            writer.execute("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM cases").fetchone()
            with pytest.raises(StoreRefused) as refused:
                erase_cases(library, [planted])
            assert refused.value.code == "store-traces-left"
            assert "traces. Another program" in refused.value.message.text()
            assert library.summary(planted) is None
        library.close()
        open_library(folder).close()
        assert traces(folder) == set()

    def test_a_file_imported_again_meanwhile_stays(
        self, library: Library, folder: Path, add_case: AddCase, planted: int
    ) -> None:
        sha256 = library.image_path(planted).name
        with library.parts.database.transaction() as connection:
            connection.execute("INSERT INTO files_to_remove VALUES (?)", (sha256,))
        library.close()
        with open_library(folder) as again:
            assert again.image_path(planted).is_file()
            with again.parts.database.reading() as connection:
                assert connection.execute("SELECT * FROM files_to_remove").fetchall() == []

    @pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
    @pytest.mark.parametrize("where", ["remove_traces", "_empty_log"])
    def test_a_process_killed_in_the_middle(
        self, library: Library, folder: Path, planted: int, where: str
    ) -> None:
        library.close()
        code = (
            "import os, signal, sys; from pathlib import Path\n"
            "from her2desk.store import erasing; from her2desk.store.opening import open_library\n"
            f"erasing.{where} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "erasing.erase_cases(open_library(Path(sys.argv[1])), [int(sys.argv[2])])"
        )
        run = subprocess.run([sys.executable, "-c", code, str(folder), str(planted)])
        assert run.returncode == -signal.SIGKILL
        with open_library(folder, "Reader A") as again:
            again.check()
            assert again.summary(planted) is None
            assert again.history(planted)[-1].action is Action.ERASED
        assert traces(folder) == set()


def test_a_file_that_stays_is_a_sentence(
    library: Library, planted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if len(path.name) == 64:
            raise PermissionError(13, "in use")
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreRefused, match="could not be removed"):
        erase_cases(library, [planted])


def test_reading_logs_and_audits_do_without_erased_cases(
    library: Library, add_case: AddCase, planted: int
) -> None:
    """What other rooms read of the history, after a patient among them was erased."""
    from her2desk.audit.reading_log import ACTIONS, readings
    from her2desk.audit.results import local_results

    for action in ACTIONS:
        library.record(planted, action, {"probability": 0.5})
    erase_cases(library, [planted])
    assert readings(library.entries(*ACTIONS)) == ()
    assert local_results(library, "ab" * 32).cases == ()
