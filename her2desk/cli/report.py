"""``her2desk report``: the report of a case of the library, without another prediction."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.pack_shelf import LAST_CASE, shelf_of
from her2desk.errors import InputRefused
from her2desk.in_force import default_library_dir
from her2desk.paths import translations_dir
from her2desk.texts import CATALOGUE, msg, tr

if TYPE_CHECKING:
    from her2desk.reports.case_writing import WrittenReport
    from her2desk.reports.report_options import ReportOptions

KINDS = ("html", "pdf", "sr", "seg", "sc")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("report", help=tr("Write the report of a case of the library."))
    def report_command(
        case_id: int = typer.Argument(
            metavar="CASE_ID", min=1, max=LAST_CASE, help=tr("The case's number.")
        ),
        html: Path | None = typer.Option(None, help=tr("One HTML file, pictures inside.")),
        pdf: Path | None = typer.Option(None, help=tr("PDF.")),
        sr: Path | None = typer.Option(None, help=tr("DICOM structured report.")),
        seg: Path | None = typer.Option(None, help=tr("DICOM segmentation of the outline.")),
        sc: Path | None = typer.Option(None, help=tr("DICOM secondary capture.")),
        heatmap: bool = typer.Option(False, "--heatmap", help=tr("Show the heatmap.")),
        no_nomogram: bool = typer.Option(
            False, "--no-nomogram", help=tr("Leave out the nomogram.")
        ),
        no_name: bool = typer.Option(
            False,
            "--no-name",
            help=tr("Leave out the patient's name and number in HTML and PDF."),
        ),
        paper: str = typer.Option("a4", help=tr("Paper of the PDF: a4 or letter.")),
        language: str | None = typer.Option(
            None, help=tr("Language of the report; the settings' one where not given.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        given = dict(zip(KINDS, (html, pdf, sr, seg, sc), strict=True))
        targets = {kind: path for kind, path in given.items() if path is not None}
        if not targets:
            raise typer.BadParameter(tr("Give at least one of --html, --pdf, --sr, --seg, --sc."))
        if len({path.resolve() for path in targets.values()}) < len(targets):
            raise typer.BadParameter(tr("Each file needs a name of its own."))
        if paper not in ("a4", "letter"):
            raise typer.BadParameter(tr("--paper is a4 or letter."))
        folder = library or default_library_dir()

        def work() -> Outcome:
            from her2desk.reports.report_options import Paper, ReportOptions

            _speak(language)
            options = ReportOptions(
                heatmap, not no_nomogram, not no_name, CATALOGUE.language, Paper(paper)
            )
            return _outcome(_written(folder, case_id, options, targets))

        return run_command(as_json, work, library)


def _speak(language: str | None) -> None:
    """Write in this language, if there is one named; raises ``InputRefused`` for one not there."""
    if language is None:
        return
    try:
        CATALOGUE.use(language, translations_dir())
    except OSError as error:
        raise InputRefused(
            msg("There is no translation into {language!r}.", language=language),
            msg("Use en, or a language that Her2Desk has."),
            code="language-unknown",
        ) from error


def _written(
    folder: Path, case_id: int, options: "ReportOptions", targets: dict[str, Path]
) -> "WrittenReport":
    from her2desk.reports.case_files import case_files
    from her2desk.reports.case_record import read_case
    from her2desk.reports.case_writing import check_writable, write_report
    from her2desk.reports.report_options import ReportKind

    with opened_library(folder) as library:
        check_writable(library)
        record = read_case(library, shelf_of(folder), case_id)
        named = {ReportKind(kind): path for kind, path in targets.items()}
        return write_report(library, record, options, named, case_files)


def _outcome(report: "WrittenReport") -> Outcome:
    document: dict[str, object] = {"written": [str(path) for path in report.paths]}
    if report.notices:
        document["notices"] = [notice.text() for notice in report.notices]

    def show(console: Console) -> None:
        for path in report.paths:
            console.print(printable(tr("Written: {path}").format(path=path)))
        for notice in report.notices:
            console.print(printable(notice.text()))

    return Outcome(document, show)
