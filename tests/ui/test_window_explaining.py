"""What explains an answer on the real window: heatmaps, nomograms, and what is not known."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod, Prediction
from her2desk.paths import demo_case_dir
from her2desk.ui.panels.nomogram_copying import PNG_TYPE, SVG_TYPE
from her2desk.ui.panels.nomogram_view import BEDSIDE, BEDSIDE_WITH_PATIENT
from tests.ui.readout_desk import CTRL, Desk, bring_in_sight, click, drag, plain

SMALLEST_FILE = 2_000  # bytes; an empty picture has fewer


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture
def found(desk: Desk) -> Prediction:
    return desk.fresh()


# 7: heatmaps


def choose(desk: Desk, kind: HeatmapMethod | HeatmapClass) -> None:
    control = desk.why.choice
    is_method = isinstance(kind, HeatmapMethod)
    click((control.method if is_method else control.speaks_for).button(kind))


def awaited(desk: Desk, maps: list[Heatmap], method: HeatmapMethod, of: HeatmapClass) -> Heatmap:
    """The map of this kind, once it lies over the image."""
    desk.wait(lambda: bool(maps) and (maps[-1].method, maps[-1].speaks_for) == (method, of))
    assert not desk.why.choice.is_explaining()
    return maps[-1]


@pytest.fixture
def maps(desk: Desk) -> Iterator[list[Heatmap]]:
    """The other heatmaps that came."""
    kept: list[Heatmap] = []
    link = desk.window.afterthoughts.heatmap_changed.connect(
        lambda found: kept.append(found) if found is not None else None
    )
    yield kept
    desk.window.afterthoughts.heatmap_changed.disconnect(link)


def changed(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((one != other).any(axis=2))


def crop_on_screen(desk: Desk, found: Prediction) -> tuple[int, int, int, int]:
    """Left, top, right and lower edge of the crop, in the canvas' own pixels."""
    assert found.heatmap is not None
    crop, transform = found.heatmap.crop, desk.window.workspace.view.transform
    start, end = transform.to_view((crop.x0, crop.y0)), transform.to_view((crop.x1, crop.y1))
    return round(start.x()), round(start.y()), round(end.x()), round(end.y())


@pytest.mark.slow
def test_every_method_and_class_lays_its_own_map_on_the_same_crop(
    desk: Desk, found: Prediction, maps: list[Heatmap]
) -> None:
    assert found.heatmap is not None
    desk.turn_to(desk.why)
    bare = desk.picture()
    click(desk.why.heatmap)
    assert desk.window.workspace.view.heatmap_is_shown()
    pictures = [desk.picture()]
    left, top, right, lower = crop_on_screen(desk, found)
    own = desk.why.choice.share.text()
    positive, negative = HeatmapClass.POSITIVE, HeatmapClass.NEGATIVE
    for kind, expected in (
        (HeatmapMethod.GRAD_CAM_PP, (HeatmapMethod.GRAD_CAM_PP, positive)),
        (negative, (HeatmapMethod.GRAD_CAM_PP, negative)),
        (HeatmapMethod.OCCLUSION, (HeatmapMethod.OCCLUSION, negative)),
    ):
        choose(desk, kind)
        other = awaited(desk, maps, *expected)
        assert other.crop == found.heatmap.crop
        pictures.append(desk.picture())
        chosen = desk.why.choice.method.value(), desk.why.choice.speaks_for.value()
        assert chosen == expected
    for number, picture in enumerate(pictures):
        inside = changed(picture, bare)[top + 2 : lower - 2, left + 2 : right - 2]
        assert inside.any()
        for other in pictures[:number]:
            differs = changed(picture, other)
            assert differs[top : lower + 1, left : right + 1].any(), "another map, another picture"
            differs[top : lower + 1, left : right + 1] = False
            # what is said of the map stands under its crop
            assert not differs[: lower + 1].any()
    choose(desk, HeatmapMethod.GRAD_CAM)
    choose(desk, positive)
    desk.wait(lambda: desk.why.choice.share.text() == own)
    assert np.array_equal(desk.picture(), pictures[0])  # the answer's own map, as it was


def test_a_heatmap_that_takes_long_can_be_called_off(
    desk: Desk, found: Prediction, maps: list[Heatmap]
) -> None:
    desk.move_outline(7.0)
    desk.answer()
    desk.turn_to(desk.why)
    choose(desk, HeatmapMethod.OCCLUSION)
    assert desk.why.choice.is_explaining()
    click(desk.why.choice.cancel)
    assert not desk.why.choice.is_explaining()
    assert desk.why.choice.method.value() is HeatmapMethod.GRAD_CAM
    assert not maps
    assert desk.window.session.is_current


def test_an_earlier_map_goes_with_its_outline(
    desk: Desk, found: Prediction, maps: list[Heatmap]
) -> None:
    desk.turn_to(desk.why)
    choose(desk, HeatmapMethod.GRAD_CAM_PP)
    awaited(desk, maps, HeatmapMethod.GRAD_CAM_PP, HeatmapClass.POSITIVE)
    desk.move_outline(12.0)
    assert not desk.window.workspace.view.heatmap_is_shown()
    desk.answer()
    assert desk.why.choice.method.value() is HeatmapMethod.GRAD_CAM
    assert desk.window.workspace.view.heatmap_is_shown()


# 8: the nomogram


@pytest.fixture
def patient(desk: Desk) -> Prediction:
    """The demo case with all that is known of it."""
    text = (demo_case_dir() / "clinical.json").read_text(encoding="utf-8")
    found = desk.fresh(clinical=clinical_from_json(json.loads(text)))
    desk.turn_to(desk.window.nomogram)
    if desk.window.nomogram.back.isEnabled():
        click(desk.window.nomogram.back)
    desk.window.nomogram.models.setCurrentIndex(0)
    desk.window.nomogram.models.activated.emit(0)
    return found


def place(desk: Desk, name: str, value: float) -> QPoint:
    layout = desk.window.nomogram.canvas.layout_now()
    assert layout is not None
    axes = layout.geometry.axes
    row = next(i for i, axis in enumerate(axes, start=1) if axis.term.name == name)
    return QPointF(layout.value_x(axes[row - 1], value), layout.row_y(row)).toPoint()


def chance(desk: Desk, **values: float) -> float:
    """The probability by the submodel's coefficients, not by points."""
    submodel = desk.pack.submodel(frozenset({"pr"})).model
    by_term = zip(submodel.coefficients, submodel.terms, strict=True)
    return sigmoid(submodel.intercept + sum(c * values[term] for c, term in by_term))


def test_a_marker_that_is_dragged_says_what_if_beside_the_patient(
    desk: Desk, patient: Prediction
) -> None:
    nomogram = desk.window.nomogram
    canvas, own = nomogram.canvas, nomogram.canvas.patient()
    readout = patient.readout
    said = plain(nomogram.readout.text())
    assert said.startswith(f"This patient: {readout.probability:.2f}")
    drag(canvas, place(desk, "dlr", own["dlr"]), place(desk, "dlr", own["dlr"] - 1.5))
    tried = nomogram.what_if()
    assert tried is not None
    assert tried["dlr"] == pytest.approx(own["dlr"] - 1.5, abs=0.1)
    assert canvas.patient() == own
    expected = chance(desk, **tried)
    found, interval = canvas.chance(tried) or (0.0, (0.0, 0.0))
    assert found == pytest.approx(expected, abs=1e-9)
    assert interval[0] < found < interval[1]
    said = plain(nomogram.readout.text())
    assert said.startswith(f"What if: {expected:.2f}")
    assert f"{interval[0]:.2f}–{interval[1]:.2f}" in said
    assert f"instead of {readout.probability:.2f}" in said
    assert desk.result.estimate.number.text() == f"{readout.probability:.2f}"  # no new answer
    click(nomogram.back)
    assert nomogram.what_if() is None
    assert plain(nomogram.readout.text()).startswith("This patient")


def test_keys_and_typing_move_the_markers(desk: Desk, patient: Prediction) -> None:
    nomogram = desk.window.nomogram
    canvas, own = nomogram.canvas, nomogram.canvas.patient()
    bring_in_sight(nomogram.export)
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    layout = canvas.layout_now()
    assert layout is not None
    names = [axis.term.name for axis in layout.geometry.axes]
    for _ in range(names.index("dlr")):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    tried = nomogram.what_if()
    assert tried is not None
    assert tried["dlr"] < own["dlr"]
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.editor.is_open()
    QTest.keyClick(canvas.editor, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(canvas.editor, "1,25")
    QTest.keyClick(canvas.editor, Qt.Key.Key_Return)
    assert nomogram.what_if() == {**own, "dlr": 1.25}
    assert plain(nomogram.readout.text()).startswith(
        f"What if: {chance(desk, **{**own, 'dlr': 1.25}):.2f}"
    )
    QTest.keyClicks(canvas, "999")
    QTest.keyClick(canvas.editor, Qt.Key.Key_Return)
    assert "goes from" in canvas.editor.complaint.text()
    QTest.keyClick(canvas.editor, Qt.Key.Key_Escape)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert nomogram.what_if() is None


def test_another_model_is_never_taken_for_the_answer(desk: Desk, patient: Prediction) -> None:
    nomogram = desk.window.nomogram
    models = nomogram.models
    names = [models.itemText(index) for index in range(models.count())]
    assert len(names) >= 3
    assert names[0].endswith("(this pack's answer)")
    bring_in_sight(models)
    models.setFocus()
    assert not nomogram.other_model.isVisible()
    QTest.keyClick(models, Qt.Key.Key_Down)
    shown = nomogram.nomogram()
    assert shown is not None
    assert not shown.is_answer
    assert "its probability is not the answer" in nomogram.other_model.text()
    QTest.keyClick(models, Qt.Key.Key_Up)
    assert not nomogram.other_model.isVisible()


def test_a_receptor_is_an_axis_of_two_levels(desk: Desk, patient: Prediction) -> None:
    nomogram = desk.window.nomogram
    own = nomogram.canvas.patient()
    other = 1.0 - own["pr"]
    click_at = place(desk, "pr", other)
    QTest.mouseClick(nomogram.canvas, Qt.MouseButton.LeftButton, pos=click_at)
    assert nomogram.what_if() == {**own, "pr": other}
    assert plain(nomogram.readout.text()).startswith(
        f"What if: {chance(desk, **{**own, 'pr': other}):.2f}"
    )
    assert "PR" in nomogram.canvas.explanation()


def test_the_nomogram_is_copied_as_picture_drawing_and_words(
    desk: Desk, patient: Prediction
) -> None:
    canvas = desk.window.nomogram.canvas
    QGuiApplication.clipboard().clear()
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_C, CTRL)
    mime = QGuiApplication.clipboard().mimeData()
    assert "This patient:" in mime.text()
    assert f"→ {patient.readout.probability:.2f} (" in plain(mime.text())
    assert b"<svg" in mime.data(SVG_TYPE).data()
    assert mime.data(PNG_TYPE).data().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("kind", "ending", "begins"),
    [
        ("svg", "svg", b"<?xml"),
        ("pdf", "pdf", b"%PDF"),
        ("png", "png", b"\x89PNG"),
        (BEDSIDE, "pdf", b"%PDF"),
        (BEDSIDE_WITH_PATIENT, "pdf", b"%PDF"),
    ],
)
def test_the_nomogram_is_saved_in_every_form(
    desk: Desk,
    patient: Prediction,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    ending: str,
    begins: bytes,
) -> None:
    target = tmp_path / f"nomogram.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    menu = desk.window.nomogram.export.menu()
    (action,) = [action for action in menu.actions() if action.data() == kind]
    action.trigger()
    desk.wait(lambda: target.name in desk.window.status.text() and target.exists())
    content = target.read_bytes()
    assert content.startswith(begins)
    assert len(content) > SMALLEST_FILE


# 9: what is not known


def test_what_is_not_known_shows_what_it_could_do_and_leads_to_its_field(
    desk: Desk, found: Prediction
) -> None:
    desk.turn_to(desk.why)
    (row,) = desk.why.unknowns.rows()
    (effect,) = found.unknowns
    (_, negative), (_, positive) = effect.answers
    words = plain(row.sentence.text())
    assert f"would be {sigmoid(negative):.2f} for no and {sigmoid(positive):.2f} for yes" in words
    click(row)
    form = desk.window.clinical
    assert desk.window.tabs.currentWidget() is form
    field = form.rows["pr"]
    assert QApplication.focusWidget() in field.stops()
    click(field.control.button(True))
    answer = desk.answer()
    assert answer.readout.probability == pytest.approx(sigmoid(positive), abs=1e-6)
    desk.turn_to(desk.why)
    assert not desk.why.unknowns.rows()
    assert desk.why.unknowns.note.text() == "All that this pack asks for is known."


def test_with_nothing_known_the_window_says_without_what_it_answered(
    desk: Desk, found: Prediction
) -> None:
    assert found.inputs.clinical == ClinicalRecord()
    assert found.estimate.pattern == "image-only"
    remarks = [message.text() for message in desk.result.estimate.remarks.messages()]
    assert any(
        text.startswith("Not known:") and text.endswith("comes from the model without it.")
        for text in remarks
    )
    desk.turn_to(desk.window.nomogram)
    notes = desk.window.nomogram.notes.text()
    assert notes.startswith("Not known and therefore not on it: ")
