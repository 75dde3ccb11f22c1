"""How the generator is fitted: first to the pixels alone (L1), then against a discriminator too.

The generator learns to be near the true picture; against the discriminator it learns not to be
smoother than one. The discriminator sees the enlarged image beside the picture, as in pix2pix (Isola
et al., CVPR 2017): a structure is judged by whether this image lets it be there. The feature loss is
taken from the discriminator's own layers (Wang et al., pix2pixHD, CVPR 2018), so no weights come from
outside.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from her2desk.enhancement.generator import Generator

MARGIN_PX = 8  # enhanced pixels at a patch's edge, which lack neighbours, are not learnt from
SLOPE = 0.2
DISCRIMINATOR_BETAS = (0.5, 0.99)

Losses = Mapping[str, float]


@dataclass(frozen=True)
class LossWeights:
    """What each loss of the generator counts for; grey values are 0–1.

    Chosen by ``benchmarks/enhancer_losses.py``: of the error in speckle that the pixels alone leave,
    a seventh to a third goes, for 0.03 dB of PSNR; 2.5 and 4 times the weights cost 0.25 dB.
    """

    l1: float = 1.0
    adversarial: float = 0.002
    features: float = 0.05


class Enlarging:
    """The generator at work while it learns, the network in half precision where that pays."""

    def __init__(
        self, generator: Generator, device: torch.device, half: torch.dtype | None
    ) -> None:
        self.generator = generator
        self._device, self._half = device, half

    def __call__(self, low: torch.Tensor) -> torch.Tensor:
        """The enhanced patches without their edges, projected in full precision."""
        with self.autocast():
            added = self.generator.added(low.contiguous(memory_format=torch.channels_last))
        return interior(self.generator.completed(added.float(), low))

    def enlarged(self, low: torch.Tensor) -> torch.Tensor:
        """The patches as interpolation enlarges them, without their edges."""
        scale = self.generator.degradation.scale
        return interior(
            nn.functional.interpolate(low, scale_factor=scale, mode="bicubic", align_corners=False)
        )

    def autocast(self) -> torch.autocast:
        """Half precision for what is done inside."""
        return torch.autocast(self._device.type, self._half, enabled=self._half is not None)


def interior(high: torch.Tensor) -> torch.Tensor:
    """A patch without its edge."""
    return high[..., MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


class Phase(Protocol):
    """A way of fitting the generator, one step at a time."""

    def step(self, low: torch.Tensor, high: torch.Tensor) -> Losses:
        """Fit to a batch; the losses by name."""

    def state(self) -> dict[str, Any]:
        """All that the next step depends on beside the generator and the batch."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""


class PixelPhase:
    """The mean absolute difference of each pixel, with a one-cycle learning rate."""

    def __init__(self, enlarging: Enlarging, rate: float, steps: int) -> None:
        self._enlarging = enlarging
        self._optimiser = torch.optim.Adam(enlarging.generator.parameters(), rate)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(self._optimiser, rate, steps)

    def step(self, low: torch.Tensor, high: torch.Tensor) -> Losses:
        """Fit to a batch."""
        loss = nn.functional.l1_loss(self._enlarging(low), interior(high))
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._schedule.step()
        return {"l1": float(loss.detach())}

    def state(self) -> dict[str, Any]:
        """The optimiser's."""
        return {
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])


class Discriminator(nn.Module):
    """Whether each patch of a picture is a true one: three strides, spectrally normalised.

    Miyato et al., ICLR 2018. A place that it judges has seen 38 × 38 pixels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = [(2, width, 4, 2), (width, 2 * width, 4, 2), (2 * width, 4 * width, 4, 2)]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, size, stride, padding=1))
            for before, after, size, stride in sizes
        )
        self.judge = spectral_norm(nn.Conv2d(4 * width, 1, 3, padding=1))

    def forward(self, picture: torch.Tensor, enlarged: torch.Tensor) -> list[torch.Tensor]:
        """What each layer finds in pictures (n, 1, rows, columns), and last how true they seem."""
        found = [torch.cat([picture, enlarged], dim=1)]
        for layer in self.layers:
            found.append(nn.functional.leaky_relu(layer(found[-1]), SLOPE))
        return [*found[1:], self.judge(found[-1])]


class AdversarialPhase:
    """A hinge game (Lim & Ye 2017) beside the pixels, learning rates falling to nothing."""

    def __init__(
        self,
        enlarging: Enlarging,
        discriminator: Discriminator,
        rates: tuple[float, float],
        steps: int,
        weights: LossWeights,
    ) -> None:
        self._enlarging, self._discriminator, self._weights = enlarging, discriminator, weights
        own, other = rates
        self._optimisers = (
            torch.optim.Adam(enlarging.generator.parameters(), own),
            torch.optim.Adam(discriminator.parameters(), other, DISCRIMINATOR_BETAS),
        )
        self._schedules = [
            torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
            for optimiser in self._optimisers
        ]

    def step(self, low: torch.Tensor, high: torch.Tensor) -> Losses:
        """Fit the discriminator to a batch, then the generator."""
        true, enlarged = interior(high), self._enlarging.enlarged(low)
        made = self._enlarging(low)
        told_apart = self._fit_discriminator(true, made.detach(), enlarged)
        losses = self._fit_generator(true, made, enlarged)
        for schedule in self._schedules:
            schedule.step()
        return {**losses, "discriminator": told_apart}

    def _fit_discriminator(
        self, true: torch.Tensor, made: torch.Tensor, enlarged: torch.Tensor
    ) -> float:
        is_true, is_made = self._judged(true, enlarged)[-1], self._judged(made, enlarged)[-1]
        loss = torch.relu(1 - is_true).mean() + torch.relu(1 + is_made).mean()
        self._optimisers[1].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimisers[1].step()
        return float(loss.detach())

    def _fit_generator(
        self, true: torch.Tensor, made: torch.Tensor, enlarged: torch.Tensor
    ) -> dict[str, float]:
        with torch.no_grad():
            wanted = self._judged(true, enlarged)[:-1]
        self._discriminator.requires_grad_(False)
        *found, judged = self._judged(made, enlarged)
        self._discriminator.requires_grad_(True)
        pairs = zip(found, wanted, strict=True)
        parts = {
            "l1": nn.functional.l1_loss(made, true),
            "adversarial": -judged.mean(),
            "features": torch.stack([nn.functional.l1_loss(f, w) for f, w in pairs]).mean(),
        }
        weighted = [getattr(self._weights, name) * part for name, part in parts.items()]
        self._optimisers[0].zero_grad()
        torch.stack(weighted).sum().backward()  # type: ignore[no-untyped-call]
        self._optimisers[0].step()
        return {name: float(part.detach()) for name, part in parts.items()}

    def _judged(self, picture: torch.Tensor, enlarged: torch.Tensor) -> list[torch.Tensor]:
        with self._enlarging.autocast():
            found = self._discriminator(picture, enlarged)
        return [layer.float() for layer in found]

    def state(self) -> dict[str, Any]:
        """The discriminator's and the optimisers'."""
        return {
            "discriminator": self._discriminator.state_dict(),
            "parts": [part.state_dict() for part in self._parts()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        self._discriminator.load_state_dict(state["discriminator"])
        for part, own in zip(self._parts(), state["parts"], strict=True):
            part.load_state_dict(own)

    def _parts(self) -> Iterator[Any]:
        yield from self._optimisers
        yield from self._schedules
