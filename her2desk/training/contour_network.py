"""Training the contour network: seeded, resumable, its best epoch by patients that it is not fitted to."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from her2desk import __version__
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import InputRefused
from her2desk.inference.assist import unet, window
from her2desk.inference.assist.unet import CHANNELS, ContourUnet
from her2desk.texts import msg
from her2desk.training import contour_samples
from her2desk.training.contour_samples import ContourSample, View, Views
from her2desk.training.network_training import Checkpoint
from her2desk.training.patients import patients_apart
from her2desk.training.work_folder import content_key

log = logging.getLogger(__name__)

DICE_SMOOTHING_PX = 50.0  # an empty target has a Dice loss of its own with it


@dataclass(frozen=True)
class ContourPlan:
    """How the contour network is trained.

    ``stopping_share`` of the patients choose the best epoch and are not fitted to. ``half_precision``
    runs the convolutions in bfloat16: twice as fast where the processor knows it.
    """

    epochs: int = 26
    batch: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    stopping_share: float = 0.1
    channels: tuple[int, ...] = CHANNELS
    half_precision: bool = True


@dataclass(frozen=True)
class TrainedContour:
    """The network of the best epoch, and its Dice in the patients that chose the epoch."""

    network: ContourUnet
    dice: float
    epoch: int


def train_contour_network(
    samples: Sequence[ContourSample],
    plan: ContourPlan,
    seed: int,
    *,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> TrainedContour:
    """A contour network fitted to ``samples``, on the processor and ready to read.

    ``checkpoint`` is where the state is left after each epoch and found again; work on other samples,
    another plan or seed, or with other code does not go on from it.

    Raises
    ------
    InputRefused : the samples are of fewer than two patients, or the checkpoint cannot be written.
    Cancelled : ``progress`` asked to stop; the checkpoint is of the last epoch.
    """
    if len({sample.patient for sample in samples}) < 2:
        raise InputRefused(
            msg("The contour network needs pictures of at least two patients."),
            msg("Add pictures with masks."),
            code="too-few-patients",
        )
    key = content_key(_parts(samples, plan, seed)) if checkpoint else ""
    return _Training(samples, plan, seed).run(
        Checkpoint(checkpoint, key), progress or SilentProgress()
    )


def _parts(samples: Sequence[ContourSample], plan: ContourPlan, seed: int) -> dict[str, object]:
    files = [Path(str(m.__file__)) for m in (contour_samples, unet, window)]
    return {
        "samples": [sample.parts for sample in samples],
        "plan": plan,
        "seed": seed,
        "code": [
            __version__,
            torch.__version__,
            *(file.read_bytes() for file in [Path(__file__), *files]),
        ],
    }


class _Training:
    """One network on its way. Each epoch's randomness is of the seed and the epoch alone."""

    def __init__(self, samples: Sequence[ContourSample], plan: ContourPlan, seed: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True)
        self._plan, self._seed = plan, seed
        self._views = Views(samples)
        rng = np.random.default_rng(seed)
        stopping = patients_apart((s.patient for s in samples), plan.stopping_share, rng)
        rows = np.arange(len(samples))
        is_stopping = np.array([sample.patient in stopping for sample in samples])
        self._fitted = rows[~is_stopping]
        self._asked = [
            self._views.plain(int(row), kind, rng)
            for row in rows[is_stopping]
            for kind in ("box", "click")
        ]
        self._network = ContourUnet(plan.channels)
        self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        steps = -(-len(self._fitted) // plan.batch) * plan.epochs
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, plan.learning_rate, steps
        )
        self._epoch, self._best, self._best_epoch = 0, -1.0, 0
        self._best_state = self._copied()

    def run(self, checkpoint: Checkpoint, progress: Progress) -> TrainedContour:
        """Train to the end, from ``checkpoint`` on where it holds this very work."""
        state = checkpoint.load()
        if state is not None:
            self._restore(state)
        while self._epoch < self._plan.epochs:
            self._fit_epoch()
            self._epoch += 1
            dice = self._dice()
            if dice > self._best:
                self._best, self._best_epoch, self._best_state = dice, self._epoch, self._copied()
            checkpoint.save(self._state())
            log.info("contour network, epoch %d: Dice %.4f", self._epoch, dice)
            progress.step(
                self._epoch / self._plan.epochs,
                msg(
                    "Epoch {n} of {total}, Dice {dice:.3f}",
                    n=self._epoch,
                    total=self._plan.epochs,
                    dice=dice,
                ),
            )
        self._network.load_state_dict(self._best_state)
        return TrainedContour(self._network.eval(), self._best, self._best_epoch)

    def _fit_epoch(self) -> None:
        rng = np.random.default_rng([self._seed, self._epoch])
        order = rng.permutation(self._fitted)
        self._network.train()
        for start in range(0, len(order), self._plan.batch):
            rows = order[start : start + self._plan.batch]
            inputs, targets = _stacked([self._views.random(int(row), rng) for row in rows])
            self._optimiser.zero_grad()
            loss = contour_loss(self._logits(inputs), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            self._schedule.step()

    def _logits(self, inputs: torch.Tensor) -> torch.Tensor:
        inputs = inputs.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._plan.half_precision):
            logits: torch.Tensor = self._network(inputs)[:, 0]
        return logits.float()

    def _dice(self) -> float:
        self._network.eval()
        found = []
        with torch.inference_mode():
            for start in range(0, len(self._asked), self._plan.batch):
                inputs, targets = _stacked(self._asked[start : start + self._plan.batch])
                is_lesion = (self._logits(inputs) > 0).float()
                both = (is_lesion * targets).sum(dim=(1, 2))
                found.append(2 * both / (is_lesion + targets).sum(dim=(1, 2)).clamp(min=1))
        return float(torch.cat(found).mean())

    def _copied(self) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in self._network.state_dict().items()}

    def _state(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "epoch": self._epoch,
            "best": self._best,
            "best_epoch": self._best_epoch,
            "best_state": self._best_state,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._epoch, self._best = state["epoch"], state["best"]
        self._best_epoch, self._best_state = state["best_epoch"], state["best_state"]


def contour_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy and soft Dice (Milletari et al., 3DV 2016), each picture alike; (n, size, size)."""
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, targets)
    share = logits.sigmoid()
    both = (share * targets).sum(dim=(1, 2))
    total = (share + targets).sum(dim=(1, 2))
    dice = (2 * both + DICE_SMOOTHING_PX) / (total + DICE_SMOOTHING_PX)
    return entropy + (1 - dice).mean()


def _stacked(views: Sequence[View]) -> tuple[torch.Tensor, torch.Tensor]:
    inputs: NDArray[np.float32] = np.stack([view.inputs for view in views])
    targets: NDArray[np.float32] = np.stack([view.target for view in views])
    return torch.from_numpy(inputs), torch.from_numpy(targets)
