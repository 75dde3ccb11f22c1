"""How the program is installed here, as JSON: versions, the system, the pack and the library."""

import os
import platform
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from her2desk import __version__
from her2desk.bundle_manifest import BundleDamaged, bundle_root, read_manifest
from her2desk.diagnostics.library_place import connected_to_look
from her2desk.diagnostics.machine import Memory
from her2desk.errors import Her2DeskError
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path
from her2desk.policy import Policy
from her2desk.private_files import open_to_others
from her2desk.settings import PERSONAL, Settings
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.vault import is_encrypted
from her2desk.texts import CATALOGUE

KEPT_PACKS = "packs"
# Which of these are set is told, not what to: some hold paths.
TOLD_VARIABLES = ("HER2DESK_", "QT_", "CUDA_", "OMP_", "MKL_", "PYTHON", "LD_")


def program_facts() -> dict[str, Any]:
    """Versions of the program, Python and the system, and what the computer has."""
    return {
        "her2desk": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "memory_gib": round(Memory.here().total_gib, 1),
        "language": CATALOGUE.language,
        "bundle": _bundle_facts(bundle_root()),
        "variables": sorted(name for name in os.environ if name.startswith(TOLD_VARIABLES)),
    }


def policy_facts(policy: Policy) -> dict[str, Any]:
    """Which settings an administrator decides and what is forbidden, without a value or a place."""
    return {
        "files": len(policy.files),
        "is_sound": policy.is_sound,
        "locked": sorted(policy.locked),
        "defaults": sorted(policy.defaults),
        "forbidden": sorted(map(str, policy.forbidden)),
    }


def package_versions() -> dict[str, str]:
    """Every package that can be imported here, by name."""
    found = {str(one.metadata["Name"]): one.version for one in distributions()}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def pack_facts(settings: Settings, library: Path) -> dict[str, Any]:
    """The pack in use, and the digests of those that the library keeps."""
    chosen = Path(settings.pack_path) if settings.pack_path else demo_pack_path()
    kept = sorted(path.stem for path in (library / KEPT_PACKS).glob("*.h2pack"))
    try:
        pack = open_pack(chosen)
    except Her2DeskError as error:
        return {"refused": error.code, "kept": kept}
    facts = {"version": pack.identity.version, "digest": pack.digest, "demo": pack.identity.demo}
    return {**facts, "kept": kept}


def library_facts(library: Path) -> dict[str, Any]:
    """The library's schema, how much it holds, and whether only its owner can read it."""
    database = library / DATABASE_NAME
    facts: dict[str, Any] = {"exists": database.is_file()}
    if not database.is_file():
        return facts
    facts["encrypted"] = is_encrypted(library)
    try:
        if not facts["encrypted"]:
            facts |= _contents(database)
    except sqlite3.Error as error:
        facts["unreadable"] = type(error).__name__
    with suppress(OSError):
        facts["bytes"] = sum(size for size, _ in _entries(library))
        facts["open_to_others"] = sum(is_open for _, is_open in _entries(library))
    return facts


def _bundle_facts(root: Path | None) -> dict[str, str] | None:
    """Which build this is; None outside a bundle, and for one without a list of its files."""
    if root is None:
        return None
    try:
        built = read_manifest(root)
    except BundleDamaged:
        return None
    return {"version": built.version, "commit": built.commit, "variant": built.variant}


def _contents(database: Path) -> dict[str, Any]:
    with closing(connected_to_look(database)) as connection:
        return {
            "schema": connection.execute("PRAGMA user_version").fetchone()[0],
            "cases": connection.execute("SELECT count(*) FROM cases").fetchone()[0],
        }


def settings_facts(settings: Settings) -> dict[str, Any]:
    """The choices, without the reader's name and where the pack lies."""
    return {name: value for name, value in asdict(settings).items() if name not in PERSONAL}


def _entries(folder: Path) -> Iterator[tuple[int, bool]]:
    """Of each file its size, of each file and folder whether others can reach it."""
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):
            found = path.stat()
            yield (found.st_size if stat.S_ISREG(found.st_mode) else 0), open_to_others(path)
