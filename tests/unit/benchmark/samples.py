"""A scene that costs nothing, and a row of it as the document has it."""

import os
import signal
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.benchmark.machine import Limit, Machine
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

MACHINE = Machine(
    processor="A processor",
    cores=4,
    cores_used=2,
    threads=2,
    memory_gb=8.0,
    system="A system",
    python="3.11.9",
    her2desk="0.1.0",
    libraries={"numpy": "2.4.6"},
    gflops_float32=100.0,
    copy_gb_s=10.0,
    load_before=0.1,
    graphics_card=None,
)


@dataclass(frozen=True)
class StandIn(Scene):
    """Rows whose seconds are known beforehand; it may be absent, refuse, or die."""

    names: tuple[str, ...] = ("fast",)
    product_s: float = 0.01
    baseline_s: float = 1.0
    reason: str = ""
    ends: str = ""

    @property
    def rows(self) -> tuple[str, ...]:
        return self.names

    @property
    def baseline_name(self) -> Message:
        return msg("the slow way")

    @property
    def about(self) -> Mapping[str, Any]:
        return {"size": 3}

    def limit(self, _row: str) -> Limit:
        return Limit(flop=1e8, moved_bytes=1e7)

    def absent(self) -> Message | None:
        return Message(self.reason) if self.reason else None

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        def work(_number: int) -> float:
            if self.ends == "refuses":
                raise InputRefused(msg("No."), code="no")
            if self.ends == "fails":
                raise ZeroDivisionError
            if self.ends == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.ends == "hangs":
                signal.pause()
            return self.product_s

        return just({name: Side(work, 5, tells_s=True) for name in self.names})

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        return just(Side(lambda _number: self.baseline_s, 2, tells_s=True))

    def difference(self, product: Any, baseline: Any) -> float | None:
        return float(product / baseline)


def row_document(name: str, **figures: Any) -> dict[str, Any]:
    """A row of the document: 20 s against 100 ms, but for what is given."""
    return {
        "name": name,
        "baseline": "the slow way",
        "baseline_ms": 20_000.0,
        "baseline_p95_ms": 21_000.0,
        "baseline_rounds": 3,
        "baseline_peak_mb": 900.0,
        "baseline_above_warm_mb": 300.0,
        "product_ms": 100.0,
        "product_p95_ms": 120.0,
        "product_rounds": 30,
        "product_peak_mb": 500.0,
        "product_above_warm_mb": 20.0,
        "ratio": 200.0,
        "difference": None,
        "limit_ms": 90.0,
        "limit_gflop": 9.0,
        "limit_moved_mb": 0.0,
        "about": {"roi_px": 56_000, "frame": [400, 500]},
        **figures,
    }
