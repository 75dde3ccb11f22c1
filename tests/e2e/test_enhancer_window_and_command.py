"""What the window asks of ``train-enhancer`` it is given, and what the command says it understands."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from her2desk.packs.enhancer_file import read_enhancer
from her2desk.phantoms.cohort import write_cohort
from her2desk.ui.training import enhancer_command
from her2desk.ui.training.enhancer_command import (
    ADVERSARIAL,
    QUICK,
    AskedEnhancer,
    check_arguments,
    train_arguments,
)
from her2desk.ui.training.enhancer_documents import images_of, made_of, point_of
from tests.ready_processes import run_her2desk

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six simulated patients."""
    folder = tmp_path_factory.mktemp("scans") / "ward"
    write_cohort(folder, 6, seed=3)
    return folder


def test_the_look_and_the_training_are_understood(
    ward: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enhancer_command, "STEPS", {QUICK: (1, 1)})
    home = {"HER2DESK_HOME": str(tmp_path / "home")}
    looked = run_her2desk(*check_arguments(ward), environment=home)
    check = images_of(json.loads(looked.stdout))
    assert (check.images, check.patients, check.held_out_patients) == (6, 6, 1)
    assert check.is_usable
    out = tmp_path / "ward.h2enhancer"
    asked = AskedEnhancer(
        ward, out, "Ward GAN", "2.0", "CC0-1.0", "Six phantoms", ADVERSARIAL, QUICK, 5, 1, "cpu"
    )
    done = run_her2desk(*train_arguments(asked), environment=home)
    assert done.returncode == 0, done.stderr
    made = made_of(json.loads(done.stdout))
    points = [point for line in done.stderr.splitlines() if (point := point_of(line))]
    assert [(point.step, point.phase) for point in points] == [
        (0, "lanczos"),
        (0, "l1"),
        (1, "l1"),
        (2, "adversarial"),
    ]
    assert set(made.measures) == {"lanczos", "generator"}
    assert made.figures[0].is_file()
    manifest = read_enhancer(out).manifest
    assert (made.file, made.name, made.held_out_patients) == (out, "Ward GAN", 1)
    assert (manifest.version, manifest.licence, manifest.description, manifest.seed) == (
        "2.0",
        "CC0-1.0",
        "Six phantoms",
        5,
    )


def test_a_folder_that_nothing_can_be_learnt_from_is_refused(tmp_path: Path) -> None:
    done = run_her2desk(
        *check_arguments(tmp_path / "nowhere"),
        environment={"HER2DESK_HOME": str(tmp_path / "home")},
    )
    assert json.loads(done.stdout)["error"]["code"] == "images-folder"
    asked = AskedEnhancer(
        tmp_path, tmp_path / "a", "a", "1", None, None, ADVERSARIAL, QUICK, None, 1, "cpu"
    )
    wrong = run_her2desk(*train_arguments(replace(asked, out=tmp_path / "a.h2pack")))
    assert wrong.returncode == 2
