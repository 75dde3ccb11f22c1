"""What a power cut may leave of a library: ``python -m benchmarks.power_cuts --states 1500 --seed 1``.

SIGKILL leaves all that was written in the system's memory; a power cut leaves only what was synced, and
any part of the rest. strace records every call of real work; then the library is put together as a cut
could leave it at each moment, and held against what had been acknowledged by then. With every sync taken
out the same check must find losses, or it would prove nothing.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.crash import power, recording
from benchmarks.crash.old_library import write_old_library
from benchmarks.crash.told import Fact, understood
from benchmarks.crash.verdict import Memory, judge, settings_hold

CHANGES = 40
OLD_CASES, OLD_ENTRIES = 12, 12


def main() -> int:
    """Record, cut and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if not recording.is_available():
        print("strace is needed, and may not trace here")
        return 2
    lost = 0
    for name in ("work on a new library", "an old library brought up to date"):
        with tempfile.TemporaryDirectory(prefix="power-cuts-") as scratch:
            lost += _cut(
                name, name.startswith("an old"), asked.states // 2, asked.seed, Path(scratch)
            )
    return 1 if lost else 0


def _cut(name: str, is_old: bool, states: int, seed: int, scratch: Path) -> int:
    folder = scratch / "library"
    folder.mkdir()
    before: list[Fact] = []
    if is_old:
        before = write_old_library(folder, OLD_CASES, OLD_ENTRIES, seed)
    files = power.contents(folder)
    words = [str(folder), str(seed), "open" if is_old else str(CHANGES)]
    command = [sys.executable, "-m", "benchmarks.crash.store_work", *words]
    ops = recording.record(command, folder, {"HER2DESK_HOME": str(folder)})
    began = time.monotonic()
    problems = _problems(power.Disk(files, ops), before, states, seed, scratch / "left")
    seconds = time.monotonic() - began
    unsynced = [op for op in ops if op.kind != "sync"]
    control = _problems(power.Disk(files, unsynced), before, states // 10, seed, scratch / "left")
    kinds = Counter(op.kind for op in ops)
    print(
        f"{name}: {len(ops)} calls ({kinds['write']} writes, {kinds['sync']} syncs), {states} cuts in "
        f"{seconds:.0f} s: {len(problems)} losses; without the syncs {len(control)} in {states // 10}",
        flush=True,
    )
    for problem, count in Counter(problems).most_common(20):
        print(f"  {count} times {problem}")
    return len(problems)


def _problems(
    disk: power.Disk, before: list[Fact], states: int, seed: int, folder: Path
) -> list[str]:
    dice, found = random.Random(seed), []
    for n in range(states):
        after, cut = dice.randint(1, len(disk)), power.CUTS[n % len(power.CUTS)]
        memory = Memory()
        memory.take(before)
        memory.take(understood(disk.told(after)))
        power.write_contents(folder, disk.left(after, cut, dice))
        said = [*judge(folder, memory).problems, *settings_hold(folder / "settings.json", memory)]
        found += [f"{problem[:160]} ({cut})" for problem in said]
        shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    sys.exit(main())
