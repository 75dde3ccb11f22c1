"""The library keeps what it acknowledged."""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from her2desk.domain.clinical import CLINICAL_FIELDS, LATERALITIES, ClinicalRecord
from her2desk.domain.drawing import Drawing, Ruler, drawing_of
from her2desk.domain.image import UltrasoundImage, UserCalibration
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused, StoreRefused
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library

SQUARE = Roi(0, ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)))


def an_image(file: Path, **values: object) -> UltrasoundImage:
    image = UltrasoundImage(
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        sop_instance_uid="1.2.3",
        rows=100,
        columns=200,
        frames=1,
        photometric="MONOCHROME2",
        transfer_syntax="1.2.840.10008.1.2.1",
    )
    return replace(image, **values)


def a_file(folder: Path, name: str = "one.dcm", content: bytes = b"an ultrasound image") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with open_library(folder, reader="Reader A") as opened:
        yield opened


@pytest.fixture
def case_id(library: Library, tmp_path: Path) -> int:
    file = a_file(tmp_path)
    return library.add_image(file, an_image(file)).case_id


def test_an_image_is_copied_under_its_hash(library: Library, folder: Path, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    added = library.add_image(file, an_image(file))
    file.unlink()
    digest = hashlib.sha256(b"an ultrasound image").hexdigest()
    kept = library.image_path(added.case_id)
    assert added.was_new
    assert kept == folder / "files" / digest[:2] / digest
    assert kept.read_bytes() == b"an ultrasound image"


def test_the_same_bytes_under_another_name_are_the_same_case(
    library: Library, tmp_path: Path
) -> None:
    one, two = a_file(tmp_path), a_file(tmp_path, "two.dcm")
    first = library.add_image(one, an_image(one))
    second = library.add_image(two, an_image(two))
    assert (second.case_id, second.was_new) == (first.case_id, False)
    assert len(library.cases()) == 1


def test_a_file_that_another_process_imported_meanwhile_is_a_duplicate(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    file = a_file(tmp_path)
    image = an_image(file)
    with library.intake() as intake:
        intake.put(file, image, file.name)
        with open_library(folder) as other:
            theirs = other.add_image(file, image)
        assert intake.commit() == [replace(theirs, was_new=False)]


def test_a_file_that_changed_since_it_was_read_is_refused(library: Library, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    image = an_image(file)
    file.write_bytes(b"something else")
    with pytest.raises(InputRefused) as refused:
        library.add_image(file, image)
    assert refused.value.code == "file-changed"
    assert library.cases() == []


def test_a_file_that_vanished_is_refused(library: Library, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    image = an_image(file)
    file.unlink()
    with pytest.raises(InputRefused) as refused:
        library.add_image(file, image)
    assert refused.value.code == "file-unreadable"


def test_nothing_is_left_of_a_refused_copy(library: Library, folder: Path, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    image = an_image(file)
    file.write_bytes(b"something else")
    with pytest.raises(InputRefused):
        library.add_image(file, image)
    assert [p for p in (folder / "files").rglob("*") if p.is_file()] == []


def test_the_last_stroke_wins_and_all_are_kept(library: Library, case_id: int) -> None:
    later = Roi(0, ((1.0, 1.0), (50.0, 1.0), (50.0, 50.0)))
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_drawing(case_id, drawing_of(later))
    assert library.latest_drawing(case_id).answering == later
    strokes = [e.content for e in library.history(case_id) if e.action is Action.ROI]
    assert strokes == [json.loads(json.dumps(r.to_json())) for r in (SQUARE, later)]


def test_a_cleared_outline_is_no_outline(library: Library, case_id: int) -> None:
    assert library.latest_drawing(case_id).answering is None
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_drawing(case_id, Drawing())
    assert library.latest_drawing(case_id).answering is None


def test_a_prediction_is_kept_with_the_hash_of_its_inputs(library: Library, case_id: int) -> None:
    assert library.latest_prediction(case_id) is None
    library.save_prediction(case_id, {"probability": 0.25}, "ab" * 32)
    kept = library.latest_prediction(case_id)
    assert kept is not None
    assert (kept.document, kept.inputs_sha256) == ({"probability": 0.25}, "ab" * 32)


coordinates = st.floats(allow_nan=False, allow_infinity=False)
rois = st.builds(
    Roi,
    st.integers(0, 10_000),
    st.lists(st.tuples(coordinates, coordinates), max_size=30).map(tuple),
)
records = st.builds(
    ClinicalRecord,
    **{
        f.name: st.none() | (st.floats(f.lower, f.upper) if f.upper is not None else st.booleans())
        for f in CLINICAL_FIELDS
    },
    laterality=st.sampled_from([None, *LATERALITIES]),
)
once_per_test = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)


@once_per_test
@given(roi=rois)
def test_an_outline_comes_back_to_the_last_bit(library: Library, case_id: int, roi: Roi) -> None:
    library.save_drawing(case_id, drawing_of(roi))
    assert library.latest_drawing(case_id).answering == roi


@once_per_test
@given(record=records)
def test_a_clinical_record_comes_back_as_it_was(
    library: Library, case_id: int, record: ClinicalRecord
) -> None:
    library.save_clinical(case_id, record)
    assert library.latest_clinical(case_id) == record


def test_a_case_without_a_clinical_record_has_none(library: Library, case_id: int) -> None:
    assert library.latest_clinical(case_id) is None


def test_the_status_follows_the_work(library: Library, case_id: int) -> None:
    def status() -> str:
        return library.cases()[0].status

    assert status() == "imported"
    library.save_clinical(case_id, ClinicalRecord(pr=True))
    assert status() == "imported"
    library.save_drawing(case_id, drawing_of(SQUARE))
    assert status() == "drawn"
    library.save_prediction(case_id, {}, "")
    assert status() == "read"
    library.record(case_id, Action.REPORTED, {"written": ["report.html"]})
    assert status() == "reported"
    library.save_prediction(case_id, {}, "")
    assert status() == "read"
    library.save_clinical(case_id, ClinicalRecord(pr=False))
    assert status() == "drawn"
    library.save_prediction(case_id, {}, "")
    library.save_drawing(case_id, Drawing())
    assert status() == "imported"


def test_the_newest_case_comes_first_and_search_finds_every_word(
    library: Library, tmp_path: Path
) -> None:
    for number, name in enumerate(("Zhang^Wei", "STRASSE^Ana", "王^小英"), start=1):
        file = a_file(tmp_path, f"{number}.dcm", name.encode())
        library.add_image(
            file, an_image(file, patient_id=f"P-{number}", patient_name=name, laterality="L")
        )
    assert [c.patient_id for c in library.cases()] == ["P-3", "P-2", "P-1"]
    assert [c.patient_id for c in library.cases("straße")] == ["P-2"]
    assert [c.patient_id for c in library.cases("小英")] == ["P-3"]
    assert [c.patient_id for c in library.cases("zhang p-1")] == ["P-1"]
    assert library.cases("zhang p-2") == []
    assert [c.patient_id for c in library.cases("0002")] == ["P-2"]


def test_the_clinical_record_corrects_age_and_side(library: Library, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    image = an_image(file, patient_age_years=61.0, laterality="L", study_date="20240102", frames=7)
    case_id = library.add_image(file, image).case_id
    row = library.cases()[0]
    assert (row.age_years, row.laterality) == (61.0, "L")
    assert (row.study_date, row.frames, row.file_name) == ("20240102", 7, "one.dcm")
    library.save_clinical(case_id, ClinicalRecord(age_years=62, laterality="R"))
    row = library.cases()[0]
    assert (row.age_years, row.laterality) == (62, "R")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_a_file_name_that_is_no_text_is_kept_with_question_marks(
    library: Library, tmp_path: Path
) -> None:
    file = tmp_path / os.fsdecode(b"\xff\xfe.dcm")
    file.write_bytes(b"bytes")
    library.add_image(file, an_image(file))
    assert library.cases()[0].file_name == "??.dcm"


def test_history_names_reader_and_time_and_its_order_ignores_the_clock(
    folder: Path, tmp_path: Path
) -> None:
    noon = datetime(2025, 3, 1, 12, tzinfo=UTC)
    times = iter([noon, noon + timedelta(hours=1), noon - timedelta(days=400)])
    file = a_file(tmp_path)
    with open_library(folder, reader="Reader A", clock=lambda: next(times)) as library:
        case_id = library.add_image(file, an_image(file)).case_id
        library.save_drawing(case_id, drawing_of(SQUARE))
        library.reader = "Reader B"
        library.save_drawing(case_id, Drawing())
        entries = library.history(case_id)
        assert library.latest_drawing(case_id).answering is None
    assert [(e.action, e.reader, e.utc[:10]) for e in entries] == [
        (Action.IMPORTED, "Reader A", "2025-03-01"),
        (Action.DRAWING, "Reader A", "2025-03-01"),
        (Action.ROI, "Reader A", "2025-03-01"),
        (Action.DRAWING, "Reader B", "2024-01-26"),
    ]


def test_readers_draw_without_seeing_one_another(library: Library, case_id: int) -> None:
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_prediction(case_id, {}, "")
    library.reader = "Reader B"
    assert library.latest_drawing(case_id) == Drawing()
    assert library.cases()[0].status == "imported"
    assert list(library.drawings_by_reader(case_id)) == ["Reader A"]
    smaller = replace(SQUARE, polygon=SQUARE.polygon[:3])
    library.save_drawing(case_id, drawing_of(smaller))
    assert library.cases()[0].status == "drawn"
    assert library.drawings_by_reader(case_id)["Reader B"].answering == smaller
    assert library.readers() == ("Reader A", "Reader B")
    library.reader = "Reader A"
    assert library.latest_drawing(case_id).answering == SQUARE
    assert library.cases()[0].status == "read"


def test_a_key_frame_or_a_ruler_leaves_the_answer_current(library: Library, case_id: int) -> None:
    drawing = drawing_of(SQUARE)
    library.save_drawing(case_id, drawing)
    library.save_prediction(case_id, {}, "")
    marked = drawing.with_key_frame_switched(2).with_ruler(Ruler(0, (1.0, 2.0), (3.0, 4.5)))
    library.save_drawing(case_id, marked)
    assert library.latest_drawing(case_id) == marked
    assert library.cases()[0].status == "read"


def test_a_calibration_is_kept_for_every_reader_until_it_is_taken_back(
    library: Library, case_id: int
) -> None:
    assert library.latest_calibration(case_id) is None
    calibration = UserCalibration(1, (10.0, 20.0), (10.0, 140.5), 10.0)
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_prediction(case_id, {}, "")
    library.save_calibration(case_id, calibration)
    assert library.cases()[0].status == "drawn"  # the answer was for another size
    library.reader = "Reader B"
    assert library.latest_calibration(case_id) == calibration
    library.save_calibration(case_id, None)
    assert library.latest_calibration(case_id) is None


def test_history_cannot_be_changed_and_a_forced_change_is_noticed(
    library: Library, folder: Path, case_id: int
) -> None:
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_drawing(case_id, Drawing())
    library.check()
    other = sqlite3.connect(folder / DATABASE_NAME)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute("UPDATE history SET reader = 'somebody else' WHERE entry_id = 2")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute("DELETE FROM history WHERE entry_id = 2")
    other.execute("DROP TRIGGER history_is_never_changed")
    other.execute("UPDATE history SET reader = 'somebody else' WHERE entry_id = 2")
    other.commit()
    other.close()
    with pytest.raises(StoreRefused, match="Entry 2") as refused:
        library.check()
    assert refused.value.code == "store-history-changed"


def test_a_case_that_does_not_exist_is_refused(library: Library) -> None:
    for attempt in (
        lambda: library.save_drawing(7, drawing_of(SQUARE)),
        lambda: library.image_path(7),
        lambda: library.record(7, Action.REPORTED, {}),
    ):
        with pytest.raises(StoreRefused) as refused:
            attempt()
        assert refused.value.code == "case-unknown"
    assert library.history(7) == ()


def test_a_missing_image_file_is_a_sentence(library: Library, case_id: int) -> None:
    library.image_path(case_id).unlink()
    with pytest.raises(StoreRefused) as refused:
        library.image_path(case_id)
    assert refused.value.code == "store-file-missing"


def test_two_threads_may_draw(library: Library, case_id: int) -> None:
    def draw() -> None:
        for _ in range(20):
            library.save_drawing(case_id, drawing_of(SQUARE))

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # imported, 40 strokes, and once the outline that answers
    assert len(library.history(case_id)) == 42
    library.check()


DRAW_FOREVER = """
import sys
from pathlib import Path
from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import Roi
from her2desk.store.opening import open_library

library = open_library(Path(sys.argv[1]))
case_id = library.cases()[0].case_id
stroke = 0
while True:
    stroke += 1
    library.save_drawing(
        case_id, drawing_of(Roi(stroke, ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))))
    )
    print(stroke, flush=True)
"""

IMPORT_FOREVER = """
import hashlib, sys
from pathlib import Path
from her2desk.domain.image import UltrasoundImage
from her2desk.store.opening import open_library

library = open_library(Path(sys.argv[1]))
source = Path(sys.argv[1]).with_name("source.dcm")
number = 0
while True:
    number += 1
    source.write_bytes(str(number).encode() * 100_000)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    image = UltrasoundImage(sha256, None, 1, 1, 1, "MONOCHROME2", "")
    print(library.add_image(source, image).case_id, flush=True)
"""


def killed_while(code: str, folder: Path, acknowledgements: int) -> int:
    """Kill a process after so many acknowledgements; gives the last one it got out."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as acknowledged:
        said = [acknowledged.readline() for _ in range(acknowledgements)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        said += acknowledged.read().split()
    return int(said[-1])


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
@pytest.mark.parametrize("strokes", [1, 7, 30])
def test_no_acknowledged_stroke_is_lost_when_the_process_is_killed(
    folder: Path, tmp_path: Path, strokes: int
) -> None:
    file = a_file(tmp_path)
    with open_library(folder) as library:
        case_id = library.add_image(file, an_image(file)).case_id
    last_said = killed_while(DRAW_FOREVER, folder, strokes)
    with open_library(folder) as library:
        roi = library.latest_drawing(case_id).answering
        assert roi is not None
        assert roi.frame_index in (last_said, last_said + 1)  # saved, killed before it said so
        library.check()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
@pytest.mark.parametrize("files", [1, 9, 20])
def test_no_acknowledged_import_is_lost_when_the_process_is_killed(
    folder: Path, files: int
) -> None:
    last_said = killed_while(IMPORT_FOREVER, folder, files)
    with open_library(folder) as library:
        cases = library.cases()
        assert len(cases) in (last_said, last_said + 1)
        for case in cases:
            kept = library.image_path(case.case_id).read_bytes()
            assert hashlib.sha256(kept).hexdigest() == case.sha256
        library.check()
