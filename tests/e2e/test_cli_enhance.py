"""A pack built on enhanced images: trained, opened, predicted with and validated."""

import json
from pathlib import Path
from typing import Any

import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.enhancement.known import ENHANCERS
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.pipeline import load_pack, predict
from her2desk.packs.pack import open_pack
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d
from tests.ready_processes import run_her2desk

pytestmark = pytest.mark.slow

SMALL = [
    "--epochs", "1", "--repeats", "1", "--outer-folds", "3", "--inner-folds", "2", "--jobs", "1",
    "--families", "logistic,lightgbm", "--robustness-cases", "2", "--device", "cpu", "--seed", "9",
    "--enhance", "lanczos-4", "--inputs", "none",
]  # fmt: skip
LANCZOS = ENHANCERS["lanczos-4"]


def run(folder: Path, home: str, *arguments: object) -> dict[str, Any]:
    done = run_her2desk(*arguments, "--json", environment={"HER2DESK_HOME": str(folder / home)})
    assert done.returncode == 0, done.stdout
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two cohorts and a quick profile."""
    made = tmp_path_factory.mktemp("enhanced")
    quick = us_2d().model_copy(
        update={
            "name": "quick",
            "image_types": ("Original",),
            "feature_classes": ("firstorder",),
            "log_sigmas": (),
        }
    )
    (made / "quick.json").write_text(quick.to_json())
    write_cohort(made / "ward", 90, seed=13)
    write_cohort(made / "other", 20, seed=14)
    return made


@pytest.fixture(scope="module")
def built(folder: Path) -> dict[str, Any]:
    return train(folder, "ward.h2pack", "home")


def train(folder: Path, out: str, home: str) -> dict[str, Any]:
    asked = ("--out", folder / out, "--profile", folder / "quick.json", "--name", "Ward")
    return run(folder, home, "train", folder / "ward", *asked, *SMALL)


def test_the_pack_declares_it_and_card_and_report_say_so(built: dict[str, Any]) -> None:
    pack = open_pack(Path(built["pack"]))
    assert pack.enhancer is LANCZOS
    assert pack.manifest.provenance.settings["enhance"] == f"lanczos-4 (SHA-256 {LANCZOS.sha256})"
    assert "enhanced ×4 by lanczos" in pack.card
    for name in ("report", "tripod"):
        assert f"lanczos-4 (SHA-256 {LANCZOS.sha256})" in Path(built[name]).read_text()


def test_the_same_cohort_and_seed_give_the_same_pack(folder: Path, built: dict[str, Any]) -> None:
    again = train(folder, "again.h2pack", "fresh-home")
    assert again["digest"] == built["digest"]


def test_command_line_and_python_answer_with_the_same_bits(
    folder: Path, built: dict[str, Any]
) -> None:
    row = read_cohort(folder / "other")[0]
    said = run(
        folder, "home", "predict", row.image, "--roi", row.roi, "--pack", built["pack"],
        "--frame", row.frame_index, "--device", "cpu",
    )  # fmt: skip
    case = case_of_row(row)
    own = predict(case, load_pack(Path(built["pack"]), "cpu"), SilentProgress())
    assert "enhance" in said["timings_ms"]
    assert said["branches"] == dict(own.branches)
    assert said["attention"]["dispersion"] == own.attention.dispersion
    assert tuple(said["spacing_mm"]) == case.roi.spacing(case.image).mm


def test_what_was_measured_in_training_lies_within_the_limits_of_prediction(
    folder: Path, built: dict[str, Any]
) -> None:
    """A patient of the training side is nowhere out of range: both measured the same pixels."""
    loaded = load_pack(Path(built["pack"]), "cpu")
    for row in read_cohort(folder / "ward")[:90:6]:
        found = predict(case_of_row(row), loaded, SilentProgress())
        outside = [f.name for f in found.features if f.is_out_of_range]
        assert len(outside) <= 3, (row.patient_id, outside)  # held-out patients may be


def test_the_pack_is_validated_on_other_patients(folder: Path, built: dict[str, Any]) -> None:
    found = run(folder, "home", "validate", folder / "other", "--pack", built["pack"])
    assert found["metrics"]["external"]["combined"]["auc"]["value"] >= 0
