"""A prediction and the fingerprint of all it was computed from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.counts import Proportion
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.failure import ErrorEstimate, FailureSign, NoErrorModel
from her2desk.domain.familiarity import Familiarity, NearPatient
from her2desk.domain.image import ImageWarning, Spacing, UserCalibration
from her2desk.domain.readout import Estimate, Readout
from her2desk.domain.roi import Box, Roi
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait, Traits
from her2desk.domain.unknowns import UnknownEffect
from her2desk.domain.validation import Attention

COMBINED = "combined"
BRANCHES = ("clinical", "radiomics", "cnn", "dlr", COMBINED)


@dataclass(frozen=True)
class Inputs:
    """All that a prediction depends on; equal fingerprints mean the same answer."""

    image_sha256: str
    sop_instance_uid: str | None
    roi: Roi
    clinical: ClinicalRecord
    pack_sha256: str
    calibration: UserCalibration | None = None

    @cached_property
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


class HeatmapMethod(StrEnum):
    """How a heatmap was made."""

    GRAD_CAM = "grad-cam"  # Selvaraju et al. 2017
    GRAD_CAM_PP = "grad-cam++"  # Chattopadhay et al. 2018
    OCCLUSION = "occlusion"  # Zeiler and Fergus 2014


class HeatmapClass(StrEnum):
    """For which class a heatmap speaks."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


@dataclass(frozen=True)
class Heatmap:
    """Attention on a coarse grid, ``values`` 0–1 (rows, columns), and the crop it covers.

    The grid of both Grad-CAMs is the network's own, that of occlusion one cell a place covered.
    """

    values: NDArray[np.float32]
    crop: Box
    share_in_roi: float | None
    method: HeatmapMethod = HeatmapMethod.GRAD_CAM
    speaks_for: HeatmapClass = HeatmapClass.POSITIVE


@dataclass(frozen=True)
class FeatureContribution:
    """One radiomics feature of the pack's, in standard deviations from the training mean."""

    name: str
    value: float
    z_score: float
    is_out_of_range: bool


@dataclass(frozen=True)
class Prediction:
    """The engine's whole answer for one case.

    ``familiarity`` is None only in predictions of packs that state nothing of their patients.
    ``unknowns`` are the pack's clinical inputs that are not known, the one that could move the answer
    most first. ``enhancement`` is that of the picture which network and features saw, None where they
    saw the image itself.
    """

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
    traits: Traits = field(default_factory=lambda: UNKNOWN_TRAITS)
    familiarity: Familiarity | None = None
    unknowns: tuple[UnknownEffect, ...] = ()
    enhancement: EnhancementUse | None = None
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
            "device": self.device,
            "spacing_mm": list(self.spacing.mm) if self.spacing.mm else None,
            "spacing_source": str(self.spacing.source),
            "enhancement": None if self.enhancement is None else self.enhancement.to_json(),
            "warnings": [{"code": w.code, "message": w.message.text()} for w in self.warnings],
            "timings_ms": dict(self.timings_ms),
            **self._doubts_json(),
        }

    def _doubts_json(self) -> dict[str, Any]:
        """What may speak against the answer, and what it was made from."""
        failure, estimate = self.readout.failure, self.estimate
        near = self.familiarity.nearest if self.familiarity is not None else ()
        return {
            "doubts": [str(doubt) for doubt in self.readout.doubts],
            "failure": None if failure is None else [_sign_json(sign) for sign in failure.signs],
            "error_model": None if failure is None else _error_json(failure.error),
            "range": _range_json(self.familiarity),
            "scanner": self.familiarity.scanner if self.familiarity is not None else "",
            "nearest": [_near_json(patient) for patient in near],
            "unknowns": [
                {"field": effect.field, "answers": [list(answer) for answer in effect.answers]}
                for effect in self.unknowns
            ],
            "traits": {str(trait): self.traits[trait] for trait in Trait},
            "estimate": {
                "logit": estimate.logit,
                "variance": estimate.variance,
                "pattern": estimate.pattern,
                "prevalence": estimate.training_prevalence,
            },
            "features": {feature.name: feature.z_score for feature in self.features},
        }


def _confusion_json(readout: Readout) -> dict[str, Any] | None:
    table = readout.confusion
    if table is None:
        return None
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


def _sign_json(sign: FailureSign) -> dict[str, Any]:
    return {
        "pattern": sign.pattern.name,
        "value": sign.value,
        "limit": sign.limit,
        "alike": _counts_json(sign.alike),
        "others": _counts_json(sign.others),
        "warns": sign.warns,
        "silence": None if sign.silence is None else str(sign.silence),
    }


def _counts_json(errors: Proportion | None) -> dict[str, int] | None:
    return None if errors is None else {"wrong": errors.count, "patients": errors.total}


def _error_json(error: ErrorEstimate | NoErrorModel) -> dict[str, Any]:
    if isinstance(error, NoErrorModel):
        return {"probability": None, "interval": None, "reason": str(error)}
    return {
        "probability": error.value,
        "interval": [error.lower, error.upper],
        "reason": None,
    }


def _range_json(familiarity: Familiarity | None) -> dict[str, Any] | None:
    if familiarity is None or familiarity.distance is None:
        return None
    distance = familiarity.distance
    alarms = distance.false_alarms
    return {
        "distance": distance.value,
        "threshold": distance.threshold,
        "outside": distance.is_outside,
        "false_alarms": {"count": alarms.count, "patients": alarms.total},
    }


def _near_json(patient: NearPatient) -> dict[str, Any]:
    return {
        "patient": patient.patient,
        "positive": patient.positive,
        "logit": patient.logit,
        "distance": patient.distance,
        "source": str(patient.source),
    }
