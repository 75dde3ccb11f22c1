"""Packs to test with: the demo pack under other names and versions, signed or not."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.enhancer_file import read_enhancer
from her2desk.packs.signing import signed_members
from her2desk.paths import demo_pack_path


@cache
def _demo() -> Mapping[str, bytes]:
    members = read_archive(demo_pack_path()).members
    return {name: content for name, content in members.items() if not name.startswith("preview/")}


def demo_members() -> dict[str, bytes]:
    """The demo pack's members but its pictures, to change."""
    return dict(_demo())


def version_members(version: str, name: str = "Ward pack") -> dict[str, bytes]:
    """A pack of this name and version that answers as the demo pack does."""
    members = demo_members()
    manifest = json.loads(members["manifest.json"])
    manifest.update(name=name, version=version, demo=False)
    members["manifest.json"] = json.dumps(manifest).encode()
    return members


def write_version(
    path: Path, version: str, key: Ed25519PrivateKey | None = None, name: str = "Ward pack"
) -> Path:
    """Write such a pack, signed where ``key`` is given."""
    members = version_members(version, name)
    write_archive(path, members if key is None else signed_members(members, key))
    return path


def write_enhancing(path: Path, enhancer: Path, name: str = "Enhancing pack") -> Path:
    """Write such a pack that enhances images by the enhancer in a file first."""
    opened = read_enhancer(enhancer)
    members = version_members("1.0", name)
    manifest = json.loads(members["manifest.json"])
    manifest["preprocessing"]["enhancement"] = {
        "method": opened.enhancer.method,
        "scale": opened.enhancer.scale,
        "sha256": opened.enhancer.sha256,
    }
    members["manifest.json"] = json.dumps(manifest).encode()
    write_archive(path, {**members, **opened.embedded})
    return path
