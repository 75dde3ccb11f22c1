"""Whether a library holds, after a kill, all that was acknowledged before it."""

import hashlib
import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crash.told import Fact
from her2desk.errors import Her2DeskError
from her2desk.settings import load_settings
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library
from her2desk.store.opening import needs_passphrase, open_library
from her2desk.store.vault import unlock_vault

PASSPHRASE = "kept while the power goes"
A_DAY_S = 24 * 3600
DERIVED = (Action.IMPORTED, Action.ROI)  # entries that come with others


@dataclass
class Memory:
    """All that the victims of one library told, in order; numbers start anew with each."""

    meant: list[Fact] = field(default_factory=list)
    drawn: dict[tuple[int, str], Any] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    cases: dict[int, str] = field(default_factory=dict)
    settings: list[dict[str, Any]] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)
    open_strokes: int = 0

    def take(self, facts: list[Fact]) -> list[str]:
        """Remember what one victim told; gives what it should not have told."""
        meant: dict[int, Fact] = {}
        kept = shown = 0
        wrong: list[str] = []
        waiting: list[Fact] = []
        for fact in facts:
            match fact["said"]:
                case "meant":
                    meant[fact["n"]] = fact
                    self.meant.append(fact)
                case "kept":
                    kept += 1
                    meant[fact["n"]]["kept"] = True
                    self._end_strokes(waiting, meant[fact["n"]], fact)
                case "shown":
                    shown += 1
                    if shown > kept:
                        wrong.append("the window said “saved” of what was not")
                case "drawn":
                    waiting.append(fact)
                    self.drawn[fact["case"], fact["reader"]] = fact["content"]
                case "imported":
                    self.images.add(fact["sha256"])
                    self.cases[fact["case"]] = fact["sha256"]
                case "settings":
                    self.settings.append(fact)
        self.open_strokes += bool(waiting)
        return wrong

    def without(self, case_id: int) -> "Memory":
        """The same as if nothing were known of this case."""
        meant = [fact for fact in self.meant if fact["case"] != case_id]
        cases = {case: sha256 for case, sha256 in self.cases.items() if case != case_id}
        return Memory(meant, self.drawn, self.images - {self.cases[case_id]}, cases, self.settings)

    def _end_strokes(self, waiting: list[Fact], meant: Fact, kept: Fact) -> None:
        for stroke in [s for s in waiting if s["content"] == meant["content"]]:
            waiting.remove(stroke)
            self.lags_ms.append((kept["at"] - stroke["at"]) / 1e6)


@dataclass(frozen=True)
class Opened:
    """What was found when the library was opened after a kill."""

    problems: tuple[str, ...]
    seconds: float
    cases: int
    entries: int
    copies_left: int
    orphans: int


def judge(folder: Path, memory: Memory, reader: str = "") -> Opened:
    """Open the library as the program does, and hold it against what was told."""
    began = time.perf_counter()
    try:
        vault = unlock_vault(folder, PASSPHRASE) if needs_passphrase(folder) else None
        library = open_library(folder, reader, vault=vault)
    except Her2DeskError as error:
        return Opened((f"the library does not open: {error}",), 0.0, 0, 0, 0, 0)
    seconds = time.perf_counter() - began
    with library:
        problems = [*_broken(library), *_images(library, memory), *_entries(library, memory)]
        problems += _drawings(library, memory)
        shas = {case.sha256 for case in library.cases()}
        entries = library.entries(*Action)
    if vault is not None:  # its files are named and sealed otherwise
        return Opened(tuple(problems), seconds, len(shas), len(entries), 0, 0)
    files = [path for path in (folder / "files").rglob("*") if path.is_file()]
    parts = [path for path in files if path.suffix == ".part"]
    orphans = [path for path in files if path.suffix != ".part" and path.name not in shas]
    problems += [f"{path.name[:8]} is no whole file" for path in orphans if not _is_whole(path)]
    return Opened(tuple(problems), seconds, len(shas), len(entries), len(parts), len(orphans))


def left_after_a_day(folder: Path) -> list[Path]:
    """What of copies on their way in is still there a day later, once the library was opened."""
    past = time.time() - 2 * A_DAY_S
    for path in (folder / "files").rglob("*.part"):
        os.utime(path, (past, past))
    open_library(folder).close()
    return list((folder / "files").rglob("*.part"))


def settings_hold(path: Path, memory: Memory) -> list[str]:
    """The settings are the last that were kept, or later ones that were being written."""
    kept = [n for n, fact in enumerate(memory.settings) if fact["kept"]]
    if not kept:
        return []
    values = memory.settings[kept[-1]]["values"]
    later = [fact["values"] for fact in memory.settings[kept[-1] :]]
    found = load_settings(path).__dict__
    if any({**found, **value} == found for value in later):
        return []
    return [f"the settings are not those that were kept: {values}"]


def _broken(library: Library) -> list[str]:
    try:
        library.check()
    except Her2DeskError as error:
        return [str(error)]
    return []


def _is_whole(path: Path) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def _images(library: Library, memory: Memory) -> list[str]:
    cases = library.cases()
    problems = [
        f"the image of case {case.case_id} is not whole"
        for case in cases
        if not _holds_image(library, case.case_id, case.sha256)
    ]
    lost = memory.images - {case.sha256 for case in cases}
    problems += [f"image {sha256[:8]} was acknowledged and is lost" for sha256 in sorted(lost)]
    if len({case.sha256 for case in cases}) < len(cases):
        problems.append("an image is two cases")
    return problems


def _holds_image(library: Library, case_id: int, sha256: str) -> bool:
    try:
        path = library.image_path(case_id)
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except (Her2DeskError, OSError):
        return False


def _entries(library: Library, memory: Memory) -> list[str]:
    """Every change that was acknowledged is there once and in order; none is there that nobody made."""
    problems = []
    meant = _by_case(memory.meant)
    kept = _by_case([fact for fact in memory.meant if "kept" in fact])
    for case_id in {case.case_id for case in library.cases()} | set(kept):
        found = [e for e in library.history(case_id) if e.action not in DERIVED]
        for who, facts in kept[case_id].items():
            mine = [e for e in found if (str(e.action), e.reader) == who]
            if not _is_within(facts, mine):
                problems.append(f"case {case_id}: an acknowledged {who[0]} is lost or changed")
        for entry in found:
            who = str(entry.action), entry.reader
            if not any(_is_said(fact, entry) for fact in meant[case_id][who]):
                problems.append(f"case {case_id}: nobody made its {who[0]}")
    return problems


_ByCase = dict[int, dict[tuple[str, str], list[Fact]]]


def _by_case(facts: list[Fact]) -> _ByCase:
    found: _ByCase = defaultdict(lambda: defaultdict(list))
    for fact in facts:
        found[fact["case"]][fact["action"], fact["reader"]].append(fact)
    return found


def _is_within(facts: list[Fact], entries: list[HistoryEntry]) -> bool:
    rest = iter(entries)
    return all(any(_is_said(fact, entry) for entry in rest) for fact in facts)


def _is_said(fact: Fact, entry: HistoryEntry) -> bool:
    """Whether the entry holds what was told; the library may add to a prediction."""
    said, found = fact["content"], entry.content
    if said is None or found is None:
        return said is None and found is None
    return {**found, **said} == dict(found)


def _drawings(library: Library, memory: Memory) -> list[str]:
    """What is drawn is as at the last acknowledged stroke, or at one that was made after it."""
    problems = []
    kept = {
        (f["case"], f["reader"]): n
        for n, f in enumerate(memory.meant)
        if f["action"] == "drawing" and "kept" in f
    }
    for (case_id, by), n in kept.items():
        library.reader = by
        found = library.latest_drawing(case_id).to_json()
        allowed = [
            f["content"]
            for f in memory.meant[n:]
            if (f["case"], f["reader"], f["action"]) == (case_id, by, "drawing")
        ]
        allowed.append(memory.drawn.get((case_id, by), allowed[0]))
        if json.loads(json.dumps(found)) not in allowed:
            problems.append(f"case {case_id}: the drawing is not as at the last stroke")
        roi = next((e for e in reversed(library.history(case_id)) if _is_roi(e, by)), None)
        answering = library.latest_drawing(case_id).answering
        outline = None if answering is None else json.loads(json.dumps(answering.to_json()))
        if (roi.content if roi else None) != outline:
            problems.append(f"case {case_id}: the outline that answers is not the drawing's")
    return problems


def _is_roi(entry: HistoryEntry, reader: str) -> bool:
    return entry.action is Action.ROI and entry.reader == reader
