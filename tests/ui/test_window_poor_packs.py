"""Packs that can say less, and inputs that allow less: the real window says so, and why."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from safetensors.numpy import load, save

from her2desk.domain.counts import Call
from her2desk.domain.prediction import Prediction
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.packs.archive import read_archive
from her2desk.packs.pack import CNN_FILE, VALIDATION_FILE
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE
from her2desk.paths import demo_pack_path
from tests.ui.readout_desk import (
    Desk,
    bring_in_sight,
    cells,
    click,
    demo_of,
    demo_rows,
    demo_with,
    demo_without,
    everything_reads_well,
    plain,
    type_into,
)

OUT_OF_FOLD, HELD_OUT = ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT
EVENTS = 3


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packs")


# A pack without validation table


@pytest.fixture(scope="module")
def untold(packs: Path) -> Path:
    left_out = {VALIDATION_FILE, READOUT_FILE, SPACE_FILE}
    return demo_without(
        packs / "untold.h2pack", lambda name: name in left_out or name.startswith("preview/")
    )


def test_without_validation_patients_there_is_an_estimate_and_no_count(
    desk: Desk, untold: Path
) -> None:
    answer, known = desk.fresh(untold), desk.result.estimate
    assert known.number.text() == f"{answer.readout.probability:.2f}"
    assert known.call_card.call.text().startswith("Positive at this operating point")
    cohort = desk.result.cohort
    for counted in (cohort.table, cohort.near, cohort.alike, cohort.point, cohort.predictive):
        assert not counted.isVisible()
    missing = "The pack has no validation patients to count here"
    assert cohort.missing.text().startswith(missing)
    assert [c.code for c in known.concerns.concerns()] == ["no-validation"]
    assert not known.concerns.calm.isVisible()  # nothing was checked, so nothing is calm
    everything_reads_well(desk)
    why = desk.why
    assert why.failures.closing.text().startswith("No model of the errors: the pack has no")
    assert not any(row.remark.warns() for row in why.failures.signs())
    assert not why.neighbours.cards()
    assert why.neighbours.note.text().startswith("This pack does not say which")


def test_its_threshold_and_prevalence_can_still_be_moved(desk: Desk, untold: Path) -> None:
    desk.fresh(untold)
    estimate = desk.result.estimate
    type_into(estimate.controls.prevalence, "5")
    assert estimate.number.text() == f"{desk.answer().readout.probability:.2f}"
    estimate.bar.setFocus()
    QTest.keyClick(estimate.bar, Qt.Key.Key_End)
    assert desk.answer().readout.call is Call.NEGATIVE
    everything_reads_well(desk)


# A pack with three events, all of them out of fold


@pytest.fixture(scope="module")
def three_events(packs: Path) -> Path:
    rows = demo_rows()
    positive = [row.patient for row in rows if row.positive and row.source is OUT_OF_FOLD]
    few = set(list(dict.fromkeys(positive))[:EVENTS])

    def stays(row: ValidationRow) -> bool:
        return not row.positive or row.patient in few

    return demo_of(packs / "few.h2pack", [row for row in rows if stays(row)])


def test_three_events_are_counted_and_nothing_is_made_of_them(
    desk: Desk, three_events: Path
) -> None:
    answer = desk.fresh(three_events)
    shown = cells(desk)
    assert shown["tp"] + shown["fn"] == EVENTS
    assert sum(shown.values()) == len(desk.pack.rows(answer.estimate.pattern, OUT_OF_FOLD))
    cohort = desk.result.cohort
    words = plain(cohort.point.text())
    assert f"{shown['tp']} of {EVENTS}" in words
    sensitivity = words.split("specificity")[0]
    assert "%" not in sensitivity  # V15: counts only below ten
    near = answer.readout.neighbours
    assert near is not None
    described = f"{near.count} of 20 were HER-2 positive"
    assert cohort.near.icons.accessibleDescription() == described
    failure = answer.readout.failure
    assert failure is not None
    assert not any(sign.warns for sign in failure.signs)
    few = "Only 3 validation patients were HER-2 positive: too few to say how such answers fail."
    assert few in [c.message.text() for c in desk.result.estimate.concerns.concerns()]
    assert "PPV" not in cohort.predictive.text()
    everything_reads_well(desk)


def test_of_held_out_patients_of_one_class_only_half_is_said(
    desk: Desk, three_events: Path
) -> None:
    answer = desk.fresh(three_events)
    cohort = desk.result.cohort
    assert cohort.sources.control is not None
    click(cohort.sources.control.button(HELD_OUT))
    shown = cells(desk)
    assert (shown["tp"], shown["fn"]) == (0, 0)
    rows = desk.pack.rows(answer.estimate.pattern, HELD_OUT)
    assert sum(shown.values()) == len(rows)
    assert plain(cohort.missing.text()).startswith(
        f"None of the {len(rows)} validation patients was HER-2 positive"
    )
    everything_reads_well(desk)


# One class is missing at a threshold


@pytest.mark.parametrize(("key", "end"), [(Qt.Key.Key_Home, 0.01), (Qt.Key.Key_End, 0.99)])
def test_at_the_ends_of_the_threshold_a_row_may_be_empty(
    desk: Desk, key: Qt.Key, end: float
) -> None:
    desk.fresh()
    estimate, cohort = desk.result.estimate, desk.result.cohort
    bring_in_sight(estimate.bar)
    estimate.bar.setFocus()
    QTest.keyClick(estimate.bar, key)
    readout = desk.answer().readout
    assert readout.operating_point.threshold == end
    shown = cells(desk)
    assert sum(shown.values()) == 207
    empty = ("tn", "fn") if end < 0.5 else ("tp", "fp")
    assert sum(shown[name] for name in empty) < 10
    assert "Fewer than 10 such calls: counts only." in cohort.predictive.text()
    assert readout.call is (Call.POSITIVE if end < 0.5 else Call.NEGATIVE)
    everything_reads_well(desk)


def test_a_call_that_no_validation_patient_had_is_said_to_be_one(desk: Desk, packs: Path) -> None:
    """Every out-of-fold score is low, so that nobody was called as this case is."""
    low = [
        row if row.source is HELD_OUT else _with_logit(row, -4.0 + index / 1000)
        for index, row in enumerate(demo_rows())
    ]
    answer = desk.fresh(demo_of(packs / "low.h2pack", low))
    assert answer.readout.call is Call.POSITIVE
    shown, cohort = cells(desk), desk.result.cohort
    assert (shown["tp"], shown["fp"]) == (0, 0)
    assert not cohort.alike.icons.isVisible()
    words = "No validation patient was called positive at this threshold."
    assert cohort.alike.counts.text() == words
    failure = answer.readout.failure
    assert failure is not None
    assert not any(sign.warns for sign in failure.signs)
    everything_reads_well(desk)


def _with_logit(row: ValidationRow, log_odds: float) -> ValidationRow:
    return ValidationRow(
        row.patient,
        row.positive,
        row.fold,
        row.source,
        row.pattern,
        log_odds,
        row.branches,
        row.traits,
    )


# A heatmap without heat


@pytest.fixture(scope="module")
def blind(packs: Path) -> Path:
    """A pack whose network answers the same whatever it sees."""
    tensors = load(read_archive(demo_pack_path()).members[CNN_FILE])
    tensors["fc.weight"] = np.zeros_like(tensors["fc.weight"])
    return demo_with(packs / "blind.h2pack", {CNN_FILE: save(tensors)})


def test_a_heatmap_without_heat_is_said_to_be_empty(desk: Desk, blind: Path) -> None:
    answer: Prediction = desk.fresh(blind)
    assert answer.heatmap is not None
    assert not answer.heatmap.values.any()
    assert answer.attention.roi_enrichment is None
    desk.turn_to(desk.why)
    (sentence,) = desk.why.attention.sentences()
    assert sentence == "The heatmap is empty, so there is nothing to say about attention."
    assert desk.why.choice.share.text().startswith("The heatmap is empty")
    bare = desk.picture()
    click(desk.why.heatmap)
    assert (desk.picture() != bare).any()  # the crop's frame, and that it is empty
    failures = " ".join(label.text() for label in desk.why.failures.folded())
    assert "Attention on bright (hyperechoic) pixels: not known for this case." in failures
    everything_reads_well(desk)
