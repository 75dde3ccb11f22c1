"""Writing a report: whole or not at all, recorded before it is there, the same bytes again."""

import hashlib
import io
import json
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from her2desk import __version__
from her2desk.domain.reading import Decision
from her2desk.errors import InputRefused, StoreRefused
from her2desk.reports.case_files import case_files
from her2desk.reports.case_record import CaseRecord, read_case
from her2desk.reports.case_writing import keep_printed, write_report
from her2desk.reports.report_options import (
    Paper,
    ReportKind,
    ReportOptions,
    options_from_json,
)
from her2desk.reports.written_files import staged
from her2desk.store.backup import backup_library
from her2desk.store.cases import CaseStatus
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.store.restoring import restore_library

from .kept_case import READER, a_library, keep_case, the_answer, the_shelf

OPTIONS = ReportOptions()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with a_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def record(library: Library) -> CaseRecord:
    return read_case(library, the_shelf(library), keep_case(library))


def quick(
    _: CaseRecord, options: ReportOptions, kinds: Collection[ReportKind]
) -> Mapping[ReportKind, bytes]:
    """A renderer that takes no time."""
    return {kind: f"{kind} on {options.paper}".encode() for kind in ReportKind if kind in kinds}


def reported(library: Library, case_id: int) -> list[dict[str, object]]:
    entries = [e for e in library.history(case_id) if e.action is Action.REPORTED]
    return [dict(entry.content or {}) for entry in entries]


def test_what_was_written_is_recorded_by_its_hash_and_not_by_its_place(
    library: Library, record: CaseRecord, tmp_path: Path
) -> None:
    targets = {ReportKind.PDF: tmp_path / "Ada.pdf", ReportKind.HTML: tmp_path / "Ada.html"}
    options = ReportOptions(heatmap=True, paper=Paper.LETTER)
    written = write_report(library, record, options, targets, quick)
    assert written.paths == (targets[ReportKind.HTML], targets[ReportKind.PDF])
    assert written.notices == ()
    [entry] = reported(library, record.case_id)
    assert entry == {
        "options": options.to_json(),
        "prediction_entry": record.entry_id,
        "program_version": __version__,
        "sha256": {
            str(kind): hashlib.sha256(path.read_bytes()).hexdigest()
            for kind, path in targets.items()
        },
    }
    assert "Ada" not in json.dumps(entry)
    assert options_from_json(entry["options"]) == options
    assert library.cases()[0].status is CaseStatus.REPORTED
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in targets.values())


def test_a_printed_report_is_recorded_too(library: Library, record: CaseRecord) -> None:
    keep_printed(library, record, OPTIONS, b"a page")
    [entry] = reported(library, record.case_id)
    assert entry["printed"] is True
    assert entry["sha256"] == {"pdf": hashlib.sha256(b"a page").hexdigest()}


def test_a_place_that_cannot_be_written_leaves_nothing_behind(
    library: Library, record: CaseRecord, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    sound = tmp_path / "a.html"
    sound.write_text("before")
    for wrong in (tmp_path / "taken", tmp_path / "nowhere" / "a.pdf"):
        targets = {ReportKind.HTML: sound, ReportKind.PDF: wrong}
        with pytest.raises(InputRefused) as refused:
            write_report(library, record, OPTIONS, targets, quick)
        assert refused.value.code == "unwritable"
    assert sound.read_text() == "before"
    assert reported(library, record.case_id) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "library", "taken"]


def test_no_report_takes_the_place_of_a_file_of_the_library(
    library: Library, record: CaseRecord
) -> None:
    database = library.folder / "library.sqlite"
    for place in (database, record.image_path, library.folder / "new.html"):
        with pytest.raises(StoreRefused) as refused:
            write_report(library, record, OPTIONS, {ReportKind.HTML: place}, quick)
        assert refused.value.code == "inside-library"
    library.check()
    assert reported(library, record.case_id) == []


def test_a_report_that_cannot_be_recorded_is_not_written(
    library: Library, record: CaseRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StoreRefused("The disk is full.", code="store-full")

    monkeypatch.setattr(library, "record", fails)
    with pytest.raises(StoreRefused):
        write_report(library, record, OPTIONS, {ReportKind.PDF: tmp_path / "a.pdf"}, quick)
    assert [p.name for p in tmp_path.iterdir()] == ["library"]


def test_a_library_for_reading_only_takes_no_report(
    library: Library, record: CaseRecord, tmp_path: Path
) -> None:
    with open_library(library.folder, READER, read_only=True) as reading:
        again = read_case(reading, the_shelf(reading), record.case_id)
        assert again.entry_id == record.entry_id
        with pytest.raises(StoreRefused) as refused:
            write_report(reading, record, OPTIONS, {ReportKind.PDF: tmp_path / "a.pdf"}, quick)
    assert refused.value.code == "store-read-only"


def test_another_version_that_writes_it_otherwise_says_so(
    library: Library, record: CaseRecord, tmp_path: Path
) -> None:
    def earlier(version: str, options: ReportOptions, sha256: str, entry_id: int) -> None:
        content = {
            "options": options.to_json(),
            "prediction_entry": entry_id,
            "program_version": version,
            "sha256": {"pdf": sha256},
        }
        library.record(record.case_id, Action.REPORTED, content)

    targets = {ReportKind.PDF: tmp_path / "a.pdf"}
    same = hashlib.sha256(b"pdf on a4").hexdigest()
    earlier("0.0.1", OPTIONS, same, record.entry_id)  # the same bytes
    earlier("0.0.2", ReportOptions(heatmap=True), "0" * 64, record.entry_id)  # asked otherwise
    earlier("0.0.3", OPTIONS, "0" * 64, record.entry_id - 1)  # of another answer
    earlier(__version__, OPTIONS, "0" * 64, record.entry_id)  # this very version
    library.record(record.case_id, Action.REPORTED, None)
    assert write_report(library, record, OPTIONS, targets, quick).notices == ()
    earlier("0.0.4", OPTIONS, "0" * 64, record.entry_id)
    [notice] = write_report(library, record, OPTIONS, targets, quick).notices
    assert notice.text() == (
        f"Her2Desk 0.0.4 wrote this report before; this version, {__version__}, writes it "
        "differently."
    )


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {**OPTIONS.to_json(), "more": 1},
        {**OPTIONS.to_json(), "heatmap": 1},
        {**OPTIONS.to_json(), "language": None},
        {**OPTIONS.to_json(), "paper": "a5"},
    ],
)
def test_options_that_are_none_are_refused(raw: object) -> None:
    with pytest.raises(InputRefused) as refused:
        options_from_json(raw)
    assert refused.value.code == "report-options"


def test_what_was_there_is_replaced_only_at_the_end(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_text("before")
    with staged({place: b"after"}):
        assert place.read_text() == "before"
        assert len(list(tmp_path.iterdir())) == 2
    assert place.read_text() == "after"
    assert list(tmp_path.iterdir()) == [place]


def test_a_disk_that_fills_up_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("her2desk.reports.written_files.os.fsync", full)
    with pytest.raises(InputRefused), staged({tmp_path / "a": b"x"}):
        raise AssertionError("nothing is recorded")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_became_a_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "a"
    with pytest.raises(InputRefused), staged({place: b"x"}):
        place.mkdir()
    assert list(tmp_path.iterdir()) == [place]


def test_every_kind_is_made_of_the_record_and_again_the_same(record: CaseRecord) -> None:
    kinds = frozenset(ReportKind)
    files = case_files(record, OPTIONS, kinds)
    assert list(files) == list(ReportKind)
    assert case_files(record, OPTIONS, kinds) == files
    instance = record.prediction.inputs.sop_instance_uid
    report, outline, picture = (
        dcmread(io.BytesIO(files[kind])) for kind in (ReportKind.SR, ReportKind.SEG, ReportKind.SC)
    )
    assert report.Modality == "SR"
    assert outline.Modality == "SEG"
    assert instance in str(report)
    assert outline.SOPInstanceUID in str(report)  # written beside it, the report refers to it
    assert picture.pixel_array.ndim == 3
    alone = case_files(record, OPTIONS, {ReportKind.SR})
    assert outline.SOPInstanceUID not in str(dcmread(io.BytesIO(alone[ReportKind.SR])))


def test_the_capture_has_the_heatmap_where_it_is_asked_for(record: CaseRecord) -> None:
    with_it = ReportOptions(heatmap=True)
    plain, mapped = (
        dcmread(io.BytesIO(case_files(record, options, {ReportKind.SC})[ReportKind.SC]))
        for options in (OPTIONS, with_it)
    )
    assert "heatmap" in mapped.DerivationDescription
    assert "heatmap" not in plain.DerivationDescription
    assert "DEMO" in plain.SeriesDescription


def test_a_decision_on_an_earlier_answer_is_not_sent_as_one_on_this(
    library: Library, record: CaseRecord
) -> None:
    readout = the_answer().readout
    decision = Decision("unsure", "", readout.call, readout.probability, "0" * 64)
    texts = []
    for inputs in ("0" * 64, the_answer().inputs.sha256):
        content = replace(decision, inputs_sha256=inputs).to_json()
        library.record(record.case_id, Action.DECISION, content)
        now = read_case(library, the_shelf(library), record.case_id)
        [sr] = case_files(now, OPTIONS, {ReportKind.SR}).values()
        texts.append(str(dcmread(io.BytesIO(sr))))
    assert len(texts[1]) > len(texts[0])


def test_after_backup_and_restore_the_report_is_the_same(
    library: Library, record: CaseRecord, tmp_path: Path
) -> None:
    kinds = frozenset({ReportKind.HTML, ReportKind.PDF})
    before = case_files(record, OPTIONS, kinds)
    backup_library(library, tmp_path / "backup.zip")
    restore_library(tmp_path / "backup.zip", tmp_path / "restored")
    with open_library(tmp_path / "restored", READER) as restored:
        again = read_case(restored, the_shelf(restored), record.case_id)
        assert again.image_path != record.image_path
        assert case_files(again, OPTIONS, kinds) == before
