"""``validation.csv``: what a pack said of each patient it had not seen, pseudonymous."""

import csv
import io
import re
from collections.abc import Sequence

from her2desk.domain.prediction import BRANCHES
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationRow, ValidationSource

COLUMNS = ("patient", "positive", "fold", "source", "pattern", "logit", *BRANCHES, *Trait)
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")  # no formula to any spreadsheet
LARGEST = 1e6  # of log-odds, ratios and millimetres; squares and sums of such stay finite


def validation_csv(rows: tuple[ValidationRow, ...]) -> bytes:
    """The table of these rows; floats survive the trip to the last bit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        traits = (row.traits[trait] for trait in Trait)
        numbers = [*(row.branches[name] for name in BRANCHES), *traits]
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
    that are not finite or beyond all measure, patients not named by letters and figures, out-of-fold
    rows without a fold and held-out rows with one, a patient twice in one pattern or with two
    statuses or folds.
    """
    reader = csv.DictReader(io.StringIO(text))
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError("columns")
        rows = tuple(_row(raw, folds) for raw in reader)
    except csv.Error as error:
        raise ValueError("a table") from error
    _check_patients(rows)
    return rows


def _check_patients(rows: Sequence[ValidationRow]) -> None:
    """Each counts once, and was on one side only of every split."""
    sides = {row.patient: (row.positive, row.fold, row.source) for row in rows}
    if any(sides[row.patient] != (row.positive, row.fold, row.source) for row in rows):
        raise ValueError("a patient with two statuses or folds")
    if len({(row.patient, row.pattern) for row in rows}) != len(rows):
        raise ValueError("a patient counted twice")


def _row(raw: dict[str, str], folds: int) -> ValidationRow:
    source = ValidationSource(raw["source"])
    fold = int(raw["fold"]) if raw["fold"] else None
    if (fold is None) != (source is ValidationSource.HELD_OUT):
        raise ValueError("a fold")
    if not _PSEUDONYM.fullmatch(raw["patient"]):
        raise ValueError("a patient")
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
        traits={trait: _finite(raw[trait]) if raw[trait] else None for trait in Trait},
    )


def _finite(text: str) -> float:
    value = float(text)
    if not abs(value) <= LARGEST:  # nor what is no number
        raise ValueError("a number")
    return value
