"""Planted patterns of failure from image files to the pack's warnings (V16).

``python -m benchmarks.failure_phantoms OUT`` builds on simulated cohorts, seeds 0, 1, 2, …, and prints one
JSON document. Each build's figures go to ``OUT/runs.jsonl`` as it ends; a run that was stopped goes on.

- ``calcification``: of the patients simulated as HER-2 positive who have calcification, ``--share`` are
  entered as HER-2 negative (1+): lesions that look positive, are calcified, and are not.
- ``nothing``: the cohort as simulated. Here calcification depends on nothing, nor does a node.
- ``dispersion``: the answers of the cohort as simulated, with the attention that the networks had on
  patients they had not seen; of the positives in the upper quarter of dispersion, ``--share`` get the
  log-odds of a negative of the same fold. Only the mistakes are planted in the table, not in the images.

Builds are small: first-order and GLCM features of the original image, the small network for 3 epochs, one
repeat, 5 outer and 2 inner folds, no clinical inputs, nobody held out, two families.
"""

import argparse
import csv
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.failure_patterns import PATTERN_OF
from benchmarks.null_cohorts import RUNS, quick_profile
from her2desk.domain.progress import SilentProgress
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationRow
from her2desk.packs.manifest import OperatingPointPart
from her2desk.packs.pack import open_pack
from her2desk.packs.readout_part import FailurePart
from her2desk.paths import LIBRARY_VARIABLE
from her2desk.phantoms.cohort import write_cohort
from her2desk.training.failures import failure_parts
from her2desk.training.request import TrainRequest
from her2desk.training.run import train

Planted = Literal["calcification", "nothing"]
ENTERED = {"her2_ihc": "1+", "her2_fish": ""}
TOP_QUARTER = 0.75


def mislabel(table: Path, share: float, seed: int) -> int:
    """Enter a share of the calcified HER-2 positive patients as negative, and say how many."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rng = np.random.default_rng(seed)
    count = 0
    for row in rows:
        is_positive = row["her2_ihc"] == "3+" or row["her2_fish"] == "amplified"
        if is_positive and row["calcification"] == "true" and rng.random() < share:
            row.update(ENTERED)
            count += 1
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return count


def disperse(rows: Sequence[ValidationRow], share: float, seed: int) -> list[ValidationRow]:
    """The rows, with a share of the positives of dispersed attention taken for negative.

    Dispersed is who is in the upper quarter of those whom the same network read.
    """
    rng = np.random.default_rng(seed)
    limits = {
        fold: float(np.quantile(known, TOP_QUARTER))
        for fold in {row.fold for row in rows}
        if (known := [v for r in rows if r.fold == fold and (v := r.traits[Trait.DISPERSION])])
    }
    negatives: dict[int | None, list[float]] = {}
    for row in rows:
        if not row.positive:
            negatives.setdefault(row.fold, []).append(row.logit)
    changed = []
    for row in rows:
        value = row.traits[Trait.DISPERSION]
        is_dispersed = value is not None and value >= limits[row.fold]
        if row.positive and is_dispersed and rng.random() < share:
            changed.append(replace(row, logit=float(rng.choice(negatives[row.fold]))))
        else:
            changed.append(row)
    return changed


def build(
    planted: Planted, seed: int, patients: int, share: float, jobs: int, out: Path
) -> dict[str, Any]:
    """Simulate and build, and return what the pack says of each pattern that it tested."""
    name = f"{planted}-{seed}"
    cohort, work = out / f"cohort-{name}", out / f"work-{name}"
    started = time.perf_counter()
    write_cohort(cohort, patients, seed, 1.0, workers=jobs)
    mislabelled = mislabel(cohort / "cohort.csv", share, seed) if planted != "nothing" else 0
    request = TrainRequest(
        cohort,
        out / f"{name}.h2pack",
        profile=str(quick_profile(out)),
        families=("logistic", "lightgbm"),
        inputs=(),
        split="none",
        epochs=3,
        repeats=1,
        outer_folds=5,
        inner_folds=2,
        robustness_cases=0,
        jobs=jobs,
        device="cpu",
        work=work,
    )
    result, _ = train(request, SilentProgress())
    for folder in (cohort, work):
        shutil.rmtree(folder)
    pack = open_pack(result.pack)
    found = {planted: stated(pack.readout.failures)}
    if planted == "nothing":
        rows = disperse(pack.validation, share, seed)
        points: tuple[OperatingPointPart, ...] = pack.manifest.operating_points
        found["dispersion"] = stated(failure_parts(rows, points))
    return {
        "planted": planted,
        "seed": seed,
        "share": share,
        "patients": patients,
        "mislabelled": mislabelled,
        "auc": pack.manifest.auc.cross_validated["combined"].value,
        "found": found,
        "seconds": time.perf_counter() - started,
    }


def stated(parts: Sequence[FailurePart]) -> list[dict[str, Any]]:
    """The parts as text, with whether each warns."""
    return [{**part.model_dump(), "warns": part.warns} for part in parts]


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """By what was planted and operating point: cohorts, in how many it warned, and any other pattern."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    for run in runs:
        for planted, parts in run["found"].items():
            target = PATTERN_OF.get(planted)
            for point in {part["operating_point"] for part in parts}:
                own = [part for part in parts if part["operating_point"] == point]
                cell = table.setdefault(planted, {}).setdefault(
                    point, {"cohorts": 0, "found": 0, "others_warn": 0}
                )
                cell["cohorts"] += 1
                cell["found"] += any(p["warns"] for p in own if p["name"] == target)
                cell["others_warn"] += any(p["warns"] for p in own if p["name"] != target)
    return table


def finished(out: Path, share: float) -> dict[tuple[str, int], dict[str, Any]]:
    """The builds with this share that a stopped run left, by what was planted and seed."""
    path = out / RUNS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runs = [json.loads(line) for line in lines]
    return {(run["planted"], run["seed"]): run for run in runs if run["share"] == share}


def main() -> None:
    """Build what is not built yet, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder outside the project")
    parser.add_argument("--cohorts", type=int, default=5)
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--share", type=float, default=0.7)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    os.environ[LIBRARY_VARIABLE] = str(out / "home")  # caches and ledgers, away from the user's
    runs = finished(out, given.share)
    kinds: tuple[Planted, ...] = ("calcification", "nothing")
    for seed in range(given.cohorts):
        for planted in kinds:
            if (planted, seed) in runs:
                continue
            run = build(planted, seed, given.patients, given.share, given.jobs, out)
            runs[planted, seed] = run
            with (out / RUNS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(run) + "\n")
            print(f"{planted} {seed}: {run['seconds']:.0f} s", file=sys.stderr)
    print(json.dumps(summary(list(runs.values()))))


if __name__ == "__main__":
    main()
