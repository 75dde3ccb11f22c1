"""Writes the documentation's pictures: the real window on the demo case, drawn offscreen.

Run: QT_QPA_PLATFORM=offscreen python docs/make_images.py docs/images [--language zh_CN]
"""

import argparse
import csv
import io
import os
import sys
import tempfile
from pathlib import Path

from imaging_pictures import workspace_pictures
from keeping_pictures import keeping_pictures
from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from readout_pictures import readout_pictures

from her2desk.domain.drawing import drawing_of
from her2desk.languages import LANGUAGES, speak
from her2desk.own_command import own_command
from her2desk.phantoms.cohort import write_cohort
from her2desk.settings import Settings
from her2desk.ui.app import make_application
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.rehearsal import Rehearsal, demo_roi
from her2desk.ui.training.child_command import GRACE_MS
from her2desk.ui.training.training_window import TrainingWindow

WIDTH, HEIGHT = 1440, 900
SMALL = (1280, 720)
TRAINING = (1240, 690)
CORNERS = 14
SETTLING = 12  # a changed sentence moves what lies around it, one layout a turn
QUALITY = 85  # speckle compresses badly; WebP keeps words sharp at a fifth of PNG's size


class Photographer:
    """Names, takes and writes the pictures."""

    def __init__(self, folder: Path, rehearsal: Rehearsal) -> None:
        self._folder = folder
        self._rehearsal = rehearsal

    def take(self, name: str, window: QWidget | None = None) -> None:
        """Write a window, the main one if not told, as it is now to ``NAME.webp``."""
        for _ in range(SETTLING):
            QApplication.processEvents()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        (window or self._rehearsal.window).grab().save(buffer, "PNG")
        picture = Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")
        path = self._folder / f"{name}.webp"
        picture.save(path, quality=QUALITY, method=6)
        sys.stdout.write(f"{path}\n")

    def take_in_both_themes(self, name: str) -> None:
        """Write ``NAME-dark.webp`` and ``NAME-light.webp``."""
        self.take(f"{name}-dark")
        self._rehearsal.window.preferences.toggle_theme()
        self.take(f"{name}-light")
        self._rehearsal.window.preferences.toggle_theme()


def main() -> int:
    """Make every picture; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=[one.code for one in LANGUAGES], default="en")
    asked = parser.parse_args()
    folder: Path = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    speak(asked.language)
    make_application(Settings(theme="dark"))
    with tempfile.TemporaryDirectory() as home:
        rehearsal = Rehearsal(Path(home), Settings(theme="dark", device="cpu"))
        try:
            photographer = Photographer(folder, rehearsal)
            _all(rehearsal, photographer)
            keeping_pictures(rehearsal, photographer)
            readout_pictures(rehearsal, photographer)
            _training(Path(home), rehearsal, photographer)
            workspace_pictures(Path(home), rehearsal, photographer)
        finally:
            rehearsal.close()
    return 0


def _all(rehearsal: Rehearsal, photographer: Photographer) -> None:
    window = rehearsal.window
    rehearsal.show(WIDTH, HEIGHT)
    rehearsal.start()
    photographer.take("empty-dark")
    rehearsal.open_case()
    rehearsal.fill_in()
    _draw_half(rehearsal)
    photographer.take("drawn-dark")
    window.workspace.view.clear()
    rehearsal.draw()
    rehearsal.answer()
    rehearsal.band()
    window.workspace.view.set_tool(Tool.EDIT)
    window.workspace.set_heatmap_visible(True)
    photographer.take_in_both_themes("result-heatmap")
    window.resize(*SMALL)
    photographer.take("result-small-dark")
    window.resize(WIDTH, HEIGHT)
    window.workspace.set_heatmap_visible(False)
    window.tabs.setCurrentWidget(window.nomogram)
    _drag_marker(rehearsal)
    photographer.take_in_both_themes("nomogram-dragged")
    window.tabs.setCurrentWidget(window.why)
    photographer.take("why-dark")
    window.tabs.setCurrentWidget(window.clinical)
    _compare(rehearsal, photographer)
    _nudge(rehearsal)
    photographer.take("stale-or-running-dark")
    rehearsal.answer()


def _compare(rehearsal: Rehearsal, photographer: Photographer) -> None:
    """The frame beside its enhanced picture, divided through the lesion, under no handles."""
    window, workspace = rehearsal.window, rehearsal.window.workspace
    window.resize(*SMALL)
    workspace.view.set_tool(Tool.PAN)
    workspace.set_comparing(True)
    rehearsal.wait_until(lambda: workspace.view.compared is not None)
    lesion = workspace.view.transform.to_view(demo_roi().centroid)
    workspace.view.set_divider(lesion.x())
    workspace.view.zoom(1.6, lesion)
    photographer.take("compared-dark")
    workspace.view.fit()
    workspace.set_comparing(False)
    workspace.view.set_tool(Tool.EDIT)
    window.resize(WIDTH, HEIGHT)


def _training(home: Path, rehearsal: Rehearsal, photographer: Photographer) -> None:
    """The training window on a cohort of phantoms, first with three things wrong with it."""
    cohort = home / "hospital"
    write_cohort(cohort, 36, seed=5)
    table = cohort / "cohort.csv"
    sound = table.read_text(encoding="utf-8")
    rows = list(csv.DictReader(sound.splitlines()))
    rows[3]["ki67_percent"], rows[11]["her2_ihc"] = "140", "4+"
    rows[20]["image"] = "images/missing.dcm"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    window = TrainingWindow(own_command(), home / "windows.ini", lambda _url: True, GRACE_MS)
    checked: list[object] = []
    window.process.check_finished.connect(checked.append)
    window.resize(*TRAINING)
    window.show()
    window.cohort.path.setText(str(cohort))
    QTest.keyClick(window.cohort.path, Qt.Key.Key_Return)
    rehearsal.wait_until(lambda: len(checked) == 1)
    window.cohort.path.setText("hospital")
    photographer.take("training-findings-dark", window)
    table.write_text(sound, encoding="utf-8")
    window.cohort.path.setText(str(cohort))
    QTest.keyClick(window.cohort.path, Qt.Key.Key_Return)
    rehearsal.wait_until(lambda: len(checked) == 2)
    QTest.mouseClick(window.forward, Qt.MouseButton.LeftButton)
    photographer.take("training-choices-dark", window)
    window.end()


def _draw_half(rehearsal: Rehearsal) -> None:
    """Click round half the lesion and leave the pointer on the way to the next corner."""
    view = rehearsal.window.workspace.view
    view.set_tool(Tool.POLYGON)
    for point in _corners()[: CORNERS * 2 // 3]:
        place = view.transform.to_view(point).toPoint()
        QTest.mouseMove(view, place)
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(view, view.transform.to_view(_corners()[CORNERS * 2 // 3]).toPoint())


def _corners() -> list[tuple[float, float]]:
    points = demo_roi().polygon
    return [points[i * len(points) // CORNERS] for i in range(CORNERS)]


def _drag_marker(rehearsal: Rehearsal) -> None:
    """Drag the first axis's marker with the mouse, as a reader would."""
    QApplication.processEvents()
    canvas = rehearsal.window.nomogram.canvas
    layout = canvas.layout_now()
    assert layout is not None
    axis = layout.geometry.axes[-1]
    y = layout.row_y(len(layout.geometry.axes))
    start = layout.value_x(axis, canvas.patient()[axis.term.name])
    low, high = (layout.value_x(axis, tick[0]) for tick in (axis.ticks[0], axis.ticks[-1]))
    end = start + 0.35 * (max(low, high) - min(low, high)) * (
        1 if start < canvas.width() / 2 else -1
    )
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPointF(start, y).toPoint())
    for step in range(1, 6):
        QTest.mouseMove(canvas, QPoint(round(start + (end - start) * step / 5), round(y)))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPointF(end, y).toPoint())


def _nudge(rehearsal: Rehearsal) -> None:
    """Move the outline a little: an analysis begins, and the old answer stands greyed."""
    session = rehearsal.window.session
    roi = demo_roi()
    moved = type(roi)(roi.frame_index, tuple((x + 3.0, y + 2.0) for x, y in roi.polygon))
    rehearsal.window.workspace.set_drawing(drawing_of(moved))
    began: list[float] = []
    session.running.connect(lambda fraction, _text: began.append(fraction))
    session.set_drawing(drawing_of(moved))
    rehearsal.wait_until(lambda: bool(began))


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    sys.exit(main())
