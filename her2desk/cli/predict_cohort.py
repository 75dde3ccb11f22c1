"""``her2desk predict --cohort DIR --out F.csv``: every patient of a cohort by one pack, as a table."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.prediction import BRANCHES, Prediction
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import InputRefused, unwritable
from her2desk.inference.cohort import CohortRow, case_of_row, read_cohort
from her2desk.inference.pipeline import LoadedPack, Question, predict
from her2desk.texts import msg

COLUMNS = (
    "patient_id", "her2_positive", "probability", "lower", "upper", "call",
    *BRANCHES, "inputs_sha256", "refused",
    "enhancement", "enhancement_largest", "enhancement_failing_pixels",
)  # fmt: skip


@dataclass(frozen=True)
class CohortTable:
    """How many patients were answered and refused."""

    patients: int
    predicted: int
    refused: int


def predict_cohort(
    folder: Path, out: Path, loaded: LoadedPack, question: Question, progress: Progress
) -> CohortTable:
    """Predict each row of ``cohort.csv`` and write one row each to ``out``.

    A patient whose files cannot be used has a row with the reason. The table appears whole or not at
    all. Raises ``InputRefused`` where the cohort cannot be read or ``out`` not written.
    """
    rows = read_cohort(folder)
    lines = []
    for done, row in enumerate(rows):
        progress.step(done / len(rows), msg("Patient {id}", id=row.patient_id))
        lines.append(_line(row, loaded, question))
    _write(out, lines)
    refused = sum(1 for line in lines if line.get("refused"))
    return CohortTable(len(lines), len(lines) - refused, refused)


def _line(row: CohortRow, loaded: LoadedPack, question: Question) -> Mapping[str, object]:
    status = "" if row.positive is None else int(row.positive)
    base = {"patient_id": row.patient_id, "her2_positive": status}
    try:
        return {**base, **_answer(_predicted(row, loaded, question))}
    except InputRefused as error:
        return {**base, "refused": str(error)}


def _predicted(row: CohortRow, loaded: LoadedPack, question: Question) -> Prediction:
    return predict(case_of_row(row), loaded, SilentProgress(), question)


def _answer(prediction: Prediction) -> Mapping[str, object]:
    readout = prediction.readout
    return {
        "probability": repr(readout.probability),
        "lower": repr(readout.lower),
        "upper": repr(readout.upper),
        "call": str(readout.call),
        **{name: _number(prediction.branches[name]) for name in BRANCHES},
        "inputs_sha256": prediction.inputs.sha256,
        **_enhancement(prediction.enhancement),
    }


def _enhancement(use: EnhancementUse | None) -> Mapping[str, object]:
    """By what the image was enhanced, and how far that is from giving the image back."""
    if use is None:
        return {}
    said = {"enhancement": f"{use.name} {use.version}"}
    if use.tolerance is None:
        return said
    return {
        **said,
        "enhancement_largest": _number(use.largest_residual),
        "enhancement_failing_pixels": use.failing_px,
    }


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _write(out: Path, lines: list[Mapping[str, object]]) -> None:
    temporary = out.with_name(out.name + ".tmp")
    try:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(lines)
        temporary.replace(out)
    except OSError as error:
        raise unwritable(out) from error
