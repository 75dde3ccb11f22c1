"""``her2desk nomogram``: a logistic model of a table's columns, as numbers and as a drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.table import (
    Measurements,
    drop_missing_option,
    label_option,
    measurements,
    positive_option,
    read_table,
)
from her2desk.errors import unwritable
from her2desk.texts import Message, msg, tr

if TYPE_CHECKING:
    from her2desk.domain.nomogram import NomogramGeometry
    from her2desk.stats.robust_logistic import RobustFit

PICTURES = (".svg", ".pdf", ".png")
INTERCEPT = "intercept"


@dataclass(frozen=True)
class Model:
    """A fitted model, its drawing's geometry and what it was fitted on."""

    features: tuple[str, ...]
    fit: "RobustFit"
    geometry: "NomogramGeometry"
    read: Measurements

    def document(self) -> dict[str, Any]:
        """The JSON document; ``points`` and ``probability`` at the ticks of the axes."""
        names = (INTERCEPT, *self.features)
        errors = self.fit.covariance.diagonal() ** 0.5
        note = {} if self.fit.note is None else {"note": self.fit.note.text()}
        return {
            "n": len(self.read.positive),
            "events": sum(self.read.positive),
            "method": self.fit.method,
            **note,
            "coefficients": dict(zip(names, map(float, self.fit.coefficients), strict=True)),
            "standard_errors": dict(zip(names, map(float, errors), strict=True)),
            "points": {a.term.name: [list(tick) for tick in a.ticks] for a in self.geometry.axes},
            "probability": [list(tick) for tick in self.geometry.probability_ticks],
        }


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("nomogram", help=tr("Fit a logistic model to a table and draw its nomogram."))
    def nomogram_command(
        table: Path = typer.Argument(metavar="TABLE.csv"),
        label: str = label_option(),
        feature: list[str] = typer.Option(
            ..., help=tr("Column that enters the model, a number or 0/1. May be given again.")
        ),
        positive: str | None = positive_option(),
        out: Path | None = typer.Option(None, help=tr("Draw it: a .svg, .pdf or .png file.")),
        penalised: bool = typer.Option(
            False,
            "--penalised",
            help=tr("Fit with a penalty where the features part the classes without an error."),
        ),
        drop_missing: bool = drop_missing_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        if len(set(feature)) < len(feature) or {label, INTERCEPT} & set(feature):
            raise typer.BadParameter(tr("Each --feature names another column, and not the label."))
        if out is not None and out.suffix.lower() not in PICTURES:
            raise typer.BadParameter(tr("--out ends in .svg, .pdf or .png."))

        def work() -> Outcome:
            read = measurements(
                read_table(table), label, feature, positive=positive, drop_missing=drop_missing
            )
            return _drawn(_fitted(feature, read, penalised), label, out, drop_missing)

        return run_command(as_json, work, library)


def _fitted(features: Sequence[str], read: Measurements, penalised: bool) -> Model:
    import numpy as np

    from her2desk.domain.nomogram import NomogramModel, NomogramTerm
    from her2desk.stats.logistic import fit_logistic
    from her2desk.stats.nomogram import build_nomogram
    from her2desk.stats.robust_logistic import RobustFit, fit_logistic_or_fallback

    columns = [read.numbers[name] for name in features]
    x = np.column_stack(columns)
    if penalised:
        fit = fit_logistic_or_fallback(x, read.positive)
    else:
        likely = fit_logistic(x, read.positive)
        fit = RobustFit(likely.coefficients, likely.covariance, "maximum likelihood", None)
    terms = tuple(
        NomogramTerm(
            name, Message(name), float(coefficient), min(values), max(values), set(values) == {0, 1}
        )
        for name, coefficient, values in zip(features, fit.coefficients[1:], columns, strict=True)
    )
    geometry = build_nomogram(NomogramModel(float(fit.coefficients[0]), terms))
    return Model(tuple(features), fit, geometry, read)


def _drawn(model: Model, label: str, out: Path | None, drop_missing: bool) -> Outcome:
    document = model.document()
    if drop_missing:
        document["dropped"] = model.read.dropped
    if out is not None:
        _draw(model.geometry, label, out)
        document["out"] = str(out)
    return Outcome(document, lambda console: _show(console, document))


def _draw(geometry: "NomogramGeometry", label: str, out: Path) -> None:
    from her2desk.figures.canvas import PictureKind
    from her2desk.figures.nomogram import nomogram_picture

    kind = next(k for k in get_args(PictureKind) if out.suffix.lower() == f".{k}")
    outcome = msg("Probability of {label}", label=label)
    try:
        out.write_bytes(nomogram_picture(geometry, kind=kind, outcome=outcome))
    except OSError as error:
        raise unwritable(out) from error


def _show(console: Console, document: Mapping[str, Any]) -> None:
    lines = [
        tr("Logistic model of {n} rows, {events} of them positive, by {method}").format(**document)
    ]
    if "note" in document:
        lines.append(document["note"])
    if document.get("dropped"):
        lines.append(tr("{n} rows left out for missing values").format(n=document["dropped"]))
    for name, coefficient in document["coefficients"].items():
        error = document["standard_errors"][name]
        said = tr("{name}: coefficient {value:.6g}, standard error {error:.6g}")
        lines.append(said.format(name=name, value=coefficient, error=error))
    for name, ticks in document["points"].items():
        said = tr("{name}: {lower:g} has {first:.4g} points, {upper:g} has {last:.4g}")
        (lower, first), (upper, last) = ticks[0], ticks[-1]
        lines.append(said.format(name=name, lower=lower, first=first, upper=upper, last=last))
    if "out" in document:
        lines.append(tr("Drawn in {out}").format(out=document["out"]))
    for line in lines:
        console.print(printable(line))
