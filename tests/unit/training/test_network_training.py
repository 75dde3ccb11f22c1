"""Training one network: repeatable, stopped on rows of its own, safe at odd sizes."""

import numpy as np
import pytest

from her2desk.training import network_training
from her2desk.training.network_training import TrainingPlan, train_network


def crops(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, 32, 32)).astype(np.float32), np.arange(n) % 2 == 0


def weights(network) -> bytes:
    return b"".join(v.numpy().tobytes() for v in network.state_dict().values())


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    x, y = crops(24)
    plan = TrainingPlan("resnet18-slim", epochs=1, patience=1)
    first = weights(train_network(x, y, plan, 3))
    assert weights(train_network(x, y, plan, 3)) == first
    assert weights(train_network(x, y, plan, 4)) != first


def test_training_stops_when_its_own_stopping_rows_no_longer_gain(monkeypatch):
    """Losses 3, 2, 2, 2: with patience 1 the fourth epoch is the last, and the second's weights stay."""
    x, y = crops(24)
    losses, states = iter([3.0, 2.0, 2.0, 2.0]), []

    def loss(network, _x, _y):
        states.append(weights(network))
        return next(losses)

    monkeypatch.setattr(network_training, "_loss", loss)
    network = train_network(x, y, TrainingPlan("resnet18-slim", epochs=9, patience=1), 3)
    assert len(states) == 4
    assert weights(network) == states[1]


def test_stopping_rows_are_never_fitted(monkeypatch):
    x, y = crops(40)
    fitted: list[int] = []
    fit_epoch = network_training._fit_epoch

    def watched(network, optimiser, schedule, x, y, order, rng):
        fitted.extend(int(i) for i in order)
        fit_epoch(network, optimiser, schedule, x, y, order, rng)

    monkeypatch.setattr(network_training, "_fit_epoch", watched)
    train_network(x, y, TrainingPlan("resnet18-slim", epochs=1, patience=1), 3)
    held_back = set(range(40)) - set(fitted)
    assert len(held_back) == 6  # 15 % of each class
    assert sum(y[list(held_back)]) == 3
    assert len(fitted) == len(set(fitted)) == 34


@pytest.mark.parametrize("n", [20, 39])
def test_a_last_batch_of_one_is_left_out(n):
    """Of 20 rows 17 are fitted, of 39 there are 33: one more than a batch, or two."""
    x, y = crops(n)
    plan = TrainingPlan("resnet18-slim", epochs=1, patience=1)
    network = train_network(x, y, plan, 5)
    assert all(np.isfinite(v.numpy()).all() for v in network.state_dict().values())
