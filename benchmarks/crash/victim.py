"""A process that works on a library and is killed at a chosen instant."""

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash.told import PIPE_VARIABLE, Fact, understood

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 1 << 16
LONGEST_S = 120.0
SETTLING_S = 20.0


@dataclass(frozen=True)
class Instant:
    """``seconds`` after the start or, where ``said`` is given, after that was told ``times`` times."""

    seconds: float
    said: str = ""
    times: int = 1


@dataclass(frozen=True)
class Death:
    """How a victim ended: what it had told by then, and whether the kill came before its own end.

    ``survivors`` are processes it had started and that were still there when nobody was left whom
    they could work for.
    """

    facts: list[Fact]
    was_killed: bool
    exit_code: int
    seconds: float
    output: str
    errors: str
    survivors: int = 0


class _Ear:
    """Hears what the victim tells, without a pause: a full pipe would hold it up."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self.told = b""
        self.is_open = True

    def listen(self, seconds: float) -> None:
        ready, _, _ = select.select([self._pipe], [], [], max(0.0, seconds))
        if ready:
            chunk = os.read(self._pipe, CHUNK)
            self.told += chunk
            self.is_open = bool(chunk)

    def listen_to_the_end(self) -> None:
        while self.is_open:
            self.listen(LONGEST_S)

    def wait_for(self, instant: Instant, limit_s: float) -> None:
        """Return at the instant; earlier where the victim ended."""
        end = time.monotonic() + limit_s
        mark = f'"said": "{instant.said}"'.encode()
        while instant.said and self.told.count(mark) < instant.times:
            if not self.is_open or time.monotonic() > end:
                return
            self.listen(0.5)
        end = time.monotonic() + instant.seconds
        while self.is_open and (left := end - time.monotonic()) > 0:
            self.listen(left)


def kill_at(
    command: Sequence[str],
    instant: Instant,
    environment: Mapping[str, str],
    *,
    alone: bool = False,
    limit_s: float = LONGEST_S,
) -> Death:
    """Start ``command``, and send SIGKILL to it and all that it started when the instant comes.

    ``alone`` kills only the process itself, as the system does when memory runs out. The victim's pipe
    for what it tells is named in its environment.
    """
    read_end, write_end = os.pipe()
    env = {**os.environ, **environment, PIPE_VARIABLE: str(write_end)}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            pass_fds=(write_end,),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        os.close(write_end)
        ear = _Ear(read_end)
        survivors = 0
        try:
            ear.wait_for(instant, limit_s)
            was_running = process.poll() is None
            if alone and was_running:
                process.kill()
                process.wait()
                survivors = _survivors(process.pid)
            _kill_group(process.pid)
            code = process.wait()
            ear.listen_to_the_end()
        finally:
            _kill_group(process.pid)
            process.wait()
            os.close(read_end)
        seconds = time.monotonic() - began
        said = [_text(file.fileno()) for file in (output, errors)]
    was_killed = was_running and code == -signal.SIGKILL
    return Death(understood(ear.told), was_killed, code, seconds, *said, survivors)


def run_to_the_end(
    command: Sequence[str], environment: Mapping[str, str], limit_s: float = LONGEST_S
) -> Death:
    """Start ``command`` and let it end by itself; killed where it takes longer than ``limit_s``."""
    return kill_at(command, Instant(limit_s), environment)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _survivors(group: int) -> int:
    """How many of the group are left after they had time to notice that nobody is there."""
    end = time.monotonic() + SETTLING_S
    while (alive := _alive(group)) and time.monotonic() < end:
        time.sleep(0.1)
    return alive


def _alive(group: int) -> int:
    count = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, found = entry.read_text().rpartition(")")[2].split()[:3]
            count += int(found) == group and state != "Z"
    return count


def _text(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    parts = []
    while chunk := os.read(file, CHUNK):
        parts.append(chunk)
    return b"".join(parts).decode(errors="replace")
