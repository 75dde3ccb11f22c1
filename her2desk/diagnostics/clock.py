"""Whether the clock can be right; times are written into the library's history."""

from datetime import UTC, datetime

from her2desk.diagnostics.check import Check
from her2desk.redaction import public
from her2desk.texts import msg

EARLIEST, LATEST = 2025, 2100  # years; the program is not older


def clock_check(now: datetime) -> Check:
    """Whether ``now`` can be the present."""
    shown = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    said = msg("The clock says {time}.", time=public(shown))
    if EARLIEST <= now.year < LATEST:
        return Check("clock", True, said)
    remedy = msg("Set the computer's clock: the history and reports bear its times.")
    return Check("clock", False, said, remedy)
