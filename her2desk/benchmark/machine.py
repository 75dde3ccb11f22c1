"""The machine that was measured on, and how fast it is at best; no names of it, no paths."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from her2desk import __version__

LIBRARIES = (
    "numpy", "scipy", "torch", "monai", "pyradiomics", "SimpleITK", "scikit-image", "pydicom",
    "PySide6-Essentials", "pyqtgraph",
)  # fmt: skip
MATRIX = 3072  # float32, 38 MB each: larger than a cache
COPIED_BYTES = 2**28
TRIES = 5
GB = 2**30


@dataclass(frozen=True)
class Machine:
    """``gflops_float32`` is a large matrix product's, ``copy_gb_s`` bytes read and written of a copy.

    ``load_before`` is how many programs wanted to run when it began, this one not counted; None where
    the system does not tell. Busy, it makes every figure worse.
    """

    processor: str
    cores: int
    cores_used: int
    threads: int
    memory_gb: float | None
    system: str
    python: str
    her2desk: str
    libraries: dict[str, str]
    gflops_float32: float
    copy_gb_s: float
    load_before: float | None
    graphics_card: str | None

    def at_best(self, again: "Machine") -> "Machine":
        """This machine as fast as it was at the better of two times."""
        return replace(
            self,
            gflops_float32=max(self.gflops_float32, again.gflops_float32),
            copy_gb_s=max(self.copy_gb_s, again.copy_gb_s),
        )


@dataclass(frozen=True)
class Limit:
    """What cannot be had for less: arithmetic that must be done, bytes that must be moved."""

    flop: float = 0.0
    moved_bytes: float = 0.0

    def ms(self, machine: Machine) -> float | None:
        """Milliseconds at the machine's measured best; None where there is no such limit."""
        if not self.flop and not self.moved_bytes:
            return None
        return self.flop / machine.gflops_float32 / 1e6 + self.moved_bytes / machine.copy_gb_s / 1e6


NO_LIMIT = Limit()


def this_machine(load_before: float | None = None) -> Machine:
    """Look at and measure this machine; takes some seconds and 0.7 GB."""
    import torch

    card = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        cores_used=usable_cores(),
        threads=torch.get_num_threads(),
        memory_gb=_memory_gb(),
        system=_system(),
        python=platform.python_version(),
        her2desk=__version__,
        libraries={name: found for name in LIBRARIES if (found := _version(name)) is not None},
        gflops_float32=round(_gflops(), 1),
        copy_gb_s=round(_copy_gb_s(), 1),
        load_before=load_before,
        graphics_card=card,
    )


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_now() -> float | None:
    """How many programs want to run, over the last minute; None where the system does not tell."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def _gflops() -> float:
    import torch

    left, right = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    return 2 * MATRIX**3 / _best_s(lambda: left @ right) / 1e9


def _copy_gb_s() -> float:
    import torch

    source = torch.ones(COPIED_BYTES, dtype=torch.uint8)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / _best_s(lambda: target.copy_(source)) / 1e9


def _best_s(work: Callable[[], Any]) -> float:
    """The shortest of a few tries: what the machine can do, not what it does beside others."""
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def _processor() -> str:
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    about = Path("/proc/cpuinfo")
    if about.exists():
        for line in about.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _system() -> str:
    """The system and its version, without what the owner may have named it."""
    try:
        found = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        found = f"{platform.system()} {platform.release()}"
    return f"{found}, {platform.machine()}"


def _memory_gb() -> float | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GB, 1)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
