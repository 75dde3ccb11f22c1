"""Validation rows and grounds made by hand."""

from collections.abc import Sequence

import numpy as np

from her2desk.domain.readout import IndeterminateRule
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.evidence import Grounds, gathered
from her2desk.packs.readout_part import ReadoutPart

POINT = OperatingPoint("youden", 0.4, (0.35, 0.45))
OUT_OF_FOLD = ValidationSource.OUT_OF_FOLD


def row(
    patient: int,
    positive: bool,
    score: float,
    fold: int | None = 0,
    pattern: str = "pr",
    traits: dict[Trait, float | None] | None = None,
    branches: dict[str, float | None] | None = None,
) -> ValidationRow:
    source = ValidationSource.HELD_OUT if fold is None else OUT_OF_FOLD
    return ValidationRow(
        f"V{patient:04d}",
        bool(positive),
        fold,
        source,
        pattern,
        score,
        branches or {},
        {**UNKNOWN_TRAITS, **(traits or {})},
    )


def cohort(n: int = 60, seed: int = 1) -> list[ValidationRow]:
    """A third positive, in two folds, scores a standard deviation apart."""
    rng = np.random.default_rng(seed)
    return [
        row(
            i,
            i % 3 == 0,
            float(rng.normal(i % 3 == 0)),
            fold=i % 2,
            branches={"radiomics": float(rng.normal()), "cnn": float(rng.normal())},
        )
        for i in range(n)
    ]


def grounds(
    rows: Sequence[ValidationRow],
    rule: IndeterminateRule = IndeterminateRule.INTERVAL,
    part: ReadoutPart | None = None,
    counted: Sequence[ValidationRow] | None = None,
) -> Grounds:
    judged = gathered(rows)
    return Grounds(
        judged if counted is None else gathered(counted), judged, rule, part or ReadoutPart()
    )
