"""The imaging workspace in the real window: readers, rulers, proposals, files, what was imported."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.outline_files import write_outline
from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.history import Action
from her2desk.store.opening import open_library
from her2desk.ui.app import make_application
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.main_window import MainWindow

WAIT_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot, tmp_path: Path):
    make_application(Settings())
    window = MainWindow(
        open_library(tmp_path / "library", reader="Reader A"),
        tmp_path / "library",
        Settings(device="cpu", reader="Reader A"),
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


@pytest.fixture
def roi() -> Roi:
    return roi_from_json((demo_case_dir() / "roi.json").read_text())


def open_file(qtbot, window, path: Path) -> None:
    with qtbot.waitSignal(window.workspace.frame_shown, timeout=WAIT_MS):
        window.open_files([path])


def open_demo(qtbot, window, frame: int) -> None:
    open_file(qtbot, window, demo_case_dir() / "demo.dcm")
    go_to(qtbot, window, frame)


def go_to(qtbot, window, frame: int) -> None:
    if window.workspace.frame_index != frame:
        with qtbot.waitSignal(window.workspace.frame_shown, timeout=WAIT_MS):
            window.workspace.go_to_frame(frame)


def drag(qtbot, view, start, end) -> None:
    """A slow drag with the left button, positions in image coordinates."""
    places = [np.add(start, np.subtract(end, start) * step / 8) for step in range(9)]
    qtbot.mousePress(view, LEFT, pos=view.transform.to_view(tuple(places[0])).toPoint())
    for place in places[1:]:
        qtbot.mouseMove(view, view.transform.to_view(tuple(place)).toPoint())
    qtbot.mouseRelease(view, LEFT, pos=view.transform.to_view(tuple(places[-1])).toPoint())


def box_of(roi: Roi):
    left, top, right, lower = roi.bounds()
    return (left - 4.0, top - 4.0), (right + 4.0, lower + 4.0)


def dice(a: Roi, b: Roi) -> float:
    from her2desk.radiomics.mask import rasterise

    masks = [rasterise(roi.polygon, 700, 1000) for roi in (a, b)]
    return 2 * (masks[0] & masks[1]).sum() / (masks[0].sum() + masks[1].sum())


def test_a_box_gives_an_outline_that_enter_keeps_and_undo_takes_back(qtbot, window, roi):
    open_demo(qtbot, window, roi.frame_index)
    view = window.workspace.view
    view.set_tool(Tool.ASSIST)
    with qtbot.waitSignal(window.proposals.proposed, timeout=WAIT_MS) as proposed:
        drag(qtbot, view, *box_of(roi))
    assert dice(proposed.args[0].roi, roi) > 0.75
    assert window.session.roi is None  # a proposal is no outline until it is kept
    with qtbot.waitSignal(window.session.answered, timeout=WAIT_MS):
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.session.roi == proposed.args[0].roi
    assert window.session.roi.assisted_by is not None
    with qtbot.waitSignal(window.workspace.drawing_changed, timeout=WAIT_MS):
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.roi is None


def test_the_outline_is_followed_to_the_next_frame(qtbot, window, roi):
    open_demo(qtbot, window, roi.frame_index)
    window.workspace.set_drawing(drawing_of(roi))
    window.session.set_drawing(drawing_of(roi))
    view = window.workspace.view
    view.setFocus()
    with qtbot.waitSignals(
        [window.proposals.proposed, window.workspace.frame_shown], timeout=WAIT_MS
    ):
        qtbot.keyClick(view, Qt.Key.Key_N)
    assert window.workspace.frame_index == roi.frame_index + 1
    with qtbot.waitSignal(window.workspace.drawing_changed, timeout=WAIT_MS):
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert [r.frame_index for r in window.session.drawing.rois] == [
        roi.frame_index,
        roi.frame_index + 1,
    ]


def test_another_reader_draws_blind_and_both_are_compared(qtbot, window, roi):
    open_demo(qtbot, window, roi.frame_index)
    window.workspace.set_drawing(drawing_of(roi))
    with qtbot.waitSignal(window.session.answered, timeout=WAIT_MS):
        window.session.set_drawing(drawing_of(roi))
    with qtbot.waitSignal(window.session.case_opened, timeout=WAIT_MS):
        window.header.reader.menu().reader_chosen.emit("Reader B")
    assert window.workspace.drawing == Drawing()
    assert "Reader B" in window.header.reader.text()
    moved = Roi(roi.frame_index, tuple((x + 40.0, y) for x, y in roi.polygon))
    go_to(qtbot, window, roi.frame_index)
    window.workspace.set_drawing(drawing_of(moved))
    with qtbot.waitSignal(window.session.answered, timeout=WAIT_MS):
        window.session.set_drawing(drawing_of(moved))
    readers = window.tools.readers.open()
    qtbot.waitUntil(lambda: len(readers.cases.table.shown()) == 1, timeout=WAIT_MS)
    (found,) = readers.cases.table.shown()
    assert found.case.readers == ("Reader A", "Reader B")
    assert found.figures.dice < 0.75
    assert found.reasons  # a third reader is called for
    with qtbot.waitSignal(readers.closed):
        readers.close()


def test_a_third_reader_s_choice_is_kept(qtbot, window, roi):
    open_demo(qtbot, window, roi.frame_index)
    case_id = window.session.case.case_id
    library = window._library
    moved = Roi(roi.frame_index, tuple((x + 40.0, y) for x, y in roi.polygon))
    for reader, outline in (("Reader A", roi), ("Reader B", moved)):
        library.reader = reader
        library.save_drawing(case_id, drawing_of(outline))
    with qtbot.waitSignal(window.session.case_opened, timeout=WAIT_MS):
        window.header.reader.menu().reader_chosen.emit("Reader C")
    readers = window.tools.readers.open()
    qtbot.waitUntil(lambda: len(readers.cases.table.shown()) == 1, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: readers.cases.keep_second.isEnabled(), timeout=WAIT_MS)
    qtbot.mouseClick(readers.cases.keep_second, LEFT)
    qtbot.waitUntil(lambda: library.adjudication(case_id) is not None, timeout=WAIT_MS)
    kept = library.adjudication(case_id)
    assert (kept.reader, kept.chosen) == ("Reader C", "Reader B")


def test_a_ruler_on_the_depth_scale_calibrates_a_picture_that_is_not(qtbot, window, tmp_path):
    plain = tmp_path / "plain.png"
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(30, 120, (300, 400), dtype=np.uint8)).save(plain)
    open_file(qtbot, window, plain)
    assert "No calibration" in window.workspace.calibration_text()
    view = window.workspace.view
    view.set_tool(Tool.RULER)
    drag(qtbot, view, (40.0, 50.0), (40.0, 250.0))
    bar = window.workspace._page.calibrate_bar
    bar.field.setFocus()
    qtbot.keyClicks(bar.field, "2 cm")
    with qtbot.waitSignal(window.session.image_described, timeout=WAIT_MS):
        qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert "by the user" in window.workspace.calibration_text()
    row, column = window.session.case.image.spacing_at(200, 150).mm
    assert row == column == pytest.approx(0.1, rel=0.01)
    case_id = window.session.case.case_id
    with qtbot.waitSignal(window.session.case_opened, timeout=WAIT_MS):
        window.session.open_case(case_id)
    assert window.session.case.image.user_calibration is not None
    assert len(window.session.drawing.rulers) == 1  # every stroke is kept, rulers too
    with qtbot.waitSignal(window.session.image_described, timeout=WAIT_MS):
        qtbot.mouseClick(bar.remove_button, LEFT)
    assert "No calibration" in window.workspace.calibration_text()


@pytest.mark.parametrize("ending", ["json", "png", "nii.gz", "dcm"])
def test_the_outline_is_saved_in_every_form(qtbot, window, roi, tmp_path, monkeypatch, ending):
    open_demo(qtbot, window, roi.frame_index)
    window.workspace.set_drawing(drawing_of(roi))
    window.session.set_drawing(drawing_of(roi))
    target = tmp_path / f"outline.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), f"x (*.{ending})"))
    with qtbot.waitSignal(window.outlines.written, timeout=WAIT_MS):
        window.outlines.save()
    back = outline_from_file(target, roi.frame_index, window.session.case.image).roi
    assert np.allclose(back.polygon, roi.polygon, atol=0.5)
    assert target.name in window.status.text()


def test_an_outline_from_a_file_is_proposed_on_its_frame(qtbot, window, roi, tmp_path, monkeypatch):
    open_demo(qtbot, window, 0)
    case = window.session.case
    path = tmp_path / "theirs.dcm"
    write_outline(path, [roi], case.image, source=case.path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    with qtbot.waitSignals([window.outlines.opened, window.workspace.frame_shown], timeout=WAIT_MS):
        window.outlines.open(0)
    assert window.workspace.frame_index == roi.frame_index
    view = window.workspace.view
    view.setFocus()
    with qtbot.waitSignal(window.workspace.drawing_changed, timeout=WAIT_MS):
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert np.allclose(window.session.roi.polygon, roi.polygon, atol=0.5)
    entries = window._library.history(case.case_id)
    qtbot.waitUntil(
        lambda: window._library.history(case.case_id)[-1].action is not entries[0].action,
        timeout=WAIT_MS,
    )


def test_a_file_that_holds_no_outline_is_refused_beside_the_picture(
    qtbot, window, tmp_path, monkeypatch
):
    open_demo(qtbot, window, 0)
    path = tmp_path / "no.json"
    path.write_text("{}")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    with qtbot.waitSignal(window.outlines.refused, timeout=WAIT_MS):
        window.outlines.open(0)
    assert "not an ROI" in window.workspace.note_text()


def test_nothing_drawn_is_nothing_saved(qtbot, window):
    open_demo(qtbot, window, 0)
    with qtbot.waitSignal(window.outlines.refused):
        window.outlines.save()
    assert "no outline" in window.workspace.note_text()


def test_what_became_of_each_file_is_a_table_away(qtbot, window, tmp_path):
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"nonsense")
    (tmp_path / "good.dcm").write_bytes((demo_case_dir() / "demo.dcm").read_bytes())
    with qtbot.waitSignal(window.importer.refused, timeout=WAIT_MS):
        window.open_files([tmp_path / "broken.dcm", tmp_path / "good.dcm"])
    assert window.import_notice.isVisible()
    qtbot.mouseClick(window.import_notice.table_button, LEFT)
    assert window.import_table.isVisible()
    assert {row.status for row in window.import_table.model.shown()} <= {"imported", "refused"}
    window.import_table.close()


def test_colour_in_the_picture_is_said_beside_it(qtbot, window, tmp_path):
    rng = np.random.default_rng(4)
    frame = np.repeat(rng.integers(20, 90, (300, 400, 1), dtype=np.uint8), 3, axis=2)
    frame[120:190, 150:260] = (230, 40, 20)
    coloured = tmp_path / "flow.png"
    Image.fromarray(frame).save(coloured)
    open_file(qtbot, window, coloured)
    qtbot.waitUntil(lambda: "colour" in window.workspace.warning_text().lower(), timeout=WAIT_MS)


def test_de_identification_opens_beside_the_window_and_closes_with_it(qtbot, window):
    opened = window.tools.deidentifying.open()
    assert opened.isVisible()
    window.close()
    assert window.tools.deidentifying.window is None


def test_a_proposal_that_was_dropped_is_noted_too(qtbot, window, roi):
    open_demo(qtbot, window, roi.frame_index)
    view = window.workspace.view
    view.set_tool(Tool.ASSIST)
    with qtbot.waitSignal(window.proposals.proposed, timeout=WAIT_MS):
        drag(qtbot, view, *box_of(roi))
    with qtbot.waitSignal(window.session.case_saved, timeout=WAIT_MS):
        qtbot.keyClick(view, Qt.Key.Key_Escape)
    entry = window._library.history(window.session.case.case_id)[-1]
    assert entry.action is Action.PROPOSAL
    assert entry.content["accepted"] is False
    assert window.session.drawing == Drawing()
