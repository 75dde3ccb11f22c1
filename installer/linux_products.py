"""What Linux users are given: an archive with its installer for anyone, a package for administrators."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from installer import sealing

SCRIPTS = Path(__file__).resolve().parent / "linux"
KB = 1024
LOADER = (
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
)
SPOKEN_BY = ("her2desk", "_internal/base_library.zip", sealing.MANIFEST)
DEB_FOLDER = "opt/her2desk"
_GLIBC = re.compile(rb"GLIBC_2\.(\d+)\x00")
_NEEDED = re.compile(r"\(NEEDED\)\s+Shared library: \[([^]]+)\]")


def add_launcher(program: Path) -> None:
    """Put the starter, the menu entry and the icon into the program folder."""
    for name, mode in (("launch", 0o755), ("her2desk.desktop", 0o644), ("her2desk.svg", 0o644)):
        shutil.copyfile(SCRIPTS / name, program / name)
        (program / name).chmod(mode)


def finish_launcher(program: Path) -> None:
    """List what the starter itself looks at; after the manifest, which it is about."""
    python = sorted(path.relative_to(program) for path in program.glob("_internal/libpython*"))
    parts = [*SPOKEN_BY, *map(str, python)]
    lines = [f"{(program / part).stat().st_size} {part}\n" for part in parts]
    (program / "launch.parts").write_text("".join(lines), encoding="utf-8")


def needed_glibc(program: Path) -> str:
    """The oldest GNU C library that every part of the program can do with, such as ``2.34``."""
    newest = 0
    for path in _binaries(program):
        newest = max([newest, *map(int, _GLIBC.findall(path.read_bytes()))])
    return f"2.{newest}"


def needed_packages(program: Path) -> list[str]:
    """Debian's packages of the libraries that the program asks the system for."""
    needed, inside = set[str](), {path.name for path in program.rglob("*")}
    for path in _binaries(program):
        shown = subprocess.run(
            ["readelf", "-dW", str(path)], capture_output=True, text=True, check=True
        )
        needed |= set(_NEEDED.findall(shown.stdout))
    absent = sorted(needed - inside - set(LOADER))
    packages = {package for name in absent if (package := _package_of(name)) is not None}
    return sorted(packages - {"libc6"})  # asked for by its version


def products(
    name: str, facts: dict[str, str], program: Path, out: Path, wanted: Sequence[str], preset: int
) -> list[Path]:
    """Make the archive, the package or both of the program folder."""
    epoch = int(facts["epoch"])
    made = []
    if "archive" in wanted:
        folder = program.parent / name
        lay_out(folder, facts, program)
        made.append(out / f"{name}.tar.xz")
        sealing.pack_xz(folder, made[-1], epoch, preset)
        shutil.rmtree(folder)
    if "deb" in wanted:
        made.append(out / f"{name}.deb")
        root = program.parent / "deb"
        _lay_out_deb(root, facts, program)
        sealing.pack_deb(root, made[-1], epoch, preset)
        shutil.rmtree(root)
    return made


def lay_out(folder: Path, facts: dict[str, str], program: Path) -> None:
    """The archive's folder; the program's files are hard links, not copies."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(program, folder / "program", symlinks=True, copy_function=os.link)
    for script in ("install.sh", "uninstall.sh"):
        shutil.copyfile(SCRIPTS / script, folder / script)
        (folder / script).chmod(0o755)
    size = sum(p.stat().st_size for p in program.rglob("*") if not p.is_symlink()) // KB
    lines = [
        f"{key}={facts[key]}\n" for key in ("version", "commit", "variant", "machine", "glibc")
    ]
    (folder / "facts").write_text("".join([*lines, f"size_kb={size}\n"]), encoding="utf-8")
    sealing.write_checksums(folder)
    sealing.settle(folder, int(facts["epoch"]))


def _lay_out_deb(root: Path, facts: dict[str, str], program: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    inside = root / DEB_FOLDER
    shutil.copytree(program, inside, symlinks=True, copy_function=os.link)
    links = {"usr/bin/her2desk": f"/{DEB_FOLDER}/launch"}
    icons, entries = root / "usr/share/icons/hicolor/scalable/apps", root / "usr/share/applications"
    papers = root / "usr/share/doc/her2desk"
    for folder in (icons, entries, papers, root / "usr/bin", root / "DEBIAN"):
        folder.mkdir(parents=True)
    for name, target in links.items():
        (root / name).symlink_to(target)
    shutil.copyfile(program / "her2desk.svg", icons / "her2desk.svg")
    entry = (program / "her2desk.desktop").read_text(encoding="utf-8")
    (entries / "her2desk.desktop").write_text(
        entry.replace("@LAUNCH@", f"/{DEB_FOLDER}/launch"), encoding="utf-8"
    )
    shutil.copyfile(program / "LICENSE", papers / "copyright")
    (root / "DEBIAN" / "control").write_text(_control(root, facts, program), encoding="utf-8")
    sealing.settle(root, int(facts["epoch"]))


def _control(root: Path, facts: dict[str, str], program: Path) -> str:
    size = sum(p.stat().st_size for p in root.rglob("*") if p.is_file() and not p.is_symlink())
    depends = [f"libc6 (>= {facts['glibc']})", *needed_packages(program)]
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[facts["machine"]]
    return (
        "Package: her2desk\n"
        f"Version: {facts['version']}\n"
        f"Architecture: {architecture}\n"
        "Maintainer: Her2Desk developers <her2desk@users.noreply.github.com>\n"
        f"Installed-Size: {size // KB}\n"
        f"Depends: {', '.join(depends)}\n"
        "Section: science\n"
        "Priority: optional\n"
        "Description: offline estimates of HER-2 status from breast ultrasound\n"
        " Everything is inside; nothing is downloaded, and no network is used unless an archive (PACS)\n"
        " is set up. For research.\n"
    )


def _binaries(program: Path) -> Iterator[Path]:
    for path in sorted(program.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def _package_of(library: str) -> str | None:
    done = subprocess.run(
        ["dpkg", "-S", f"*/{library}"], capture_output=True, text=True, check=False
    )
    return done.stdout.split(":")[0] if done.returncode == 0 else None
