"""``her2desk doctor``: whether all that the program needs is here, and what to do where not."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from her2desk.cli.checks import NOTHING, Check
from her2desk.cli.library_checks import disk_check, library_checks
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.diagnostics.bundle import write_bundle
from her2desk.errors import EXIT_INPUT_REFUSED, Her2DeskError
from her2desk.inference.engine import ILLEGAL_INSTRUCTION, engine_cannot_start
from her2desk.paths import default_library_dir, demo_pack_path, settings_path
from her2desk.redaction import public
from her2desk.system_libraries import apt_command, missing_libraries
from her2desk.texts import msg, tr

PYTHON = (3, 11)
CHILD_LIMIT_S = 120.0
INSTALL_AGAIN = msg("Install Her2Desk again; the installation is incomplete or damaged.")

NETWORK_CODE = "import torch, monai.networks.nets; print('PyTorch', torch.__version__)"
FEATURES_CODE = (
    "import radiomics, radiomics.featureextractor; print('pyradiomics', radiomics.__version__)"
)
DEVICE_CODE = "from her2desk.inference.devices import device_report; print(device_report())"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("doctor", help=tr("Check that everything Her2Desk needs is here."))
    def doctor(
        library: Path | None = library_option(),
        bundle: Path | None = typer.Option(
            None,
            metavar="FILE.zip",
            help=tr("Write what was found, versions and logs, without patient data, to send it."),
        ),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()

        def work() -> Outcome:
            found = tuple(examine(folder, demo_pack_path()))
            if bundle is not None:
                checks = [check.without_values() for check in found]
                write_bundle(bundle, folder, settings_path(), checks)
            return diagnosis(found, bundle)

        return run_command(as_json, work, library)


def diagnosis(checks: Iterable[Check], bundle: Path | None = None) -> Outcome:
    """The findings as the command prints them; exit code 3 unless all is well."""
    found = tuple(checks)
    ok = all(check.ok for check in found)
    document: dict[str, Any] = {"ok": ok, "checks": [check.document() for check in found]}
    if bundle is not None:
        document["bundle"] = str(bundle)

    def show(console: Console) -> None:
        for check in found:
            mark = tr("ok") if check.ok else tr("PROBLEM")
            console.print(printable(f"{mark:8} {check.name}: {check.message.text()}"))
            if check.remedy.text():
                console.print(printable(f"{'':8} → {check.remedy.text()}"))
        if bundle is not None:
            console.print(printable(tr("Written: {name}").format(name=bundle)))

    return Outcome(document, show, 0 if ok else EXIT_INPUT_REFUSED)


def examine(library: Path, demo_pack: Path) -> Iterator[Check]:
    """All checks, one after another."""
    yield python_check(sys.version_info[:2])
    yield system_libraries_check(missing_libraries)
    yield loads_check("networks", NETWORK_CODE)
    yield loads_check("radiomics", FEATURES_CODE)
    yield device_check(loads_check("device", DEVICE_CODE))
    yield decoders_check()
    yield demo_pack_check(demo_pack)
    yield from library_checks(library)
    yield disk_check(library)


def python_check(version: tuple[int, ...]) -> Check:
    """Whether this is the Python that the program was tested with."""
    present, wanted = (".".join(map(str, v)) for v in (version, PYTHON))
    ok = version == PYTHON
    message = msg("Python {version}.", version=public(present))
    remedy = NOTHING if ok else msg("Install Her2Desk under Python {version}.", version=wanted)
    return Check("python", ok, message, remedy)


def system_libraries_check(missing: Callable[[], tuple[str, ...]]) -> Check:
    """Whether the window's shared libraries are there."""
    absent = missing()
    if not absent:
        return Check("system-libraries", True, msg("The window's system libraries are present."))
    return Check(
        "system-libraries",
        False,
        msg("The window cannot open without {names}.", names=public(", ".join(absent))),
        msg("As root, run: {command}", command=" ".join(apt_command(absent))),
    )


def loads_check(name: str, code: str, limit_s: float = CHILD_LIMIT_S) -> Check:
    """Whether ``code`` runs in a Python of its own; its last line says what it found.

    A child process, because a damaged native library can end the process that loads it, or hang it.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return Check(
            name, False, msg("It did not load within {s:.0f} s.", s=limit_s), INSTALL_AGAIN
        )
    if child.returncode in ILLEGAL_INSTRUCTION:
        error = engine_cannot_start(child.returncode)
        return Check(name, False, error.message, error.remedy)
    if child.returncode != 0:
        reason = _last_line(child.stderr) or str(child.returncode)
        return Check(name, False, msg("It does not load: {reason}", reason=reason), INSTALL_AGAIN)
    return Check(name, True, msg("Available: {found}.", found=public(_last_line(child.stdout))))


def device_check(loaded: Check) -> Check:
    """What ``DEVICE_CODE`` printed, with advice where a graphics card lies idle."""
    found, _, problem = str(loaded.message.params.get("found", "")).partition("; ")
    if not problem:
        return loaded
    return Check(
        loaded.name,
        loaded.ok,
        msg("Available: {found}. {problem}", found=public(found), problem=public(problem)),
        msg("Update the card's driver, or go on: the processor gives the same answers."),
    )


def decoders_check() -> Check:
    """Whether every way of compressing DICOM pixels that the program reads can be decoded here."""
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    from her2desk.dicom.header import ENCAPSULATED_SYNTAXES

    syntaxes = [UID(syntax) for syntax in ENCAPSULATED_SYNTAXES]
    absent = [str(uid.name) for uid in syntaxes if not get_decoder(uid).is_available]
    if absent:
        names = ", ".join(absent)
        return Check("decoders", False, msg("Cannot decode {names}.", names=names), INSTALL_AGAIN)
    return Check("decoders", True, msg("All {n} compressed formats decode.", n=len(syntaxes)))


def demo_pack_check(path: Path) -> Check:
    """Whether the pack that ships with the program is whole."""
    from her2desk.packs.pack import open_pack

    try:
        identity = open_pack(path).identity
    except Her2DeskError as error:
        return Check("demo-pack", False, error.message, INSTALL_AGAIN)
    found = msg("{name} {version}.", name=identity.name, version=identity.version)
    return Check("demo-pack", True, found)


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")
