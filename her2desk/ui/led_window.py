"""The real window led through one file by itself: how an administrator sees that all of it works here.

It imports the file, outlines the middle of the image, waits for the answer, writes report and picture
of the window, and closes. The library keeps the case like any other; the outline means nothing.
"""

import math
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from her2desk.domain.drawing import drawing_of
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import Roi
from her2desk.errors import EXIT_OUR_FAULT, EngineFailed, Her2DeskError, InputRefused
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.texts import msg
from her2desk.ui.main_window import MainWindow
from her2desk.ui.opened_case import OpenCase

LONGEST_WAIT_MS = 180_000
SHARE = 0.2  # of the region's width and height: the outline's half axes
CORNERS = 24


class LedWindow(QObject):
    """Takes each step when the window has shown the one before; ends the program with its exit code.

    ``folder`` gets ``report.pdf``, ``report.html`` and ``window.png``. What the window refuses, or does
    not do in time, goes to standard error.
    """

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window)
        self._window, self._folder = window, folder
        session = window.session
        session.case_opened.connect(self._draw)
        session.answered.connect(self._write)
        session.refused.connect(self._stop)
        window.importer.finished.connect(self._check_imported)
        window.runner.engine_gave_up.connect(self._stop)
        QTimer.singleShot(LONGEST_WAIT_MS, self, self._give_up)

    def _check_imported(self, case_ids: list[int], summary: str) -> None:
        if not case_ids:
            self._stop(InputRefused(summary, code="nothing-imported"))

    def _draw(self, case: OpenCase) -> None:
        """Outline the middle of the image as soon as a pack is there to answer."""
        session = self._window.session
        if session.pack is None:
            session.pack_opened.connect(lambda _opened: self._draw(case))
            return
        drawing = drawing_of(middle_of(case.image))
        self._window.workspace.set_drawing(drawing)
        session.set_drawing(drawing)

    def _write(self, _prediction: Prediction) -> None:
        """Write the report in a process of its own, as the report's window does."""
        from her2desk.reports.apart import ReportsApart
        from her2desk.reports.case_record import read_case
        from her2desk.reports.case_writing import write_report

        session, library = self._window.session, self._window.library
        case = session.case
        assert case is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        self._window.grab().save(str(self._folder / "window.png"))
        apart = ReportsApart()
        targets = {
            ReportKind.PDF: self._folder / "report.pdf",
            ReportKind.HTML: self._folder / "report.html",
        }

        def work() -> None:
            try:
                record = read_case(library, session.shelf, case.case_id)
                write_report(library, record, ReportOptions(), targets, apart.files)
            finally:
                apart.close()

        self._window.background.run(work, lambda _none: self._end(0), self._stop)

    def _stop(self, error: Her2DeskError) -> None:
        sys.stderr.write(f"{error}\n")
        self._end(error.exit_code)

    def _give_up(self) -> None:
        self._stop(
            EngineFailed(msg("The window did not answer in time."), msg("Run her2desk doctor."))
        )

    def _end(self, code: int) -> None:
        self._window.close()
        QApplication.exit(code if code in range(EXIT_OUR_FAULT + 1) else EXIT_OUR_FAULT)


def middle_of(image: UltrasoundImage) -> Roi:
    """An ellipse in the middle of the first region that shows tissue, or of the image."""
    x0, y0, x1, y1 = next(
        (region.rectangle for region in image.regions if region.is_tissue_plane),
        (0, 0, image.columns, image.rows),
    )
    x1, y1 = min(x1, image.columns), min(y1, image.rows)
    angles = [2 * math.pi * step / CORNERS for step in range(CORNERS)]
    return Roi(
        0,
        tuple(
            (
                (x0 + x1) / 2 + SHARE * (x1 - x0) * math.cos(angle),
                (y0 + y1) / 2 + SHARE * (y1 - y0) * math.sin(angle),
            )
            for angle in angles
        ),
    )
