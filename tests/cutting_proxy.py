"""A network that fails: a TCP proxy that cuts each connection after so many bytes."""

import random
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from her2desk.dicom.pacs.wire import CONFIRM_AT_ONCE, send_at_once

PIECE = 4096
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: no waiting, the peer gets a reset

Budget = Callable[[], int | None]
"""How many bytes, in both directions together, the next connection lives; None: for ever."""


def random_budget(seed: int, least: int, most: int) -> Budget:
    draw = random.Random(seed)
    return lambda: draw.randint(least, most)


class CuttingProxy:
    """Passes on to ``port`` of this computer what comes to ``self.port``, for a while."""

    def __init__(self, port: int, budget: Budget) -> None:
        self._target = port
        self._budget = budget
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.connections = 0
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "CuttingProxy":
        self._acceptor.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in (self._acceptor, *self._threads):
            thread.join(10)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                near, _address = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(near, self._budget()), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket, budget: int | None) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=10)
            except OSError:
                return
            with far:
                left = budget
                for one in (near, far):
                    send_at_once(one)
                while not self._stopping.is_set():
                    readable, _, _ = select.select([near, far], [], [], 0.05)
                    for source in readable:
                        other = far if source is near else near
                        try:
                            if CONFIRM_AT_ONCE is not None:
                                source.setsockopt(socket.IPPROTO_TCP, CONFIRM_AT_ONCE, 1)
                            piece = source.recv(PIECE if left is None else min(PIECE, left))
                            other.sendall(piece)
                        except OSError:
                            return
                        if not piece:
                            return
                        if left is not None:
                            left -= len(piece)
                            if left <= 0:
                                self.cuts += 1
                                for one in (near, far):
                                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                                return
