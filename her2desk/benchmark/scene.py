"""A scene: one thing that is measured, from what it needs to the sides that are timed by turns."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from her2desk.benchmark.machine import NO_LIMIT, Limit
from her2desk.benchmark.timing import Side
from her2desk.texts import Message


@dataclass(frozen=True)
class Scene(ABC):
    """What a user would otherwise run, against what the program does.

    A scene is sent to a fresh process and opened there, so opening it may load anything. ``place`` is the
    scene's own folder, which it may be given again: a file that is there already is used.
    ``is_weighed`` says that its memory is measured too, by doing the work of each side once more;
    ``about_s`` is roughly how long all of it takes on two cores, for the progress alone.
    """

    about_s: float = field(default=20.0, kw_only=True)
    is_weighed: bool = field(default=True, kw_only=True)

    @property
    @abstractmethod
    def rows(self) -> tuple[str, ...]:
        """Names of what is timed; each is set against the one baseline."""

    @property
    @abstractmethod
    def baseline_name(self) -> Message:
        """What a user would otherwise run."""

    @property
    def about(self) -> Mapping[str, Any]:
        """Sizes and settings, for the document."""
        return {}

    def limit(self, _row: str) -> Limit:
        """What the work of a row cannot be done without."""
        return NO_LIMIT

    def absent(self) -> Message | None:
        """Why this cannot be measured here; asked in the scene's own process."""
        return None

    @abstractmethod
    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        """The program's side of each row."""

    @abstractmethod
    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        """The other side."""

    def difference(self, product: Any, baseline: Any) -> float | None:
        """How far the first results are apart, relative; None where they are not the same thing."""
        return None


@contextmanager
def just(value: Any) -> Iterator[Any]:
    """A side that needs nothing closed."""
    yield value
