"""Whole builds from simulated images (validity rule V24): ``python -m benchmarks.null_cohorts OUT``.

With ``--signal 0`` (the default) nothing in the images or the clinical data depends on the label: of 20
cohorts the held-out interval of the combined model must cover 0.5 in 17. With a signal above 0 it must be
found. Cohort k is made with seed k; its build's seed is the cohort's own, as always.

The builds are small so that 20 of them end: 90 patients, first-order and GLCM features of the original
image, the small network for 3 epochs, one repeat, 3 outer and 2 inner folds; PR as clinical input, all
five families (unless ``--families`` names some) and their settings are the builder's own. Each build's
figures go to ``OUT/runs.jsonl`` as it ends, and a run that was stopped goes on there; the summary is
printed as one JSON document.
"""

import argparse
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from her2desk.domain.progress import SilentProgress
from her2desk.paths import LIBRARY_VARIABLE
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d
from her2desk.training.request import FAMILIES, TrainRequest
from her2desk.training.run import train

RUNS = "runs.jsonl"
COVERING_SHARE = 0.85  # 17 of 20


def quick_profile(folder: Path) -> Path:
    """The file of the small profile: first order and GLCM of the original image."""
    profile = us_2d().model_copy(
        update={
            "name": "first-order-glcm",
            "image_types": ("Original",),
            "feature_classes": ("firstorder", "glcm"),
            "log_sigmas": (),
        }
    )
    path = folder / "first-order-glcm.json"
    path.write_text(profile.to_json(), encoding="utf-8")
    return path


def build(
    seed: int, patients: int, signal: float, families: tuple[str, ...], jobs: int, out: Path
) -> dict[str, Any]:
    """Simulate the cohort of this seed, build on it, and return every branch's AUCs."""
    cohort, work = out / f"cohort-{seed}", out / f"work-{seed}"
    started = time.perf_counter()
    write_cohort(cohort, patients, seed, signal, workers=jobs)
    request = TrainRequest(
        cohort,
        out / f"cohort-{seed}.h2pack",
        profile=str(quick_profile(out)),
        families=families,
        epochs=3,
        repeats=1,
        outer_folds=3,
        inner_folds=2,
        robustness_cases=0,
        jobs=jobs,
        device="cpu",
        work=work,
    )
    _, study = train(request, SilentProgress())
    for folder in (cohort, work):
        shutil.rmtree(folder)
    return {
        "seed": seed,
        "signal": signal,
        "families": families,
        "counts": {p.name.text(): [p.patients, p.positive] for p in study.populations},
        "figures": {
            branch: {
                evidence.value: [figure.value, figure.lower, figure.upper]
                for evidence, figure in figures.items()
            }
            for branch, figures in {**study.figures, "acquisition": study.acquisition}.items()
        },
        "seconds": time.perf_counter() - started,
    }


def finished(out: Path, signal: float) -> dict[int, dict[str, Any]]:
    """The builds of this signal that a stopped run left, by seed."""
    path = out / RUNS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runs = [json.loads(line) for line in lines]
    return {run["seed"]: run for run in runs if run["signal"] == signal}


def covers(run: dict[str, Any], branch: str) -> bool:
    """Whether the held-out interval of a branch holds 0.5."""
    _, lower, upper = run["figures"][branch]["held_out"]
    return bool(lower <= 0.5 <= upper)


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many held-out intervals hold 0.5, by branch, and the mean AUCs."""
    return {
        "cohorts": len(runs),
        "needed": math.ceil(COVERING_SHARE * len(runs)),
        "covers": {b: sum(covers(run, b) for run in runs) for b in runs[0]["figures"]},
        "mean_auc": {
            b: {
                evidence: sum(run["figures"][b][evidence][0] for run in runs) / len(runs)
                for evidence in runs[0]["figures"][b]
            }
            for b in runs[0]["figures"]
        },
    }


def main() -> None:
    """Build what is not built yet, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder outside the project")
    parser.add_argument("--cohorts", type=int, default=20)
    parser.add_argument("--patients", type=int, default=90)
    parser.add_argument("--signal", type=float, default=0.0)
    parser.add_argument("--families", default=",".join(FAMILIES), help="with commas between")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    os.environ[LIBRARY_VARIABLE] = str(out / "home")  # caches and ledgers, away from the user's
    families = tuple(given.families.split(","))
    runs = finished(out, given.signal)
    for seed in range(given.cohorts):
        if seed in runs:
            continue
        runs[seed] = build(seed, given.patients, given.signal, families, given.jobs, out)
        with (out / RUNS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(runs[seed]) + "\n")
        print(f"cohort {seed}: {runs[seed]['seconds']:.0f} s", file=sys.stderr)
    print(json.dumps(summary([runs[seed] for seed in range(given.cohorts)])))


if __name__ == "__main__":
    main()
