"""The band of an answer under other outlines: ``python -m benchmarks.stability [--json]``.

A pack of the paper's kind with a ResNet101 of random weights (penultimate values, 64 components) and 30
radiomics features of five image types, drawn once, on speckle of 400 × 500 pixels with a lesion of 56,000.
The baseline, interleaved, is ``predict`` of as many outlines one after another. Seconds, medians; the CPU
seconds beside them do not depend on what else runs. Random weights change no time; the band's width here
means nothing.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from her2desk.benchmark.lesions import SPACING_MM, LesionPicture
from her2desk.benchmark.sample_packs import write_pack
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import SilentProgress
from her2desk.domain.stability import VARIANTS, Stability
from her2desk.inference.outline_variants import variability_of, variants
from her2desk.inference.pipeline import LoadedPack, load_pack, predict
from her2desk.inference.stability import stability
from her2desk.radiomics.profile import onekey_1561, us_2d

AREA_PX = 56_000
ROUNDS = 5
BASELINE_OUTLINES = 5  # answered one by one in each round


@dataclass(frozen=True)
class Row:
    """One pack; ``stages_s`` are those of the main answer."""

    profile: str
    first_s: float
    full_s: float
    full_cpu_s: float
    one_by_one_s: float
    one_by_one_cpu_s: float
    stages_s: dict[str, float]

    @property
    def ratio(self) -> float:
        """How many times longer the same takes one by one, in CPU seconds."""
        return self.one_by_one_cpu_s / self.full_cpu_s


def lesion() -> Case:
    """A large lesion, outlined."""
    picture = LesionPicture(AREA_PX)
    spacing = (SPACING_MM, SPACING_MM)
    image = UltrasoundImage(
        "0" * 64, None, *picture.shape, 1, "MONOCHROME2", "", pixel_spacing_mm=spacing
    )
    return Case(image, picture.grey(), picture.roi(0), ClinicalRecord(pr=False))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and CPU seconds of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measured(case: Case, loaded: LoadedPack) -> Row:
    """The median of interleaved rounds."""
    variability = variability_of(None, (SPACING_MM, SPACING_MM))
    others = [roi for _, roi in variants(case.roi, case.image, variability, VARIANTS)]
    first, full, baseline, stages = [], [], [], []

    def one_by_one() -> None:
        for roi in others[:BASELINE_OUTLINES]:
            predict(replace(case, roi=roi), loaded, SilentProgress())

    def whole() -> None:
        started = time.perf_counter()
        told: list[float] = []

        def tell(_found: Stability) -> None:
            told.append(time.perf_counter() - started)

        stability(case, loaded, SilentProgress(), tell)
        first.append(told[0])

    one_by_one()
    whole()
    first.clear()
    for _ in range(ROUNDS):
        stages.append(predict(case, loaded, SilentProgress()).timings_ms)
        full.append(timed(whole))
        baseline.append(timed(one_by_one))
    share = VARIANTS / BASELINE_OUTLINES
    return Row(
        profile=loaded.profile.name,
        first_s=statistics.median(first),
        full_s=statistics.median(wall for wall, _ in full),
        full_cpu_s=statistics.median(cpu for _, cpu in full),
        one_by_one_s=share * statistics.median(wall for wall, _ in baseline),
        one_by_one_cpu_s=share * statistics.median(cpu for _, cpu in baseline),
        stages_s={k: statistics.median(s[k] for s in stages) / 1000 for k in stages[0]},
    )


def main() -> None:
    """Measure and print."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for profile in (us_2d(), onekey_1561()):
            path = Path(folder) / f"{profile.name}.h2pack"
            write_pack(path, profile)
            rows.append(measured(lesion(), load_pack(path, "cpu")))
    if "--json" in sys.argv[1:]:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows]))
        return
    print("| profile | 6 outlines | 20 outlines | CPU | 20 × predict | CPU | ratio | main answer |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        stages = ", ".join(f"{name} {s * 1000:.0f} ms" for name, s in row.stages_s.items())
        print(
            f"| {row.profile} | {row.first_s:.2f} s | {row.full_s:.2f} s | {row.full_cpu_s:.2f} s | "
            f"{row.one_by_one_s:.2f} s | {row.one_by_one_cpu_s:.2f} s | {row.ratio:.2f} | {stages} |"
        )


if __name__ == "__main__":
    main()
