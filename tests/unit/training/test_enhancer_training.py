"""An enhancer learns, repeats, goes on after a kill, and never looks at whom it is judged by."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.errors import Cancelled, InputRefused
from her2desk.training.enhancer_patches import EnhancerSample, Patches, pair_of
from her2desk.training.enhancer_phases import Discriminator
from her2desk.training.enhancer_training import EnhancerPlan, train_enhancer

BLUR = Degradation(4, 1.4, 2.0)
SMALL = EnhancerPlan(
    width=4,
    blocks=1,
    l1_steps=6,
    adversarial_steps=4,
    batch=2,
    patch_px=16,
    discriminator_width=4,
    curve_points=2,
)


@pytest.fixture(autouse=True)
def settings_of_torch_are_put_back():
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def picture(seed: int, rows: int = 180, columns: int = 200) -> np.ndarray:
    """Speckle of two sizes."""
    rng = np.random.default_rng(seed)
    coarse = gaussian_filter(rng.normal(size=(rows, columns)), 8) * 12
    fine = gaussian_filter(rng.normal(size=(rows, columns)), (1.2, 2.0)) * 3
    return np.clip(110 + 60 * (coarse + fine), 0, 255).astype(np.uint8)


def sample(seed: int, patient: str, **size: int) -> EnhancerSample:
    pixels = picture(seed, **size)
    return EnhancerSample(pixels, patient, grey_sha256(pixels))


@pytest.fixture(scope="module")
def samples():
    return [sample(seed, f"patient {seed}") for seed in range(5)]


@pytest.fixture(scope="module")
def held_out():
    return [sample(9, "held out")]


@pytest.fixture(scope="module")
def trained(samples, held_out):
    return train_enhancer(samples, SMALL, 3, held_out=held_out)


def same(one, two) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


class Steps:
    """Progress that asks to stop when it is told ``until``."""

    def __init__(self, until: str = "") -> None:
        self.until = until
        self.said: list[str] = []

    def step(self, fraction, text):
        self.said.append(text.text())
        if self.until and self.said[-1].startswith(self.until):
            raise Cancelled


# patches


def test_the_low_picture_is_the_degraded_one_in_whole_grey_levels_and_nothing_is_drawn():
    pixels = picture(1, rows=182, columns=203)
    pair = pair_of(pixels, BLUR)
    assert pair.high.shape == (180, 200)
    assert np.array_equal(pair.high, pixels[:180, :200])
    assert np.array_equal(pair.low, np.rint(BLUR.applied(pair.high)).astype(np.uint8))


def test_a_patch_is_the_same_place_of_both_pictures_and_turned_left_to_right_alone():
    pixels = np.repeat(np.arange(180, dtype=np.uint8)[:, None] + 40, 200, axis=1)
    pixels[:, 100:] += 30
    low, high = Patches([sample(0, "a"), EnhancerSample(pixels, "a", "")], BLUR, 16).drawn(
        200, np.random.default_rng(0)
    )
    again = torch.from_numpy(
        np.stack([np.rint(BLUR.applied(h.numpy()[0] * 255)) / 255 for h in high])
    )
    inner = slice(3, -3)  # a patch's edge lacks neighbours that the picture had
    assert float((again - low[:, 0])[:, inner, inner].abs().max()) <= 1.01 / 255
    ramps = [h[0] for h in high if float(h[0].diff(dim=0).std()) < 1e-3]
    assert ramps
    assert all(float(ramp.diff(dim=0).min()) > 0 for ramp in ramps)  # deeper is still deeper
    edges = [float(ramp.diff(dim=1).sum()) for ramp in ramps]
    assert min(edges) < 0 < max(edges)  # left and right are exchanged


def test_each_patient_is_as_likely_whatever_the_number_of_pictures():
    many = [EnhancerSample(np.full((180, 200), 200, np.uint8), "many", str(n)) for n in range(9)]
    one = EnhancerSample(np.full((180, 200), 100, np.uint8), "one", "")
    low, _ = Patches([*many, one], BLUR, 16).drawn(400, np.random.default_rng(2))
    share = float((low.amax(dim=(1, 2, 3)) < 0.6).float().mean())
    assert share == pytest.approx(0.5, abs=0.1)


def test_patches_have_tissue_where_the_picture_has_some():
    pixels = np.zeros((400, 400), np.uint8)
    pixels[:, 200:] = picture(3, 400, 200)
    low, _ = Patches([EnhancerSample(pixels, "a", "")], BLUR, 32).drawn(
        60, np.random.default_rng(1)
    )
    assert float((low > 8 / 255).float().mean()) > 0.75


def test_a_picture_smaller_than_a_patch_is_an_error():
    with pytest.raises(ValueError, match="16"):
        Patches([sample(0, "a", rows=60)], BLUR, 16)


def test_the_discriminator_judges_what_38_pixels_show():
    torch.manual_seed(0)
    judge = Discriminator(4).eval()
    picture = torch.zeros(1, 1, 128, 128, requires_grad=True)
    judged = judge(picture, torch.zeros(1, 1, 128, 128))[-1]
    judged[0, 0, 8, 8].backward()
    rows = torch.nonzero(picture.grad[0, 0].abs().sum(dim=1)).ravel()
    assert int(rows[-1] - rows[0]) + 1 == 38


# training


def test_the_same_seed_gives_the_same_bits_and_another_gives_others(samples, held_out, trained):
    again = train_enhancer(samples, SMALL, 3, held_out=held_out)
    assert same(trained.weights, again.weights)
    assert again.curves == trained.curves
    assert not same(trained.weights, train_enhancer(samples, SMALL, 4).weights)


def test_whom_it_is_judged_by_does_not_change_it(samples, trained):
    assert same(trained.weights, train_enhancer(samples, SMALL, 3).weights)


def test_the_game_begins_from_what_the_pixels_taught(samples, trained):
    l1 = train_enhancer(samples, replace(SMALL, adversarial_steps=0), 3)
    assert same(l1.weights, l1.l1_weights)
    assert same(l1.weights, trained.l1_weights)
    assert not same(l1.weights, trained.weights)


def test_the_game_can_begin_from_weights_that_are_given(samples, trained):
    plan = replace(SMALL, l1_steps=0)
    played = train_enhancer(samples, plan, 3, initial=trained.l1_weights)
    assert same(played.l1_weights, trained.l1_weights)
    assert not same(played.weights, trained.l1_weights)
    with pytest.raises(ValueError, match="not this generator's"):
        train_enhancer(samples, replace(plan, width=8), 3, initial=trained.l1_weights)


def test_the_curves_have_lanczos_the_start_both_phases_and_the_end(trained):
    told = [(point.step, point.phase) for point in trained.curves]
    assert told == [(0, "lanczos"), (0, "l1"), (5, "l1"), (10, "adversarial")]
    lanczos, start, *rest = trained.curves
    assert lanczos.losses == start.losses == {}
    assert set(rest[0].losses) == {"l1"}
    assert set(rest[1].losses) == {"l1", "adversarial", "features", "discriminator"}
    assert trained.measures["lanczos"] == lanczos.measures
    assert trained.measures["generator"] == rest[1].measures


def test_learning_brings_it_nearer_to_the_true_picture(samples, held_out):
    plan = replace(SMALL, width=8, l1_steps=60, adversarial_steps=0, batch=4, curve_points=1)
    _, start, end = train_enhancer(samples, plan, 3, held_out=held_out).curves
    assert end.measures["psnr_db"] > start.measures["psnr_db"]


def test_nobody_may_be_learnt_from_and_held_out(samples):
    with pytest.raises(ValueError, match="both"):
        train_enhancer(samples, SMALL, 3, held_out=samples[:1])


def test_losses_that_are_no_numbers_are_a_refusal(samples):
    plan = replace(SMALL, pixel_rate=1e30, l1_steps=40, adversarial_steps=0)
    with pytest.raises(InputRefused) as refused:
        train_enhancer(samples, plan, 3)
    assert refused.value.code == "enhancer-diverged"


@pytest.mark.parametrize("until", ["Step 5 of 10", "Step 10 of 10"])
def test_training_that_was_stopped_goes_on_to_the_same_bits(
    samples, held_out, trained, tmp_path, until
):
    left = tmp_path / "work" / "checkpoint"
    with pytest.raises(Cancelled):
        train_enhancer(samples, SMALL, 3, held_out=held_out, checkpoint=left, progress=Steps(until))
    rest, noted = Steps(), []
    resumed = train_enhancer(
        samples,
        SMALL,
        3,
        held_out=held_out,
        checkpoint=left,
        progress=rest,
        noted=lambda points: noted.append(len(points)),
    )
    assert same(resumed.weights, trained.weights)
    assert resumed.curves == trained.curves
    assert resumed.measures == trained.measures
    assert len(rest.said) == (1 if until.startswith("Step 5") else 0)
    assert noted[-1] == 4


def test_a_checkpoint_of_other_work_is_not_used(samples, trained, tmp_path):
    left = tmp_path / "checkpoint"
    train_enhancer(samples, SMALL, 4, checkpoint=left)
    other = Steps()
    found = train_enhancer(samples, SMALL, 3, checkpoint=left, progress=other)
    assert len(other.said) == 2
    assert same(found.weights, trained.weights)


KILLED_IN_THE_EIGHTH_STEP = """
import os, pickle, signal, sys
from pathlib import Path
from her2desk.training import enhancer_training
from her2desk.training.enhancer_training import _Training, train_enhancer

enhancer_training.SAVED_EVERY = 1
fit, steps = _Training._fit, []

def deadly(training):
    steps.append(training)
    if len(steps) == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    fit(training)

_Training._fit = deadly
samples, plan = pickle.loads(Path(sys.argv[1]).read_bytes())
train_enhancer(samples, plan, 3, checkpoint=Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_training_goes_on_to_the_same_bits(samples, trained, tmp_path):
    given, left = tmp_path / "given", tmp_path / "checkpoint"
    given.write_bytes(pickle.dumps((samples, SMALL)))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_EIGHTH_STEP, given, left], check=False, timeout=300
    )
    assert killed.returncode == -signal.SIGKILL
    rest = Steps()
    found = train_enhancer(samples, SMALL, 3, checkpoint=left, progress=rest)
    assert same(found.weights, trained.weights)
    assert [said[:7] for said in rest.said] == ["Step 10"]
