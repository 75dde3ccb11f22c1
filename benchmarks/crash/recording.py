"""What a process wrote to a folder, call by call, as strace heard it."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash.told import PIPE_VARIABLE
from benchmarks.crash.victim import ROOT

CALLS = (
    "openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,rename,"
    "renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,fsync,"
    "fdatasync,sync_file_range,copy_file_range,sendfile,lseek"
)
UNHEARD = "pwritev pwritev2 fallocate link linkat symlink symlinkat copy_file_range sendfile"
LIMIT_S = 120.0

_LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)", re.DOTALL)
_UNFINISHED = re.compile(r"^(\d+) +(\w+\(.*) <unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$", re.DOTALL)
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_OPEN_FILE = re.compile(r"^(-?\d+)<((?:\\x[0-9a-f]{2})*)>")


@dataclass(frozen=True)
class Op:
    """One call that matters to what is on disk; ``path`` is within the folder."""

    kind: str  # create, write, truncate, rename, unlink, mkdir, rmdir, sync, told
    path: str
    target: str = ""
    offset: int = 0
    data: bytes = b""


def is_available() -> bool:
    """Whether strace is here and may be used."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], check=False).returncode == 0


def record(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[Op]:
    """Run ``command`` to its end and give what it did to ``folder``, and what it told, in order.

    Raises ``RuntimeError`` where it fails, or writes in a way that is not followed here.
    """
    reader = _Reader(folder.resolve())
    with tempfile.TemporaryDirectory() as scratch:
        log, told = Path(scratch) / "log", Path(scratch) / "told"
        with told.open("wb") as pipe:
            env = {**os.environ, **environment, PIPE_VARIABLE: str(pipe.fileno())}
            # -y names the file behind each handle, -xx makes every string hexadecimal.
            tracer = ["strace", "-f", "-qq", "-y", "-xx", "-s", str(1 << 26), "-o", str(log)]
            done = subprocess.run(
                [*tracer, "-e", f"trace={CALLS}", *command],
                cwd=ROOT,
                env=env,
                pass_fds=(pipe.fileno(),),
                capture_output=True,
                check=False,
                timeout=LIMIT_S,
            )
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        return list(reader.ops(log, str(told.resolve())))


class _Reader:
    """Turns strace's lines into operations on one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = ""
        self._names = {str(path) for path in folder.rglob("*")}  # as it is before
        self._places: dict[str, int] = {}  # where the next write goes, by handle

    def ops(self, log: Path, told: str) -> Iterator[Op]:
        self._told = told
        begun: dict[str, str] = {}
        with log.open(encoding="ascii") as lines:
            for line in lines:
                if unfinished := _UNFINISHED.match(line.rstrip()):
                    begun[unfinished[1]] = unfinished[2]
                    continue
                if resumed := _RESUMED.match(line):
                    line = f"{resumed[1]} {begun.pop(resumed[1])}{resumed[2]}"
                if (call := _LINE.match(line)) and int(call[4]) >= 0:
                    yield from self._understood(call[2], call[3], int(call[4]))

    def _understood(self, name: str, arguments: str, result: int) -> Iterator[Op]:
        handle = _OPEN_FILE.match(arguments)
        opened = _text(handle[2]) if handle else ""
        strings = [_bytes(found) for found in _STRING.findall(arguments)]
        if name in UNHEARD.split() and self._is_ours(opened):
            raise RuntimeError(f"{name} is not followed")
        match name:
            case "openat" | "open" | "creat":
                yield from self._opened(strings[0].decode(), arguments, result)
            case "lseek":
                self._places[handle[1]] = result  # type: ignore[index]
            case "writev" if opened == self._told:
                yield Op("told", "", data=b"".join(strings)[:result])
            case "write" if handle and self._is_ours(opened):
                place = self._places.get(handle[1], 0)
                self._places[handle[1]] = place + result
                yield Op("write", self._name(opened), "", place, strings[0][:result])
            case "pwrite64" if self._is_ours(opened):
                place = int(arguments.rpartition(", ")[2])
                yield Op("write", self._name(opened), "", place, strings[0][:result])
            case "ftruncate" if self._is_ours(opened):
                yield Op("truncate", self._name(opened), "", int(arguments.rpartition(", ")[2]))
            case "fsync" | "fdatasync" if self._is_ours(opened):
                yield Op("sync", self._name(opened))
            case (
                "rename"
                | "renameat"
                | "renameat2"
                | "unlink"
                | "unlinkat"
                | "mkdir"
                | "mkdirat"
                | "rmdir"
            ):
                yield from self._renamed(name, [string.decode() for string in strings])

    def _opened(self, path: str, arguments: str, handle: int) -> Iterator[Op]:
        self._places[str(handle)] = 0
        if not self._is_ours(path):
            return
        if "O_CREAT" in arguments and path not in self._names:
            self._names.add(path)
            yield Op("create", self._name(path))
        elif "O_TRUNC" in arguments:
            yield Op("truncate", self._name(path), "", 0)
        if "O_APPEND" in arguments:
            raise RuntimeError("appending is not followed")

    def _renamed(self, name: str, paths: list[str]) -> Iterator[Op]:
        path, target = paths[0], paths[-1]
        if not self._is_ours(target):
            return
        kind = next(
            kind for kind in ("rename", "unlink", "mkdir", "rmdir") if name.startswith(kind)
        )
        (self._names.add if kind in ("rename", "mkdir") else self._names.discard)(target)
        if kind == "rename":
            self._names.discard(path)
        yield Op(kind, self._name(path), self._name(target) if kind == "rename" else "")

    def _is_ours(self, path: str) -> bool:
        return path == str(self._folder) or path.startswith(f"{self._folder}/")

    def _name(self, path: str) -> str:
        return path[len(str(self._folder)) :].lstrip("/")


def _bytes(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal.replace("\\x", ""))


def _text(hexadecimal: str) -> str:
    return _bytes(hexadecimal).decode(errors="surrogateescape")
