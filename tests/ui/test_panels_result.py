"""The result panel: what a reader sees, drags and hears at each stage of an analysis."""

import gettext
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from her2desk.domain.concern import Concern, Weight
from her2desk.domain.counts import Call, Confusion
from her2desk.domain.image import ImageWarning
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.reading import Impression
from her2desk.domain.readout import Doubt
from her2desk.domain.validation import ValidationSource
from her2desk.stats.case_words import doubt_sentence
from her2desk.texts import CATALOGUE, msg
from her2desk.ui.panels.result_context import ResultContext, context_of
from her2desk.ui.panels.result_panel import ResultPanel, ResultState
from her2desk.ui.theme import apply_theme, colours
from her2desk.ui.widgets.icon_array import IconArray
from her2desk.ui.widgets.interval_bar import IntervalBar
from tests.ui.panel_samples import (
    OWN_POINT,
    PACK,
    SHIFT_TO_20_PERCENT,
    TRAINING_PREVALENCE,
    make_concerns,
    make_negative_readout,
    make_prediction,
    make_readout,
    make_readout_of_three_events,
    make_readout_without_positives,
    make_readout_without_table,
    make_stability,
)

CONTEXT = ResultContext(PACK, TRAINING_PREVALENCE)


@pytest.fixture(params=["dark", "light"])
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> str:
    apply_theme(qapp, request.param)
    return str(request.param)


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> ResultPanel:
    apply_theme(qapp, "dark")
    panel = ResultPanel()
    qtbot.addWidget(panel)
    panel.resize(372, 1200)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def visible_text(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def drag(qtbot: QtBot, widget: QWidget, start: QPoint, end: QPoint) -> None:
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(widget, (start + end) / 2)
    qtbot.mouseMove(widget, end)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


def handle(bar: IntervalBar) -> QPoint:
    return QPointF(bar.x_of(bar.threshold()), 38).toPoint()


def test_without_an_outline_the_panel_says_what_to_do(panel: ResultPanel) -> None:
    assert panel.state is ResultState.EMPTY
    assert "Draw an outline to get an estimate." in visible_text(panel)
    assert not panel.estimate.isVisible()


def test_the_pack_is_named_before_any_estimate(panel: ResultPanel) -> None:
    panel.set_pack(PACK)
    assert panel.pack_name.full_text() == "Phantom demo 1.0 · simulated phantoms"
    assert panel.demo_badge.isVisible()
    panel.set_pack(PackIdentity("Hospital", "2.0", "ef" * 32, False))
    assert panel.pack_name.full_text() == "Hospital 2.0"
    assert not panel.demo_badge.isVisible()


def test_a_result_is_shown_with_its_interval_and_its_world(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    text = visible_text(panel)
    assert panel.estimate.number.text() == "0.49"
    assert panel.estimate.interval.text() == "(0.34–0.64)"
    assert "Among patients with the same scores" in text
    assert "it does not include another scanner or hospital" in text
    assert "20 % of such patients" in text
    assert "11 of 20" in text
    assert "60 held-out validation patients" in text
    assert "Research use: an adjunct to, never a replacement for, IHC and FISH." in text
    assert "Draw an outline" not in text


@pytest.mark.parametrize(
    ("call", "glyph", "word"),
    [
        (Call.POSITIVE, "positive", "Positive"),
        (Call.NEGATIVE, "negative", "Negative"),
        (Call.INDETERMINATE, "indeterminate", "Indeterminate"),
    ],
)
def test_the_call_has_a_shape_and_a_word_and_marks_its_row(
    panel: ResultPanel, call: Call, glyph: str, word: str
) -> None:
    panel.show_result(make_readout(call), CONTEXT)
    assert panel.estimate.call_card.glyph.kind() == glyph
    assert panel.estimate.call_card.call.text().startswith(word)
    assert panel.cohort.table.marked_call() is (None if call is Call.INDETERMINATE else call)
    assert ("as this case" in visible_text(panel)) == (call is not Call.INDETERMINATE)
    assert ("no row is its own" in visible_text(panel)) == (call is Call.INDETERMINATE)


def test_the_four_counts_are_those_of_the_readout(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    shown = {name: cell.text() for name, cell in panel.cohort.table.cells.items()}
    assert shown == {"tp": "13", "fp": "9", "fn": "2", "tn": "36"}
    assert "13 HER-2 positive, 9 HER-2 negative" in panel.cohort.table.accessibleDescription()
    assert "PPV 0.52 (0.37–0.67), NPV 0.96 (0.90–0.99)" in panel.cohort.predictive.text()


def test_few_calls_give_counts_and_no_predictive_value(panel: ResultPanel) -> None:
    few = Confusion(3, 2, 40, 15, ValidationSource.OUT_OF_FOLD)
    panel.show_result(make_readout(confusion=few), CONTEXT)
    text = panel.cohort.predictive.text()
    assert "PPV" not in text
    assert "NPV" in text
    assert "counts only" in text


def test_every_painted_widget_has_a_text_equivalent(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    assert "0.49" in panel.estimate.bar.accessibleDescription()
    assert "0.34 to 0.64" in panel.estimate.bar.accessibleDescription()
    assert panel.cohort.near.icons.accessibleDescription() == "11 of 20 were HER-2 positive"
    assert "0.49" in panel.estimate.number.accessibleName()


def test_dragging_the_threshold_tells_where_it_goes(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    bar = panel.estimate.bar
    told: list[float] = []
    panel.threshold_dragged.connect(told.append)
    drag(qtbot, bar, handle(bar), QPointF(bar.x_of(0.6), 38).toPoint())
    assert told[-1] == pytest.approx(0.6, abs=0.01)
    assert told == sorted(told)
    assert bar.threshold() == told[-1]


def test_pressing_beside_the_threshold_does_not_move_it(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    bar = panel.estimate.bar
    with qtbot.assertNotEmitted(panel.threshold_dragged):
        drag(qtbot, bar, QPointF(bar.x_of(0.8), 38).toPoint(), QPoint(20, 38))
    assert bar.threshold() == 0.31


@pytest.mark.parametrize(
    ("key", "expected"),
    [(Qt.Key.Key_Right, 0.32), (Qt.Key.Key_Left, 0.30), (Qt.Key.Key_PageUp, 0.41)],
)
def test_arrow_keys_move_the_threshold(
    panel: ResultPanel, qtbot: QtBot, key: Qt.Key, expected: float
) -> None:
    panel.show_result(make_readout(), CONTEXT)
    with qtbot.waitSignal(panel.threshold_dragged) as told:
        qtbot.keyClick(panel.estimate.bar, key)
    assert told.args == [pytest.approx(expected)]


def test_scrolling_over_the_bar_leaves_the_threshold(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    event = QWheelEvent(
        QPointF(50, 30),
        QPointF(50, 30),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    with qtbot.assertNotEmitted(panel.threshold_dragged):
        for widget in (
            panel.estimate.bar,
            panel.estimate.controls.points,
            panel.estimate.controls.prevalence,
        ):
            QApplication.sendEvent(widget, event)
    assert panel.estimate.controls.prevalence.value() == 20.0


def test_showing_a_readout_is_not_taken_for_the_readers_move(
    panel: ResultPanel, qtbot: QtBot
) -> None:
    with (
        qtbot.assertNotEmitted(panel.threshold_dragged),
        qtbot.assertNotEmitted(panel.operating_point_chosen),
        qtbot.assertNotEmitted(panel.prevalence_changed),
    ):
        panel.show_result(make_readout(), CONTEXT)
        panel.show_result(make_readout(point=OWN_POINT, prevalence=0.4), CONTEXT)


def test_a_threshold_chosen_by_hand_is_called_optimistic(panel: ResultPanel) -> None:
    panel.show_result(make_readout(point=OWN_POINT), CONTEXT)
    assert "chosen after looking; optimistic" in panel.cohort.point.text()
    assert panel.estimate.controls.points.currentText() == "Own threshold"


def test_an_operating_point_is_chosen_by_keyboard(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    points = panel.estimate.controls.points
    assert points.currentText() == "Sensitivity 95 %"
    points.setFocus()
    with qtbot.waitSignal(panel.operating_point_chosen) as told:
        qtbot.keyClick(points, Qt.Key.Key_Down)
    assert told.args == ["specificity95"]
    with qtbot.waitSignal(panel.threshold_dragged) as dragged:
        qtbot.keyClick(points, Qt.Key.Key_Down)
    assert dragged.args == [0.31]


def test_a_local_prevalence_is_typed_and_reset(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    controls = panel.estimate.controls
    controls.prevalence.setFocus()
    controls.prevalence.selectAll()
    with qtbot.waitSignal(panel.prevalence_changed) as told:
        qtbot.keyClicks(controls.prevalence, "35")
        qtbot.keyClick(controls.prevalence, Qt.Key.Key_Return)
    assert told.args == [pytest.approx(0.35)]
    with qtbot.waitSignal(panel.prevalence_changed) as told:
        qtbot.mouseClick(controls.reset, Qt.MouseButton.LeftButton)
    assert told.args == [None]
    assert controls.prevalence.value() == pytest.approx(30.7)


def test_a_half_typed_prevalence_survives_a_new_readout(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    field = panel.estimate.controls.prevalence
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "3")
    panel.show_result(make_readout(), CONTEXT)
    assert field.text().startswith("3")


def test_reset_is_offered_only_away_from_the_packs_own_prevalence(panel: ResultPanel) -> None:
    panel.show_result(make_readout(prevalence=TRAINING_PREVALENCE), CONTEXT)
    assert not panel.estimate.controls.reset.isEnabled()
    assert "31 %" in panel.estimate.controls.reset.toolTip()


def test_while_running_the_old_result_is_stale_and_cancel_works(
    panel: ResultPanel, qtbot: QtBot
) -> None:
    panel.show_result(make_readout(), CONTEXT)
    height = panel.run_strip.height()
    panel.show_running("Extracting radiomics features", 0.6)
    assert panel.state is ResultState.RUNNING
    assert panel.run_strip.stage.full_text() == "Extracting radiomics features"
    assert panel.run_strip.line.value() == 600
    assert panel.estimate.stale_badge.isVisible()
    assert panel.estimate.number.text() == "0.49"
    assert not panel.estimate.bar.isEnabled()
    assert panel.run_strip.height() == height
    with qtbot.waitSignal(panel.cancel_requested):
        qtbot.mouseClick(panel.run_strip.cancel, Qt.MouseButton.LeftButton)
    panel.show_running("Readout", 2.0)
    assert panel.run_strip.line.value() == 1000


def test_a_new_result_is_not_stale(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    panel.show_running("CNN", 0.2)
    panel.show_result(make_readout(), CONTEXT)
    assert panel.state is ResultState.SHOWN
    assert not panel.estimate.stale_badge.isVisible()
    assert panel.estimate.bar.isEnabled()
    assert not panel.run_strip.is_running()


def test_a_stale_result_is_painted_without_colour(panel: ResultPanel) -> None:
    panel.show_result(make_readout(Call.POSITIVE), CONTEXT)
    accent, muted = QColor(colours().accent), QColor(colours().text_muted)
    spot = QPoint(int(panel.estimate.bar.x_of(0.49)), 38)
    assert pixel(panel.estimate.bar, spot) == accent
    panel.mark_stale()
    assert panel.state is ResultState.STALE
    assert pixel(panel.estimate.bar, spot) == muted
    assert pixel(panel.estimate.call_card.glyph, QPoint(8, 8)) == muted


def test_without_a_result_nothing_turns_stale(panel: ResultPanel) -> None:
    panel.mark_stale()
    assert panel.state is ResultState.EMPTY


def test_an_error_says_what_to_do_and_offers_to_retry(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    panel.show_error("The engine process ended.", "It has been started again; try once more.")
    assert panel.state is ResultState.ERROR
    assert panel.error.message.isVisible()
    assert panel.error.remedy.text() == "It has been started again; try once more."
    assert panel.estimate.stale_badge.isVisible()
    with qtbot.waitSignal(panel.retry_requested):
        qtbot.mouseClick(panel.error.retry, Qt.MouseButton.LeftButton)
    panel.show_error("The outline is too small.", "")
    assert not panel.error.remedy.isVisible()


def test_warnings_stand_beside_the_number_until_the_next_answer(panel: ResultPanel) -> None:
    warning = ImageWarning("no-spacing", msg("The image has no pixel spacing."))
    panel.show_result(make_readout(), context_of(make_prediction(warnings=(warning,))))
    assert "The image has no pixel spacing." in visible_text(panel)
    panel.show_result(make_readout(), CONTEXT)
    assert "no pixel spacing" not in visible_text(panel)


def test_a_warning_that_is_a_concern_is_said_once(panel: ResultPanel) -> None:
    message = msg("Callipers or text are drawn inside the outline.")
    warning = ImageWarning("graphics-in-roi", message)
    panel.show_result(make_readout(), context_of(make_prediction(warnings=(warning,))))
    panel.set_concerns((Concern("graphics-in-roi", Weight.GRAVE, message),))
    assert visible_text(panel).count("Callipers or text") == 1


def test_read_first_hides_everything_until_the_impression_is_recorded(
    panel: ResultPanel, qtbot: QtBot
) -> None:
    panel.set_read_first(True)
    panel.show_result(make_readout(), CONTEXT)
    assert not panel.is_revealed
    assert panel.gate.isVisible()
    assert "0.49" not in visible_text(panel)
    assert not panel.estimate.isVisible()
    assert not panel.gate.reveal.isEnabled()
    qtbot.mouseClick(panel.gate.answer.button("unsure"), Qt.MouseButton.LeftButton)
    assert not panel.gate.reveal.isEnabled()
    qtbot.mouseClick(panel.gate.confidence.button(2), Qt.MouseButton.LeftButton)
    with (
        qtbot.waitSignal(panel.impression_recorded) as told,
        qtbot.waitSignal(panel.revealed_changed) as revealed,
    ):
        qtbot.mouseClick(panel.gate.reveal, Qt.MouseButton.LeftButton)
    assert told.args == [Impression("unsure", 2)]
    assert revealed.args == [True]
    assert panel.is_revealed
    assert panel.estimate.isVisible()
    assert not panel.gate.isVisible()
    assert "Your impression before the result: unsure, confidence 2 of 5." in visible_text(panel)


def test_the_next_case_asks_anew(panel: ResultPanel) -> None:
    panel.set_read_first(True)
    panel.set_impression(Impression("positive", 4))
    panel.show_result(make_readout(), CONTEXT)
    assert panel.estimate.isVisible()
    panel.set_impression(None)
    panel.show_empty()
    assert not panel.gate.isVisible()
    panel.show_result(make_readout(), CONTEXT)
    assert panel.gate.isVisible()
    assert panel.gate.answer.value() is None
    panel.set_read_first(False)
    assert panel.estimate.isVisible()


def test_the_gate_is_open_while_the_analysis_runs(panel: ResultPanel) -> None:
    panel.set_read_first(True)
    panel.show_running("CNN", 0.3)
    assert panel.gate.isVisible()
    assert panel.run_strip.is_running()


def test_an_impossible_impression_is_refused() -> None:
    with pytest.raises(ValueError, match="no such impression"):
        Impression("perhaps", 3)


@pytest.mark.parametrize("width", [340, 420])
def test_nothing_is_cut_off_in_a_narrow_column(
    panel: ResultPanel, qtbot: QtBot, theme: str, width: int
) -> None:
    panel.resize(width, 500)
    panel.show_result(make_readout(point=OWN_POINT), CONTEXT)
    panel.show_running("Extracting radiomics features", 0.6)
    content = panel.scroll_area.widget()
    assert content.minimumSizeHint().width() <= panel.scroll_area.viewport().width()
    for label in content.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap() and label is not panel.run_strip.stage:
            assert label.width() >= label.minimumSizeHint().width(), label.text()


def test_the_validation_part_folds(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.show_result(make_readout(), CONTEXT)
    panel.validation.toggle.setFocus()
    qtbot.keyClick(panel.validation.toggle, Qt.Key.Key_Space)
    assert not panel.validation.is_open()
    assert not panel.cohort.isVisible()
    panel.validation.set_open(True)
    assert panel.cohort.isVisible()


def pixel(widget: QWidget, spot: QPoint) -> QColor:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return image.pixelColor(spot)


def test_the_reason_for_no_call_stands_beside_it_and_is_not_said_twice(
    panel: ResultPanel,
) -> None:
    panel.show_result(make_readout(), CONTEXT)
    reason = doubt_sentence(Doubt.INTERVAL, make_readout(), None)
    assert panel.estimate.call_card.reason.text() == reason.text()
    panel.set_concerns((Concern("doubt-interval", Weight.GRAVE, reason),))
    assert visible_text(panel).count(reason.text()) == 1
    assert "Nothing else in this pack's validation speaks against it." in visible_text(panel)
    panel.show_result(make_readout(Call.POSITIVE), CONTEXT)
    assert not panel.estimate.call_card.reason.isVisible()


def test_a_calm_line_stands_where_nothing_speaks_against_it(panel: ResultPanel) -> None:
    panel.show_result(make_negative_readout(), CONTEXT)
    panel.set_concerns(())
    assert "Nothing in this pack's validation speaks against it." in visible_text(panel)
    panel.set_concerns(make_concerns())
    assert "Nothing in this pack" not in visible_text(panel)
    assert "Callipers or text" in visible_text(panel)


def test_what_was_said_of_one_case_is_not_said_of_the_next(panel: ResultPanel) -> None:
    panel.set_concerns(make_concerns())
    panel.set_stability(make_stability(), 0.0)
    panel.show_result(make_readout(), CONTEXT)
    assert "Callipers or text" in visible_text(panel)
    assert panel.estimate.stability.isVisible()
    panel.show_empty()
    panel.show_result(make_negative_readout(), CONTEXT)
    assert "Callipers or text" not in visible_text(panel)
    assert panel.estimate.bar.band() is None


def test_without_validation_patients_the_panel_says_so_and_counts_nobody(
    panel: ResultPanel,
) -> None:
    panel.show_result(make_readout_without_table(), CONTEXT)
    panel.set_concerns(())
    text = visible_text(panel)
    assert "The pack has no validation patients to count here" in text
    assert "speaks against it." not in text
    assert panel.estimate.number.text() == "0.49"
    assert not panel.cohort.table.isVisible()
    assert not panel.cohort.near.isVisible()
    panel.show_result(make_readout(), CONTEXT)
    assert panel.cohort.table.isVisible()
    assert "no validation patients" not in visible_text(panel)


def test_three_events_are_counted_and_not_turned_into_percentages(panel: ResultPanel) -> None:
    panel.show_result(make_readout_of_three_events(), CONTEXT)
    assert "observed 2 of 3." in panel.cohort.point.text()
    assert panel.cohort.alike.counts.text() == (
        "Of 5 validation patients called positive, 2 were HER-2 positive."
    )
    assert "PPV" not in panel.cohort.predictive.text()
    assert panel.cohort.predictive.text() == "Fewer than 10 patients of one class: counts only."


def test_a_missing_class_is_explained(panel: ResultPanel) -> None:
    panel.show_result(make_readout_without_positives(), CONTEXT)
    assert panel.cohort.table.isVisible()
    assert "None of the 14 validation patients was HER-2 positive" in visible_text(panel)
    assert panel.cohort.predictive.text() == "Fewer than 10 patients of one class: counts only."


def test_a_call_that_no_validation_patient_had_shows_no_dots(panel: ResultPanel) -> None:
    table = Confusion(0, 0, 45, 15, ValidationSource.HELD_OUT)
    panel.show_result(replace(make_readout(Call.POSITIVE, confusion=table), alike=None), CONTEXT)
    assert panel.cohort.alike.isVisible()
    assert not panel.cohort.alike.icons.isVisible()
    assert "No validation patient was called positive" in panel.cohort.alike.counts.text()


def test_the_calls_patients_are_shown_as_dots_and_hidden_without_a_call(
    panel: ResultPanel,
) -> None:
    panel.show_result(make_readout(Call.POSITIVE), CONTEXT)
    icons = panel.cohort.alike.icons
    assert icons.accessibleDescription() == "13 of 22 were HER-2 positive"
    assert icons.dots() == 22
    panel.show_result(make_readout(Call.INDETERMINATE), CONTEXT)
    assert not panel.cohort.alike.isVisible()


@pytest.mark.parametrize(
    ("count", "total", "each", "dots"),
    [(0, 0, 1, 0), (30, 100, 1, 100), (30, 101, 2, 51), (141, 242, 3, 81), (2000, 2000, 20, 100)],
)
def test_many_patients_share_a_dot(
    qtbot: QtBot, qapp: QApplication, count: int, total: int, each: int, dots: int
) -> None:
    icons = IconArray()
    qtbot.addWidget(icons)
    icons.set_counts(count, total)
    assert icons.patients_per_dot() == each
    assert icons.dots() == dots
    assert (f"Each dot is {each} patients." in icons.key()) == (each > 1)
    assert icons.accessibleDescription() == f"{count} of {total} were HER-2 positive"


def test_the_painted_shares_are_the_counts(qtbot: QtBot, qapp: QApplication, theme: str) -> None:
    icons = IconArray()
    qtbot.addWidget(icons)
    icons.set_counts(141, 242)  # of 81 dots, 47 are all positive
    icons.resize(340, icons.height())
    image = icons.grab().toImage()
    filled = QColor(colours().positive)
    centres = [
        image.pixelColor(round((index % 20 + 0.5) * 17), round((index // 20 + 0.5) * 17))
        for index in range(81)
    ]
    assert sum(colour == filled for colour in centres) == 47


def test_the_stability_band_comes_in_bit_by_bit(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    assert not panel.estimate.stability.isVisible()
    panel.set_stability(make_stability(4), SHIFT_TO_20_PERCENT)
    assert panel.estimate.bar.band() is None
    assert "4 of 20" in panel.estimate.stability.text.text()
    assert "Computing…" in panel.estimate.stability.text.text()
    panel.set_stability(make_stability(8), SHIFT_TO_20_PERCENT)
    assert panel.estimate.bar.band() is not None
    assert "8 of 20" in panel.estimate.stability.text.text()
    assert "Computing…" in panel.estimate.stability.text.text()
    whole = make_stability()
    panel.set_stability(whole, SHIFT_TO_20_PERCENT)
    text = panel.estimate.stability.text.text()
    assert panel.estimate.bar.band() == whole.band(SHIFT_TO_20_PERCENT)
    assert "0.41–0.57" in text
    assert "not included in the interval" in text
    assert "Computing" not in text
    assert "0.41 to 0.57" in panel.estimate.bar.accessibleDescription()
    panel.set_stability(None, 0.0)
    assert panel.estimate.bar.band() is None
    assert not panel.estimate.stability.isVisible()


def test_the_band_is_painted_under_the_interval(panel: ResultPanel, theme: str) -> None:
    panel.show_result(make_readout(), CONTEXT)
    bar = panel.estimate.bar
    before = pixel(bar, QPoint(int(bar.x_of(0.5)), 49))
    panel.set_stability(make_stability(), SHIFT_TO_20_PERCENT)
    assert pixel(bar, QPoint(int(bar.x_of(0.5)), 49)) == QColor(colours().text_muted)
    assert pixel(bar, QPoint(int(bar.x_of(0.62)), 49)) == before


def test_stability_is_judged_by_the_threshold_on_screen(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    panel.set_stability(make_stability(), SHIFT_TO_20_PERCENT)
    assert "does not cross the threshold 0.31" in panel.estimate.stability.text.text()
    panel.show_result(make_readout(point=replace(OWN_POINT, threshold=0.5)), CONTEXT)
    assert "crosses the threshold 0.50" in panel.estimate.stability.text.text()


def test_the_frames_beside_are_named(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    panel.set_stability(replace(make_stability(), frames=((4, 0.5), (6, 0.7))), 0.0)
    text = panel.estimate.stability.text.text()
    assert "on frame 5" in text
    assert "on frame 7" in text


@pytest.mark.parametrize(
    ("call", "pathology", "cell", "words"),
    [
        (Call.POSITIVE, True, "tp", "Pathology: HER-2 positive. This call was right."),
        (Call.POSITIVE, False, "fp", "This call was a false positive."),
        (Call.NEGATIVE, True, "fn", "This call was a false negative."),
        (Call.NEGATIVE, False, "tn", "Pathology: HER-2 negative. This call was right."),
        (Call.INDETERMINATE, True, None, "no row is its own"),
        (Call.POSITIVE, None, None, ""),
    ],
)
def test_pathology_puts_the_case_into_its_cell(
    panel: ResultPanel, call: Call, pathology: bool | None, cell: str | None, words: str
) -> None:
    panel.set_pathology(pathology)
    panel.show_result(make_readout(call), CONTEXT)
    table = panel.cohort.table
    assert table.marked_cell() == cell
    named = [name for name, label in table.cells.items() if "this case" in label.text()]
    assert named == ([cell] if cell else [])
    assert words in visible_text(panel.cohort)
    assert panel.cohort.own_cell.isVisible() == bool(words)


def test_a_cell_is_unmarked_when_pathology_is_taken_back(panel: ResultPanel) -> None:
    panel.show_result(make_readout(Call.POSITIVE), CONTEXT)
    before = panel.cohort.table.grab().toImage()
    panel.set_pathology(False)
    assert panel.cohort.table.grab().toImage() != before
    panel.set_pathology(None)
    assert panel.cohort.table.cells["fp"].text() == "9"
    assert not panel.cohort.own_cell.isVisible()


def test_every_cell_says_its_count_to_a_screen_reader(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    cells = panel.cohort.table.cells
    assert cells["fp"].accessibleName() == "Called positive, HER-2 negative: 9"
    assert cells["fn"].accessibleName() == "Called negative, HER-2 positive: 2"


def test_the_reader_chooses_whose_answers_are_counted(panel: ResultPanel, qtbot: QtBot) -> None:
    both = (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)
    panel.show_result(make_readout(), ResultContext(PACK, TRAINING_PREVALENCE, sources=both))
    control = panel.cohort.sources.control
    assert control is not None
    assert control.value() is ValidationSource.HELD_OUT
    with qtbot.waitSignal(panel.source_chosen) as told:
        qtbot.mouseClick(control.button(ValidationSource.OUT_OF_FOLD), Qt.MouseButton.LeftButton)
    assert told.args == [ValidationSource.OUT_OF_FOLD]
    assert isinstance(told.args[0], ValidationSource)
    table = Confusion(13, 9, 36, 2, ValidationSource.OUT_OF_FOLD)
    with qtbot.assertNotEmitted(panel.source_chosen):
        panel.show_result(
            make_readout(confusion=table), ResultContext(PACK, TRAINING_PREVALENCE, sources=both)
        )
    assert panel.cohort.sources.control is control
    assert control.value() is ValidationSource.OUT_OF_FOLD
    assert "60 validation patients, each predicted out of fold" in visible_text(panel)


def test_with_one_kind_of_patients_there_is_no_choice(panel: ResultPanel) -> None:
    both = (ValidationSource.OUT_OF_FOLD, ValidationSource.EXTERNAL)
    panel.show_result(make_readout(), ResultContext(PACK, TRAINING_PREVALENCE, sources=both))
    assert panel.cohort.sources.isVisible()
    panel.show_result(make_readout(), ResultContext(PACK, TRAINING_PREVALENCE, sources=both[:1]))
    assert not panel.cohort.sources.isVisible()
    assert panel.cohort.sources.control is None


def test_the_footer_is_there_only_for_an_answer_in_sight(panel: ResultPanel) -> None:
    footer = QPushButton("Accept")
    panel.set_footer(footer)
    assert not footer.isVisible()
    panel.show_result(make_readout(), CONTEXT)
    assert footer.isVisible()
    assert footer.mapTo(panel, footer.rect().bottomLeft()).y() >= panel.height() - 40
    panel.mark_stale()
    assert not footer.isVisible()
    panel.show_result(make_readout(), CONTEXT)
    panel.set_read_first(True)
    assert not footer.isVisible()


def test_tab_goes_from_top_to_bottom(panel: ResultPanel, qtbot: QtBot) -> None:
    panel.resize(400, 1600)
    panel.set_footer(QPushButton("Accept"))
    both = (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)
    panel.show_result(make_readout(), ResultContext(PACK, TRAINING_PREVALENCE, sources=both))
    panel.set_concerns(make_concerns(notes=3))
    panel.set_stability(make_stability(), 0.0)
    panel.scroll_area.setFocus()
    QApplication.processEvents()
    visited: list[QPoint] = []
    seen: list[QWidget] = []
    while True:
        qtbot.keyClick(QApplication.focusWidget() or panel, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        if widget is None or widget in seen:
            break
        if widget is panel.scroll_area:
            continue  # the whole of it, to scroll by keys
        seen.append(widget)
        visited.append(widget.mapTo(panel, QPoint(0, widget.height() // 2)))
    start = min(range(len(visited)), key=lambda index: visited[index].y())
    ordered = visited[start:] + visited[:start]
    assert len(ordered) >= 12
    for above, below in pairwise(ordered):
        assert below.y() >= above.y() - 14, (above, below)


def test_dragging_rebuilds_no_widget(panel: ResultPanel) -> None:
    panel.show_result(make_readout(), CONTEXT)
    panel.set_concerns(make_concerns())
    panel.set_stability(make_stability(), SHIFT_TO_20_PERCENT)
    before = panel.findChildren(QWidget)
    for step in range(20):
        point = replace(OWN_POINT, threshold=0.3 + 0.01 * step)
        call = (Call.POSITIVE, Call.INDETERMINATE, Call.NEGATIVE)[step % 3]
        panel.show_result(make_readout(call, point), CONTEXT)
        panel.set_concerns(make_concerns()[: 1 + step % 3])
        panel.set_stability(make_stability(), SHIFT_TO_20_PERCENT)
    assert panel.findChildren(QWidget) == before


@pytest.mark.parametrize("height", [450, 580])
def test_answer_certainty_doubts_and_next_step_fit_the_first_screen(
    panel: ResultPanel, height: int
) -> None:
    footer = QPushButton("Accept")
    footer.setFixedHeight(44)
    panel.set_footer(footer)
    panel.resize(400, height)
    panel.show_result(make_readout(), CONTEXT)
    panel.set_concerns(make_concerns())
    QApplication.processEvents()
    view = panel.scroll_area.viewport()
    for part in (panel.estimate.bar, panel.estimate.call_card, panel.estimate.concerns):
        bottom = part.mapTo(view, part.rect().bottomLeft()).y()
        assert bottom <= view.height(), part


class Wordier(gettext.NullTranslations):
    """A language whose every text is a third longer than English."""

    def gettext(self, message: str) -> str:
        return message + " " + "mmmm " * (len(message) // 15)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def wordier() -> Iterator[None]:
    before = CATALOGUE.translations
    CATALOGUE.translations = Wordier()
    yield
    CATALOGUE.translations = before


@pytest.mark.usefixtures("wordier")
def test_longer_words_find_their_place(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    panel = ResultPanel()
    qtbot.addWidget(panel)
    panel.resize(400, 700)
    panel.show()
    both = (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)
    panel.show_result(
        make_readout(Call.POSITIVE), ResultContext(PACK, TRAINING_PREVALENCE, sources=both)
    )
    panel.set_pathology(False)
    panel.set_concerns(make_concerns(notes=3))
    panel.set_stability(make_stability(), 0.0)
    QApplication.processEvents()
    content = panel.scroll_area.widget()
    assert content.minimumSizeHint().width() <= panel.scroll_area.viewport().width()
    for label in content.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        elif label.isVisible() and label is not panel.pack_name:
            assert label.width() >= label.minimumSizeHint().width(), label.text()
