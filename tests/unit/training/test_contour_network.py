"""The contour network learns, goes on after a stop, and is written with what it was trained on."""

import json

import numpy as np
import pytest
import torch

from her2desk.dicom.pixels import pixels_sha256
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference.assist.network import read_contour_network
from her2desk.inference.assist.training_list import manifest_path, training_lists
from her2desk.inference.assist.window import SIZE
from her2desk.training.contour_file import write_contour_network
from her2desk.training.contour_network import ContourPlan, contour_loss, train_contour_network
from her2desk.training.contour_samples import (
    ContourSample,
    Views,
    core,
    core_place,
    loosened,
    tight_box,
)

SMALL = ContourPlan(epochs=3, batch=4, channels=(4, 8), learning_rate=1e-2, half_precision=False)


@pytest.fixture(autouse=True)
def settings_of_torch_are_put_back():
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def sample(index: int, rows: int = 120, columns: int = 160) -> ContourSample:
    """A dark ellipse on bright speckle."""
    rng = np.random.default_rng(index)
    down, across = np.mgrid[:rows, :columns] + 0.5
    x, y = rng.uniform(60, 100), rng.uniform(45, 75)
    wide, high = rng.uniform(18, 35), rng.uniform(12, 25)
    mask = ((across - x) / wide) ** 2 + ((down - y) / high) ** 2 <= 1
    pixels = np.clip(np.where(mask, 40, 150) + rng.normal(0, 25, mask.shape), 0, 255)
    grey = pixels.astype(np.uint8)
    return ContourSample(grey, mask, f"patient {index // 2}", (pixels_sha256(grey),))


@pytest.fixture(scope="module")
def samples():
    return [sample(index) for index in range(12)]


class Steps:
    """Progress that asks to stop after so many epochs."""

    def __init__(self, until: int) -> None:
        self.until = until
        self.said: list[str] = []

    def step(self, fraction, text):
        self.said.append(text.text())
        if len(self.said) == self.until:
            raise Cancelled


def same(one, two) -> bool:
    a, b = one.state_dict(), two.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


def test_a_few_epochs_teach_it_where_the_lesion_is(samples):
    plan = ContourPlan(epochs=8, batch=4, channels=(4, 8, 8), learning_rate=1e-2)
    first = train_contour_network(samples, ContourPlan(**{**vars(plan), "epochs": 1}), 3)
    trained = train_contour_network(samples, plan, 3)
    assert trained.dice > max(0.8, first.dice)
    assert trained.epoch > 1


def test_training_that_was_stopped_goes_on_to_the_same_network(samples, tmp_path):
    checkpoint = tmp_path / "contour.checkpoint"
    whole = train_contour_network(samples, SMALL, 5)
    with pytest.raises(Cancelled):
        train_contour_network(samples, SMALL, 5, checkpoint=checkpoint, progress=Steps(2))
    rest = Steps(99)
    resumed = train_contour_network(samples, SMALL, 5, checkpoint=checkpoint, progress=rest)
    assert len(rest.said) == 1
    assert rest.said[0].startswith("Epoch 3 of 3")
    assert same(whole.network, resumed.network)
    assert (resumed.dice, resumed.epoch) == (whole.dice, whole.epoch)


def test_a_checkpoint_of_other_work_is_not_used(samples, tmp_path):
    checkpoint = tmp_path / "contour.checkpoint"
    train_contour_network(samples, SMALL, 5, checkpoint=checkpoint)
    other = Steps(99)
    train_contour_network(samples, SMALL, 6, checkpoint=checkpoint, progress=other)
    assert len(other.said) == 3


def test_one_patient_is_too_few(samples):
    with pytest.raises(InputRefused, match="at least two patients"):
        train_contour_network(samples[:2], SMALL, 1)


def test_the_loss_is_least_where_the_answer_is_right():
    target = torch.zeros(2, 16, 16)
    target[0, 4:12, 4:12] = 1  # the second picture has no lesion
    right, wrong = (target - 0.5) * 20, (0.5 - target) * 20
    unsure = torch.zeros_like(target)
    losses = [float(contour_loss(answer, target)) for answer in (right, unsure, wrong)]
    assert losses == sorted(losses)
    assert losses[0] < 0.01


# What it is shown


def test_looks_are_the_same_for_the_same_seed_and_differ_otherwise(samples):
    views = Views(samples)
    one, again, other = (views.random(3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.inputs, again.inputs)
    assert not np.array_equal(one.inputs, other.inputs)
    assert one.inputs.shape == (2, SIZE, SIZE)
    assert one.target.shape == (SIZE, SIZE)


def test_the_target_is_the_lesion_that_the_prompt_shows(samples):
    views, rng = Views(samples), np.random.default_rng(0)
    empty = 0
    for turn in range(120):
        view = views.random(turn % 12, rng)
        if not view.target.any():
            empty += 1
            continue
        inside, outside = view.target > 0, view.target == 0
        assert view.inputs[0][inside].mean() < view.inputs[0][outside].mean()  # it is dark
        shown = view.inputs[1]
        assert (shown * inside).sum() > 0.25 * shown.sum()
    assert 4 <= empty <= 30


def test_a_picture_full_of_lesion_has_no_place_without(samples):
    full = ContourSample(samples[0].pixels, np.ones_like(samples[0].mask), "full", ())
    views = Views([full])
    assert all(views.random(0, np.random.default_rng(n)).target.any() for n in range(60))


def test_boxes_and_clicks_are_as_promised(samples):
    mask, rng = samples[0].mask, np.random.default_rng(4)
    left, top, right, lower = tight_box(mask)
    assert mask[int(top) : int(lower), int(left) : int(right)].sum() == mask.sum()
    assert mask[int(top)].any()
    assert mask[:, int(right) - 1].any()
    for _ in range(20):
        wider = loosened((0.0, 0.0, 100.0, 50.0), (0.0, 0.1), rng)
        assert -10 <= wider[0] <= 0
        assert -5 <= wider[1] <= 0
        assert 100 <= wider[2] <= 110
        assert 50 <= wider[3] <= 55
        column, row = core_place(core(mask), rng)
        assert mask[int(row), int(column)]


# The file


def test_what_is_written_is_read_again_with_its_list(samples, tmp_path):
    trained = train_contour_network(samples, SMALL, 5)
    path = tmp_path / "contour-9.safetensors"
    sources = [{"name": "Ellipses", "licence": "none needed"}]
    sha256 = write_contour_network(path, trained, samples, SMALL, 5, sources)
    read = read_contour_network(path)
    assert read.sha256 == sha256
    inputs = Views(samples).plain(0, "box", np.random.default_rng(0)).inputs
    with torch.inference_mode():
        expected = trained.network(torch.from_numpy(inputs[None])).sigmoid()[0, 0].numpy()
    assert np.abs(read.chances(inputs) - expected).mean() < 0.1  # mirrored too, and in float16
    assert training_lists(tmp_path) == {
        sha256: frozenset(d for s in samples for d in s.pixels_sha256)
    }
    manifest = json.loads(manifest_path(path).read_text())
    assert len(manifest["training_patients_sha256"]) == 6
    assert "patient" not in json.dumps(manifest["training_patients_sha256"])
    assert manifest["sources"] == sources
