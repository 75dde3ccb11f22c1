"""Builds the demo pack and the demo case from simulated phantoms: ``make demo-pack``.

The seed is fixed, so the same machine gives the same pack digest.
"""

import sys
import tempfile
import time
from pathlib import Path

from her2desk.inference.cohort import cohort_sha256, read_cohort
from her2desk.packs.manifest import Preprocessing, TrainingPopulation
from her2desk.phantoms.cohort import write_cohort
from her2desk.phantoms.demo import write_demo_case
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import Profile, us_2d
from her2desk.texts import Message
from her2desk.training.build import BuildPlan, PackIntent, fit_cohort, write_pack
from her2desk.training.cohort import load_samples
from her2desk.training.network_training import TrainingPlan

COHORT_SEED = 20_240_901
PATIENTS = 240
DEMO_CASE_SEED = 7
ASSUMED_MM = 0.08

INTENT = PackIntent(
    name="Phantom demo",
    version="1.0",
    demo=True,
    description="simulated phantoms (her2desk phantom), no patients",
    intended_use="Showing how Her2Desk works. It says nothing of any patient.",
    moment_of_prediction="after biopsy (PR known), or from the image alone",
    decision="none; on real data: which patients with IHC 2+ await FISH most urgently",
    licence="Apache-2.0",
)


def demo_profile() -> Profile:
    """``us-2d`` with three image types, so that an answer takes well under a second."""
    return us_2d(uncalibrated="as-if", assumed_mm=ASSUMED_MM).model_copy(
        update={
            "name": "us-2d-demo",
            "image_types": ("Original", "LoG", "Gradient"),
            "log_sigmas": (1.0,),
        }
    )


def demo_plan(jobs: int = 2) -> BuildPlan:
    """How the demo pack is built."""
    profile = demo_profile()
    return BuildPlan(
        profile=profile,
        feature_names=all_names(profile),
        clinical_inputs=("pr",),
        preprocessing=Preprocessing(crop_margin_px=10, input_size_px=112),
        network=TrainingPlan("resnet18-slim", epochs=24, patience=8),
        jobs=jobs,
    )


class StepPrinter:
    """Writes each step to standard error, with the time since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def step(self, fraction: float, text: Message) -> None:
        """Print one line."""
        elapsed = time.monotonic() - self._started
        sys.stderr.write(f"{elapsed:6.0f} s  {fraction:4.0%}  {text.text()}\n")


def build_demo(folder: Path, patients: int = PATIENTS, plan: BuildPlan | None = None) -> str:
    """Write ``phantom-demo.h2pack`` and ``case/`` into ``folder``; returns the pack's digest."""
    plan = plan or demo_plan()
    progress = StepPrinter()
    with tempfile.TemporaryDirectory() as scratch:
        cohort = Path(scratch)
        write_cohort(cohort, patients, COHORT_SEED, workers=plan.jobs, progress=progress)
        rows = read_cohort(cohort)
        digest = cohort_sha256(rows)
        samples = load_samples(
            rows, plan.profile, plan.feature_names, plan.preprocessing, plan.jobs
        )
    seed = int(digest[:6], 16)  # V5: the default seed comes from the cohort
    fitted = fit_cohort(samples, plan, seed, progress)
    population = TrainingPopulation(
        description=INTENT.description,
        patients=len(samples),
        positive=sum(s.positive for s in samples),
        cohort_sha256=digest,
    )
    folder.mkdir(parents=True, exist_ok=True)
    pack_digest = write_pack(folder / "phantom-demo.h2pack", fitted, plan, INTENT, population, seed)

    write_demo_case(folder / "case", DEMO_CASE_SEED)
    return pack_digest


if __name__ == "__main__":
    sys.stderr.write(f"pack {build_demo(Path(sys.argv[1]))}\n")
