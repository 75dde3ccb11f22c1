"""The document of a prediction: what scripts read of doubts, failures, range and neighbours."""

import json
from dataclasses import replace

import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.counts import Call
from her2desk.domain.failure import (
    DECLARED,
    ErrorEstimate,
    FailureReading,
    FailureSign,
    NoErrorModel,
    Silence,
)
from her2desk.domain.familiarity import Distance, Familiarity, NearPatient
from her2desk.domain.image import Spacing, SpacingSource
from her2desk.domain.prediction import FeatureContribution, Inputs, PackIdentity, Prediction
from her2desk.domain.readout import Doubt, Estimate, Readout
from her2desk.domain.roi import Roi
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.unknowns import UnknownEffect
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.stats.proportions import wilson

ERROR = ErrorEstimate(0.3, 0.2, 0.4, (Trait.CALCIFICATION,), 44, 90, (0.7, 0.6, 0.8))
SIGNS = (
    FailureSign(DECLARED[1], 1.0, 0.5, wilson(9, 14), wilson(4, 27), None),
    FailureSign(DECLARED[2], None, None, None, None, Silence.UNKNOWN),
)
NEAR = NearPatient("V0012", True, 0.4, 2.3, ValidationSource.OUT_OF_FOLD, UNKNOWN_TRAITS)
FAMILIAR = Familiarity(
    Distance(7.0, 5.0, 12, wilson(7, 140)), (), (NEAR,), "Maker One", False, 0.2, (0.05, 0.09)
)


def readout(**changes: object) -> Readout:
    bare = Readout(
        probability=0.49,
        lower=0.34,
        upper=0.64,
        prevalence=0.3,
        operating_point=OperatingPoint("own", 0.42),
        call=Call.POSITIVE,
        confusion=None,
        sensitivity=None,
        specificity=None,
        ppv=None,
        npv=None,
        neighbours=None,
    )
    return replace(bare, **changes)


def document(**changes: object) -> dict:
    prediction = Prediction(
        inputs=Inputs("c" * 64, None, Roi(0, ((1, 1), (9, 1), (9, 9))), ClinicalRecord(), "d" * 64),
        pack=PackIdentity("Pack", "1.0", "d" * 64, False),
        classes=("negative", "positive"),
        estimate=Estimate(-0.04, 0.1, "image-only", 0.3),
        branches={},
        signatures={},
        readout=readout(),
        heatmap=None,
        attention=Attention(None, None, None),
        features=(FeatureContribution("mean", 71.0, -0.4, False),),
        spacing=Spacing(None, SpacingSource.UNKNOWN),
        device="cpu",
    )
    return json.loads(json.dumps(replace(prediction, **changes).to_json()))


def test_what_was_computed_is_in_it():
    found = document(unknowns=(UnknownEffect("pr", ((0.0, 0.2), (1.0, -0.4))),))
    assert found["estimate"] == {
        "logit": -0.04, "variance": 0.1, "pattern": "image-only", "prevalence": 0.3,
    }  # fmt: skip
    assert found["features"] == {"mean": -0.4}
    assert found["traits"] == dict.fromkeys(map(str, Trait))
    assert found["unknowns"] == [{"field": "pr", "answers": [[0.0, 0.2], [1.0, -0.4]]}]


def test_without_validation_patients_and_range_it_has_nulls():
    found = document()
    assert [found[name] for name in ("confusion", "failure", "error_model", "range")] == [None] * 4
    assert found["nearest"] == found["doubts"] == []


def test_range_and_nearest_patients():
    found = document(familiarity=FAMILIAR, readout=readout(doubts=(Doubt.OUT_OF_RANGE,)))
    assert found["doubts"] == ["out-of-range"]
    assert found["range"] == {
        "distance": 7.0,
        "threshold": 5.0,
        "outside": True,
        "false_alarms": {"count": 7, "patients": 140},
    }
    assert found["nearest"] == [
        {
            "patient": "V0012",
            "positive": True,
            "logit": 0.4,
            "distance": 2.3,
            "source": "out-of-fold",
        }
    ]
    assert document(familiarity=replace(FAMILIAR, distance=None))["range"] is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ERROR, {"probability": 0.3, "interval": [0.2, 0.4], "reason": None}),
        (NoErrorModel.FEW_ERRORS, {"probability": None, "interval": None, "reason": "few-errors"}),
    ],
)
def test_signs_and_the_model_of_the_errors(error, expected):
    found = document(readout=readout(failure=FailureReading(SIGNS, error, wilson(13, 41))))
    assert found["error_model"] == expected
    assert found["failure"] == [
        {
            "pattern": "calcification",
            "value": 1.0,
            "limit": 0.5,
            "alike": {"wrong": 9, "patients": 14},
            "others": {"wrong": 4, "patients": 27},
            "warns": True,
            "silence": None,
        },
        {
            "pattern": "nodes",
            "value": None,
            "limit": None,
            "alike": None,
            "others": None,
            "warns": False,
            "silence": "unknown",
        },
    ]
