"""``her2desk doctor``: whether all that the program needs is here, and what to do where not."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.doctor_parts import answer_part
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, said_at_once
from her2desk.cli.passphrases import unlocked
from her2desk.cli.progress_lines import ProgressKind, progress_option
from her2desk.diagnostics.bundle import write_bundle
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Children
from her2desk.diagnostics.examination import Step, examined
from her2desk.diagnostics.plan import Places, steps_of
from her2desk.diagnostics.titles import title_of
from her2desk.errors import EXIT_INPUT_REFUSED, Her2DeskError
from her2desk.in_force import default_library_dir, policy_in_force
from her2desk.paths import settings_path
from her2desk.policy import Allowance
from her2desk.texts import tr, trn

if TYPE_CHECKING:
    from her2desk.store.vault import Vault

MARK_WIDTH = 8


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
        progress: ProgressKind = progress_option(),
        part: str | None = typer.Option(None, hidden=True),
        as_json: bool = json_option(),
    ) -> int:
        if part is not None:
            return answer_part(part)
        folder = library or default_library_dir()

        def work() -> Outcome:
            if bundle is not None:
                policy_in_force().require(Allowance.SUPPORT_BUNDLE)
            steps = steps_of(Places(folder, settings_path()), Children(), _unlocking(folder))
            found = tuple(told(steps, _teller(as_json, progress)))
            if bundle is not None:
                checks = [check.without_values() for check in found]
                write_bundle(bundle, folder, settings_path(), checks)
            return diagnosis(found, bundle)

        return run_command(as_json, work, library)


class Silent:
    """Tells nothing while the checks go on."""

    def begin(self, step: Step, number: int, of: int) -> None:
        """A step begins."""

    def tell(self, check: Check) -> None:
        """A check is done."""


class Sentences(Silent):
    """Each finding as soon as it is there, for people."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def tell(self, check: Check) -> None:
        mark = tr("ok") if check.ok else tr("PROBLEM")
        said = f"{mark:{MARK_WIDTH}} {title_of(check.name).text()}: {check.message.text()}"
        self._console.print(printable(said))
        if check.remedy.text():
            self._console.print(printable(f"{'':{MARK_WIDTH}} → {check.remedy.text()}"))


class Lines(Silent):
    """What begins, and each finding, as an object a line on standard error, for the window."""

    def begin(self, step: Step, number: int, of: int) -> None:
        title = title_of(step.name).text()
        self._write({"begun": {"name": step.name, "title": title, "number": number, "of": of}})

    def tell(self, check: Check) -> None:
        self._write({"check": check.document()})

    def _write(self, document: dict[str, Any]) -> None:
        sys.stderr.write(json.dumps(document) + "\n")
        sys.stderr.flush()


def told(steps: Sequence[Step], teller: Silent) -> Iterator[Check]:
    """All findings, told as they come."""
    for number, step in enumerate(steps, start=1):
        teller.begin(step, number, len(steps))
        for check in examined(step):
            teller.tell(check)
            yield check


def diagnosis(found: Sequence[Check], bundle: Path | None = None) -> Outcome:
    """What all findings come to; exit code 3 unless all is well."""
    problems = sum(not check.ok for check in found)
    document: dict[str, Any] = {
        "ok": not problems,
        "checks": [check.document() for check in found],
    }
    if bundle is not None:
        document["bundle"] = str(bundle)

    def show(console: Console) -> None:
        if problems:
            console.print(trn("{n} problem was found.", "{n} problems were found.", problems))
        else:
            console.print(tr("All is well."))
        if bundle is not None:
            console.print(printable(tr("Written: {name}").format(name=bundle)))

    return Outcome(document, show, EXIT_INPUT_REFUSED if problems else 0)


def _teller(as_json: bool, progress: ProgressKind) -> Silent:
    if not as_json:
        return Sentences(said_at_once())
    is_told = progress in (ProgressKind.AUTO, ProgressKind.JSON)
    return Lines() if is_told else Silent()


def _unlocking(folder: Path) -> "Callable[[], Vault | None]":
    """The library's keys, asked for before the checks begin, as those have a time limit."""
    try:
        vault = unlocked(folder)
    except Her2DeskError as error:
        refusal = error

        def refuse() -> "Vault | None":
            raise refusal

        return refuse
    return lambda: vault
