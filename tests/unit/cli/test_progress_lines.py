"""Progress on standard error: JSON for a program, sentences for a log, a bar for a person."""

import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console

from her2desk.cli.progress_lines import (
    ProgressKind,
    StepLines,
    json_line,
    sentence,
    told_progress,
)
from her2desk.domain.progress import Portion, SilentProgress, stage_of, staged
from her2desk.texts import msg


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_a_stage_travels_with_its_sentence() -> None:
    text = staged("networks", msg("Network {n} of {total}", n=2, total=5))
    assert text.text() == "Network 2 of 5"
    assert stage_of(text) == "networks"
    assert stage_of(msg("Patient {id}", id="P1")) is None


def test_a_portion_names_its_stage_where_the_work_named_none(clock: Clock) -> None:
    stream = io.StringIO()
    whole = StepLines(stream, json_line, 0.0, clock)
    portion = Portion(whole, 0.2, 0.6, "features")
    portion.step(0.5, msg("Patient 1"))
    portion.step(1.0, staged("writing", msg("Table")))
    Portion(whole, 0.6, 1.0).step(0.5, msg("Patient 2"))
    told = [json.loads(line) for line in lines(stream)]
    assert [t["stage"] for t in told] == ["features", "writing", None]
    assert [t["fraction"] for t in told] == pytest.approx([0.4, 0.6, 0.8])


def test_each_step_is_one_json_object(clock: Clock) -> None:
    stream = io.StringIO()
    progress = StepLines(stream, json_line, 0.2, clock)
    progress.step(0.0, staged("features", msg("Measuring {id}", id="陈\x1b[31m")))
    clock.now += 50
    progress.step(0.25, staged("features", msg("Measuring {id}", id="P2")))
    first, second = (json.loads(line) for line in lines(stream))
    assert first == {
        "stage": "features",
        "fraction": 0.0,
        "text": "Measuring 陈\N{REPLACEMENT CHARACTER}[31m",
        "elapsed_s": 0.0,
        "eta_s": None,
    }
    assert (second["fraction"], second["elapsed_s"], second["eta_s"]) == (0.25, 50.0, 150.0)
    assert stream.getvalue().isascii()


def test_quick_steps_are_thinned_out_but_a_new_stage_and_the_end_are_told(clock: Clock) -> None:
    stream = io.StringIO()
    progress = StepLines(stream, json_line, 0.2, clock)
    for n in range(100):
        progress.step(n / 200, staged("one", msg("Step")))
        clock.now += 0.01
    progress.step(0.5, staged("two", msg("Step")))
    progress.step(1.0, staged("two", msg("Done")))
    told = [json.loads(line) for line in lines(stream)]
    assert 5 <= len(told) <= 8
    assert [t["stage"] for t in told[-2:]] == ["two", "two"]
    assert told[-1]["fraction"] == 1.0
    assert told[-1]["eta_s"] == 0.0


def test_a_fraction_beyond_the_ends_is_brought_back(clock: Clock) -> None:
    stream = io.StringIO()
    progress = StepLines(stream, json_line, 0.0, clock)
    progress.step(-0.1, msg("Before"))
    progress.step(1.0000001, msg("After"))
    assert [json.loads(line)["fraction"] for line in lines(stream)] == [0.0, 1.0]


def test_sentences_say_how_long(clock: Clock) -> None:
    stream = io.StringIO()
    progress = StepLines(stream, sentence, 5, clock)
    progress.step(0.0, msg("Reading the cohort"))
    clock.now += 60
    progress.step(0.1, msg("Training"))
    progress.step(1.0, msg("Done"))
    assert lines(stream) == [
        "  0 %  Reading the cohort",
        " 10 %  Training  (about 9 min left)",
        "100 %  Done",
    ]


def test_a_reader_that_went_away_is_no_failure(clock: Clock) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    StepLines(Closed(), json_line, 0.0, clock).step(0.5, msg("Still working"))


@pytest.mark.parametrize(
    ("kind", "as_json", "shows"),
    [
        (ProgressKind.AUTO, True, lambda line: json.loads(line)["text"] == "Working"),
        (ProgressKind.JSON, False, lambda line: json.loads(line)["text"] == "Working"),
        (ProgressKind.AUTO, False, lambda line: line == " 50 %  Working"),
        (ProgressKind.TEXT, True, lambda line: line == " 50 %  Working"),
    ],
)
def test_who_reads_decides_the_form(
    kind: ProgressKind,
    as_json: bool,
    shows: Callable[[str], bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with told_progress(kind, as_json) as progress:
        progress.step(0.5, msg("Working"))
    out, err = capsys.readouterr()
    assert out == ""
    assert shows(err.rstrip("\n"))


def test_nothing_is_told_where_nothing_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with told_progress(ProgressKind.NONE, True) as progress:
        assert isinstance(progress, SilentProgress)
        progress.step(0.5, msg("Working"))
    assert capsys.readouterr().err == ""


def test_a_person_sees_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    with told_progress(ProgressKind.AUTO, False) as progress:
        progress.step(0.5, msg("Reading {name}", name="[one].dcm"))
    err = capsys.readouterr().err
    assert "Reading [one].dcm" in err
    assert "50 %" in err
