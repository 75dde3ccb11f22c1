"""``her2desk features``: the radiomics features of every image of a cohort, as a table."""

import csv
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option, scheduler_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.progress_lines import ProgressKind, progress_option, told_progress
from her2desk.domain.progress import Portion, Progress, staged
from her2desk.errors import unwritable
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from her2desk.inference.cohort_check import CohortCheck
    from her2desk.inference.measuring import MeasuredCase
    from her2desk.radiomics.profile import Profile

CHECKING = 0.1  # share of the progress
ABOUT_PATIENT = ("patient_id", "image", "frame_index", "her2_positive", "site", "scanner")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("features", help=tr("Measure a cohort's radiomics features into a table."))
    def features_command(
        cohort: Path = typer.Argument(metavar="COHORT"),
        profile: str = typer.Option(
            "us-2d", help=tr("us-2d, us-2d-px, onekey-1561, or a profile's JSON file.")
        ),
        out: Path = typer.Option(..., help=tr("The table to write, CSV: one row an image.")),
        jobs: int = typer.Option(2, min=1, help=tr("How many processes measure.")),
        scheduler: str | None = scheduler_option(),
        no_cache: bool = typer.Option(
            False, "--no-cache", help=tr("Neither use nor keep earlier measurements.")
        ),
        progress: ProgressKind = progress_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        def work() -> Outcome:
            with told_progress(progress, as_json) as told:
                return _table(cohort, profile, out, (jobs, scheduler), not no_cache, told)

        resumed = msg("The same command goes on with what was measured already.")
        return run_command(as_json, work, library, when_stopped=resumed)


def _table(
    cohort: Path,
    profile_name: str,
    out: Path,
    places: tuple[int, str | None],
    keeps: bool,
    progress: Progress,
) -> Outcome:
    from her2desk.inference.cluster import require_cluster
    from her2desk.inference.cohort_check import check_cohort, require_usable
    from her2desk.inference.measuring import measure_cohort
    from her2desk.paths import default_cache_dir
    from her2desk.radiomics.extract import all_names
    from her2desk.radiomics.feature_cache import FeatureCache
    from her2desk.radiomics.profile import named_profile

    profile = named_profile(profile_name)
    if not out.parent.is_dir():
        raise unwritable(out)  # found out before the work, not after
    jobs, scheduler = places
    if scheduler is not None:
        require_cluster(scheduler, profile)
    check = check_cohort(cohort, Portion(progress, 0, CHECKING, "cohort"))
    require_usable(check, for_training=False)
    profile = _at_the_cohorts_size(profile, check)
    names = all_names(profile)
    measured = measure_cohort(
        check.rows,
        profile,
        names,
        cache=FeatureCache(default_cache_dir() / "features") if keeps else None,
        jobs=jobs,
        progress=Portion(progress, CHECKING, 1, "features"),
        on_missing="nan",
        scheduler=scheduler,
    )
    missing = _write(out, cohort, names, measured)
    progress.step(1, staged("features", msg("Done")))
    document = {
        "patients": check.patients,
        "features": len(names),
        "out": str(out),
        "images": len(measured),
        "missing": missing,
        "profile": profile.name,
        "profile_sha256": profile.sha256,
        "resample_mm": profile.resample,
    }
    return Outcome(document, lambda console: _show(console, document))


def _at_the_cohorts_size(profile: "Profile", check: "CohortCheck") -> "Profile":
    """The profile resampling to the coarser of its own pixel size and the cohort's (V7)."""
    from her2desk.radiomics.profile import with_resample
    from her2desk.radiomics.resampling import resample_target

    if profile.resample is None:
        return profile
    coarser = [max(mm) if mm is not None else profile.assumed_mm for mm in check.spacings_mm]
    known = [mm for mm in coarser if mm is not None]
    return with_resample(profile, resample_target(known, profile.resample))


def _write(
    out: Path, cohort: Path, names: Sequence[str], measured: Sequence["MeasuredCase"]
) -> int:
    """The table, whole or not at all; returns how many values it lacks."""
    missing = 0
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            with temporary.open("x", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow([*ABOUT_PATIENT, *names])
                for case in measured:
                    values = ["" if v != v else repr(float(v)) for v in case.features]
                    missing += values.count("")
                    writer.writerow([*_about(case, cohort), *values])
            temporary.replace(out)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(out) from error
    return missing


def _about(case: "MeasuredCase", cohort: Path) -> list[object]:
    row = case.row
    return [
        row.patient_id,
        row.image.relative_to(cohort).as_posix(),
        row.frame_index,
        "" if row.positive is None else int(row.positive),
        row.site or "",
        row.scanner or "",
    ]


def _show(console: Console, document: dict[str, Any]) -> None:
    said = tr("{features} features of {images} images of {patients} patients: {out}")
    console.print(printable(said.format(**document)))
    if document["resample_mm"] is not None:
        console.print(tr("Measured at {resample_mm:g} mm a pixel.").format(**document))
    if document["missing"]:
        said = tr("{missing} values could not be measured and are left empty.")
        console.print(said.format(**document))
