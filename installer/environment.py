"""The environment that a bundle is cut from: clean, pinned by constraints.txt, then trimmed."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

from installer import trimming

FROM_SOURCE = "pyradiomics"  # has no wheels; built once, before it is installed
BUILD_BACKENDS = ("setuptools", "wheel", "numpy")
COMPILER = ("Babel", "hatchling")  # installer/catalogues.py
MADE = "environment.json"


@dataclass(frozen=True)
class Variant:
    """Which PyTorch goes into a bundle: its own constraints, and where its packages are found."""

    name: str
    constraints: tuple[str, ...]
    index: str


VARIANTS = {
    "cpu": Variant(
        "cpu",
        ("constraints.txt", "installer/constraints-cpu.txt"),
        "https://download.pytorch.org/whl/cpu",
    ),
    "gpu": Variant(
        "gpu",
        ("constraints.txt", "installer/constraints-gpu.txt"),
        "https://download.pytorch.org/whl/cu130",
    ),
}


@dataclass(frozen=True)
class Environment:
    """A trimmed environment: its Python, what is installed in it, what trimming took out (bytes)."""

    python: Path
    folder: Path
    distributions: tuple[str, ...]
    trimmed: dict[str, int]

    @property
    def site_packages(self) -> Path:
        """Where its packages lie."""
        return _site_packages(self.python)

    def compile_catalogues(self, source: Path) -> None:
        """Compile the translators' catalogues of a copy of the source, as a wheel's build does."""
        code = (
            "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
            "from installer.catalogues import compile_all; compile_all(Path(sys.argv[1]))"
        )
        tools = _python(self.folder / "tools")
        subprocess.run([str(tools), "-B", "-c", code, str(source)], check=True)

    @property
    def sbom(self) -> Path:
        """The list of its packages, before the tools that cut the bundle came in."""
        return self.folder / "packages.cdx.json"


def prepared(source: Path, work: Path, variant: Variant) -> Environment:
    """The environment for this source, made where it is not there yet."""
    folder = work / f"environment-{variant.name}-{_key(source, variant)}"
    if not (folder / MADE).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        _make(source, folder, variant)
    made = json.loads((folder / MADE).read_text(encoding="utf-8"))
    return Environment(
        _python(folder / "app"), folder, tuple(made["distributions"]), made["trimmed"]
    )


def _make(source: Path, folder: Path, variant: Variant) -> None:
    """Packages are installed by a second environment, so that no installer is among them."""
    tools, app = folder / "tools", folder / "app"
    venv.create(tools, with_pip=True)
    venv.create(app, with_pip=False)
    installs = _Installer(source, _python(tools), variant)
    wanted, (freezer, lister) = _requirements(source)
    installs.install(_python(tools), *BUILD_BACKENDS, lister, *COMPILER)
    wheels = folder / "wheels"
    installs.build(FROM_SOURCE, wheels)
    installs.install(_python(app), "--find-links", str(wheels), *wanted)
    packages = _installed(_python(app))
    _list_packages(_python(tools), _python(app), folder / "packages.cdx.json")
    site_packages = _site_packages(_python(app))
    trimmed = trimming.trim(site_packages)
    trimmed["debugging symbols"] = trimming.strip_symbols(site_packages)
    installs.install(_python(app), freezer)
    made = {"distributions": packages, "trimmed": trimmed}
    (folder / MADE).write_text(json.dumps(made, indent=1), encoding="utf-8")


def _requirements(source: Path) -> tuple[list[str], list[str]]:
    """What the program needs at a user's, and the tools that cut and list it."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["train"]], extras["bundle"]


class _Installer:
    """pip, held to the constraints; what it compiles holds no path of this machine."""

    def __init__(self, source: Path, pip: Path, variant: Variant) -> None:
        self._pip = [str(pip), "-m", "pip"]
        self._options = ["--disable-pip-version-check", "--quiet"]
        for name in variant.constraints:
            self._options += ["--constraint", str(source / name)]
        if not self._finds_torch():
            self._options += ["--extra-index-url", variant.index]
        self._environment = {**os.environ, "CFLAGS": "-g0 -O2", "LDFLAGS": "-Wl,--build-id=none"}

    def _finds_torch(self) -> bool:
        """Whether the configured package index has this PyTorch; PyPI has one kind for each system."""
        command = [*self._pip, "install", "--dry-run", "--no-deps", *self._options, "torch"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def install(self, python: Path, *wanted: str) -> None:
        command = [*self._pip, "--python", str(python), "install", "--no-compile", *self._options]
        subprocess.run([*command, *wanted], check=True, env=self._environment)

    def build(self, name: str, wheels: Path) -> None:
        command = [*self._pip, "wheel", "--no-deps", "--no-build-isolation", *self._options]
        command += ["--wheel-dir", str(wheels), name]
        subprocess.run(command, check=True, env=self._environment)


def _list_packages(tools: Path, app: Path, path: Path) -> None:
    lister = [str(tools), "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    lister += ["--spec-version", "1.6", "--output-file", str(path), str(app)]
    subprocess.run(lister, check=True)


def _installed(python: Path) -> list[str]:
    code = (
        "import json; from importlib.metadata import distributions as all_\n"
        "print(json.dumps(sorted({d.metadata['Name'] for d in all_()}, key=str.lower)))"
    )
    done = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True)
    names: list[str] = json.loads(done.stdout)
    return names


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


def _python(environment: Path) -> Path:
    inside = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return environment.joinpath(*inside)


def _key(source: Path, variant: Variant) -> str:
    found = hashlib.sha256(platform.python_version().encode())
    found.update(json.dumps(_requirements(source)).encode())
    for name in (*variant.constraints, "installer/trimming.py", "installer/environment.py"):
        found.update((source / name).read_bytes())
    return found.hexdigest()[:16]
