"""Training one network on one set of rows, repeatably: one thread, seeded, early stopping on own rows."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from her2desk.inference.networks import build_network

BATCH = 16
SHIFT_PX = 8


@dataclass(frozen=True)
class TrainingPlan:
    """How a network is trained. ``stopping_share`` of the rows are kept for early stopping (V3)."""

    architecture: str
    epochs: int
    patience: int
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    stopping_share: float = 0.15


def train_network(
    crops: NDArray[np.float32], labels: NDArray[np.bool_], plan: TrainingPlan, seed: int
) -> nn.Module:
    """A network fitted to crops float32 (patients, size, size); the same bits for the same seed.

    The rows for early stopping are taken from these rows, stratified; they are neither fitted nor are
    they rows that the network will be asked about.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(seed)
    stopping = _stratified_share(labels, plan.stopping_share, rng)
    fit_rows = np.setdiff1d(np.arange(len(labels)), stopping)
    network = build_network(plan.architecture, 1)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
    steps = -(-len(fit_rows) // BATCH) * plan.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.learning_rate, steps)
    x = torch.from_numpy(crops)[:, None]
    y = torch.from_numpy(labels.astype(np.float32))
    best, best_state, since = float("inf"), network.state_dict(), 0
    for _ in range(plan.epochs):
        _fit_epoch(network, optimiser, schedule, x, y, rng.permutation(fit_rows), rng)
        loss = _loss(network, x[stopping], y[stopping])
        if loss < best:
            best, since = loss, 0
            best_state = {k: v.clone() for k, v in network.state_dict().items()}
        else:
            since += 1
            if since > plan.patience:
                break
    network.load_state_dict(best_state)
    return network.eval()


def _fit_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    x: torch.Tensor,
    y: torch.Tensor,
    order: NDArray[np.intp],
    rng: np.random.Generator,
) -> None:
    network.train()
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        if len(rows) < 2:
            continue  # batch normalisation needs two
        optimiser.zero_grad()
        batch = torch.stack([_augmented(x[i], rng) for i in rows])
        loss = nn.functional.binary_cross_entropy_with_logits(network(batch)[:, 0], y[rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()


def _augmented(crop: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Random crop and flips in both directions, as in the paper."""
    for axis in (1, 2):
        if rng.random() < 0.5:
            crop = crop.flip(axis)
    dy, dx = (int(v) for v in rng.integers(-SHIFT_PX, SHIFT_PX + 1, 2))
    padded = nn.functional.pad(crop[None], [SHIFT_PX] * 4, mode="reflect")[0]
    size = crop.shape[-1]
    top, left = SHIFT_PX + dy, SHIFT_PX + dx
    return padded[:, top : top + size, left : left + size]


def _loss(network: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    network.eval()
    with torch.inference_mode():
        return float(nn.functional.binary_cross_entropy_with_logits(network(x)[:, 0], y))


def _stratified_share(
    labels: NDArray[np.bool_], share: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    chosen = []
    for value in (False, True):
        rows = np.flatnonzero(labels == value)
        chosen.append(rng.permutation(rows)[: max(1, round(share * len(rows)))])
    return np.sort(np.concatenate(chosen))
