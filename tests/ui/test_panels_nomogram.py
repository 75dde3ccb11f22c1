"""The nomogram: this patient on it, and what the estimate would be otherwise."""

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.nomogram import NomogramTerm
from her2desk.stats.nomogram import probability_ticks
from her2desk.texts import msg
from her2desk.ui.panels.nomogram_canvas import NomogramCanvas
from her2desk.ui.panels.nomogram_layout import NomogramLayout
from her2desk.ui.panels.nomogram_view import NomogramView
from her2desk.ui.panels.nomogram_words import axis_label, value_label
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import SHIFT_TO_20_PERCENT, make_geometry

PATIENT = {"pr": 0.0, "dlr": 0.62}
PR_ROW, DLR_ROW = 1, 2


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> NomogramView:
    apply_theme(qapp, "dark")
    view = NomogramView()
    qtbot.addWidget(view)
    view.resize(760, 460)
    view.set_geometry(make_geometry(), SHIFT_TO_20_PERCENT)
    view.set_patient(PATIENT)
    view.show()
    qtbot.waitExposed(view)
    return view


def layout_of(view: NomogramView) -> NomogramLayout:
    layout = view.canvas.layout_now()
    assert layout is not None
    return layout


def place(view: NomogramView, name: str, value: float) -> QPoint:
    layout = layout_of(view)
    row, axis = next(
        (i, a) for i, a in enumerate(layout.geometry.axes, start=1) if a.term.name == name
    )
    return QPointF(layout.value_x(axis, value), layout.row_y(row)).toPoint()


def drag(qtbot: QtBot, canvas: NomogramCanvas, start: QPoint, end: QPoint) -> None:
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, (start + end) / 2)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


def expected_probability(pr: float, dlr: float) -> float:
    """By the model of ``make_geometry`` itself, not by points."""
    return 1 / (1 + math.exp(-(-0.4 - 1.07 * pr + 0.9 * dlr + SHIFT_TO_20_PERCENT)))


def test_the_patients_probability_is_the_models(view: NomogramView) -> None:
    assert view.canvas.probability(PATIENT) == pytest.approx(expected_probability(0, 0.62))
    assert view.readout.text() == f"This patient: {expected_probability(0, 0.62):.2f}"
    assert view.what_if() is None
    assert not view.back.isEnabled()


def test_dragging_a_marker_says_what_if(view: NomogramView, qtbot: QtBot) -> None:
    told: list[object] = []
    view.what_if_changed.connect(told.append)
    drag(qtbot, view.canvas, place(view, "dlr", 0.62), place(view, "dlr", 2.0))
    tried = view.what_if()
    assert tried is not None
    assert tried["pr"] == 0.0
    assert tried["dlr"] == pytest.approx(2.0, abs=0.02)
    assert told[-1] == tried
    new, old = expected_probability(0, tried["dlr"]), expected_probability(0, 0.62)
    assert view.readout.text() == f"What if: {new:.2f} instead of {old:.2f}"
    assert view.canvas.patient() == PATIENT


def test_back_to_the_patient(view: NomogramView, qtbot: QtBot) -> None:
    drag(qtbot, view.canvas, place(view, "dlr", 0.62), place(view, "dlr", 2.0))
    with qtbot.waitSignal(view.what_if_changed) as told:
        qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert told.args == [None]
    assert view.readout.text().startswith("This patient")


def test_pressing_a_level_toggles_a_receptor(view: NomogramView, qtbot: QtBot) -> None:
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    assert view.what_if() == {"pr": 1.0, "dlr": 0.62}
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 0.0))
    assert view.what_if() is None


def test_pressing_between_the_axes_does_nothing(view: NomogramView, qtbot: QtBot) -> None:
    spot = place(view, "dlr", 1.0) + QPoint(0, 22)
    with qtbot.assertNotEmitted(view.what_if_changed):
        drag(qtbot, view.canvas, spot, spot + QPoint(60, 0))


def test_the_keyboard_reaches_and_moves_every_marker(view: NomogramView, qtbot: QtBot) -> None:
    canvas = view.canvas
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert canvas.accessibleDescription().startswith("Marker of Progesterone receptor (PR)")
    # PR positive has no points and stands left of negative
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert view.what_if() == {"pr": 1.0, "dlr": 0.62}
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.hasFocus()
    assert canvas.accessibleDescription().startswith("Marker of DLR score (log-odds)")
    before = canvas.what_if() or {}
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    after = canvas.what_if() or {}
    assert after["dlr"] == pytest.approx(before["dlr"] + 0.065)  # 1 % of −3.5 … 3
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert (canvas.what_if() or {})["dlr"] == 3.0
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert view.what_if() is None
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert not canvas.hasFocus()


def test_backtab_enters_at_the_last_marker(view: NomogramView, qtbot: QtBot) -> None:
    view.export.setFocus()
    view.canvas.setFocus(Qt.FocusReason.BacktabFocusReason)
    assert "DLR score" in view.canvas.accessibleDescription().split(".")[0]
    qtbot.keyClick(view.canvas, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert "Progesterone" in view.canvas.accessibleDescription().split(".")[0]


def test_other_keys_are_left_to_the_window(view: NomogramView, qtbot: QtBot) -> None:
    view.canvas.setFocus()
    with qtbot.assertNotEmitted(view.what_if_changed):
        qtbot.keyClick(view.canvas, Qt.Key.Key_H)


def test_a_screen_reader_hears_the_picture(view: NomogramView) -> None:
    text = view.canvas.accessibleDescription()
    assert "Progesterone receptor (PR): negative, 18 points" in text
    assert "DLR score (log-odds): 0.62" in text
    assert f"probability {expected_probability(0, 0.62):.2f}" in text


def test_a_value_beyond_its_axis_is_marked_and_said(view: NomogramView) -> None:
    view.set_patient({"pr": 0.0, "dlr": 3.62})
    layout = layout_of(view)
    axis = layout.geometry.axes[1]
    assert layout.value_x(axis, 3.62) == pytest.approx(layout.points_x(100))
    assert "outside the range of the training patients" in view.notes.text()
    assert view.canvas.probability({"pr": 0.0, "dlr": 3.62}) == pytest.approx(
        expected_probability(0, 3.62)
    )
    view.set_patient({"pr": 1.0, "dlr": -4.0})
    view.grab()
    assert "−4" in view.notes.text()


def test_a_submodel_without_a_variable_says_so(view: NomogramView) -> None:
    view.set_geometry(make_geometry(), 0.0, ["Ki-67"])
    assert "Not known and therefore not on it: Ki-67." in view.notes.text()


def test_without_a_value_there_is_no_probability_until_one_is_tried(
    view: NomogramView, qtbot: QtBot
) -> None:
    view.set_patient({"dlr": 0.62})
    assert view.readout.text() == "No patient yet: drag the markers to try values."
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 0.0))
    assert view.readout.text() == f"What if: {expected_probability(0, 0.62):.2f}"


def test_restating_the_same_case_keeps_the_what_if(view: NomogramView, qtbot: QtBot) -> None:
    """A dragged threshold shows the prediction again; the reader's markers stay."""
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    view.set_geometry(make_geometry(), 0.0)
    view.set_patient(dict(PATIENT))
    assert view.what_if() == {"pr": 1.0, "dlr": 0.62}
    view.set_patient({"pr": 1.0, "dlr": 0.0})
    assert view.what_if() is None


def test_cleared_it_shows_no_number(view: NomogramView) -> None:
    view.clear()
    assert view.readout.text() == "The nomogram appears with the estimate."
    assert not view.export.isEnabled()
    assert view.canvas.probability(PATIENT) is None
    view.grab()
    view.set_geometry(make_geometry(), 0.0)
    view.set_patient(PATIENT)
    assert view.export.isEnabled()


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_export_asks_for_a_format(view: NomogramView, qtbot: QtBot, kind: str) -> None:
    action = next(a for a in view.export.menu().actions() if a.text() == kind.upper())
    with qtbot.waitSignal(view.export_requested) as told:
        action.trigger()
    assert told.args == [kind]


@pytest.mark.parametrize("width", [340.0, 760.0])
def test_axes_share_the_points_scale(width: float) -> None:
    layout = NomogramLayout(make_geometry(), width)
    assert layout.points_x(0) == layout.left
    assert layout.points_x(100) == layout.right
    for axis in layout.geometry.axes:
        for value, points in axis.ticks:
            assert layout.value_x(axis, value) == pytest.approx(layout.points_x(points))
            assert layout.value_at(axis, layout.points_x(points)) == pytest.approx(value)
    assert layout.is_narrow == (width < 560)


def test_probability_ticks_follow_the_prevalence() -> None:
    geometry = make_geometry()
    layout = NomogramLayout(geometry, 760, SHIFT_TO_20_PERCENT)
    expected = [(p, layout.total_x(t)) for p, t in probability_ticks(geometry, SHIFT_TO_20_PERCENT)]
    assert layout.probability_ticks() == expected
    assert len(expected) >= 5


def test_the_marker_follows_the_mouse_exactly_where_it_was_taken(
    view: NomogramView, qtbot: QtBot
) -> None:
    """Taking a marker a few pixels off its centre does not make it jump."""
    start = place(view, "dlr", 0.62) + QPoint(5, 0)
    qtbot.mousePress(view.canvas, Qt.MouseButton.LeftButton, pos=start)
    tried = view.what_if()
    moved = 0.0 if tried is None else abs(tried["dlr"] - 0.62)
    assert moved < 0.02
    qtbot.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, pos=start)


def test_a_drag_repaints_what_it_changes(view: NomogramView, qtbot: QtBot) -> None:
    before = view.canvas.grab().toImage()
    drag(qtbot, view.canvas, place(view, "dlr", 0.62), place(view, "dlr", -2.0))
    assert view.canvas.grab().toImage() != before


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("pr", 1, "positive"), ("er", 0, "negative"), ("calcification", 1, "yes"), ("x", 0, "no")],
)
def test_levels_are_named(name: str, value: float, expected: str) -> None:
    term = NomogramTerm(name, msg("Variable"), 1.0, 0, 1, True)
    assert value_label(term, value) == expected


def test_axes_name_their_units() -> None:
    assert axis_label(NomogramTerm("ki67_percent", msg("Ki-67"), 1, 0, 100)) == "Ki-67 (%)"
    assert axis_label(NomogramTerm("cnn", msg("CNN score"), 1, -3, 3)) == "CNN score (log-odds)"
    assert value_label(NomogramTerm("cnn", msg("CNN score"), 1, -3, 3), -2.5) == "−2.5"
