"""The receiver in a process of its own, as the window has it."""

import os
import queue
import signal
from pathlib import Path

import pytest

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.listening import Arrived, Event, Listening, Listens
from her2desk.dicom.pacs.nodes import ReceiverSettings, RemoteNode
from her2desk.dicom.pacs.outbox import Outbox, deliver
from her2desk.errors import EngineFailed, InputRefused
from tests.orthanc import free_port

from .samples import data_set, instance

SOON_S = 30


def settings(port: int) -> ReceiverSettings:
    return ReceiverSettings(True, "HER2DESK", "127.0.0.1", port, ("SCANNER",))


def test_what_arrives_is_told_and_stays_when_it_is_stopped(tmp_path: Path) -> None:
    heard: queue.Queue[Event] = queue.Queue()
    listening = Listening(heard.put)
    port = free_port()
    listening.start(settings(port), tmp_path / "inbox")
    listening.start(settings(port), tmp_path / "inbox")  # it runs already
    assert heard.get(timeout=SOON_S) == Listens(port)
    path = instance(tmp_path / "files", 1)
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Desk", path)
    deliver(outbox, RemoteNode("Desk", "HER2DESK", "127.0.0.1", port), Asking("SCANNER"))
    arrived = heard.get(timeout=SOON_S)
    assert isinstance(arrived, Arrived)
    assert arrived.is_new
    assert listening.pid is not None
    listening.stop()
    listening.stop()
    assert listening.pid is None
    assert heard.empty()
    assert data_set(arrived.path) == data_set(path)
    assert not list((tmp_path / "inbox" / "parts").iterdir())


def test_why_it_cannot_listen_is_told(tmp_path: Path) -> None:
    heard: queue.Queue[Event] = queue.Queue()
    listening = Listening(heard.put)
    listening.start(ReceiverSettings(True, port=free_port()), tmp_path / "inbox")
    told = heard.get(timeout=SOON_S)
    listening.stop()
    assert isinstance(told, InputRefused)
    assert told.code == "pacs-nobody-allowed"
    assert heard.empty()


@pytest.mark.skipif(os.name != "posix", reason="processes are killed otherwise elsewhere")
def test_its_death_is_told(tmp_path: Path) -> None:
    heard: queue.Queue[Event] = queue.Queue()
    listening = Listening(heard.put)
    listening.start(settings(free_port()), tmp_path / "inbox")
    assert isinstance(heard.get(timeout=SOON_S), Listens)
    assert listening.pid is not None
    os.kill(listening.pid, signal.SIGKILL)
    told = heard.get(timeout=SOON_S)
    listening.stop()
    assert isinstance(told, EngineFailed)
    assert told.code == "receiver-died"
