"""A disk that is full, failing or read-only at any call: ``python -m benchmarks.disk_faults --runs 300``.

strace lists the calls that a program makes on its library; then the program runs again and again, each
time with one of them failing, once or from there on. It must say why in a sentence, lose nothing that it
acknowledged, and leave a library that opens. ``--kills`` puts SIGKILL into each changing call instead.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash.calls import CHANGING, FAULTS, Call, calls_on, with_fault, with_kill
from benchmarks.crash.life import Life
from benchmarks.crash.old_library import write_old_library
from benchmarks.crash.pictures import write_pictures
from benchmarks.crash.recording import is_available
from benchmarks.crash.verdict import judge
from benchmarks.crash.victim import Death, run_to_the_end

CHANGES = 14
NEEDED_ELSEWHERE = ("openat", "write")  # to load modules and to say anything at all
SENTENCES = (0, 3)  # exit codes of what went well, and of what was refused in a sentence


@dataclass(frozen=True)
class Scenario:
    """Something that a program does to a library; ``prepare`` makes the library as it is before."""

    name: str
    words: Callable[[Life], list[str]]
    prepare: Callable[[Life], None]
    tells: bool = False  # a program of ours that tells its facts, rather than a command


def scenarios() -> tuple[Scenario, ...]:
    """What is tried."""
    return (
        Scenario("a reader's changes", _work("3", str(CHANGES)), _nothing, tells=True),
        Scenario("bringing up to date", _work("1", "open"), _old, tells=True),
        Scenario("import", _command("import", "{pictures}"), _pictures),
        Scenario("backup", _command("library", "backup", "{folder}/made.zip"), _filled),
        Scenario("restore", _command("library", "restore", "{folder}/backup.zip"), _backed_up),
        Scenario("erase", _command("library", "erase", "--case", "1", "--yes"), _filled),
    )


def main() -> int:
    """Put the faults in and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", action="store_true", help="SIGKILL at each changing call")
    parser.add_argument("--only", help="one scenario by name")
    asked = parser.parse_args()
    if not is_available():
        print("strace is needed, and may not trace here")
        return 2
    problems = 0
    for scenario in scenarios():
        if asked.only in (None, scenario.name):
            share = asked.runs // (1 if asked.only else len(scenarios()))
            problems += _try(scenario, share, asked.seed, asked.kills)
    return 1 if problems else 0


def _try(scenario: Scenario, runs: int, seed: int, kills: bool) -> int:
    outcomes: Counter[str] = Counter()
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        life = Life(scenario.name.replace(" ", "-"), 0, seed, Path(scratch))
        scenario.prepare(life)
        before = life.folder / "before"
        shutil.copytree(life.library, before)
        command = [sys.executable, *scenario.words(life)]
        names = (
            CHANGING if kills else sorted({name for _, names in FAULTS.values() for name in names})
        )
        folder = life.library if scenario.tells else life.folder
        calls = calls_on(command, folder, names, life.environment)
        plan = list(_plan(calls, kills, command))
        chosen = random.Random(seed).sample(plan, min(runs, len(plan)))
        for name, injected in chosen:
            _renew(life, before, scenario)
            death = run_to_the_end(injected, life.environment)
            found = list(_problems(life, scenario, death, kills))
            problems += [f"{name}: {problem}" for problem in found]
            outcomes["went on or well" if death.exit_code == 0 else "refused or killed"] += 1
    print(
        f"{scenario.name}: {len(calls)} calls, {len(plan)} faults, {len(chosen)} tried: "
        f"{dict(outcomes)}; {len(problems)} problems",
        flush=True,
    )
    for problem in sorted(problems):
        print(f"  {problem[:600]}")
    return len(problems)


def _plan(calls: list[Call], kills: bool, command: list[str]) -> Iterator[tuple[str, list[str]]]:
    for call in calls:
        if kills:
            yield f"killed at {call}", with_kill(command, call)
            continue
        for what, (error, names) in FAULTS.items():
            if call.name in names:
                yield f"{what} at {call}", with_fault(command, call, error, for_ever=False)
                if call.name not in NEEDED_ELSEWHERE:
                    named = f"{what} from {call} on"
                    yield named, with_fault(command, call, error, for_ever=True)


def _problems(life: Life, scenario: Scenario, death: Death, kills: bool) -> Iterator[str]:
    if kills or "_write_document" in death.errors:  # not the library's disk, but where it answers
        pass
    elif scenario.tells and death.exit_code:
        yield f"no sentence: {death.errors[-500:]}"
    elif death.exit_code not in SENTENCES or '"code": "internal"' in death.output:
        yield f"no sentence: {death.exit_code} {death.output[-200:]} {death.errors[-300:]}"
    yield from life.memory.take(death.facts)
    if scenario.tells:
        yield from judge(life.library, life.memory).problems
    else:
        verified = [sys.executable, "-m", "her2desk", "library", "verify"]
        ended = run_to_the_end(
            [*verified, "--library", str(life.library), "--json"], life.environment
        )
        if ended.exit_code:
            yield f"not whole afterwards: {ended.output[-300:]}"


def _renew(life: Life, before: Path, scenario: Scenario) -> None:
    shutil.rmtree(life.library)
    shutil.copytree(before, life.library)
    for left in life.folder.glob("made.zip"):
        left.unlink()
    life.memory = type(life.memory)()
    if scenario.name == "bringing up to date":
        life.memory.take(_OLD_FACTS[str(life.library)])


_OLD_FACTS: dict[str, list[dict[str, object]]] = {}


def _work(*words: str) -> Callable[[Life], list[str]]:
    module = ["-m", "benchmarks.crash.store_work"]
    return lambda life: [*module, str(life.library), *words]


def _command(*words: str) -> Callable[[Life], list[str]]:
    def filled(life: Life) -> list[str]:
        places = {"pictures": life.folder / "pictures", "folder": life.folder}
        said = [word.format(**places) for word in words]
        return ["-m", "her2desk", *said, "--library", str(life.library), "--json"]

    return filled


def _nothing(_life: Life) -> None: ...


def _old(life: Life) -> None:
    shutil.rmtree(life.library)
    life.library.mkdir()
    _OLD_FACTS[str(life.library)] = write_old_library(life.library, 6, 10, 1)


def _pictures(life: Life) -> None:
    write_pictures(life.folder / "pictures", 3, 5)


def _filled(life: Life) -> None:
    life.run("benchmarks.crash.store_work", life.library, "1", "20")


def _backed_up(life: Life) -> None:
    _filled(life)
    life.run("her2desk", "library", "backup", life.folder / "backup.zip", "--library", life.library)
    life.run("benchmarks.crash.store_work", life.library, "2", "10")


if __name__ == "__main__":
    sys.exit(main())
