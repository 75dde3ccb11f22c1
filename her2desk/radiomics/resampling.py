"""The pixel size that a cohort's images are brought to before anything is measured (V7)."""

from collections.abc import Sequence

import numpy as np

from her2desk.errors import InputRefused
from her2desk.texts import msg

# Renard's series R10 (ISO 3): steps of about a quarter, so that the folds of one cohort, whose
# 90th percentiles differ a little, nearly always stand on the same step.
LADDER_MM = (
    0.05, 0.063, 0.08, 0.1, 0.125, 0.16, 0.2, 0.25, 0.315, 0.4, 0.5, 0.63, 0.8, 1.0,
)  # fmt: skip
STATED_MM = 0.1
TOLERANCE = 0.005  # a pixel size this little above a step stands on it
_PERCENTILE = 90


def resample_target(spacings_mm: Sequence[float], stated_mm: float = STATED_MM) -> float:
    """The coarser of a stated pixel size and the cohort's 90th percentile, snapped up to the ladder.

    Parameters
    ----------
    spacings_mm : pixel sizes of the training patients of one fold, in mm: the coarser of row and
        column, one a patient.
    stated_mm : the finest size to resample to, in mm; a step of its own where it is none.

    Raises ``InputRefused`` with the code ``spacing-needed`` where no pixel size is known and
    ``spacing-implausible`` where the 90th percentile is above the ladder's last step.
    """
    if not len(spacings_mm):
        raise InputRefused(
            msg("No image of the cohort says how large its pixels are."),
            msg("Use the profile for pixels, us-2d-px."),
            code="spacing-needed",
        )
    coarse = float(np.percentile(np.asarray(spacings_mm, dtype=np.float64), _PERCENTILE))
    steps = sorted({*LADDER_MM, stated_mm})
    wanted = max(stated_mm, coarse / (1 + TOLERANCE))
    step = next((step for step in steps if step >= wanted), None)
    if step is None:
        raise InputRefused(
            msg(
                "One pixel in ten measures {size:.3g} mm or more, which is too coarse for "
                "ultrasound.",
                size=coarse,
            ),
            msg("Check the pixel spacing of the cohort's images."),
            code="spacing-implausible",
        )
    return step
