"""Builds the offline bundle of this system: ``make bundle``.

Out of the source as it lies here comes, in ``build/bundle/``, a folder with everything inside and what
is given to users: on Linux an archive with its installer and a Debian package. Windows and macOS
wrap the same folder (``installer/windows``, ``installer/macos``).
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installer import linux_products, papers, sealing, sizes, trimming
from installer.environment import VARIANTS, Environment, prepared

ROOT = Path(__file__).resolve().parent.parent
SPEC = Path("installer", "her2desk.spec")
PRODUCTS = ("archive", "deb")
PRESET = 6


@dataclass(frozen=True)
class Build:
    """One build: its source, where it works and leaves its products, and which it is."""

    source: Path
    work: Path
    out: Path
    variant: str
    version: str
    commit: str
    epoch: int

    @property
    def name(self) -> str:
        """What the products' file names begin with."""
        system = {"linux": "linux", "win32": "windows", "darwin": "macos"}[sys.platform]
        return f"her2desk-{self.version}-{system}-{platform.machine().lower()}-{self.variant}"


def main(arguments: Sequence[str]) -> int:
    """Build what the arguments ask for; prints what was made."""
    asked = _parse(arguments)
    build = Build(
        source=ROOT,
        work=asked.work.resolve(),
        out=asked.out.resolve(),
        variant=asked.variant,
        version=_version(),
        commit=_commit(),
        epoch=int(_git("log", "-1", "--format=%ct")),
    )
    build.work.mkdir(parents=True, exist_ok=True)
    build.out.mkdir(parents=True, exist_ok=True)
    environment = prepared(build.source, build.work, VARIANTS[build.variant])
    program = freeze(build, environment)
    made = []
    if sys.platform == "linux":
        made += linux_products.products(
            build.name, _facts(build, program), program, build.out, asked.products, asked.preset
        )
    facts = json.dumps(_facts(build, program), indent=1)
    (build.out / f"{build.name}.build.json").write_text(facts + "\n", encoding="utf-8")
    sizes.write(program, environment.trimmed, made, build.out / f"{build.name}.sizes")
    sums = _sums(made, build.out / f"{build.name}.{sealing.CHECKSUMS}")
    if asked.key is not None:
        sealing.sign(sums, asked.key)
    else:
        sys.stderr.write(
            "NOT SIGNED: no key was given (KEY=…), so nobody can tell who built this.\n"
        )
    for path in (*made, sums):
        sys.stdout.write(f"{path}\n")
    return 0


def freeze(build: Build, environment: Environment) -> Path:
    """The program folder, with its papers and its manifest."""
    frozen, scratch = build.work / "frozen" / build.variant, build.work / "scratch" / build.variant
    shutil.rmtree(frozen, ignore_errors=True)
    tracked = _snapshot(build, environment)
    variables = {
        "HER2DESK_SOURCE": str(tracked),
        "HER2DESK_VERSION": build.version,
        "HER2DESK_DISTRIBUTIONS": " ".join(environment.distributions),
        "PYTHONHASHSEED": "1",
        # stored: it loads quicker, and what is given to users is packed better as a whole
        "PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0",
        "SOURCE_DATE_EPOCH": str(build.epoch),
        "PYINSTALLER_CONFIG_DIR": str(build.work / "pyinstaller"),
    }
    icon = _icon(build, environment)
    if icon is not None:
        variables["HER2DESK_ICON"] = str(icon)
    command = [str(environment.python), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(frozen), "--workpath", str(scratch), str(tracked / SPEC)]
    subprocess.run(command, check=True, env={**os.environ, **variables})
    program = frozen / "her2desk"
    trimming.strip_symbols(program / "_internal")
    if icon is not None:
        shutil.copyfile(icon, program / icon.name)
    _add_papers(build, environment, program, scratch / "her2desk" / "COLLECT-00.toc")
    if sys.platform == "linux":
        linux_products.add_launcher(program)
    sealing.settle(program, build.epoch)
    sealing.write_manifest(program, _facts(build, program))
    if sys.platform == "linux":
        linux_products.finish_launcher(program)
    return program


def _icon(build: Build, environment: Environment) -> Path | None:
    """The icon in the system's own form; Linux takes the drawing."""
    ending = {"win32": ".ico", "darwin": ".icns"}.get(sys.platform)
    if ending is None:
        return None
    icon = build.work / f"her2desk{ending}"
    drawing = [str(build.source / "installer" / name) for name in ("icon.py", "linux/her2desk.svg")]
    subprocess.run([str(environment.python), *drawing, str(icon)], check=True)
    return icon


def _snapshot(build: Build, environment: Environment) -> Path:
    """A copy of what belongs to the source, with what is made of it (catalogues, help)."""
    copy = build.work / "source"
    shutil.rmtree(copy, ignore_errors=True)
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        origin, target = build.source / name, copy / name
        if origin.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, target)
    environment.compile_catalogues(copy)
    built_help = build.source / "build" / "help"
    if built_help.is_dir():
        shutil.copytree(built_help, copy / "assets" / "help", dirs_exist_ok=True)
    else:
        sys.stderr.write("The help is not built (make help), so this bundle has none.\n")
    return copy


def _add_papers(build: Build, environment: Environment, program: Path, toc: Path) -> None:
    origins = papers.collected(toc)
    system = papers.system_packages(origins, (environment.folder, build.work))
    papers.write_sbom(
        environment.sbom, system, build.version, environment.python, program / papers.SBOM
    )
    bare = papers.write_licences(
        environment.site_packages, environment.distributions, system, program / papers.LICENCES
    )
    if bare:
        sys.stderr.write(f"Without a licence text of their own: {', '.join(bare)}\n")
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(build.source / name, program / name)


def _facts(build: Build, program: Path) -> dict[str, str]:
    return {
        "version": build.version,
        "commit": build.commit,
        "variant": build.variant,
        "system": sys.platform,
        "machine": platform.machine(),
        "epoch": str(build.epoch),
        "glibc": linux_products.needed_glibc(program) if sys.platform == "linux" else "",
    }


def _sums(made: Sequence[Path], path: Path) -> Path:
    lines = [f"{sealing.sha256(product)}  {product.name}\n" for product in made]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _version() -> str:
    text = (ROOT / "her2desk" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    assert found is not None
    return found[1]


def _commit() -> str:
    """The commit, and a mark where the source is no longer the commit's."""
    changed = _git("status", "--porcelain").strip()
    return _git("rev-parse", "HEAD").strip() + ("+changes" if changed else "")


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bundle", description=__doc__)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="cpu")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bundle" / "work")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bundle")
    parser.add_argument("--products", nargs="*", choices=PRODUCTS, default=list(PRODUCTS))
    parser.add_argument("--preset", type=int, default=PRESET, help="xz, 0 (quick) to 9 (small)")
    parser.add_argument("--key", type=Path, help="OpenSSH key that signs the checksums")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
