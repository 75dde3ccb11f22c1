"""C-STORE SCP: takes what listed systems send, once it is switched on (PS3.4 B, PS3.7, PS3.8)."""

import logging
import socket
import socketserver
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from her2desk.dicom.pacs.contexts import received_contexts
from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings, checked
from her2desk.dicom.pacs.spool import Spool
from her2desk.dicom.pacs.storing import Storing, Told
from her2desk.dicom.pacs.tls import answering_context
from her2desk.dicom.pacs.wire import Limits, cut, limited, receive, send_at_once
from her2desk.errors import InputRefused
from her2desk.in_force import policy_in_force
from her2desk.policy import Allowance
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)

HANDSHAKE_S = 10.0
POLL_S = 0.05
END_S = 5.0
ECHOED = 0x0000


@dataclass(frozen=True)
class Crowd:
    """How many may be served, and how many may be connected, at a time."""

    associations: int = 10
    connections: int = 40


class Receiver:
    """Listens from ``start`` to ``stop``; ``told`` hears of each file when it is on disk.

    ``told`` is called in threads of the receiver.
    """

    def __init__(
        self,
        settings: ReceiverSettings,
        spool: Spool,
        told: Told,
        limits: Limits = Limits(),
        crowd: Crowd = Crowd(),
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._told = told
        self._limits = limits
        self._crowd = crowd
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Receiver":
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that is listened at."""
        return self._settings.port if self._server is None else int(self._server.server_address[1])

    def start(self) -> None:
        """Listen.

        Raises ``InputRefused``: ``pacs-settings``, ``pacs-tls-file``, ``pacs-port``,
        ``policy-network``.
        """
        if self._server is not None:
            return
        policy_in_force().require(Allowance.NETWORK)
        settings = self._settings
        if not settings.allowed_ae_titles:
            raise InputRefused(
                msg("Nobody is allowed to send to this computer."),
                msg("List the AE titles of those who may, in the network settings."),
                code="pacs-nobody-allowed",
            )
        checked(PacsSettings(settings))
        tls = None if settings.tls is None else answering_context(settings.tls)
        entity = AE(settings.ae_title)
        entity.maximum_associations = self._crowd.associations
        entity.maximum_pdu_size = self._limits.offered_pdu_bytes
        entity.require_called_aet = True
        entity.require_calling_aet = list(settings.allowed_ae_titles)
        handlers = [(evt.EVT_C_STORE, Storing(self._told)), (evt.EVT_C_ECHO, lambda _event: ECHOED)]
        try:
            self._server = entity.make_server(
                (settings.host, settings.port),
                contexts=received_contexts(),
                evt_handlers=handlers,
                server_class=partial(_Server, tls, self._limits, self._crowd, self._spool),
            )
        except (OSError, OverflowError) as error:
            raise _cannot_listen(settings, error) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="pacs-receiver", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and end the conversations; what was confirmed is on disk."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.shutdown()
        server.end_all(END_S)
        self._thread.join(END_S)


class _Handler(RequestHandler):  # type: ignore[misc]
    """One connection, from its acceptance to its end."""

    server: "_Server"

    def handle(self) -> None:
        """Serve an association within limits; returns when it is over."""
        association = self._create_association()
        limited(association, self.server.limits, self.server.spool)
        transport = association.dul.socket
        transport.recv = partial(receive, transport, self.server.limits)
        self.request.settimeout(self.server.limits.stall_s)
        self.server.open_associations.add(association)
        try:
            association.start()
            association.join()
            association.dul.join()
        finally:
            self.server.open_associations.discard(association)


class _Server(ThreadedAssociationServer):  # type: ignore[misc]
    """pynetdicom's server, in which no peer can hold up the others."""

    server_address: Any
    daemon_threads = True
    request_queue_size = 16

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        limits: Limits,
        crowd: Crowd,
        spool: Spool,
        *arguments: Any,
        **options: Any,
    ) -> None:
        self._tls = tls
        self.limits = limits
        self.spool = spool
        self.open_associations: set[Any] = set()
        self._connections: set[socket.socket] = set()
        self._crowd = crowd
        super().__init__(*arguments, request_handler=_Handler, **options)

    def server_bind(self) -> None:
        """Bind so that no other program can listen at the same place."""
        if sys.platform == "win32":
            # There SO_REUSEADDR would let another program in.  no cover: needs Windows
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def get_request(self) -> Any:
        """Accept only; agreeing on TLS waits for the peer, in a thread of its own."""
        return self.socket.accept()

    def verify_request(self, request: Any, _client_address: Any) -> bool:
        """Whether one more may be connected."""
        return len(self._connections) < self._crowd.connections

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        connection = request
        send_at_once(request)
        self._connections.add(request)
        try:
            if self._tls is not None:
                request.settimeout(HANDSHAKE_S)
                connection = self._tls.wrap_socket(request, server_side=True)
            self.finish_request(connection, client_address)
        except (OSError, ValueError) as error:
            log.info("a connection came to nothing: %s", type(error))
        except Exception:
            log.exception("a connection could not be served")
        finally:
            self._connections.discard(request)
            self.shutdown_request(connection)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Log what could not be served; socketserver would print it."""
        log.exception("a connection could not be served")

    def shutdown(self) -> None:
        """Listen no more."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()

    def end_all(self, seconds: float) -> None:
        """End every conversation, and wait so long for their threads."""
        end = time.monotonic() + seconds
        for association in list(self.open_associations):
            cut(association)
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        while self._connections and time.monotonic() < end:
            time.sleep(POLL_S)


def _cannot_listen(settings: ReceiverSettings, error: Exception) -> InputRefused:
    place: dict[str, object] = {"host": settings.host, "port": settings.port}
    what: Message
    if isinstance(error, PermissionError):
        what = msg("This computer does not let the program listen at port {port}.", **place)
        remedy = msg("Choose a port above 1023, such as 11112.")
    elif isinstance(error, socket.gaierror) or getattr(error, "errno", None) == 99:
        what = msg("{host} is no address of this computer.", **place)
        remedy = msg("Use 127.0.0.1 for this computer alone, or one of its own addresses.")
    else:
        what = msg("Another program listens at port {port} already.", **place)
        remedy = msg("Choose another port, or end the other program.")
    return InputRefused(what, remedy, code="pacs-port")
