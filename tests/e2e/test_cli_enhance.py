"""A pack built on images that a network enhances: trained, opened, predicted with and validated."""

import json
from pathlib import Path
from typing import Any

import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.enhancement.degradation import Degradation
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.pipeline import load_pack, predict
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.enhancer_file import EMBEDDED_GENERATOR, read_enhancer
from her2desk.packs.pack import open_pack
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d_px
from tests.enhancers import small_enhancer_file
from tests.ready_processes import run_her2desk

pytestmark = pytest.mark.slow

SMALL = [
    "--epochs", "1", "--repeats", "1", "--outer-folds", "3", "--inner-folds", "2", "--jobs", "1",
    "--families", "logistic,lightgbm", "--robustness-cases", "2", "--device", "cpu", "--seed", "9",
    "--inputs", "none", "--split", "none",
]  # fmt: skip
PATIENTS = 48


def run(folder: Path, home: str, *arguments: object, code: int = 0) -> dict[str, Any]:
    done = run_her2desk(*arguments, "--json", environment={"HER2DESK_HOME": str(folder / home)})
    assert done.returncode == code, done.stdout
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two cohorts, a quick profile and a network that enhances."""
    made = tmp_path_factory.mktemp("enhanced")
    quick = us_2d_px().model_copy(
        update={
            "name": "quick",
            "image_types": ("Original",),
            "feature_classes": ("firstorder",),
            "log_sigmas": (),
            "pad_px": 2,
        }
    )
    (made / "quick.json").write_text(quick.to_json())
    small_enhancer_file(
        made / "tiny.h2enhancer",
        degradation=Degradation(2, 0.7, 1.0),  # a quarter of the work of ×4
        trained_on=frozenset({"0" * 64}),
    )
    write_cohort(made / "ward", PATIENTS, seed=13)
    write_cohort(made / "other", 12, seed=14)
    return made


@pytest.fixture(scope="module")
def built(folder: Path) -> dict[str, Any]:
    asked = ("--out", folder / "ward.h2pack", "--profile", folder / "quick.json", "--name", "Ward")
    enhancer = ("--enhance", folder / "tiny.h2enhancer")
    return run(folder, "home", "train", folder / "ward", *asked, *enhancer, *SMALL)


def test_the_pack_holds_it_and_card_and_report_say_so(folder: Path, built: dict[str, Any]) -> None:
    pack = open_pack(Path(built["pack"]))
    assert pack.enhancer is not None
    assert pack.enhancer.trained_on == {"0" * 64}
    held = read_enhancer(folder / "tiny.h2enhancer").embedded
    assert {name: pack.archive.members[name] for name in held} == held
    declared = f"tiny 1.0 ×2 (SHA-256 {pack.enhancer.sha256})"
    assert pack.manifest.provenance.settings["enhance"] == declared
    assert "enhanced ×2 by the network tiny 1.0" in pack.card
    assert "licence: CC0-1.0; not signed" in pack.card
    for name in ("report", "tripod"):
        assert declared in Path(built[name]).read_text()
    assert built["enhancer_trust"]["standing"] == "unsigned"
    assert str(folder) not in pack.card


def test_command_line_and_python_answer_with_the_same_bits(
    folder: Path, built: dict[str, Any]
) -> None:
    """The pack is enough: whoever predicts does not have the enhancer's file."""
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
    for row in read_cohort(folder / "ward")[::6]:
        found = predict(case_of_row(row), loaded, SilentProgress())
        outside = [f.name for f in found.features if f.is_out_of_range]
        assert len(outside) <= 3, (row.patient_id, outside)  # held-out patients may be


def test_the_pack_is_validated_on_other_patients(folder: Path, built: dict[str, Any]) -> None:
    found = run(folder, "home", "validate", folder / "other", "--pack", built["pack"])
    assert found["metrics"]["external"]["combined"]["auc"]["value"] >= 0


def test_a_pack_that_lost_its_network_answers_nothing(folder: Path, built: dict[str, Any]) -> None:
    members = dict(read_archive(Path(built["pack"])).members)
    del members[EMBEDDED_GENERATOR]
    write_archive(folder / "lost.h2pack", members)
    row = read_cohort(folder / "other")[0]
    said = run(
        folder, "home", "predict", row.image, "--roi", row.roi, "--pack", folder / "lost.h2pack",
        code=4,
    )  # fmt: skip
    assert said["error"]["code"] == "pack-enhancement"
    assert "missing" in said["error"]["message"]
