"""All of a patient in files that other programs read."""

import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from her2desk.domain.clinical import ClinicalRecord, Pathology, clinical_from_json
from her2desk.domain.drawing import drawing_of
from her2desk.domain.image import UserCalibration
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.errors import Cancelled, StoreRefused
from her2desk.store.exporting import export_cases
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.texts import Message

AddCase = Callable[..., int]
SQUARE = Roi(0, ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0)))


@pytest.fixture
def case_id(library: Library, add_case: AddCase) -> int:
    add_case(b"another patient's", patient_id="P2", patient_name="Other^Patient")
    case_id = add_case(b"the image", patient_id="P1", patient_name="王^小英")
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_clinical(case_id, ClinicalRecord(age_years=51.5, laterality="L"))
    library.save_pathology(case_id, Pathology("3+"))
    library.save_calibration(case_id, UserCalibration(0, (1.0, 2.0), (3.0, 4.0), 10.0))
    library.save_prediction(case_id, {"p": 0.25}, "ab", whole={"all": 1})
    library.save_prediction(case_id, {"p": 0.5}, "cd")
    library.reader = "../Dr. Éva/B"
    library.save_drawing(case_id, drawing_of(SQUARE))
    return case_id


def read(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8"))


def test_everything_is_there_and_nobody_else(
    library: Library, case_id: int, tmp_path: Path
) -> None:
    made = export_cases(library, [case_id], tmp_path / "out")
    own = tmp_path / "out" / f"case-{case_id:04d}"
    assert (own / "image.dcm").read_bytes() == b"the image"
    assert read(own / "readers.json") == {"1": "Reader A", "2": "../Dr. Éva/B"}
    for number in (1, 2):
        assert roi_from_json((own / f"roi-{number}.json").read_text()) == SQUARE
        assert (own / f"drawing-{number}.json").exists()
    record = read(own / "clinical.json")
    assert clinical_from_json(record) == ClinicalRecord(age_years=51.5, laterality="L")
    assert read(own / "pathology.json") == {"her2_ihc": "3+", "her2_fish": None}
    assert (own / "calibration.json").exists()
    predictions = read(own / "predictions.json")
    assert isinstance(predictions, list)
    assert [p["content"]["document"]["p"] for p in predictions] == [0.25, 0.5]
    history = read(own / "history.json")
    assert isinstance(history, list)
    assert [e["entry_id"] for e in history] == [e.entry_id for e in library.history(case_id)]
    row = read(own / "case.json")
    assert isinstance(row, dict)
    assert row["patient_name"] == "王^小英"
    files = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert made.files == len(files) - 1  # the sums themselves
    assert not any("Other" in p.read_text("utf-8", "replace") for p in files)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_the_sums_are_those_of_the_files(library: Library, case_id: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = export_cases(library, [1, case_id, 1], out)
    assert made.case_ids == (1, case_id)
    lines = (out / "SHA256SUMS").read_text().splitlines()
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    named = {line.split("  ")[1] for line in lines}
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert named == there - {"SHA256SUMS"}
    if os.name == "posix":
        before = os.umask(0)
        try:
            export_cases(library, [case_id], tmp_path / "private")
        finally:
            os.umask(before)
        private = tmp_path / "private"
        assert [p for p in (private, *private.rglob("*")) if p.stat().st_mode & 0o077] == []


def test_an_outline_that_was_cleared_and_a_bare_case(
    library: Library, add_case: AddCase, tmp_path: Path
) -> None:
    bare = add_case(b"bare")
    library.record(bare, Action.ROI, None)
    export_cases(library, [bare], tmp_path / "out")
    names = {p.name for p in (tmp_path / "out" / f"case-{bare:04d}").iterdir()}
    assert names == {"case.json", "history.json", "image.dcm", "readers.json"}


def test_a_lost_image_does_not_keep_the_rest_back(
    library: Library, case_id: int, tmp_path: Path
) -> None:
    library.image_path(case_id).unlink()
    made = export_cases(library, [case_id], tmp_path / "out")
    assert made.without_image == (case_id,)
    assert read(tmp_path / "out" / "export.json") == {
        "cases": [case_id],
        "program": read_version(),
        "without_image": [case_id],
    }


def read_version() -> str:
    from her2desk import __version__

    return __version__


@pytest.mark.parametrize("name", ["out", "files/out", "out/../out"])
def test_an_export_into_the_library_is_refused(
    library: Library, case_id: int, folder: Path, name: str
) -> None:
    """Erasing the patient would not reach it."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(StoreRefused) as refused:
        export_cases(library, [case_id], folder / name)
    assert refused.value.code == "inside-library"
    assert sorted(folder.rglob("*")) == before


def test_a_folder_in_use_and_an_unknown_case_are_refused(
    library: Library, case_id: int, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    export_cases(library, [case_id], tmp_path / "empty")
    with pytest.raises(StoreRefused) as refused:
        export_cases(library, [case_id], tmp_path / "empty")
    assert refused.value.code == "export-exists"
    with pytest.raises(StoreRefused) as refused:
        export_cases(library, [4711], tmp_path / "other")
    assert refused.value.code == "case-unknown"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreRefused) as refused:
        export_cases(library, [case_id], tmp_path / "file")
    assert refused.value.code == "export-unwritable"
    assert not (tmp_path / "other").exists()


def test_who_stops_it_and_a_full_disk_leave_nothing(
    library: Library, case_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stops:
        def step(self, fraction: float, _: Message) -> None:
            if fraction > 0:
                raise Cancelled

    place = tmp_path / "place"
    with pytest.raises(Cancelled):
        export_cases(library, [1, case_id], place / "out", Stops())
    assert list(place.iterdir()) == []

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("her2desk.store.files.os.fsync", full)
    with pytest.raises(StoreRefused) as refused:
        export_cases(library, [case_id], place / "out")
    assert refused.value.code == "export-unwritable"
    assert list(place.iterdir()) == []
