"""What processes took, memory and time; where Linux's /proc tells, and nowhere guessed."""

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
MB = 2**20
_FORGET_THE_PEAK = "5"  # proc(5), clear_refs


def peak_bytes() -> int:
    """The most memory that this process had; on Linux getrusage tells that of its parent too."""
    told = _told("self", "VmHWM")
    if told is not None:
        return told
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def family(process: int | None = None) -> list[int]:
    """A process, this one where not given, and all that it started, and those that they started."""
    children = defaultdict(list)
    for status in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            children[parent].append(int(status.parent.name))
    found = [os.getpid() if process is None else process]
    for one in found:
        found += children[one]
    return found


def resident_mb(processes: Iterable[int]) -> float | None:
    """Memory that the processes have now, added up; None where the system does not tell."""
    return _sum_mb(processes, "VmRSS")


def peak_mb(processes: Iterable[int]) -> float | None:
    """The most that each had since ``forget_peaks``, added up; None where the system does not tell."""
    return _sum_mb(processes, "VmHWM")


def forget_peaks(processes: Iterable[int]) -> None:
    """Let each peak begin anew from what the process has now, where the system can."""
    for one in processes:
        with suppress(OSError):
            (PROC / str(one) / "clear_refs").write_text(_FORGET_THE_PEAK)


def processor_s(process: int) -> float | None:
    """Seconds that a process's threads have worked; None where the system does not tell."""
    try:
        text = (PROC / str(process) / "stat").read_text()
    except OSError:
        return None
    user, system = text.rpartition(")")[2].split()[11:13]  # proc(5): utime, stime
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _sum_mb(processes: Iterable[int], name: str) -> float | None:
    told = [found for one in processes if (found := _told(str(one), name)) is not None]
    return sum(told) / MB if told else None


def _told(process: str, name: str) -> int | None:
    """Bytes on one line of a process's status; None for one that ended or another system."""
    try:
        text = (PROC / process / "status").read_text()
    except OSError:
        return None
    line = next((x for x in text.splitlines() if x.startswith(f"{name}:")), None)
    return None if line is None else int(line.split()[1]) * 1024
