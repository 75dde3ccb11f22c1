"""The de-identification window from files to copies: masks drawn once over all, and confirmed."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from her2desk.dicom.deidentify.masks import load_masks, masks_path
from her2desk.dicom.deidentify.profile import Option
from her2desk.domain.roi import Box
from her2desk.settings import Settings
from her2desk.texts import CATALOGUE
from her2desk.ui.app import make_application
from her2desk.ui.deidentify.deidentify_window import CHOOSE, MASKS, RESULT, DeidentifyWindow
from her2desk.ui.deidentify.entrance import DeidentifyEntrance
from her2desk.ui.deidentify.mask_edit import MaskEdit
from her2desk.ui.deidentify.mask_page import PER_PAGE
from her2desk.ui.deidentify.thumbnail import STEP_PX, Thumbnail
from tests.ui.seen_words import Bracketed, unbracketed
from tests.unit.dicom.dicom_builder import region, us_file

WAIT_MS = 20_000
LEFT = Qt.MouseButton.LeftButton
ROWS, COLUMNS = 120, 160
INNER = {
    "RegionLocationMinX0": 20, "RegionLocationMinY0": 30,
    "RegionLocationMaxX1": COLUMNS - 1, "RegionLocationMaxY1": ROWS - 1,
}  # fmt: skip


def image_file(path: Path, number: int, model: str = "S2000", frames: int = 1) -> Path:
    pixels = np.random.default_rng(number).integers(0, 80, (frames, ROWS, COLUMNS)).astype(np.uint8)
    return us_file(
        path, pixels, SOPInstanceUID=f"1.2.{number}", Manufacturer="ACUSON",
        ManufacturerModelName=model, SequenceOfUltrasoundRegions=[region(**INNER)],
    )  # fmt: skip


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Two scanners: two pictures of the first, one cine of the second, and a file that is none."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for number in (1, 2):
        image_file(folder / f"a{number}.dcm", number)
    image_file(folder / "b.dcm", 3, "S3000", frames=3)
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    return folder


@pytest.fixture
def opened() -> list[QUrl]:
    return []


@pytest.fixture
def entrance(tmp_path: Path, opened: list[QUrl]) -> Iterator[DeidentifyEntrance]:
    make_application(Settings())
    entrance = DeidentifyEntrance(tmp_path / "library", lambda: "Reader B", open_url=opened.append)
    yield entrance
    entrance.close()


@pytest.fixture
def window(qtbot: QtBot, entrance: DeidentifyEntrance) -> DeidentifyWindow:
    window = entrance.open()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def masks_shown(
    qtbot: QtBot, window: DeidentifyWindow, sources: Path, tmp_path: Path
) -> DeidentifyWindow:
    """The window with the first scanner's two pictures."""
    window.choose.set_sources([sources])
    window.choose.set_destination(tmp_path / "out")
    qtbot.mouseClick(window.forward, LEFT)
    qtbot.waitUntil(lambda: len(window.masks.thumbnails) == 2, timeout=WAIT_MS)
    return window


def at(thumbnail: Thumbnail, column: float, row: float) -> QPoint:
    return thumbnail.to_widget(column, row).toPoint()


def drag(qtbot: QtBot, thumbnail: Thumbnail, start: tuple[int, int], end: tuple[int, int]) -> None:
    qtbot.mousePress(thumbnail, LEFT, pos=at(thumbnail, *start))
    middle = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
    qtbot.mouseMove(thumbnail, at(thumbnail, *middle))
    qtbot.mouseMove(thumbnail, at(thumbnail, *end))
    qtbot.mouseRelease(thumbnail, LEFT, pos=at(thumbnail, *end))


def wait_for_result(qtbot: QtBot, window: DeidentifyWindow) -> None:
    qtbot.waitUntil(lambda: window.step == RESULT and not window.is_busy, timeout=WAIT_MS)


def statuses(window: DeidentifyWindow) -> dict[str, str]:
    return {Path(f.source).name: str(f.status) for f in window.result.model.rows}


# Choosing


def test_it_goes_on_once_there_are_files_and_a_folder(
    window: DeidentifyWindow, sources: Path, tmp_path: Path
) -> None:
    assert not window.forward.isEnabled()
    window.choose.set_sources([sources])
    assert not window.forward.isEnabled()
    window.choose.set_destination(tmp_path / "out")
    assert window.forward.isEnabled()
    assert window.choose.chosen_options() == frozenset(Option)


def test_a_folder_among_the_originals_is_refused_at_once(
    window: DeidentifyWindow, sources: Path
) -> None:
    window.choose.set_sources([sources])
    window.choose.set_destination(sources / "copies")
    assert not window.forward.isEnabled()
    assert "lie in one another" in window.note.text()


def test_files_and_folders_are_asked_for(
    qtbot: QtBot,
    window: DeidentifyWindow,
    sources: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [str(sources / "a1.dcm"), str(sources / "a2.dcm")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (files, ""))
    qtbot.mouseClick(window.choose.choose_files, LEFT)
    assert window.choose.sources == tuple(map(Path, files))
    assert window.choose.sources_label.full_text() == "2 files"
    answers = [str(sources), str(tmp_path / "out"), ""]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answers.pop(0))
    qtbot.mouseClick(window.choose.choose_folder, LEFT)
    qtbot.mouseClick(window.choose.choose_destination, LEFT)
    qtbot.mouseClick(window.choose.choose_destination, LEFT)  # thought better of it
    assert window.choose.sources == (sources,)
    assert window.choose.destination == tmp_path / "out"


def test_files_can_be_dropped(window: DeidentifyWindow, sources: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(sources))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
    )
    window.choose.dragEnterEvent(event)  # type: ignore[arg-type]
    window.choose.dropEvent(event)
    assert window.choose.sources == (sources,)


def test_a_folder_without_pictures_is_said(
    qtbot: QtBot, window: DeidentifyWindow, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    window.choose.set_sources([tmp_path / "empty"])
    window.choose.set_destination(tmp_path / "out")
    qtbot.mouseClick(window.forward, LEFT)
    qtbot.waitUntil(lambda: "No ultrasound DICOM file" in window.note.text(), timeout=WAIT_MS)
    assert window.step == CHOOSE


def test_masks_that_cannot_be_read_are_said(
    qtbot: QtBot, window: DeidentifyWindow, sources: Path, tmp_path: Path
) -> None:
    path = masks_path(tmp_path / "library")
    path.parent.mkdir(parents=True)
    path.write_text("damaged")
    window.choose.set_sources([sources])
    window.choose.set_destination(tmp_path / "out")
    qtbot.mouseClick(window.forward, LEFT)
    assert "masks.json cannot be read" in window.note.text()


def test_without_cleaning_pixels_the_masks_are_passed_over(
    qtbot: QtBot, window: DeidentifyWindow, sources: Path, tmp_path: Path
) -> None:
    window.choose.set_sources([sources])
    window.choose.set_destination(tmp_path / "out")
    window.choose.options[Option.CLEAN_PIXEL_DATA].setChecked(False)
    qtbot.mouseClick(window.forward, LEFT)
    wait_for_result(qtbot, window)
    assert statuses(window) == {
        "a1.dcm": "not-verified", "a2.dcm": "not-verified", "b.dcm": "not-verified",
        "broken.dcm": "refused",
    }  # fmt: skip


# Masks


def test_a_box_dragged_on_one_picture_is_on_all(
    qtbot: QtBot, masks_shown: DeidentifyWindow
) -> None:
    page = masks_shown.masks
    assert page.title.full_text() == f"ACUSON S2000, {COLUMNS} × {ROWS}"
    assert "scanner 1 of 2" in page.count.text()
    drag(qtbot, page.thumbnails[0], (60, 50), (100, 80))
    (box,) = page.edit.boxes
    assert (box.x0, box.y0) == pytest.approx((60, 50), abs=2)
    assert (box.x1, box.y1) == pytest.approx((100, 80), abs=2)
    for thumbnail in page.thumbnails:
        image = thumbnail.grab().toImage()
        place = at(thumbnail, 80, 65)
        assert image.pixelColor(place).lightness() == 0
        outside = at(thumbnail, 5, 5)
        assert image.pixelColor(outside).lightness() == 0


def test_showing_what_lies_outside_the_regions(qtbot: QtBot, masks_shown: DeidentifyWindow) -> None:
    page = masks_shown.masks
    page.outside.click()
    image = page.thumbnails[0].grab().toImage()
    places = [at(page.thumbnails[0], c, r) for c in range(4, 16, 3) for r in range(4, 26, 3)]
    assert max(image.pixelColor(place).lightness() for place in places) > 10
    assert not page.drawn.outside_regions


def test_boxes_are_changed_by_mouse_and_keys(qtbot: QtBot, masks_shown: DeidentifyWindow) -> None:
    page = masks_shown.masks
    thumbnail, edit = page.thumbnails[0], page.edit
    thumbnail.setFocus()
    qtbot.keyClick(thumbnail, Qt.Key.Key_Insert)
    strip = Box(0, 0, COLUMNS, ROWS // 10)
    assert (edit.boxes, edit.chosen) == ((strip,), 0)
    qtbot.keyClick(thumbnail, Qt.Key.Key_Down)
    assert edit.boxes == (Box(0, STEP_PX, COLUMNS, ROWS // 10 + STEP_PX),)
    qtbot.keyClick(thumbnail, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert edit.boxes == (Box(0, STEP_PX, COLUMNS, ROWS // 10),)
    qtbot.mouseClick(thumbnail, LEFT, pos=at(thumbnail, 80, 100))
    assert edit.chosen is None
    assert not page.remove.isEnabled()
    qtbot.keyClick(thumbnail, Qt.Key.Key_Space)
    assert edit.chosen == 0
    qtbot.keyClick(thumbnail, Qt.Key.Key_Delete)
    assert edit.boxes == ()
    qtbot.mouseClick(page.undo, LEFT)
    qtbot.mouseClick(page.undo, LEFT)
    assert edit.boxes == (Box(0, STEP_PX, COLUMNS, ROWS // 10 + STEP_PX),)
    qtbot.mouseClick(page.redo, LEFT)
    assert edit.boxes == (Box(0, STEP_PX, COLUMNS, ROWS // 10),)
    qtbot.mouseClick(page.add, LEFT)
    assert len(edit.boxes) == 2
    qtbot.mouseClick(page.remove, LEFT)
    assert len(edit.boxes) == 1
    qtbot.mouseClick(thumbnail, LEFT, pos=at(thumbnail, 80, 8))
    assert edit.chosen == 0
    qtbot.keyClick(thumbnail, Qt.Key.Key_A)  # nothing


def test_a_changed_mask_ends_the_confirmation(qtbot: QtBot, masks_shown: DeidentifyWindow) -> None:
    page = masks_shown.masks
    assert masks_shown.forward.text() == "&Next scanner, unconfirmed"
    page.confirm.click()
    assert page.is_confirmed
    assert masks_shown.forward.text() == "&Next scanner"
    page.edit.choose_next()
    assert page.is_confirmed  # nothing is other than it was
    qtbot.mouseClick(page.add, LEFT)
    assert not page.is_confirmed
    page.confirm.click()
    page.outside.click()
    assert not page.is_confirmed


def test_confirmed_scanners_become_clean_and_the_others_not(
    qtbot: QtBot, masks_shown: DeidentifyWindow, tmp_path: Path, opened: list[QUrl]
) -> None:
    window = masks_shown
    qtbot.mouseClick(window.masks.add, LEFT)
    window.masks.confirm.click()
    qtbot.mouseClick(window.forward, LEFT)
    qtbot.waitUntil(lambda: len(window.masks.thumbnails) == 1, timeout=WAIT_MS)
    assert "S3000" in window.masks.title.full_text()
    assert "3 of its 3 frames" in window.masks.thumbnails[0].toolTip()
    assert window.forward.text() == "Make the co&pies, unconfirmed"
    qtbot.mouseClick(window.forward, LEFT)
    wait_for_result(qtbot, window)
    assert statuses(window) == {
        "a1.dcm": "clean", "a2.dcm": "clean", "b.dcm": "not-verified", "broken.dcm": "refused",
    }  # fmt: skip
    book = load_masks(masks_path(tmp_path / "library"))
    remembered = next(mask for scanner, mask in book.masks.items() if scanner.model == "S2000")
    assert remembered.boxes == (Box(0, 0, COLUMNS, ROWS // 10),)
    (confirmation,) = remembered.confirmations
    assert (confirmation.reader, len(confirmation.seen)) == ("Reader B", 2)
    assert window.result.table.isVisible()
    assert window.result.model.headerData(1, Qt.Orientation.Horizontal) == "Status"
    index = window.result.model.index(3, 2)
    assert "does not say how its picture is stored" in str(index.data())
    qtbot.mouseClick(window.result.open_report, LEFT)
    qtbot.mouseClick(window.result.open_folder, LEFT)
    assert [Path(url.toLocalFile()).name for url in opened] == [
        "deidentification-report.html",
        "out",
    ]
    document = json.loads((tmp_path / "out" / "deidentification-report.json").read_text())
    assert document["counts"] == {"clean": 2, "not-verified": 1, "refused": 1}


def test_a_remembered_mask_comes_back(
    qtbot: QtBot, masks_shown: DeidentifyWindow, entrance: DeidentifyEntrance, tmp_path: Path
) -> None:
    window = masks_shown
    qtbot.mouseClick(window.masks.add, LEFT)
    qtbot.mouseClick(window.forward, LEFT)
    qtbot.waitUntil(lambda: len(window.masks.thumbnails) == 1, timeout=WAIT_MS)
    qtbot.mouseClick(window.back, LEFT)
    qtbot.waitUntil(lambda: len(window.masks.thumbnails) == 2, timeout=WAIT_MS)
    assert window.masks.edit.boxes == (Box(0, 0, COLUMNS, ROWS // 10),)
    qtbot.mouseClick(window.back, LEFT)
    assert window.step == CHOOSE


def test_all_pictures_of_a_scanner_can_be_seen_page_by_page(
    qtbot: QtBot, window: DeidentifyWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(PER_PAGE + 2):
        image_file(folder / f"{number}.dcm", number)
    window.choose.set_sources([folder])
    window.choose.set_destination(tmp_path / "out")
    qtbot.mouseClick(window.forward, LEFT)
    qtbot.waitUntil(lambda: len(window.masks.thumbnails) == PER_PAGE, timeout=WAIT_MS)
    page = window.masks
    assert not page.earlier.isEnabled()
    qtbot.mouseClick(page.more, LEFT)
    qtbot.waitUntil(lambda: len(page.thumbnails) == 2, timeout=WAIT_MS)
    assert len(page.seen) == PER_PAGE + 2
    assert not page.more.isEnabled()
    qtbot.mouseClick(page.earlier, LEFT)
    qtbot.waitUntil(lambda: len(page.thumbnails) == PER_PAGE, timeout=WAIT_MS)
    qtbot.mouseClick(page.add, LEFT)
    assert len(page.seen) == PER_PAGE  # the others were seen under another mask


def test_pictures_that_cannot_be_shown_are_counted(
    qtbot: QtBot, masks_shown: DeidentifyWindow, sources: Path
) -> None:
    (sources / "a2.dcm").unlink()
    masks_shown.masks.page_wanted.emit(0)
    qtbot.waitUntil(lambda: len(masks_shown.masks.thumbnails) == 1, timeout=WAIT_MS)
    assert masks_shown.masks.warning.text() == "1 picture cannot be shown."


def test_what_may_be_writing_is_pointed_at(
    qtbot: QtBot, masks_shown: DeidentifyWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "her2desk.ui.deidentify.deidentify_window.looks_written_on",
        lambda preview, _: preview.file.path.name == "a2.dcm",
    )
    qtbot.mouseClick(masks_shown.masks.add, LEFT)
    qtbot.waitUntil(
        lambda: "picture 2 looks like writing" in masks_shown.masks.warning.text(), timeout=WAIT_MS
    )
    masks_shown.masks.confirm.click()
    masks_shown.masks.show_suspicion([True])
    assert masks_shown.masks.warning.text() == ""


def test_masks_that_cannot_be_saved_are_said(
    qtbot: QtBot, masks_shown: DeidentifyWindow, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir(exist_ok=True)
    (tmp_path / "library" / "deidentify").write_text("a file where the folder should be")
    qtbot.mouseClick(masks_shown.forward, LEFT)
    assert "masks could not be saved" in masks_shown.note.text()
    assert masks_shown.step == MASKS


# Copying


def test_stopping_leaves_what_is_finished(
    qtbot: QtBot, window: DeidentifyWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(20):
        image_file(folder / f"{number:02}.dcm", number, frames=20)
    window.choose.set_sources([folder])
    window.choose.set_destination(tmp_path / "out")
    window.choose.options[Option.CLEAN_PIXEL_DATA].setChecked(False)
    window.watched.progressed.connect(
        lambda fraction, _text: window.result.stop.click() if fraction > 0.2 else None
    )
    qtbot.mouseClick(window.forward, LEFT)
    wait_for_result(qtbot, window)
    assert "Stopped" in window.result.stage.text()
    assert 0 < len(window.result.model.rows) < 20
    assert not list((tmp_path / "out").rglob("*.part"))


def test_looking_for_files_can_be_stopped(
    qtbot: QtBot, window: DeidentifyWindow, sources: Path, tmp_path: Path
) -> None:
    window.choose.set_sources([sources])
    window.choose.set_destination(tmp_path / "out")
    window.watched.progressed.connect(lambda *_: None)
    qtbot.mouseClick(window.forward, LEFT)
    assert window.back.text() == "&Stop"
    qtbot.mouseClick(window.back, LEFT)
    qtbot.waitUntil(lambda: not window.is_busy, timeout=WAIT_MS)
    assert window.step in (CHOOSE, MASKS)  # the walk may have been done already


def test_a_run_that_cannot_begin_is_said(
    qtbot: QtBot, window: DeidentifyWindow, sources: Path, tmp_path: Path
) -> None:
    window.choose.set_sources([sources])
    window.choose.set_destination(tmp_path / "out")
    window.choose.options[Option.CLEAN_PIXEL_DATA].setChecked(False)
    (tmp_path / "library" / "deidentify" / "project.key").mkdir(parents=True)
    qtbot.mouseClick(window.forward, LEFT)
    wait_for_result(qtbot, window)
    assert "key file cannot be read" in window.result.stage.text()
    assert not window.result.table.isVisible()
    qtbot.mouseClick(window.back, LEFT)
    assert window.step == CHOOSE


def test_closing_forgets_the_window_and_opening_makes_another(
    qtbot: QtBot, entrance: DeidentifyEntrance, window: DeidentifyWindow
) -> None:
    assert entrance.open() is window
    with qtbot.waitSignal(window.closed):
        qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert entrance.window is None
    again = entrance.open()
    assert again is not window
    assert again.step == CHOOSE


def test_closing_in_the_middle_of_a_run_ends_it(
    qtbot: QtBot, entrance: DeidentifyEntrance, window: DeidentifyWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(20):
        image_file(folder / f"{number:02}.dcm", number, frames=20)
    window.choose.set_sources([folder])
    window.choose.set_destination(tmp_path / "out")
    window.choose.options[Option.CLEAN_PIXEL_DATA].setChecked(False)
    with qtbot.waitSignal(window.watched.progressed, timeout=WAIT_MS):
        qtbot.mouseClick(window.forward, LEFT)
    window.close()
    entrance.close()  # waits for the worker
    assert len(list((tmp_path / "out").rglob("*.dcm"))) < 20
    assert not list((tmp_path / "out").rglob("*.part"))


# Words


def test_every_word_is_translatable(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, sources: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(CATALOGUE, "translations", Bracketed())
    make_application(Settings())
    entrance = DeidentifyEntrance(tmp_path / "library", lambda: "Reader B", open_url=lambda _: None)
    try:
        window = entrance.open()
        window.choose.set_sources([sources])
        window.choose.set_destination(tmp_path / "out")
        qtbot.mouseClick(window.forward, LEFT)
        qtbot.waitUntil(lambda: len(window.masks.thumbnails) == 2, timeout=WAIT_MS)
        own = {str(sources), str(tmp_path / "out"), f"ACUSON S2000, {COLUMNS} × {ROWS}"}
        assert unbracketed(window, own) == []
    finally:
        entrance.close()


# The boxes themselves


def test_boxes_stay_inside_the_picture() -> None:
    edit = MaskEdit()
    edit.begin((), 100, 50)
    edit.add(Box(-10, -10, 20, 20))
    assert edit.boxes == (Box(0, 0, 20, 20),)
    edit.move(500, 500)
    assert edit.boxes == (Box(80, 30, 100, 50),)
    edit.resize(500, -500)
    assert edit.boxes == (Box(80, 30, 100, 33),)
    edit.add(Box(5, 5, 6, 6))  # a click
    assert len(edit.boxes) == 1
    edit.choose(None)
    edit.move(1, 1)
    edit.resize(1, 1)
    edit.remove()
    assert edit.boxes == (Box(80, 30, 100, 33),)
    assert not edit.choose_at(1, 1)
    edit.begin((), 100, 50)
    edit.choose_next()
    edit.undo()
    assert (edit.boxes, edit.chosen) == ((), None)
