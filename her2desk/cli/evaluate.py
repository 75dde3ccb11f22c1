"""``her2desk evaluate``: how well scores in a table tell positive from negative."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.table import (
    drop_missing_option,
    label_option,
    measurements,
    positive_option,
    read_table,
)
from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.stats.calibration import Interval as Estimate
    from her2desk.stats.evaluation import Evaluation

LEAST_FOR_HOSMER_LEMESHOW = 100  # patients (V19); the JSON has the figure in any case


class Interval(StrEnum):
    """``plain`` is DeLong's as R's pROC gives it, ``logit`` the one that reports show (V13)."""

    PLAIN = "plain"
    LOGIT = "logit"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("evaluate", help=tr("Evaluate scores of a table: AUC, calibration, net benefit."))
    def evaluate_command(
        table: Path = typer.Argument(metavar="TABLE.csv"),
        label: str = label_option(),
        score: list[str] = typer.Option(
            ..., help=tr("Column with a score; higher means positive. May be given again.")
        ),
        positive: str | None = positive_option(),
        interval: Interval = typer.Option(
            Interval.PLAIN, help=tr("The AUC's interval: plain (as pROC) or logit.")
        ),
        drop_missing: bool = drop_missing_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        if len(set(score)) < len(score):
            raise typer.BadParameter(tr("Each --score names another column."))

        def work() -> Outcome:
            return _evaluated(table, label, score, positive, interval, drop_missing)

        return run_command(as_json, work, library)


def _evaluated(
    path: Path,
    label: str,
    scores: list[str],
    positive: str | None,
    interval: Interval,
    drop_missing: bool,
) -> Outcome:
    import numpy as np

    from her2desk.stats.evaluation import evaluate

    read = measurements(
        read_table(path), label, scores, positive=positive, drop_missing=drop_missing
    )
    columns = {name: np.array(values) for name, values in read.numbers.items()}
    evaluation = evaluate(np.array(read.positive), columns, interval=interval.value)
    document = evaluation.document()
    if drop_missing:
        document["dropped"] = read.dropped

    def show(console: Console) -> None:
        for line in _lines(evaluation, read.dropped):
            console.print(printable(line))

    return Outcome(document, show)


def _lines(evaluation: "Evaluation", dropped: int) -> list[str]:
    said = tr("{n} rows, {events} of them positive")
    lines = [said.format(n=evaluation.n, events=evaluation.events)]
    if dropped:
        lines.append(tr("{n} rows left out for missing values").format(n=dropped))
    for name, area in evaluation.auc.items():
        said = tr("{name}: AUC {value:.3f} (95 % interval {lower:.3f}–{upper:.3f}, {method})")
        lines.append(
            said.format(
                name=name,
                value=area.value,
                lower=area.lower,
                upper=area.upper,
                method=area.method,
            )
        )
        lines += [f"  {line}" for line in _calibration_lines(evaluation, name)]
    for test in evaluation.delong:
        said = tr("{a} against {b}: z {z:.2f}, p {p:.3g} (DeLong)")
        lines.append(said.format(a=test.a, b=test.b, z=test.z, p=test.p))
    return lines


def _calibration_lines(evaluation: "Evaluation", name: str) -> list[str]:
    lines = []
    if name in evaluation.brier:
        lines.append(tr("Brier score {value:.3f}").format(value=evaluation.brier[name]))
    calibration = evaluation.calibration.get(name)
    if calibration is not None:
        lines.append(tr("Calibration intercept {i}").format(i=_interval(calibration.intercept)))
        if calibration.slope is not None:
            lines.append(tr("Calibration slope {s}").format(s=_interval(calibration.slope)))
    fit = evaluation.hosmer_lemeshow.get(name)
    if fit is not None and evaluation.n >= LEAST_FOR_HOSMER_LEMESHOW:
        said = tr("Hosmer–Lemeshow χ² {chi2:.2f} on {df} degrees of freedom, p {p:.3g}")
        lines.append(said.format(chi2=fit.chi2, df=fit.df, p=fit.p))
    return lines


def _interval(estimate: "Estimate") -> str:
    return f"{estimate.value:.2f} ({estimate.lower:.2f}–{estimate.upper:.2f})"
