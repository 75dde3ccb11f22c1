"""The program killed in the middle of its work: what was acknowledged is there, and the library opens.

``python -m benchmarks.crashes`` does the same hundreds of times; here are a few of each kind.
"""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crash import power, recording
from benchmarks.crash.lives import live
from benchmarks.crash.old_library import READER, write_old_library
from benchmarks.crash.pictures import write_pictures
from benchmarks.crash.told import Fact, understood
from benchmarks.crash.verdict import Memory, judge, left_after_a_day, settings_hold
from benchmarks.crash.victim import Instant, kill_at
from her2desk.store.opening import open_for_window, open_library

SEED = 11
STORE_WORK = "benchmarks.crash.store_work"
needs_strace = pytest.mark.skipif(
    not recording.is_available(), reason="strace is absent or may not trace here"
)


def lived(kind: str, kills: int, folder: Path, number: int = 0) -> None:
    report = live(kind, number, SEED, folder, kills)
    assert report.problems == []
    assert report.kills + report.natural_ends >= kills
    assert report.kills > 0


def facts_of_a_killed_writer(library: Path, changes: int = 12) -> list[Fact]:
    command = [sys.executable, "-m", STORE_WORK, str(library), "5"]
    death = kill_at(command, Instant(0.0, "kept", changes), {"HER2DESK_HOME": str(library)})
    assert death.was_killed
    return death.facts


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "library"
    folder.mkdir(parents=True)
    return folder


def test_a_writer_killed_anywhere_loses_nothing_acknowledged(tmp_path: Path) -> None:
    lived("store", 9, tmp_path)


def test_an_old_library_survives_a_kill_while_it_is_brought_up_to_date(tmp_path: Path) -> None:
    lived("migration", 2, tmp_path)


def test_an_import_killed_anywhere_is_taken_up_again(tmp_path: Path) -> None:
    lived("import", 2, tmp_path)


def test_a_window_killed_while_a_reader_draws_keeps_every_saved_stroke(tmp_path: Path) -> None:
    lived("window", 2, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["store", "migration", "import", "upkeep", "copies", "window"])
def test_ten_kills_of_each_kind(kind: str, tmp_path: Path) -> None:
    lived(kind, 10, tmp_path, number=1)


def test_a_killed_program_holds_no_lock(library: Path) -> None:
    facts_of_a_killed_writer(library)
    holder = "\n".join(
        (
            "import sys, time; from pathlib import Path",
            "from her2desk.store.opening import open_for_window",
            "library = open_for_window(Path(sys.argv[1]), 'Reader A')",
            "print(library.is_read_only, flush=True); time.sleep(60)",
        )
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(library)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "False\n"
        with open_for_window(library, "Reader B") as second:
            assert second.is_read_only
        first.kill()
    with open_for_window(library, "Reader B") as third:
        assert not third.is_read_only


class TestTheVerdictItself:
    """A harness that notices nothing proves nothing."""

    @pytest.fixture
    def facts(self, library: Path) -> list[Fact]:
        return facts_of_a_killed_writer(library)

    def problems(self, library: Path, facts: list[Fact]) -> tuple[str, ...]:
        memory = Memory()
        memory.take(facts)
        return judge(library, memory).problems

    def test_a_sound_library_has_none(self, library: Path, facts: list[Fact]) -> None:
        assert self.problems(library, facts) == ()

    def test_a_lost_change_is_noticed(self, library: Path, facts: list[Fact]) -> None:
        meant = next(fact for fact in facts if fact["said"] == "meant")
        other = {**meant, "n": 9999, "content": {"made": "up"}}
        said = [*facts, other, {"said": "kept", "n": 9999, "at": meant["at"]}]
        assert any("lost or changed" in problem for problem in self.problems(library, said))

    def test_a_change_that_nobody_made_is_noticed(self, library: Path, facts: list[Fact]) -> None:
        imported = [fact for fact in facts if fact["said"] == "imported"]
        assert any("nobody made" in problem for problem in self.problems(library, imported))

    def test_an_older_drawing_is_noticed(self, library: Path, facts: list[Fact]) -> None:
        drawings = [f for f in facts if f["said"] == "meant" and f["action"] == "drawing"]
        last = drawings[-1]
        later = {**last, "n": 9999, "content": {**last["content"], "key_frames": [1, 2]}}
        said = [*facts, later, {"said": "kept", "n": 9999, "at": last["at"]}]
        assert any("not as at the last stroke" in p for p in self.problems(library, said))

    def test_a_lost_image_is_noticed(self, library: Path, facts: list[Fact]) -> None:
        said = [*facts, {"said": "imported", "case": 999, "sha256": "ab" * 32}]
        assert any("acknowledged and is lost" in p for p in self.problems(library, said))

    def test_a_half_image_is_noticed(self, library: Path, facts: list[Fact]) -> None:
        with open_library(library) as opened:
            case = opened.cases()[0]
            path = opened.image_path(case.case_id)
        path.write_bytes(path.read_bytes()[:-1])
        assert any("not whole" in problem for problem in self.problems(library, facts))

    def test_saying_saved_too_early_is_noticed(self) -> None:
        facts = [{"said": "meant", "n": 1, "at": 1, "case": 1, "content": {}}, {"said": "shown"}]
        assert Memory().take(facts) == ["the window said “saved” of what was not"]

    def test_other_settings_than_the_kept_are_noticed(self, tmp_path: Path) -> None:
        memory = Memory(settings=[{"values": {"reader": "Reader X"}, "kept": True}])
        (tmp_path / "settings.json").write_text(json.dumps({"reader": "Reader Y"}))
        assert settings_hold(tmp_path / "settings.json", memory)


class TestAPowerCut:
    """SIGKILL leaves what was written in the system's memory; a power cut leaves what was synced."""

    STATES = 30

    @pytest.fixture
    def ops(self, library: Path) -> list[recording.Op]:
        command = [sys.executable, "-m", STORE_WORK, str(library), "2", "10"]
        return recording.record(command, library, {"HER2DESK_HOME": str(library)})

    def problems(self, disk: power.Disk, folder: Path) -> list[str]:
        dice, found = random.Random(SEED), []
        for n in range(self.STATES):
            after, cut = dice.randint(1, len(disk)), power.CUTS[n % len(power.CUTS)]
            memory = Memory()
            memory.take(understood(disk.told(after)))
            power.write_contents(folder, disk.left(after, cut, dice))
            found += judge(folder, memory).problems
            found += settings_hold(folder / "settings.json", memory)
            shutil.rmtree(folder)
        return found

    @needs_strace
    def test_whatever_part_of_unsynced_writes_it_leaves_nothing_acknowledged_is_lost(
        self, ops: list[recording.Op], library: Path, tmp_path: Path
    ) -> None:
        disk = power.Disk({}, ops)
        whole = disk.left(len(disk), "all", random.Random(1))
        on_disk = power.contents(library)
        assert {n: c for n, c in whole.items() if not n.endswith(power.UNWRITTEN)} == {
            n: c for n, c in on_disk.items() if not n.endswith(power.UNWRITTEN)
        }  # all that was written was heard
        assert self.problems(disk, tmp_path / "left") == []

    @needs_strace
    def test_without_its_syncs_much_would_be_lost(
        self, ops: list[recording.Op], tmp_path: Path
    ) -> None:
        unsynced = [op for op in ops if op.kind != "sync"]
        assert self.problems(power.Disk({}, unsynced), tmp_path / "left")


def test_half_copies_go_a_day_later(library: Path) -> None:
    open_library(library).close()
    incoming = library / "files" / "incoming"
    incoming.mkdir(exist_ok=True)
    (incoming / "half.part").write_bytes(b"half of a picture")
    open_library(library).close()
    assert (incoming / "half.part").exists()  # another program may be writing it
    assert left_after_a_day(library) == []


def test_an_old_library_tells_all_that_is_in_it(library: Path) -> None:
    memory = Memory()
    memory.take(write_old_library(library, cases=3, entries=4, seed=1))
    assert judge(library, memory, READER).problems == ()
    assert len(memory.meant) == 6


def test_pictures_are_all_different(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path, 8, seed=1)
    assert len({path.read_bytes() for path in pictures}) == 8
