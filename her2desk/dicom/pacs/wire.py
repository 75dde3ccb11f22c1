"""pynetdicom with limits: nothing a peer sends, or does not send, holds memory or a thread for long.

As it comes, pynetdicom waits without end inside a message, believes any stated length, keeps whole
objects in memory (twice when it sends), and lets a peer's nonsense end its threads. It also logs
what is asked and found, which is about patients; here it logs nothing.
"""

import io
import logging
import queue
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from pynetdicom import AE, _config
from pynetdicom.association import Association
from pynetdicom.dimse import _RQ_TO_MESSAGE, _RSP_TO_MESSAGE, DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dsutils import create_file_meta, encode_file_meta
from pynetdicom.fsm import StateMachine
from pynetdicom.pdu_primitives import A_P_ABORT
from pynetdicom.transport import AssociationSocket

from her2desk.dicom.header import quiet
from her2desk.dicom.pacs.spool import Part, Spool

log = logging.getLogger(__name__)

_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.STORE_SEND_CHUNKED_DATASET = True  # a file goes as it is, byte for byte
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)

PREAMBLE = b"\0" * 128 + b"DICM"
LOOK_S = 0.1
SHORTLY_S = 0.0005
AHEAD = 32  # PDUs that wait to be sent
PIECE_BYTES = 1 << 16
LONGEST_UID = 64

Alive = Callable[[], None]
# dcmtk, in many archives, writes a message in two halves; its system sends the second when this one
# confirms the first, which Linux would put off for 40 ms. Other systems have no such switch.
CONFIRM_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)
ENDED = (None, None)  # how pynetdicom's queue of messages says that no more will come


def nobody_asks() -> None:
    """For work that is not stopped before its end."""


@dataclass(frozen=True)
class Limits:
    """How long anything may take, in seconds, and how much it may hold, in bytes."""

    connect_s: float = 10.0
    associate_s: float = 15.0
    answer_s: float = 60.0
    idle_s: float = 60.0
    stall_s: float = 30.0
    pdu_s: float = 30.0
    offered_pdu_bytes: int = 1 << 16
    pdu_bytes: int = 1 << 20
    command_bytes: int = 1 << 16
    answer_bytes: int = 4 << 20


def limited(
    association: Association, limits: Limits, spool: Spool | None, alive: Alive = nobody_asks
) -> None:
    """Put limits on an association that has not begun; objects that it receives go into ``spool``."""
    association.dimse = LimitedMessages(association, limits, spool, alive)
    association.dul.state_machine = CalmStateMachine(association.dul)
    association.dul.daemon = True
    association.run = partial(_run_calmly, association)
    association.acse_timeout = limits.associate_s
    association.dimse_timeout = limits.answer_s
    association.network_timeout = limits.idle_s
    association.connection_timeout = limits.connect_s


def send_at_once(connection: socket.socket) -> None:
    """Let no piece of a message wait for the confirmation of the one before, 40 ms at a time."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def cut(association: Association) -> None:
    """End the connection below an association, whatever waits for it."""
    transport = association.dul.socket
    connection = transport.socket if transport is not None else None
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def receive(transport: AssociationSocket, limits: Limits, wanted: int) -> bytearray:
    """``wanted`` bytes, fewer where the peer closed; raises ``OSError`` beyond the limits."""
    if wanted > limits.pdu_bytes:
        raise ConnectionAbortedError("a PDU longer than any")
    connection = transport.socket
    if connection is None:
        raise ConnectionAbortedError("closed")
    received = bytearray()
    end = time.monotonic() + limits.pdu_s
    while len(received) < wanted:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("a PDU that takes too long")
        connection.settimeout(left)
        if CONFIRM_AT_ONCE is not None:
            connection.setsockopt(socket.IPPROTO_TCP, CONFIRM_AT_ONCE, 1)
        piece = connection.recv(min(PIECE_BYTES, wanted - len(received)))
        if not piece:
            break
        received += piece
    connection.settimeout(limits.stall_s)
    return received


class RequestorSocket(AssociationSocket):  # type: ignore[misc]
    """A connection that this program makes; why it could not be made is in ``failure``."""

    socket: Any  # as pynetdicom has it, None where closed

    def __init__(self, association: Association, address: Any, limits: Limits) -> None:
        super().__init__(association, address=address)
        self._limits = limits
        self.opened: Any = self.socket
        self.failure: OSError | None = None
        self.failed_in_tls = False

    def connect(self, primitive: Any) -> None:
        """Connect, then agree on TLS; the state machine is told how it went."""
        is_connected = False
        try:
            send_at_once(self.socket)
            self.socket.settimeout(self._limits.connect_s)
            self.socket.connect(primitive.address_info.as_tuple)
            is_connected = True
            if self.tls_args:
                context, host = self.tls_args
                self.opened = self.socket = context.wrap_socket(self.socket, server_hostname=host)
            self.socket.settimeout(self._limits.stall_s)
            self._is_connected = True
            primitive.result = "Evt2"
        except OSError as error:
            self.failure = error
            self.failed_in_tls = is_connected
            self.socket.close()
            self.socket = None
            primitive.result = "Evt17"
        finally:
            self.provider_queue.put(primitive)
            self._ready.set()

    def recv(self, nr_bytes: int) -> bytearray:
        """As ``receive``; a peer may refuse this program's certificate as late as here."""
        try:
            return receive(self, self._limits, nr_bytes)
        except ssl.SSLError as error:
            self.failure, self.failed_in_tls = error, True
            raise


class Requestor(AE):  # type: ignore[misc]
    """This program as the one that asks."""

    def __init__(
        self, ae_title: str, limits: Limits, spool: Spool | None, alive: Alive = nobody_asks
    ) -> None:
        super().__init__(ae_title)
        self._limits = limits
        self._spool = spool
        self._alive = alive

    def _create_socket(self, assoc: Any, address: Any, tls_args: Any) -> RequestorSocket:
        limited(assoc, self._limits, self._spool, self._alive)
        connection = RequestorSocket(assoc, address, self._limits)
        connection.tls_args = tls_args
        return connection


class CalmStateMachine(StateMachine):  # type: ignore[misc]
    """What a peer does out of turn ends the association, not the thread."""

    def do_action(self, event: str) -> None:
        """Do what the standard says of ``event``; end the association where it says nothing."""
        try:
            super().do_action(event)
        except Exception as error:
            log.info("an association ended out of turn: %s", type(error))
            self._end()
        association = self.dul.assoc
        is_over = self.current_state == "Sta1" and association.is_acceptor
        if is_over and association.requestor.primitive is None:  # gone before it asked for anything
            self.dul.to_user_queue.put(None)

    def _end(self) -> None:
        association = self.dul.assoc
        cut(association)
        with suppress(Exception):
            self.dul.socket.close()
        self.current_state = "Sta1"
        self.dul.kill_dul()
        self.dul.to_user_queue.put(A_P_ABORT())
        association.dimse.msg_queue.put(ENDED)


class LimitedMessages(DIMSEServiceProvider):  # type: ignore[misc]
    """Messages of bounded size, whose objects go to disk while they arrive.

    ``alive`` is called while an answer is waited for, and may raise.
    """

    message: Any  # as pynetdicom has it, None between two messages

    def __init__(
        self, association: Association, limits: Limits, spool: Spool | None, alive: Alive
    ) -> None:
        super().__init__(association)
        self._limits = limits
        self._spool = spool
        self._alive = alive
        self._arriving: DataSet | None = None

    def get_msg(self, block: bool = False) -> Any:
        """The next message, within the time that an answer may take."""
        if not block:
            return super().get_msg(block=False)
        end = time.monotonic() + self._limits.answer_s
        while time.monotonic() < end:
            self._alive()
            with suppress(queue.Empty):
                return self.msg_queue.get(timeout=LOOK_S)
            if not self.dul.is_alive():
                break
        return ENDED

    def receive_primitive(self, primitive: Any) -> None:
        """Take in one piece of a message; nonsense ends the association."""
        try:
            if self.message is None:
                self.message = self._new_message()
            with quiet():
                super().receive_primitive(primitive)
        except Exception as error:
            log.info("a message that is none was received: %s", type(error))
            self.discard()
            self.message = None
            self.dul.event_queue.put("Evt19")

    def send_msg(self, primitive: Any, context_id: int) -> None:
        """Send a message; a large object is read from its file as fast as the peer takes it."""
        is_request = primitive.MessageIDBeingRespondedTo is None
        kinds = _RQ_TO_MESSAGE if is_request else _RSP_TO_MESSAGE
        with quiet():
            message = kinds[type(primitive)]()
            message.primitive_to_message(primitive)
        message.context_id = context_id
        for piece in message.encode_msg(context_id, self.maximum_pdu_size):
            self._wait_for_room()
            self.dul.send_pdu(piece)

    def discard(self) -> None:
        """Leave nothing behind of an object that did not arrive whole."""
        if self._arriving is not None:
            self._arriving.discard()
            self._arriving = None

    def _wait_for_room(self) -> None:
        look = time.monotonic() + LOOK_S
        while self.dul.to_provider_queue.qsize() >= AHEAD and self.dul.is_alive():
            time.sleep(SHORTLY_S)
            if time.monotonic() > look:
                self._alive()
                look += LOOK_S

    def _new_message(self) -> DIMSEMessage:
        message = DIMSEMessage()
        message.encoded_command_set = _Bounded(self._limits.command_bytes)
        self._arriving = message.data_set = DataSet(
            self._limits.answer_bytes, partial(self._part_of, message)
        )
        return message

    def _part_of(self, message: DIMSEMessage) -> Part | None:
        """Where the object of a message goes; None keeps what is no object in memory."""
        if not isinstance(message, C_STORE_RQ) or self._spool is None:
            return None
        command = message.command_set
        instance = str(command.AffectedSOPInstanceUID)
        if len(instance) > LONGEST_UID:
            raise ValueError("a UID longer than any")
        context = self.assoc._accepted_cx[message.context_id]
        meta = create_file_meta(
            sop_class_uid=command.AffectedSOPClassUID,
            sop_instance_uid=command.AffectedSOPInstanceUID,
            transfer_syntax=context.transfer_syntax[0],
        )
        return self._spool.begin(instance, PREAMBLE + encode_file_meta(meta))


class _Bounded(io.BytesIO):
    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > self._limit:
            raise ValueError("longer than any message")
        return super().write(content)


class DataSet(_Bounded):
    """The data set of a message: an object that goes to disk, or an answer in memory."""

    def __init__(self, limit: int, begin: Callable[[], Part | None]) -> None:
        super().__init__(limit)
        self._begin = begin
        self._has_begun = False
        self.part: Part | None = None

    def write(self, content: Any) -> int:
        """Add a piece; raises ``ValueError`` where an answer is longer than any."""
        if not self._has_begun:
            self._has_begun = True
            self.part = self._begin()
        return super().write(content) if self.part is None else self.part.write(content)

    def discard(self) -> None:
        """Give up an object that was not kept."""
        if self.part is not None:
            self.part.discard()


def _run_calmly(association: Association) -> None:
    """An association's thread; what pynetdicom did not foresee ends that association alone."""
    try:
        association.run_reactor()
    except Exception as error:
        log.info("an association ended: %s", type(error))
        cut(association)
        association.dul.kill_dul()
    finally:
        association.dimse.discard()
