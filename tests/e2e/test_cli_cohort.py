"""``her2desk features`` and ``train --check`` as processes of their own on a simulated cohort."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli.app import main
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d
from tests.ready_processes import run_her2desk

PATIENTS = 12


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "ward"
    write_cohort(folder, PATIENTS, seed=2)  # 7 positive, 5 negative
    return folder


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile file of 18 features, quick to measure."""
    small = us_2d().model_copy(
        update={
            "name": "quick",
            "image_types": ("Original",),
            "feature_classes": ("firstorder",),
            "log_sigmas": (),
        }
    )
    path = tmp_path / "quick.json"
    path.write_text(small.to_json())
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "her2desk", *map(str, arguments), "--json"]


def run(*arguments: object) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Exit code, the document, and the progress that was told."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return done.returncode, json.loads(done.stdout), told


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_cohorts_features_become_a_table(cohort: Path, profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "features.csv"
    code, document, told = run("features", cohort, "--profile", profile, "--out", out)
    assert code == 0
    assert (document["patients"], document["features"]) == (PATIENTS, 18)
    assert document["out"] == str(out)
    assert (document["images"], document["missing"]) == (PATIENTS, 0)
    rows = rows_of(out)
    names = [n for n in rows[0] if n.startswith("original_firstorder_")]
    assert len(names) == 18
    assert [row["patient_id"] for row in rows] == [
        row["patient_id"] for row in rows_of(cohort / "cohort.csv")
    ]
    assert {row["her2_positive"] for row in rows} <= {"0", "1", ""}
    assert all(float(row[name]) == float(row[name]) for row in rows for name in names)
    assert {t["stage"] for t in told} == {"cohort", "features"}
    assert told[-1]["fraction"] == 1.0
    fractions = [t["fraction"] for t in told]
    assert fractions == sorted(fractions)
    assert sorted(p.name for p in tmp_path.glob("*features*")) == ["features.csv"]


@pytest.mark.parametrize(
    "asked", [("features", "f.csv"), ("train", "p.h2pack"), ("agreement", "cases.csv")]
)
def test_a_schedulers_address_is_looked_at_before_the_work(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: tuple[str, str]
) -> None:
    command, out = asked
    options = ["--features", str(tmp_path / "icc.csv")] if command == "agreement" else []
    code = main(
        [command, str(cohort), "--out", str(tmp_path / out), *options, "--json",
         "--progress", "none", "--scheduler", "tcp://no-port"]
    )  # fmt: skip
    assert code == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "scheduler-address"


@pytest.mark.slow
def test_a_clusters_table_is_this_computers_to_the_last_digit(
    cohort: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from distributed import LocalCluster

    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    asked = ["features", str(cohort), "--profile", str(profile), "--no-cache", "--json"]
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as two_workers:
        assert main([*asked, "--out", str(here), "--jobs", "1"]) == 0
        assert (
            main([*asked, "--out", str(there), "--scheduler", two_workers.scheduler_address]) == 0
        )
    assert there.read_bytes() == here.read_bytes()


def test_jobs_and_kept_measurements_change_no_digit(
    cohort: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = []
    for k, options in enumerate((["--jobs", "2"], ["--jobs", "1"], ["--jobs", "1", "--no-cache"])):
        out = tmp_path / f"{k}.csv"
        asked = ["features", str(cohort), "--profile", str(profile), "--out", str(out)]
        assert main([*asked, *options]) == 0
        assert capsys.readouterr().out.startswith("18 features of 12 images of 12 patients: ")
        tables.append(out.read_bytes())
    assert tables[0] == tables[1] == tables[2]


def test_one_patient_that_cannot_be_used_stops_the_whole_table(
    cohort: Path, profile: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    write_cohort(broken, 6, seed=1)
    first = rows_of(broken / "cohort.csv")[0]
    (broken / first["roi"]).write_text("{}")
    out = tmp_path / "t.csv"
    out.write_text("from yesterday")
    code, document, _ = run("features", broken, "--profile", profile, "--out", out)
    assert (code, document["error"]["code"]) == (3, "cohort-findings")
    assert "Row 2" in document["error"]["message"]
    assert out.read_text() == "from yesterday"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--profile", "us-3d"], "profile-unknown"),
        (["--profile", "us-2d", "--out", "no/such/folder/t.csv"], "unwritable"),
    ],
)
def test_what_is_found_out_before_the_work(
    cohort: Path, tmp_path: Path, options: list[str], code: str
) -> None:
    exit_code, document, _ = run("features", cohort, "--out", tmp_path / "t.csv", *options)
    assert (exit_code, document["error"]["code"]) == (3, code)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_stopping_leaves_nothing_half_done_and_says_how_to_go_on(
    cohort: Path, tmp_path: Path
) -> None:
    out = tmp_path / "t.csv"
    work = command("features", cohort, "--out", out, "--jobs", 1)
    with subprocess.Popen(
        work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("{") and json.loads(line)["stage"] == "features":
                break
        process.send_signal(signal.SIGTERM)
        document = json.loads(process.stdout.read())
    assert process.returncode == 130
    assert document["error"]["code"] == "interrupted"
    assert "measured already" in document["error"]["remedy"]
    assert list(tmp_path.glob("*.csv*")) == []


def test_a_sound_cohort_passes_the_check(cohort: Path) -> None:
    code, document, told = run("train", cohort, "--check")
    assert code == 0
    assert document["usable"]
    assert document["patients"] == PATIENTS
    assert told


def test_a_check_lists_every_problem_and_is_exit_3(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    write_cohort(broken, 12, seed=4)
    rows = rows_of(broken / "cohort.csv")
    (broken / rows[0]["roi"]).write_text("{}")
    (broken / rows[3]["image"]).unlink()
    code, document, _ = run("train", broken, "--check")
    assert (code, document["usable"]) == (3, False)
    errors = [f for f in document["findings"] if f["severity"] == "error"]
    assert {f["row"] for f in errors} >= {2, 5}
    assert all(f["message"] and f["remedy"] and f["code"] for f in errors)
    done = run_her2desk("train", broken, "--check")
    assert done.returncode == 3
    assert done.stdout.startswith("12 patients in 12 images")
    assert "The cohort cannot be used before this is corrected" in done.stdout
    for finding in errors:
        assert finding["message"].split()[0] in done.stdout
