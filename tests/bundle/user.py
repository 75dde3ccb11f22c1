"""An ordinary user of a computer without a network: no rights, a home, a program that is read-only."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
# the program's folder is mounted read-only, then rights are given up
LOCKED = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
AS_NOBODY = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--no-new-privs",
)
LONGEST_S = 300
# a path, after the folder that it is relative to as strace -y writes it
_STRING = re.compile(r'(?:<((?:[^<>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')
_CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")


@dataclass(frozen=True)
class OrdinaryUser:
    """Runs commands as nobody; ``home`` is theirs."""

    home: Path

    @classmethod
    def moved_in(cls, home: Path) -> "OrdinaryUser":
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        return cls(home)

    @property
    def program(self) -> Path:
        """Where the program was installed."""
        return self.home / ".local" / "lib" / "her2desk"

    @property
    def command(self) -> Path:
        """What a terminal finds."""
        return self.home / ".local" / "bin" / "her2desk"

    def environment(self, **other: str) -> dict[str, str]:
        """What a desktop session gives a program."""
        return {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "USER": "nobody",
            "LOGNAME": "nobody",
            "LANG": "C.UTF-8",
            **other,
        }

    def run(self, *command: str | Path, **other: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the network and the disk that there are."""
        return self._run([*AS_NOBODY, *map(str, command)], other)

    def run_offline(self, *command: str | Path, **other: str) -> subprocess.CompletedProcess[str]:
        """Run it where there is no network but loopback, and the program's folder is read-only."""
        return self._run(self.offline(command), other)

    def offline(self, command: Sequence[str | Path], tracer: Sequence[str] = ()) -> list[str]:
        """The words that run a command so; ``tracer`` sees all that it does."""
        locked = ["sh", "-c", LOCKED, "sh", str(self.program), *tracer, *AS_NOBODY]
        return ["unshare", "--net", "--mount", *locked, *map(str, command)]

    def _run(self, command: list[str], other: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment(**other),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )


@dataclass(frozen=True)
class Call:
    """One system call that strace wrote: its words as they are there, and the paths among them."""

    name: str
    arguments: str
    succeeded: bool

    @property
    def paths(self) -> tuple[Path, ...]:
        """The strings among the arguments, as paths."""
        found = _STRING.findall(self.arguments)
        return tuple(Path(_unescaped(folder), _unescaped(name)) for folder, name in found)


def calls_in(trace: Path) -> list[Call]:
    """What a trace has of finished calls."""
    found = []
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _CALL.match(line)
        if match is not None:
            found.append(
                Call(match["name"], match["arguments"], not match["result"].startswith("-"))
            )
    return found


def _unescaped(text: str) -> str:
    raw = text.encode("latin-1", "replace").decode("unicode_escape").encode("latin-1", "replace")
    return raw.decode("utf-8", "replace")
