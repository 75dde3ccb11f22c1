"""The last steps of a bundle: what it must hold, in one archive, with its checksum and signature.

The same files give the same bytes: names are sorted, owners, times and modes are set.
"""

import hashlib
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

MANIFEST = "bundle.json"  # her2desk/bundle_manifest.py reads it
CHECKSUMS = "SHA256SUMS"
SIGNED_AS = "her2desk"
BLOCK_SIZE = "32MiB"  # xz's own blocks: the result is the same on any number of cores
DICTIONARY = "32MiB"


def write_manifest(program: Path, facts: dict[str, Any]) -> None:
    """Write which build this is, and the size and SHA-256 of each of its files."""
    files = {
        path.relative_to(program).as_posix(): [path.stat().st_size, sha256(path)]
        for path in sorted(program.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    content = {"format": 1, **facts, "files": files}
    text = json.dumps(content, indent=0, ensure_ascii=False, sort_keys=True)
    (program / MANIFEST).write_text(text + "\n", encoding="utf-8")


def settle(folder: Path, epoch: int) -> None:
    """Set modes and times: for everyone to read, for nobody but the owner to write."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            os.utime(path, (epoch, epoch), follow_symlinks=False)
            continue
        is_run = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_run else 0o644)
        os.utime(path, (epoch, epoch))


def write_checksums(folder: Path, name: str = CHECKSUMS) -> Path:
    """Write what ``sha256sum --check`` reads: every file below ``folder``."""
    listed = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink()]
    lines = [f"{sha256(p)}  {p.relative_to(folder).as_posix()}\n" for p in listed if p.name != name]
    path = folder / name
    path.write_text("".join(lines), encoding="utf-8")
    return path


def pack_xz(folder: Path, path: Path, epoch: int, preset: int) -> None:
    """Pack ``folder`` under its own name."""
    packer = ["xz", f"--block-size={BLOCK_SIZE}", "--threads=0", "--x86"]
    packer += [f"--lzma2=preset={preset},dict={DICTIONARY}", "--stdout"]
    with path.open("wb") as target:
        packing = subprocess.Popen(packer, stdin=subprocess.PIPE, stdout=target)
        assert packing.stdin is not None
        with tarfile.open(fileobj=packing.stdin, mode="w|", format=tarfile.GNU_FORMAT) as archive:
            _add(archive, folder, folder.name, epoch)
        packing.stdin.close()
        if packing.wait():
            raise OSError(f"xz could not pack {path.name}")


def pack_deb(root: Path, path: Path, epoch: int, preset: int) -> None:
    """Pack what lies below ``root`` as it shall lie on the system; ``DEBIAN/`` has its control file."""
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{preset}", "--build"]
    # the packed bytes are the same on any number of cores, but not on one and on several
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "DPKG_DEB_THREADS_MAX": "2"}
    subprocess.run([*command, str(root), str(path)], check=True, env=environment)


def sign(path: Path, key: Path) -> Path:
    """Sign with an OpenSSH key; ``ssh-keygen -Y verify`` checks it, on all three systems."""
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", SIGNED_AS, "-f", str(key), str(path)], check=True
    )
    return path.with_name(path.name + ".sig")


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(archive: tarfile.TarFile, path: Path, name: str, epoch: int) -> None:
    entry = archive.gettarinfo(path, name)
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = epoch
    if entry.isreg():
        with path.open("rb") as file:
            archive.addfile(entry, file)
        return
    archive.addfile(entry)
    if path.is_dir() and not path.is_symlink():
        for inner in sorted(path.iterdir()):
            _add(archive, inner, f"{name}/{inner.name}", epoch)
