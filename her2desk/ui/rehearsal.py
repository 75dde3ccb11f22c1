"""The real window led through the demo case, for the demonstration and the documentation's pictures."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QTimer

from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.drawing import drawing_of
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.domain.stability import Stability
from her2desk.errors import EngineFailed, Her2DeskError
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.main_window import MainWindow

LONGEST_WAIT_MS = 120_000
_LOOK_AGAIN_MS = 20


class Rehearsal:
    """One window on a library of its own under ``home``, and the steps of the demo case.

    Every step waits until the window shows what it asked for. Raises ``Her2DeskError`` when the
    window refuses something, or when a step takes longer than ``LONGEST_WAIT_MS``.
    """

    def __init__(self, home: Path, settings: Settings) -> None:
        self.library = open_library(home / "library")
        self.window = MainWindow(
            self.library,
            home / "library",
            settings,
            home / "settings.json",
            demo_pack_path(),
        )
        self._failures: list[Her2DeskError] = []
        self._is_ready = False
        self.window.session.refused.connect(self._failures.append)
        self.window.runner.engine_ready.connect(self._mark_ready)

    def show(self, width: int, height: int) -> None:
        """Show the window at this size (device-independent pixels)."""
        self.window.resize(width, height)
        self.window.show()

    def start(self) -> None:
        """Open the demo pack and start the engine."""
        self.window.start()
        self.wait_until(lambda: self.window.session.pack is not None and self._is_ready)

    def open_case(self) -> None:
        """Open the demo case on the frame of its outline."""
        opened: list[object] = []
        self.window.session.case_opened.connect(opened.append)
        self.window.open_demo()
        self.wait_until(lambda: bool(opened) and self.window.workspace.view.has_frame)
        frame = demo_roi().frame_index
        self.window.workspace.go_to_frame(frame)
        self.wait_until(lambda: self.window.workspace.view.frame_index == frame)

    def fill_in(self) -> None:
        """Enter the demo case's clinical record."""
        text = (demo_case_dir() / "clinical.json").read_text(encoding="utf-8")
        clinical = clinical_from_json(json.loads(text))
        self.window.clinical.set_record(clinical)
        self.window.session.set_clinical(clinical)

    def draw(self) -> None:
        """Draw the demo case's outline; an analysis begins."""
        drawing = drawing_of(demo_roi())
        self.window.workspace.set_drawing(drawing)
        self.window.session.set_drawing(drawing)

    def answer(self) -> Prediction:
        """Wait for the answer to what is on screen."""
        session = self.window.session
        self.wait_until(lambda: session.is_current)
        assert session.prediction is not None
        return session.prediction

    def band(self) -> Stability:
        """Wait until it is known how the answer moves with its outline."""

        def is_known() -> bool:
            found = self.window.answer.stability
            return found is not None and found.is_complete

        self.wait_until(is_known)
        found = self.window.answer.stability
        assert found is not None
        return found

    def wait_until(self, is_done: Callable[[], bool]) -> None:
        """Let the window live until ``is_done`` says so."""
        deadline = QDeadlineTimer(LONGEST_WAIT_MS)
        loop, timer = QEventLoop(), QTimer()

        def look() -> None:
            if self._failures or is_done() or deadline.hasExpired():
                loop.quit()

        timer.timeout.connect(look)
        timer.start(_LOOK_AGAIN_MS)
        loop.exec()
        timer.stop()
        if self._failures:
            raise self._failures[0]
        if not is_done():
            raise EngineFailed(
                msg("The demo case was not analysed in time."), msg("Run her2desk doctor.")
            )

    def close(self) -> None:
        """Close the window and end the engine."""
        self.window.close()

    def _mark_ready(self) -> None:
        self._is_ready = True


def demo_roi() -> Roi:
    """The outline that comes with the demo case."""
    return roi_from_json((demo_case_dir() / "roi.json").read_text(encoding="utf-8"))
