"""Simulated wards for the local audit: results of a pack that is right, or has fallen behind.

A score is binormal with equal variances, so that log-odds of it are exactly calibrated: for prevalence π
and separation d, x is normal about 0 or d, and η = logit π + d·x − d²/2; the AUC is Φ(d ÷ √2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.audit.results import LocalResults, results_of
from her2desk.domain.clinical import Pathology
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.prediction import BRANCHES
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.packs.manifest import AucPart
from her2desk.packs.pack import Pack
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE, ReadoutPart
from her2desk.stats.auc import auc
from her2desk.store.cases import CaseStatus, CaseSummary
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library

PATTERN = "pr"
UTC = "2026-01-01T00:00:00.000+00:00"
FloatArray = NDArray[np.float64]
Labels = NDArray[np.bool_]


def separation(area: float) -> float:
    """The separation d that gives this AUC."""
    return float(NormalDist().inv_cdf(area) * 2**0.5)


def scores(
    rng: np.random.Generator,
    n: int,
    *,
    promised: float,
    true: float | None = None,
    prevalence: float,
    odds_ratio: float = 1.0,
) -> tuple[Labels, FloatArray]:
    """Status and log-odds of ``n`` patients of a pack that promises the AUC ``promised``.

    ``true`` is the AUC that they really have, ``odds_ratio`` how much commoner positives are than at
    the pack's ``prevalence``.
    """
    d = separation(promised)
    own = d if true is None else separation(true)
    positive = rng.random(n) < sigmoid(logit(prevalence) + np.log(odds_ratio))
    x = d / 2 + np.where(positive, own / 2, -own / 2) + rng.standard_normal(n)
    return positive, logit(prevalence) + d * x - d**2 / 2


def promising(pack: Pack, rng: np.random.Generator, area: float, patients: int = 150) -> Pack:
    """``pack`` with held-out patients drawn anew, and the AUC that these happen to show."""
    positive, eta = scores(rng, patients, promised=area, prevalence=pack.manifest.prevalence)
    rows = tuple(
        ValidationRow(
            f"V{i:04d}",
            bool(y),
            None,
            ValidationSource.HELD_OUT,
            PATTERN,
            float(score),
            {name: float(score) for name in BRANCHES},
            dict.fromkeys(Trait),
        )
        for i, (y, score) in enumerate(zip(positive, eta, strict=True))
    )
    found = auc(positive, eta)
    part = AucPart(value=found.value, lower=found.lower, upper=found.upper, method=found.method)
    table = pack.manifest.auc.model_copy(update={"held_out": {"combined": part}})
    members = {  # without what is of the patients that were replaced
        name: content
        for name, content in pack.archive.members.items()
        if name not in (READOUT_FILE, SPACE_FILE) and not name.startswith("preview/")
    }
    return replace(
        pack,
        archive=replace(pack.archive, members=members),
        manifest=pack.manifest.model_copy(update={"auc": table}),
        validation=rows,
        readout=ReadoutPart(),
        space=None,
    )


@dataclass(frozen=True)
class SimulatedPatient:
    """One lesion: what is predicted and what pathology will say; None where it never comes."""

    logit: float
    pathology: Pathology | None
    document: Mapping[str, Any]


def patients(
    pack: Pack, positive: Labels, eta: FloatArray, *, rng: np.random.Generator, shift: float = 0.0
) -> list[SimulatedPatient]:
    """Patients with these scores; ``shift`` moves every feature, in standard deviations."""
    return [
        SimulatedPatient(
            float(score),
            _pathology(bool(y), rng),
            document(pack, float(score), rng=rng, shift=shift),
        )
        for y, score in zip(positive, eta, strict=True)
    ]


def document(
    pack: Pack,
    score: float,
    *,
    rng: np.random.Generator,
    pattern: str = PATTERN,
    shift: float = 0.0,
    prevalence: float | None = None,
) -> dict[str, Any]:
    """What a prediction of ``pack`` leaves in a library, as far as an audit reads it."""
    own = pack.manifest.prevalence
    moved = score if prevalence is None else score + logit(prevalence) - logit(own)
    z = shift + rng.standard_normal(len(pack.manifest.features.names))
    return {
        "probability": sigmoid(moved),
        "branches": {name: sigmoid(moved) for name in BRANCHES},
        "pack": {
            "name": pack.identity.name,
            "version": pack.identity.version,
            "sha256": pack.digest,
            "demo": pack.identity.demo,
        },
        "estimate": {"logit": score, "variance": 0.1, "pattern": pattern, "prevalence": own},
        "features": dict(zip(pack.manifest.features.names, map(float, z), strict=True)),
        "traits": {
            **dict.fromkeys(map(str, Trait)),
            str(Trait.SIZE): float(rng.normal(15, 4)),
            str(Trait.SOLIDITY): float(rng.uniform(0.8, 1)),
        },
        "range": {"distance": 1.0, "threshold": 3.0, "outside": False},
        "spacing_mm": [0.1, 0.1],
    }


def in_memory(pack: Pack, ward: list[SimulatedPatient]) -> LocalResults:
    """The results of a ward without a library: each is predicted, then its pathology arrives."""
    entries, rows = [], []
    for case_id, patient in enumerate(ward, start=1):
        content = {"document": patient.document, "inputs_sha256": "0" * 64}
        entries.append(
            HistoryEntry(len(entries), case_id, Action.PREDICTION, content, "Reader A", UTC)
        )
        if patient.pathology is not None:
            said = {
                "her2_ihc": patient.pathology.her2_ihc,
                "her2_fish": patient.pathology.her2_fish,
            }
            entries.append(
                HistoryEntry(len(entries), case_id, Action.PATHOLOGY, said, "Reader A", UTC)
            )
        rows.append(_row(case_id))
    return results_of(entries, rows, pack.digest)


def fill(library: Library, folder: Path, ward: list[SimulatedPatient]) -> list[int]:
    """Put the ward into ``library``, oldest first; returns the numbers of its cases.

    Images are stand-ins of a few bytes.
    """
    with library.intake() as intake:
        for number in range(1, len(ward) + 1):
            path = folder / f"{number:04d}.dcm"
            path.write_bytes(b"ward %d" % number)
            intake.put(path, an_image(path, f"P{number:04d}"), path.name)
            path.unlink()
        ids = [added.case_id for added in intake.commit()]
    for case_id, patient in zip(ids, ward, strict=True):
        library.save_prediction(case_id, patient.document, "0" * 64)
        if patient.pathology is not None:
            library.save_pathology(case_id, patient.pathology)
    return ids


def an_image(path: Path, patient_id: str, laterality: str | None = "L") -> UltrasoundImage:
    """The description of a stand-in image."""
    return UltrasoundImage(
        sha256=sha256(path.read_bytes()).hexdigest(),
        sop_instance_uid=f"1.2.{int(sha256(path.read_bytes()).hexdigest()[:12], 16)}",
        rows=100,
        columns=100,
        frames=1,
        photometric="MONOCHROME2",
        transfer_syntax="1.2.840.10008.1.2.1",
        patient_id=patient_id,
        laterality=laterality,
        study_date="20260105",
    )


def _pathology(positive: bool, rng: np.random.Generator) -> Pathology:
    if rng.random() < 0.2:
        return Pathology("2+", "amplified" if positive else "not amplified")
    return Pathology("3+") if positive else Pathology(str(rng.choice(["0", "1+"])))


def _row(case_id: int) -> CaseSummary:
    return CaseSummary(
        case_id,
        f"P{case_id:04d}",
        "",
        "L",
        None,
        "20260105",
        "0" * 64,
        "one.dcm",
        1,
        CaseStatus.READ,
        UTC,
    )
