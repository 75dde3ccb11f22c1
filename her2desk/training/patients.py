"""Which image of which patient a build uses, and who is left out, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from her2desk.inference.cohort import CohortRow, case_of_row
from her2desk.radiomics.mask import rasterise
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class Chosen:
    """One row a patient, in order of patient; ``left_out`` names rows and says why."""

    rows: tuple[CohortRow, ...]
    left_out: tuple[tuple[str, Message], ...]


def choose_rows(rows: Sequence[CohortRow]) -> Chosen:
    """Patients of known status, each with the image of the largest ROI, as in the paper (V3).

    Sizes are compared in mm² where every image of the patient is calibrated, else in pixels.
    """
    by_patient: dict[str, list[CohortRow]] = {}
    for row in rows:
        by_patient.setdefault(row.patient_id, []).append(row)
    chosen, left_out = [], []
    for patient in sorted(by_patient):
        own = by_patient[patient]
        if own[0].positive is None:
            reason = msg("IHC 2+ without FISH: the HER-2 status is not known.")
            left_out.append((patient, reason))
            continue
        best = own[0] if len(own) == 1 else _largest(own)
        chosen.append(best)
        if len(own) > 1:
            reason = msg(
                "{n} images; row {row} has the largest outline.", n=len(own), row=best.number
            )
            left_out.append((patient, reason))
    return Chosen(tuple(chosen), tuple(left_out))


def patients_apart(
    patients: Iterable[str], share: float, rng: np.random.Generator
) -> frozenset[str]:
    """A random ``share`` of the patients: at least one, and at least one left."""
    every = sorted(set(patients))
    count = min(max(1, round(share * len(every))), len(every) - 1)
    return frozenset(rng.permutation(every)[:count].tolist())


def _largest(rows: Sequence[CohortRow]) -> CohortRow:
    pixels, areas = [], []
    for row in rows:
        case = case_of_row(row)
        inside = float(rasterise(case.roi.polygon, case.image.rows, case.image.columns).sum())
        spacing = case.roi.spacing(case.image).mm
        pixels.append(inside)
        areas.append(None if spacing is None else inside * spacing[0] * spacing[1])
    in_mm = [a for a in areas if a is not None]
    sizes = in_mm if len(in_mm) == len(rows) else pixels
    return rows[sizes.index(max(sizes))]
