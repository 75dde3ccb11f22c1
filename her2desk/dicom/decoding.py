"""Decodes frames in a process of its own, so that no codec holds up the window.

Codecs hold Python's interpreter lock while they work: on the public ultrasound files a JPEG 2000
frame of 640 × 480 takes 27 ms, so one of full HD nearly 200 ms, in which no other thread of the
process runs; RLE is Python throughout. Sending a decoded 1024 × 768 colour frame through the pipe
takes about 2 ms, in which other threads do run. Uncompressed frames are read where they are needed:
that takes less than sending them.

Foreign frames can also fill the memory: the child may take 2 GiB and no more, and is renewed after some
hundreds of frames that it refused, since a decoder leaks over those (``limits``).

Messages to the child: ("open", decode), ("frame", index); back ("ready",), ("frame", shape) and
then the pixels as bytes, ("refused", error).
"""

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

import numpy as np

from her2desk.dicom.limits import MOST_REFUSALS, limit_memory, too_much_memory
from her2desk.dicom.pixels import Frame
from her2desk.dicom.refusals import malformed
from her2desk.errors import InputRefused
from her2desk.logs import logging_in_child
from her2desk.texts import msg

LOG = logging.getLogger(__name__)
LONGEST_S = 10.0  # no frame that is read here takes a tenth of it

Decode = Callable[[int], Frame]


class ProcessDied(Exception):
    """The child ended, or took too long, over a frame."""


class DecodingProcess:
    """The window's handle on the child. Used from one thread, but for ``is_ready`` and ``interrupt``."""

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._is_ready = False
        self._opened: Decode | None = None
        self._refused = 0  # by this child
        self._lock = threading.RLock()  # of the process being replaced while another looks at it

    @property
    def pid(self) -> int | None:
        """Process id while the child runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the child if it does not run; until it ``is_ready`` it imports its codecs."""
        if self._process is not None:
            return
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), name="her2desk-frames", daemon=True)
        process.start()
        theirs.close()
        with self._lock:
            self._process, self._pipe = process, pipe

    def is_ready(self) -> bool:
        """Whether the child listens; never waits."""
        with self._lock:
            if self._process is not None and not self._process.is_alive():
                LOG.warning("the decoding process is gone")
                self.stop()
            if not self._is_ready and self._pipe is not None:
                try:
                    self._is_ready = self._pipe.poll() and self._pipe.recv() == ("ready",)
                except (EOFError, OSError):  # it is ending at this moment
                    self.stop()
            return self._is_ready

    def wait_until_ready(self) -> bool:
        """Wait for the child to listen, for as long as a frame may take; whether it does."""
        if self._pipe is not None and not self._is_ready:
            self._pipe.poll(LONGEST_S)
        return self.is_ready()

    def decode(self, decode: Decode, index: int) -> Frame:
        """``decode(index)``, done by the child, which must be ready; read-only.

        Raises ``InputRefused`` as ``decode`` does, and ``ProcessDied`` where the child does not
        come back from it; ``start`` makes a new one.
        """
        try:
            return self._asked(decode, index)
        except InputRefused:
            self._refused += 1
            if self._refused >= MOST_REFUSALS:
                LOG.info("the decoding process is renewed after so many damaged frames")
                self.stop()
            raise
        except Exception as error:  # it died, or what it said last is cut off and makes no sense
            LOG.info("the decoding process ended at frame %d", index)
            self.stop()
            raise ProcessDied from error

    def interrupt(self) -> None:
        """End the child at once, from any thread; a ``decode`` that waits for it is refused."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def stop(self) -> None:
        """End the child and forget it; ``start`` makes a new one."""
        with self._lock:
            process, pipe = self._process, self._pipe
            self._process = self._pipe = self._opened = None
            self._is_ready = False
            self._refused = 0
        if process is not None and pipe is not None:
            process.kill()
            process.join()
            process.close()
            pipe.close()

    def _asked(self, decode: Decode, index: int) -> Frame:
        pipe = self._pipe
        if pipe is None:
            raise EOFError
        if decode is not self._opened:
            pipe.send(("open", decode))
            self._opened = decode
        pipe.send(("frame", index))
        if not pipe.poll(LONGEST_S):
            raise EOFError
        kind, content = pipe.recv()
        if kind == "refused":
            raise content
        if not pipe.poll(LONGEST_S):
            raise EOFError
        return np.frombuffer(pipe.recv_bytes(), np.uint8).reshape(content)


def serve(pipe: Connection) -> None:
    """The child's main loop; it ends when the window's end of the pipe does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the window decides when the child ends
    with logging_in_child("frames"):
        try:
            _listen(pipe)
        except (EOFError, OSError):
            LOG.info("the window is gone")


def _listen(pipe: Connection) -> None:
    import her2desk.dicom.reader  # noqa: F401  all that a decoder needs, before the first is sent

    limit_memory()
    pipe.send(("ready",))
    decode: Decode | None = None
    while True:
        kind, content = pipe.recv()
        if kind == "open" or decode is None:
            decode = content
            continue
        try:
            frame = np.ascontiguousarray(decode(content))
        except InputRefused as error:
            pipe.send(("refused", error))
        except MemoryError:
            pipe.send(("refused", too_much_memory()))
        except Exception:
            LOG.exception("a frame could not be decoded")
            pipe.send(("refused", undecodable()))
        else:
            pipe.send(("frame", frame.shape))
            pipe.send_bytes(frame.reshape(-1).data)


def undecodable() -> InputRefused:
    """The sentence for a frame that no codec comes back from."""
    return malformed(msg("The compressed picture in this file cannot be decoded."))
