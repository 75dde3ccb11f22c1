"""Features of a cohort against pyradiomics one by one: ``python -m benchmarks.features [--json]``.

Outlines are drawn on speckle of 400 × 500 pixels, of 15,000 (the median of public breast images) and
of 56,000 pixels. The baseline is pyradiomics 3.0.1's own extractor with the profile's settings, in
one process, image after image; ours is ``measure_outlines`` in two processes, without and with its
features already kept. The seconds that the processes take to start are measured beside it and
added once to the figure for 210 patients. Then, in this process alone, the processor's time of one
outline from 1,000 to 200,000 pixels, for 30 features of five image types and for all.
"""

import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from her2desk.benchmark.lesions import LesionPicture
from her2desk.benchmark.ordinary import by_pyradiomics
from her2desk.domain.progress import SilentProgress
from her2desk.inference.measuring import Outline, measure_outlines
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d

JOBS = 2
COHORT = 210
# area in pixels: outlines measured by us, by pyradiomics
SIZES = {15_000: (24, 3), 56_000: (10, 1)}
GROWTH = (1_000, 5_000, 15_000, 56_000, 200_000)
REPEATS = 7
# what a pack of few features names: five image types, the slow ones among them
FEW = 30
FEW_IMAGES = {
    "us-2d": ("original", "wavelet-LL", "lbp-2D", "gradient", "log-sigma-1-0-mm-3D"),
    "onekey-1561": ("original", "wavelet-LLL", "lbp-3D-k", "gradient", "square"),
}


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds a patient, but for ``ours_210_s`` and ``kept_210_s``."""

    name: str
    profile: str
    features: int
    pyradiomics_s: float
    ours_s: float
    ratio: float
    ours_210_s: float
    kept_210_s: float


@dataclass(frozen=True)
class Growth:
    """Processor time of one outline, in ms, in one process."""

    profile: str
    area_px: int
    few_ms: float
    all_ms: float


def outline(area: int, seed: int) -> Outline:
    """A lesion with a wavy rim on speckle."""
    return LesionPicture(area, seed).outline(seed)


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(outlines: list[Outline], profile: Profile, cache: FeatureCache) -> NDArray[np.float64]:
    """All features of the profile, as the builder asks for them."""
    return measure_outlines(
        outlines, profile, all_names(profile), cache=cache, jobs=JOBS, progress=SilentProgress()
    )


def row(area: int, profile: Profile, start_s: float) -> Row:
    """One profile at one size; the numbers are compared too."""
    ours_n, theirs_n = SIZES[area]
    outlines = [outline(area, seed) for seed in range(ours_n)]
    baseline = [
        seconds(lambda one=one: by_pyradiomics(one, profile)) for one in outlines[:theirs_n]
    ]
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(Path(folder))
        cold = seconds(lambda: measure(outlines, profile, cache)) / ours_n
        kept = seconds(lambda: measure(outlines, profile, cache)) / ours_n
        ours = measure(outlines[:1], profile, cache)[0]
    theirs = by_pyradiomics(outlines[0], profile) if area == min(SIZES) else None
    if theirs is not None:
        expected = [float(theirs[name]) for name in all_names(profile)]
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)
    return Row(
        name=f"cohort_features_{area // 1000}k",
        profile=profile.name,
        features=len(all_names(profile)),
        pyradiomics_s=statistics.median(baseline),
        ours_s=cold,
        ratio=statistics.median(baseline) / cold,
        ours_210_s=start_s + COHORT * cold,
        kept_210_s=COHORT * kept,
    )


def few_names(profile: Profile) -> list[str]:
    """Names spread over the classes of ``FEW_IMAGES``."""
    names = [n for n in all_names(profile) if n.split("_")[0] in FEW_IMAGES[profile.name]]
    return [names[len(names) * i // FEW] for i in range(FEW)]


def cpu_ms(one: Outline, profile: Profile, names: Sequence[str]) -> float:
    """The least processor time, in ms, of several extractions after a first one."""
    times = []
    for _ in range(REPEATS + 1):
        started = time.process_time()
        extract(one.grey, one.mask, one.spacing_mm, profile, names)
        times.append(time.process_time() - started)
    return 1e3 * min(times[1:])


def growth(area: int, profile: Profile) -> Growth:
    """One profile at one size; a lesion too large for the frame has a frame twice as wide."""
    one = outline(area, 1)
    few, every = (cpu_ms(one, profile, names) for names in (few_names(profile), all_names(profile)))
    return Growth(profile.name, area, few, every)


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")  # deprecations inside pyradiomics
    profiles = (us_2d(), onekey_1561())
    first = outline(15_000, 0)
    for profile in profiles:
        by_pyradiomics(first, profile)  # imports are not part of the baseline
    with tempfile.TemporaryDirectory() as folder:
        starts = [outline(2_000, seed) for seed in range(2 * JOBS)]
        start_s = seconds(lambda: measure(starts, onekey_1561(), FeatureCache(Path(folder))))
    grown = [growth(area, profile) for profile in profiles for area in GROWTH]
    rows = [row(area, profile, start_s) for area in SIZES for profile in profiles]
    if "--json" in sys.argv[1:]:
        found = {"rows": [asdict(r) for r in rows], "growth": [asdict(g) for g in grown]}
        print(json.dumps({"jobs": JOBS, "start_s": start_s, **found}))
        return
    print(f"{JOBS} processes, {start_s:.1f} s to start; seconds a patient; 210 patients in all")
    print("| | profile | features | pyradiomics | ours | ratio | 210 | 210, kept |")
    print("|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r.name} | {r.profile} | {r.features} | {r.pyradiomics_s:.2f} s | {r.ours_s:.3f} s "
            f"| {r.ratio:.1f} | {r.ours_210_s:.0f} s | {r.kept_210_s:.1f} s |"
        )
    print(f"\none process, processor time of one outline; {FEW} features of 5 image types, and all")
    print("| profile | pixels | few | all |")
    print("|---|---|---|---|")
    for g in grown:
        print(f"| {g.profile} | {g.area_px} | {g.few_ms:.0f} ms | {g.all_ms:.0f} ms |")


if __name__ == "__main__":
    main()
