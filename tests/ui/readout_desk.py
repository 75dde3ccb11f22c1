"""The real window with the demo case answered, led by mouse and keys, and packs that say otherwise."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import Roi
from her2desk.domain.stability import Stability
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.manifest import Manifest
from her2desk.packs.pack import VALIDATION_FILE, Pack, open_pack
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE, ReadoutPart
from her2desk.packs.validation_table import validation_csv
from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.training.failures import failure_parts
from her2desk.ui.app import make_application
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.rehearsal import Rehearsal, demo_roi

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
READER = "Reader A"
STEPS = 6
SETTLING = 3  # passes of layout after a panel's content has changed


class Desk:
    """A window that the tests of one module share; ``fresh`` is where each of them begins."""

    def __init__(self, home: Path) -> None:
        settings = Settings(device="cpu", reader=READER)
        make_application(settings)
        self._rehearsal = Rehearsal(home, settings)
        self.library, self.window = self._rehearsal.library, self._rehearsal.window
        self.result, self.why = self.window.result, self.window.why
        self.stabilities: list[Stability | None] = []
        self.window.afterthoughts.stability_changed.connect(self.stabilities.append)
        self._rehearsal.show(1440, 1000)
        self._rehearsal.start()
        self._rehearsal.open_case()
        self.wait = self._rehearsal.wait_until
        self.close = self._rehearsal.close

    def fresh(self, pack: Path | None = None, clinical: ClinicalRecord | None = None) -> Prediction:
        """The demo outline as ``pack`` answers it, everything else as in a new window."""
        window, session = self.window, self.window.session
        if self.library.reader != READER:
            self.read_as(READER)
        self.use(pack or demo_pack_path())
        record = clinical or ClinicalRecord()
        window.clinical.set_record(record)
        session.set_clinical(record)
        self.draw(demo_roi())
        session.set_pathology(Pathology())
        window.preferences.apply(
            replace(session.settings, operating_point="youden", local_prevalence=None)
        )
        session.operating_point = "youden"
        session.count(ValidationSource.OUT_OF_FOLD, None)
        self.window.workspace.set_heatmap_visible(False)
        return self.answer()

    def answer(self) -> Prediction:
        """What is answered to what is on screen, once it is."""
        return self._rehearsal.answer()

    @property
    def pack(self) -> Pack:
        opened = self.window.session.pack
        assert opened is not None
        return opened.pack

    def use(self, path: Path) -> None:
        """Open another pack, unless it is open."""
        session = self.window.session
        if session.pack is None or session.pack.path != path:
            asking = self.window.asking
            answered = asking.question
            session.open_pack(path)

            def is_used() -> bool:
                return session.pack is not None and session.pack.path == path

            def is_asked() -> bool:
                return asking.question not in (None, answered)

            self.wait(lambda: is_used() or is_asked())
            if asking.question is not None and is_asked():  # these packs are signed by nobody
                QTest.mouseClick(asking.question.once, Qt.MouseButton.LeftButton)
            self.wait(is_used)

    def read_as(self, reader: str) -> None:
        """Go on as another reader, with the case opened anew."""
        opened: list[object] = []
        connection = self.window.session.case_opened.connect(opened.append)
        self.window.header.reader.menu().reader_chosen.emit(reader)
        self.wait(lambda: bool(opened))
        self.window.session.case_opened.disconnect(connection)

    def draw(self, roi: Roi) -> None:
        """Put an outline on its frame."""
        drawing = drawing_of(roi)
        self.window.workspace.set_drawing(drawing)
        self.window.session.set_drawing(drawing)

    def draw_by_mouse(self, corners: Sequence[tuple[float, float]]) -> None:
        """Take every outline away, then click each corner of another, and the first again."""
        self.window.workspace.set_drawing(Drawing())
        self.window.session.set_drawing(Drawing())
        view = self.window.workspace.view
        view.set_tool(Tool.POLYGON)
        for corner in [*corners, corners[0]]:
            place = view.transform.to_view(corner).toPoint()
            QTest.mouseMove(view, place)
            QTest.mouseClick(view, LEFT, pos=place)

    def move_outline(self, dx: float) -> None:
        """Take hold of the outline's inside and drag it ``dx`` image pixels to the right."""
        view = self.window.workspace.view
        view.set_tool(Tool.EDIT)
        roi = self.window.session.roi
        assert roi is not None
        left, top, right, lower = roi.bounds()
        at = ((left + right) / 2, (top + lower) / 2)
        start, end = (view.transform.to_view((at[0] + by, at[1])).toPoint() for by in (0.0, dx))
        drag(view, start, end)

    def turn_to(self, page: QWidget) -> None:
        """Turn to a tab by its keys."""
        keys = {
            self.window.clinical: Qt.Key.Key_3,
            self.window.nomogram: Qt.Key.Key_4,
            self.window.why: Qt.Key.Key_5,
        }
        # Without a window manager a popover that closed is still the active window.
        self.window.activateWindow()
        QApplication.processEvents()
        QTest.keyClick(self.window, keys[page], CTRL)
        assert self.window.tabs.currentWidget() is page

    def picture(self) -> NDArray[np.uint8]:
        """What the canvas shows, (rows, columns, 3), in pixels of the screen."""
        image = self.window.workspace.view.grab().toImage()
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def click(widget: QWidget) -> None:
    """Scroll to a widget and click its middle, which has to be in sight."""
    bring_in_sight(widget)
    QTest.mouseClick(widget, LEFT)


def bring_in_sight(widget: QWidget) -> None:
    """Scroll as a reader would, until the panel has come to rest."""
    for _ in range(SETTLING):
        QApplication.processEvents()
        parent = widget.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea):
                parent.ensureWidgetVisible(widget, 0, 0)
            parent = parent.parentWidget()
    assert widget.isVisible()
    assert widget.visibleRegion().contains(widget.rect().center())


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    """A slow drag with the left button, in the widget's own pixels."""
    QTest.mousePress(widget, LEFT, pos=start)
    for step in range(1, STEPS + 1):
        QTest.mouseMove(widget, start + (end - start) * step / STEPS)
    QTest.mouseRelease(widget, LEFT, pos=end)


def type_into(widget: QWidget, text: str) -> None:
    """Replace what an input holds, and Enter."""
    bring_in_sight(widget)
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, Qt.Key.Key_Return)


def said(widget: QWidget) -> list[str]:
    """Every text that a widget shows now, folded parts left out."""
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def plain(text: str) -> str:
    """Without the spaces that keep figures together."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def everything_reads_well(desk: Desk) -> None:
    """Every sentence of result and reasons has its words and its numbers."""
    desk.turn_to(desk.why)
    for text in [*said(desk.result), *said(desk.why)]:
        assert text.strip()
        assert "{" not in text
        assert not re.search(r"\bnan\b|\binf\b|\bNone\b(?! of)", text), text


# Packs


def demo_with(path: Path, changes: Mapping[str, bytes | None]) -> Path:
    """The demo pack with other members; None leaves one out."""
    members = {**read_archive(demo_pack_path()).members, **changes}
    write_archive(path, {name: content for name, content in members.items() if content is not None})
    return path


def demo_without(path: Path, is_left_out: Callable[[str], bool]) -> Path:
    """The demo pack without some of its members."""
    names = read_archive(demo_pack_path()).members
    return demo_with(path, {name: None for name in names if is_left_out(name)})


def manifest_with(**changes: object) -> bytes:
    """The demo pack's manifest with other values."""
    document = json.loads(read_archive(demo_pack_path()).members["manifest.json"])
    return Manifest.model_validate({**document, **changes}).model_dump_json().encode()


def demo_of(path: Path, rows: Sequence[ValidationRow]) -> Path:
    """The demo pack with other validation patients, and what its builder would say of them."""
    demo = open_pack(demo_pack_path())
    patients = {row.patient for row in rows}
    gone = {row.patient for row in demo.validation} - patients
    part = ReadoutPart(
        failures=failure_parts(rows, demo.manifest.operating_points), seen=demo.readout.seen
    )
    return demo_with(
        path,
        {
            VALIDATION_FILE: validation_csv(tuple(rows)),
            READOUT_FILE: part.model_dump_json().encode(),
            SPACE_FILE: None,
            **{f"preview/{patient}.png": None for patient in gone},
        },
    )


def demo_rows() -> tuple[ValidationRow, ...]:
    """The demo pack's validation patients."""
    return open_pack(demo_pack_path()).validation


def cells(desk: Desk) -> dict[str, int]:
    """The confusion table as it stands on screen."""
    table = desk.result.cohort.table
    return {name: int(cell.text().split()[0]) for name, cell in table.cells.items()}


def counted(
    rows: Iterable[ValidationRow], thresholds: Sequence[float], own: float, log_odds: float
) -> dict[str, int]:
    """The four cells counted one patient at a time; ``thresholds`` by fold, ``own`` of held-out ones.

    ``log_odds`` is what the local prevalence adds.
    """
    found = dict.fromkeys(("tp", "fp", "tn", "fn"), 0)
    for row in rows:
        threshold = own if row.fold is None else thresholds[row.fold]
        is_called = 1 / (1 + np.exp(-(row.logit + log_odds))) >= threshold
        name = ("t" if is_called == row.positive else "f") + ("p" if is_called else "n")
        found[name] += 1
    return found
