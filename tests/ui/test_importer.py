"""Importing beside the window: what came of each file, and stopping half-way."""

import shutil
import threading

import pytest

from her2desk.errors import InputRefused
from her2desk.inference import importing
from her2desk.paths import demo_case_dir
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.imports import Importer

WAIT_MS = 60_000
DEMO = demo_case_dir() / "demo.dcm"


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path / "library") as library:
        yield library


@pytest.fixture
def importer(qtbot, library):
    importer = Importer(library)
    yield importer
    importer.close()


@pytest.fixture
def told(importer):
    """All that the importer says, in order."""
    said = []
    importer.began.connect(lambda: said.append(("began",)))
    importer.started.connect(lambda: said.append(("started",)))
    importer.finished.connect(lambda ids, summary: said.append(("finished", ids, summary)))
    importer.rows_arrived.connect(lambda rows: said.extend(("row", row.name) for row in rows))
    return said


def a_study(folder, count):
    """A folder of demo cases that differ by a pixel."""
    folder.mkdir()
    for n in range(count):
        content = bytearray(DEMO.read_bytes())
        content[-1] ^= n + 1
        (folder / f"{n}.dcm").write_bytes(content)
    return folder


def imported(qtbot, importer, *paths) -> tuple[list[int], str, list[str]]:
    """Case ids, the summary, and the sentences of what was refused."""
    with (
        qtbot.waitSignal(importer.refused, timeout=WAIT_MS) as refused,
        qtbot.waitSignal(importer.finished, timeout=WAIT_MS) as finished,
    ):
        importer.import_paths(list(paths))
    ids, summary = finished.args
    return ids, summary, [m.text() for m in refused.args[0]]


class Gate:
    """Holds the work up at its first file, so that the test may do something meanwhile."""

    def __init__(self, monkeypatch):
        self.reached, self.opened = threading.Event(), threading.Event()
        really_check = importing.check_here

        class Held(importing.CheckersApart):
            def outcomes(held, paths):  # noqa: N805
                for number, path in enumerate(paths):
                    if number == 1:
                        self.reached.set()
                        assert self.opened.wait(WAIT_MS / 1000)
                    yield really_check(path)

        monkeypatch.setattr(importing, "CheckersApart", Held)

    def wait(self, qtbot):
        qtbot.waitUntil(self.reached.is_set, timeout=WAIT_MS)


def test_each_file_is_counted_and_a_refused_one_is_a_sentence(qtbot, importer, tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    shutil.copy(DEMO, folder / "a.dcm")
    (folder / "b.dcm").write_bytes(DEMO.read_bytes()[:-1000])
    (folder / "letter.dcm").write_text("Dear colleague")
    ids, summary, refused = imported(qtbot, importer, folder)
    assert len(ids) == 1
    assert summary == "1 imported, 1 skipped, 1 refused"
    assert refused[0] == "1 imported, 1 skipped, 1 refused."
    assert [sentence.split(":")[0] for sentence in refused[1:]] == ["b.dcm"]
    again, summary, refused = imported(qtbot, importer, folder / "a.dcm")
    assert (again, summary, refused) == (ids, "1 already here", [])


def test_a_file_that_is_only_skipped_is_a_sentence_where_nothing_else_came(
    qtbot, importer, tmp_path
):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "letter.dcm").write_text("Dear colleague")
    _, summary, refused = imported(qtbot, importer, tmp_path / "study")
    assert summary == "1 skipped"
    assert refused == ["letter.dcm: Not a DICOM, PNG or JPEG image. "]


def test_an_empty_folder_is_nothing_imported(qtbot, importer, tmp_path):
    (tmp_path / "empty").mkdir()
    assert imported(qtbot, importer, tmp_path / "empty")[:2] == ([], "nothing imported")


def test_rows_arrive_before_the_end_and_progress_counts_files(qtbot, importer, told, tmp_path):
    steps = []
    importer.progressed.connect(lambda fraction, text: steps.append((fraction, text)))
    imported(qtbot, importer, a_study(tmp_path / "study", 4))
    assert told[:2] == [("began",), ("started",)]
    assert told[2:6] == [("row", f"{n}.dcm") for n in range(4)]
    assert told[6][0] == "finished"
    assert not importer.is_busy
    assert all(0 <= fraction <= 1 for fraction, _ in steps)
    assert all(text.startswith(("File ", "Looking for images")) for _, text in steps)


def test_more_rows_than_are_told_at_once_all_come_before_the_end(
    qtbot, importer, told, tmp_path, monkeypatch
):
    monkeypatch.setattr("her2desk.ui.imports.ROWS_A_TELLING", 2)
    folder = tmp_path / "letters"
    folder.mkdir()
    for n in range(7):
        (folder / f"{n}.txt").write_text("Dear colleague")
    imported(qtbot, importer, folder)
    assert told[2:9] == [("row", f"{n}.txt") for n in range(7)]
    assert told[9][0] == "finished"


def test_stopping_keeps_what_is_imported_and_says_so(
    qtbot, importer, library, told, tmp_path, monkeypatch
):
    gate = Gate(monkeypatch)
    with qtbot.waitSignal(importer.finished, timeout=WAIT_MS) as finished:
        importer.import_paths([a_study(tmp_path / "study", 4)])
        gate.wait(qtbot)
        importer.cancel()
        gate.opened.set()
    ids, summary = finished.args
    assert ids == []
    assert summary == "import stopped; 2 imported and kept"
    assert len(library.cases()) == 2  # the one in hand is finished
    assert [name for kind, name in (t[:2] for t in told if t[0] == "row")] == ["0.dcm", "1.dcm"]


def test_what_is_dropped_after_a_cancel_does_not_revive_what_was_cancelled(
    qtbot, importer, library, told, tmp_path, monkeypatch
):
    gate = Gate(monkeypatch)
    importer.import_paths([a_study(tmp_path / "first", 5)])
    importer.import_paths([a_study(tmp_path / "waiting", 2)])
    gate.wait(qtbot)
    importer.cancel()
    importer.import_paths([DEMO])
    gate.opened.set()
    qtbot.waitUntil(lambda: not importer.is_busy, timeout=WAIT_MS)
    ends = [t[2] for t in told if t[0] == "finished"]
    assert ends == [
        "import stopped; 2 imported and kept",
        "import stopped; 0 imported and kept",
        "1 imported",
    ]
    assert [t for t in told if len(t) == 1] == [("began",), *[("started",)] * 3]
    assert len(library.cases()) == 3


def test_how_many_batches_wait_is_told(qtbot, importer, tmp_path, monkeypatch):
    gate = Gate(monkeypatch)
    importer.import_paths([a_study(tmp_path / "first", 2)])
    importer.import_paths([DEMO])
    gate.wait(qtbot)
    with qtbot.waitSignal(importer.progressed, timeout=WAIT_MS) as progressed:
        pass
    assert progressed.args[1] == "File 2 of 2 · 1.dcm · 1 more waiting"
    gate.opened.set()
    qtbot.waitUntil(lambda: not importer.is_busy, timeout=WAIT_MS)


@pytest.mark.parametrize("kind", ["refusal", "fault"])
def test_an_import_that_fails_as_a_whole_is_a_sentence(qtbot, importer, monkeypatch, kind):
    def fail(*_arguments, **_options):
        if kind == "refusal":
            raise InputRefused(msg("The folder is gone."), msg("Choose another."), code="gone")
        raise ZeroDivisionError

    monkeypatch.setattr(importing, "import_files", fail)
    ids, summary, refused = imported(qtbot, importer, DEMO)
    assert (ids, summary) == ([], "import failed")
    assert len(refused) == 1
    assert refused[0].startswith(
        "The folder is gone" if kind == "refusal" else "Something went wrong"
    )


def test_the_same_instance_with_other_content_is_told(qtbot, importer, tmp_path):
    first, _, _ = imported(qtbot, importer, DEMO)
    _, summary, refused = imported(qtbot, importer, a_study(tmp_path / "other", 1) / "0.dcm")
    assert summary == "1 imported"
    assert refused == [f"0.dcm: Case {first[0]} is the same DICOM instance with other content."]
