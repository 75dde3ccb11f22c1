"""Training an enhancer's generator: seeded, resumable, with curves on patients it is not fitted to."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk import __version__
from her2desk.domain.progress import Progress, SilentProgress, staged
from her2desk.enhancement import degradation as degradation_module
from her2desk.enhancement import generator as generator_module
from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.generator import Generator
from her2desk.errors import InputRefused
from her2desk.inference.devices import CPU, Device
from her2desk.texts import Message, msg
from her2desk.training import enhancer_patches, enhancer_phases
from her2desk.training.enhancer_patches import EnhancerSample, Patches
from her2desk.training.enhancer_phases import (
    AdversarialPhase,
    Discriminator,
    Enlarging,
    LossWeights,
    Phase,
    PixelPhase,
)
from her2desk.training.enhancer_yardstick import LANCZOS, Measures, Weights, Yardstick
from her2desk.training.network_training import Checkpoint
from her2desk.training.work_folder import content_key

log = logging.getLogger(__name__)

L1, ADVERSARIAL = "l1", "adversarial"
SAVED_EVERY = 50
TOLD_EVERY = 5

Noted = Callable[[Sequence["CurvePoint"]], None]


@dataclass(frozen=True)
class EnhancerPlan:
    """How a generator is trained; ``adversarial_steps`` 0 is training to the pixels alone.

    ``patch_px`` is a patch's side in low-resolution pixels. ``pixel_rate`` is the highest learning
    rate of the first phase, the other two are those that the second begins with.
    ``half_precision`` runs the convolutions in bfloat16 where the processor or the card knows it.
    The held-out patients are looked at ``curve_points`` times, and once before the first step.
    """

    width: int = 32
    blocks: int = 6
    degradation: Degradation = field(default_factory=lambda: Degradation(4, 1.4, 2.0))
    l1_steps: int = 2000
    adversarial_steps: int = 1000
    batch: int = 16
    patch_px: int = 32
    pixel_rate: float = 2e-3
    generator_rate: float = 2e-4
    discriminator_rate: float = 4e-4
    discriminator_width: int = 16
    weights: LossWeights = field(default_factory=LossWeights)
    half_precision: bool = True
    curve_points: int = 12

    @property
    def architecture(self) -> Architecture:
        """The generator's size."""
        return Architecture(self.width, self.blocks)

    @property
    def steps(self) -> int:
        """Of both phases."""
        return self.l1_steps + self.adversarial_steps

    @property
    def loss(self) -> Literal["l1", "adversarial"]:
        """What the finished generator was fitted to last."""
        return "adversarial" if self.adversarial_steps else "l1"


@dataclass(frozen=True)
class CurvePoint:
    """After ``step`` steps: the mean losses since the point before, and the held-out measures.

    The first point's phase is "lanczos": what interpolation makes of the same pictures.
    """

    step: int
    phase: str
    losses: Measures
    measures: Measures


@dataclass(frozen=True)
class TrainedGenerator:
    """The generator's tensors by name, and how it came to them.

    ``l1_weights`` are those before the second phase. ``measures`` are means over the held-out
    patients, for "lanczos" and "generator"; empty where nobody was held out.
    """

    weights: Weights
    l1_weights: Weights
    curves: tuple[CurvePoint, ...]
    measures: Mapping[str, Measures]


def nobody_notes(_points: Sequence[CurvePoint]) -> None:
    """For callers who wait for the end."""


def train_enhancer(
    samples: Sequence[EnhancerSample],
    plan: EnhancerPlan,
    seed: int,
    *,
    held_out: Sequence[EnhancerSample] = (),
    initial: Weights | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    noted: Noted = nobody_notes,
    device: str | Device = CPU,
    jobs: int = 1,
) -> TrainedGenerator:
    """A generator fitted to ``samples``; with the same seed and ``jobs`` the same bits.

    ``held_out`` are looked at for the curves and the measures alone. ``initial`` are weights to start
    from. ``checkpoint`` is where the state is left every few steps and found again; other samples,
    another plan, seed or code do not go on from it. ``noted`` gets the points so far, whenever there
    is another. ``jobs`` is how many threads work.

    Raises
    ------
    InputRefused : the losses are no numbers any more (``enhancer-diverged``), or the checkpoint
        cannot be written.
    Cancelled : ``progress`` asked to stop; the checkpoint is of the last steps that left one.
    ValueError : a picture is smaller than a patch, a patient is in both groups, or ``initial`` are
        another network's weights.
    """
    if {s.patient for s in samples} & {s.patient for s in held_out}:
        raise ValueError("a patient is both learnt from and held out")
    progress = progress or SilentProgress()

    def on(device: str) -> TrainedGenerator:
        torch.set_num_threads(jobs)
        torch.manual_seed(seed)
        # Some backward passes have no repeatable form on a graphics card and would be refused there
        torch.use_deterministic_algorithms(device == CPU)
        key = ""
        if checkpoint is not None:
            groups = [[s.parts for s in group] for group in (samples, held_out)]
            # where the work is done may change its last digits
            key = content_key([groups, plan, seed, initial, device, jobs, _code()])
        yardstick = Yardstick(held_out, plan.degradation, plan.architecture)
        training = _Training(Patches(samples, plan.degradation, plan.patch_px), plan, seed, device)
        if initial is not None:
            training.start_from(initial)
        return training.run(yardstick, Checkpoint(checkpoint, key), progress, noted)

    return Device.of(device).run(on)


def _code() -> list[str | bytes]:
    modules = enhancer_patches, enhancer_phases, generator_module, degradation_module
    files = [Path(__file__), *(Path(str(module.__file__)) for module in modules)]
    versions: list[str | bytes] = [__version__, torch.__version__]
    return versions + [file.with_suffix(".py").read_bytes() for file in files]


class _Training:
    """One generator on its way. Each step's patches are of the seed and the step alone."""

    def __init__(self, patches: Patches, plan: EnhancerPlan, seed: int, device: str) -> None:
        self._patches, self._plan, self._seed = patches, plan, seed
        self._device = torch.device(device)
        self._generator = Generator(plan.architecture, plan.degradation)
        self._generator.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._discriminator = Discriminator(plan.discriminator_width).to(self._device)
        half = _half_precision(self._device) if plan.half_precision else None
        self._enlarging = Enlarging(self._generator, self._device, half)
        self._step = 0
        self._phase: Phase = self._phase_at(0)
        self._curves: list[CurvePoint] = []
        self._sums: dict[str, float] = {}
        self._l1_weights: dict[str, torch.Tensor] = {}
        self._every = max(1, plan.steps // plan.curve_points)

    def start_from(self, initial: Weights) -> None:
        """Take the generator's weights; raises ``ValueError`` where they are another's."""
        tensors = {name: torch.from_numpy(np.array(w)) for name, w in initial.items()}
        try:
            self._generator.load_state_dict(tensors)
        except RuntimeError as error:
            raise ValueError("the weights are not this generator's") from error

    def run(
        self, yardstick: Yardstick, checkpoint: Checkpoint, progress: Progress, noted: Noted
    ) -> TrainedGenerator:
        """Train to the end, from ``checkpoint`` on where it holds this very work."""
        state = checkpoint.load()
        if state is not None:
            self._restore(state)
        else:
            self._curves.append(CurvePoint(0, LANCZOS, {}, yardstick.lanczos_point()))
            self._note(yardstick, {})
        noted(self._curves)
        while self._step < self._plan.steps:
            self._fit()
            is_due = self._step % self._every == 0 or self._step == self._plan.steps
            if is_due:
                self._note(yardstick, self._means())
                noted(self._curves)
            if is_due or self._step % SAVED_EVERY == 0:
                checkpoint.save(self._state())
            if is_due or self._step % TOLD_EVERY == 0:
                progress.step(self._step / self._plan.steps, self._said())
        weights = self._weights(self._generator.state_dict())
        l1_weights = self._weights(self._l1_weights) if self._l1_weights else weights
        return TrainedGenerator(weights, l1_weights, tuple(self._curves), yardstick.final(weights))

    def _fit(self) -> None:
        if self._step == self._plan.l1_steps:
            self._l1_weights = self._copied()
            self._phase = self._phase_at(self._step)
        rng = np.random.default_rng([self._seed, self._step])
        low, high = self._patches.drawn(self._plan.batch, rng)
        losses = self._phase.step(low.to(self._device), high.to(self._device))
        self._step += 1
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._sums["steps"] = self._sums.get("steps", 0.0) + 1
        if not all(math.isfinite(value) for value in losses.values()):
            raise _diverged(self._step)

    def _phase_at(self, step: int) -> Phase:
        plan = self._plan
        if step < plan.l1_steps or not plan.adversarial_steps:
            return PixelPhase(self._enlarging, plan.pixel_rate, max(1, plan.l1_steps))
        rates = plan.generator_rate, plan.discriminator_rate
        return AdversarialPhase(
            self._enlarging, self._discriminator, rates, plan.adversarial_steps, plan.weights
        )

    def _phase_name(self) -> str:
        return ADVERSARIAL if self._step > self._plan.l1_steps else L1

    def _means(self) -> dict[str, float]:
        steps = self._sums.pop("steps")
        means = {name: value / steps for name, value in self._sums.items()}
        self._sums = {}
        return means

    def _note(self, yardstick: Yardstick, losses: Measures) -> None:
        measures = yardstick.point(self._weights(self._generator.state_dict()))
        point = CurvePoint(self._step, self._phase_name(), losses, measures)
        self._curves.append(point)
        log.info("enhancer, step %d: %s", point.step, {**losses, **measures})

    def _said(self) -> Message:
        point = self._curves[-1]
        text = msg("Step {n} of {total}", n=self._step, total=self._plan.steps)
        if "psnr_db" in point.measures:
            text = msg(
                "Step {n} of {total}, held-out PSNR {psnr:.2f} dB",
                n=self._step,
                total=self._plan.steps,
                psnr=point.measures["psnr_db"],
            )
        return staged(self._phase_name(), text)

    def _copied(self) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in self._generator.state_dict().items()}

    @staticmethod
    def _weights(state: Mapping[str, torch.Tensor]) -> dict[str, NDArray[np.float32]]:
        return {
            name: np.ascontiguousarray(value.detach().cpu().numpy(), dtype=np.float32).copy()
            for name, value in state.items()
        }

    def _state(self) -> dict[str, Any]:
        points = [[p.step, p.phase, dict(p.losses), dict(p.measures)] for p in self._curves]
        return {
            "generator": self._generator.state_dict(),
            "phase": self._phase.state(),
            "l1_weights": self._l1_weights,
            "step": self._step,
            "curves": points,
            "sums": self._sums,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._generator.load_state_dict(state["generator"])
        self._l1_weights, self._step = state["l1_weights"], state["step"]
        self._curves = [CurvePoint(*point) for point in state["curves"]]
        self._sums = state["sums"]
        if self._l1_weights:
            self._phase = self._phase_at(self._plan.l1_steps)
        self._phase.restore(state["phase"])


def _half_precision(device: torch.device) -> torch.dtype | None:
    """bfloat16 where it is no slower than float32, None elsewhere."""
    if device.type == "cuda":
        is_known = torch.cuda.is_bf16_supported()  # no cover: needs CUDA
    else:
        is_known = device.type == "cpu" and "AVX512" in torch.backends.cpu.get_cpu_capability()
    return torch.bfloat16 if is_known else None


def _diverged(step: int) -> InputRefused:
    return InputRefused(
        msg("Training the enhancer gave no finite loss after {n} steps.", n=step),
        msg("Use another seed, or train to the pixels alone (--l1-only)."),
        code="enhancer-diverged",
    )
