"""The result panel: what a reader sees, drags and hears at each stage of an analysis."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from her2desk.domain.image import ImageWarning
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.readout import Call, Confusion
from her2desk.domain.validation import ValidationSource
from her2desk.texts import msg
from her2desk.ui.panels.read_first import Impression
from her2desk.ui.panels.result_context import ResultContext, context_of
from her2desk.ui.panels.result_panel import ResultPanel, ResultState
from her2desk.ui.theme import apply_theme, colours
from her2desk.ui.widgets.interval_bar import IntervalBar
from tests.ui.panel_samples import (
    OWN_POINT,
    PACK,
    TRAINING_PREVALENCE,
    make_prediction,
    make_readout,
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
    assert panel.estimate.call_glyph.kind() == glyph
    assert panel.estimate.call.text().startswith(word)
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
    assert panel.cohort.icons.accessibleDescription() == "11 of 20 were HER-2 positive"
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
    assert pixel(panel.estimate.call_glyph, QPoint(8, 8)) == muted


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


def test_warnings_and_missing_inputs_stand_beside_the_number(panel: ResultPanel) -> None:
    warning = ImageWarning("no-spacing", msg("The image has no pixel spacing."))
    context = context_of(
        make_prediction(warnings=(warning,)),
        missing_inputs=msg("Ki-67 is not known."),
        stability=(0.45, 0.53),
    )
    panel.show_result(make_readout(), context)
    text = visible_text(panel)
    assert "The image has no pixel spacing." in text
    assert "Ki-67 is not known." in text
    assert "0.45–0.53 under small changes of the outline, not included in the interval" in text
    assert len(panel.notice_messages()) == 2
    panel.show_result(make_readout(), CONTEXT)
    assert "no pixel spacing" not in visible_text(panel)
    assert "Stability" not in visible_text(panel)


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
    content = panel.widget()
    assert content.minimumSizeHint().width() <= panel.viewport().width()
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
