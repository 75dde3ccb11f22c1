"""``her2desk library``: list, back up, restore, verify, export, erase, roll back, encrypt."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli import library_backups, library_encryption, library_patients
from her2desk.cli.library_backups import backup_verified
from her2desk.cli.opened_library import library_to_read
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.errors import InputRefused
from her2desk.in_force import default_library_dir
from her2desk.texts import listed, msg, msgn, tr

if TYPE_CHECKING:
    from her2desk.store.cases import CaseFilter, CaseSummary

DAY = "%Y-%m-%d"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help=tr("Keep the library: backups, export, erasing."), rich_markup_mode=None
    )
    app.add_typer(group, name="library")
    _register_looking(group)
    library_backups.register(group)
    library_patients.register(group)
    library_encryption.register(group)


def _register_looking(group: typer.Typer) -> None:
    @group.command("list", help=tr("List the cases, newest first."))
    def list_command(
        search: str = typer.Option("", help=tr("Only rows with every one of these words.")),
        status: list[str] = typer.Option(
            [], help=tr("Only cases that are imported, drawn, read or reported; repeatable.")
        ),
        side: str | None = typer.Option(None, help=tr("Only this side: L or R.")),
        studied_from: datetime | None = _day_option(tr("Studied on this day or later.")),
        studied_to: datetime | None = _day_option(tr("Studied on this day or earlier.")),
        imported_since: datetime | None = _day_option(tr("Imported on this day or later.")),
        pathology: bool | None = typer.Option(
            None, "--pathology/--no-pathology", help=tr("With, or without, a pathologist's result.")
        ),
        limit: int | None = typer.Option(None, min=1, help=tr("At most so many.")),
        offset: int = typer.Option(0, min=0, help=tr("Leave out so many first.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        def work() -> Outcome:
            asked = _filter(
                search, status, side, (studied_from, studied_to), imported_since, pathology
            )
            return _listed(library or default_library_dir(), asked, limit, offset)

        return run_command(as_json, work, library)

    @group.command("verify", help=tr("Check the library, or a backup of it, to the last byte."))
    def verify(
        backup: Path | None = typer.Argument(None, metavar="[BACKUP]"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        def work() -> Outcome:
            if backup is not None:
                return backup_verified(backup, as_json)
            return _verified(library or default_library_dir(), as_json)

        return run_command(as_json, work, library)

    @group.command("where", help=tr("Say in which folder the library lies."))
    def where(library: Path | None = library_option(), as_json: bool = json_option()) -> int:
        return run_command(as_json, lambda: _place(library or default_library_dir()), library)


def _place(folder: Path) -> Outcome:
    place = folder.absolute()

    def show(console: Console) -> None:
        console.print(printable(str(place)), soft_wrap=True)

    return Outcome({"library": str(place), "exists": place.is_dir()}, show)


def _listed(folder: Path, asked: "CaseFilter", limit: int | None, offset: int) -> Outcome:
    with library_to_read(folder) as library:
        rows, total = library.find(asked, limit, offset), library.count(asked)
    document = {"count": total, "cases": [row._asdict() for row in rows]}

    def show(console: Console) -> None:
        for row in rows:
            console.print(printable(_line(row)))
        shown = msgn("{shown} of {n} case.", "{shown} of {n} cases.", total, shown=len(rows))
        console.print(shown.text())

    return Outcome(document, show)


def _line(row: "CaseSummary") -> str:
    age = "" if row.age_years is None else f"{row.age_years:.0f}"
    parts = (
        f"{row.case_id:04d}",
        str(row.status),
        row.study_date,
        row.laterality or "",
        row.patient_id,
        row.patient_name,
        age,
        row.file_name,
    )
    return "  ".join(part for part in parts if part)


def _filter(
    search: str,
    status: list[str],
    side: str | None,
    studied: tuple[datetime | None, datetime | None],
    imported_since: datetime | None,
    pathology: bool | None,
) -> "CaseFilter":
    from her2desk.store.cases import CaseFilter, CaseStatus

    try:
        statuses = frozenset(CaseStatus(name) for name in status)
    except ValueError as error:
        raise InputRefused(
            msg("There is no such status: {names}.", names=listed(status)),
            msg("Use imported, drawn, read or reported."),
            code="unknown-status",
        ) from error
    first, last = (None if day is None else day.date() for day in studied)
    since = None if imported_since is None else imported_since.astimezone()  # a day here
    return CaseFilter(search, statuses, side, first, last, pathology, since)


def _verified(folder: Path, as_json: bool) -> Outcome:
    from her2desk.store.verifying import verify_library

    with library_to_read(folder) as library, shown_progress(as_json) as progress:
        found = verify_library(library, progress)
    document = {
        "ok": True,
        "cases": found.cases,
        "entries": found.entries,
        "last_entry_sha256": found.head.sha256 if found.head else None,
    }

    def show(console: Console) -> None:
        for message in (
            msgn(
                "The image of {n} case is as it was imported.",
                "The images of {n} cases are as they were imported.",
                found.cases,
            ),
            msgn(
                "{n} entry of the history is as it was written.",
                "All {n} entries of the history are as they were written.",
                found.entries,
            ),
        ):
            console.print(message.text())
        if found.head is not None:
            console.print(tr("Last entry: {hash}").format(hash=found.head.sha256))

    return Outcome(document, show)


def _day_option(text: str) -> Any:
    return typer.Option(None, formats=[DAY], metavar="YYYY-MM-DD", help=text)
