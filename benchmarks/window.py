"""Start of the window, and stalls of its GUI thread during the first prediction: ``make bench``.

A start is a fresh process, from before the interpreter to the first paint with all rooms usable; the
baseline, interleaved, is an empty PySide6 + pyqtgraph window. A stall is how late a timer of one
millisecond fires on the GUI thread while the first prediction of a session runs, engine start included.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7

EMPTY = """
import sys, time
import PySide6.QtWidgets as W
import pyqtgraph
from PySide6.QtCore import QTimer
app = W.QApplication(sys.argv[:1])
window = pyqtgraph.PlotWidget()
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
print(time.time())
"""

PRODUCT = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from her2desk.settings import Settings
from her2desk.ui.app import make_application, make_window
app = make_application(Settings())
window = make_window(Path(sys.argv[1]), Settings())
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
print(time.time())
heavy = {"torch", "monai", "radiomics", "lightgbm", "scipy", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
import os
os._exit(0)
"""


def start_seconds(code: str, library: str) -> float:
    """Seconds from before the process to its first paint."""
    before = time.time()
    command = [sys.executable, "-c", code, library]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[0]) - before


def stalls_ms() -> list[float]:
    """How late each tick of a one-millisecond timer was during a session's first prediction."""
    from PySide6.QtCore import QEventLoop, QTimer

    from her2desk.domain.drawing import drawing_of
    from her2desk.domain.roi import roi_from_json
    from her2desk.paths import demo_case_dir
    from her2desk.settings import Settings
    from her2desk.ui.app import make_application, make_window

    make_application(Settings())
    late: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["HER2DESK_HOME"] = home
        window = make_window(Path(home) / "library", Settings())
        window.resize(1440, 900)
        window.show()
        loop = QEventLoop()
        drawing = drawing_of(roi_from_json((demo_case_dir() / "roi.json").read_text()))
        session = window.session

        def draw(_case: object) -> None:
            window.workspace.set_drawing(drawing)
            session.set_drawing(drawing)

        session.case_opened.connect(draw)
        session.answered.connect(lambda _prediction: QTimer.singleShot(300, loop.quit))
        session.refused.connect(lambda error: sys.exit(str(error)))
        last = time.perf_counter()

        def tick() -> None:
            nonlocal last
            now = time.perf_counter()
            late.append((now - last) * 1000 - 1.0)
            last = now

        timer = QTimer()
        timer.setInterval(1)
        timer.timeout.connect(tick)
        QTimer.singleShot(50, timer.start)
        QTimer.singleShot(60, window.start)
        QTimer.singleShot(70, window.open_demo)
        loop.exec()
        timer.stop()
        window.close()
    return late[1:]


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["HER2DESK_HOME"] = home
        pairs = [(start_seconds(EMPTY, home), start_seconds(PRODUCT, home)) for _ in range(ROUNDS)]
    empty, product = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"start to usable window: {product:.2f} s; empty window {empty:.2f} s", end="; ")
    print(f"ratio {statistics.median(p / e for e, p in pairs):.2f} (median of {ROUNDS})")
    late = sorted(stalls_ms())
    p99 = late[int(0.99 * len(late))]
    print(f"GUI thread, first prediction: longest stall {late[-1]:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
