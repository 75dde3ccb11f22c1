"""One plausible case for the panels: the worked examples of the readout's rules."""

import math

import numpy as np

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource
from her2desk.domain.nomogram import NomogramGeometry, NomogramModel, NomogramTerm
from her2desk.domain.prediction import (
    FeatureContribution,
    Heatmap,
    Inputs,
    PackIdentity,
    Prediction,
)
from her2desk.domain.readout import (
    Call,
    Confusion,
    Estimate,
    PredictiveValue,
    Proportion,
    Readout,
)
from her2desk.domain.roi import Box, Roi
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import msg

PACK = PackIdentity("Phantom demo", "1.0", "ab" * 32, True)
SENSITIVITY95 = OperatingPoint("sensitivity95", 0.31, (0.30, 0.32))
OWN_POINT = OperatingPoint("own", 0.42)
TRAINING_PREVALENCE = 0.307
SHIFT_TO_20_PERCENT = math.log(0.2 / 0.8) - math.log(0.307 / 0.693)


def make_readout(
    call: Call = Call.INDETERMINATE,
    point: OperatingPoint = SENSITIVITY95,
    prevalence: float = 0.20,
    confusion: Confusion | None = None,
) -> Readout:
    """0.49 (0.34–0.64) at 20 %, and 13, 2, 9, 36 of 60 held-out patients."""
    return Readout(
        probability=0.49,
        lower=0.34,
        upper=0.64,
        prevalence=prevalence,
        operating_point=point,
        call=call,
        confusion=confusion or Confusion(13, 9, 36, 2, ValidationSource.HELD_OUT),
        sensitivity=Proportion(13, 15, 0.62, 0.96),
        specificity=Proportion(36, 45, 0.66, 0.89),
        ppv=PredictiveValue(0.52, 0.37, 0.67),
        npv=PredictiveValue(0.96, 0.90, 0.99),
        neighbours=Proportion(11, 20, 0.34, 0.74),
    )


def make_features() -> tuple[FeatureContribution, ...]:
    return (
        FeatureContribution("original_glcm_Correlation", 0.6123, 2.3, False),
        FeatureContribution("gradient_glrlm_RunEntropy", 4.5, -0.6, False),
        FeatureContribution("original_shape2D_Sphericity", 0.71, 4.9, True),
        FeatureContribution("lbp-2D_firstorder_Entropy", 1.93, -3.4, False),
    )


def make_prediction(
    readout: Readout | None = None,
    branches: dict[str, float | None] | None = None,
    attention: Attention | None = None,
    has_heatmap: bool = True,
    warnings: tuple[ImageWarning, ...] = (),
) -> Prediction:
    heatmap = Heatmap(np.ones((7, 7), np.float32), Box(0, 0, 70, 70), 0.6)
    return Prediction(
        inputs=Inputs(
            "cd" * 32,
            "1.2.3",
            Roi(0, ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0))),
            ClinicalRecord(pr=False),
            PACK.sha256,
        ),
        pack=PACK,
        classes=("negative", "positive"),
        estimate=Estimate(0.53, 0.1, "pr", TRAINING_PREVALENCE),
        branches=branches
        or {"clinical": 0.22, "radiomics": 0.48, "cnn": 0.66, "dlr": 0.58, "combined": 0.63},
        signatures={"dlr": 0.62},
        readout=readout or make_readout(),
        heatmap=heatmap if has_heatmap else None,
        attention=attention or Attention(2.1, 1.8, 0.82),
        features=make_features(),
        spacing=Spacing(None, SpacingSource.UNKNOWN),
        device="cpu",
        warnings=warnings,
        timings_ms={"total": 211.0, "cnn": 92.0},
    )


def make_geometry() -> NomogramGeometry:
    """PR and the DLR score, as the paper's nomogram; PR negative has the more points."""
    return build_nomogram(
        NomogramModel(
            -0.4,
            (
                NomogramTerm("pr", msg("Progesterone receptor (PR)"), -1.07, 0, 1, True),
                NomogramTerm("dlr", msg("DLR score (log-odds)"), 0.9, -3.1, 2.7),
            ),
        )
    )
