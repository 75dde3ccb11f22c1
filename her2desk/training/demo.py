"""Builds the demo pack and the demo case from simulated phantoms: ``make demo-pack``.

The pack goes through the same builder as anybody's. The cohort's hash gives the seed, so the same
machine gives the same digest.
"""

import sys
import tempfile
import time
from pathlib import Path

from her2desk.diagnostics.self_test import write_numbers
from her2desk.phantoms.cohort import write_cohort
from her2desk.phantoms.demo import write_demo_case
from her2desk.radiomics.profile import Profile, us_2d
from her2desk.texts import Message
from her2desk.training.request import TrainRequest
from her2desk.training.run import train

COHORT_SEED = 20_240_901
PATIENTS = 300
DEMO_CASE_SEED = 7
ASSUMED_MM = 0.08
PACK = "phantom-demo.h2pack"


def demo_profile() -> Profile:
    """``us-2d`` with three image types, so that an answer takes well under a second."""
    return us_2d(uncalibrated="as-if", assumed_mm=ASSUMED_MM).model_copy(
        update={
            "name": "us-2d-demo",
            "image_types": ("Original", "LoG", "Gradient"),
            "log_sigmas": (1.0,),
        }
    )


def demo_request(cohort: Path, out: Path, profile: Path, work: Path) -> TrainRequest:
    """How the demo pack is built."""
    return TrainRequest(
        cohort=cohort,
        out=out,
        name="Phantom demo",
        version="1.2",
        demo=True,
        population="simulated phantoms (her2desk phantom), no patients",
        intended_use="Showing how Her2Desk works. It says nothing of any patient.",
        decision="none; on real data: which patients with IHC 2+ await FISH most urgently",
        decision_range=(0.1, 0.6),
        licence="Apache-2.0",
        thumbnails=True,
        profile=str(profile),
        work=work,
    )


class StepPrinter:
    """Writes each step to standard error, with the time since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def step(self, fraction: float, text: Message) -> None:
        """Print one line."""
        elapsed = time.monotonic() - self._started
        sys.stderr.write(f"{elapsed:6.0f} s  {fraction:4.0%}  {text.text()}\n")


def build_demo(folder: Path, patients: int = PATIENTS) -> str:
    """Write the demo pack and ``case/`` into ``folder``; returns the pack's digest."""
    progress = StepPrinter()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        profile = place / "profile.json"
        profile.write_text(demo_profile().to_json(), encoding="utf-8")
        write_cohort(place / "cohort", patients, COHORT_SEED, progress=progress)
        request = demo_request(place / "cohort", place / PACK, profile, place / "work")
        result, _ = train(request, progress)
        folder.mkdir(parents=True, exist_ok=True)
        result.pack.replace(folder / PACK)
    write_demo_case(folder / "case", DEMO_CASE_SEED)
    write_numbers(folder, folder / PACK)
    return result.digest


if __name__ == "__main__":
    sys.stderr.write(f"pack {build_demo(Path(sys.argv[1]))}\n")
