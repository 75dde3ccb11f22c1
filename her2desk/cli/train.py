"""``her2desk train``: a cohort becomes a model pack with its report."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.pack_enhancer import is_enhancer, required_enhancer_trust
from her2desk.cli.progress_lines import ProgressKind, progress_option, told_progress
from her2desk.cli.study_text import metrics_of, show_metrics, show_warnings, warnings_of
from her2desk.cli.train_options import OPTIONS, request_of
from her2desk.cli.trusted_packs import trust_lines
from her2desk.errors import EXIT_INPUT_REFUSED
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from her2desk.inference.cohort_check import CohortCheck
    from her2desk.packs.enhancer_trust import EnhancerTrust
    from her2desk.training.request import TrainRequest

PACK_SUFFIX = ".h2pack"


def register(app: typer.Typer) -> None:
    """Add the command."""

    def train_command(
        cohort: Path = typer.Argument(metavar="COHORT"),
        out: Path | None = typer.Option(None, help=tr("The pack to write, NAME.h2pack.")),
        check: bool = typer.Option(
            False, "--check", help=tr("Only check the cohort: every problem, its row and remedy.")
        ),
        progress: ProgressKind = progress_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
        **given: Any,
    ) -> int:
        if check:
            return run_command(as_json, lambda: _checked(cohort, progress, as_json), library)
        if out is None or out.suffix != PACK_SUFFIX:
            raise typer.BadParameter(tr("Give --out, a name that ends in .h2pack, or --check."))
        request = request_of(cohort, out, given)
        resumed = msg("The same command goes on where it was: finished networks are kept.")
        return run_command(
            as_json, lambda: _trained(request, progress, as_json), library, when_stopped=resumed
        )

    _spell_out_options(train_command)
    app.command("train", help=tr("Build a model pack from a cohort, with its report."))(
        train_command
    )


def _spell_out_options(command: Any) -> None:
    """Put the builder's options in the place of ``**given``, where typer looks for them."""
    signature = inspect.signature(command)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    builders = [option.parameter() for option in OPTIONS]
    command.__signature__ = signature.replace(parameters=[*own, *builders])


def _trained(request: "TrainRequest", kind: ProgressKind, as_json: bool) -> Outcome:
    from her2desk.training.run import train

    trust = _enhancer_trust(request.enhance)
    with told_progress(kind, as_json) as progress:
        result, study = train(request, progress)
    metrics, warnings = metrics_of(study), warnings_of(study)
    document = {
        "pack": str(result.pack),
        "digest": result.digest,
        "report": str(result.report),
        "tripod": str(result.tripod),
        "figures": str(result.figures),
        "seed": study.seed,
        "metrics": metrics,
        "warnings": warnings,
    }
    if trust is not None:
        document["enhancer_trust"] = trust.to_json()

    def show(console: Console) -> None:
        show_metrics(console, metrics)
        show_warnings(console, warnings)
        for line in (
            tr("Pack: {pack}").format(pack=result.pack),
            tr("Report: {report}").format(report=result.report),
            f"SHA-256 {result.digest}",
            *([] if trust is None else trust_lines(trust)),
        ):
            console.print(printable(line))

    return Outcome(document, show)


def _enhancer_trust(asked: str) -> "EnhancerTrust | None":
    """Who vouches for the enhancer's file that was given, if one was; ``PackRefused`` if blocked."""
    if not is_enhancer(Path(asked)):
        return None
    from her2desk.packs.enhancer_file import read_enhancer

    return required_enhancer_trust(read_enhancer(Path(asked)))


def _checked(cohort: Path, kind: ProgressKind, as_json: bool) -> Outcome:
    from her2desk.inference.cohort_check import check_cohort

    with told_progress(kind, as_json) as progress:
        check = check_cohort(cohort, progress)
    code = 0 if check.usable else EXIT_INPUT_REFUSED
    return Outcome(check.document(), lambda console: _show_check(console, check), code)


def _show_check(console: Console, check: "CohortCheck") -> None:
    said = tr("{n} patients in {images} images: {k} positive, {u} unknown.")
    console.print(
        said.format(n=check.patients, images=len(check.rows), k=check.positive, u=check.unknown)
    )
    if check.findings:
        table = Table(tr("row"), tr("column"), tr("what"), tr("what to do"), box=None)
        for finding in check.findings:
            kind = "" if finding.is_error else tr("Notice: ")
            table.add_row(
                "–" if finding.row is None else str(finding.row),
                printable(finding.column or "–"),
                printable(kind + finding.message.text()),
                printable(finding.remedy.text()),
            )
        console.print(table, soft_wrap=False)
    console.print(
        tr("The cohort can be used.")
        if check.usable
        else tr("The cohort cannot be used before this is corrected; nothing of it was used.")
    )
