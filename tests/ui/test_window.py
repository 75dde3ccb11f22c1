"""The real window on real files: drop, draw, read, cancel, edit during a run, broken packs."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel

from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.counts import Call
from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import roi_from_json
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings, load_settings
from her2desk.store.opening import open_library
from her2desk.ui.app import make_application
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.main_window import MainWindow
from her2desk.ui.panels.result_panel import ResultState

WAIT_MS = 60_000


@pytest.fixture
def window(qtbot, tmp_path: Path):
    make_application(Settings())
    window = MainWindow(
        open_library(tmp_path / "library"),
        tmp_path / "library",
        Settings(device="cpu"),
        tmp_path / "settings.json",
        demo_pack_path(),
    )
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    with qtbot.waitSignals(
        [window.session.pack_opened, window.runner.engine_ready], timeout=WAIT_MS
    ):
        window.start()
    yield window
    window.close()


def drop(widget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(40, 40),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    widget.dropEvent(event)


def open_demo(qtbot, window) -> None:
    with qtbot.waitSignal(window.workspace.frame_shown, timeout=WAIT_MS):
        drop(window.workspace, demo_case_dir() / "demo.dcm")


def demo_roi():
    return roi_from_json((demo_case_dir() / "roi.json").read_text())


def on_demo_frame(qtbot, window) -> None:
    frame = demo_roi().frame_index
    if window.workspace.frame_index != frame:
        with qtbot.waitSignal(window.workspace.frame_shown, timeout=WAIT_MS):
            window.workspace.go_to_frame(frame)


def click_outline(qtbot, window, points) -> None:
    """Click each point with the mouse, then the first again to close."""
    view = window.workspace.view
    view.set_tool(Tool.POLYGON)
    for point in [*points, points[0]]:
        place = view.transform.to_view(point).toPoint()
        qtbot.mouseMove(view, place)
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)


def draw_demo(qtbot, window):
    on_demo_frame(qtbot, window)
    points = demo_roi().polygon
    corners = [points[i * len(points) // 10] for i in range(10)]
    with qtbot.waitSignal(window.session.answered, timeout=WAIT_MS):
        click_outline(qtbot, window, corners)
    return window.session.prediction


def test_dropping_drawing_and_reading_a_case(qtbot, window):
    open_demo(qtbot, window)
    assert "mm/px" in window.workspace.calibration_text()
    prediction = draw_demo(qtbot, window)
    assert window.result.state is ResultState.SHOWN
    shown = " ".join(label.text() for label in window.result.findChildren(QLabel))
    assert f"{prediction.readout.probability:.2f}" in shown
    assert "(95 % interval" in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert prediction.inputs.roi == window.workspace.roi()
    assert prediction.pack.demo
    assert window.header.demo_badge.isVisible()
    assert "last analysis" in window.status.text()


def test_the_heatmap_is_off_until_asked_for_and_colours_the_crop(qtbot, window):
    open_demo(qtbot, window)
    prediction = draw_demo(qtbot, window)
    view = window.workspace.view
    assert not view.heatmap_is_shown()
    before = view.grab().toImage()
    qtbot.keyClick(view, Qt.Key.Key_H)
    assert view.heatmap_is_shown()
    after = view.grab().toImage()
    crop = prediction.heatmap.crop
    values = prediction.heatmap.values
    hottest = divmod(int(values.argmax()), values.shape[1])
    hot = view.transform.to_view(
        (
            crop.x0 + (hottest[1] + 0.5) * crop.width / values.shape[1],
            crop.y0 + (hottest[0] + 0.5) * crop.height / values.shape[0],
        )
    ).toPoint()
    assert after.pixelColor(hot) != before.pixelColor(hot)
    colour = after.pixelColor(hot)
    assert max(colour.getRgb()[:3]) - min(colour.getRgb()[:3]) > 20  # a colour, not a grey
    outside = view.transform.to_view((crop.x0 - 6, crop.y0 - 6)).toPoint()
    assert after.pixelColor(outside) == before.pixelColor(outside)


def test_editing_the_roi_during_a_run_answers_the_last_outline(qtbot, window):
    open_demo(qtbot, window)
    draw_demo(qtbot, window)
    answers = []
    window.session.answered.connect(answers.append)
    roi = window.workspace.roi()
    for step in (2.0, 4.0, 6.0):
        moved = tuple((x + step, y) for x, y in roi.polygon)
        window.workspace.set_drawing(drawing_of(type(roi)(roi.frame_index, moved)))
        window.session.set_drawing(window.workspace.drawing)
        assert window.result.state in (ResultState.STALE, ResultState.RUNNING)
    qtbot.waitUntil(lambda: window.session.is_current, timeout=WAIT_MS)
    assert answers[-1].inputs.roi.polygon[0][0] == pytest.approx(roi.polygon[0][0] + 6.0)
    assert window.result.state is ResultState.SHOWN


def test_cancel_in_mid_run_leaves_the_case_as_it_was(qtbot, window):
    open_demo(qtbot, window)
    on_demo_frame(qtbot, window)
    window.workspace.set_drawing(drawing_of(demo_roi()))
    with qtbot.waitSignal(window.session.running, timeout=WAIT_MS):
        window.session.set_drawing(drawing_of(demo_roi()))
    with qtbot.waitSignal(window.session.was_cancelled, timeout=WAIT_MS):
        window.result.cancel_requested.emit()
    assert window.session.prediction is None
    assert window.workspace.roi() == demo_roi()
    assert window.result.state is ResultState.EMPTY
    with qtbot.waitSignal(window.session.answered, timeout=WAIT_MS):
        window.session.run()


def test_a_clinical_value_changes_the_answer(qtbot, window):
    open_demo(qtbot, window)
    first = draw_demo(qtbot, window)
    record = clinical_from_json({**window.session.clinical.to_json(), "pr": True})
    with qtbot.waitSignal(window.session.answered, timeout=WAIT_MS):
        window.clinical.set_record(record)
        window.clinical.record_changed.emit(record)
    assert window.session.prediction.inputs.clinical.pr is True
    assert window.session.prediction.estimate.pattern == "pr"
    assert first.estimate.pattern == "image-only"


def test_a_broken_pack_is_refused_and_the_old_one_stays(qtbot, window, tmp_path):
    open_demo(qtbot, window)
    prediction = draw_demo(qtbot, window)
    broken = tmp_path / "broken.h2pack"
    content = bytearray(demo_pack_path().read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    with qtbot.waitSignal(window.session.refused, timeout=WAIT_MS) as refused:
        window.session.open_pack(broken)
    assert refused.args[0].code == "pack-changed"
    assert window.session.pack.path == demo_pack_path()
    assert window.session.prediction == prediction
    assert window.result.state is ResultState.SHOWN, "the answer is as good as before"
    (shown,) = window.problems.errors.errors()
    assert shown.code == "pack-changed"
    assert "changed" in window.problems.errors.sentence.text()
    assert "changed" in window.status.text() or "pack" in window.status.text()


def test_a_file_that_is_no_image_is_a_sentence(qtbot, window, tmp_path):
    letter = tmp_path / "letter.dcm"
    letter.write_text("Dear colleague")
    with qtbot.waitSignal(window.importer.refused, timeout=WAIT_MS):
        drop(window.workspace, letter)
    (message,) = window.import_notice.notices.messages()
    assert "letter.dcm" in message.text()
    assert window.import_notice.isVisible()
    assert window.session.case is None


def test_dragging_the_threshold_moves_call_and_table_without_the_engine(qtbot, window):
    open_demo(qtbot, window)
    draw_demo(qtbot, window)
    with qtbot.assertNotEmitted(window.session.running):
        window.result.threshold_dragged.emit(0.99)
        readout = window.session.prediction.readout
    assert readout.operating_point.is_own
    assert readout.call in (Call.NEGATIVE, Call.INDETERMINATE)
    assert readout.confusion.tp + readout.confusion.fp <= 20


def test_a_case_comes_back_as_it_was_left(qtbot, window, tmp_path):
    open_demo(qtbot, window)
    prediction = draw_demo(qtbot, window)
    qtbot.waitUntil(
        lambda: any(c.status == "read" for c in window._library.cases()), timeout=WAIT_MS
    )
    window.close()
    with open_library(tmp_path / "library", reader=Settings().reader) as library:
        (case,) = library.cases()
        assert library.latest_drawing(case.case_id).answering == prediction.inputs.roi
        stored = library.latest_prediction(case.case_id)
    assert stored.inputs_sha256 == prediction.inputs.sha256
    assert json.loads(json.dumps(stored.document)) == json.loads(json.dumps(prediction.to_json()))


def test_the_theme_is_switched_and_kept(qtbot, window, tmp_path):
    dark = window.grab().toImage().pixelColor(5, 5)
    qtbot.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    light = window.grab().toImage().pixelColor(5, 5)
    assert light.lightness() > dark.lightness() + 80
    qtbot.waitUntil(lambda: load_settings(tmp_path / "settings.json").theme == "light")
    window.preferences.toggle_theme()


def test_the_nomogram_shows_the_patient_and_the_same_probability(qtbot, window):
    open_demo(qtbot, window)
    prediction = draw_demo(qtbot, window)
    canvas = window.nomogram.canvas
    probability, interval = canvas.chance(canvas.patient())
    readout = prediction.readout
    assert (probability, *interval) == pytest.approx(
        (readout.probability, readout.lower, readout.upper), abs=1e-9
    )


def test_the_heatmaps_opacity_is_kept_when_the_window_closes(qtbot, window, tmp_path):
    window.workspace.heatmap_opacity_changed.emit(0.8)
    window.close()
    assert load_settings(tmp_path / "settings.json").heatmap_opacity == 0.8
