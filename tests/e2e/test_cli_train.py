"""``her2desk train`` from a simulated cohort to a pack that verifies, predicts and is validated."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from her2desk.packs.pack import open_pack
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d

pytestmark = pytest.mark.slow

SMALL = [
    "--epochs", "1", "--repeats", "1", "--outer-folds", "3", "--inner-folds", "2", "--jobs", "1",
    "--families", "logistic,lightgbm", "--robustness-cases", "4", "--device", "cpu", "--seed", "9",
    "--thumbnails",
]  # fmt: skip
BRANCHES = {"clinical", "radiomics", "cnn", "dlr", "combined"}


class Bench:
    """A folder with a cohort, a quick profile and a library of its own, and the commands on them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.cohort = folder / "ward"
        self.profile = folder / "quick.json"
        quick = us_2d().model_copy(
            update={
                "name": "quick",
                "image_types": ("Original",),
                "feature_classes": ("firstorder",),
                "log_sigmas": (),
            }
        )
        self.profile.write_text(quick.to_json())
        write_cohort(self.cohort, 90, seed=13)

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "her2desk", *map(str, arguments), "--json"]

    def train(self, out: str) -> list[str]:
        asked = ["train", self.cohort, "--out", self.folder / out, "--profile", self.profile]
        return self.command(*asked, "--name", "Ward", *SMALL)

    def environment(self, home: str) -> dict[str, str]:
        return {**os.environ, "HER2DESK_HOME": str(self.folder / home), "OMP_NUM_THREADS": "1"}

    def run(self, command: list[str], home: str = "home") -> tuple[int, dict[str, Any], str]:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=self.environment(home)
        )
        return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def built(bench: Bench) -> tuple[dict[str, Any], str]:
    """The document of a build and its progress."""
    code, document, told = bench.run(bench.train("ward.h2pack"))
    assert code == 0, document
    return document, told


def test_a_build_says_how_good_the_pack_is_and_where_everything_lies(
    bench: Bench, built: tuple[dict[str, Any], str]
) -> None:
    document, _ = built
    metrics = document["metrics"]
    assert set(metrics) == {"apparent", "cross_validated", "held_out"}
    for evidence, branches in metrics.items():
        assert set(branches) >= BRANCHES, evidence
        for branch in BRANCHES:
            area = branches[branch]["auc"]
            assert 0 <= area["lower"] <= area["value"] <= area["upper"] <= 1
    assert "acquisition" in metrics["cross_validated"]
    held_out = metrics["held_out"]["combined"]["confusion"]
    assert set(held_out) == {"youden", "sensitivity95", "specificity95"}
    for table in held_out.values():
        assert table["tp"] + table["fp"] + table["tn"] + table["fn"] == table["cohort_size"] == 27
    for name in ("pack", "report", "tripod"):
        assert Path(document[name]).stat().st_size > 1000
    assert list(Path(document["figures"]).iterdir())
    assert document["seed"] == 9


def test_the_progress_of_a_build_ends_at_one_and_never_goes_back(
    built: tuple[dict[str, Any], str],
) -> None:
    told = [json.loads(line) for line in built[1].splitlines() if line.startswith("{")]
    fractions = [t["fraction"] for t in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(t["text"] for t in told)


def test_the_pack_is_whole_can_be_signed_and_keeps_its_digest(
    bench: Bench, built: tuple[dict[str, Any], str]
) -> None:
    document, _ = built
    key = bench.folder / "key"
    assert bench.run(bench.command("pack", "keygen", "--out", key))[0] == 0
    code, signed, _ = bench.run(bench.command("pack", "sign", document["pack"], "--key", key))
    assert (code, signed["sha256"]) == (0, document["digest"])
    verify = bench.command("pack", "verify", document["pack"], "--key", f"{key}.pub")
    code, verified, _ = bench.run(verify)
    assert (code, verified["sha256"], verified["name"]) == (0, document["digest"], "Ward")
    code, info, _ = bench.run(bench.command("pack", "info", document["pack"]))
    assert (code, info["signed"], info["manifest"]["seed"]) == (0, True, 9)


def test_the_pack_says_what_the_readout_needs(built: tuple[dict[str, Any], str]) -> None:
    pack = open_pack(Path(built[0]["pack"]))
    patients = {row.patient for row in pack.validation}
    assert len(patients) == 62 + 27  # one has IHC 2+ without FISH
    assert all(pack.thumbnail(patient) for patient in patients)
    assert pack.space is not None
    assert set(pack.space.part.patients) == patients
    assert pack.space.part.judged == 62
    assert {f.submodel for f in pack.readout.failures} == {s.pattern for s in pack.models.submodels}
    assert pack.readout.seen is not None
    assert pack.readout.seen.spacing_mm is not None
    assert len(pack.models.nomograms) == 3


def test_the_pack_predicts(bench: Bench, built: tuple[dict[str, Any], str]) -> None:
    row = (bench.cohort / "cohort.csv").read_text().splitlines()[1].split(",")
    case = ["predict", bench.cohort / row[1], "--roi", bench.cohort / row[3], "--device", "cpu"]
    code, document, _ = bench.run(bench.command(*case, "--pack", built[0]["pack"]))
    assert code == 0
    assert 0 < document["probability"] < 1
    assert document["pack"]["sha256"] == built[0]["digest"]


def test_the_pack_is_validated_on_another_cohort_with_the_same_report(
    bench: Bench, built: tuple[dict[str, Any], str]
) -> None:
    other = bench.folder / "other"
    write_cohort(other, 30, seed=13)
    asked = ["validate", other, "--pack", built[0]["pack"], "--device", "cpu"]
    out = bench.folder / "other-report"
    code, document, _ = bench.run(bench.command(*asked, "--out", out))
    assert code == 0
    external = document["metrics"]["external"]
    assert set(external) >= BRANCHES
    assert external["combined"]["confusion"]["youden"]["source"] == "external"
    assert document["metrics"]["held_out"]["dlr"] == {
        "auc": built[0]["metrics"]["held_out"]["dlr"]["auc"]
    }
    assert Path(document["report"]).stat().st_size > 1000
    code, document, _ = bench.run(
        bench.command("validate", bench.cohort, "--pack", built[0]["pack"])
    )
    assert (code, document["error"]["code"]) == (3, "own-cohort")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_a_stopped_build_goes_on_with_the_same_command_and_gives_the_same_pack(
    bench: Bench, built: tuple[dict[str, Any], str]
) -> None:
    command = bench.train("again.h2pack")
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bench.environment("other-home"),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("{") and "Network 3 " in json.loads(line)["text"]:
                break
        process.send_signal(signal.SIGTERM)
        stopped = json.loads(process.stdout.read())
    assert process.returncode == 130
    assert stopped["error"]["code"] == "interrupted"
    assert "goes on where it was" in stopped["error"]["remedy"]
    assert not (bench.folder / "again.h2pack").exists()
    code, document, _ = bench.run(command, "other-home")
    assert code == 0
    assert document["digest"] == built[0]["digest"]
