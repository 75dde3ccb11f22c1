"""Trying again where a connection was cut: how often, and after how long."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

from her2desk.dicom.pacs.refusals import PacsRefused

LOOK_S = 0.1


@dataclass(frozen=True)
class Patience:
    """``tries`` without anything gained; waits of ``first_s``, doubled up to ``longest_s``."""

    tries: int = 6
    first_s: float = 0.5
    longest_s: float = 15.0


class Attempt:
    """One try; a failure that may pass is kept in ``failure`` instead of being raised."""

    failure: PacsRefused | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, PacsRefused) and error.is_passing:
            self.failure = error
            return True
        return False


def trying(
    patience: Patience, alive: Callable[[], None], gained: Callable[[], int]
) -> Iterator[Attempt]:
    """Attempts until one does not fail; the last failure is raised when ``patience`` is at its end.

    ``gained`` counts what was achieved so far: whatever grows it makes patience new. ``alive`` is
    called while waiting, and may raise.
    """
    left, wait = patience.tries, patience.first_s
    while True:
        before, attempt = gained(), Attempt()
        yield attempt
        if attempt.failure is None:
            return
        if gained() > before:
            left, wait = patience.tries, patience.first_s
        left -= 1
        if left <= 0:
            raise attempt.failure
        _pause(wait, alive)
        wait = min(2 * wait, patience.longest_s)


def _pause(seconds: float, alive: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        alive()
        time.sleep(min(LOOK_S, left))
