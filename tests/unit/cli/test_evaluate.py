"""What ``her2desk evaluate`` and ``nomogram`` refuse, and what they tell people."""

import json
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli.app import main

ROWS = [
    (1, 0.9, 5.0, 1), (1, 0.7, 4.0, 1), (1, 0.3, 2.5, 0), (0, 0.4, 3.5, 1), (0, 0.2, 2.0, 0),
    (0, 0.1, 1.0, 0), (0, 0.6, 3.0, 0), (1, 0.8, 3.2, 1),
]  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    lines = [",".join(map(str, row)) for row in ROWS]
    path.write_text("\n".join(["y,p,size,pr", *lines, ""]))
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate"],
        ["evaluate", "t.csv", "--label", "y"],
        ["evaluate", "t.csv", "--score", "p"],
        ["evaluate", "t.csv", "--label", "y", "--score", "p", "--score", "p"],
        ["evaluate", "t.csv", "--label", "y", "--score", "p", "--interval", "wide"],
        ["nomogram", "t.csv", "--label", "y"],
        ["nomogram", "t.csv", "--label", "y", "--feature", "p", "--feature", "p"],
        ["nomogram", "t.csv", "--label", "y", "--feature", "y"],
        ["nomogram", "t.csv", "--label", "y", "--feature", "intercept"],
        ["nomogram", "t.csv", "--label", "y", "--feature", "p", "--out", "n.jpeg"],
    ],
)
def test_arguments_that_make_no_sense_are_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = said(capsys, *arguments)
    assert (code, document["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("y,p\n1,0.5\n1,0.6\n", "one-class"),
        ("y,p\n1,0.5\n0,\n", "missing-values"),
        ("y,p\n1,0.5\n0,nan\n", "missing-values"),
        ("y,p\n1,0.5\n0,inf\n", "not-a-number"),
        ("y,q\n1,0.5\n0,0.2\n", "unknown-column"),
        ("y,p\nM,0.5\nB,0.2\n", "label-unknown"),
        ("y,p\n", "table-empty"),
    ],
)
@pytest.mark.parametrize(
    "command", [["evaluate", "--score", "p"], ["nomogram", "--feature", "p"]], ids=lambda c: c[0]
)
def test_a_table_that_cannot_be_used_is_refused_in_a_sentence(
    command: list[str],
    content: str,
    code: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    exit_code, document = said(capsys, *command, str(path), "--label", "y")
    assert (exit_code, document["error"]["code"]) == (3, code)
    assert document["error"]["message"].endswith(".")
    assert document["error"]["remedy"].endswith(".")


def test_one_patient_in_a_class_has_no_test_of_two_scores_but_is_no_crash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("y,p,q\n1,0.5,0.1\n0,0.2,0.3\n0,0.7,0.2\n")
    code, document = said(
        capsys, "evaluate", str(path), "--label", "y", "--score", "p", "--score", "q"
    )
    assert code in (0, 3)
    if code == 3:
        assert document["error"]["code"] == "too-few-patients"


def test_dropped_rows_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    lines = [",".join(map(str, row)) for row in ROWS]
    path.write_text("\n".join(["y,p,size,pr", *lines, "1,,3,0", "NA,0.3,3,0"]))
    asked = ["evaluate", str(path), "--label", "y", "--score", "p"]
    assert said(capsys, *asked)[1]["error"]["code"] == "missing-values"
    code, document = said(capsys, *asked, "--drop-missing")
    assert (code, document["n"], document["dropped"]) == (0, 8, 2)
    assert main([*asked, "--drop-missing"]) == 0
    assert "2 rows left out for missing values" in capsys.readouterr().out
    asked = ["nomogram", str(path), "--label", "y", "--feature", "p", "--drop-missing"]
    code, document = said(capsys, *asked)
    assert (code, document["n"], document["dropped"]) == (0, 8, 2)
    assert main(asked) == 0
    assert "2 rows left out for missing values" in capsys.readouterr().out


def test_people_read_aucs_with_their_interval(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", str(table), "--label", "y", "--score", "p", "--score", "size"]
    assert main(asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "8 rows, 4 of them positive"
    assert lines[1].startswith("p: AUC 0.875 (95 % interval ")
    assert any(line.startswith("  Brier score 0.1") for line in lines)
    assert any(line.startswith("  Calibration slope ") for line in lines)
    assert not any("Hosmer" in line for line in lines)  # not below 100 patients
    assert any(line.startswith("p against size: z ") for line in lines)


def test_a_score_without_an_error_beside_one_with_none_is_still_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("y,p,q\n" + "".join(f"{int(k > 59)},{k / 200},{-k}\n" for k in range(120)))
    asked = ["evaluate", str(path), "--label", "y", "--score", "p", "--score", "q"]
    code, document = said(capsys, *asked)
    assert (code, document["delong"][0]["z"]) == (0, None)
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert "p against q: z inf" in out
    assert "Hosmer–Lemeshow χ² " in out
    assert "Calibration slope" not in out


def test_people_read_coefficients_and_points(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "n.svg"
    asked = ["nomogram", str(table), "--label", "y", "--feature", "p", "--feature", "pr"]
    assert main([*asked, "--out", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "8 rows, 4 of them positive, by maximum likelihood" in out
    assert "pr: coefficient " in out
    assert f"Drawn in {picture}" in out


@pytest.mark.parametrize(
    ("name", "start"), [("n.svg", b"<?xml"), ("n.PDF", b"%PDF"), ("n.png", b"\x89PNG")]
)
def test_the_drawing_is_of_the_kind_that_its_name_says(
    table: Path, tmp_path: Path, name: str, start: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    asked = ["nomogram", str(table), "--label", "y", "--feature", "p", "--feature", "pr"]
    code, document = said(capsys, *asked, "--out", str(out))
    assert (code, document["out"]) == (0, str(out))
    assert out.read_bytes().startswith(start)
    assert document["points"]["pr"][0][0] == 0.0
    assert [x for x, _ in document["points"]["pr"]] == [0.0, 1.0]


def test_a_drawing_that_cannot_be_written_is_refused(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["nomogram", str(table), "--label", "y", "--feature", "p"]
    code, document = said(capsys, *asked, "--out", str(tmp_path / "no" / "n.svg"))
    assert (code, document["error"]["code"]) == (3, "unwritable")


def test_classes_without_overlap_are_refused_and_fitted_with_a_penalty_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("y,p\n" + "".join(f"{int(k > 5)},{k}\n" for k in range(12)))
    asked = ["nomogram", str(path), "--label", "y", "--feature", "p"]
    code, document = said(capsys, *asked)
    assert (code, document["error"]["code"]) == (3, "separation")
    code, document = said(capsys, *asked, "--penalised")
    assert (code, document["method"]) == (0, "FLIC")
    assert document["note"]
    assert document["coefficients"]["p"] > 0
    assert main([*asked, "--penalised"]) == 0
    out = capsys.readouterr().out
    assert "by FLIC" in out
    assert document["note"] in out


def test_a_penalty_that_is_not_needed_changes_nothing(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["nomogram", str(table), "--label", "y", "--feature", "p"]
    assert said(capsys, *asked) == said(capsys, *asked, "--penalised")
