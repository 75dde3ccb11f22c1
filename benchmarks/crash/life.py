"""A library that lives through several kills, and what is remembered of it."""

import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crash.verdict import (
    PASSPHRASE,
    Memory,
    Opened,
    judge,
    left_after_a_day,
    settings_hold,
)
from benchmarks.crash.victim import Death, Instant, kill_at, run_to_the_end

MOST_ATTEMPTS = 3


@dataclass
class Report:
    """What one library lived through."""

    kind: str
    number: int
    kills: int = 0
    natural_ends: int = 0
    told: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    opening_s: list[float] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)
    open_strokes: int = 0
    copies_left: int = 0
    orphans: int = 0
    temporary_left: int = 0


class Life:
    """A library in a folder of its own, and those who work on it."""

    def __init__(self, kind: str, number: int, seed: int, scratch: Path) -> None:
        self.folder = scratch / f"{kind}-{number}"
        self.library = self.folder / "library"
        self.library.mkdir(parents=True)
        self.dice = random.Random(f"{seed}/{kind}/{number}")
        self.memory = Memory()
        self.fine = {0}
        self.report = Report(kind, number)
        (self.folder / "tmp").mkdir()
        passphrase = self.folder / "passphrase"
        passphrase.write_text(PASSPHRASE, encoding="utf-8")
        passphrase.chmod(0o600)
        self.environment = {
            "HER2DESK_HOME": str(self.library),
            "HER2DESK_PASSPHRASE_FILE": str(passphrase),
            "TMPDIR": str(self.folder / "tmp"),
            "OMP_NUM_THREADS": "1",
        }

    def kill(
        self,
        module: str,
        words: Sequence[object],
        instant: Instant,
        *,
        alone: bool = False,
        judged: bool = True,
    ) -> Death:
        """Kill one victim, remember what it told, and judge the library."""
        command = [sys.executable, "-m", module, *map(str, words)]
        death = kill_at(command, instant, self.environment, alone=alone)
        report = self.report
        report.kills += death.was_killed
        report.natural_ends += not death.was_killed
        report.told.update(fact["said"] for fact in death.facts)
        if not death.was_killed and death.exit_code not in self.fine:
            self.note(
                f"{' '.join(command[1:])} ended with {death.exit_code}: {death.errors[-400:]}"
            )
        if death.survivors:
            self.note(f"{death.survivors} processes outlived the window")
        for problem in self.memory.take(death.facts):
            self.note(problem)
        if judged:
            self.judge()
        return death

    def run(self, module: str, *words: object) -> Death:
        """Let one come to its end; it is noted where it fails."""
        command = [sys.executable, "-m", module, *map(str, words)]
        death = run_to_the_end(command, self.environment)
        self.memory.take(death.facts)
        if death.exit_code not in self.fine:
            self.note(f"{' '.join(command[1:])} fails: {death.output[-300:]}{death.errors[-300:]}")
        return death

    def judge(self, reader: str = "") -> Opened:
        """Open the library and hold it against what is remembered."""
        opened = judge(self.library, self.memory, reader)
        for problem in (
            *opened.problems,
            *settings_hold(self.library / "settings.json", self.memory),
        ):
            self.note(problem)
        self.report.opening_s.append(opened.seconds)
        self.report.orphans = max(self.report.orphans, opened.orphans)
        self.report.copies_left = max(self.report.copies_left, opened.copies_left)
        return opened

    def end(self) -> Report:
        """A last look a day later: nothing of what was left half-way is still there."""
        left = left_after_a_day(self.library)
        if left:
            self.note(f"{len(left)} half copies are never removed")
        in_temporary = list((self.folder / "tmp").rglob("*.dcm"))
        if in_temporary:
            self.note(f"{len(in_temporary)} image files are left in the system's temporary folder")
        self.report.lags_ms = self.memory.lags_ms
        self.report.open_strokes = self.memory.open_strokes
        shutil.rmtree(self.folder)
        return self.report

    def note(self, problem: str) -> None:
        self.report.problems.append(problem)


def attempts(life: Life, kills: int) -> Iterator[int]:
    """Numbers until there were so many kills: some commands end before theirs."""
    n = 0
    while life.report.kills < kills and n < MOST_ATTEMPTS * kills:
        yield n
        n += 1
