"""``her2desk benchmark``: how fast the program is on this machine, beside what one would otherwise run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, run_command
from her2desk.cli.progress_lines import ProgressKind, progress_option, told_progress
from her2desk.domain.progress import Progress
from her2desk.texts import tr

ROUNDS = 30
NOT_KNOWN = "–"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        "benchmark", help=tr("Measure how fast Her2Desk is here, beside the ordinary tools.")
    )
    def benchmark(
        rows: list[str] = typer.Option(
            [], metavar="NAME…", help=tr("Only these rows of the table, with commas or repeated.")
        ),
        rounds: int = typer.Option(
            ROUNDS, min=1, help=tr("How often each is timed; what takes long, less often.")
        ),
        full: bool = typer.Option(
            False, "--full", help=tr("Also how it grows with size; a quarter of an hour more.")
        ),
        progress: ProgressKind = progress_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        names = tuple(name for given in rows for name in given.split(",") if name)

        def work() -> Outcome:
            with told_progress(progress, as_json) as told:
                return _measured(names, rounds, full, told)

        check_rows(names)
        return run_command(as_json, work, library)


def check_rows(names: Sequence[str]) -> None:
    """Raise ``typer.BadParameter`` for a row that there is not."""
    from her2desk.benchmark.plan import SCENES, rows_of
    from her2desk.cli.window_start import window_start

    known = rows_of((*SCENES, window_start()))
    for name in names:
        if name not in known:
            said = tr("There is no row {name}; there are {known}.")
            raise typer.BadParameter(said.format(name=name, known=", ".join(known)))


def _measured(names: Sequence[str], rounds: int, full: bool, progress: Progress) -> Outcome:
    from her2desk.benchmark.plan import GROWTH, SCENES, rows_of
    from her2desk.benchmark.run import measure
    from her2desk.cli.window_start import window_start

    scenes = (*SCENES, window_start())
    wanted = names or rows_of(scenes)
    document = measure(scenes, wanted, rounds, GROWTH if full else (), progress).document()
    return Outcome(document, lambda console: show(console, document))


def show(console: Console, document: dict[str, Any]) -> None:
    """The machine, the table, the growth tables, and what was left out."""
    machine = document["machine"]
    said = tr(
        "{processor}, {cores_used} of {cores} cores; {gflops_float32:g} GFLOP/s in float32, copies "
        "{copy_gb_s:g} GB/s; {system}"
    )
    console.print(said.format(**machine))
    for row in document["rows"]:
        _show_row(console, row["name"], row)
    for growth in document["growth"]:
        console.print(growth["title"])
        for point in growth["points"]:
            _show_row(console, f"{point['at']:,} {growth['unit']}", point)
    for one in document["left_out"]:
        console.print(tr("Left out: {name}. {reason}").format(**one))
    console.print(
        tr(
            "Medians, in brackets the 95th percentile. Baseline and product took turns; the first round "
            "of each is not counted."
        )
    )


def _show_row(console: Console, name: str, row: dict[str, Any]) -> None:
    """Two or three lines: our time, the other side's, and the goal where there is one."""
    from her2desk.benchmark.goals import GOALS

    ours = tr("{name}: {median} ({p95}), {mb}")
    console.print(ours.format(name=name, **_side(row, "product")))
    if row["baseline_ms"] is not None:
        theirs = tr("  {ratio:.1f} times as long: {median} ({p95}), {mb}: {baseline}")
        console.print(theirs.format(**row | _side(row, "baseline")))
    goal = GOALS.get(row["name"])
    if goal is not None:
        met = {True: tr("met"), False: tr("not met"), None: tr("not known")}[goal.is_met(row)]
        console.print(tr("  goal {goal}: {met}").format(goal=goal.words.text(), met=met))


def _side(row: dict[str, Any], side: str) -> dict[str, str]:
    return {
        "median": _time(row[f"{side}_ms"]),
        "p95": _time(row[f"{side}_p95_ms"]),
        "mb": _mb(row[f"{side}_peak_mb"]),
    }


def _time(ms: float) -> str:
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.3g} ms"


def _mb(mb: float | None) -> str:
    return NOT_KNOWN if mb is None else f"{mb:.0f} MB"
