"""From before the process to the first paint of a window."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.texts import Message, msg

LIMIT_S = 120


@dataclass(frozen=True)
class StartScene(Scene):
    """Two programs as Python text, given a library's folder; each ends by itself after its first paint."""

    row: str
    product_code: str
    baseline_code: str
    product_rounds: int = 15
    baseline_rounds: int = 15
    is_weighed: bool = field(default=False, kw_only=True)  # its processes end themselves

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.row,)

    @property
    def baseline_name(self) -> Message:
        return msg("an empty PySide6 and pyqtgraph window")

    def absent(self) -> Message | None:
        if getattr(sys, "frozen", False):
            return msg(
                "The installed program has no Python beside it to open an empty window with."
            )
        return None

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        return just({self.row: _started(self.product_code, place, self.product_rounds)})

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        return just(_started(self.baseline_code, place, self.baseline_rounds))


def _started(code: str, place: Path, rounds: int) -> Side:
    library = place / "library"

    def start(_number: int) -> float:
        before = time.time()
        command = [sys.executable, "-c", code, str(library)]
        told = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            timeout=LIMIT_S,
            env=_environment(place),
        )
        return float(told.stdout.split()[0]) - before

    return Side(start, rounds, tells_s=True)


def _environment(place: Path) -> dict[str, str]:
    """A home of its own, modules compiled as an installed program's are, no screen where there is none."""
    environment = dict(
        os.environ, HER2DESK_HOME=str(place), PYTHONPYCACHEPREFIX=str(place / "compiled")
    )
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    has_screen = sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(environment)
    if not has_screen:
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return environment
