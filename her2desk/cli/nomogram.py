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
from her2desk.errors import InputRefused, unwritable
from her2desk.texts import Message, msg, tr

if TYPE_CHECKING:
    from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry, NomogramTerm
    from her2desk.stats.robust_logistic import RobustFit

PICTURES = (".svg", ".pdf", ".png")
INTERCEPT = "intercept"


@dataclass(frozen=True)
class Model:
    """A fitted model, its drawing's geometry and what it was fitted on.

    ``names`` are the coefficients', intercept first; those of a categorical feature are called
    FEATURE=LEVEL, as R's are.
    """

    names: tuple[str, ...]
    fit: "RobustFit"
    geometry: "NomogramGeometry"
    read: Measurements

    def document(self) -> dict[str, Any]:
        """The JSON document; ``points`` and ``probability`` at the ticks of the axes."""
        errors = self.fit.covariance.diagonal() ** 0.5
        note = {} if self.fit.note is None else {"note": self.fit.note.text()}
        levels = {name: list(found) for name, found in self.read.levels.items()}
        return {
            "n": len(self.read.positive),
            "events": sum(self.read.positive),
            "method": self.fit.method,
            **note,
            "coefficients": dict(zip(self.names, map(float, self.fit.coefficients), strict=True)),
            "standard_errors": dict(zip(self.names, map(float, errors), strict=True)),
            **({"levels": levels} if levels else {}),
            "points": {a.term.name: _ticks(a) for a in self.geometry.axes},
            "probability": [list(tick) for tick in self.geometry.probability_ticks],
        }


def _ticks(axis: "NomogramAxis") -> list[list[object]]:
    """(value, points), or (level, points) of a categorical feature."""
    if not axis.term.is_categorical:
        return [list(tick) for tick in axis.ticks]
    names = axis.term.level_names
    return [[names[int(value)].text(), points] for value, points in axis.ticks]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("nomogram", help=tr("Fit a logistic model to a table and draw its nomogram."))
    def nomogram_command(
        table: Path = typer.Argument(metavar="TABLE.csv"),
        label: str = label_option(),
        feature: list[str] = typer.Option(
            ...,
            help=tr("Column that enters the model: numbers, 0/1 or words. May be given again."),
        ),
        categorical: list[str] = typer.Option(
            [], help=tr("A --feature whose numbers are names of groups. May be given again.")
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
        if not set(categorical) <= set(feature):
            raise typer.BadParameter(tr("Each --categorical names a column given as --feature."))
        if out is not None and out.suffix.lower() not in PICTURES:
            raise typer.BadParameter(tr("--out ends in .svg, .pdf or .png."))

        def work() -> Outcome:
            read = measurements(
                read_table(table),
                label,
                feature,
                positive=positive,
                drop_missing=drop_missing,
                categorical=categorical,
            )
            return _drawn(_fitted(feature, read, penalised), label, out, drop_missing)

        return run_command(as_json, work, library)


def _fitted(features: Sequence[str], read: Measurements, penalised: bool) -> Model:
    import numpy as np

    from her2desk.domain.nomogram import NomogramModel
    from her2desk.stats.logistic import fit_logistic
    from her2desk.stats.nomogram import build_nomogram
    from her2desk.stats.robust_logistic import RobustFit, fit_logistic_or_fallback

    names, columns = _design(features, read)
    x = np.column_stack(columns)
    if penalised:
        fit = fit_logistic_or_fallback(x, read.positive)
    else:
        likely = fit_logistic(x, read.positive)
        fit = RobustFit(likely.coefficients, likely.covariance, "maximum likelihood", None)
    rest = [float(c) for c in fit.coefficients[1:]]
    terms = []
    for name in features:
        count = len(read.levels[name]) - 1 if name in read.levels else 1
        terms.append(_term(name, read, rest[:count]))
        rest = rest[count:]
    covariance = tuple(tuple(map(float, row)) for row in fit.covariance)
    model = NomogramModel(float(fit.coefficients[0]), tuple(terms), covariance)
    return Model(names, fit, build_nomogram(model), read)


def _design(
    features: Sequence[str], read: Measurements
) -> tuple[tuple[str, ...], list[list[float]]]:
    """Names and columns of the fit; of a category, 0/1 for each level but the first."""
    names, columns = [INTERCEPT], []
    for name in features:
        numbers = read.numbers[name]
        if name not in read.levels:
            names.append(name)
            columns.append(numbers)
            continue
        for place, level in enumerate(read.levels[name][1:], start=1):
            names.append(f"{name}={level}")
            columns.append([float(n == place) for n in numbers])
    if len(set(names)) < len(names):
        raise InputRefused(
            msg("A column is called as a level of another: {names}.", names=", ".join(names[1:])),
            msg("Rename it."),
            code="column-twice",
        )
    return tuple(names), columns


def _term(name: str, read: Measurements, coefficients: Sequence[float]) -> "NomogramTerm":
    from her2desk.domain.nomogram import NomogramTerm

    if name in read.levels:
        levels = tuple(Message(level) for level in read.levels[name])
        return NomogramTerm.categorical(name, Message(name), levels, (0.0, *coefficients))
    values = read.numbers[name]
    is_binary = set(values) == {0, 1}
    return NomogramTerm(name, Message(name), coefficients[0], min(values), max(values), is_binary)


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
        if name in document.get("levels", {}):
            said = ", ".join(f"{level} {points:.4g}" for level, points in ticks)
            lines.append(tr("{name}: points by level: {levels}").format(name=name, levels=said))
            continue
        said = tr("{name}: {lower:g} has {first:.4g} points, {upper:g} has {last:.4g}")
        (lower, first), (upper, last) = ticks[0], ticks[-1]
        lines.append(said.format(name=name, lower=lower, first=first, upper=upper, last=last))
    if "out" in document:
        lines.append(tr("Drawn in {out}").format(out=document["out"]))
    for line in lines:
        console.print(printable(line))
