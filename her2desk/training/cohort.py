"""Turning each patient of a cohort into what models are fitted on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.roi import Box
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow, outline_of
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.requests import read_case
from her2desk.packs.manifest import Preprocessing
from her2desk.radiomics.extract import extract
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import Profile
from her2desk.texts import msg


@dataclass(frozen=True)
class Sample:
    """One patient as models see it: crop float32 (size, size), feature values, mask and box."""

    patient_id: str
    positive: bool
    clinical: ClinicalRecord
    crop: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    box: Box
    features: NDArray[np.float64]


def load_samples(
    rows: Sequence[CohortRow],
    profile: Profile,
    names: Sequence[str],
    preprocessing: Preprocessing,
    jobs: int,
) -> list[Sample]:
    """Every patient of known status, in order; features are of ``names`` and in that order.

    Raises ``InputRefused`` for files that cannot be used, and for a patient with two rows, who could
    otherwise be on both sides of a fold.
    """
    known = [row for row in rows if row.positive is not None]
    _check_one_row_each(known)
    work = (delayed(_sample)(row, profile, names, preprocessing) for row in known)
    return list(Parallel(n_jobs=jobs)(work))


def _check_one_row_each(rows: Sequence[CohortRow]) -> None:
    rows_of = Counter(row.patient_id for row in rows)
    twice = next((name for name, n in rows_of.items() if n > 1), None)
    if twice is not None:
        raise InputRefused(
            msg("Patient {name} is in the cohort more than once.", name=twice),
            msg("Keep the image with the largest outline of each patient."),
            code="cohort-patient-twice",
        )


def _sample(
    row: CohortRow, profile: Profile, names: Sequence[str], preprocessing: Preprocessing
) -> Sample:
    case: Case = read_case(row.image, outline_of(row), row.clinical)
    image = case.image
    box = crop_box(case.roi, image.rows, image.columns, preprocessing)
    mask = rasterise(case.roi.polygon, image.rows, image.columns)
    values = extract(case.pixels, mask, case.roi.spacing(image).mm, profile, names)
    return Sample(
        row.patient_id,
        bool(row.positive),
        row.clinical,
        network_input(case.pixels, box, preprocessing),
        case.pixels,
        mask,
        box,
        np.array([values[name] for name in names]),
    )
