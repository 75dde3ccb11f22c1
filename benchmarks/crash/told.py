"""What a victim tells before it is killed: one line of JSON for each thing, written before it goes on.

``meant`` is something that is about to be kept, ``kept`` that the library said it is on disk, ``refused``
that it said why not, ``drawn`` what the reader has just drawn, ``shown`` that the window says "saved",
``imported`` that the user is told of a file that it is in the library. A line that the kill cut short was
not told.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from her2desk.store.history import Action
from her2desk.store.library import Library

PIPE_VARIABLE = "HER2DESK_CRASH_PIPE"

Fact = dict[str, Any]

# What makes an entry, and its kind; None where the kind is an argument.
_SAVING: dict[str, Action | None] = {
    "save_drawing": Action.DRAWING,
    "save_calibration": Action.CALIBRATION,
    "save_clinical": Action.CLINICAL,
    "save_prediction": Action.PREDICTION,
    "save_pathology": Action.PATHOLOGY,
    "record": None,
}


class Teller:
    """Writes facts to a pipe; any thread may."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._numbers = 0

    @classmethod
    def of_environment(cls) -> "Teller":
        """To the pipe whose number the environment names."""
        return cls(int(os.environ[PIPE_VARIABLE]))

    def say(self, said: str, **facts: Any) -> None:
        """Write one line, all of it before this returns."""
        line = json.dumps({"said": said, "at": time.monotonic_ns(), **facts}) + "\n"
        with self._lock:
            left = memoryview(line.encode())
            while left:
                left = left[os.writev(self._pipe, [left]) :]  # no call that faults are put into

    def number(self) -> int:
        """A number for what is meant, the same when it is kept."""
        with self._lock:
            self._numbers += 1
            return self._numbers


def understood(told: bytes) -> list[Fact]:
    """The facts of whole lines."""
    return [json.loads(line) for line in told.splitlines(keepends=True) if line.endswith(b"\n")]


def tell_of(library: Library, teller: Teller) -> None:
    """Have every change of the library told before and after it is made."""
    busy = threading.local()
    for name, action in _SAVING.items():
        method = getattr(library, name)
        setattr(library, name, _telling(method, library, action, teller, busy))


def _telling(
    method: Callable[..., Any],
    library: Library,
    action: Action | None,
    teller: Teller,
    busy: threading.local,
) -> Callable[..., Any]:
    @wraps(method)
    def telling(case_id: int, *arguments: Any, **named: Any) -> Any:
        if getattr(busy, "inside", False):  # one of these calls another
            return method(case_id, *arguments, **named)
        kind, content = _content(action, arguments)
        n = teller.number()
        by = library.reader
        teller.say("meant", n=n, case=case_id, action=str(kind), content=content, reader=by)
        busy.inside = True
        try:
            found = method(case_id, *arguments, **named)
        finally:
            busy.inside = False
        teller.say("kept", n=n)
        return found

    return telling


def _content(action: Action | None, arguments: tuple[Any, ...]) -> tuple[Action, Any]:
    if action is None:
        return arguments[0], arguments[1]
    given = arguments[0]
    if action is Action.PREDICTION:
        return action, {"document": dict(given), "inputs_sha256": arguments[1]}
    if action is Action.PATHOLOGY:
        return action, {"her2_ihc": given.her2_ihc, "her2_fish": given.her2_fish}
    return action, None if given is None else given.to_json()
