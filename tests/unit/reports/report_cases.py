"""A prediction and its image, made by hand."""

from dataclasses import replace

import numpy as np

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.counts import Call, Confusion
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource, UltrasoundImage
from her2desk.domain.prediction import (
    FeatureContribution,
    Heatmap,
    Inputs,
    PackIdentity,
    Prediction,
)
from her2desk.domain.readout import Estimate, Readout
from her2desk.domain.roi import Box, Roi
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.stats.proportions import predictive_values, wilson
from her2desk.texts import msg

CONFUSION = Confusion(tp=14, fp=9, tn=36, fn=1, source=ValidationSource.OUT_OF_FOLD)


def a_readout(**changes: object) -> Readout:
    ppv, npv = predictive_values(CONFUSION, 0.2)
    readout = Readout(
        probability=0.49,
        lower=0.34,
        upper=0.64,
        prevalence=0.2,
        operating_point=OperatingPoint("sensitivity95", 0.31, (0.3, 0.32)),
        call=Call.INDETERMINATE,
        confusion=CONFUSION,
        sensitivity=wilson(14, 15),
        specificity=wilson(36, 45),
        ppv=ppv,
        npv=npv,
        neighbours=wilson(11, 20),
    )
    return replace(readout, **changes)


def an_image(**changes: object) -> UltrasoundImage:
    image = UltrasoundImage(
        sha256="a" * 64,
        sop_instance_uid="1.2.840.99999.1",
        rows=400,
        columns=500,
        frames=57,
        photometric="MONOCHROME2",
        transfer_syntax="1.2.840.10008.1.2.1",
        laterality="L",
        view="longitudinal",
        patient_id="0007",
        patient_name="Phantom^Ada",
        study_date="20240229",
        manufacturer="Simulated",
        model_name="Phantom 1",
    )
    return replace(image, **changes)


def a_prediction(**changes: object) -> Prediction:
    roi = Roi(11, ((100.0, 100.0), (200.0, 100.0), (200.0, 180.0), (100.0, 180.0)))
    prediction = Prediction(
        inputs=Inputs(
            image_sha256="a" * 64,
            sop_instance_uid="1.2.840.99999.1",
            roi=roi,
            clinical=ClinicalRecord(age_years=62, pr=False, er=True, ki67_percent=35),
            pack_sha256="b" * 64,
        ),
        pack=PackIdentity("Phantom demo", "1.0", "b" * 64, True),
        classes=("HER-2 negative", "HER-2 positive"),
        estimate=Estimate(-0.04, 0.1, "pr", 0.307),
        branches={"clinical": 0.4, "radiomics": 0.55, "cnn": 0.61, "dlr": 0.58, "combined": 0.49},
        signatures={"clinical": None, "cnn": 0.2, "dlr": 0.3},
        readout=a_readout(),
        heatmap=Heatmap(np.ones((4, 4), np.float32), Box(90, 90, 210, 190), 0.71),
        attention=Attention(1.4, 1.8, None),
        features=(
            FeatureContribution("original_firstorder_Mean", 71.234567, -0.4, False),
            FeatureContribution("wavelet-LH_glcm_Contrast", 12.5, 4.2, True),
        ),
        spacing=Spacing((0.062, 0.062), SpacingSource.ULTRASOUND_REGION, 1, 2),
        device="cpu",
        warnings=(
            ImageWarning("feature-range", msg("One feature lies outside the training range.")),
        ),
    )
    return replace(prediction, **changes)
