"""``her2desk train-enhancer``: from images to a file that opens, through a kill, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from her2desk.cli import train_enhancer
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.packs.enhancer_file import CURVES_FILE, read_enhancer
from her2desk.training.enhancer_training import EnhancerPlan
from tests.ready_processes import run_her2desk

TINY = [
    "--l1-steps", "60", "--adversarial-steps", "20", "--width", "4", "--blocks", "1", "--seed", "3",
    "--held-out", "0.2", "--device", "cpu", "--json",
]  # fmt: skip


def texture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(184, 192))
    return np.clip(110 + 270 * gaussian_filter(noise, (0.7, 1.2)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five patients, and a picture that is too small."""
    folder = tmp_path_factory.mktemp("ward")
    for n in range(5):
        Image.fromarray(texture(n)).save(folder / f"{n}.png")
    Image.fromarray(texture(9)[:100]).save(folder / "small.png")
    rows = [*(f"P{n},{n}.png" for n in range(5)), "P4,small.png"]
    (folder / "cohort.csv").write_text("\n".join(["patient_id,image", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def trained(ward: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("trained")
    out = folder / "ward.h2enhancer"
    done = run_her2desk(
        "train-enhancer", ward, "--out", out, *TINY, "--licence", "CC0-1.0", "--population", "Noise.",
        "--work", folder / "work",
        environment={"HER2DESK_HOME": str(folder / "home")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return out, json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_images_become_an_enhancer_that_says_what_it_was_made_from(trained) -> None:
    out, document, _ = trained
    opened = read_enhancer(out)
    assert document["sha256"] == opened.enhancer.sha256
    said = opened.manifest
    assert (said.name, said.version, said.loss, said.seed) == ("ward", "1.0", "adversarial", 3)
    assert (said.licence, said.description) == ("CC0-1.0", "Noise.")
    assert (said.training_patients, said.training_images, said.held_out_patients) == (4, 4, 1)
    everyone = {grey_sha256(texture(n)) for n in range(5)}
    assert len(opened.enhancer.trained_on) == 4
    assert opened.enhancer.trained_on < everyone
    (left,) = document["left_out"]
    assert (left["image"], left["code"]) == ("small.png", "picture-small")
    assert document["measures"] == said.measures
    assert set(said.measures) == {"lanczos", "generator"}
    for number in (f"{said.measures['generator']['psnr_db']:.4g}", "Noise.", "CC0-1.0"):
        assert number in opened.card


@pytest.mark.slow
def test_the_curves_are_in_the_file_and_drawn_beside_it(trained) -> None:
    out, document, _ = trained
    table = read_enhancer(out).archive.members[CURVES_FILE].decode().splitlines()
    assert table[0].startswith("step,phase,loss_l1,loss_adversarial")
    assert len(table) - 1 == len(document["curves"])
    assert [row.split(",")[1] for row in table[1:3]] == ["lanczos", "l1"]
    assert table[-1].startswith("80,adversarial,")
    assert (out.parent / "work" / "curves.csv").read_text().splitlines() == table
    for path, starts in zip(document["figures"], (b"\x89PNG", b"<?xml"), strict=True):
        assert Path(path).read_bytes().startswith(starts)


@pytest.mark.slow
def test_progress_names_its_stages_and_never_goes_back(trained) -> None:
    told = [json.loads(line) for line in trained[2].splitlines() if '"fraction"' in line]
    fractions = [step["fraction"] for step in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    stages = list(dict.fromkeys(step["stage"] for step in told))
    assert stages == ["images", "l1", "adversarial", "writing"]


@pytest.mark.slow
def test_each_point_of_the_curves_is_told_as_it_comes(trained) -> None:
    told = [json.loads(line) for line in trained[2].splitlines() if '"curve"' in line]
    points = trained[1]["curves"]
    assert [line["curve"]["step"] for line in told] == [point["step"] for point in points]
    assert told[-1]["curve"]["psnr_db"] == points[-1]["measures"]["psnr_db"]


def start(ward: Path, folder: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "her2desk", "train-enhancer", ward, "--out", folder / "ward.h2enhancer",
        *TINY, "--licence", "CC0-1.0", "--population", "Noise.", "--work", folder / "work",
    ]  # fmt: skip
    return subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "HER2DESK_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_goes_on_to_the_same_file_and_ctrl_c_is_130(
    ward: Path, trained, tmp_path: Path
) -> None:
    killed = start(ward, tmp_path)
    until_there_is(tmp_path / "work", "*.checkpoint", killed)
    killed.kill()
    killed.communicate()
    assert not (tmp_path / "ward.h2enhancer").exists()
    (tmp_path / "work" / "curves.csv").unlink()
    stopped = start(ward, tmp_path)
    until_there_is(tmp_path / "work", "curves.csv", stopped)
    stopped.send_signal(signal.SIGINT)
    document = json.loads(stopped.communicate()[0])
    if stopped.returncode != 0:  # else it was faster than Ctrl-C
        assert stopped.returncode == 130
        assert document["error"]["code"] == "interrupted"
        last = start(ward, tmp_path)
        document = json.loads(last.communicate()[0])
        assert last.returncode == 0
    assert document["sha256"] == trained[1]["sha256"]
    assert (tmp_path / "ward.h2enhancer").read_bytes() == trained[0].read_bytes()
    assert not list((tmp_path / "work").glob("*.checkpoint"))


def until_there_is(folder: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not list(folder.glob(pattern)):
        time.sleep(0.02)


def test_the_widths_of_the_options_are_those_that_can_be_undone() -> None:
    options = train_enhancer
    for sigma in options.SIGMAS:
        Degradation(options.SCALE, sigma, sigma)
    plan = EnhancerPlan()
    assert plan.degradation == Degradation(
        options.SCALE, options.DEPTH_SIGMA, options.LATERAL_SIGMA
    )
    assert (plan.l1_steps, plan.adversarial_steps) == (
        options.L1_STEPS,
        options.ADVERSARIAL_STEPS,
    )
    assert (plan.width, plan.blocks) == (options.WIDTH, options.BLOCKS)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--out", "ward.h2pack"], 2, "ends in .h2enhancer"),
        (["--out", "a.h2enhancer", "--lateral-sigma", "8"], 2, "--lateral-sigma"),
        (["--out", "a.h2enhancer", "--name", "two\nlines"], 3, "one line"),
    ],
)
def test_what_no_enhancer_can_be_is_said_before_the_work(
    ward: Path, tmp_path: Path, given: list[str], code: int, said: str
) -> None:
    words = [
        str(tmp_path / part) if part.endswith(("pack", "enhancer")) else part for part in given
    ]
    done = run_her2desk("train-enhancer", ward, *words, *TINY)
    assert done.returncode == code, done.stdout
    error = json.loads(done.stdout)["error"]
    assert said in error["message"] + error["remedy"]
