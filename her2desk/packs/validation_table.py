"""``validation.csv``: what a pack said of each patient it had not seen, pseudonymous."""

import csv
import io

import numpy as np

from her2desk.domain.prediction import BRANCHES
from her2desk.domain.validation import Attention, ValidationRow, ValidationSource

LOOKS = ("roi_enrichment", "hyperechoic_enrichment", "dispersion")
COLUMNS = ("patient", "positive", "fold", "source", "pattern", "logit", *BRANCHES, *LOOKS)


def validation_csv(rows: tuple[ValidationRow, ...]) -> bytes:
    """The table of these rows; floats survive the trip to the last bit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        looks = (getattr(row.attention, name) for name in LOOKS)
        numbers = [*(row.branches[name] for name in BRANCHES), *looks]
        writer.writerow(
            [
                row.patient,
                int(row.positive),
                "" if row.fold is None else row.fold,
                row.source,
                row.pattern,
                repr(row.logit),
                *("" if value is None else repr(value) for value in numbers),
            ]
        )
    return out.getvalue().encode()


def read_validation(text: str, folds: int) -> tuple[ValidationRow, ...]:
    """The rows of a table of ``folds`` outer folds.

    Raises ``ValueError`` or ``TypeError`` for a table that cannot be one: other columns, numbers
    that are not finite, out-of-fold rows without a fold and held-out rows with one, or out-of-fold
    rows without patients of both classes.
    """
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError("columns")
    rows = tuple(_row(raw, folds) for raw in reader)
    classes = {row.positive for row in rows if row.source is ValidationSource.OUT_OF_FOLD}
    if classes != {False, True}:
        raise ValueError("classes")
    return rows


def _row(raw: dict[str, str], folds: int) -> ValidationRow:
    source = ValidationSource(raw["source"])
    fold = int(raw["fold"]) if raw["fold"] else None
    if (fold is None) != (source is ValidationSource.HELD_OUT):
        raise ValueError("a fold")
    if raw["positive"] not in ("0", "1") or (fold is not None and not 0 <= fold < folds):
        raise ValueError("a row")
    return ValidationRow(
        patient=raw["patient"],
        positive=raw["positive"] == "1",
        fold=fold,
        source=source,
        pattern=raw["pattern"],
        logit=_finite(raw["logit"]),
        branches={name: _finite(raw[name]) if raw[name] else None for name in BRANCHES},
        attention=Attention(*(float(raw[name]) if raw[name] else None for name in LOOKS)),
    )


def _finite(text: str) -> float:
    value = float(text)
    if not np.isfinite(value):
        raise ValueError("a number")
    return value
