"""One JSON document or a sentence, and the exit code of the contract (architecture.md)."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from her2desk.cli.output import (
    Outcome,
    printable,
    refuse,
    run_command,
    shown_progress,
    usage_refusal,
)
from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, EngineFailed, InputRefused, PackRefused
from her2desk.texts import msg


def saying(text: str, exit_code: int = 0) -> Callable[[], Outcome]:
    return lambda: Outcome({"said": text}, lambda console: console.print(text), exit_code)


def raising(error: BaseException) -> Callable[[], Outcome]:
    def work() -> Outcome:
        raise error

    return work


def test_json_is_one_document_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    def chatty() -> Outcome:
        print("a library talks")  # noqa: T201
        os.write(1, b"so does native code\n")
        return saying("hello")()

    assert run_command(True, chatty) == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"said": "hello"}
    assert "native code" in err


def test_text_is_for_people_and_the_exit_code_is_the_outcomes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(False, saying("hello [bold]you[/bold]", 3)) == 3
    assert capsys.readouterr().out == "hello [bold]you[/bold]\n"


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (InputRefused("The file is empty.", "Export it again.", code="empty"), 3, "empty"),
        (PackRefused("The pack is torn.", code="pack-torn"), 4, "pack-torn"),
        (EngineFailed("The engine ended.", code="engine-died"), 5, "engine-died"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Cancelled(), 130, "interrupted"),
        (ZeroDivisionError("division by zero"), 5, "internal"),
    ],
)
def test_every_failure_is_a_document_with_its_exit_code(
    error: BaseException, exit_code: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(True, raising(error)) == exit_code
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message", "remedy"}
    assert document["error"]["code"] == code
    assert document["error"]["message"]


def test_a_request_to_terminate_stops_the_work_and_says_what_can_be_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> Outcome:
        signal.raise_signal(signal.SIGTERM)
        return saying("never")()

    before = signal.getsignal(signal.SIGTERM)
    assert run_command(True, work, when_stopped=msg("Start it again.")) == 130
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["remedy"]) == ("interrupted", "Start it again.")
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_command_can_run_beside_the_main_thread(capsys: pytest.CaptureFixture[str]) -> None:
    thread = threading.Thread(target=run_command, args=(True, saying("hello")))
    thread.start()
    thread.join()
    assert json.loads(capsys.readouterr().out) == {"said": "hello"}


def test_a_failure_is_a_sentence_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    error = InputRefused(msg("Row {n} is empty.", n=3), "Fill it in.", code="empty")
    assert run_command(False, raising(error)) == 3
    out, err = capsys.readouterr()
    assert (out, err) == ("", "Row 3 is empty.\nFill it in.\n")


def test_a_surprise_is_in_the_log_under_the_reference_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(False, raising(ZeroDivisionError("division by zero")), tmp_path) == 5
    out, err = capsys.readouterr()
    log = tmp_path / "logs" / "her2desk.log"
    assert "ZeroDivisionError" not in out + err
    reference = re.search(r"reference (\w{6})", err)
    assert reference is not None
    assert "her2desk doctor --bundle" in err
    logged = log.read_text()
    assert f"fault {reference[1]}\n" in logged
    assert "raised ZeroDivisionError" in logged
    assert "division by zero" not in logged


@pytest.mark.parametrize("value", [float("nan"), {1, 2}])
def test_a_document_that_is_no_json_is_our_fault(
    value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(True, lambda: Outcome({"x": value}, lambda console: None)) == 5
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "internal"


def test_names_that_are_no_text_still_make_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(True, saying(os.fsdecode(b"\xff.dcm"))) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["said"] == os.fsdecode(b"\xff.dcm")


def test_wrong_usage_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert refuse(False, usage_refusal("No such option: --x", "her2desk import")) == 2
    assert capsys.readouterr().err == "No such option: --x\nSee her2desk import --help.\n"


def test_terminal_codes_from_a_file_are_not_passed_on() -> None:
    assert printable("a\x1b]0;title\x07b\nc") == "a�]0;title�b\nc"


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        with shown_progress(as_json) as progress:
            assert isinstance(progress, SilentProgress)
    assert capsys.readouterr().err == ""


def test_progress_names_the_stage_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    with shown_progress(as_json=False) as progress:
        progress.step(0.5, msg("Reading {name}", name="[one].dcm"))
    assert "Reading [one].dcm" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close differently on Windows")
def test_a_reader_that_leaves_early_is_no_failure() -> None:
    code = (
        "import sys; from her2desk.cli.output import Outcome, run_command\n"
        "long = ['x' * 1000] * 1000\n"
        "sys.exit(run_command(True, lambda: Outcome({'lines': long}, lambda console: None)))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as stderr:
        assert stderr.read() == ""
    assert process.wait() == 0
