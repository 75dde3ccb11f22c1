"""A reader at the real window who works without a pause, by mouse and key events."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest

from benchmarks.crash.told import Teller, tell_of
from her2desk.domain.image import UserCalibration
from her2desk.domain.prediction import Prediction
from her2desk.domain.reading import Impression
from her2desk.inference.engine import PredictRequest
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.import_rows import ImportRow
from her2desk.ui.jobs import JobRunner
from her2desk.ui.main_window import MainWindow

LONGEST_WAIT_MS = 60_000
LOOK_AGAIN_MS = 5
BETWEEN_STROKES_MS = 150
Left = Qt.MouseButton.LeftButton


class Hands:
    """A reader who works without a pause; everything that the window says is told."""

    def __init__(self, window: MainWindow, home: Path, dice: random.Random, teller: Teller) -> None:
        self.window = window
        self._dice = dice
        self.teller = teller
        self._pictures = sorted((home / "pictures").iterdir())
        self._is_importing = False
        self.is_patient = False  # whether an answer is awaited before anything else is done
        tell_of(window._library, teller)
        session = window.session
        session.case_saved.connect(lambda: teller.say("shown"))
        session.answered.connect(lambda _prediction: teller.say("answered"))
        window.workspace.drawing_changed.connect(self._tell_drawn)
        window.importer.began.connect(lambda: self._set_importing(True))
        window.importer.rows_arrived.connect(self._tell_imported)
        window.importer.finished.connect(lambda _ids, _words: self._set_importing(False))

    def begin(self) -> None:
        """Open a case."""
        if not self.window._library.cases():
            self._import(2)
        else:
            self._other_case()
        wait_until(lambda: self.window.workspace.view.has_frame)

    def stroke(self) -> None:
        """One stroke that changes what is drawn."""
        self._ruler()

    def import_all(self) -> None:
        """Every picture there is."""
        self.window.open_files(self._pictures)

    def work(self) -> None:
        """Until the kill."""
        self.begin()
        deeds = (
            *[self._outline] * 5,
            *[self._brush] * 4,
            *[self._ruler] * 2,
            *[self._move_corner] * 4,
            *[self._fill_in] * 3,
            self._pathology,
            self._calibrate,
            self._impression,
            self._decide,
            self._other_case,
            self._theme,
            lambda: self._import(6),
        )
        while True:
            self._dice.choice(deeds)()
            if self.is_patient:
                wait_until(lambda: not self.window.runner.is_running)
            self._settle(self._dice.choice((0, 0, 3, 30)))

    def _import(self, count: int) -> None:
        if not self._is_importing:
            self.window.open_files(self._dice.sample(self._pictures, count))

    def _outline(self) -> None:
        view = self.window.workspace.view
        view.set_tool(Tool.POLYGON)
        centre, reach = self._place(), self._dice.uniform(20, 80)
        corners = [(0, -1), (0.9, -0.4), (0.7, 0.8), (-0.6, 0.9), (-1, -0.2)]
        places = [centre + QPoint(round(x * reach), round(y * reach)) for x, y in corners]
        for place in [*places, places[0]]:
            QTest.mouseMove(view, place)
            QTest.mouseClick(view, Left, pos=place)

    def _brush(self) -> None:
        self._drag(self._dice.choice((Tool.BRUSH, Tool.BRUSH, Tool.ERASER)), self._place())

    def _ruler(self) -> None:
        self._drag(Tool.RULER, self._place())

    def _move_corner(self) -> None:
        roi = self.window.workspace.view.roi()
        if roi is not None:
            corner = self._dice.choice(roi.polygon)
            self._drag(Tool.EDIT, self.window.workspace.view.transform.to_view(corner).toPoint())

    def _drag(self, tool: Tool, start: QPoint) -> None:
        view = self.window.workspace.view
        view.set_tool(tool)
        QTest.mousePress(view, Left, pos=start)
        for _ in range(self._dice.randint(1, 5)):
            start += QPoint(self._dice.randint(-30, 30), self._dice.randint(-30, 30))
            QTest.mouseMove(view, start)
        QTest.mouseRelease(view, Left, pos=start)

    def _fill_in(self) -> None:
        window = self.window
        window.right.show_page(window.clinical)
        row: Any = window.clinical.rows[self._dice.choice(("age_years", "er", "ki67_percent"))]
        if row.name == "er":
            QTest.mouseClick(row.control.button(self._dice.choice((True, False, None))), Left)
            return
        row.edit.selectAll()
        QTest.keyClicks(row.edit, str(self._dice.randint(20, 90)))
        QTest.keyClick(row.edit, Qt.Key.Key_Return)

    def _pathology(self) -> None:
        control = self.window.clinical.pathology.ihc.control
        QTest.mouseClick(control.button(self._dice.choice(("0", "1+", "3+"))), Left)

    def _calibrate(self) -> None:
        """Only pictures without a calibration of their own take one."""
        case = self.window.session.case
        if case is not None and not case.image.regions:
            end = (20.0, self._dice.uniform(60, 180))
            given = UserCalibration(0, (20.0, 10.0), end, 10.0)
            self.window.workspace.calibration_given.emit(given)

    def _impression(self) -> None:
        self.window.result.impression_recorded.emit(
            Impression("positive", self._dice.randint(1, 5))
        )

    def _decide(self) -> None:
        if self.window.session.is_current and self.window.right.decision.isVisible():
            QTest.mouseClick(self.window.right.decision.accept, Left)

    def _other_case(self) -> None:
        cases = self.window._library.cases()
        if cases:
            self.window.cases.case_selected.emit(self._dice.choice(cases).case_id)

    def _theme(self) -> None:
        self.window.header.theme_clicked.emit()

    def _place(self) -> QPoint:
        view = self.window.workspace.view
        x, y = self._dice.uniform(0.3, 0.7), self._dice.uniform(0.3, 0.7)
        return QPoint(round(view.width() * x), round(view.height() * y))

    def _tell_drawn(self, drawing: Any) -> None:
        case = self.window.session.case
        if case is not None:
            by = self.window._library.reader
            self.teller.say("drawn", case=case.case_id, reader=by, content=drawing.to_json())

    def _tell_imported(self, rows: tuple[ImportRow, ...]) -> None:
        for row in rows:
            if row.case_id is not None:
                sha256 = hashlib.sha256(Path(row.place).read_bytes()).hexdigest()
                self.teller.say("imported", sha256=sha256, case=row.case_id)

    def _set_importing(self, is_importing: bool) -> None:
        self._is_importing = is_importing

    def _settle(self, milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()


def wait_until(is_done: Callable[[], bool]) -> None:
    """Let the window live until ``is_done`` says so."""
    deadline = QDeadlineTimer(LONGEST_WAIT_MS)
    while not is_done():
        if deadline.hasExpired():
            raise TimeoutError
        loop = QEventLoop()
        QTimer.singleShot(LOOK_AGAIN_MS, loop.quit)
        loop.exec()


class EngineStandIn:
    """Answers each question with a prediction worked out before, as of what is asked now.

    Loading PyTorch takes longer than most victims live.
    """

    def __init__(self, window: MainWindow, answer: Prediction) -> None:
        self._window = window
        self._answer = answer

    def submit(self, request: object) -> int:
        job = JobRunner.submit(self._window.runner, request)  # type: ignore[arg-type]
        if isinstance(request, PredictRequest):
            QTimer.singleShot(1, lambda: self._reply(job))
        return job

    def _reply(self, job: int) -> None:
        inputs = self._window.session.inputs
        if inputs is not None and self._window.session._job == job:
            self._window.runner._deliver(job, "done", replace(self._answer, inputs=inputs))


def count_cases(window: MainWindow, teller: Teller) -> None:
    wait_until(lambda: window.session.pack is not None)
    teller.say("listed", cases=window.cases.view.model().rowCount())
    window.close()


def draw_timed(hands: "Hands", strokes: int) -> None:
    """Draw while an import runs; then say how late a timer was meanwhile, and close the window."""
    from benchmarks.window import during
    from her2desk.ui.stalls import StallMonitor

    window = hands.window
    hands.begin()
    drawn = 0
    imported = len(window._library.cases())

    def draw() -> None:
        nonlocal drawn
        hands.stroke()
        drawn += 1
        if drawn < strokes:
            QTimer.singleShot(BETWEEN_STROKES_MS, draw)

    def begin() -> None:
        hands.import_all()
        draw()

    def ended() -> bool:
        return (
            drawn == strokes and not window.importer.is_busy and not window.session.writes.waiting
        )

    found = during(StallMonitor(), begin, ended)
    hands.teller.say(
        "stalls",
        longest_ms=found.longest_ms,
        p99_ms=found.p99_ms,
        work_ms=found.longest_work_ms,
        imported=len(window._library.cases()) - imported,
    )
    window.close()
