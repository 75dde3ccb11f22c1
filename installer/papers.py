"""What is said of a bundle's contents: the list of its parts (CycloneDX) and their licences."""

import ast
import json
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from typing import Any

SBOM = "sbom.cdx.json"
LICENCES = "THIRD-PARTY-LICENSES.txt"
FREEZER = "pyinstaller"
RULE = "=" * 78
LICENCE_NAMES = ("licen", "copying", "notice", "authors", "copyright")

# The texts for wheels that name their licence and bring no text of it.
KEPT = Path(__file__).resolve().parent / "licences"
STATED_TEXTS = {
    "LGPL": (KEPT / "LGPL-3.0.txt", KEPT / "GPL-3.0.txt"),
    "Apache": (KEPT.parent.parent / "LICENSE",),
    "MIT": (KEPT / "MIT.txt",),
}


@dataclass(frozen=True)
class SystemPackage:
    """A package of the building system that libraries in the bundle came from."""

    name: str
    version: str
    files: tuple[str, ...]


def collected(toc: Path) -> Mapping[str, str]:
    """Where PyInstaller took each file of the bundle from, by its name there."""
    entries = ast.literal_eval(toc.read_text(encoding="utf-8"))[0]
    return {name: origin for name, origin, kind in entries if kind != "SYMLINK"}


def system_packages(origins: Mapping[str, str], own: Sequence[Path]) -> list[SystemPackage]:
    """The system's packages in the bundle, without what lies in ``own``; none outside Debian's family."""
    ours = (*map(str, own), str(sysconfig.get_config_var("prefix") or sys.base_prefix))
    files: dict[str, list[str]] = {}
    for origin in sorted(set(origins.values())):
        if origin.startswith("/") and not origin.startswith(ours):
            owner = _owner(origin)
            if owner is not None:
                files.setdefault(owner, []).append(Path(origin).name)
    return [SystemPackage(name, _version(name), tuple(files[name])) for name in sorted(files)]


def write_sbom(
    packages: Path, system: Sequence[SystemPackage], version: str, python: Path, path: Path
) -> None:
    """The parts of a bundle: the environment's packages, Python, PyInstaller's starter, the system's."""
    listed: dict[str, Any] = json.loads(packages.read_text(encoding="utf-8"))
    listed.setdefault("metadata", {})["component"] = _component(
        "her2desk", version, f"pkg:generic/her2desk@{version}", "application"
    )
    freezer = _distribution_version(python, FREEZER)
    added = [
        _component(
            "python", platform.python_version(), f"pkg:generic/python@{platform.python_version()}"
        ),
        _component(FREEZER, freezer, f"pkg:pypi/{FREEZER}@{freezer}"),
    ]
    added += [
        _component(p.name, p.version, f"pkg:deb/debian/{p.name}@{p.version}", files=p.files)
        for p in system
    ]
    listed["components"] = sorted(
        [*listed.get("components", []), *added], key=lambda part: str(part["name"]).lower()
    )
    path.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_licences(
    site_packages: Path, names: Sequence[str], system: Sequence[SystemPackage], path: Path
) -> list[str]:
    """Every licence text of what the bundle holds; gives the names of those without any text."""
    sections, bare = [], []
    for title, stated, texts in _licences(site_packages, names, system):
        if not texts:
            bare.append(title)
        sections.append("\n".join([RULE, title, f"Licence as stated: {stated}", RULE, "", *texts]))
    head = (
        "Her2Desk contains the following software by others, under their licences.\n"
        "Libraries are separate files, which may be exchanged for other versions of them.\n"
    )
    path.write_text("\n".join([head, *sections]) + "\n", encoding="utf-8")
    return bare


def _licences(
    site_packages: Path, names: Sequence[str], system: Sequence[SystemPackage]
) -> Iterator[tuple[str, str, list[str]]]:
    python_licence = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    yield f"Python {platform.python_version()}", "PSF-2.0", _texts([python_licence])
    wanted = {name.lower() for name in (*names, FREEZER)}
    for folder in sorted(site_packages.glob("*.dist-info"), key=lambda path: path.name.lower()):
        facts = message_from_string((folder / "METADATA").read_text(encoding="utf-8"))
        if str(facts["Name"]).lower() in wanted:
            stated = _stated(facts)
            texts = _texts(_files(folder)) or _texts_as_stated(stated)
            yield f"{facts['Name']} {facts['Version']}, {_authors(facts)}", stated, texts
    for package in system:
        text = Path("/usr/share/doc", package.name, "copyright")
        title = f"{package.name} {package.version} ({', '.join(package.files)})"
        yield title, "see below", _texts([text])


def _files(folder: Path) -> list[Path]:
    found = [p for p in folder.rglob("*") if p.is_file()]
    named = [(str(p.relative_to(folder)).lower(), p) for p in found]
    return sorted(p for name, p in named if any(word in name for word in LICENCE_NAMES))


def _texts_as_stated(stated: str) -> list[str]:
    name = next((name for name in STATED_TEXTS if name in stated), None)
    return [] if name is None else _texts(STATED_TEXTS[name])


def _authors(facts: Any) -> str:
    named = facts["Author"] or facts["Maintainer"] or facts["Author-email"] or "its authors"
    return str(named).splitlines()[0]


def _texts(paths: Sequence[Path]) -> list[str]:
    return [p.read_text(encoding="utf-8", errors="replace") for p in paths if p.is_file()]


def _stated(facts: Any) -> str:
    classifiers = [c for c in facts.get_all("Classifier", []) if c.startswith("License ::")]
    stated = facts["License-Expression"] or "; ".join(c.split(" :: ")[-1] for c in classifiers)
    return str(stated or str(facts["License"] or "not stated").splitlines()[0])


def _component(
    name: str, version: str, purl: str, kind: str = "library", files: Sequence[str] = ()
) -> dict[str, Any]:
    part: dict[str, Any] = {"type": kind, "bom-ref": purl, "name": name, "version": version}
    part["purl"] = purl
    if files:
        part["properties"] = [{"name": "her2desk:file", "value": file} for file in files]
    return part


def _owner(file: str) -> str | None:
    for path in (file, str(Path(file).resolve()), file.removeprefix("/usr")):
        done = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    return None


def _version(package: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}\n", package]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def _distribution_version(python: Path, name: str) -> str:
    code = f"from importlib.metadata import version; print(version({name!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
