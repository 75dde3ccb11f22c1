"""The clinical record: units and limits, "not known", and status by ASCO/CAP."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.clinical import (
    CLINICAL_FIELDS,
    FIELDS_BY_NAME,
    ClinicalRecord,
    Pathology,
    check_value,
    clinical_from_json,
)
from her2desk.errors import InputRefused


def refused(raw: object) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        clinical_from_json(raw)
    return caught.value


def test_nothing_known_is_a_record() -> None:
    record = clinical_from_json({})
    assert record == ClinicalRecord()
    assert set(record.to_json().values()) == {None}


def test_a_record_reads_back_equal() -> None:
    record = ClinicalRecord(age_years=52, pr=False, ki67_percent=20.5, laterality="L")
    assert clinical_from_json(json.loads(json.dumps(record.to_json()))) == record


def test_values_as_numbers() -> None:
    record = ClinicalRecord(age_years=52, pr=False, er=True)
    assert [record.value(n) for n in ("age_years", "pr", "er", "cea_ng_ml")] == [52, 0, 1, None]


def test_every_field_has_a_label_and_numbers_have_units() -> None:
    assert {f.name for f in CLINICAL_FIELDS} == set(FIELDS_BY_NAME)
    assert set(FIELDS_BY_NAME) | {"laterality"} == set(ClinicalRecord().to_json())
    for spec in CLINICAL_FIELDS:
        assert spec.label.text()
        assert bool(spec.unit.msgid) == spec.is_number


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("age_years", 5.2, "18 and 110 years"),
        ("age_years", -1, "18 and 110 years"),
        ("ki67_percent", 101, "0 and 100 %"),
        ("cea_ng_ml", 10**400, "ng/mL"),
        ("age_years", math.nan, "number"),
        ("age_years", math.inf, "number"),
        ("age_years", "52", "number"),
        ("age_years", True, "number"),
        ("pr", 1, "true, false or null"),
        ("pr", "yes", "true, false or null"),
        ("laterality", "left", "Correct it"),
        ("laterality", ["L"], "Correct it"),
    ],
)
def test_impossible_values_are_refused_by_name(name: str, value: Any, said: str) -> None:
    error = refused({name: value})
    assert error.code == "clinical-value"
    assert said in error.remedy.text()
    assert name in error.message.text() or name == "laterality"


@pytest.mark.parametrize("limit", [18, 110])
def test_the_limits_themselves_are_allowed(limit: int) -> None:
    clinical_from_json({"age_years": limit})


def test_a_misspelt_field_is_named() -> None:
    error = refused({"age": 52})
    assert error.code == "clinical-unknown-field"
    assert "'age'" in error.message.text()
    assert "age_years" in error.remedy.text()


def test_the_result_may_stand_in_the_same_document() -> None:
    assert clinical_from_json({"her2_ihc": "3+", "age_years": 52}).age_years == 52


@pytest.mark.parametrize("raw", [[], "text", 3, None])
def test_what_is_no_object_is_refused(raw: object) -> None:
    assert refused(raw).code == "clinical-malformed"


JSON = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)


@given(st.sampled_from(CLINICAL_FIELDS), JSON)
def test_any_value_is_plausible_or_refused(spec: Any, value: Any) -> None:
    try:
        check_value(spec, value)
    except InputRefused as error:
        refusal: InputRefused | None = error
    else:
        refusal = None
    if refusal is not None:
        assert refusal.message.text()
    elif value is not None and spec.is_number:
        assert spec.lower <= value <= spec.upper
    else:
        assert value is None or isinstance(value, bool)


@pytest.mark.parametrize(
    ("ihc", "fish", "positive"),
    [
        ("3+", None, True),
        ("3+", "not amplified", True),
        ("2+", "amplified", True),
        ("2+", "not amplified", False),
        ("2+", None, None),
        ("1+", None, False),
        ("0", "amplified", False),
        (None, None, None),
        (None, "amplified", None),
    ],
)
def test_status_by_asco_cap(ihc: str | None, fish: str | None, positive: bool | None) -> None:
    pathology = Pathology(ihc, fish)
    pathology.check()
    assert pathology.her2_positive is positive


@pytest.mark.parametrize("pathology", [Pathology("4+"), Pathology("2+", "maybe")])
def test_results_that_do_not_exist_are_refused(pathology: Pathology) -> None:
    with pytest.raises(InputRefused) as caught:
        pathology.check()
    assert caught.value.code == "pathology-value"
