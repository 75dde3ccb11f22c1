"""The places that docs/administrator.md says the program writes to."""

import re
from pathlib import Path

from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "administrator.md"
SECTION = "## Where things lie"
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def documented_places(home: Path) -> list[Path]:
    """Folders and files of the section's table for Linux, below ``home`` where they begin with ~."""
    section = DOCUMENT.read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    found = [
        home / row.removeprefix("~/") if row.startswith("~/") else Path(row)
        for row in _ROW.findall(section)
    ]
    if not found:
        raise ValueError(f"{DOCUMENT} has no table of places")
    return found
