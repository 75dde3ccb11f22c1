"""A prediction and the fingerprint of all it was computed from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import ImageWarning, Spacing, UserCalibration
from her2desk.domain.readout import Estimate, Readout
from her2desk.domain.roi import Box, Roi
from her2desk.domain.validation import Attention

BRANCHES = ("clinical", "radiomics", "cnn", "dlr", "combined")


@dataclass(frozen=True)
class Inputs:
    """All that a prediction depends on; equal fingerprints mean the same answer."""

    image_sha256: str
    sop_instance_uid: str | None
    roi: Roi
    clinical: ClinicalRecord
    pack_sha256: str
    calibration: UserCalibration | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the inputs in canonical JSON."""
        content: dict[str, Any] = {
            "image_sha256": self.image_sha256,
            "sop_instance_uid": self.sop_instance_uid,
            "roi": self.roi.to_json(),
            "clinical": self.clinical.to_json(),
            "pack_sha256": self.pack_sha256,
        }
        if self.calibration is not None:
            content["calibration"] = self.calibration.to_json()
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class PackIdentity:
    """Which pack answered."""

    name: str
    version: str
    sha256: str
    demo: bool


@dataclass(frozen=True)
class Heatmap:
    """Grad-CAM on the network's native grid, ``values`` 0–1 (rows, columns), and the crop it covers."""

    values: NDArray[np.float32]
    crop: Box
    share_in_roi: float | None


@dataclass(frozen=True)
class FeatureContribution:
    """One radiomics feature of the pack's, in standard deviations from the training mean."""

    name: str
    value: float
    z_score: float
    is_out_of_range: bool


@dataclass(frozen=True)
class Prediction:
    """The engine's whole answer for one case."""

    inputs: Inputs
    pack: PackIdentity
    classes: tuple[str, ...]
    estimate: Estimate
    branches: Mapping[str, float | None]
    signatures: Mapping[str, float | None]
    readout: Readout
    heatmap: Heatmap | None
    attention: Attention
    features: tuple[FeatureContribution, ...]
    spacing: Spacing
    device: str
    warnings: tuple[ImageWarning, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The document that ``her2desk predict --json`` prints."""
        readout = self.readout
        return {
            "probability": readout.probability,
            "interval": [readout.lower, readout.upper],
            "branches": {name: self.branches.get(name) for name in BRANCHES},
            "classes": list(self.classes),
            "operating_point": {
                "name": readout.operating_point.name,
                "threshold": readout.operating_point.threshold,
            },
            "call": str(readout.call),
            "confusion": _confusion_json(readout),
            "attention": {
                "roi_enrichment": self.attention.roi_enrichment,
                "hyperechoic_enrichment": self.attention.hyperechoic_enrichment,
                "dispersion": self.attention.dispersion,
            },
            "pack": {
                "name": self.pack.name,
                "version": self.pack.version,
                "sha256": self.pack.sha256,
                "demo": self.pack.demo,
            },
            "inputs_sha256": self.inputs.sha256,
            "spacing_mm": list(self.spacing.mm) if self.spacing.mm else None,
            "spacing_source": str(self.spacing.source),
            "warnings": [{"code": w.code, "message": w.message.text()} for w in self.warnings],
            "timings_ms": dict(self.timings_ms),
        }


def _confusion_json(readout: Readout) -> dict[str, Any]:
    table = readout.confusion
    values = {"ppv": readout.ppv, "npv": readout.npv}
    return {
        "tp": table.tp,
        "fp": table.fp,
        "tn": table.tn,
        "fn": table.fn,
        "cohort_size": table.cohort_size,
        "source": str(table.source),
        "prevalence": readout.prevalence,
        **{
            name: {"value": v.value, "lower": v.lower, "upper": v.upper} if v else None
            for name, v in values.items()
        },
    }
