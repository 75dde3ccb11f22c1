"""What a power cut may leave of what was written: only what had been synced is sure (after Pillai 2014).

A write is sure once its file was synced, and a name once its folder was; of the rest a cut leaves any
part, in any order, torn at sectors. Source: T. S. Pillai et al., "All file systems are not created equal",
OSDI 2014, whose abstract persistence model this is, with renames kept atomic.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crash.recording import Op

SECTOR = 512
UNWRITTEN = ("-shm",)  # shared memory of SQLite, which it makes anew
NAMES = frozenset({"create", "rename", "unlink", "mkdir", "rmdir"})
CUTS = ("nothing unsynced", "names only", "contents only", "any part", "any part, torn", "all")


@dataclass
class _Inode:
    data: bytearray = field(default_factory=bytearray)
    is_folder: bool = False


@dataclass(frozen=True)
class _Step:
    """An operation with what it is about, and the step at which it became sure."""

    op: Op
    inode: int
    sure_from: int | None


class Disk:
    """A folder as it was before, and all that was done to it."""

    def __init__(self, before: dict[str, bytes | None], ops: list[Op]) -> None:
        self._before = before
        self._steps = list(_steps(before, ops))

    def __len__(self) -> int:
        return len(self._steps)

    def told(self, after: int) -> bytes:
        """All that had been told by then."""
        return b"".join(s.op.data for s in self._steps[:after] if s.op.kind == "told")

    def left(self, after: int, cut: str, dice: random.Random) -> dict[str, bytes | None]:
        """The files (None for folders) when the power goes after so many steps."""
        inodes: dict[int, _Inode] = {}
        names: dict[str, int] = {}
        for number, (name, content) in enumerate(self._before.items()):
            inodes[-1 - number] = _Inode(bytearray(content or b""), content is None)
            names[name] = -1 - number
        for step in self._steps[:after]:
            is_sure = step.sure_from is not None and step.sure_from < after
            if is_sure or _survives(step.op, cut, dice):
                torn = dice if cut.endswith("torn") and not is_sure else None
                _apply(step, inodes, names, torn)
        return _visible(inodes, names)


def contents(folder: Path) -> dict[str, bytes | None]:
    """All files of a folder, and its folders as None."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def write_contents(folder: Path, files: dict[str, bytes | None]) -> None:
    """Write what ``left`` gave as a folder."""
    folder.mkdir(parents=True)
    for name, content in sorted(files.items()):
        path = folder / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        elif not name.endswith(UNWRITTEN):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _steps(before: dict[str, bytes | None], ops: list[Op]) -> Iterator[_Step]:
    names = {name: -1 - number for number, name in enumerate(before)}
    about: list[int] = []
    for number, op in enumerate(ops):
        if op.kind in ("create", "mkdir"):
            names[op.path] = number
        about.append(names.get(op.path, 0))
        if op.kind == "rename":
            names[op.target] = names.pop(op.path)
        elif op.kind in ("unlink", "rmdir"):
            names.pop(op.path, None)
    syncs = [(n, op.path, about[n]) for n, op in enumerate(ops) if op.kind == "sync"]
    for number, op in enumerate(ops):
        sure = (
            n
            for n, path, inode in syncs
            if n > number
            and (path == _folder_of(op) if op.kind in NAMES else inode == about[number])
        )
        yield _Step(op, about[number], next(sure, None))


def _folder_of(op: Op) -> str:
    return (op.target or op.path).rpartition("/")[0]


def _survives(op: Op, cut: str, dice: random.Random) -> bool:
    if cut == "nothing unsynced":
        return False
    if cut in ("names only", "contents only"):
        return (op.kind in NAMES) == (cut == "names only")
    return cut == "all" or dice.random() < 0.5


def _apply(
    step: _Step, inodes: dict[int, _Inode], names: dict[str, int], torn: random.Random | None
) -> None:
    op, inode = step.op, inodes.setdefault(step.inode, _Inode())
    match op.kind:
        case "create" | "mkdir":
            inode.is_folder = op.kind == "mkdir"
            names[op.path] = step.inode
        case "rename":
            if names.get(op.path) == step.inode:
                del names[op.path]
            names[op.target] = step.inode
        case "unlink" | "rmdir":
            if names.get(op.path) == step.inode:
                del names[op.path]
        case "truncate":
            del inode.data[op.offset :]
            inode.data.extend(bytes(op.offset - len(inode.data)))
        case "write":
            for offset, piece in _pieces(op, torn):
                end = offset + len(piece)
                inode.data.extend(bytes(max(0, end - len(inode.data))))
                inode.data[offset:end] = piece


def _pieces(op: Op, torn: random.Random | None) -> Iterator[tuple[int, bytes]]:
    if torn is None:
        yield op.offset, op.data
        return
    for start in range(0, len(op.data), SECTOR):
        if torn.random() < 0.5:
            yield op.offset + start, op.data[start : start + SECTOR]


def _visible(inodes: dict[int, _Inode], names: dict[str, int]) -> dict[str, bytes | None]:
    """What can be reached: a file in a folder that was lost is lost too."""
    found: dict[str, bytes | None] = {}
    for name in sorted(names):
        folder = name.rpartition("/")[0]
        if not folder or (folder in found and found[folder] is None):
            inode = inodes[names[name]]
            found[name] = None if inode.is_folder else bytes(inode.data)
    return found
