"""What a pack promises: the AUC and the confusion tables of patients it had not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from her2desk.domain.counts import Confusion
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.errors import InputRefused
from her2desk.inference.readout import confusion_at
from her2desk.packs.manifest import AucPart
from her2desk.packs.pack import Pack, pattern_inputs
from her2desk.stats.auc import auc
from her2desk.stats.cross_validation import nadeau_bengio, within_fold_auc

COMBINED = "combined"
FEWEST_HELD_OUT = 10  # of either class; below, the out-of-fold patients say more


@dataclass(frozen=True)
class Promise:
    """Figures of one pattern of known inputs, of ``source``'s validation patients.

    ``auc`` is (value, lower, upper). ``tables`` are by operating point.
    """

    source: ValidationSource
    patients: int
    auc: tuple[float, float, float]
    tables: dict[str, Confusion]


def promise_of(pack: Pack, pattern: str) -> Promise | None:
    """What is promised where the inputs of ``pattern`` are known; None where nobody was counted.

    Held-out patients where there are 10 of each class, out-of-fold ones else. The AUC is the card's,
    which is of each patient's fullest pattern, or for a lesser one worked out from the rows alike.
    """
    for source in (ValidationSource.HELD_OUT, ValidationSource.OUT_OF_FOLD):
        rows = pack.rows(pattern, source)
        fewest = FEWEST_HELD_OUT if source is ValidationSource.HELD_OUT else 1
        positive = sum(row.positive for row in rows)
        if min(positive, len(rows) - positive) < fewest:
            continue
        area = _card(pack, pattern, source) or _worked_out(rows, source)
        if area is not None:
            points = pack.operating_points(pattern)
            tables = {name: confusion_at(rows, point, 0.0) for name, point in points.items()}
            return Promise(source, len(rows), area, tables)
    return None


def _card(pack: Pack, pattern: str, source: ValidationSource) -> tuple[float, float, float] | None:
    fullest = max((s.pattern for s in pack.models.submodels), key=lambda p: len(pattern_inputs(p)))
    if pattern != fullest:
        return None
    table = pack.manifest.auc
    held_out = source is ValidationSource.HELD_OUT
    part: AucPart | None = (table.held_out if held_out else table.cross_validated).get(COMBINED)
    return None if part is None else (part.value, part.lower, part.upper)


def _worked_out(
    rows: Sequence[ValidationRow], source: ValidationSource
) -> tuple[float, float, float] | None:
    """As the builder works out the card's (V13): pooled only where one model answered for all."""
    positive = [row.positive for row in rows]
    logits = [row.logit for row in rows]
    if source is ValidationSource.HELD_OUT:
        area = auc(positive, logits)
        return area.value, area.lower, area.upper
    folds = [row.fold or 0 for row in rows]
    try:
        values = within_fold_auc(positive, logits, folds)
        size = len(rows) / len(set(folds))
        spread = nadeau_bengio(values, n_train=len(rows) - size, n_test=size)
    except InputRefused:
        return None
    return spread.value, spread.lower, spread.upper
