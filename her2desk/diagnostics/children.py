"""What is tried in a process of its own, as a damaged library can end the process that loads it.

The child is this program, started as ``her2desk doctor --part NAME``; it answers with one JSON object.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from her2desk.diagnostics.check import INSTALL_AGAIN
from her2desk.errors import EngineFailed
from her2desk.inference.engine import ILLEGAL_INSTRUCTION, engine_cannot_start
from her2desk.own_command import own_command
from her2desk.redaction import public
from her2desk.texts import Message, msg

CHILD_LIMIT_S = 120.0
PROBLEM, KIND = "problem", "kind"  # of an answer: why what was tried cannot be used
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Ended:
    """How a child ended without an answer: its exit code (None: it was given up), its last words."""

    code: int | None
    said: str


class NoAnswer(EngineFailed):
    """The child had none; ``ended`` tells more than the sentence."""

    def __init__(self, message: Message, remedy: Message, ended: Ended) -> None:
        super().__init__(message, remedy, code="part")
        self.ended = ended


class Children:
    """Starts them, one for each part.

    Parameters
    ----------
    command : the program and its first arguments.
    limit_s : how long one may take.
    """

    def __init__(
        self, command: Sequence[str] | None = None, limit_s: float = CHILD_LIMIT_S
    ) -> None:
        self._command = tuple(own_command() if command is None else command)
        self._limit_s = limit_s

    def ask(self, part: str) -> dict[str, Any]:
        """What the child answers; raises ``NoAnswer`` with the sentence for one that did not."""
        try:
            child = subprocess.run(
                [*self._command, "doctor", "--part", part],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=self._limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoAnswer(
                msg("It did not load within {s:.0f} s.", s=self._limit_s),
                msg("Close other programs and try again; where that does not help, restart."),
                Ended(None, ""),
            ) from error
        except OSError as error:
            raise NoAnswer(
                msg("A second process of Her2Desk could not be started."),
                INSTALL_AGAIN,
                Ended(None, str(error)),
            ) from error
        return _answer(child)


def _answer(child: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    ended = Ended(child.returncode, child.stderr.strip())
    if child.returncode in ILLEGAL_INSTRUCTION:
        too_old = engine_cannot_start(child.returncode)
        raise NoAnswer(too_old.message, too_old.remedy, ended)
    try:
        document = json.loads(child.stdout)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "error" in document:
        raise NoAnswer(how_it_ended(ended), INSTALL_AGAIN, ended)
    if PROBLEM in document:
        kind, reason = public(document.get(KIND)), str(document[PROBLEM])
        raise NoAnswer(
            msg("It does not load ({kind}): {reason}", kind=kind, reason=reason[:_LONGEST_REASON]),
            INSTALL_AGAIN,
            Ended(child.returncode, reason),
        )
    return document


def how_it_ended(ended: Ended) -> Message:
    """In a sentence, how a process ended that should have answered."""
    code = ended.code
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        return msg("It ended its process at once ({how}).", how=public(name))
    if code is not None and sys.platform == "win32" and code > 255:  # no cover: needs Windows
        return msg("It ended its process at once ({how}).", how=public(f"0x{code:08X}"))
    last = next((line for line in reversed(ended.said.splitlines()) if line.strip()), "")
    return msg("It does not load: {reason}", reason=last[:_LONGEST_REASON] or str(code))
