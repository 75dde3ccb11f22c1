"""Features of a cohort against pyradiomics one by one: ``python -m benchmarks.features [--json]``.

Outlines are drawn on speckle of 400 × 500 pixels, of 15,000 (the median of public breast images) and
of 56,000 pixels. The baseline is pyradiomics 3.0.1's own extractor with the profile's settings, in
one process, image after image; ours is ``measure_outlines`` in two processes, without and with its
features already kept. The seconds that the processes take to start are measured beside it and
added once to the figure for 210 patients.
"""

import json
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.progress import SilentProgress
from her2desk.inference.measuring import Outline, measure_outlines
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.filtered import filter_settings
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d

ROWS, COLUMNS = 400, 500
SPACING_MM = (0.1, 0.1)
JOBS = 2
COHORT = 210
# area in pixels: outlines measured by us, by pyradiomics
SIZES = {15_000: (24, 3), 56_000: (10, 1)}


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


def outline(area: int, seed: int) -> Outline:
    """A lesion with a wavy rim on speckle."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:ROWS, :COLUMNS]
    down, right = (row - ROWS / 2) / 0.7, column - COLUMNS / 2
    wave = 1 + 0.1 * np.sin(5 * np.arctan2(down, right) + seed)
    mask = np.hypot(down, right) < np.sqrt(area / np.pi / 0.7) * wave
    noise = rng.normal(size=(ROWS + 4, COLUMNS + 4))
    speckle = sum(noise[r : r + ROWS, c : c + COLUMNS] for r in range(5) for c in range(5)) / 5
    grey = np.clip(90 - 40 * mask + 30 * speckle, 0, 255).astype(np.uint8)
    return Outline(f"{area}-{seed}", grey, mask, SPACING_MM)


def by_pyradiomics(one: Outline, profile: Profile) -> dict[str, Any]:
    """Everything that pyradiomics' own extractor gives with the profile's settings."""
    import radiomics
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)
    from radiomics import featureextractor

    radiomics.logger.setLevel(logging.CRITICAL)
    settings: dict[str, Any] = {"additionalInfo": False}
    if profile.dimension == 2:
        settings |= {"binCount": profile.bin_count, "preCrop": True, "padDistance": profile.pad_px}
    extractor = featureextractor.RadiomicsFeatureExtractor(**settings)
    extractor.disableAllImageTypes()
    for kind in profile.image_types:
        extractor.enableImageTypeByName(kind, customArgs=filter_settings(profile, kind))
    extractor.disableAllFeatures()
    for feature_class in profile.feature_classes:
        extractor.enableFeatureClassByName(feature_class)
    shape = one.mask.shape if profile.dimension == 2 else (1, *one.mask.shape)
    image = sitk.GetImageFromArray(one.grey.astype(np.float64).reshape(shape))
    roi = sitk.GetImageFromArray(one.mask.astype(np.uint8).reshape(shape))
    if profile.dimension == 2:
        for picture in (image, roi):
            picture.SetSpacing(SPACING_MM)
    found: dict[str, Any] = extractor.execute(image, roi)
    return found


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
    rows = [row(area, profile, start_s) for area in SIZES for profile in profiles]
    if "--json" in sys.argv[1:]:
        print(json.dumps({"jobs": JOBS, "start_s": start_s, "rows": [asdict(r) for r in rows]}))
        return
    print(f"{JOBS} processes, {start_s:.1f} s to start; seconds a patient; 210 patients in all")
    print("| | profile | features | pyradiomics | ours | ratio | 210 | 210, kept |")
    print("|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r.name} | {r.profile} | {r.features} | {r.pyradiomics_s:.2f} s | {r.ours_s:.3f} s "
            f"| {r.ratio:.1f} | {r.ours_210_s:.0f} s | {r.kept_210_s:.1f} s |"
        )


if __name__ == "__main__":
    main()
