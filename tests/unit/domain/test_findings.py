"""What is reported of a prediction is the prediction's own."""

from datetime import UTC, datetime

import pytest

from her2desk.domain.findings import reported

from ..reports.report_cases import a_prediction

WHEN = datetime(2026, 3, 4, tzinfo=UTC)


def test_a_report_says_what_the_answer_said() -> None:
    prediction = a_prediction()
    found = reported(prediction, WHEN, reader="Anna")
    readout = prediction.readout
    assert (found.probability, found.lower, found.upper) == (
        readout.probability, readout.lower, readout.upper,
    )  # fmt: skip
    assert (found.call, found.operating_point) == (readout.call, readout.operating_point)
    assert (found.inputs, found.pack) == (prediction.inputs, prediction.pack)
    assert (found.when, found.reader, found.decision) == (WHEN, "Anna", None)


def test_a_time_without_a_zone_is_no_time() -> None:
    with pytest.raises(ValueError, match="zone"):
        reported(a_prediction(), datetime(2026, 3, 4))
