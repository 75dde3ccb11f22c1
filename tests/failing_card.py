"""A graphics card that is not there: torch takes its name, the processor computes; it fails when told."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

NAME = "cuda"


class FailingCard:
    """Counts what is asked of the card; the ``fail_at``-th time, and ever after, ``error`` is raised.

    Every crossing of torch's boundary counts: a network or a tensor going there, a network running
    there, a tensor coming back. ``forget`` lets the card work again, as another driver might.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.fail_at: int | None = None
        self.error: Callable[[], Exception] = lambda: RuntimeError("CUDA error: unknown error")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        really_module, really_tensor, really_back = nn.Module.to, torch.Tensor.to, torch.Tensor.cpu

        def module_to(module: nn.Module, device: Any, *rest: Any, **more: Any) -> nn.Module:
            if not _is_card(device):
                return really_module(module, device, *rest, **more)
            self.ask()
            module.register_forward_pre_hook(lambda *_: self.ask())
            return module

        def tensor_to(tensor: torch.Tensor, device: Any, *rest: Any, **more: Any) -> torch.Tensor:
            if not _is_card(device):
                return really_tensor(tensor, device, *rest, **more)
            self.ask()
            there = tensor.clone()
            there.is_on_card = True
            return there

        def back(tensor: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
            if self.is_running:
                self.ask()
            return really_back(tensor, *rest, **more)

        self.is_running = False
        monkeypatch.setattr(nn.Module, "to", module_to)
        monkeypatch.setattr(torch.Tensor, "to", tensor_to)
        monkeypatch.setattr(torch.Tensor, "cpu", back)

    def ask(self) -> None:
        """The card is used."""
        self.is_running = True
        self.asked += 1
        if self.fail_at is not None and self.asked >= self.fail_at:
            self.is_running = False
            raise self.error()

    def fails(self, at: int, error: Callable[[], Exception]) -> None:
        """From the ``at``-th use on, counted anew."""
        self.asked, self.fail_at, self.error = 0, at, error

    def forget(self) -> None:
        """Work again."""
        self.asked, self.fail_at = 0, None


def _is_card(device: object) -> bool:
    return str(device) == NAME
