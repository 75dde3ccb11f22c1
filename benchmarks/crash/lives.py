"""How libraries live and are killed; what happens to one follows from its kind, number and seed."""

import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.crash import commands
from benchmarks.crash.life import Life, Report, attempts
from benchmarks.crash.old_library import READER, write_old_library
from benchmarks.crash.pictures import write_pictures
from benchmarks.crash.verdict import Memory
from benchmarks.crash.victim import Instant, run_to_the_end

STORE_WORK, WINDOW_WORK = "benchmarks.crash.store_work", "benchmarks.crash.window_work"
KILLS_A_LIFE = 10
PICTURES = 40
OLD_CASES, OLD_ENTRIES = 60, 40
ANSWERED = 3  # one library in so many has its outlines answered
ALONE = 0.3  # so many kills take the window alone, as when memory runs out


def live(kind: str, number: int, seed: int, scratch: Path, kills: int = KILLS_A_LIFE) -> Report:
    """Lead one library through ``kills`` kills."""
    life = Life(kind, number, seed, scratch)
    KINDS[kind](life, kills)
    return life.end()


def _store(life: Life, kills: int) -> None:
    for n in range(kills):
        words = [str(life.library), f"{life.report.number}.{n}"]
        life.kill(STORE_WORK, words, _writers_instant(life.dice))


def _writers_instant(dice: random.Random) -> Instant:
    """Anywhere, within a change, or right after the library said that one is kept."""
    kind = dice.random()
    if kind < 0.2:
        return Instant(dice.uniform(0.02, 0.4))
    if kind < 0.7:
        return Instant(dice.uniform(0, 0.004), "meant", dice.randint(1, 80))
    return Instant(dice.uniform(0, 0.0005), "kept", dice.randint(1, 80))


def _migration(life: Life, kills: int) -> None:
    """An old library, new for each kill, opened by this version."""
    _old(life)
    whole = life.run(STORE_WORK, life.library, "1", "open")
    at = {fact["said"]: fact["at"] for fact in whole.facts}
    span = (at["opened"] - at["began"]) / 1e9
    for _ in attempts(life, kills):
        _old(life)
        instant = Instant(life.dice.uniform(0, span), "began")
        life.kill(STORE_WORK, [life.library, "1", "open"], instant)
        life.judge(READER)


def _old(life: Life) -> None:
    shutil.rmtree(life.library)
    life.library.mkdir()
    life.memory = Memory()
    facts = write_old_library(life.library, OLD_CASES, OLD_ENTRIES, life.dice.getrandbits(32))
    life.memory.take(facts)


def _window(life: Life, kills: int) -> None:
    write_pictures(life.folder / "pictures", PICTURES, life.report.number + 1)
    options = _with_answers(life)
    for n in range(kills):
        words = [str(life.library), f"{life.report.number}.{n}", *options]
        instant = _readers_instant(life.dice)
        if options and n % 2:
            instant = Instant(life.dice.uniform(0, 0.2), "answered", life.dice.randint(1, 3))
        alone = life.dice.random() < ALONE
        life.kill(WINDOW_WORK, words, instant, alone=alone)
    _starts_again(life)


def _with_answers(life: Life) -> list[str]:
    """In some libraries each outline is answered, at once or by the engine itself."""
    if life.report.number % ANSWERED != 1:
        return []
    if life.report.number % (2 * ANSWERED) == 1:
        return ["engine=real"]
    life.run("benchmarks.crash.answer", life.folder / "answer")
    return [f"answer={life.folder / 'answer'}"]


def _readers_instant(dice: random.Random) -> Instant:
    """During the start, within the first milliseconds of a stroke, right after a save, or anywhere."""
    kind = dice.random()
    if kind < 0.2:
        return Instant(dice.uniform(0.1, 2.0))
    if kind < 0.65:
        return Instant(dice.uniform(0, 0.006), "drawn", dice.randint(1, 25))
    if kind < 0.8:
        return Instant(dice.uniform(0, 0.001), "kept", dice.randint(1, 25))
    return Instant(dice.uniform(0, 4.0), "opened")


def _starts_again(life: Life) -> None:
    """The window opens on what the kills left, and lists every case."""
    cases = life.judge().cases
    command = [
        sys.executable,
        "-m",
        WINDOW_WORK,
        str(life.library),
        "0",
        "cases=1",
    ]
    ended = run_to_the_end(command, life.environment)
    listed = [fact["cases"] for fact in ended.facts if fact["said"] == "listed"]
    if listed != [cases] or ended.exit_code:
        life.note(f"the window does not start again: {listed}, {ended.errors[-400:]}")


KINDS: dict[str, Callable[[Life, int], None]] = {
    "store": _store,
    "migration": _migration,
    "window": _window,
    "import": commands.imports,
    "upkeep": commands.upkeep,
    "copies": commands.copies,
}
