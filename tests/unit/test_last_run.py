"""A run that ended unexpectedly is noticed at the next start: real processes, really killed."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from her2desk.last_run import RUNNING_FOLDER, EndedRun, RunMarker

RUN = """
import sys
from pathlib import Path
from her2desk.last_run import RunMarker
marker = RunMarker(Path(sys.argv[1]), heartbeat_s=0.01)
ended = marker.begin()
print("none" if ended is None else ended.case_id, flush=True)
for line in sys.stdin:
    if line.strip() == "end":
        marker.end()
    else:
        marker.note_case(int(line))
    print("done", flush=True)
"""


class Run:
    """A process that runs with a marker."""

    def __init__(self, library: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        self.told = self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, line: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self._line() == "done"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode == -signal.SIGKILL

    def end(self) -> None:
        self.say("end")
        self.process.communicate()


@pytest.fixture
def runs(tmp_path: Path):
    made: list[Run] = []

    def start() -> Run:
        made.append(Run(tmp_path))
        return made[-1]

    yield start
    for run in made:
        run.process.kill()
        run.process.communicate()


def ended_run(library: Path) -> EndedRun | None:
    """What a new window would be told."""
    marker = RunMarker(library)
    try:
        return marker.begin()
    finally:
        marker.end()


def test_a_killed_run_is_told_of_once_with_the_case_that_was_open(tmp_path: Path, runs) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    run = runs()
    assert run.told == "none"
    run.say(12)
    run.say(31)
    run.kill()
    told = ended_run(tmp_path)
    assert told is not None
    assert told.case_id == 31
    assert before <= told.began_utc <= told.last_seen_utc <= datetime.now(UTC)
    assert ended_run(tmp_path) is None


def test_a_run_that_ended_as_it_should_leaves_nothing(tmp_path: Path, runs) -> None:
    run = runs()
    run.say(12)
    run.end()
    assert list((tmp_path / RUNNING_FOLDER).iterdir()) == []
    assert ended_run(tmp_path) is None


def test_a_second_window_is_no_crash_and_its_crash_is_its_own(tmp_path: Path, runs) -> None:
    first, second = runs(), runs()
    assert second.told == "none"
    first.say(1)
    second.say(2)
    second.kill()
    third = runs()
    assert third.told == "2"
    third.end()
    first.kill()
    told = ended_run(tmp_path)
    assert told is not None
    assert told.case_id == 1


def test_of_several_that_were_killed_the_latest_is_told_of(tmp_path: Path, runs) -> None:
    both = runs(), runs()
    both[0].say(1)
    both[1].say(2)
    for run in both:
        run.kill()
    files = sorted((tmp_path / RUNNING_FOLDER).glob("*.json"))
    for path in files:
        old = json.loads(path.read_bytes())["case_id"] == 1
        os.utime(path, (1e9 if old else 2e9, 1e9 if old else 2e9))
    told = ended_run(tmp_path)
    assert told is not None
    assert told.case_id == 2
    assert list((tmp_path / RUNNING_FOLDER).iterdir()) == []


def test_a_marker_from_before_the_power_cut_counts_whoever_has_its_number_now(
    tmp_path: Path,
) -> None:
    """The pid in it is that of a process that lives: ours. The lock went with the power."""
    folder = tmp_path / RUNNING_FOLDER
    folder.mkdir()
    record = {"began_utc": "2026-01-02T03:04:05+00:00", "pid": os.getpid(), "case_id": 7}
    (folder / "a.json").write_text(json.dumps(record))
    told = ended_run(tmp_path)
    assert told is not None
    assert (told.case_id, told.began_utc.year) == (7, 2026)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"began_utc": 3, "case_id": 1}', b"[" * 100_000]
)
def test_a_marker_that_the_power_cut_spoilt_still_counts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RUNNING_FOLDER).mkdir()
    (tmp_path / RUNNING_FOLDER / "a.json").write_bytes(content)
    told = ended_run(tmp_path)
    assert told is not None
    assert told.case_id is None


def test_a_case_that_is_no_number_is_none(tmp_path: Path) -> None:
    (tmp_path / RUNNING_FOLDER).mkdir()
    record = {"began_utc": "2026-01-02T03:04:05+00:00", "pid": 1, "case_id": "../x"}
    (tmp_path / RUNNING_FOLDER / "a.json").write_text(json.dumps(record))
    told = ended_run(tmp_path)
    assert told is not None
    assert told.case_id is None


def test_a_clock_that_was_set_back_ends_no_run_before_it_began(tmp_path: Path, runs) -> None:
    run = runs()
    run.kill()
    (path,) = (tmp_path / RUNNING_FOLDER).glob("*.json")
    os.utime(path, (1e9, 1e9))
    told = ended_run(tmp_path)
    assert told is not None
    assert told.last_seen_utc >= told.began_utc


def test_a_run_that_lives_on_is_seen_later_and_later(tmp_path: Path, runs) -> None:
    run = runs()
    (path,) = (tmp_path / RUNNING_FOLDER).glob("*.json")
    os.utime(path, (1e9, 1e9))
    while path.stat().st_mtime == 1e9:
        assert run.process.poll() is None
    run.end()


def test_a_library_that_cannot_be_written_has_no_marker(tmp_path: Path) -> None:
    (tmp_path / RUNNING_FOLDER).write_text("in the way")
    marker = RunMarker(tmp_path)
    assert marker.begin() is None
    marker.note_case(3)
    marker.end()
    assert (tmp_path / RUNNING_FOLDER).read_text() == "in the way"


def test_a_disk_that_is_full_leaves_no_half_marker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("her2desk.last_run.write_private", full)
    marker = RunMarker(tmp_path)
    assert marker.begin() is None
    marker.end()
    assert list((tmp_path / RUNNING_FOLDER).iterdir()) == []


def test_the_marker_knows_the_case_by_its_number_only(tmp_path: Path) -> None:
    marker = RunMarker(tmp_path)
    marker.begin()
    marker.note_case(5)
    (path,) = (tmp_path / RUNNING_FOLDER).glob("*.json")
    assert set(json.loads(path.read_bytes())) == {"began_utc", "pid", "case_id"}
    marker.end()
