"""Training one network on one set of rows, repeatably: one thread, seeded, early stopping on own rows.

On the processor the same inputs give the same bits, whether or not the work was cut short and taken up
again. On a graphics card most of the arithmetic is in half precision and the last digits may differ.
"""

import hashlib
import io
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from her2desk import __version__
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import InputRefused
from her2desk.inference import architectures, networks
from her2desk.inference.devices import CPU, Device
from her2desk.inference.networks import ARCHITECTURES, build_network, check_input_size
from her2desk.texts import msg
from her2desk.training.initial_weights import InitialWeights
from her2desk.training.work_folder import content_key, write_whole

log = logging.getLogger(__name__)

BATCH = 16
ASKED_AT_ONCE = 64
SHIFT_PX = 8
# Peak learning rates from the start and from ready-made weights. VGG19 has no batch normalisation.
_RATES = {
    "resnet18-slim": (2e-3, 2e-3),
    "resnet50": (1e-3, 3e-4),
    "resnet101": (1e-3, 3e-4),
    "vgg19": (1e-4, 5e-5),
    "densenet121": (1e-3, 3e-4),
    "efficientnet_lite0": (2e-3, 5e-4),
    "crossformer": (1e-3, 1e-3),
}
# A checkpoint holds the weights four times: 2 GB for VGG19, so the big networks leave one less often.
BIG_PARAMETERS = 30_000_000
BIG_EVERY = 5


@dataclass(frozen=True)
class TrainingPlan:
    """How a network is trained. ``stopping_share`` of the rows are kept for early stopping (V3).

    ``learning_rate`` is the highest of the one-cycle schedule; None takes the architecture's own.
    """

    architecture: str
    epochs: int
    patience: int
    learning_rate: float | None = None
    weight_decay: float = 1e-2
    stopping_share: float = 0.15
    batch: int = BATCH

    def __post_init__(self) -> None:
        if self.batch < 2:
            raise ValueError("batch normalisation needs at least two rows")

    def peak_rate(self, from_weights: bool) -> float:
        """The highest learning rate, from ready-made weights or from the start."""
        if self.learning_rate is not None:
            return self.learning_rate
        return _RATES[self.architecture][from_weights]


def train_network(
    crops: NDArray[np.float32],
    labels: NDArray[np.bool_],
    plan: TrainingPlan,
    seed: int,
    *,
    initial: InitialWeights | None = None,
    checkpoint: Path | None = None,
    device: str | Device = CPU,
    progress: Progress | None = None,
) -> nn.Module:
    """A network fitted to crops float32 (patients, size, size), on the processor and ready to read.

    The rows for early stopping are taken from these rows, stratified; they are neither fitted nor are
    they rows that the network will be asked about. ``checkpoint`` is where the state is left between
    epochs and found again; it stays there. A graphics card that fails, as by too little memory, gives
    the work to the processor, for all that shares the ``Device``.

    Raises
    ------
    InputRefused : a class has fewer than two rows, the crops do not suit the network, training gives no
        finite loss, or the checkpoint cannot be written.
    Cancelled : ``progress`` asked to stop; the checkpoint is of the last epoch that left one.
    """
    check_input_size(plan.architecture, crops.shape[-1])
    _check_classes(labels)
    progress = progress or SilentProgress()

    def on(device: str) -> nn.Module:
        parts = training_parts(crops, labels, plan, seed, initial=initial, device=device)
        key = content_key(parts) if checkpoint else ""
        training = _Training(crops, labels, plan, seed, initial, device)
        return training.run(Checkpoint(checkpoint, key), progress)

    return Device.of(device).run(on)


def training_parts(
    crops: NDArray[np.float32],
    labels: NDArray[np.bool_],
    plan: TrainingPlan,
    seed: int,
    *,
    initial: InitialWeights | None = None,
    device: str = "cpu",
) -> dict[str, object]:
    """All that a trained network's bits depend on, for ``WorkFolder.key``."""
    return {
        "crops": crops,
        "labels": labels,
        "plan": plan,
        "seed": seed,
        "initial": initial.sha256 if initial else None,
        "device": device,
        "code": code_version(),
    }


@lru_cache
def code_version() -> str:
    """A hash of the program's and PyTorch's versions and of the code that builds and trains networks."""
    files = [_source(__file__), _source(networks.__file__)]
    files += sorted(Path(architectures.__file__).parent.glob("*.py"))
    return content_key([__version__, torch.__version__, *(file.read_bytes() for file in files)])


def _source(file: str) -> Path:
    """Where a module's source lies; a bundle names the compiled file that it read instead."""
    return Path(file).with_suffix(".py")


def _check_classes(labels: NDArray[np.bool_]) -> None:
    positive = int(np.count_nonzero(labels))
    fewest = min(positive, len(labels) - positive)
    if fewest < 2:
        raise InputRefused(
            msg(
                "A network needs at least two patients of each class to train on; here one class has {n}.",
                n=fewest,
            ),
            msg("Add patients, or use fewer folds."),
            code="too-few-patients",
        )


@dataclass(frozen=True)
class Checkpoint:
    """A file with the state of the work known by ``key``; a path of None keeps nothing.

    The file begins with a digest of the key and of what follows, so that other work and damage alike
    count as no checkpoint.
    """

    path: Path | None
    key: str

    def load(self) -> dict[str, Any] | None:
        if self.path is None or not self.path.exists():
            return None
        try:
            with self.path.open("rb") as file:
                digest, content = file.read(hashlib.sha256().digest_size), io.BytesIO(file.read())
        except OSError as error:
            log.warning("The checkpoint %s cannot be read: %s", self.path.name, error)
            return None
        if digest != self._digest(content):
            log.warning("The checkpoint %s is of other work, or damaged", self.path.name)
            return None
        state: dict[str, Any] = torch.load(content, map_location="cpu", weights_only=True)
        return state

    def save(self, state: dict[str, Any]) -> None:
        if self.path is None:
            return
        content = io.BytesIO()
        torch.save(state, content)
        digest = self._digest(content)
        write_whole(self.path, lambda file: (file.write(digest), file.write(content.getbuffer())))

    def _digest(self, content: io.BytesIO) -> bytes:
        digest = hashlib.sha256(self.key.encode())
        digest.update(content.getbuffer())
        return digest.digest()


class _Training:
    """One network on its way: what is fitted, and all that the next epoch depends on."""

    def __init__(
        self,
        crops: NDArray[np.float32],
        labels: NDArray[np.bool_],
        plan: TrainingPlan,
        seed: int,
        initial: InitialWeights | None,
        device: str,
    ) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        # Some backward passes have no repeatable form on a graphics card and would be refused there
        torch.use_deterministic_algorithms(device == "cpu")
        self._plan = plan
        self._device = torch.device(device)
        self._rng = np.random.default_rng(seed)
        self._stopping = _stratified_share(labels, plan.stopping_share, self._rng)
        self._fitted = np.setdiff1d(np.arange(len(labels)), self._stopping)
        self._x = torch.from_numpy(np.require(crops, np.float32, ["C", "W"]))[:, None]
        self._y = torch.from_numpy(labels.astype(np.float32))
        self._channels = ARCHITECTURES[plan.architecture].channels
        network = build_network(plan.architecture, self._channels)
        if initial is not None:
            start_from(network, initial)
        self._network = network.to(self._device)
        peak = plan.peak_rate(from_weights=initial is not None)
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), lr=peak, weight_decay=plan.weight_decay
        )
        steps = -(-len(self._fitted) // plan.batch) * plan.epochs
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(self._optimiser, peak, steps)
        self._half = _half_precision(self._device)
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self._half is torch.float16)
        self._epoch, self._since, self._best = 0, 0, float("inf")
        self._best_state: dict[str, torch.Tensor] | None = None

    def run(self, checkpoint: Checkpoint, progress: Progress) -> nn.Module:
        """Train to the end, from ``checkpoint`` on where it holds this very work."""
        plan = self._plan
        state = checkpoint.load()
        if state is not None:
            self._restore(state)
        size = sum(p.numel() for p in self._network.parameters())
        every = BIG_EVERY if size > BIG_PARAMETERS else 1
        while self._epoch < plan.epochs and self._since <= plan.patience:
            self._fit_epoch(self._rng.permutation(self._fitted))
            self._keep_if_better(self._stopping_loss())
            self._epoch += 1
            if self._epoch % every == 0:
                checkpoint.save(self._state())
            progress.step(
                self._epoch / plan.epochs,
                msg("Epoch {n} of at most {total}", n=self._epoch, total=plan.epochs),
            )
        if self._best_state is None:
            raise _diverged(plan.architecture)
        self._network.load_state_dict(self._best_state)
        return self._network.cpu().eval()

    def _fit_epoch(self, order: NDArray[np.intp]) -> None:
        self._network.train()
        for start in range(0, len(order), self._plan.batch):
            rows = order[start : start + self._plan.batch]
            if len(rows) < 2:
                continue  # batch normalisation needs two
            batch = torch.stack([_augmented(self._x[i], self._rng) for i in rows])
            self._optimiser.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(
                self._logits(batch), self._y[rows].to(self._device)
            )
            self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            scale = self._scaler.get_scale()
            self._scaler.step(self._optimiser)
            self._scaler.update()
            if (
                self._scaler.get_scale() >= scale
            ):  # else half precision overflowed: no step was made
                self._schedule.step()

    def _stopping_loss(self) -> float:
        self._network.eval()
        rows = [
            self._stopping[start : start + ASKED_AT_ONCE]
            for start in range(0, len(self._stopping), ASKED_AT_ONCE)
        ]
        with torch.inference_mode():
            logits = torch.cat([self._logits(self._x[some]) for some in rows]).cpu()
            return float(
                nn.functional.binary_cross_entropy_with_logits(logits, self._y[self._stopping])
            )

    def _logits(self, batch: torch.Tensor) -> torch.Tensor:
        """Float32 logits (rows,) of crops (rows, 1, size, size), in half precision where that pays."""
        with torch.autocast(self._device.type, self._half, enabled=self._half is not None):
            coloured = batch.to(self._device).expand(-1, self._channels, -1, -1)
            logits: torch.Tensor = self._network(coloured)[:, 0]
        return logits.float()

    def _keep_if_better(self, loss: float) -> None:
        if loss < self._best:
            self._best, self._since = loss, 0
            state = self._network.state_dict()
            self._best_state = {name: value.clone().cpu() for name, value in state.items()}
        else:
            self._since += 1

    def _state(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "scaler": self._scaler.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": json.dumps(self._rng.bit_generator.state),
            "epoch": self._epoch,
            "since": self._since,
            "best": self._best,
            "best_state": self._best_state,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["torch_rng"])
        self._rng.bit_generator.state = json.loads(state["numpy_rng"])
        self._epoch, self._since = state["epoch"], state["since"]
        self._best, self._best_state = state["best"], state["best_state"]


def _half_precision(device: torch.device) -> torch.dtype | None:
    if device.type != "cuda":
        return None
    is_wide = torch.cuda.is_bf16_supported()  # no cover: needs CUDA
    return torch.bfloat16 if is_wide else torch.float16  # no cover: needs CUDA


def start_from(network: nn.Module, initial: InitialWeights) -> None:
    """Give the network the weights that it starts from; its last layer stays as it was built."""
    given = {name: torch.from_numpy(np.array(value)) for name, value in initial.tensors.items()}
    network.load_state_dict({**network.state_dict(), **given})


def _diverged(architecture: str) -> InputRefused:
    return InputRefused(
        msg("Training the network {name} never gave a finite loss.", name=architecture),
        msg("Choose another network, or a lower learning rate."),
        code="network-diverged",
    )


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


def _stratified_share(
    labels: NDArray[np.bool_], share: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Rows of both classes, at least one of each, and at least one of each left."""
    chosen = []
    for value in (False, True):
        rows = np.flatnonzero(labels == value)
        count = min(max(1, round(share * len(rows))), len(rows) - 1)
        chosen.append(rng.permutation(rows)[:count])
    return np.sort(np.concatenate(chosen))
