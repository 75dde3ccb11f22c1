"""What enlarging an image first does to its features: ``python -m benchmarks.enhancement COHORT``.

The first ``--images`` images of a cohort are measured as they are and after each enhancement, with
``us-2d`` at the cohort's pixel size, with ``us-2d`` that does not resample, and in pixels. A feature's
change is the median over images of |with − without| / |without|; beside it stands the median of
|with − without| over the standard deviation between the images without. The network's crop is
compared too: the root mean square of the difference, of crops that are z-scored. One JSON
document is printed.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.progress import SilentProgress
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.known import ENHANCERS
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.measuring import Outline, measure_outlines
from her2desk.packs.manifest import EnhancementPart, Preprocessing
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import Profile, us_2d, us_2d_px
from her2desk.radiomics.resampling import resample_target
from her2desk.training.table import sample_of

Matrix = NDArray[np.float64]
SMALL, LARGE = 0.01, 0.1
INPUT_PX, MARGIN_PX = 112, 10


def changes(without: Matrix, enhanced: Matrix) -> dict[str, int]:
    """How many features change by how much, of measurements (images, features).

    A feature that is 0, or has no value, on most images counts as unchanged.
    """
    has_value = (np.isfinite(enhanced) & np.isfinite(without)).mean(axis=0) > 0.5
    before, after = without[:, has_value], enhanced[:, has_value]
    is_zero = np.nanmedian(np.abs(before), axis=0) == 0
    size = np.where(before == 0, np.nan, np.abs(before))
    size[:, is_zero] = np.inf
    relative = np.nanmedian(np.abs(after - before) / size, axis=0)
    spread = np.nanstd(before, axis=0, ddof=1)
    moved = np.nanmedian(np.abs(after - before), axis=0) / np.where(spread == 0, np.inf, spread)
    return {
        "features": without.shape[1],
        "above_1_percent": int((relative > SMALL).sum()),
        "above_10_percent": int((relative > LARGE).sum()),
        "above_a_tenth_of_the_spread": int((moved > LARGE).sum()),
    }


def measured(
    cases: Sequence[Case], profile: Profile, enhancer: Enhancer | None, jobs: int
) -> Matrix:
    """Every feature of the profile, (images, features)."""
    outlines = [Outline.on(str(i), case, case.roi, enhancer) for i, case in enumerate(cases)]
    return measure_outlines(
        outlines,
        profile,
        all_names(profile),
        cache=None,
        jobs=jobs,
        progress=SilentProgress(),
        on_missing="nan",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    rows = read_cohort(given.cohort)[: given.images]
    cases = [case_of_row(row) for row in rows]
    sizes = [max(mm) for case in cases if (mm := case.roi.spacing(case.image).mm) is not None]
    profiles = {
        "us-2d": us_2d(resample_mm=resample_target(sizes)),
        "us-2d, not resampled": us_2d(resample_mm=None),
        "us-2d-px": us_2d_px(),
    }
    document: dict[str, object] = {
        "images": len(cases),
        "pixel_mm": [min(sizes), float(np.median(sizes)), max(sizes)],
        "resampled_to_mm": profiles["us-2d"].resample,
    }
    plain = Preprocessing(crop_margin_px=MARGIN_PX, input_size_px=INPUT_PX)
    crops = [sample_of(row, case, plain).crop for row, case in zip(rows, cases, strict=True)]
    for word, enhancer in ENHANCERS.items():
        part = EnhancementPart(method=enhancer.method, scale=enhancer.scale, sha256=enhancer.sha256)
        declared = plain.model_copy(update={"enhancement": part})
        own = [sample_of(r, c, declared, enhancer).crop for r, c in zip(rows, cases, strict=True)]
        apart = [float(np.sqrt(((a - b) ** 2).mean())) for a, b in zip(own, crops, strict=True)]
        document[f"{word}, crop"] = float(np.median(apart))
    for name, profile in profiles.items():
        without = measured(cases, profile, None, given.jobs)
        for word, enhancer in ENHANCERS.items():
            found = changes(without, measured(cases, profile, enhancer, given.jobs))
            document[f"{word}, {name}"] = found
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
