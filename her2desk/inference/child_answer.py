"""Waiting for what a child process works out, with its progress told and a wish to stop heard."""

from multiprocessing.connection import Connection
from typing import Any

from her2desk.domain.progress import Progress
from her2desk.errors import EngineFailed
from her2desk.texts import Message, msg

POLL_S = 0.2  # how soon a wish to stop is heard


def awaited(pipe: Connection, progress: Progress, died: Message) -> Any:
    """What the child says last: ("done", answer), after any number of ("progress", (fraction, text)).

    Steps go to ``progress``, which is asked even while the child says nothing, and may raise. Raises
    ``EngineFailed`` in the words of ``died`` where the child ends without an answer.
    """
    last: tuple[float, Message] = (0.0, msg("Starting"))
    while True:
        progress.step(*last)
        if not pipe.poll(POLL_S):
            continue
        try:
            kind, payload = pipe.recv()
        except EOFError as error:
            raise EngineFailed(
                died,
                msg("Try again; if it happens again, run her2desk doctor."),
                code="engine-died",
            ) from error
        if kind == "done":
            return payload
        last = payload
