"""Training one network: repeatable, stopped on rows of its own, taken up again after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference.devices import Device, DeviceFault, FaultKind
from her2desk.inference.networks import ARCHITECTURES, build_network
from her2desk.training import network_training
from her2desk.training.initial_weights import InitialWeights
from her2desk.training.network_training import (
    TrainingPlan,
    _Training,
    train_network,
    training_parts,
)
from her2desk.training.scope_networks import NetworkPlan, NetworkWork, _Job, _run_all
from her2desk.training.work_folder import WorkFolder, content_key

from ...failing_card import FailingCard


def crops(n: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, size, size)).astype(np.float32), np.arange(n) % 2 == 0


def weights(network) -> bytes:
    return b"".join(v.numpy().tobytes() for v in network.state_dict().values())


ONE_EPOCH = TrainingPlan("resnet18-slim", epochs=1, patience=1)
FOUR_EPOCHS = TrainingPlan("resnet18-slim", epochs=4, patience=4)


class StopAfter:
    """Asks to stop once so many epochs are done, and remembers what it was told."""

    def __init__(self, epochs: int):
        self.left = epochs
        self.told: list[str] = []

    def step(self, _fraction, text):
        self.told.append(text.text())
        self.left -= 1
        if self.left == 0:
            raise Cancelled


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    x, y = crops(24)
    first = weights(train_network(x, y, ONE_EPOCH, 3))
    assert weights(train_network(x, y, ONE_EPOCH, 3)) == first
    assert weights(train_network(x, y, ONE_EPOCH, 4)) != first


def test_a_planted_signal_is_learnt():
    """A brighter middle square means positive; crops that were not trained on are told apart."""

    def planted(seed):
        x = np.random.default_rng(seed).normal(size=(64, 32, 32)).astype(np.float32)
        y = np.arange(64) % 2 == 0
        x[y, 8:24, 8:24] += 1.0
        return x, y

    network = train_network(*planted(0), TrainingPlan("resnet18-slim", epochs=6, patience=6), 3)
    x, y = planted(1)
    with torch.inference_mode():
        logits = network(torch.from_numpy(x)[:, None])[:, 0].numpy()
    assert np.mean((logits > 0) == y) > 0.9


def test_training_stops_when_its_own_stopping_rows_no_longer_gain(monkeypatch):
    """Losses 3, 2, 2, 2: with patience 1 the fourth epoch is the last, and the second's weights stay."""
    x, y = crops(24)
    losses, states = iter([3.0, 2.0, 2.0, 2.0]), []

    def loss(training):
        states.append(weights(training._network))
        return next(losses)

    monkeypatch.setattr(_Training, "_stopping_loss", loss)
    network = train_network(x, y, TrainingPlan("resnet18-slim", epochs=9, patience=1), 3)
    assert len(states) == 4
    assert weights(network) == states[1]


def watch_fitted(monkeypatch) -> list[np.ndarray]:
    """The rows of each epoch that is fitted from now on."""
    fitted: list[np.ndarray] = []
    fit_epoch = _Training._fit_epoch

    def watched(training, order):
        fitted.append(order)
        fit_epoch(training, order)

    monkeypatch.setattr(_Training, "_fit_epoch", watched)
    return fitted


def test_stopping_rows_are_never_fitted(monkeypatch):
    x, y = crops(40)
    epochs = watch_fitted(monkeypatch)
    train_network(x, y, ONE_EPOCH, 3)
    (fitted,) = epochs
    held_back = set(range(40)) - {int(i) for i in fitted}
    assert len(held_back) == 6  # 15 % of each class
    assert sum(y[list(held_back)]) == 3
    assert len(fitted) == len(set(fitted)) == 34


@pytest.mark.parametrize("n", [20, 39])
def test_a_last_batch_of_one_is_left_out(n):
    """Of 20 rows 17 are fitted, of 39 there are 33: one more than a batch, or two."""
    x, y = crops(n)
    network = train_network(x, y, ONE_EPOCH, 5)
    assert all(np.isfinite(v.numpy()).all() for v in network.state_dict().values())


@pytest.mark.parametrize("share", [0.15, 0.95])
def test_a_class_of_two_has_one_row_on_either_side(monkeypatch, share):
    x, y = crops(20)
    y[:] = False
    y[[4, 9]] = True
    epochs = watch_fitted(monkeypatch)
    plan = TrainingPlan("resnet18-slim", epochs=1, patience=1, stopping_share=share)
    train_network(x, y, plan, 3)
    assert sum(y[epochs[0]]) == 1


@pytest.mark.parametrize("positive", [[], [3], list(range(19))])
def test_a_class_of_fewer_than_two_is_refused_in_words(positive):
    x, y = crops(20)
    y[:] = False
    y[positive] = True
    with pytest.raises(InputRefused, match="at least two patients of each class"):
        train_network(x, y, ONE_EPOCH, 3)


def test_a_batch_of_one_is_no_plan():
    with pytest.raises(ValueError, match="at least two rows"):
        TrainingPlan("resnet18-slim", epochs=1, patience=1, batch=1)


def test_crops_that_do_not_suit_the_network_are_refused():
    x, y = crops(8)
    with pytest.raises(InputRefused, match="at least 64 pixels, not 32"):
        train_network(x, y, TrainingPlan("crossformer", epochs=1, patience=1), 3)


def test_read_only_crops_can_be_trained_on():
    """joblib hands large arrays to its workers as read-only maps."""
    x, y = crops(8)
    expected = weights(train_network(x, y, ONE_EPOCH, 3))
    x.flags.writeable = False
    assert weights(train_network(x, y, ONE_EPOCH, 3)) == expected


@pytest.mark.parametrize(
    ("architecture", "initial"),
    [
        ("crossformer", False),
        ("efficientnet_lite0", True),
        ("densenet121", True),
        pytest.param("resnet50", False, marks=pytest.mark.slow),
        pytest.param("resnet101", True, marks=pytest.mark.slow),
        pytest.param("vgg19", True, marks=pytest.mark.slow),
    ],
)
def test_every_network_can_be_trained(architecture, initial):
    x, y = crops(8, 64)
    plan = TrainingPlan(architecture, epochs=1, patience=1)
    given = ready_made(architecture) if initial else None
    network = train_network(x, y, plan, 3, initial=given)
    assert not network.training
    assert all(np.isfinite(v.numpy()).all() for v in network.state_dict().values())


def ready_made(architecture: str) -> InitialWeights:
    """Weights as ``load_initial`` gives them: of all layers but the last."""
    torch.manual_seed(99)
    network = build_network(architecture, ARCHITECTURES[architecture].channels)
    head = {id(p) for p in ARCHITECTURES[architecture].head(network).parameters()}
    state = network.state_dict(keep_vars=True)
    tensors = {n: v.detach().numpy() for n, v in state.items() if id(v) not in head}
    return InitialWeights("some.pth", "ab" * 32, tensors)


def test_training_starts_from_the_weights_it_is_given(monkeypatch):
    """With a step of length nought nothing moves but the running statistics."""
    x, y = crops(8, 64)
    plan = TrainingPlan("densenet121", epochs=1, patience=1, learning_rate=0.0)
    given = ready_made("densenet121")
    network = train_network(x, y, plan, 3, initial=given)
    kept = {name for name, _ in network.named_parameters()} & set(given.tensors)
    assert len(kept) > 300
    for name, value in network.named_parameters():
        if name in kept:
            np.testing.assert_array_equal(value.detach().numpy(), given.tensors[name])


def test_ready_made_weights_are_moved_in_smaller_steps():
    plan = TrainingPlan("resnet50", epochs=1, patience=1)
    assert plan.peak_rate(from_weights=True) < plan.peak_rate(from_weights=False)
    own = TrainingPlan("resnet50", epochs=1, patience=1, learning_rate=0.5)
    assert own.peak_rate(from_weights=True) == 0.5


def test_every_architecture_has_its_learning_rates():
    assert set(network_training._RATES) == set(ARCHITECTURES)


def test_training_without_a_finite_loss_is_refused(monkeypatch):
    x, y = crops(8)
    monkeypatch.setattr(_Training, "_stopping_loss", lambda _: float("nan"))
    with pytest.raises(InputRefused, match="never gave a finite loss"):
        train_network(x, y, FOUR_EPOCHS, 3)


def test_more_stopping_rows_than_are_asked_at_once_give_the_same_loss(monkeypatch):
    x, y = crops(24)
    training = _Training(x, y, FOUR_EPOCHS, 3, None, "cpu")
    at_once = training._stopping_loss()
    monkeypatch.setattr(network_training, "ASKED_AT_ONCE", 1)
    assert training._stopping_loss() == pytest.approx(at_once, rel=1e-6)


def test_each_epoch_is_told_and_can_be_the_last():
    x, y = crops(16)
    progress = StopAfter(2)
    with pytest.raises(Cancelled):
        train_network(x, y, FOUR_EPOCHS, 3, progress=progress)
    assert progress.told == ["Epoch 1 of at most 4", "Epoch 2 of at most 4"]


@pytest.mark.parametrize(
    ("plan", "size", "epochs_done"),
    [
        (FOUR_EPOCHS, 32, 1),
        (FOUR_EPOCHS, 32, 3),
        # its dropout draws from PyTorch's generator, which must go on where it was as well
        (TrainingPlan("efficientnet_lite0", epochs=2, patience=4), 64, 1),
    ],
    ids=["first", "third", "dropout"],
)
def test_stopped_training_goes_on_to_the_same_bits(tmp_path, monkeypatch, plan, size, epochs_done):
    x, y = crops(16, size)
    expected = weights(train_network(x, y, plan, 3))
    left = tmp_path / "work" / "checkpoint"
    with pytest.raises(Cancelled):
        train_network(x, y, plan, 3, checkpoint=left, progress=StopAfter(epochs_done))
    epochs = watch_fitted(monkeypatch)
    assert weights(train_network(x, y, plan, 3, checkpoint=left)) == expected
    assert len(epochs) == plan.epochs - epochs_done
    assert weights(train_network(x, y, plan, 3, checkpoint=left)) == expected
    assert len(epochs) == plan.epochs - epochs_done  # finished work is not done again


KILLED_IN_THE_THIRD_EPOCH = """
import os, signal, sys
from pathlib import Path
import numpy as np
from her2desk.training.network_training import TrainingPlan, _Training, train_network

fit_epoch, epochs = _Training._fit_epoch, []

def deadly(training, order):
    epochs.append(order)
    if len(epochs) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    fit_epoch(training, order)

_Training._fit_epoch = deadly
crops = np.load(sys.argv[1])
plan = TrainingPlan("resnet18-slim", epochs=4, patience=4)
train_network(crops, np.arange(len(crops)) % 2 == 0, plan, 3, checkpoint=Path(sys.argv[2]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_training_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    x, y = crops(16)
    np.save(tmp_path / "crops.npy", x)
    left = tmp_path / "checkpoint"
    command = [sys.executable, "-c", KILLED_IN_THE_THIRD_EPOCH, tmp_path / "crops.npy", left]
    killed = subprocess.run(command, check=False, timeout=300)
    assert killed.returncode == -signal.SIGKILL
    expected = weights(train_network(x, y, FOUR_EPOCHS, 3))
    epochs = watch_fitted(monkeypatch)
    assert weights(train_network(x, y, FOUR_EPOCHS, 3, checkpoint=left)) == expected
    assert len(epochs) == 2


def leave_checkpoint(path: Path, seed: int = 3) -> None:
    with pytest.raises(Cancelled):
        train_network(*crops(16), FOUR_EPOCHS, seed, checkpoint=path, progress=StopAfter(2))


def of_other_work(path: Path) -> None:
    leave_checkpoint(path, seed=4)


def damaged(path: Path) -> None:
    leave_checkpoint(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    leave_checkpoint(path)
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize("spoil", [of_other_work, damaged, cut_short])
def test_a_checkpoint_that_is_not_of_this_work_is_not_used(tmp_path, monkeypatch, spoil):
    left = tmp_path / "checkpoint"
    spoil(left)
    epochs = watch_fitted(monkeypatch)
    first = weights(train_network(*crops(16), FOUR_EPOCHS, 3, checkpoint=left))
    assert first == weights(train_network(*crops(16), FOUR_EPOCHS, 3))
    assert len(epochs) == 8


def test_a_checkpoint_that_cannot_be_written_is_told(tmp_path):
    left = tmp_path / "checkpoint"
    left.mkdir()
    with pytest.raises(InputRefused, match="cannot be written"):
        train_network(*crops(16), FOUR_EPOCHS, 3, checkpoint=left)


def test_a_big_network_leaves_its_state_less_often(tmp_path, monkeypatch):
    monkeypatch.setattr(network_training, "BIG_PARAMETERS", 0)
    left, plan = tmp_path / "checkpoint", TrainingPlan("resnet18-slim", epochs=7, patience=9)

    class Seen(SilentProgress):
        found: list[bool] = []  # noqa: RUF012

        def step(self, _fraction, _text):
            self.found.append(left.exists())

    progress = Seen()
    train_network(*crops(8), plan, 3, checkpoint=left, progress=progress)
    assert progress.found == [False] * 4 + [True] * 3


def test_a_full_graphics_card_hands_over_to_the_processor(tmp_path, monkeypatch):
    real = network_training._Training

    def training(*args):
        if args[-1] == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(*args)

    monkeypatch.setattr(network_training, "_Training", training)
    x, y = crops(16)
    device, left = Device("cuda"), tmp_path / "checkpoint"
    network = train_network(x, y, ONE_EPOCH, 3, device=device, checkpoint=left)
    assert device.is_processor
    assert device.fault == DeviceFault("cuda", FaultKind.MEMORY)
    assert weights(network) == weights(train_network(x, y, ONE_EPOCH, 3))


def test_a_card_lost_in_a_build_is_told_once_and_left_alone(tmp_path, monkeypatch):
    x, y = crops(16)

    def work(device: str) -> NetworkWork:
        folder = WorkFolder(tmp_path / device)
        return NetworkWork(x, y, False, folder, Device(device), jobs=1)

    rows = np.arange(16)
    todo = [_Job(NetworkPlan(ONE_EPOCH), rows, rows[:2], seed, False) for seed in (3, 4)]
    wanted = list(_run_all(todo, work("cpu"), SilentProgress()))
    card = FailingCard(monkeypatch)
    card.fails(1, lambda: torch.OutOfMemoryError("CUDA out of memory"))
    progress, lost = StopAfter(99), work("cuda")
    found = list(_run_all(todo, lost, progress))
    assert card.asked == 1
    assert lost.device.is_processor
    told = [text for text in progress.told if text.startswith("The graphics card's memory")]
    assert len(told) == 1
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)


def test_what_a_network_depends_on_is_in_its_key():
    x, y = crops(8)
    key = content_key(training_parts(x, y, FOUR_EPOCHS, 3))
    assert key == content_key(training_parts(x.copy(), y.copy(), FOUR_EPOCHS, 3))
    brighter = x.copy()
    brighter[5, 3, 3] += 1e-6
    others = [
        training_parts(brighter, y, FOUR_EPOCHS, 3),
        training_parts(x, ~y, FOUR_EPOCHS, 3),
        training_parts(x, y, ONE_EPOCH, 3),
        training_parts(x, y, FOUR_EPOCHS, 4),
        training_parts(x, y, FOUR_EPOCHS, 3, device="cuda"),
        training_parts(x, y, FOUR_EPOCHS, 3, initial=InitialWeights("w.pth", "0" * 64, {})),
    ]
    assert len({key, *(content_key(parts) for parts in others)}) == 7
