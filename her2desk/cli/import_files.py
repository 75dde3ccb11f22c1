"""``her2desk import``: files, folders and ZIP archives into the library."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.errors import EXIT_INPUT_REFUSED
from her2desk.in_force import default_library_dir
from her2desk.texts import Message, msg, tr

if TYPE_CHECKING:
    from her2desk.inference.importing import ImportedFile

STATUS_WORDS = {
    "imported": msg("imported"),
    "duplicate": msg("already there"),
    "skipped": msg("skipped"),
    "refused": msg("refused"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("import", help=tr("Bring files, folders or ZIP archives into the library."))
    def import_command(
        paths: list[Path] = typer.Argument(metavar="PATH…"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _imported(paths, folder, as_json), library)


def _imported(paths: list[Path], folder: Path, as_json: bool) -> Outcome:
    from her2desk.inference.importing import import_files

    with opened_library(folder) as library, shown_progress(as_json) as progress:
        files = import_files(paths, library, progress)
    in_library = any(file.case_id is not None for file in files)
    return Outcome(
        {"files": [file.to_json() for file in files]},
        lambda console: show_files(console, files),
        0 if in_library else EXIT_INPUT_REFUSED,
    )


def show_files(console: Console, files: "list[ImportedFile]") -> None:
    """What became of each file, a line each."""
    for file in files:
        texts = [file.reason or Message(""), file.remedy or Message("")]
        said = " ".join(text.text() for text in texts).strip()
        line = f"{STATUS_WORDS[file.status].text()}: {file.path}"
        console.print(printable(f"{line} – {said}" if said else line))
    if not files:
        console.print(tr("No files were found there."))
