"""The user guide's pictures of the imaging workspace: simulated patients only."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw
from pydicom import dcmread
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import Roi
from her2desk.phantoms.cohort import write_cohort
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.rehearsal import Rehearsal, demo_roi

Place = tuple[float, float]
READERS_SIZE = (1240, 690)
MASKS_SIZE = (1060, 720)
PATIENTS = 24


class Camera(Protocol):
    """Takes a picture of a window, the main one if not told."""

    def take(self, name: str, window: QWidget | None = None) -> None:
        """Write it as it is now."""


def workspace_pictures(home: Path, rehearsal: Rehearsal, camera: Camera) -> None:
    """Assisted drawing, two readers, a ruler on a picture without calibration, burned-in names."""
    rehearsal.open_case()
    _assisted(rehearsal, camera)
    _two_readers(rehearsal, camera)
    _ruler(home, rehearsal, camera)
    _burned_in(home, rehearsal, camera)


def _assisted(rehearsal: Rehearsal, camera: Camera) -> None:
    view = rehearsal.window.workspace.view
    view.clear()
    view.set_tool(Tool.ASSIST)
    left, top, right, lower = demo_roi().bounds()
    proposed: list[object] = []
    rehearsal.window.proposals.proposed.connect(proposed.append)
    _drag(view, view.transform.to_view, (left - 6, top - 6), (right + 6, lower + 6))
    rehearsal.wait_until(lambda: bool(proposed))
    camera.take("assisted-dark")
    QTest.keyClick(view, Qt.Key.Key_Escape)


def _two_readers(rehearsal: Rehearsal, camera: Camera) -> None:
    """The demo lesion and its neighbours, each outlined by two readers who agree more or less."""
    window, library = rehearsal.window, rehearsal.library
    case_id = window.session.case.case_id if window.session.case else 0
    roi = demo_roi()
    for reader, shift, scale in (("Dr Ada", 0.0, 1.0), ("Dr Bo", 26.0, 0.82)):
        middle = roi.centroid
        points = np.subtract(roi.polygon, middle) * scale + middle + (shift, 0.35 * shift)
        library.reader = reader
        drawn = Roi(roi.frame_index, tuple((float(x), float(y)) for x, y in points))
        library.save_drawing(case_id, drawing_of(drawn))
    library.reader = "Dr Cy"
    window.tools.readers.set_reader("Dr Cy")
    readers = window.tools.readers.open()
    readers.resize(*READERS_SIZE)
    rehearsal.wait_until(lambda: len(readers.cases.table.shown()) == 1)
    rehearsal.wait_until(lambda: readers.cases.view.has_frame)
    camera.take("readers-dark", readers)
    readers.close()


def _ruler(home: Path, rehearsal: Rehearsal, camera: Camera) -> None:
    window = rehearsal.window
    case = window.session.case
    assert case is not None
    plain = home / "screenshot.png"
    Image.fromarray(case.frames.frame(demo_roi().frame_index)).save(plain)
    window.open_files([plain])
    rehearsal.wait_until(lambda: window.workspace.image is not None
                         and window.workspace.image.sop_instance_uid is None
                         and window.workspace.view.has_frame)  # fmt: skip
    view = window.workspace.view
    view.set_tool(Tool.RULER)
    across = case.image.columns - 32.0  # the phantom's depth scale, from 1 cm to 2 cm
    _drag(view, view.transform.to_view, (across, 163.5), (across, 306.5))
    QTest.keyClicks(window.workspace.calibrate_bar.field, "1 cm")
    camera.take("ruler-dark")


def _burned_in(home: Path, rehearsal: Rehearsal, camera: Camera) -> None:
    """Pictures of one scanner with a made-up name in each, and one box over all of them."""
    folder = home / "study"
    write_cohort(folder, PATIENTS, seed=11)
    for number, path in enumerate(sorted(folder.rglob("*.dcm"))):
        _write_name(path, f"EXAMPLE^ANNA {number + 1}   1970010{number + 1}")
    window = rehearsal.window.tools.deidentifying.open()
    window.resize(*MASKS_SIZE)
    window.choose.set_sources([folder])
    window.choose.set_destination(home / "copies")
    QTest.mouseClick(window.forward, Qt.MouseButton.LeftButton)
    rehearsal.wait_until(lambda: len(window.masks.thumbnails) > 1 and not window.is_busy)
    window.masks.outside.setChecked(False)
    QTest.mouseClick(window.masks.add, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    camera.take("burned-in-dark", window)
    window.close()


def _write_name(path: Path, words: str) -> None:
    data = dcmread(path)
    picture = Image.fromarray(data.pixel_array)
    pen = ImageDraw.Draw(picture)
    pen.text((12, 6), words, fill=235, font_size=17)
    pen.text((12, picture.height - 26), "EXAMPLE CLINIC", fill=235, font_size=17)
    pixels = np.asarray(picture)
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    data.save_as(path)


def _drag(view: QWidget, place: Callable[[Place], QPointF], start: Place, end: Place) -> None:
    """Drag with the left button in small steps, as a hand does."""
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place(start).toPoint())
    for step in range(1, 9):
        at = place((start[0] + (end[0] - start[0]) * step / 8,
                    start[1] + (end[1] - start[1]) * step / 8))  # fmt: skip
        # QTest's moves carry no button, which a drag needs.
        moved = QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at),
                            Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
                            Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(view, moved)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place(end).toPoint())
