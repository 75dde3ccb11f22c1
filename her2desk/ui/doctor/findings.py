"""What ``her2desk doctor`` tells line by line, as values; nothing of it is trusted to be whole."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from her2desk.texts import tr


class Grade(StrEnum):
    """How much a finding matters."""

    PROBLEM = "problem"
    ADVICE = "advice"
    GOOD = "good"

    @property
    def word(self) -> str:
        """In a word."""
        if self is Grade.PROBLEM:
            return tr("Problem")
        return tr("Advice") if self is Grade.ADVICE else tr("In order")


@dataclass(frozen=True)
class Begun:
    """A step begins, ``number`` of ``of``."""

    title: str
    number: int
    of: int


@dataclass(frozen=True)
class Finding:
    """One check that was done."""

    title: str
    ok: bool
    message: str
    remedy: str

    @property
    def grade(self) -> Grade:
        """A remedy beside what is well is advice."""
        if not self.ok:
            return Grade.PROBLEM
        return Grade.ADVICE if self.remedy else Grade.GOOD

    def text(self) -> str:
        """As it is copied."""
        line = f"{self.grade.word}: {self.title}: {self.message}"
        return f"{line}\n    → {self.remedy}" if self.remedy else line


def event_of(line: str) -> Begun | Finding | None:
    """What the line tells; None for any other line."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    begun, check = document.get("begun"), document.get("check")
    if isinstance(begun, dict):
        return _begun(begun)
    return _finding(check) if isinstance(check, dict) else None


def _begun(raw: dict[str, Any]) -> Begun | None:
    title, number, of = raw.get("title"), raw.get("number"), raw.get("of")
    if isinstance(title, str) and isinstance(number, int) and isinstance(of, int):
        return Begun(title, number, of)
    return None


def _finding(raw: dict[str, Any]) -> Finding | None:
    title, ok, message = raw.get("title"), raw.get("ok"), raw.get("message")
    if not isinstance(title, str) or not isinstance(ok, bool) or not isinstance(message, str):
        return None
    remedy = raw.get("remedy")
    return Finding(title, ok, message, remedy if isinstance(remedy, str) else "")
