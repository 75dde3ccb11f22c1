"""Mistakes of the program's own: a plain sentence for who reads it, a number to find it by in the log."""

import logging
import secrets

from her2desk.errors import Fault, Her2DeskError
from her2desk.redaction import public, traceback_of
from her2desk.texts import Message, msg

_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ2346789"  # none that is mistaken for another when read aloud
_LENGTH = 6

SAFE = msg(
    "Your cases are safe. Try again; if it happens again, save a diagnostic bundle and give it to "
    "whoever looks after Her2Desk."
)


def recorded(log: logging.Logger, error: BaseException) -> Fault:
    """Write where ``error`` came from into the log, under a new reference."""
    fault = Fault(new_reference(), traceback_of(error))
    log.error("fault %s", public(fault.reference), exc_info=error)
    return fault


def our_fault(log: logging.Logger, error: BaseException, remedy: Message = SAFE) -> Her2DeskError:
    """What to tell of an error that nobody foresaw; it is in the log under the reference it names."""
    fault = recorded(log, error)
    return Her2DeskError(
        msg(
            "Something went wrong in Her2Desk itself (reference {reference}).",
            reference=fault.reference,
        ),
        remedy,
        fault=fault,
    )


def new_reference() -> str:
    """Six letters and digits, chosen at random."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
