"""``her2desk agreement``: how far a cohort's two readers agree, and on which features."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.agreement.limits import DICE_BELOW, HAUSDORFF_OVER_MM
from her2desk.cli.options import json_option, library_option, scheduler_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.progress_lines import ProgressKind, progress_option, told_progress
from her2desk.domain.progress import Portion, Progress
from her2desk.errors import unwritable
from her2desk.texts import listed, tr, trn

if TYPE_CHECKING:
    from her2desk.agreement.cohort import CohortAgreement
    from her2desk.agreement.features import FeatureTable

CHECKING = 0.1  # share of the progress
ABOUT_CASE = ("patient_id", "image", "frame_index")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("agreement", help=tr("Compare the two readers of a cohort."))
    def agreement_command(
        cohort: Path = typer.Argument(metavar="COHORT"),
        out: Path = typer.Option(..., help=tr("The table of cases to write, CSV.")),
        features: Path | None = typer.Option(
            None, help=tr("Measure the features too, and write their table, CSV.")
        ),
        profile: str = typer.Option(
            "us-2d", help=tr("us-2d, us-2d-px, onekey-1561, or a profile's JSON file.")
        ),
        dice: float = typer.Option(
            DICE_BELOW, min=0, max=1, help=tr("Below this Dice a third reader is called.")
        ),
        hausdorff_mm: float = typer.Option(
            HAUSDORFF_OVER_MM, min=0, help=tr("Over this distance a third reader is called.")
        ),
        jobs: int = typer.Option(2, min=1, help=tr("How many processes measure.")),
        scheduler: str | None = scheduler_option(),
        progress: ProgressKind = progress_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        limits = (dice, hausdorff_mm)

        def work() -> Outcome:
            with told_progress(progress, as_json) as told:
                places = (jobs, scheduler)
                return _agreement(cohort, out, features, profile, limits, places, told)

        return run_command(as_json, work, library)


def _agreement(
    cohort: Path,
    out: Path,
    features: Path | None,
    profile_name: str,
    limits: tuple[float, float],
    places: tuple[int, str | None],
    progress: Progress,
) -> Outcome:
    from her2desk.agreement.cohort import agreement_of_cohort
    from her2desk.inference.cluster import require_cluster
    from her2desk.inference.cohort_check import check_cohort, require_usable
    from her2desk.paths import default_cache_dir
    from her2desk.radiomics.feature_cache import FeatureCache
    from her2desk.radiomics.profile import named_profile

    profile = None if features is None else named_profile(profile_name)
    for path in (out, features):
        if path is not None and not path.parent.is_dir():
            raise unwritable(path)  # found out before the work, not after
    jobs, scheduler = places
    if profile is not None and scheduler is not None:
        require_cluster(scheduler, profile)
    check = check_cohort(cohort, Portion(progress, 0, CHECKING, "cohort"))
    require_usable(check, for_training=False)
    found = agreement_of_cohort(
        check.rows,
        profile,
        dice_below=limits[0],
        hausdorff_over_mm=limits[1],
        cache=FeatureCache(default_cache_dir() / "features"),
        jobs=jobs,
        progress=Portion(progress, CHECKING, 1, "agreement"),
        scheduler=scheduler,
    )
    _write(cohort, out, features, found)
    document = _document(out, features, found, limits)
    return Outcome(document, lambda console: _show(console, document, found.features))


def _write(cohort: Path, out: Path, features: Path | None, found: "CohortAgreement") -> None:
    from her2desk.agreement import tables

    rows = [
        [
            case.row.patient_id,
            case.row.image.relative_to(cohort).as_posix(),
            case.row.frame_index,
            *tables.figure_cells(case.figures),
            *tables.verdict_cells(case.figures, case.reasons),
        ]
        for case in found.cases
    ]
    tables.write_table(out, (*ABOUT_CASE, *tables.FIGURES, *tables.VERDICT), rows)
    if features is not None and found.features is not None and found.features.features:
        tables.write_table(features, tables.FEATURES, tables.feature_rows(found.features))


def _document(
    out: Path, features: Path | None, found: "CohortAgreement", limits: tuple[float, float]
) -> dict[str, Any]:
    """``features`` is null where they were not asked for; its ``out`` where there is no table."""
    table = found.features
    about_features = None
    if table is not None:
        written = str(features) if table.features else None
        about_features = {**table.to_json(), "out": written}
    hausdorff, mean = found.hausdorff_mm, found.mean_distance_mm
    return {
        "cases": len(found.cases),
        "out": str(out),
        "third_reader": list(dict.fromkeys(case.row.patient_id for case in found.third_reader)),
        "limits": {"dice_below": limits[0], "hausdorff_over_mm": limits[1]},
        "dice": found.dice.to_json(),
        "hausdorff_mm": None if hausdorff is None else hausdorff.to_json(),
        "mean_distance_mm": None if mean is None else mean.to_json(),
        "features": about_features,
    }


def _show(console: Console, document: dict[str, Any], table: "FeatureTable | None") -> None:
    dice, hausdorff = document["dice"], document["hausdorff_mm"]
    lines = [
        trn("{n} case with two outlines.", "{n} cases with two outlines.", document["cases"]),
        tr("Dice: median {median:.2f}, quartiles {lower:.2f} and {upper:.2f}.").format(
            median=dice["median"], lower=dice["quartiles"][0], upper=dice["quartiles"][1]
        ),
    ]
    if hausdorff is not None:
        lines.append(
            tr("Largest distance: median {median:.1f} mm, at most {largest:.1f} mm.").format(
                median=hausdorff["median"], largest=hausdorff["range"][1]
            )
        )
    called = document["third_reader"]
    lines.append(
        tr("A third reader is called for: {patients}.").format(patients=listed(called))
        if called
        else tr("No case calls for a third reader.")
    )
    if table is not None:
        lines.append(_about(table))
    for line in lines:
        console.print(printable(line))


def _about(table: "FeatureTable") -> str:
    if table.note is not None:
        return table.note.text()
    return tr(
        "{kept} of {all} features are kept: the lower bound of ICC(A,1) is at least 0.75 over "
        "{cases} cases."
    ).format(kept=table.kept, all=len(table.features), cases=table.cases)
