"""Dragging one vertex of a large outline over a frame, heatmap on: ``python -m benchmarks.outline``.

An outline of 500 points on a frame of 1024 × 768; each step moves one vertex and paints the picture,
in the middle of the window as it is. Sixty a second leave 16.7 ms for a step. The processor's time of
the GUI thread stands beside the clock's, which other programs lengthen; the baseline is a repaint of the
same picture without a change.
"""

import math
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

FRAME_MS = 1000 / 60
ROWS, COLUMNS = 768, 1024
POINTS = (50, 500)
STEPS = 200


def steps_ms(step: Callable[[int], object]) -> tuple[list[float], list[float]]:
    """Milliseconds of each step with its repaint, by the clock and by the processor, in order."""
    from PySide6.QtWidgets import QApplication

    clock, processor = [], []
    for number in range(STEPS):
        before = time.perf_counter(), time.thread_time()
        step(number)
        QApplication.processEvents()
        clock.append(1000 * (time.perf_counter() - before[0]))
        processor.append(1000 * (time.thread_time() - before[1]))
    return sorted(clock), sorted(processor)


def said(name: str, taken: tuple[list[float], list[float]]) -> str:
    """Median, 99th percentile and longest."""
    words = []
    for kind, column in zip(("clock", "processor"), taken, strict=True):
        p99 = column[int(0.99 * len(column))]
        middle = statistics.median(column)
        words.append(
            f"{kind} median {middle:.1f} ms, p99 {p99:.1f} ms, longest {column[-1]:.1f} ms"
        )
    return f"{name}: {'; '.join(words)} ({FRAME_MS:.1f} ms for 60 per second)"


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from her2desk.domain.drawing import drawing_of
    from her2desk.domain.image import UltrasoundImage
    from her2desk.domain.roi import Roi
    from her2desk.settings import Settings
    from her2desk.ui.app import make_application
    from her2desk.ui.canvas.tools import Tool
    from her2desk.ui.canvas.workspace import Workspace

    make_application(Settings())
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (ROWS, COLUMNS, 3)).astype(np.uint8)
    image = UltrasoundImage("0" * 64, None, ROWS, COLUMNS, 1, "RGB", "")

    def send(view: object, kind: QEvent.Type, at: QPointF) -> None:
        button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(view, QMouseEvent(kind, at, at, button, button, none))  # type: ignore[arg-type]

    for points in POINTS:
        workspace = Workspace()
        workspace.resize(1000, 850)
        workspace.show_case(image)
        workspace.frame_ready(0, pixels, image.sha256)
        angles = np.linspace(0, 2 * math.pi, points, endpoint=False)
        radius = 220 + 8 * np.sin(9 * angles)
        ring = [
            (512 + r * math.cos(a), 384 + r * math.sin(a))
            for r, a in zip(radius, angles, strict=True)
        ]
        roi = Roi(0, tuple((float(x), float(y)) for x, y in ring))
        workspace.set_drawing(drawing_of(roi))
        heat = rng.random((32, 32)).astype(np.float32)
        workspace.set_heatmap(heat, roi.box(20, ROWS, COLUMNS), roi)
        workspace.set_heatmap_visible(True)
        workspace.show()
        QApplication.processEvents()
        view = workspace.view
        print(said(f"repaint, {points} points", steps_ms(lambda _step, view=view: view.update())))
        view.set_tool(Tool.EDIT)
        start = view.transform.to_view(roi.polygon[0])
        send(view, QEvent.Type.MouseButtonPress, start)

        def drag(step: int, view: object = view, start: QPointF = start) -> None:
            away = 10 + 40 * abs(step % 50 - 25) / 25
            send(view, QEvent.Type.MouseMove, start + QPointF(away, away / 3))

        print(said(f"vertex dragged, {points} points", steps_ms(drag)))
        begun = time.thread_time()
        send(view, QEvent.Type.MouseButtonRelease, start + QPointF(5, 5))
        QApplication.processEvents()
        print(f"  let go: {1000 * (time.thread_time() - begun):.1f} ms of processor time")
        workspace.close()


if __name__ == "__main__":
    main()
