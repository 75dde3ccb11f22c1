"""``her2desk validate``: a locked pack on another cohort, with the report that its build had."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.options import device_option, json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.progress_lines import ProgressKind, progress_option, told_progress
from her2desk.cli.study_text import metrics_of, show_metrics, show_warnings, warnings_of
from her2desk.cli.trusted_packs import required_trust
from her2desk.domain.progress import Progress
from her2desk.errors import unwritable
from her2desk.in_force import device_in_force
from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.reports.study import Study


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("validate", help=tr("Validate a locked model pack on another cohort."))
    def validate_command(
        cohort: Path = typer.Argument(metavar="COHORT"),
        pack: Path = typer.Option(..., help=tr("Model pack; nothing in it is fitted again.")),
        out: Path | None = typer.Option(
            None, help=tr("Folder to write the report and its figures into.")
        ),
        device: str | None = device_option(),
        progress: ProgressKind = progress_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        def work() -> Outcome:
            with told_progress(progress, as_json) as told:
                return _validated(cohort, pack, out, device, told)

        return run_command(as_json, work, library)


def _validated(
    cohort: Path, pack: Path, out: Path | None, device: str | None, progress: Progress
) -> Outcome:
    from her2desk.packs.pack import open_pack
    from her2desk.training.validation import validate

    required_trust(open_pack(pack))
    if out is not None:
        _make_folder(out)  # found out before the work, not after
    study = validate(cohort, pack, progress, device_in_force(device))
    metrics, warnings = metrics_of(study), warnings_of(study)
    document = {
        "pack": str(pack),
        "digest": study.pack_digest,
        "metrics": metrics,
        "warnings": warnings,
        **({} if out is None else _written(study, out)),
    }

    def show(console: Console) -> None:
        show_metrics(console, metrics)
        show_warnings(console, warnings)
        if out is None:
            console.print(tr("Give --out DIR to have the report written."))
        else:
            console.print(printable(tr("Report: {report}").format(report=document["report"])))

    return Outcome(document, show)


def _written(study: "Study", folder: Path) -> dict[str, str]:
    from her2desk.reports.study_files import write_study

    report, tripod, figures = folder / "report.html", folder / "tripod.html", folder / "figures"
    write_study(study, report, tripod, figures)
    return {"report": str(report), "tripod": str(tripod), "figures": str(figures)}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder) from error
