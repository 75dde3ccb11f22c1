"""The program's own commands, killed: imports, the upkeep of a library, and copies without identity."""

import copy
import hashlib
import json
import random
import shutil
from pathlib import Path

from pydicom import dcmread

from benchmarks.crash.life import Life, attempts
from benchmarks.crash.pictures import PATIENT, write_pictures
from benchmarks.crash.verdict import Memory, judge
from benchmarks.crash.victim import Instant
from her2desk.store.opening import needs_passphrase

PROGRAM = "her2desk"
PICTURES = 24
COPIED = 8
STARTING_S = 0.25  # nothing happens to a library before a command has loaded


def imports(life: Life, kills: int) -> None:
    """``import`` killed over and over until all is in; then each file is a case, once."""
    folder = life.folder / "pictures"
    pictures = write_pictures(folder, PICTURES, life.report.number + 1001)
    words = ["import", folder, "--library", life.library, "--json"]
    longest = life.run(PROGRAM, *words).seconds
    for _ in attempts(life, kills):
        if life.judge().cases == len(pictures):
            _empty(life)
        life.kill(PROGRAM, words, _within(life.dice, longest))
    again = life.run(PROGRAM, *words)
    files = [] if again.exit_code else json.loads(again.output)["files"]
    if sorted(Path(file["path"]).name for file in files) != sorted(p.name for p in pictures):
        life.note("an import after the kills does not name every file")
    if life.judge().cases != len(pictures):
        life.note("an import after the kills leaves files out")


def upkeep(life: Life, kills: int) -> None:
    """``library backup``, ``restore``, ``erase``, ``encrypt`` and ``decrypt``, each killed as often."""
    life.run("benchmarks.crash.store_work", life.library, life.report.number, 60)
    earlier, backup = copy.deepcopy(life.memory), life.folder / "backup.zip"
    made = _library(life, "backup", backup)
    life.run("benchmarks.crash.store_work", life.library, life.report.number + 1, 60)
    present = life.memory
    whole, sealed = life.folder / "whole", life.folder / "sealed"
    shutil.copytree(life.library, whole)
    encrypting = _library(life, "encrypt", "--yes")
    shutil.copytree(life.library, sealed)
    for n in attempts(life, kills):
        _as(life, sealed if n % 5 == 4 else whole, copy.deepcopy(present))
        match n % 5:
            case 0:
                _backup(life, made)
            case 1:
                _restore(life, made, earlier, backup)
            case 2:
                _erase(life, made)
            case 3:
                _convert(life, encrypting, "encrypt")
            case 4:
                _convert(life, encrypting, "decrypt")
    _as(life, whole, present)


def copies(life: Life, kills: int) -> None:
    """``deidentify`` killed: whatever bears the name of a copy is one, whole and without the patient."""
    life.fine = {0, 3}  # somebody must look at some of the copies
    source = life.folder / "pictures"
    write_pictures(source, COPIED, life.report.number + 2001, png=False)
    longest = life.run(PROGRAM, "deidentify", source, life.folder / "first", "--json").seconds
    for n in attempts(life, kills):
        target = life.folder / f"copies{n}"
        words = ["deidentify", source, target, "--json"]
        life.kill(PROGRAM, words, _within(life.dice, longest), judged=False)
        for path in target.rglob("*.dcm"):
            if not _is_clean(path):
                life.note(f"a copy was left half-way: {path.name}")
    life.run(PROGRAM, "deidentify", source, life.folder / "again", "--json")


def _backup(life: Life, longest: float) -> None:
    """A backup is there whole, or is not there."""
    target = life.folder / "killed.zip"
    target.unlink(missing_ok=True)
    words = ["library", "backup", target, "--library", life.library, "--json"]
    life.kill(PROGRAM, words, _within(life.dice, longest))
    if target.exists():
        _library(life, "verify", target)
    for left in life.folder.glob(".*.part"):
        life.report.temporary_left += 1
        left.unlink()


def _restore(life: Life, longest: float, earlier: Memory, backup: Path) -> None:
    """The library is the present one or that of the backup, never a mixture."""
    words = ["library", "restore", backup, "--library", life.library, "--json"]
    death = life.kill(PROGRAM, words, _within(life.dice, 1.5 * longest), judged=False)
    now = judge(life.library, life.memory)
    then = judge(life.library, earlier)
    if now.problems and then.problems:
        life.note(f"after a restore the library is neither of the two: {now.problems[:2]}")
    if death.exit_code == 0 and then.problems:
        life.note(f"a restore was acknowledged and is not there: {then.problems[:2]}")
    _library(life, "verify")


def _erase(life: Life, longest: float) -> None:
    """A case is there whole, or is gone to the last byte."""
    case_id = life.dice.choice(sorted({fact["case"] for fact in life.memory.meant}))
    sha256 = life.memory.cases[case_id]
    words = ["library", "erase", "--case", case_id, "--yes", "--library", life.library, "--json"]
    death = life.kill(PROGRAM, words, _within(life.dice, longest), judged=False)
    without = life.memory.without(case_id)
    kept, gone = judge(life.library, life.memory), judge(life.library, without)
    if kept.problems and gone.problems:
        life.note(f"an erased case is there in part: {kept.problems[:2]} {gone.problems[:2]}")
    if death.exit_code == 0 and gone.problems:
        life.note("an erasing was acknowledged and did not happen")
    if not gone.problems:
        for path in _traces(life.library, sha256):
            life.note(f"an erased case left traces in {path.name}")
    _library(life, "verify")


def _convert(life: Life, longest: float, how: str) -> None:
    """The library is a plain or an encrypted one, with all that is in it; encrypted, to the last byte."""
    words = ["library", how, "--yes", "--library", life.library, "--json"]
    death = life.kill(PROGRAM, words, _within(life.dice, longest))
    _library(life, "verify")
    if death.exit_code == 0 and needs_passphrase(life.library) != (how == "encrypt"):
        life.note(f"{how} was acknowledged and did not happen")
    if needs_passphrase(life.library):
        names = [
            sha256[:12].encode() for sha256 in life.memory.images
        ]  # they were files' names too
        for path in [path for path in life.library.rglob("*") if path.is_file()]:
            content = path.read_bytes()
            is_image = hashlib.sha256(content).hexdigest() == path.name
            if is_image or any(name in content for name in names):
                life.note(f"an encrypted library holds plain bytes in {path.name}")


def _traces(library: Path, sha256: str) -> list[Path]:
    files = [path for path in library.rglob("*") if path.is_file()]
    return [p for p in files if p.name == sha256 or sha256[:12].encode() in p.read_bytes()]


def _library(life: Life, *words: object) -> float:
    return life.run(PROGRAM, "library", *words, "--library", life.library, "--json").seconds


def _as(life: Life, whole: Path, memory: Memory) -> None:
    shutil.rmtree(life.library)
    shutil.copytree(whole, life.library)
    life.memory = memory


def _empty(life: Life) -> None:
    shutil.rmtree(life.library)
    life.library.mkdir()
    life.memory = Memory()


def _within(dice: random.Random, longest: float) -> Instant:
    return Instant(dice.uniform(min(STARTING_S, longest / 2), longest))


def _is_clean(path: Path) -> bool:
    data = dcmread(path)
    size = int(data.Rows) * int(data.Columns) * int(data.SamplesPerPixel)
    return len(data.PixelData) >= size and PATIENT.encode() not in path.read_bytes()
