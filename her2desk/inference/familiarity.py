"""How familiar a case is to its pack: range, places of its measures, nearest patients (V18)."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.familiarity import Distance, Familiarity, NearPatient, TraitPlace
from her2desk.domain.image import Spacing
from her2desk.domain.traits import Trait, Traits
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.inference.evidence import Evidence, Floats, evidence_of
from her2desk.packs.pack import Pack
from her2desk.packs.readout_part import SeenPart
from her2desk.packs.space import Space
from her2desk.stats.proportions import wilson

NEAREST_PATIENTS = 5
CLINICAL = (Trait.CALCIFICATION, Trait.NODES)  # the clinical inputs that validation rows hold


def familiarity(
    pack: Pack,
    pattern: str,
    z_scores: Mapping[str, float],
    traits: Traits,
    scanner: str,
    spacing: Spacing,
) -> Familiarity:
    """How familiar a case is to ``pack``, whose submodel ``pattern`` answered.

    ``z_scores`` of the pack's features are not cut at the training limits. ``scanner`` is as the file
    names it, empty where it names none.
    """
    seen = pack.readout.seen
    distance: Distance | None = None
    nearest: tuple[NearPatient, ...] = ()
    if pack.space is not None:
        place = pack.space.place(z_scores)
        distance = _distance(pack.space, place)
        nearest = _nearest(pack, pattern, pack.space, place, traits)
    return Familiarity(
        distance=distance,
        places=_places(evidence_of(pack, pattern, ValidationSource.OUT_OF_FOLD), traits),
        nearest=nearest,
        scanner=scanner,
        scanner_seen=_is_scanner_seen(seen, scanner),
        spacing_mm=None if spacing.mm is None else math.sqrt(spacing.mm[0] * spacing.mm[1]),
        spacing_limits_mm=None if seen is None else seen.spacing_mm,
    )


def _is_scanner_seen(seen: SeenPart | None, scanner: str) -> bool | None:
    """None where the case's file names no scanner, or none of the patients' files did."""
    if seen is None or not seen.scanners or not scanner:
        return None
    return scanner in seen.scanners


def _distance(space: Space, place: Floats) -> Distance:
    part = space.part
    return Distance(
        value=float(np.linalg.norm(place)),
        threshold=part.threshold,
        components=len(place),
        false_alarms=wilson(part.false_alarms, part.judged),
    )


def _places(evidence: Evidence, traits: Traits) -> tuple[TraitPlace, ...]:
    """Where each measure stands; none for yes/no, for what is not known, and without patients."""
    found = (
        _place(trait, traits[trait], evidence.traits[trait])
        for trait in Trait
        if not trait.is_yes_no
    )
    return tuple(place for place in found if place is not None)


def _place(trait: Trait, value: float | None, values: Floats) -> TraitPlace | None:
    known = values[np.isfinite(values)]
    if value is None or not len(known):
        return None
    beyond = min(int((known <= value).sum()), int((known >= value).sum()))
    return TraitPlace(
        trait, value, float(known.min()), float(known.max()), wilson(beyond, len(known))
    )


def _nearest(
    pack: Pack, pattern: str, space: Space, place: Floats, traits: Traits
) -> tuple[NearPatient, ...]:
    """The validation patients nearest in the space and in calcification and nodes.

    The squared distance is that of the whitened coordinates, plus for each of the two that is known of
    both the squared difference in standard deviations of the patients compared. Other clinical inputs
    are not in a pack's table. Patients without an answer by the same submodel are left out.
    """
    rows = _rows_by_patient(pack, pattern)
    order = [i for i, name in enumerate(space.part.patients) if name in rows]
    known = [rows[space.part.patients[i]] for i in order]
    squared = ((space.coordinates[order] - place) ** 2).sum(axis=1)
    for trait in CLINICAL:
        squared = squared + _squared_difference(traits[trait], known, trait)
    nearest = np.argsort(squared, kind="stable")[:NEAREST_PATIENTS]
    return tuple(_near(known[i], math.sqrt(squared[i])) for i in nearest)


def _rows_by_patient(pack: Pack, pattern: str) -> dict[str, ValidationRow]:
    """Each patient's row; out of fold where there are several."""
    sources = (ValidationSource.HELD_OUT, ValidationSource.OUT_OF_FOLD)
    return {row.patient: row for source in sources for row in pack.rows(pattern, source)}


def _squared_difference(
    value: float | None, rows: Sequence[ValidationRow], trait: Trait
) -> NDArray[np.float64]:
    """0 for what is not known of either, or where all patients are alike."""
    values = np.array([row.traits[trait] for row in rows], dtype=np.float64)
    known = values[np.isfinite(values)]
    if value is None or not len(known) or known.std() == 0:
        return np.zeros(len(values))
    return np.asarray(np.nan_to_num(((values - value) / known.std()) ** 2))


def _near(row: ValidationRow, distance: float) -> NearPatient:
    return NearPatient(row.patient, row.positive, row.logit, distance, row.source, row.traits)
