"""What ``her2desk train`` writes, as values: the check of a cohort, a step, the finished pack.

Everything that comes from the child is looked at before it is used; a part that is missing or of the wrong
kind is left out, and a document without its essentials is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from her2desk.errors import EngineFailed, Her2DeskError
from her2desk.texts import msg
from her2desk.ui.training.raw_values import (
    count,
    line_object,
    messages,
    names,
    number,
    objects,
    path,
    text,
)

EVIDENCES = ("apparent", "cross_validated", "held_out")
APPROXIMATE_METHODS = ("nadeau-bengio",)


@dataclass(frozen=True)
class Finding:
    """Something about a row or a column; an error keeps the cohort from being used.

    ``row`` is the line of the table as the check counts it, None where the whole cohort is meant.
    """

    row: int | None
    column: str
    is_error: bool
    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class ClinicalInput:
    """A clinical column and of how many patients it is known."""

    name: str
    known: int


@dataclass(frozen=True)
class CohortCheck:
    """What the check found; ``calibrated`` counts images whose scale is known."""

    patients: int
    positive: int
    unknown: int
    images: int
    is_usable: bool
    findings: tuple[Finding, ...] = ()
    inputs: tuple[ClinicalInput, ...] = ()
    sites: tuple[str, ...] = ()
    scanners: tuple[str, ...] = ()
    calibrated: int = 0
    has_split_column: bool = False


@dataclass(frozen=True)
class Step:
    """How far the child is: ``fraction`` 0–1, the stage in words, seconds left where it knows them."""

    stage: str
    fraction: float
    text: str
    eta_s: float | None = None


@dataclass(frozen=True)
class Auc:
    """An AUC with its 95 % interval; ``method`` names the interval."""

    value: float
    lower: float
    upper: float
    method: str = ""

    @property
    def is_approximate(self) -> bool:
        return self.method in APPROXIMATE_METHODS


@dataclass(frozen=True)
class TrainedPack:
    """A finished pack: where it and what belongs to it lie; ``aucs[branch][evidence]``."""

    pack: Path
    digest: str
    report: Path | None = None
    tripod: Path | None = None
    figures: Path | None = None
    aucs: Mapping[str, Mapping[str, Auc]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def step_of(line: str) -> Step | None:
    """The step that a line of standard error reports; None for a line that is something else."""
    raw = line_object(line)
    fraction = None if raw is None else number(raw.get("fraction"))
    if raw is None or fraction is None:
        return None
    eta = number(raw.get("eta_s"))
    return Step(
        text(raw, "stage"),
        min(max(fraction, 0.0), 1.0),
        text(raw, "text"),
        None if eta is None else max(eta, 0.0),
    )


def check_of(raw: Mapping[str, Any]) -> CohortCheck:
    """A check's document; raises ``EngineFailed`` where it counts no patients."""
    if not isinstance(raw.get("usable"), bool) or not isinstance(raw.get("patients"), int):
        raise not_understood()
    return CohortCheck(
        patients=count(raw, "patients"),
        positive=count(raw, "positive"),
        unknown=count(raw, "unknown"),
        images=count(raw, "images"),
        is_usable=raw["usable"],
        findings=findings_of(raw),
        inputs=tuple(
            ClinicalInput(text(item, "name"), count(item, "known"))
            for item in objects(raw.get("inputs"))
        ),
        sites=names(raw.get("sites")),
        scanners=names(raw.get("scanners")),
        calibrated=count(raw, "calibrated"),
        has_split_column=raw.get("has_split_column") is True,
    )


def trained_of(raw: Mapping[str, Any]) -> TrainedPack:
    """A finished training's document; raises ``EngineFailed`` where it names no pack."""
    if not text(raw, "pack"):
        raise not_understood()
    return TrainedPack(
        pack=Path(text(raw, "pack")),
        digest=text(raw, "digest"),
        report=path(raw, "report"),
        tripod=path(raw, "tripod"),
        figures=path(raw, "figures"),
        aucs=_aucs(raw.get("metrics")),
        warnings=messages(raw.get("warnings")),
    )


def error_of(raw: Mapping[str, Any]) -> Her2DeskError | None:
    """The refusal in a document, in the child's own words; None where there is none."""
    error = raw.get("error")
    if not isinstance(error, Mapping) or not text(error, "message"):
        return None
    # The words are finished sentences: braces in them (a path) are no fields.
    return EngineFailed(
        msg("{words}", words=text(error, "message")),
        msg("{words}", words=text(error, "remedy")),
        code=text(error, "code") or "train",
    )


def not_understood() -> EngineFailed:
    """The child's answer is not what the contract says."""
    return EngineFailed(
        msg("The training program gave an answer that could not be read."),
        msg("Look at the log, and try again."),
        code="train-answer",
    )


def findings_of(raw: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What a check found."""
    return tuple(_finding(item) for item in objects(raw.get("findings")))


def _finding(raw: Mapping[str, Any]) -> Finding:
    row = raw.get("row")
    return Finding(
        row=row if isinstance(row, int) else None,
        column=text(raw, "column"),
        is_error=raw.get("severity") != "notice",
        code=text(raw, "code"),
        message=text(raw, "message"),
        remedy=text(raw, "remedy"),
    )


def _aucs(raw: Any) -> dict[str, dict[str, Auc]]:
    """The other way round than in the document: a branch is a row of the table."""
    aucs: dict[str, dict[str, Auc]] = {}
    if not isinstance(raw, Mapping):
        return aucs
    for evidence in EVIDENCES:
        branches = raw.get(evidence)
        if not isinstance(branches, Mapping):
            continue
        for branch, figures in branches.items():
            auc = _auc(figures.get("auc")) if isinstance(figures, Mapping) else None
            if auc is not None:
                aucs.setdefault(str(branch), {})[evidence] = auc
    return aucs


def _auc(raw: Any) -> Auc | None:
    if not isinstance(raw, Mapping):
        return None
    value, lower, upper = (number(raw.get(name)) for name in ("value", "lower", "upper"))
    if value is None or lower is None or upper is None:
        return None
    return Auc(value, lower, upper, text(raw, "method"))
