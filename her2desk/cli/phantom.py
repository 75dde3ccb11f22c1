"""``her2desk phantom``: a cohort of simulated patients."""

from pathlib import Path

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.texts import tr


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("phantom", help=tr("Write a cohort of simulated patients."))
    def phantom(
        folder: Path = typer.Argument(metavar="DIR"),
        patients: int = typer.Option(..., min=1, help=tr("How many patients.")),
        seed: int = typer.Option(..., min=0, help=tr("The same seed gives the same cohort.")),
        signal: float = typer.Option(
            1.0, min=0.0, max=1.0, help=tr("Strength of the planted HER-2 signal; 0 is none.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(
            as_json, lambda: _written(folder, patients, seed, signal, as_json), library
        )


def _written(folder: Path, patients: int, seed: int, signal: float, as_json: bool) -> Outcome:
    from her2desk.phantoms.cohort import write_cohort

    with shown_progress(as_json) as progress:
        cohort = write_cohort(folder, patients, seed, signal, progress=progress)
    document = {
        "cohort": str(cohort.folder),
        "patients": cohort.patients,
        "positive": cohort.positive,
        "unknown": cohort.unknown,
    }

    def show(console: Console) -> None:
        said = tr("{n} patients in {folder}: {k} positive, {u} unknown (IHC 2+ without FISH).")
        console.print(
            printable(
                said.format(
                    n=cohort.patients, folder=cohort.folder, k=cohort.positive, u=cohort.unknown
                )
            )
        )

    return Outcome(document, show)
