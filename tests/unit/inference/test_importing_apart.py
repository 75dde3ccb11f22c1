"""A codec that hangs, crashes or is wrong costs one file and no more."""

import os
import signal
import sys
from pathlib import Path

import pytest

from her2desk.domain.image import UltrasoundImage
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.inference import importing_apart
from her2desk.inference.importing_apart import CheckersApart, Outcome
from her2desk.inference.importing_check import DECODING, READING, check
from her2desk.logs import logging_to

from .ultrasound_files import write_ultrasound

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP on Windows")


def all_of(checkers: CheckersApart, *paths: Path) -> list[Outcome]:
    return [outcome for outcome in checkers.outcomes(paths) if outcome is not None]


def code_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Her2DeskError)
    assert outcome.message.text()
    assert outcome.remedy.text()
    return outcome.code


def test_outcomes_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(8)]
    files.insert(3, tmp_path / "absent.dcm")
    with CheckersApart(2) as checkers:
        outcomes = all_of(checkers, *files)
    assert code_of(outcomes.pop(3)) == "unreadable-file"
    files.pop(3)
    assert outcomes == [check(file) for file in files]


def test_no_more_processes_than_are_needed_are_started(tmp_path: Path) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    with CheckersApart(2) as checkers:
        all_of(checkers, file)
        assert [worker._process is not None for worker in checkers._workers] == [True, False]
    assert [worker._process for worker in checkers._workers] == [None, None]


def test_our_own_mistake_is_one_refusal_and_in_the_log(tmp_path: Path) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    with logging_to(tmp_path), CheckersApart(1) as checkers:
        wrong, right = all_of(checkers, None, file)  # type: ignore[arg-type]
    assert code_of(wrong) == "internal"
    assert isinstance(wrong, Her2DeskError)
    assert wrong.fault is not None
    assert wrong.fault.reference in str(wrong)
    logged = (tmp_path / "logs" / "imports.log").read_text()
    assert f"fault {wrong.fault.reference}\n" in logged
    assert "raised TypeError" in logged or "raised AttributeError" in logged
    assert isinstance(right, UltrasoundImage)


@needs_posix
@pytest.mark.parametrize(("doing", "code"), [(DECODING, "too-slow"), (READING, "unreadable-file")])
def test_a_file_that_takes_too_long_is_refused_and_the_next_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doing: str, code: str
) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    with CheckersApart(1) as checkers:
        all_of(checkers, file)
        (worker,) = checkers._workers
        assert worker._process is not None
        assert worker._process.pid is not None
        os.kill(worker._process.pid, signal.SIGSTOP)
        outcomes = checkers.outcomes([file, file])
        assert next(outcomes) is None  # the caller is not kept waiting
        worker._doing, worker._deadline = doing, 0.0
        slow, next_one = [outcome for outcome in outcomes if outcome is not None]
    assert code_of(slow) == code
    assert isinstance(next_one, UltrasoundImage)


@needs_posix
def test_a_file_that_ends_the_process_is_refused_and_the_next_is_checked(tmp_path: Path) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    with CheckersApart(1) as checkers:
        all_of(checkers, file)
        (worker,) = checkers._workers
        assert worker._process is not None
        assert worker._process.pid is not None
        os.kill(worker._process.pid, signal.SIGSTOP)
        outcomes = checkers.outcomes([file, file])
        assert next(outcomes) is None
        worker._process.kill()
        failed, next_one = [outcome for outcome in outcomes if outcome is not None]
    assert code_of(failed) == "decoder-failed"
    assert isinstance(next_one, UltrasoundImage)


@needs_posix
def test_a_process_that_is_gone_before_it_is_asked_costs_no_file(tmp_path: Path) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    with CheckersApart(1) as checkers:
        all_of(checkers, file)
        (worker,) = checkers._workers
        assert worker._process is not None
        worker._process.kill()
        worker._process.join()
        outcomes = all_of(checkers, file, file)
    assert outcomes == [check(file), check(file)]


def test_a_process_is_renewed_after_many_damaged_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing_apart, "MOST_REFUSALS", 2)
    letter, file = tmp_path / "letter.dcm", write_ultrasound(tmp_path / "one.dcm")
    letter.write_text("Dear colleague")
    with CheckersApart(1) as checkers:
        (worker,) = checkers._workers
        pids = []
        for path in (file, letter, letter, file):
            all_of(checkers, path)
            assert worker._process is not None
            pids.append(worker._process.pid)
    assert pids[0] == pids[1] == pids[2] != pids[3]


def test_a_picture_too_large_for_its_process_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(importing_apart, "check", full)
    kind, outcome = importing_apart._answer(Path("one.dcm"), None)
    assert (kind, code_of(outcome)) == ("outcome", "too-large")  # type: ignore[arg-type]


@pytest.mark.parametrize("is_slow", [False, True])
def test_where_no_process_starts_files_are_checked_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    # A child that ends with an error at once, or one that says nothing in its time.
    monkeypatch.setattr(importing_apart, "serve", len if is_slow else os._exit)
    monkeypatch.setattr(importing_apart, "START_LIMIT_S", 0.0 if is_slow else 60.0)
    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(3)]
    with CheckersApart(2) as checkers:
        assert all_of(checkers, *files) == [check(file) for file in files]
        assert checkers._cannot_start


def test_what_comes_next_and_how_long_it_may_take_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    check(write_ultrasound(tmp_path / "one.dcm"), lambda doing, limit: told.append((doing, limit)))
    assert [doing for doing, _ in told] == [READING, READING, DECODING, DECODING]
    assert told[-1][1] == 5.0


def test_a_refusal_comes_as_itself(tmp_path: Path) -> None:
    (tmp_path / "letter.dcm").write_text("Dear colleague")
    with CheckersApart(1) as checkers:
        (outcome,) = all_of(checkers, tmp_path / "letter.dcm")
    assert isinstance(outcome, InputRefused)
    assert outcome.code == "not-an-image"
