"""``her2desk library export`` and ``erase``: all of one patient."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.library_words import left_out, say
from her2desk.cli.opened_library import library_to_read, opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, run_command, shown_progress
from her2desk.errors import InputRefused
from her2desk.in_force import default_library_dir
from her2desk.texts import msg, msgn, tr

if TYPE_CHECKING:
    from her2desk.store.library import Library

LAST_CASE = 2**63 - 1  # of SQLite


def register(group: typer.Typer) -> None:
    """Add the commands."""

    @group.command("export", help=tr("Write all that is kept of a patient to a new folder."))
    def export(
        folder: Path = typer.Argument(metavar="DIR"),
        patient: str | None = _patient_option(),
        case: list[int] = _case_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        source = library or default_library_dir()
        return run_command(
            as_json, lambda: _exported(source, patient, case, folder, as_json), library
        )

    @group.command("erase", help=tr("Erase a patient from the library, for good."))
    def erase(
        patient: str | None = _patient_option(),
        case: list[int] = _case_option(),
        yes: bool = typer.Option(False, "--yes", help=tr("Erase; without it, only count.")),
        copies: bool = typer.Option(
            False,
            "--with-copies",
            help=tr("Delete the library's own copies of earlier states too."),
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        source = library or default_library_dir()
        return run_command(as_json, lambda: _erased(source, patient, case, yes, copies), library)


def _exported(
    source: Path, patient: str | None, cases: list[int], folder: Path, as_json: bool
) -> Outcome:
    from her2desk.store.exporting import export_cases

    with library_to_read(source) as library, shown_progress(as_json) as progress:
        made = export_cases(library, _chosen(library, patient, cases), folder, progress)
    document = {
        "folder": str(made.folder),
        "case_ids": list(made.case_ids),
        "files": made.files,
        "without_image": list(made.without_image),
    }

    def show(console: Console) -> None:
        n = len(made.case_ids)
        said = msgn("Exported {n} case to {path}.", "Exported {n} cases to {path}.", n, path=folder)
        say(console, said)
        if made.without_image:
            say(console, left_out(len(made.without_image)))

    return Outcome(document, show)


def _erased(
    source: Path, patient: str | None, cases: list[int], yes: bool, with_copies: bool
) -> Outcome:
    from her2desk.dicom.pacs.outbox import outbox_of
    from her2desk.inference.forgetting import forget_cases
    from her2desk.reports.case_sending import forget_erased
    from her2desk.store.erasing import erasure_of, remove_copies

    with opened_library(source) as library:
        chosen = _chosen(library, patient, cases)
        found = forget_cases(library, chosen) if yes else erasure_of(library, chosen)
        if yes:
            forget_erased(library, outbox_of(source))
        if yes and with_copies:
            remove_copies(library)
            found = replace(found, copies=tuple(path for path in found.copies if path.exists()))
    document = {
        "erased": yes,
        "case_ids": list(found.case_ids),
        "contents": found.contents,
        "files": found.files,
        "copies": [str(path) for path in found.copies],
    }

    def show(console: Console) -> None:
        counts: dict[str, Any] = {"contents": found.contents, "files": found.files}
        n = len(found.case_ids)
        if yes:
            said = msgn(
                "Erased {n} case. Entries emptied: {contents}; image files removed: {files}.",
                "Erased {n} cases. Entries emptied: {contents}; image files removed: {files}.",
                n,
                **counts,
            )
        else:
            said = msgn(
                "{n} case would be erased. Entries to empty: {contents}; image files to remove: {files}."
                " Nothing was changed; give --yes to erase.",
                "{n} cases would be erased. Entries to empty: {contents}; image files to remove: {files}."
                " Nothing was changed; give --yes to erase.",
                n,
                **counts,
            )
        say(console, said)
        say(console, found.sentence())

    return Outcome(document, show)


def _chosen(library: "Library", patient: str | None, cases: list[int]) -> tuple[int, ...]:
    if (patient is None) == (not cases):
        raise InputRefused(
            msg("Say whose cases: --patient ID, or --case N for each case."),
            msg("See her2desk library list."),
            code="no-patient",
        )
    if patient is None:
        return tuple(cases)
    found = library.cases_of_patient(patient)
    if not found:
        raise InputRefused(
            msg("The library has no case of this patient."),
            msg("Give the patient ID exactly as her2desk library list shows it."),
            code="patient-unknown",
        )
    return found


def _patient_option() -> Any:
    return typer.Option(None, "--patient", metavar="ID", help=tr("All cases with this patient ID."))


def _case_option() -> Any:
    return typer.Option(
        [],
        "--case",
        metavar="N",
        min=1,
        max=LAST_CASE,
        help=tr("A case by its number; repeatable."),
    )
