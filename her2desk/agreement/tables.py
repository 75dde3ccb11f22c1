"""The tables of an agreement, CSV."""

import csv
import math
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from her2desk.agreement.features import FeatureTable
from her2desk.agreement.overlap import OverlapFigures
from her2desk.errors import unwritable
from her2desk.texts import Message

FIGURES = (
    "dice", "hausdorff_mm", "mean_distance_mm", "hausdorff_px", "mean_distance_px",
)  # fmt: skip
VERDICT = ("third_reader", "why")
FEATURES = (
    "feature", "icc_a1", "icc_a1_lower", "icc_a1_upper", "icc_c1", "icc_c1_lower", "icc_c1_upper",
    "kept",
)  # fmt: skip


def figure_cells(figures: OverlapFigures) -> list[object]:
    """The cells of ``FIGURES``; what is not known is empty."""
    values = figures.to_json()
    return ["" if values[name] is None else repr(float(values[name])) for name in FIGURES]


def verdict_cells(figures: OverlapFigures, reasons: Sequence[Message]) -> list[object]:
    """The cells of ``VERDICT``: 1 or 0, and the reasons or what could not be asked, in words."""
    said = reasons or ([figures.note] if figures.note is not None else [])
    return [int(bool(reasons)), " ".join(message.text() for message in said)]


def feature_rows(table: FeatureTable) -> list[list[object]]:
    """The rows below ``FEATURES``."""
    rows: list[list[object]] = []
    for found in table.features:
        a, c = found.absolute, found.consistent
        figures = (a.value, a.lower, a.upper, c.value, c.lower, c.upper)
        cells = [repr(v) if math.isfinite(v) else "" for v in figures]
        rows.append([found.feature, *cells, int(found.is_kept)])
    return rows


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV in UTF-8, whole or not at all; raises ``InputRefused`` (``unwritable``)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            with temporary.open("x", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([_harmless(cell) for cell in row] for row in rows)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path) from error


def _harmless(cell: object) -> object:
    """A text that a spreadsheet would take for a formula, as text."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        try:
            float(cell)
        except ValueError:
            return "'" + cell
    return cell
