"""Start of the window, and stalls of its GUI thread while something is worked out: ``make bench``.

A start is a fresh process, from before the interpreter to the first paint with all rooms usable; the
baseline, interleaved, is an empty PySide6 + pyqtgraph window. A stall is how late a timer of one
millisecond fires on the GUI thread: during the first prediction of a session, engine start included,
while its band and another heatmap come in, and while the audit opens.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from her2desk.domain.stability import Stability

ROUNDS = 7
CASES = 300

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


class Stalls:
    """How late each tick of a one-millisecond timer is, and what the GUI thread itself worked meanwhile.

    The first is what a reader feels; other programs lengthen it, and never the second.
    """

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self._last = 0.0, 0.0
        self._late: list[tuple[float, float]] = []
        self._timer = QTimer()
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)

    def during(
        self, begin: Callable[[], object], ended: Callable[[], bool]
    ) -> list[tuple[float, ...]]:
        """Lateness and work in ms, each in ascending order, from ``begin`` until ``ended``."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        watch = QTimer()
        watch.setInterval(20)
        watch.timeout.connect(lambda: loop.quit() if ended() else None)
        self._last = time.perf_counter(), time.thread_time()
        self._late = []
        for timer in (self._timer, watch):
            timer.start()
        QTimer.singleShot(5, begin)
        loop.exec()
        for timer in (self._timer, watch):
            timer.stop()
        return [tuple(sorted(column)) for column in zip(*self._late, strict=True)]

    def _tick(self) -> None:
        now = time.perf_counter(), time.thread_time()
        late, worked = (1000 * (a - b) for a, b in zip(now, self._last, strict=True))
        self._late.append((late - 1, worked))
        self._last = now


def phases() -> Iterator[tuple[str, list[tuple[float, ...]]]]:
    """The stalls of a session's first prediction, of its band, of a heatmap and of an audit."""
    from benchmarks.audit_ward import fill, patients, scores
    from her2desk.domain.drawing import drawing_of
    from her2desk.domain.prediction import HeatmapClass, HeatmapMethod
    from her2desk.domain.roi import roi_from_json
    from her2desk.packs.pack import open_pack
    from her2desk.paths import demo_case_dir, demo_pack_path
    from her2desk.settings import Settings
    from her2desk.store.opening import open_library
    from her2desk.ui.app import make_application, make_window

    make_application(Settings())
    pack = open_pack(demo_pack_path())
    stalls = Stalls()
    with tempfile.TemporaryDirectory() as home:
        os.environ["HER2DESK_HOME"] = home
        rng = np.random.default_rng(3)
        drawn = scores(rng, CASES, promised=0.9, prevalence=pack.manifest.prevalence)
        with open_library(Path(home) / "library", reader="Reader A") as library:
            fill(library, Path(home), patients(pack, *drawn, rng=rng))
        window = make_window(Path(home) / "library", Settings(read_first=False))
        window.resize(1440, 900)
        window.show()
        drawing = drawing_of(roi_from_json((demo_case_dir() / "roi.json").read_text()))
        session = window.session
        bands: list[Stability | None] = []
        heatmaps: list[object] = []

        def draw(_case: object) -> None:
            window.workspace.set_drawing(drawing)
            session.set_drawing(drawing)

        def open_demo() -> None:
            window.start()
            window.open_demo()

        session.case_opened.connect(draw)
        session.refused.connect(lambda error: sys.exit(str(error)))
        window.afterthoughts.stability_changed.connect(bands.append)
        window.afterthoughts.heatmap_changed.connect(heatmaps.append)
        yield "first prediction", stalls.during(open_demo, lambda: session.prediction is not None)

        def has_whole_band() -> bool:
            return bool(bands) and bands[-1] is not None and bands[-1].is_complete

        yield "band of 20 outlines", stalls.during(lambda: None, has_whole_band)
        heatmaps.clear()
        yield (
            "occlusion heatmap",
            stalls.during(
                lambda: window.afterthoughts.explain(
                    HeatmapMethod.OCCLUSION, HeatmapClass.POSITIVE
                ),
                lambda: bool(heatmaps),
            ),
        )

        def has_audit() -> bool:
            shown = window.tools.audit.window
            return shown is not None and shown.page is not None

        yield f"audit of {CASES} cases", stalls.during(window.tools.audit.open, has_audit)
        window.close()


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["HER2DESK_HOME"] = home
        pairs = [(start_seconds(EMPTY, home), start_seconds(PRODUCT, home)) for _ in range(ROUNDS)]
    empty, product = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"start to usable window: {product:.2f} s; empty window {empty:.2f} s", end="; ")
    print(f"ratio {statistics.median(p / e for e, p in pairs):.2f} (median of {ROUNDS})")
    for name, (late, worked) in phases():
        print(
            f"GUI thread, {name}: longest stall {late[-1]:.1f} ms, p99 {late[int(0.99 * len(late))]:.1f} "
            f"ms; its own work {worked[-1]:.1f} ms, p99 {worked[int(0.99 * len(worked))]:.1f} ms"
        )


if __name__ == "__main__":
    main()
