"""The receiver in a process of its own, for a window that must not wait for what arrives.

Messages of the child: ``Listens``, ``Arrived``, or the ``Her2DeskError`` that ended it. It ends when
the window's end of the pipe does.
"""

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from her2desk.dicom.pacs.nodes import ReceiverSettings
from her2desk.errors import EngineFailed, Her2DeskError
from her2desk.in_force import policy_in_force
from her2desk.logs import logging_in_child
from her2desk.policy import Allowance
from her2desk.texts import msg

LOG = logging.getLogger(__name__)
GRACE_S = 6.0  # in which conversations are ended in order


@dataclass(frozen=True)
class Listens:
    """The receiver takes connections at this port."""

    port: int


@dataclass(frozen=True)
class Arrived:
    """A file is on disk; ``differs`` as in ``ReceivedFile``."""

    path: Path
    is_new: bool
    differs: bool


Event = Listens | Arrived | Her2DeskError
Told = Callable[[Event], None]


class Listening:
    """The window's handle on the child; ``told`` is called in a thread of its own."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._thread: threading.Thread | None = None
        self._is_stopping = threading.Event()

    @property
    def pid(self) -> int | None:
        """Process id while the child runs."""
        return self._process.pid if self._process is not None else None

    def start(self, settings: ReceiverSettings, inbox: Path) -> None:
        """Start a child that puts what it receives into ``inbox``; one that runs goes on."""
        if self._process is not None:
            return
        policy_in_force().require(Allowance.NETWORK)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, settings, inbox), name="her2desk-receiver", daemon=True
        )
        self._is_stopping.clear()
        self._process.start()
        theirs.close()
        self._thread = threading.Thread(
            target=self._listen, args=(self._pipe,), name="receiver-pipe", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the child, and wait for it; what it confirmed is on disk."""
        process, pipe, thread = self._process, self._pipe, self._thread
        self._process = self._pipe = self._thread = None
        if process is None or pipe is None or thread is None:
            return
        self._is_stopping.set()
        try:
            pipe.send(None)
        except OSError:  # it has ended by itself
            LOG.info("the receiver is gone already")
        process.join(GRACE_S)
        if process.is_alive():
            process.kill()
            process.join()
        thread.join(GRACE_S)
        pipe.close()
        process.close()

    def _listen(self, pipe: Connection) -> None:
        """Hand on what the child says until it ends."""
        has_said_why = False
        while True:
            try:
                event = pipe.recv()
            except (EOFError, OSError):
                break
            has_said_why = isinstance(event, Her2DeskError)
            self._told(event)
        if not self._is_stopping.is_set() and not has_said_why:
            self._told(_died())


def serve(pipe: Connection, settings: ReceiverSettings, inbox: Path) -> None:
    """The child's work: receive until the window says that it is enough, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the window decides when the child ends
    with logging_in_child("receiver"):
        try:
            _receive(pipe, settings, inbox)
        except Her2DeskError as error:
            pipe.send(error)
        except OSError:
            LOG.info("the window is gone")


def _receive(pipe: Connection, settings: ReceiverSettings, inbox: Path) -> None:
    from her2desk.dicom.pacs.receiver import Receiver
    from her2desk.dicom.pacs.spool import ReceivedFile, Spool

    lock = threading.Lock()  # files arrive in several threads

    def told(file: ReceivedFile) -> None:
        with lock:
            pipe.send(Arrived(file.path, file.is_new, file.differs))

    with Spool(inbox) as spool, Receiver(settings, spool, told) as receiver:
        pipe.send(Listens(receiver.port))
        try:
            pipe.recv()
        except EOFError:
            LOG.info("the window is gone")


def _died() -> EngineFailed:
    return EngineFailed(
        msg("Receiving stopped unexpectedly; what had arrived is kept."),
        msg("Switch it on again; if it happens again, run her2desk doctor."),
        code="receiver-died",
    )
