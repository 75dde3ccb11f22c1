"""What a build or an external validation found: the ``metrics`` of the JSON, and a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from her2desk.cli.output import printable
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from her2desk.domain.counts import Confusion
    from her2desk.reports.study import AucFigure, Study

MOST_WARNINGS = 10
COMBINED = "combined"
ACQUISITION = "acquisition"
OF_A_BUILD = ("apparent", "cross_validated", "held_out")
EXTERNAL = "external"
HEADINGS = {
    "apparent": msg("apparent"),
    "cross_validated": msg("cross-validated"),
    "held_out": msg("held out"),
    "external": msg("external"),
}

Metrics = Mapping[str, Mapping[str, Mapping[str, Any]]]


def metrics_of(study: "Study") -> dict[str, dict[str, dict[str, Any]]]:
    """``{evidence: {branch: {"auc": {...}}}}``; the combined model also has its confusion tables.

    The branch ``acquisition`` sees only how the images were made (V4). ``held_out`` is empty where
    nobody was held out; an external validation adds ``external``.
    """
    kinds = (*OF_A_BUILD, EXTERNAL) if study.is_external else OF_A_BUILD
    metrics: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in kinds}
    branches = dict(study.figures)
    if study.acquisition:
        branches[ACQUISITION] = study.acquisition
    for branch, figures in branches.items():
        for evidence, figure in figures.items():
            metrics[evidence.value][branch] = {"auc": _auc(figure)}
    for point in study.operating_points:
        combined = metrics[point.evidence.value].setdefault(COMBINED, {})
        table = {"threshold": point.threshold, **_counts(point.confusion)}
        combined.setdefault("confusion", {})[point.name] = table
    return metrics


def warnings_of(study: "Study") -> list[dict[str, str]]:
    """What had to give way, and who was left out: ``{"code", "message"}`` each."""
    fallbacks = [{"code": "fallback", "message": note.text()} for note in study.fallbacks]
    left_out = [
        {"code": "left-out", "message": f"{patient}: {reason.text()}"}
        for patient, reason in study.excluded
    ]
    return fallbacks + left_out


def show_metrics(console: Console, metrics: Metrics) -> None:
    """The table that people read: a branch a row, the evidence in columns."""
    kinds = [kind for kind in metrics if metrics[kind]]
    table = Table(tr("AUC (95 % interval)"), *(HEADINGS[kind].text() for kind in kinds), box=None)
    branches = dict.fromkeys(branch for kind in kinds for branch in metrics[kind])
    for branch in branches:
        cells = [_cell(metrics[kind].get(branch, {}).get("auc")) for kind in kinds]
        table.add_row(printable(branch), *cells)
    console.print(table)


def show_warnings(console: Console, warnings: list[dict[str, str]]) -> None:
    """The first few, one line each, and how many more there are."""
    for warning in warnings[:MOST_WARNINGS]:
        console.print(printable(warning["message"]))
    if len(warnings) > MOST_WARNINGS:
        more = len(warnings) - MOST_WARNINGS
        console.print(tr("{n} more remarks are in the report.").format(n=more))


def _auc(figure: "AucFigure") -> dict[str, Any]:
    return {
        "value": figure.value,
        "lower": figure.lower,
        "upper": figure.upper,
        "method": figure.method,
    }


def _counts(table: "Confusion") -> dict[str, Any]:
    return {
        "tp": table.tp, "fp": table.fp, "tn": table.tn, "fn": table.fn,
        "cohort_size": table.cohort_size, "source": table.source.value,
    }  # fmt: skip


def _cell(auc: Mapping[str, Any] | None) -> str:
    if auc is None:
        return "–"
    return f"{auc['value']:.2f} ({auc['lower']:.2f}–{auc['upper']:.2f})"
