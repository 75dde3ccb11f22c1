"""Dragging threshold and prevalence over a whole window, with each tab open: ``make bench``.

A step is one move by 0.01: the answer said anew, every panel filled and painted again. Sixty a second
leave 16.7 ms for it. The processor's time of the GUI thread stands beside the clock's, which other
programs lengthen. The baseline is a repaint of the same window without a new answer.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow

FRAME_MS = 1000 / 60
STEPS = [*range(5, 95), *range(95, 5, -1)]


def opened_window(home: Path) -> "MainWindow":
    """A window of 1440 × 900 that shows the answer for the demo case."""
    from PySide6.QtCore import QEventLoop, QTimer

    from her2desk.domain.drawing import drawing_of
    from her2desk.domain.roi import roi_from_json
    from her2desk.paths import demo_case_dir
    from her2desk.settings import Settings
    from her2desk.ui.app import make_window

    window = make_window(home / "library", Settings(read_first=False))
    window.resize(1440, 900)
    window.show()
    drawing = drawing_of(roi_from_json((demo_case_dir() / "roi.json").read_text()))
    loop = QEventLoop()

    def draw(_case: object) -> None:
        window.workspace.set_drawing(drawing)
        window.session.set_drawing(drawing)

    window.session.case_opened.connect(draw)
    window.session.answered.connect(lambda _prediction: QTimer.singleShot(300, loop.quit))
    window.session.refused.connect(lambda error: sys.exit(str(error)))
    window.start()
    window.open_demo()
    loop.exec()
    return window


def step_ms(change: Callable[[int], object]) -> list[tuple[float, ...]]:
    """How long each step took by the clock and by the processor, painting included, shortest first."""
    from PySide6.QtWidgets import QApplication

    taken = []
    for step in STEPS:
        before = time.perf_counter(), time.thread_time()
        change(step)
        QApplication.processEvents()
        after = time.perf_counter(), time.thread_time()
        taken.append(tuple(1000 * (b - a) for a, b in zip(before, after, strict=True)))
    return [tuple(sorted(column)) for column in zip(*taken, strict=True)]


def said(taken: tuple[float, ...]) -> str:
    """Median, 99th percentile and longest of times in ascending order."""
    p99 = taken[int(0.99 * len(taken))]
    return f"median {statistics.median(taken):.1f} ms, p99 {p99:.1f} ms, longest {taken[-1]:.1f} ms"


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from her2desk.settings import Settings
    from her2desk.ui.app import make_application

    make_application(Settings())
    with tempfile.TemporaryDirectory() as home:
        os.environ["HER2DESK_HOME"] = home
        window = opened_window(Path(home))
        bar = window.result.estimate.bar
        baseline = statistics.median(step_ms(lambda _step: window.right.update())[1])
        print(f"repaint of the right column alone: {baseline:.1f} ms")
        for index in range(window.tabs.count()):
            window.tabs.setCurrentIndex(index)
            step_ms(bar.setValue)
            for name, change in (
                ("threshold", bar.setValue),
                ("prevalence", lambda step: window.result.prevalence_changed.emit(step / 100)),
            ):
                clock, processor = step_ms(change)
                late = sum(ms > FRAME_MS for ms in clock)
                print(
                    f"{name} dragged, {window.tabs.tabText(index)} open: clock {said(clock)}; "
                    f"processor {said(processor)}; {late} of {len(clock)} steps above "
                    f"{FRAME_MS:.1f} ms"
                )
            window.result.prevalence_changed.emit(None)
        window.close()


if __name__ == "__main__":
    main()
