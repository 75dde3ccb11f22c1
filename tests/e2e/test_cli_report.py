"""``her2desk report``: from the library, without another prediction, the same bytes each time."""

import json
from pathlib import Path

import pytest

from her2desk.cli.app import main
from her2desk.cli.commands import COMMANDS
from her2desk.paths import demo_case_dir
from her2desk.store.opening import open_library
from tests.ready_processes import run_her2desk
from tests.unit.reports.kept_case import a_library, keep_case

DEMO = demo_case_dir()


@pytest.fixture
def case_id(own_home: Path) -> int:
    with a_library(own_home) as library:
        return keep_case(library)


def run(*arguments: str) -> tuple[int, dict]:
    done = run_her2desk("report", *arguments, "--json")
    return done.returncode, json.loads(done.stdout)


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = main(["report", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(case_id: int, tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        html, pdf = tmp_path / f"{name}.html", tmp_path / f"{name}.pdf"
        code, document = run(str(case_id), "--html", str(html), "--pdf", str(pdf), "--heatmap")
        assert code == 0
        assert document == {"written": [str(html), str(pdf)]}
        found.append((html.read_bytes(), pdf.read_bytes()))
    assert found[0] == found[1]
    assert b"Her2Desk" in found[0][0]


def test_a_report_in_words(
    case_id: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "r.html"
    arguments = ["--no-name", "--no-nomogram", "--language", "en"]
    assert main(["report", str(case_id), "--html", str(target), *arguments]) == 0
    assert capsys.readouterr().out == f"Written: {target}\n"
    text = target.read_text(encoding="utf-8")
    assert "Phantom^Demo" not in text
    assert "PH-DEMO" not in text
    assert text.count("<img") == 1


def test_what_cannot_be_reported_is_refused_and_nothing_is_written(
    case_id: int, own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "r.html")
    for arguments, said in (
        (["99", "--html", target], "case-unknown"),
        ([str(case_id), "--html", target, "--language", "xx"], "language-unknown"),
        ([str(case_id), "--html", str(tmp_path / "no" / "r.html")], "unwritable"),
    ):
        code, document = run_here(capsys, *arguments)
        assert (code, document["error"]["code"]) == (3, said)
    with open_library(own_home, "Reader A") as library:
        library.save_clinical(case_id, library.latest_clinical(case_id).__class__())
    code, document = run_here(capsys, str(case_id), "--html", target)
    assert (code, document["error"]["code"]) == (3, "report-stale")
    assert document["error"]["remedy"]
    assert list(tmp_path.glob("r.*")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["1"],
        ["1", "--html", "a", "--pdf", "a"],
        ["1", "--pdf", "a", "--paper", "a5"],
        ["0", "--pdf", "a"],
        ["x", "--pdf", "a"],
        [str(2**63), "--pdf", "a"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run_here(capsys, *arguments)
    assert code == 2
    assert document["error"]["message"]


def test_an_answer_saved_by_predict_can_be_reported(
    own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(DEMO / "demo.dcm"), "--roi", str(DEMO / "roi.json")]
    assert main(["predict", *arguments, "--save", "--device", "cpu", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    target = tmp_path / "r.html"
    code, document = run_here(capsys, str(answer["case_id"]), "--html", str(target))
    assert (code, document) == (0, {"written": [str(target)]})
    assert answer["inputs_sha256"] in target.read_text(encoding="utf-8")
    assert list((own_home / "packs").glob(f"{answer['pack']['sha256']}.h2pack"))


def test_report_is_a_command() -> None:
    assert "report" in COMMANDS


def test_two_reports_do_not_become_one_file(
    case_id: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    twice = ["--html", str(tmp_path / "r"), "--pdf", str(tmp_path / "in" / ".." / "r")]
    assert main(["report", str(case_id), *twice]) == 2
    assert "a name of its own" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
