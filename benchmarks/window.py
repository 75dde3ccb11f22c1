"""Start of the window, and stalls of its GUI thread while something is worked out: ``make bench``.

A start is a fresh process, from before the interpreter to the first paint with all rooms usable; the
baseline, interleaved, is an empty PySide6 + pyqtgraph window. Stalls of the GUI thread are measured by
``ui/stalls.py``: during the first prediction of a session, engine start included, while its band and
another heatmap come in, and while the audit opens; of each the last stall above 16 ms with its place.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from her2desk.cli.window_start import EMPTY, PRODUCT
from her2desk.domain.stability import Stability

if TYPE_CHECKING:
    from her2desk.ui.stalls import Figures, Stall, StallMonitor

ROUNDS = 7
CASES = 300


def start_seconds(code: str, library: str) -> tuple[float, float]:
    """Seconds from before the process to its first paint, and of processor time until its end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = time.time()
    command = [sys.executable, "-c", code, library]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return float(done.stdout.split()[0]) - before, processor


def starts(home: str) -> str:
    """The start of both windows, as installed programs start: with their modules compiled."""
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(home) / "compiled")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for code in (EMPTY, PRODUCT):
        start_seconds(code, home)
    rounds = [(start_seconds(EMPTY, home), start_seconds(PRODUCT, home)) for _ in range(ROUNDS)]
    words = []
    for index, kind in enumerate(("", " of processor time")):
        empty = statistics.median(one[0][index] for one in rounds)
        product = statistics.median(one[1][index] for one in rounds)
        ratio = statistics.median(one[1][index] / one[0][index] for one in rounds)
        words.append(
            f"start to usable window: {product:.2f} s{kind}; empty window {empty:.2f} s; "
            f"ratio {ratio:.2f} (median of {ROUNDS})"
        )
    return "\n".join(words)


def during(
    monitor: "StallMonitor", begin: Callable[[], object], ended: Callable[[], bool]
) -> "Figures":
    """The stalls from ``begin`` until ``ended``."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    watch = QTimer()
    watch.setInterval(20)
    watch.timeout.connect(lambda: loop.quit() if ended() else None)
    monitor.start()
    watch.start()
    QTimer.singleShot(5, begin)
    loop.exec()
    watch.stop()
    return monitor.stop()


def phases() -> Iterator[tuple[str, "Figures", "Stall | None"]]:
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
    from her2desk.ui.garbage import set_aside_loaded
    from her2desk.ui.stalls import StallMonitor

    make_application(Settings())
    pack = open_pack(demo_pack_path())
    monitor = StallMonitor(limit_ms=16)
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
            window.background.run(lambda: None, lambda _none: set_aside_loaded(), print)

        session.case_opened.connect(draw)
        session.refused.connect(lambda error: sys.exit(str(error)))
        window.afterthoughts.stability_changed.connect(bands.append)
        window.afterthoughts.heatmap_changed.connect(heatmaps.append)

        def has_answer() -> bool:
            return session.prediction is not None

        yield "first prediction", during(monitor, open_demo, has_answer), monitor.last

        def has_whole_band() -> bool:
            return bool(bands) and bands[-1] is not None and bands[-1].is_complete

        yield "band of 20 outlines", during(monitor, lambda: None, has_whole_band), monitor.last
        heatmaps.clear()
        yield (
            "occlusion heatmap",
            during(
                monitor,
                lambda: window.afterthoughts.explain(
                    HeatmapMethod.OCCLUSION, HeatmapClass.POSITIVE
                ),
                lambda: bool(heatmaps),
            ),
            monitor.last,
        )

        def has_audit() -> bool:
            shown = window.tools.audit.window
            return shown is not None and shown.page is not None

        opened = during(monitor, window.tools.audit.open, has_audit)
        yield f"audit of {CASES} cases", opened, monitor.last
        window.close()


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["HER2DESK_HOME"] = home
        print(starts(home))
    for name, found, last in phases():
        print(f"GUI thread, {name}: {found}")
        if last is not None:
            print(f"  {last.late_ms:.0f} ms in {' < '.join(last.places)}")


if __name__ == "__main__":
    main()
