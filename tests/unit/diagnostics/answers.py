"""A stand-in for the doctor's children: each part answers, or fails, as a test says."""

from collections.abc import Mapping
from typing import Any

from her2desk.diagnostics.check import INSTALL_AGAIN
from her2desk.diagnostics.children import Children, Ended, NoAnswer, how_it_ended


class Answers(Children):
    """``answers`` by part; a part that is not among them ends as ``ended`` says."""

    def __init__(self, answers: Mapping[str, Any] | None = None, ended: Ended | None = None):
        super().__init__(())
        self._answers = dict(answers or {})
        self._ended = ended or Ended(1, "")

    def ask(self, part: str) -> dict[str, Any]:
        if part not in self._answers:
            raise NoAnswer(how_it_ended(self._ended), INSTALL_AGAIN, self._ended)
        return dict(self._answers[part])
