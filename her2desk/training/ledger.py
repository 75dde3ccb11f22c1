"""V5's ledger: how often a cohort was built on, and how often its held-out patients were looked at.

It lies beside ``cohort.csv``, so that it travels with the cohort. The same build made again is the
same entry, so that the same cohort and seed give the same pack.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from her2desk.errors import InputRefused
from her2desk.reports.study import Ledger
from her2desk.texts import msg

FILE = "builds.json"


class Entry(BaseModel):
    """One build: what was asked, on which cohort, and whether held-out patients were looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    build: str
    cohort_sha256: str
    opened_held_out: bool


class _Entries(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    builds: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class LedgerFile:
    """The ledger of one cohort folder; ``fallback`` serves where that folder cannot be written."""

    folder: Path
    fallback: Path

    def record(self, entry: Entry) -> Ledger:
        """Enter a build, once, and count up to and including it.

        Raises ``InputRefused`` where neither place can be written, or the ledger was damaged.
        """
        path = self._path()
        entries = self._read(path)
        if entry not in entries:
            entries = (*entries, entry)
            self._write(path, entries)
        own = [e for e in entries if e.cohort_sha256 == entry.cohort_sha256]
        up_to = own[: own.index(entry) + 1]
        return Ledger(len(up_to), sum(e.opened_held_out for e in up_to))

    def _path(self) -> Path:
        beside = self.folder / FILE
        try:
            with beside.open("a", encoding="utf-8"):
                return beside
        except OSError:
            return self.fallback / FILE

    def _read(self, path: Path) -> tuple[Entry, ...]:
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            return _Entries.model_validate_json(text).builds if text else ()
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise InputRefused(
                msg("{name} beside the cohort cannot be read.", name=path.name),
                msg("Put the true file back; it counts how often the cohort was built on."),
                code="ledger-unreadable",
            ) from error

    def _write(self, path: Path, entries: tuple[Entry, ...]) -> None:
        temporary = path.with_name(path.name + ".tmp")
        text = json.dumps({"builds": [e.model_dump() for e in entries]}, indent=1) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise InputRefused(
                msg("{name} cannot be written.", name=path.name),
                msg("Free some space, or make the folder of the cohort writable."),
                code="unwritable",
            ) from error
