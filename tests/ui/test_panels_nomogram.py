"""The nomogram: this patient on it, and what the estimate would be otherwise."""

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QToolTip
from pytestqt.qtbot import QtBot

from her2desk.domain.nomogram import NomogramModel, NomogramTerm
from her2desk.figures.nomogram import tick_positions
from her2desk.inference.nomograms import CaseNomogram
from her2desk.stats.nomogram import build_nomogram, probability_ticks
from her2desk.stats.proportions import Z_95
from her2desk.texts import Message, msg
from her2desk.ui.panels.nomogram_canvas import NomogramCanvas
from her2desk.ui.panels.nomogram_layout import NomogramLayout
from her2desk.ui.panels.nomogram_view import NomogramView
from her2desk.ui.panels.nomogram_words import value_label
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import SHIFT_TO_20_PERCENT, make_nomogram

PATIENT = {"pr": 0.0, "dlr": 0.62}
OTHER_PARTS = (msg("Clinical score"), msg("CNN score"))
SIZES = tuple(Message(name) for name in ("small", "medium", "large"))


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> NomogramView:
    apply_theme(qapp, "dark")
    view = NomogramView()
    qtbot.addWidget(view)
    view.resize(760, 620)
    view.set_nomograms([make_nomogram()], SHIFT_TO_20_PERCENT)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def graded(view: NomogramView) -> NomogramView:
    """Age, and a category of which two levels have nearly the same points."""
    size = NomogramTerm.categorical("size", msg("Size"), SIZES, (0.0, 1.3, 1.29))
    age = NomogramTerm("age_years", msg("Age (years)"), -0.02, 28, 81)
    model = NomogramModel(-0.2, (size, age))
    view.set_nomograms([case_of(model, {"size": 0.0, "age_years": 52.0})], 0.0)
    return view


def case_of(model: NomogramModel, values: dict[str, float]) -> CaseNomogram:
    parts = tuple(term.label for term in model.terms)
    return CaseNomogram(parts, True, build_nomogram(model), values)


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


def focus(view: NomogramView, tabs: int, qtbot: QtBot) -> NomogramCanvas:
    """Put the keyboard on a marker."""
    view.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(tabs):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Tab)
    return view.canvas


def type_in(view: NomogramView, qtbot: QtBot, text: str) -> None:
    """Type into the editor that is open, and Enter."""
    qtbot.keyClicks(view.canvas.editor, text)
    qtbot.keyClick(view.canvas.editor, Qt.Key.Key_Return)


def expected(pr: float, dlr: float) -> tuple[float, float, float]:
    """Probability and interval by the model of ``make_nomogram`` itself, not by points."""
    centre = -0.4 - 1.07 * pr + 0.9 * dlr + SHIFT_TO_20_PERCENT
    spread = 0.04 + pr**2 * 0.19 + dlr**2 * 0.05 + 2 * (pr * -0.03 + pr * dlr * 0.01)
    reach = Z_95 * math.sqrt(spread + 0.9**2 * 0.07)
    return tuple(1 / (1 + math.exp(-x)) for x in (centre, centre - reach, centre + reach))


def figure(pr: float, dlr: float) -> str:
    p, lower, upper = expected(pr, dlr)
    return f"{p:.2f} (95 % interval {lower:.2f}–{upper:.2f})"


def short(pr: float, dlr: float) -> str:
    return figure(pr, dlr).replace("95 % interval ", "")


# The numbers in words


def test_the_patients_probability_and_interval_are_the_models(view: NomogramView) -> None:
    found = view.canvas.chance(PATIENT)
    assert found is not None
    assert (found[0], *found[1]) == pytest.approx(expected(0, 0.62))
    assert view.readout.text() == f"This patient: {figure(0, 0.62)}"
    assert "average of such patients" in view.readout.toolTip()
    assert view.what_if() is None
    assert not view.back.isEnabled()


def test_without_a_covariance_the_probability_stands_alone(view: NomogramView) -> None:
    nomogram = make_nomogram()
    bare = build_nomogram(replace(nomogram.geometry.model, covariance=None))
    view.set_nomograms([replace(nomogram, geometry=bare)], SHIFT_TO_20_PERCENT)
    assert view.readout.text() == f"This patient: {expected(0, 0.62)[0]:.2f}"
    assert view.canvas.markers().patient_interval is None


def test_dragging_a_marker_says_what_if(view: NomogramView, qtbot: QtBot) -> None:
    told: list[object] = []
    view.what_if_changed.connect(told.append)
    drag(qtbot, view.canvas, place(view, "dlr", 0.62), place(view, "dlr", 2.0))
    tried = view.what_if()
    assert tried is not None
    assert tried["pr"] == 0.0
    assert tried["dlr"] == pytest.approx(2.0, abs=0.02)
    assert tried["dlr"] == round(tried["dlr"], 2)  # as finely as the eye can place it
    assert told[-1] == tried
    text = f"What if: {figure(0, tried['dlr'])} instead of {short(0, 0.62)}"
    assert view.readout.text() == text
    assert view.canvas.patient() == PATIENT
    markers = view.canvas.markers()
    assert markers.what_if_interval == pytest.approx(expected(0, tried["dlr"])[1:])
    assert markers.patient_interval == pytest.approx(expected(0, 0.62)[1:])


def test_back_to_the_patient(view: NomogramView, qtbot: QtBot) -> None:
    drag(qtbot, view.canvas, place(view, "dlr", 0.62), place(view, "dlr", 2.0))
    with qtbot.waitSignal(view.what_if_changed) as told:
        qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert told.args == [None]
    assert view.readout.text().startswith("This patient")


def test_a_value_beyond_its_axis_is_marked_and_said(view: NomogramView) -> None:
    beyond = {"pr": 0.0, "dlr": 3.62}
    view.set_nomograms([replace(make_nomogram(), values=beyond)], SHIFT_TO_20_PERCENT)
    layout = layout_of(view)
    axis = layout.geometry.axes[1]
    assert layout.value_x(axis, 3.62) == pytest.approx(layout.points_x(100))
    assert "outside the range of the training patients" in view.notes.text()
    found = view.canvas.chance(beyond)
    assert found is not None
    assert found[0] == pytest.approx(expected(0, 3.62)[0])
    below = {"pr": 1.0, "dlr": -4.0}
    view.set_nomograms([replace(make_nomogram(), values=below)], SHIFT_TO_20_PERCENT)
    view.grab()
    assert "−4" in view.notes.text()
    assert view.canvas.explanation().endswith("→ <0.01 (<0.01–0.02)")


def test_a_submodel_without_a_variable_says_so(view: NomogramView) -> None:
    view.set_nomograms([replace(make_nomogram(), without=(msg("Ki-67"),))], 0.0)
    assert "Not known and therefore not on it: Ki-67." in view.notes.text()


def test_a_variable_without_effect_is_named(view: NomogramView) -> None:
    model = make_nomogram().geometry.model
    silent = NomogramTerm("er", msg("ER"), 0.0, 0, 1, is_binary=True)
    model = replace(model, terms=(*model.terms, silent), covariance=None)
    view.set_nomograms([case_of(model, {**PATIENT, "er": 1.0})], 0.0)
    assert "Without effect in this model: ER." in view.notes.text()


def test_without_a_value_there_is_no_probability_until_one_is_tried(
    view: NomogramView, qtbot: QtBot
) -> None:
    view.set_nomograms([replace(make_nomogram(), values={"dlr": 0.62})], SHIFT_TO_20_PERCENT)
    assert view.readout.text() == "No patient yet: drag the markers to try values."
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 0.0))
    assert view.readout.text() == f"What if: {figure(0, 0.62)}"


def test_restating_the_same_case_keeps_the_what_if(view: NomogramView, qtbot: QtBot) -> None:
    """A dragged threshold shows the prediction again; the reader's markers stay."""
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    view.set_nomograms([make_nomogram()], 0.0)
    assert view.what_if() == {"pr": 1.0, "dlr": 0.62}
    view.set_nomograms([replace(make_nomogram(), values={"pr": 1.0, "dlr": 0.0})], 0.0)
    assert view.what_if() is None


def test_cleared_it_shows_no_number(view: NomogramView) -> None:
    view.clear()
    assert view.readout.text() == "The nomogram appears with the estimate."
    assert not view.export.isEnabled()
    assert view.canvas.chance(PATIENT) is None
    assert view.canvas.accessibleDescription() == "No values yet."
    assert view.as_text() == ""
    view.copy()
    view.grab()
    view.set_nomograms([make_nomogram()], 0.0)
    assert view.export.isEnabled()


# Which nomogram


def test_another_model_is_chosen_and_said_not_to_be_the_answer(
    view: NomogramView, qtbot: QtBot
) -> None:
    other = replace(
        make_nomogram(),
        parts=OTHER_PARTS,
        is_answer=False,
        geometry=build_nomogram(
            NomogramModel(0.3, (NomogramTerm("cnn_logit", msg("CNN score"), 0.8, -3, 3),))
        ),
        values={"cnn_logit": 0.4},
    )
    view.set_nomograms([make_nomogram(), other], 0.0)
    names = [view.models.itemText(i) for i in range(view.models.count())]
    assert names == ["PR + DLR score (this pack's answer)", "Clinical score + CNN score"]
    assert view.models.isVisible()
    assert not view.other_model.isVisible()
    view.models.setFocus()
    qtbot.keyClick(view.models, Qt.Key.Key_Down)
    assert view.nomogram() is other
    assert view.other_model.isVisible()
    assert "its probability is not the answer" in view.other_model.text()
    chance = 1 / (1 + math.exp(-(0.3 + 0.8 * 0.4)))
    assert view.readout.text() == f"This patient: {chance:.2f}"
    view.set_nomograms([make_nomogram(), replace(other)], 0.0)  # the threshold moved
    assert view.nomogram() is not None
    assert view.nomogram().parts == OTHER_PARTS
    view.clear()
    view.set_nomograms([make_nomogram(), other], 0.0)
    assert view.nomogram().is_answer


def test_a_model_that_needs_an_unknown_value_is_listed_with_the_reason(
    view: NomogramView, qtbot: QtBot
) -> None:
    needing = replace(
        make_nomogram(),
        parts=OTHER_PARTS,
        is_answer=False,
        obstacle=msg("Not known: {names}.", names="Age"),
    )
    view.set_nomograms([make_nomogram(), needing], 0.0)
    assert view.models.itemText(1) == "Clinical score + CNN score: Not known: Age."
    assert not view.models.model().item(1).isEnabled()
    view.models.setFocus()
    qtbot.keyClick(view.models, Qt.Key.Key_Down)
    view.models.activated.emit(1)
    assert view.nomogram().is_answer


def test_a_choice_that_lost_its_value_falls_back_to_the_answer(view: NomogramView) -> None:
    other = replace(make_nomogram(is_answer=False), parts=OTHER_PARTS)
    view.set_nomograms([make_nomogram(), other], 0.0)
    view.models.activated.emit(1)
    assert view.nomogram() is other
    view.set_nomograms([make_nomogram(), replace(other, obstacle=msg("Not known."))], 0.0)
    assert view.nomogram().is_answer


def test_an_answer_without_a_drawing_says_why(view: NomogramView) -> None:
    reason = msg("The model has no variable with an effect, so it has no nomogram.")
    view.set_nomograms([replace(make_nomogram(), geometry=None, obstacle=reason)], 0.0)
    assert view.readout.text() == reason.text()
    assert not view.export.isEnabled()
    assert view.as_text() == ""


# Mouse


def test_pressing_a_level_toggles_a_receptor(view: NomogramView, qtbot: QtBot) -> None:
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    assert view.what_if() == {"pr": 1.0, "dlr": 0.62}
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 0.0))
    assert view.what_if() is None


def test_pressing_between_the_axes_does_nothing(view: NomogramView, qtbot: QtBot) -> None:
    spot = place(view, "dlr", 1.0) + QPoint(0, 22)
    with qtbot.assertNotEmitted(view.what_if_changed):
        drag(qtbot, view.canvas, spot, spot + QPoint(60, 0))
        qtbot.mouseDClick(view.canvas, Qt.MouseButton.LeftButton, pos=spot)
    assert not view.canvas.editor.is_open()


def test_taking_a_marker_off_its_centre_does_not_move_it(view: NomogramView, qtbot: QtBot) -> None:
    start = place(view, "dlr", 0.62) + QPoint(5, 0)
    qtbot.mousePress(view.canvas, Qt.MouseButton.LeftButton, pos=start)
    assert view.what_if() is None
    qtbot.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, pos=start)


def test_a_drag_repaints_what_it_changes(view: NomogramView, qtbot: QtBot) -> None:
    before = view.canvas.grab().toImage()
    drag(qtbot, view.canvas, place(view, "dlr", 0.62), place(view, "dlr", -2.0))
    assert view.canvas.grab().toImage() != before


def test_every_level_of_a_category_is_reached_and_named(graded: NomogramView, qtbot: QtBot) -> None:
    view = graded
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "size", 1.0))
    assert (view.what_if() or {})["size"] == 1.0
    canvas = focus(view, 0, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert (view.what_if() or {})["size"] == 2.0  # the next to the left, by points
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert view.what_if() is None
    layout = layout_of(view)
    assert layout.lanes == (2, 1)  # two names at the same place stand under each other
    assert layout.row_y(2) - layout.row_y(1) > layout.row_y(3) - layout.row_y(2)


# Keys


def test_the_keyboard_reaches_and_moves_every_marker(view: NomogramView, qtbot: QtBot) -> None:
    canvas = focus(view, 0, qtbot)
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
    focus(view, 1, qtbot)
    with qtbot.assertNotEmitted(view.what_if_changed):
        qtbot.keyClick(view.canvas, Qt.Key.Key_H)
        qtbot.keyClick(view.canvas, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(view.canvas, Qt.Key.Key_Escape)
        view.clear()
        qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
    assert not view.canvas.editor.is_open()


def test_steps_are_taken_back_and_done_again(view: NomogramView, qtbot: QtBot) -> None:
    canvas = view.canvas
    drag(qtbot, canvas, place(view, "dlr", 0.62), place(view, "dlr", 2.0))
    dragged = view.what_if()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    both = view.what_if()
    qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    for expected_values in (both, dragged, None, None):  # a drag is one step
        qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert view.what_if() == expected_values
    redo = QKeySequence.keyBindings(QKeySequence.StandardKey.Redo)[0][0]
    qtbot.keyClick(canvas, redo.key(), redo.keyboardModifiers())
    assert view.what_if() == dragged
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    qtbot.keyClick(canvas, redo.key(), redo.keyboardModifiers())
    assert view.what_if() == both  # a new step leaves nothing to do again


def test_a_windows_undo_waits_while_the_nomogram_has_the_keyboard(qtbot: QtBot) -> None:
    """Ctrl+Z takes an outline's stroke back elsewhere in the window."""
    window, view, undone = QMainWindow(), NomogramView(), []
    qtbot.addWidget(window)
    window.setCentralWidget(view)
    for keys in ("Ctrl+Z", "Esc", "2"):
        action = QAction(window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False, name=keys: undone.append(name))
        window.addAction(action)
    view.set_nomograms([make_nomogram()], 0.0)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    canvas = focus(view, 1, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.what_if() is None
    qtbot.keyClick(canvas, Qt.Key.Key_2)
    assert canvas.editor.text() == "2"
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Escape)
    assert not canvas.editor.is_open()
    assert undone == []
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)  # nothing is tried: Escape is the window's
    assert undone == ["Esc"]


# Typing


@pytest.mark.parametrize("typed", ["1.25", "1,25", "+1.25"])
def test_a_number_is_typed_at_its_marker(view: NomogramView, qtbot: QtBot, typed: str) -> None:
    canvas = focus(view, 1, qtbot)
    if typed[0] == "1":
        qtbot.keyClick(canvas, typed[0])
    else:
        qtbot.keyClick(canvas, Qt.Key.Key_F2)
        assert canvas.editor.selectedText() == "0.62"
    assert canvas.editor.isVisible()
    assert canvas.editor.accessibleName() == "Value of DLR score (log-odds)"
    assert abs(canvas.editor.geometry().center().x() - place(view, "dlr", 0.62).x()) <= 2
    type_in(view, qtbot, typed[1:] if typed[0] == "1" else typed)
    assert view.what_if() == {"pr": 0.0, "dlr": 1.25}
    assert canvas.hasFocus()
    assert not canvas.editor.isVisible()


def test_a_minus_is_typed_as_keyboards_and_books_have_it(view: NomogramView, qtbot: QtBot) -> None:
    for sign in "-−":
        view.canvas.reset()
        canvas = focus(view, 1, qtbot)
        none = Qt.KeyboardModifier.NoModifier  # QTest itself types ASCII only
        QApplication.sendEvent(canvas, QKeyEvent(QKeyEvent.Type.KeyPress, 0, none, sign))
        type_in(view, qtbot, "1.5")
        assert view.what_if() == {"pr": 0.0, "dlr": -1.5}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("9", "DLR score (log-odds) goes from −3.5 to 3 here."),
        ("1e999", "DLR score (log-odds) goes from −3.5 to 3 here."),
        ("nan", "That is not a number."),
        ("1.2.3", "That is not a number."),
        ("", "That is not a number."),
    ],
)
def test_what_an_axis_does_not_have_is_refused_beside_it(
    view: NomogramView, qtbot: QtBot, typed: str, said: str
) -> None:
    canvas = focus(view, 1, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Delete)
    type_in(view, qtbot, typed)
    assert canvas.editor.complaint.isVisible()
    assert canvas.editor.complaint.text() == said
    assert canvas.editor.accessibleDescription() == said
    assert canvas.rect().contains(canvas.editor.complaint.geometry())
    assert view.what_if() is None
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Backspace)
    qtbot.keyClicks(canvas.editor, "0")
    assert not canvas.editor.complaint.isVisible()
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Escape)
    assert canvas.hasFocus()
    assert view.what_if() is None


def test_a_complaint_stays_inside_a_narrow_canvas(view: NomogramView, qtbot: QtBot) -> None:
    view.resize(330, 620)
    one = NomogramModel(0.1, (NomogramTerm("dlr", msg("DLR score (log-odds)"), 0.9, -3.1, 2.7),))
    view.set_nomograms([case_of(one, {"dlr": 2.9})], 0.0)
    canvas = focus(view, 0, qtbot)
    qtbot.keyClicks(canvas, "9")
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Return)
    for width in (330, 400):
        view.resize(width, 620)
        assert canvas.rect().contains(canvas.editor.geometry())
        assert canvas.rect().contains(canvas.editor.complaint.geometry())


def test_a_double_click_types_too_and_a_click_elsewhere_leaves_it(
    view: NomogramView, qtbot: QtBot
) -> None:
    spot = place(view, "dlr", 0.62)
    qtbot.mouseDClick(view.canvas, Qt.MouseButton.LeftButton, pos=spot)
    assert view.canvas.editor.text() == "0.62"
    view.models.setVisible(True)
    view.export.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not view.canvas.editor.is_open()
    assert view.what_if() is None


def test_tab_takes_the_value_and_goes_on(view: NomogramView, qtbot: QtBot) -> None:
    canvas = focus(view, 0, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.editor.text() == "negative"
    qtbot.keyClicks(canvas.editor, "pos")
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Tab)
    assert view.what_if() == {"pr": 1.0, "dlr": 0.62}
    assert canvas.accessibleDescription().startswith("Marker of DLR score")
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.keyClicks(canvas.editor, "99")
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Tab)
    assert canvas.editor.is_open()  # refused, so it stays


@pytest.mark.parametrize(
    ("key", "expected_pr"), [("p", 1.0), ("y", 1.0), ("1", 1.0), ("n", 0.0), ("0", 0.0)]
)
def test_a_letter_goes_to_a_level(
    view: NomogramView, qtbot: QtBot, key: str, expected_pr: float
) -> None:
    canvas = focus(view, 0, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Left if expected_pr == 0 else Qt.Key.Key_Right)
    qtbot.keyClicks(canvas, key)
    assert ((view.what_if() or PATIENT)["pr"]) == expected_pr
    assert not canvas.editor.is_open()


@pytest.mark.parametrize(
    ("typed", "level"), [("l", 2.0), ("Medium", 1.0), ("huge", None), ("", None), ("0", None)]
)
def test_a_level_is_typed_by_its_name(
    graded: NomogramView, qtbot: QtBot, typed: str, level: float | None
) -> None:
    canvas = focus(graded, 0, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_F2)
    qtbot.keyClick(canvas.editor, Qt.Key.Key_Delete)
    type_in(graded, qtbot, typed)
    if level is None:
        assert canvas.editor.complaint.text() == "Type one of: small, medium, large."
    else:
        assert (graded.what_if() or {})["size"] == level


def test_a_new_case_puts_the_editor_away(view: NomogramView, qtbot: QtBot) -> None:
    canvas = focus(view, 1, qtbot)
    qtbot.keyClicks(canvas, "2")
    view.set_nomograms([make_nomogram()], 0.0)
    assert canvas.editor.is_open()  # the same case, at another prevalence
    view.set_nomograms([replace(make_nomogram(), values={"pr": 1.0, "dlr": 0.0})], 0.0)
    assert not canvas.editor.is_open()


# Words


def test_a_screen_reader_hears_the_picture(view: NomogramView) -> None:
    text = view.canvas.accessibleDescription()
    assert "Progesterone receptor (PR): negative, 18 points" in text
    assert "DLR score (log-odds): 0.62" in text
    assert f"probability {short(0, 0.62)}" in text


def tooltip(view: NomogramView, spot: QPoint) -> str:
    event = QHelpEvent(QHelpEvent.Type.ToolTip, spot, view.canvas.mapToGlobal(spot))
    QApplication.sendEvent(view.canvas, event)
    return QToolTip.text()


def test_hovering_says_the_arithmetic(view: NomogramView, qtbot: QtBot) -> None:
    pr = "Progesterone receptor (PR) negative: 100 · |−1.07 · (0 − 1)| / 5.85 = 18.3 points"
    assert tooltip(view, place(view, "pr", 0.0)) == pr
    dlr = "DLR score (log-odds) 0.62: 100 · |0.9 · (0.62 − (−3.5))| / 5.85 = 63.4 points"
    assert tooltip(view, place(view, "dlr", 2.0)) == dlr
    layout = layout_of(view)
    log_odds = -0.4 + 0.9 * 0.62
    whole = (
        f"18.3 + 63.4 = 81.7 points → log-odds −{-(log_odds + SHIFT_TO_20_PERCENT):.2f}, "
        f"−0.57 of it for the local prevalence → {short(0, 0.62)}"
    )
    for row in (3, 4):
        assert tooltip(view, QPoint(300, round(layout.row_y(row)))) == whole
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    lines = tooltip(view, place(view, "pr", 0.0)).split("\n")
    assert lines[0] == f"This patient: {pr}"
    assert lines[1].startswith("What if: Progesterone receptor (PR) positive: ")
    assert lines[1].endswith("= 0.0 points")
    tooltip(view, QPoint(300, round(layout.row_y(0))))  # Points: nothing to work out
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_the_arithmetic_stands_under_the_picture_for_the_keyboard(
    view: NomogramView, qtbot: QtBot
) -> None:
    view.set_nomograms([make_nomogram()], 0.0)
    canvas = focus(view, 1, qtbot)
    first, second = view.arithmetic.text().split("\n")
    assert first.startswith("DLR score (log-odds) 0.62: 100 ·")
    assert second.startswith("18.3 + 63.4 = 81.7 points → log-odds 0.16 → 0.54 (")
    assert first in canvas.accessibleDescription()


def test_a_levels_arithmetic_is_of_its_own_effect(graded: NomogramView, qtbot: QtBot) -> None:
    canvas = focus(graded, 0, qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    widest = max(1.3, 0.02 * (85 - 25))
    assert f"Size medium: 100 · (1.3 − 0) / {widest:g} = 100.0 points" in canvas.explanation()


def test_points_below_the_axis_keep_their_sign(view: NomogramView) -> None:
    below = {"pr": 1.0, "dlr": -4.0}
    view.set_nomograms([replace(make_nomogram(), values=below)], 0.0)
    assert tooltip(view, place(view, "dlr", 0.0)).startswith("DLR score (log-odds) −4: −100 · |")
    assert "0.0 − 7.7 = −7.7 points" in view.canvas.explanation()


@pytest.mark.parametrize(("value", "expected_label"), [(1, "yes"), (0, "no")], ids=["yes", "no"])
def test_levels_without_names_are_yes_and_no(value: float, expected_label: str) -> None:
    term = NomogramTerm("calcification", msg("Calcification"), 1.0, 0, 1, True)
    assert value_label(term, value) == expected_label


# Copies and exports


def test_a_copy_is_a_picture_a_drawing_and_words(view: NomogramView, qtbot: QtBot) -> None:
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place(view, "pr", 1.0))
    qtbot.keyClick(view.canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    mime = QGuiApplication.clipboard().mimeData()
    image = QImage.fromData(mime.data("image/png"), "PNG")
    assert image.width() == 1520
    assert image.pixelColor(2, 2).name() == "#ffffff"  # white, though the window is dark
    assert mime.hasImage()
    assert b"<svg" in bytes(mime.data("image/svg+xml").data())
    lines = mime.text().split("\n")
    assert lines[:2] == ["PR + DLR score (this pack's answer)", "This patient:"]
    assert lines[4].endswith(short(0, 0.62))
    assert lines[5] == "What if:"
    assert lines[-1].endswith(short(1, 0.62))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Save as SVG…", "svg"),
        ("Save as PDF…", "pdf"),
        ("Save as PNG…", "png"),
        ("Page to print, as PDF…", "bedside"),
        ("Page to print, with this patient, as PDF…", "bedside-patient"),
        ("Print the page…", "print"),
    ],
)
def test_export_asks_for_a_kind(view: NomogramView, qtbot: QtBot, text: str, kind: str) -> None:
    action = next(a for a in view.export.menu().actions() if a.text() == text)
    with qtbot.waitSignal(view.export_requested) as told:
        action.trigger()
    assert told.args == [kind]


def test_copy_stands_in_the_menu_and_asks_for_no_file(view: NomogramView, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().clear()
    with qtbot.assertNotEmitted(view.export_requested):
        next(a for a in view.export.menu().actions() if a.text().startswith("Copy")).trigger()
    assert "This patient:" in QGuiApplication.clipboard().text()


# Where things stand


@pytest.mark.parametrize("width", [340.0, 760.0])
def test_axes_share_the_points_scale(width: float) -> None:
    layout = NomogramLayout(make_nomogram().geometry, width)
    assert layout.points_x(0) == layout.left
    assert layout.points_x(100) == layout.right
    for axis in layout.geometry.axes:
        for value, points in axis.ticks:
            assert layout.value_x(axis, value) == pytest.approx(layout.points_x(points))
            assert layout.value_at(axis, layout.points_x(points)) == pytest.approx(value)
    assert layout.is_narrow == (width < 560)


@pytest.mark.parametrize("width", [400.0, 900.0])
def test_ticks_stand_where_the_figure_has_them(width: float) -> None:
    """Drawn twice, once computed: the window and matplotlib."""
    geometry = make_nomogram().geometry
    layout = NomogramLayout(geometry, width)
    for axis in geometry.axes:
        shares = [
            (layout.value_x(axis, value) - layout.left) / (layout.right - layout.left)
            for value, _ in axis.ticks
        ]
        assert shares == pytest.approx(tick_positions(geometry)[axis.term.name], abs=1e-12)


def test_probability_ticks_follow_the_prevalence() -> None:
    geometry = make_nomogram().geometry
    layout = NomogramLayout(geometry, 760, SHIFT_TO_20_PERCENT)
    ticks = probability_ticks(geometry, SHIFT_TO_20_PERCENT)
    assert layout.chances == tuple((p, layout.total_x(t)) for p, t in ticks)
    assert len(ticks) >= 5
    assert layout.probability_x(0.0) == layout.left
    assert layout.probability_x(1.0) == layout.right


def eight_variables() -> CaseNomogram:
    name = "A variable with a name that goes on for much longer than any column is wide"
    terms = tuple(
        NomogramTerm(f"x{n}", Message(f"{n}. {name}"), (-1) ** n * (n + 1) / 9, -n - 1, n + 2)
        for n in range(8)
    )
    model = NomogramModel(-0.3, terms)
    return case_of(model, {term.name: 99.0 for term in terms})


@pytest.mark.parametrize("width", [320, 400, 900])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_one_axis_or_eight_fit_their_column(
    view: NomogramView, qapp: QApplication, width: int, theme: str
) -> None:
    apply_theme(qapp, theme)
    one = NomogramModel(0.1, (NomogramTerm("dlr", msg("DLR score"), 1e-9, 0, 1),))
    for nomogram in (case_of(one, {"dlr": 0.5}), eight_variables()):
        view.set_nomograms([nomogram], 0.0)
        view.resize(width, 600)
        assert view.canvas.width() <= width
        layout = layout_of(view)
        rows = [layout.row_y(row) for row in range(len(layout.geometry.axes) + 3)]
        assert rows == sorted(rows)
        assert rows[-1] < view.canvas.height()
        view.grab()
