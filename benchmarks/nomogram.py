"""One step of dragging a nomogram's marker: values, words, interval and repaint. ``make bench``.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.nomogram

The whole view is painted at each step, as in the window; 60 per second leave 16.7 ms for a step. The
processor's time is printed beside the clock's, which other programs lengthen.
"""

import statistics
import time

STEPS = 300
WIDTH, HEIGHT = 400, 620
FRAME_MS = 1000 / 60


def steps_ms(variables: int) -> list[tuple[float, float]]:
    """(clock, processor) milliseconds of each step of a drag to and fro, with so many variables."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from her2desk.domain.nomogram import NomogramModel, NomogramTerm
    from her2desk.inference.nomograms import CaseNomogram
    from her2desk.stats.nomogram import build_nomogram
    from her2desk.texts import Message
    from her2desk.ui.panels.nomogram_view import NomogramView

    terms = tuple(
        NomogramTerm(f"x{n}", Message(f"Variable {n} (units)"), (-1) ** n * 0.3, -3, 4)
        for n in range(variables)
    )
    covariance = tuple(
        tuple(0.01 if i == j else 0.0 for j in range(variables + 1)) for i in range(variables + 1)
    )
    geometry = build_nomogram(NomogramModel(-0.3, terms, covariance))
    view = NomogramView()
    view.resize(WIDTH, HEIGHT)
    values = {term.name: 0.5 for term in terms}
    view.set_nomograms([CaseNomogram((Message("x"),), True, geometry, values)], -0.5)
    view.show()
    QApplication.processEvents()
    layout = view.canvas.layout_now()
    if layout is None:
        raise RuntimeError("the view has no nomogram")
    y = layout.row_y(1)

    def send(kind: QEvent.Type, x: float) -> None:
        button = Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        at = QPointF(x, y)
        event = QMouseEvent(kind, at, view.canvas.mapToGlobal(at), button, button, none)
        QApplication.sendEvent(view.canvas, event)

    send(QEvent.Type.MouseButtonPress, layout.value_x(geometry.axes[0], 0.5))
    found = []
    for step in range(STEPS):
        share = abs(step % 100 - 50) / 50
        before = time.perf_counter(), time.process_time()
        send(QEvent.Type.MouseMove, layout.left + share * (layout.right - layout.left))
        QApplication.processEvents()  # the repaint
        after = time.perf_counter(), time.process_time()
        found.append((1000 * (after[0] - before[0]), 1000 * (after[1] - before[1])))
    send(QEvent.Type.MouseButtonRelease, layout.left)
    view.close()
    return found


def main() -> None:
    from PySide6.QtWidgets import QApplication

    from her2desk.ui.theme import apply_theme

    app = QApplication([])
    apply_theme(app, "dark")
    for variables in (2, 5, 8):
        for clock, found in zip(
            ("clock", "processor"), zip(*steps_ms(variables), strict=True), strict=True
        ):
            p95 = sorted(found)[int(0.95 * len(found))]
            print(
                f"drag step, {variables} variables, {clock}: median {statistics.median(found):.2f} ms, "
                f"p95 {p95:.2f} ms, longest {max(found):.2f} ms ({FRAME_MS:.1f} ms for 60 per second)"
            )


if __name__ == "__main__":
    main()
