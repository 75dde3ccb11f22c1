"""Importing beside the window: what came of each file, and stopping half-way."""

import shutil

import pytest
from PySide6.QtCore import Qt

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


def imported(qtbot, importer, *paths) -> tuple[list[int], str, list[str]]:
    """Case ids, the summary, and the sentences of what was refused."""
    refused: list[list] = []
    importer.refused.connect(refused.append)
    with qtbot.waitSignal(importer.finished, timeout=WAIT_MS) as finished:
        importer.import_paths(list(paths))
    importer.refused.disconnect(refused.append)
    ids, summary = finished.args
    return ids, summary, [m.text() for messages in refused for m in messages]


def test_each_file_is_counted_and_a_refused_one_is_a_sentence(qtbot, importer, tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    shutil.copy(DEMO, folder / "a.dcm")
    (folder / "letter.dcm").write_text("Dear colleague")
    ids, summary, _ = imported(qtbot, importer, folder)
    assert len(ids) == 1
    assert summary.startswith("1 imported")
    again, summary, _ = imported(qtbot, importer, folder / "a.dcm")
    assert again == ids
    assert summary == "1 already here"


def test_an_empty_folder_is_nothing_imported(qtbot, importer, tmp_path):
    (tmp_path / "empty").mkdir()
    assert imported(qtbot, importer, tmp_path / "empty")[:2] == ([], "nothing imported")


def test_stopping_keeps_what_is_imported_and_says_so(qtbot, importer, library, tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    for n in range(4):
        content = bytearray(DEMO.read_bytes())
        content[-1] = n  # another pixel, another file
        (folder / f"{n}.dcm").write_bytes(content)
    importer._stepped.connect(
        lambda fraction, _text: importer.cancel() if fraction else None,
        Qt.ConnectionType.DirectConnection,  # between two files, whatever the machine does
    )
    ids, summary, refused = imported(qtbot, importer, folder)
    assert ids == []
    assert summary == "import stopped; what was imported stays"
    assert refused == []
    assert len(library.cases()) == 2  # the one in hand is finished


@pytest.mark.parametrize("kind", ["refusal", "fault"])
def test_an_import_that_fails_as_a_whole_is_a_sentence(qtbot, importer, monkeypatch, kind):
    def fail(*_arguments):
        if kind == "refusal":
            raise InputRefused(msg("The folder is gone."), msg("Choose another."), code="gone")
        raise ZeroDivisionError

    monkeypatch.setattr(importing, "import_files", fail)
    ids, summary, refused = imported(qtbot, importer, DEMO)
    assert (ids, summary) == ([], "import failed")
    assert len(refused) == 1
    assert refused[0].startswith("The folder is gone" if kind == "refusal" else "Something failed")
