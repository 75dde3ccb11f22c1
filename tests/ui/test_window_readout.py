"""What the real window says of one answer: estimate, operating point, prevalence, counts, words."""

import math
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from her2desk.domain.counts import Call
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.prediction import Prediction
from her2desk.domain.validation import ValidationSource
from her2desk.ui.theme import colours
from her2desk.ui.widgets.icon_array import IconArray
from her2desk.ui.widgets.meaning_mark import MeaningMark
from tests.ui.readout_desk import (
    Desk,
    bring_in_sight,
    cells,
    click,
    counted,
    drag,
    everything_reads_well,
    plain,
    said,
    type_into,
)

OUT_OF_FOLD, HELD_OUT = ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT
EITHER_SIDE = "lies on both sides of the threshold"


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture
def found(desk: Desk) -> Prediction:
    return desk.fresh()


def drag_threshold(desk: Desk, to: float) -> None:
    bar = desk.result.estimate.bar
    bring_in_sight(bar)
    y = bar.height() // 2
    ends = (QPoint(round(bar.x_of(share)), y) for share in (bar.threshold(), to))
    drag(bar, *ends)


def concern_codes(desk: Desk) -> list[str]:
    return [concern.code for concern in desk.result.estimate.concerns.concerns()]


# 1: the statement of one case


def test_dragging_the_threshold_across_the_interval_ends_the_call(
    desk: Desk, found: Prediction
) -> None:
    estimate, running = desk.result.estimate, []
    card, number, before = estimate.call_card, estimate.number.text(), cells(desk)
    assert card.call.text().startswith("Positive at this operating point")
    connection = desk.window.session.running.connect(lambda *_: running.append(True))
    drag_threshold(desk, found.readout.probability)
    assert plain(card.call.text()).startswith("Indeterminate")
    assert "IHC, and FISH if 2+" in plain(card.call.text())
    lower, upper = found.readout.lower, found.readout.upper
    threshold = estimate.bar.threshold()
    assert lower < threshold < upper
    assert card.reason.isVisible()
    reason = f"The interval {lower:.2f}–{upper:.2f} {EITHER_SIDE} {threshold:.2f}."
    assert plain(card.reason.text()) == reason
    assert estimate.number.text() == number  # a threshold does not move a probability
    assert cells(desk) != before
    assert sum(cells(desk).values()) == sum(before.values())
    assert "own-threshold" in concern_codes(desk)
    assert desk.result.cohort.table.marked_call() is None
    assert not running  # arithmetic only, nothing is asked of the engine
    desk.window.session.running.disconnect(connection)


def test_a_threshold_leaves_the_nomogram_as_it_is_and_a_prevalence_moves_it(
    desk: Desk, found: Prediction
) -> None:
    nomogram, canvas = desk.window.nomogram, desk.window.nomogram.canvas
    own, before = nomogram.nomogram(), canvas.chance(canvas.patient())
    assert before is not None
    assert before[0] == pytest.approx(found.readout.probability)
    drag_threshold(desk, 0.6)
    assert nomogram.nomogram() is own  # not laid out anew at every move
    assert canvas.chance(canvas.patient()) == before
    desk.result.prevalence_changed.emit(0.5)
    after = canvas.chance(canvas.patient())
    assert nomogram.nomogram() is own
    assert after is not None
    assert after != before
    assert after[0] == pytest.approx(desk.answer().readout.probability)
    desk.result.prevalence_changed.emit(None)


def test_the_arrow_keys_move_the_threshold_too(desk: Desk, found: Prediction) -> None:
    bar, before = desk.result.estimate.bar, found.readout.operating_point.threshold
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert desk.answer().readout.operating_point.threshold == round(before, 2) + 0.01
    assert desk.result.estimate.controls.points.currentData() == "own"


@pytest.mark.parametrize("name", ["sensitivity95", "specificity95"])
def test_each_named_operating_point_is_judged_by_its_own_folds(
    desk: Desk, found: Prediction, name: str
) -> None:
    points = desk.result.estimate.controls.points
    bring_in_sight(points)
    points.setFocus()
    while points.currentData() != name:
        QTest.keyClick(points, Qt.Key.Key_Down)
    pattern = found.estimate.pattern
    point = desk.pack.operating_points(pattern)[name]
    rows = desk.pack.rows(pattern, OUT_OF_FOLD)
    assert cells(desk) == counted(rows, point.fold_thresholds, point.threshold, 0.0)
    assert desk.result.estimate.bar.threshold() == point.threshold
    assert desk.window.session.settings.operating_point == name  # and it stays so


def test_the_local_prevalence_moves_number_call_and_table_together(
    desk: Desk, found: Prediction
) -> None:
    """V11: one world at a time."""
    estimate, controls = desk.result.estimate, desk.result.estimate.controls
    type_into(controls.prevalence, "0.4")
    shift = logit(0.004) - logit(found.estimate.training_prevalence)
    expected = sigmoid(found.estimate.logit + shift)
    assert estimate.number.text() == f"{expected:.2f}"
    spread = 1.959964 * math.sqrt(found.estimate.variance)
    ends = (sigmoid(found.estimate.logit + shift + by) for by in (-spread, spread))
    assert estimate.interval.text() == "({:.2f}–{:.2f})".format(*ends)
    assert plain(estimate.call_card.call.text()).startswith("Indeterminate")
    point = found.readout.operating_point
    rows = desk.pack.rows(found.estimate.pattern, OUT_OF_FOLD)
    assert cells(desk) == counted(rows, point.fold_thresholds, point.threshold, shift)
    assert plain(desk.result.cohort.predictive.text()).startswith("At 0.4 % prevalence: NPV ")
    assert "a place where 0.4 % of such patients are HER-2 positive" in plain(estimate.scope.text())
    assert desk.window.session.settings.local_prevalence == pytest.approx(0.004)  # set once
    click(controls.reset)
    assert estimate.number.text() == f"{found.readout.probability:.2f}"


@pytest.mark.parametrize("typed", ["0", "100"])
def test_a_prevalence_of_nobody_or_everybody_cannot_be_entered(
    desk: Desk, found: Prediction, typed: str
) -> None:
    type_into(desk.result.estimate.controls.prevalence, typed)
    assert 0 < desk.answer().readout.prevalence < 1
    assert 0 < float(desk.result.estimate.number.text().strip("<> ")) < 1


# 2: confusion


def test_out_of_fold_and_held_out_patients_are_counted_in_turn(
    desk: Desk, found: Prediction
) -> None:
    cohort, point = desk.result.cohort, found.readout.operating_point
    control = cohort.sources.control
    assert control is not None
    titles = []
    for source in (HELD_OUT, OUT_OF_FOLD):
        click(control.button(source))
        rows = desk.pack.rows(found.estimate.pattern, source)
        assert cells(desk) == counted(rows, point.fold_thresholds, point.threshold, 0.0)
        assert sum(cells(desk).values()) == len(rows)
        titles.append(plain(cohort.table_title.label.text()))
    assert "90" in titles[0]
    assert "held" in titles[0].lower()
    assert "207" in titles[1]
    assert "out of fold" in titles[1].lower().replace("-", " ")


def test_the_case_has_its_row_and_after_pathology_its_cell(desk: Desk, found: Prediction) -> None:
    cohort, form = desk.result.cohort, desk.window.clinical
    assert cohort.table.marked_call() is Call.POSITIVE
    assert cohort.table.marked_cell() is None
    assert "Called positive, as this case" in said(cohort.table)
    desk.turn_to(form)
    if not form.result.is_open():
        click(form.result.toggle)
    click(form.pathology.ihc.control.button("1+"))
    assert cohort.table.marked_cell() == "fp"
    assert cohort.table.cells["fp"].text().endswith("this case")
    assert "false positive" in cohort.own_cell.text()
    click(form.pathology.ihc.control.button("2+"))
    assert cohort.table.marked_cell() is None  # FISH decides
    click(form.pathology.fish.control.button("amplified"))
    assert cohort.table.marked_cell() == "tp"
    assert "This call was right." in cohort.own_cell.text()
    assert desk.window.session.is_current  # no estimate is made from it
    case = desk.window.session.case
    assert case is not None
    desk.wait(lambda: desk.library.latest_pathology(case.case_id) == case.pathology)


def painted(icons: IconArray) -> tuple[int, int]:
    """How many filled dots and rings there are, by the colour of their middles and their edges."""
    image, palette = icons.grab().toImage(), colours()
    step = min(icons.width() / 20, 17.0)
    filled = rings = 0
    for index in range(icons.dots()):
        row, column = divmod(index, 20)
        x, y = (column + 0.5) * step, (row + 0.5) * 17.0
        middle = image.pixelColor(int(x), int(y)).name()
        filled += middle == palette.positive
        edge = {image.pixelColor(int(x + by), int(y)).name() for by in (4, 4.5, 5, 5.5)}
        rings += middle != palette.positive and palette.negative in edge
    return filled, rings


def test_the_dots_agree_with_the_counts(desk: Desk, found: Prediction) -> None:
    cohort, readout = desk.result.cohort, found.readout
    for block, counts in ((cohort.near, readout.neighbours), (cohort.alike, readout.alike)):
        assert counts is not None
        bring_in_sight(block.icons)
        described = f"{counts.count} of {counts.total} were HER-2 positive"
        assert block.icons.accessibleDescription() == described
        assert painted(block.icons) == (counts.count, counts.total - counts.count)
        assert f"{counts.count}" in block.counts.text()
    assert readout.neighbours is not None
    assert readout.neighbours.total == 20
    assert readout.alike is not None
    shown = cells(desk)
    assert (readout.alike.count, readout.alike.total) == (shown["tp"], shown["tp"] + shown["fp"])


# 12: words


def test_every_figure_says_what_it_means(desk: Desk, found: Prediction) -> None:
    desk.turn_to(desk.why)
    marks = [
        mark
        for panel in (desk.result, desk.why)
        for mark in panel.findChildren(MeaningMark)
        if mark.isVisible()
    ]
    assert len(marks) > 20
    for mark in marks:
        click(mark)
        popover = mark.popover()
        assert popover is not None, mark.accessibleName()
        for label in (popover.title, popover.text):
            assert label.text().strip()
            assert "{" not in label.text()
        assert len(popover.text.text()) > 40
        QTest.keyClick(popover, Qt.Key.Key_Escape)
        assert mark.popover() is None


def test_no_sentence_is_empty_or_left_unfilled(desk: Desk, found: Prediction) -> None:
    everything_reads_well(desk)
    desk.turn_to(desk.window.clinical)
    drag_threshold(desk, found.readout.probability)
    everything_reads_well(desk)
