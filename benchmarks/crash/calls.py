"""Every call that a command makes on a folder, and a fault or a kill put into any one of them."""

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash.told import PIPE_VARIABLE
from benchmarks.crash.victim import ROOT

LIMIT_S = 120.0
FAULTS = {
    "full": ("ENOSPC", ("write", "pwrite64", "openat", "mkdir", "rename", "ftruncate")),
    "failing": ("EIO", ("write", "pwrite64", "pread64", "fsync", "fdatasync", "rename", "unlink")),
    "read-only": ("EROFS", ("openat", "rename", "mkdir", "unlink")),
}
CHANGING = ("write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "unlink", "ftruncate")
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)$", re.DOTALL)
_RESUMED = re.compile(r"^\d+ +<\.\.\. ")


@dataclass(frozen=True)
class Call:
    """The ``n``-th call of this name that a process makes, counted from 1."""

    name: str
    n: int


def calls_on(
    command: Sequence[str], folder: Path, names: Sequence[str], environment: Mapping[str, str]
) -> list[Call]:
    """Which of these calls the command's own process makes on files of ``folder``."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        tracer = ["strace", "-f", "-qq", "-y", "-s", "512", "-o", str(log)]
        tracer += ["-e", f"trace={','.join(names)}"]
        with (Path(scratch) / "told").open("wb") as pipe:
            subprocess.run(
                [*tracer, *command],
                cwd=ROOT,
                env={**os.environ, **environment, PIPE_VARIABLE: str(pipe.fileno())},
                pass_fds=(pipe.fileno(),),
                capture_output=True,
                check=True,
                timeout=LIMIT_S,
            )
        return _of_the_first(log.read_text(errors="replace").splitlines(), str(folder))


def with_fault(command: Sequence[str], call: Call, error: str, *, for_ever: bool) -> list[str]:
    """The command, with this call failing; ``for_ever``: and all later ones of its name."""
    when = f"{call.n}+" if for_ever else str(call.n)
    return _injecting(command, call, f"error={error}:when={when}")


def with_kill(command: Sequence[str], call: Call) -> list[str]:
    """The command, killed as it makes this call."""
    return _injecting(command, call, f"signal=KILL:when={call.n}")


def slowed(command: Sequence[str], milliseconds: int) -> list[str]:
    """The command on a disk that takes so long for each sync."""
    delay = f"inject=fsync,fdatasync:delay_exit={1000 * milliseconds}"
    tracer = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull]
    return [*tracer, "-e", "trace=fsync,fdatasync", "-e", delay, *command]


def _injecting(command: Sequence[str], call: Call, what: str) -> list[str]:
    tracer = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call.name}"]
    return [*tracer, "-e", f"inject={call.name}:{what}", *command]


def _of_the_first(lines: Sequence[str], folder: str) -> list[Call]:
    """strace counts by process: only the first one's calls are met again."""
    first = lines[0].split()[0]
    counts: Counter[str] = Counter()
    found = []
    for line in lines:
        made = _CALL.match(line)
        if made is None or _RESUMED.match(line) or made[1] != first:
            continue
        counts[made[2]] += 1
        if folder in made[3]:
            found.append(Call(made[2], counts[made[2]]))
    return found
