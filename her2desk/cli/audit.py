"""``her2desk audit`` and ``pathology``: how a pack does here, and the results that say it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.trusted_packs import required_trust
from her2desk.domain.clinical import Pathology
from her2desk.errors import unwritable
from her2desk.in_force import default_library_dir
from her2desk.paths import demo_pack_path
from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.audit.local_audit import LocalAudit

LAST_CASE = 2**63 - 1  # of SQLite
CASES_FILE, INPUTS_FILE = "cases.csv", "inputs.csv"


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("audit", help=tr("How a model pack does here, on the results in the library."))
    def audit_command(
        pack: Path | None = typer.Option(None, help=tr("Model pack (the demo pack else).")),
        out: Path | None = typer.Option(
            None, help=tr("Folder for the tables of cases and inputs, CSV.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(
            as_json, lambda: _audited(pack or demo_pack_path(), out, folder), library
        )

    @app.command("pathology", help=tr("Enter the pathologist's result of a case."))
    def pathology_command(
        case_id: int = typer.Argument(metavar="CASE_ID", min=1, max=LAST_CASE),
        ihc: str | None = typer.Option(None, help=tr("IHC score: 0, 1+, 2+ or 3+.")),
        fish: str | None = typer.Option(None, help=tr("FISH: amplified or not amplified.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        result = Pathology(ihc, fish)
        return run_command(as_json, lambda: _entered(case_id, result, folder), library)


def _audited(pack_path: Path, out: Path | None, folder: Path) -> Outcome:
    from her2desk.audit.local_audit import local_audit
    from her2desk.packs.pack import open_pack

    pack = open_pack(pack_path)
    required_trust(pack)
    with opened_library(folder) as library:
        audit = local_audit(pack, library)
    written = [] if out is None else _write(audit, out)
    document = {**audit.to_json(), **({"written": written} if out is not None else {})}
    return Outcome(document, lambda console: _show(console, audit, written))


def _write(audit: "LocalAudit", out: Path) -> list[str]:
    from her2desk.agreement.tables import write_table
    from her2desk.audit.local_audit import CASE_COLUMNS, INPUT_COLUMNS, case_row, input_row

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(out) from error
    cases, inputs = out / CASES_FILE, out / INPUTS_FILE
    write_table(cases, CASE_COLUMNS, [case_row(audit, case) for case in audit.results.cases])
    write_table(inputs, INPUT_COLUMNS, [input_row(row) for row in audit.drift.inputs])
    return [str(cases), str(inputs)]


def _show(console: Console, audit: "LocalAudit", written: list[str]) -> None:
    from her2desk.audit.words import summary

    identity = audit.pack.identity
    lines = [
        f"{identity.name} {identity.version}",
        audit.verdict.sentence.text(),
        audit.verdict.advice.text(),
        "",
        *(message.text() for message in summary(audit)),
        *(tr("Written: {path}").format(path=path) for path in written),
    ]
    for line in lines:
        console.print(printable(line))


def _entered(case_id: int, result: Pathology, folder: Path) -> Outcome:
    with opened_library(folder) as library:
        before = library.latest_pathology(case_id)
        library.save_pathology(case_id, result)
    positive = result.her2_positive
    document: dict[str, Any] = {
        "case_id": case_id,
        "her2_ihc": result.her2_ihc,
        "her2_fish": result.her2_fish,
        "her2_positive": positive,
        "replaced": before is not None and before not in (Pathology(), result),
    }

    def show(console: Console) -> None:
        status = {
            True: tr("HER-2 positive by ASCO/CAP."),
            False: tr("HER-2 negative by ASCO/CAP."),
            None: tr("The status is not known yet: IHC 2+ needs FISH."),
        }[positive]
        if result == Pathology():
            status = tr("The result was taken back.")
        console.print(tr("Case {case_id}: {status}").format(case_id=case_id, status=status))
        if document["replaced"]:
            console.print(tr("It takes the place of an earlier result, which the history keeps."))

    return Outcome(document, show)
