"""A doctor that says what a test wants, as the real one says it, and can be slow or fall over."""

import json
import sys
from pathlib import Path

from her2desk.diagnostics.check import Check
from her2desk.texts import msg

FINE = Check("clock", True, msg("The clock says 2026-11-22 06:00 UTC."))
ADVISED = Check(
    "library-backup", True, msg("The library was never backed up."), msg("Make a backup.")
)
FULL = Check("disk-space", False, msg("0.1 GiB free."), msg("Free some space."))
TORN = Check("demo-pack", False, msg("The pack is damaged."), msg("Install Her2Desk again."))
SICK = (FINE, ADVISED, FULL, TORN)

_SCRIPT = """
import json, pathlib, sys, time
arguments = sys.argv[1:]
pathlib.Path({asked!r}).write_text(json.dumps(arguments))
if "--bundle" in arguments:
    pathlib.Path(arguments[arguments.index("--bundle") + 1]).write_text("a bundle")
    sys.exit(0)
sys.stderr.write("a library says something\\n")
for number, check in enumerate({checks!r}, start=1):
    begun = {{"name": check["name"], "title": check["title"], "number": number, "of": {of}}}
    for line in ({{"begun": begun}}, {{"check": check}}):
        sys.stderr.write(json.dumps(line) + "\\n")
        sys.stderr.flush()
{end}
"""
ANSWERS = 'print(json.dumps({"ok": False, "checks": []})); sys.exit(3)'
HANGS = "time.sleep(600)"
CRASHES = "sys.exit(9)"


def doctor_that_says(
    checks: tuple[Check, ...], folder: Path, end: str = ANSWERS, of: int | None = None
) -> list[str]:
    """The command of one that finds ``checks``; what it was asked is in ``folder``/asked.json."""
    script = _SCRIPT.format(
        asked=str(folder / "asked.json"),
        checks=[check.document() for check in checks],
        of=of or len(checks),
        end=end,
    )
    return [sys.executable, "-S", "-c", script]


def asked_of(folder: Path) -> list[str]:
    """The arguments that the doctor was started with last."""
    found: list[str] = json.loads((folder / "asked.json").read_text())
    return found
