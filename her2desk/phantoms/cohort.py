"""A cohort folder of simulated patients: ``cohort.csv``, images, outlines and masks."""

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from her2desk.domain.clinical import CLINICAL_FIELDS
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import InputRefused
from her2desk.phantoms.files import PatientHeader, write_still
from her2desk.phantoms.patient import SimulatedPatient, patient_id, simulate_patient
from her2desk.texts import msg

FOLDERS = ("images", "rois", "masks")
COLUMNS = (
    "patient_id",
    "image",
    "frame_index",
    "roi",
    "laterality",
    "her2_ihc",
    "her2_fish",
    *(field.name for field in CLINICAL_FIELDS),
    "site",
    "scanner",
)
BYTES_PER_PATIENT = 330_000


@dataclass(frozen=True)
class WrittenCohort:
    """What was written: counts by the status that the table gives (2+ without FISH is unknown)."""

    folder: Path
    patients: int
    positive: int
    negative: int
    unknown: int


@dataclass(frozen=True)
class _Row:
    cells: dict[str, str]
    positive: bool | None


def write_cohort(
    folder: Path,
    patients: int,
    seed: int,
    signal: float = 1.0,
    *,
    missing: float = 0.0,
    workers: int = 1,
    progress: Progress | None = None,
) -> WrittenCohort:
    """Write ``patients`` simulated patients as a cohort folder; the same arguments, the same bytes.

    ``signal`` (0–1): strength of the planted label; ``missing`` (0–1): share of clinical values
    left out; ``workers``: processes. Raises ``InputRefused`` for impossible arguments or a folder
    that cannot be written, and whatever ``progress.step`` raises (``Cancelled``).
    """
    _check_arguments(patients, seed, signal, missing)
    progress = progress or SilentProgress()
    work = partial(_write_patient, folder, seed=seed, signal=signal, missing=missing)
    rows: list[_Row] = []
    try:
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for row in _each(work, patients, workers):
            rows.append(row)
            progress.step(
                len(rows) / patients,
                msg("Simulated {n} of {total} patients", n=len(rows), total=patients),
            )
        _write_table(folder / "cohort.csv", rows)
    except OSError as error:
        raise InputRefused(
            msg("The cohort cannot be written to {folder}.", folder=str(folder)),
            msg(
                "Choose a folder that you may write to, with {size:.0f} MB free.",
                size=max(1, patients * BYTES_PER_PATIENT / 1e6),
            ),
            code="cohort-unwritable",
        ) from error
    status = [row.positive for row in rows]
    return WrittenCohort(
        folder, patients, status.count(True), status.count(False), status.count(None)
    )


def _check_arguments(patients: int, seed: int, signal: float, missing: float) -> None:
    if patients < 1 or seed < 0:
        raise InputRefused(
            msg(
                "A cohort of {patients} patients with seed {seed} cannot be made.",
                patients=patients,
                seed=seed,
            ),
            msg("Ask for at least one patient, with a seed of 0 or more."),
            code="phantom-arguments",
        )
    for name, value in (("signal", signal), ("missing", missing)):
        if not 0 <= value <= 1:
            raise InputRefused(
                msg("The {name} of {value} is not a share.", name=name, value=value),
                msg("Give a number from 0 to 1."),
                code="phantom-arguments",
            )


def _each(work: "partial[_Row]", patients: int, workers: int) -> Iterator[_Row]:
    if workers == 1:
        yield from map(work, range(patients))
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield from pool.map(work, range(patients))
    finally:
        pool.shutdown(cancel_futures=True)


def _write_patient(folder: Path, index: int, *, seed: int, signal: float, missing: float) -> _Row:
    patient = simulate_patient(index, seed, signal, missing=missing)
    name = patient_id(index)
    header = PatientHeader(
        patient_id=name,
        patient_name=f"Phantom^{index + 1:04d}",
        age_years=patient.age_years,
        laterality=patient.laterality,
        key=f"cohort/{seed}/{float(signal)!r}/{index}",
    )
    image, roi, mask = f"images/{name}.dcm", f"rois/{name}.json", f"masks/{name}.png"
    write_still(folder / image, patient.image, header, patient.scanner, [patient.region])
    (folder / roi).write_text(json.dumps(patient.roi.to_json()) + "\n", encoding="utf-8")
    Image.fromarray(patient.mask.astype(np.uint8) * 255).save(folder / mask)
    return _Row(_cells(patient, image, roi), patient.pathology.her2_positive)


def _cells(patient: SimulatedPatient, image: str, roi: str) -> dict[str, str]:
    return {
        "patient_id": patient.patient_id,
        "image": image,
        "frame_index": "0",
        "roi": roi,
        "laterality": patient.laterality,
        "her2_ihc": patient.pathology.her2_ihc or "",
        "her2_fish": patient.pathology.her2_fish or "",
        **{field.name: _text(getattr(patient.clinical, field.name)) for field in CLINICAL_FIELDS},
        "site": patient.scanner.site,
        "scanner": patient.scanner.model_name,
    }


def _text(value: float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}"


def _write_table(path: Path, rows: list[_Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(row.cells for row in rows)
