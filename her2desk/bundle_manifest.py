"""What an installed bundle must hold, file by file, so that a broken copy is noticed and named.

The build writes ``bundle.json`` beside the executable. A Python environment has none, and nothing is
then checked.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from her2desk.errors import EXIT_OUR_FAULT, Her2DeskError
from her2desk.own_command import is_bundled
from her2desk.texts import msg

MANIFEST_NAME = "bundle.json"
FORMAT = 1
_BLOCK = 1 << 20
_SHOWN = 3


@dataclass(frozen=True)
class BundledFile:
    """One file of a bundle: its size in bytes and its SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class BundleManifest:
    """Which build this is, and every file that belongs to it by its path below the program folder."""

    version: str
    commit: str
    variant: str
    system: str
    machine: str
    files: Mapping[str, BundledFile]


class BundleDamaged(Her2DeskError):
    """Files of the installed program are absent or altered."""

    exit_code = EXIT_OUR_FAULT


def bundle_root() -> Path | None:
    """The program folder of the bundle that this process runs from; None in a Python environment."""
    if not is_bundled():
        return None
    folder = Path(sys.executable).resolve().parent
    return folder.parent / "Resources" if sys.platform == "darwin" else folder


def read_manifest(root: Path) -> BundleManifest:
    """The manifest of the bundle in ``root``; raises ``BundleDamaged`` where it cannot be read."""
    try:
        content = json.loads((root / MANIFEST_NAME).read_text(encoding="utf-8"))
        return _manifest(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged((MANIFEST_NAME,)) from error


def damaged_files(root: Path, *, reads_all: bool = True) -> tuple[str, ...]:
    """Paths below ``root`` that are absent, cut short or altered, in order; empty for a whole bundle.

    ``reads_all`` compares every byte, in seconds; without it the sizes, in a hundredth of one. A
    manifest that is absent or broken is itself the damage.
    """
    try:
        manifest = read_manifest(root)
    except BundleDamaged:
        return (MANIFEST_NAME,)
    return tuple(
        name
        for name, expected in sorted(manifest.files.items())
        if not _is_whole(root / name, expected, reads_all=reads_all)
    )


def refuse_damaged(root: Path | None) -> None:
    """Raise ``BundleDamaged`` where a file of the bundle is absent or of another size; quick."""
    if root is None:
        return
    damaged = damaged_files(root, reads_all=False)
    if damaged:
        raise _damaged(damaged)


def _manifest(content: Any) -> BundleManifest:
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    files = {
        _inside(name): BundledFile(int(size), str(digest))
        for name, (size, digest) in content["files"].items()
    }
    if not files:
        raise ValueError("no files")
    return BundleManifest(
        version=str(content["version"]),
        commit=str(content["commit"]),
        variant=str(content["variant"]),
        system=str(content["system"]),
        machine=str(content["machine"]),
        files=files,
    )


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(name)
    return name


def _is_whole(path: Path, expected: BundledFile, *, reads_all: bool) -> bool:
    try:
        if path.stat().st_size != expected.size:
            return False
        return not reads_all or _sha256(path) == expected.sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _damaged(names: tuple[str, ...]) -> BundleDamaged:
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return BundleDamaged(
        msg("This copy of Her2Desk is damaged: {names}.", names=shown),
        msg("Install it again; the library and the settings stay as they are."),
        code="bundle-damaged",
    )
