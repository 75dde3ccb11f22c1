"""``her2desk pacs`` as a script calls it, with a real archive and without one."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli.app import main
from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.nodes import ReceiverSettings, RemoteNode
from her2desk.dicom.pacs.outbox import Outbox, deliver
from her2desk.dicom.pacs.receiver import Receiver
from her2desk.dicom.pacs.spool import Spool
from her2desk.store.history import Action
from her2desk.store.opening import open_library
from tests.orthanc import Orthanc, free_port
from tests.unit.dicom.pacs.samples import STUDY, instance, instances
from tests.unit.reports.kept_case import a_library, keep_case


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


class Desk:
    """The command line with one library, in this process where it need not be interrupted."""

    def __init__(self, library: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.library = library
        self._capfd = capfd

    def __call__(self, *arguments: object) -> tuple[int, Any]:
        code = main([*self._words(*arguments), "--json"])
        return code, json.loads(self._capfd.readouterr().out)

    def says(self, *arguments: object) -> str:
        main(self._words(*arguments))
        return "".join(self._capfd.readouterr())

    def started(self, *arguments: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "her2desk", *self._words(*arguments), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_hear_interrupts,
        )

    def _words(self, *arguments: object) -> list[str]:
        return ["pacs", *map(str, arguments), "--library", str(self.library)]


def _hear_interrupts() -> None:
    """A shell's background jobs, and all that they start, ignore Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def pacs(library: Path, capfd: pytest.CaptureFixture[str]) -> Desk:
    return Desk(library, capfd)


def test_archives_are_added_listed_and_forgotten(pacs: Desk, own_home: Path) -> None:
    assert pacs("nodes", "list") == (0, {"own_ae_title": "HER2DESK", "nodes": []})
    code, document = pacs("nodes", "add", "Archive", "ORTHANC@127.0.0.1:4242")
    assert code == 0
    assert document["node"]["port"] == 4242
    if os.name == "posix":
        assert (own_home / "pacs.json").stat().st_mode & 0o777 == 0o600
    assert "Archive: ORTHANC@127.0.0.1:4242" in pacs.says("nodes", "list")
    assert pacs("nodes", "remove", "Archive")[0] == 0
    code, document = pacs("nodes", "remove", "Archive")
    assert (code, document["error"]["code"]) == (3, "pacs-node")


def test_a_title_that_cannot_be_one_is_refused(pacs: Desk) -> None:
    code, document = pacs("nodes", "add", "Archive", "A_TITLE_THAT_IS_TOO_LONG@127.0.0.1:4242")
    assert (code, document["error"]["code"]) == (3, "pacs-node")
    assert "16" in document["error"]["message"]


def test_nobody_listening_is_a_sentence(pacs: Desk) -> None:
    code, document = pacs("echo", f"ORTHANC@127.0.0.1:{free_port()}")
    assert (code, document["error"]["code"]) == (3, "pacs-refused-connection")
    assert document["error"]["remedy"] == "Check the port, and that the archive is running."


def test_a_level_that_is_none_is_wrong_usage(pacs: Desk) -> None:
    assert pacs("find", "A@127.0.0.1:4242", "--level", "ward")[0] == 2


def test_from_the_disk_to_the_archive_and_back_into_the_library(
    pacs: Desk, library: Path, tmp_path: Path, orthanc: Orthanc
) -> None:
    pacs("nodes", "add", "Archive", f"ORTHANC@127.0.0.1:{orthanc.port}")
    assert pacs("echo", "Archive")[1]["ok"] is True

    paths = instances(tmp_path / "files", 3)
    code, sent = pacs("send", "Archive", *paths)
    assert code == 0
    assert sorted(file["path"] for file in sent["sent"]) == sorted(map(str, paths))

    code, found = pacs("find", "Archive", "--patient-id", "P1", "--date", "20240101-20241231")
    assert code == 0
    assert [(match["study_uid"], match["instances"]) for match in found["matches"]] == [(STUDY, 3)]
    assert "Doe^Jane" in pacs.says("find", "Archive")

    code, got = pacs("get", "Archive", "--study", STUDY)
    assert code == 0
    assert [file["status"] for file in got["files"]] == ["imported"] * 3
    assert not list((library / "pacs" / "inbox").glob("*.dcm"))

    code, again = pacs("get", "Archive", "--study", STUDY)
    assert code == 0
    assert [file["status"] for file in again["files"]] == ["duplicate"] * 3

    case = got["files"][0]["case_id"]
    assert pacs("send", "Archive", "--case", case)[0] == 0
    with open_library(library, reader="Reader A") as opened:
        entry = [one for one in opened.history(case) if one.action is Action.SENT]
        assert [one.content for one in entry] == [{"node": "Archive", "what": "image"}]


def test_a_study_is_moved_into_the_library(
    pacs: Desk, tmp_path: Path, own_home: Path, orthanc: Orthanc
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Archive", instance(tmp_path / "files", 7))
    deliver(outbox, orthanc.node(), Asking("HER2DESK"))
    pacs("nodes", "add", "Archive", f"ORTHANC@127.0.0.1:{orthanc.port}")
    settings = json.loads((own_home / "pacs.json").read_text())
    settings["receiver"]["port"] = orthanc.receiver_port
    (own_home / "pacs.json").write_text(json.dumps(settings))
    code, got = pacs("get", "Archive", "--study", STUDY, "--move")
    assert code == 0
    assert [file["status"] for file in got["files"]] == ["imported"]


def test_what_could_not_be_sent_waits_and_goes_with_the_next(
    pacs: Desk, tmp_path: Path, library: Path, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    Outbox(library / "pacs" / "outbox").add("Archive", instance(tmp_path / "files", 1))
    pacs("nodes", "add", "Archive", f"ORTHANC@127.0.0.1:{orthanc.port}")
    code, document = pacs("send", "Archive", instance(tmp_path / "files", 2))
    assert code == 0
    assert len(document["sent"]) == 2
    assert pacs("send", "Archive") == (0, {"sent": [], "refused": []})


def test_what_is_no_dicom_file_is_refused_before_anything_is_sent(
    pacs: Desk, tmp_path: Path, library: Path
) -> None:
    (tmp_path / "notes.txt").write_text("a note")
    path = instance(tmp_path / "files", 1)
    code, document = pacs("send", "A@127.0.0.1:4242", path, tmp_path / "notes.txt")
    assert (code, document["error"]["code"]) == (3, "not-sendable")
    assert not list((library / "pacs").rglob("*.dcm"))


def listening(process: "subprocess.Popen[str]") -> None:
    """Waits for the line that says so."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Listening"):
            return
    raise AssertionError("it never listened")


def test_what_is_received_is_imported_until_it_is_interrupted(
    pacs: Desk, library: Path, tmp_path: Path
) -> None:
    port = free_port()
    process = pacs.started("receive", "--port", port, "--allow", "SCANNER")
    listening(process)
    heard = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("imported"):
                heard.set()

    listener = threading.Thread(target=listen)
    listener.start()
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Desk", instance(tmp_path / "files", 1))
    deliver(outbox, RemoteNode("Desk", "HER2DESK", "127.0.0.1", port), Asking("SCANNER"))
    assert heard.wait(30)
    process.send_signal(signal.SIGINT)
    listener.join(30)
    assert process.stdout is not None
    with process.stdout, process.stderr:  # type: ignore[union-attr]
        document = json.loads(process.stdout.read())
        assert process.wait(30) == 0
    assert document["received"] == 1
    assert [file["status"] for file in document["files"]] == ["imported"]
    assert not list((library / "pacs" / "inbox").glob("*.dcm"))


def test_receiving_from_nobody_is_a_sentence(pacs: Desk) -> None:
    code, document = pacs("receive", "--port", free_port())
    assert (code, document["error"]["code"]) == (3, "pacs-nobody-allowed")


def test_a_port_that_is_taken_is_a_sentence(pacs: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, document = pacs("receive", "--port", port, "--allow", "SCANNER")
    assert (code, document["error"]["code"]) == (3, "pacs-port")


@pytest.fixture
def case_id(library: Path) -> int:
    with a_library(library) as opened:
        return keep_case(opened)


@contextmanager
def an_archive(folder: Path, port: int, *callers: str) -> Iterator[Spool]:
    """Another Her2Desk that receives from these, in the place of an archive."""
    settings = ReceiverSettings(True, "ARCHIVE", "127.0.0.1", port, callers)
    with Spool(folder / "received") as spool, Receiver(settings, spool, lambda _file: None):
        yield spool


@pytest.mark.slow
def test_a_cases_report_is_sent_and_recorded(
    pacs: Desk, library: Path, case_id: int, tmp_path: Path
) -> None:
    port = free_port()
    place = f"ARCHIVE@127.0.0.1:{port}"
    with an_archive(tmp_path, port, "ANOTHER"):
        code, document = pacs("send", place, "--report", case_id)
    assert (code, document["error"]["code"]) == (3, "pacs-calling-title")
    assert "2 files wait" in document["error"]["remedy"]
    with an_archive(tmp_path, port, "HER2DESK") as spool:
        code, sent = pacs("send", place)
        assert code == 0
        assert [one["path"] for one in sent["sent"]] == ["case-0001-seg.dcm", "case-0001-sr.dcm"]
        code, sent = pacs("send", place, "--report", case_id, "--capture")
        assert code == 0
        assert len(sent["sent"]) == 3
        assert len(list(spool.files())) == 3
    with open_library(library, reader="Reader A") as opened:
        entries = [one for one in opened.history(case_id) if one.action is Action.SENT]
    kinds = [[item["kind"] for item in (one.content or {})["objects"]] for one in entries]
    assert kinds == [["seg", "sr"], ["seg", "sr", "sc"]]


def test_a_case_without_an_answer_sends_nothing_of_any(
    pacs: Desk, library: Path, case_id: int
) -> None:
    code, document = pacs("send", "A@127.0.0.1:4242", "--report", case_id, "--report", 2)
    assert (code, document["error"]["code"]) == (3, "case-unknown")
    assert not list((library / "pacs").rglob("*.dcm"))
    assert pacs("send", "A@127.0.0.1:4242", "--capture")[0] == 2


def test_erasing_a_case_takes_what_waits_of_it_to_be_sent(
    pacs: Desk, library: Path, case_id: int, tmp_path: Path
) -> None:
    port = free_port()
    with an_archive(tmp_path, port, "ANOTHER"):
        pacs("send", f"ARCHIVE@127.0.0.1:{port}", "--report", case_id)
    assert len(list((library / "pacs").rglob("*.dcm"))) == 2
    erase = ["library", "erase", "--case", str(case_id), "--yes", "--library", str(library)]
    assert main(erase) == 0
    assert not list((library / "pacs").rglob("*.dcm"))
