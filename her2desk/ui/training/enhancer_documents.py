"""What ``her2desk train-enhancer`` writes, as values: a check, a point of the curves, the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from her2desk.ui.training.documents import Finding, not_understood
from her2desk.ui.training.raw_values import (
    count,
    line_object,
    names,
    number,
    objects,
    path,
    text,
)

LANCZOS, GENERATOR = "lanczos", "generator"
ADVERSARIAL = "adversarial"


@dataclass(frozen=True)
class ImagesCheck:
    """What was found in a folder of images; each file that is left out is a finding."""

    patients: int
    images: int
    held_out_patients: int
    is_usable: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class CurvePoint:
    """PSNR in dB on held-out patients after ``step`` steps; Lanczos' is a phase of its own."""

    step: int
    phase: str
    psnr_db: float


@dataclass(frozen=True)
class MadeEnhancer:
    """A finished enhancer; ``measures[by][measure]`` are means over the held-out patients."""

    file: Path
    sha256: str
    name: str
    version: str
    held_out_patients: int
    figures: tuple[Path, ...] = ()
    left_out: tuple[Finding, ...] = ()
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def point_of(line: str) -> CurvePoint | None:
    """The point of a curve that a line of standard error is; None for a line that is something else."""
    raw = line_object(line)
    curve = None if raw is None else raw.get("curve")
    psnr_db = number(curve.get("psnr_db")) if isinstance(curve, Mapping) else None
    if not isinstance(curve, Mapping) or psnr_db is None:
        return None
    return CurvePoint(count(curve, "step"), text(curve, "phase"), psnr_db)


def images_of(raw: Mapping[str, Any]) -> ImagesCheck:
    """A check's document; raises ``EngineFailed`` where it counts no images."""
    if not isinstance(raw.get("usable"), bool) or not isinstance(raw.get("images"), int):
        raise not_understood()
    return ImagesCheck(
        patients=count(raw, "patients"),
        images=count(raw, "images"),
        held_out_patients=count(raw, "held_out_patients"),
        is_usable=raw["usable"],
        findings=_left_out(raw),
    )


def made_of(raw: Mapping[str, Any]) -> MadeEnhancer:
    """A finished training's document; raises ``EngineFailed`` where it names no file."""
    file = path(raw, "enhancer")
    if file is None:
        raise not_understood()
    return MadeEnhancer(
        file=file,
        sha256=text(raw, "sha256"),
        name=text(raw, "name") or file.stem,
        version=text(raw, "version"),
        held_out_patients=count(raw, "held_out_patients"),
        figures=tuple(Path(name) for name in names(raw.get("figures"))),
        left_out=_left_out(raw),
        measures=_measures(raw.get("measures")),
    )


def _left_out(raw: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Files that were not learnt from, each with its reason."""
    return tuple(
        Finding(None, text(one, "image"), False, text(one, "code"), text(one, "message"), "")
        for one in objects(raw.get("left_out"))
    )


def _measures(raw: Any) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for by in (LANCZOS, GENERATOR):
        values = raw.get(by) if isinstance(raw, Mapping) else None
        if isinstance(values, Mapping):
            known = {str(name): number(value) for name, value in values.items()}
            found[by] = {name: value for name, value in known.items() if value is not None}
    return found
