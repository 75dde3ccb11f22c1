"""The checks one after another, each within its time; one that fails itself is a finding, no end."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass

from her2desk.diagnostics.check import Check
from her2desk.errors import Her2DeskError
from her2desk.faults import our_fault
from her2desk.redaction import public
from her2desk.texts import msg

log = logging.getLogger(__name__)
LIMIT_S = 60.0


@dataclass(frozen=True)
class Step:
    """What is looked at in one go: the check's ``name``, ``look``, and how long that may take.

    ``look`` may find several things; the first bears the step's name.
    """

    name: str
    look: Callable[[], Iterable[Check]]
    limit_s: float = LIMIT_S


def examined(step: Step) -> tuple[Check, ...]:
    """What the step finds, or the finding that it did not come to an end."""
    found: list[Check] = []

    def look() -> None:
        try:
            found.extend(step.look())
        except Her2DeskError as error:
            found.append(Check(step.name, False, error.message, error.remedy))
        except Exception as error:
            fault = our_fault(log, error)
            found.append(Check(step.name, False, fault.message, fault.remedy))

    # A thread that hangs is left behind: it is a daemon, and ends with the process.
    thread = threading.Thread(
        target=copy_context().run, args=(look,), name=f"doctor-{step.name}", daemon=True
    )
    thread.start()
    thread.join(step.limit_s)
    if thread.is_alive():
        log.warning("the check %s does not end", public(step.name))
        return (*tuple(found), _too_slow(step))
    return tuple(found)


def examination(steps: Iterable[Step]) -> Iterator[Check]:
    """All findings, in the order of the steps."""
    for step in steps:
        yield from examined(step)


def _too_slow(step: Step) -> Check:
    return Check(
        step.name,
        False,
        msg("This check did not end within {s:.0f} s.", s=step.limit_s),
        msg("Close other programs and run it again; a disk or network drive may not answer."),
    )
