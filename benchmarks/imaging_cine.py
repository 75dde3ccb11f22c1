"""Cines on screen: ``python -m benchmarks.imaging_cine``.

Made-up speckle of 1024 × 768 in colour, stored in each way that scanners use, and the longest real cine
of the public test data. For each: milliseconds from the file being opened to its first frame painted;
frames painted a second while a hand goes through 200 frames to and fro at 60 a second, once when
nothing was decoded yet and once more; the longest stall of the GUI thread meanwhile and the 99th
percentile; resident memory above idle, that of the decoding process included.

The baseline, in the same run, decodes where it is asked, with pydicom's own ``pixel_array``: one frame
on the GUI thread for each step of the hand; its memory is the size of all frames, decoded at once.
"""

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread
from pydicom.pixels import pixel_array

from benchmarks.public_data import data_folder
from her2desk.benchmark.cines import COLUMNS, FRAMES, ROWS, SYNTAXES, speckle, write_cine

if TYPE_CHECKING:
    from her2desk.dicom.reader import OpenedImage
    from her2desk.ui.canvas.workspace import Workspace
    from her2desk.ui.frame_loader import FrameLoader
    from her2desk.ui.stalls import Figures

HAND_PER_S, HAND_FRAMES = 60, 200
REAL = "pydicom-data__color3d_jpeg_baseline.dcm"


def resident_mb(*pids: int | None) -> float:
    """Resident memory of processes, MB; only where /proc tells."""
    total = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/statm")
        if pid is not None and status.exists():
            total += int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total / 2**20


class Bench:
    """The middle of the window with its loader, as the window wires them."""

    def __init__(self, loader: "FrameLoader", workspace: "Workspace") -> None:
        self.loader, self.workspace = loader, workspace
        workspace.frame_requested.connect(loader.request)
        loader.decoded.connect(workspace.frame_ready)
        loader.failed.connect(lambda _index, words, _sha256: sys.exit(words))

    def first_ms(self, opened: "OpenedImage") -> float:
        """Milliseconds until the first frame is painted."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        done = self.workspace.frame_shown.connect(lambda _index: QTimer.singleShot(0, loop.quit))
        begun = time.perf_counter()
        self.loader.open(opened.frames, opened.image.sha256)
        self.workspace.show_case(opened.image)
        loop.exec()
        self.workspace.view.repaint()
        self.workspace.frame_shown.disconnect(done)
        return 1000 * (time.perf_counter() - begun)

    def scrub(self, steps: list[int], ask: Callable[[int], None]) -> tuple[float, "Figures"]:
        """Frames painted a second, and stalls, while a hand goes through ``steps``."""
        from PySide6.QtCore import QEventLoop, Qt, QTimer

        from her2desk.ui.stalls import StallMonitor

        painted: list[int] = []
        shown = self.workspace.frame_shown.connect(painted.append)
        loop, monitor = QEventLoop(), StallMonitor()
        begun = time.perf_counter()

        at = -1

        def move() -> None:
            nonlocal at
            due = int((time.perf_counter() - begun) * HAND_PER_S)
            if due >= len(steps):
                loop.quit()
            elif due > at:
                at = due
                ask(steps[due])

        hand = QTimer()
        hand.setTimerType(Qt.TimerType.PreciseTimer)
        hand.setInterval(2)
        hand.timeout.connect(move)
        hand.start()
        monitor.start()
        loop.exec()
        hand.stop()
        found = monitor.stop()
        self.workspace.frame_shown.disconnect(shown)
        return len(painted) / (time.perf_counter() - begun), found

    def settle(self) -> None:
        """Let the decoding process start, as it has when a person first opens an image."""
        from PySide6.QtCore import QCoreApplication

        until = time.perf_counter() + 3
        while time.perf_counter() < until:
            QCoreApplication.processEvents()
            time.sleep(0.005)


def hand(frames: int) -> list[int]:
    """To the end and back, a frame every sixtieth of a second."""
    there = list(range(min(frames, HAND_FRAMES)))
    return [*there, *reversed(there)]


def measure(bench: Bench, name: str, path: Path, idle: float) -> str:
    """One row of the table, the baseline's beneath it."""
    from her2desk.dicom.reader import open_image

    before = time.perf_counter()
    opened = open_image(path)
    open_ms = 1000 * (time.perf_counter() - before)
    first = bench.first_ms(opened)
    steps, slider = hand(len(opened.frames)), bench.workspace.cine.slider
    cold, cold_watch = bench.scrub(steps, slider.setValue)
    warm, warm_watch = bench.scrub(steps, slider.setValue)
    above = resident_mb(os.getpid(), bench.loader.process_id) - idle
    ours = (
        f"{name:14} {open_ms:7.0f} {first:8.0f} {cold:7.1f} {warm:7.1f} "
        f"{max(cold_watch.longest_ms, warm_watch.longest_ms):8.1f} "
        f"{max(cold_watch.p99_ms, warm_watch.p99_ms):7.1f} {above:8.0f}"
    )
    bench.workspace.frame_requested.disconnect(bench.loader.request)
    sha256 = opened.image.sha256
    ds = dcmread(path)

    def naive(index: int) -> None:
        bench.workspace.go_to_frame(index)  # the loader is not asked: nothing else answers
        bench.workspace.frame_ready(index, pixel_array(ds, index=index), sha256)

    began = time.perf_counter()
    naive(0)
    first = 1000 * (time.perf_counter() - began)
    rate, watch = bench.scrub(steps[: HAND_FRAMES // 2], naive)
    everything = np.prod([len(opened.frames), opened.image.rows, opened.image.columns, 3]) / 2**20
    theirs = (
        f"{'  baseline':14} {'':7} {first:8.0f} {rate:7.1f} {'':7} "
        f"{watch.longest_ms:8.1f} {watch.p99_ms:7.1f} {everything:8.0f}"
    )
    bench.workspace.frame_requested.connect(bench.loader.request)
    gc.collect()
    return f"{ours}\n{theirs}"


def cines(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each cine's name and file; the made-up ones are written when their turn comes."""
    real = data_folder() / "dicom_us" / REAL
    if real.exists():
        yield "real, JPEG", real
    frames = speckle()
    for kind in SYNTAXES:
        path = folder / "cine.dcm"
        write_cine(path, kind, frames)
        yield kind, path
        path.unlink()


def window_ms() -> str:
    """Milliseconds to show a full-HD colour frame, as it is and under a window."""
    from PySide6.QtCore import QSize

    from her2desk.ui.canvas.picture import Picture
    from her2desk.ui.canvas.transform import ViewTransform
    from her2desk.ui.canvas.window_level import WindowLevel

    pixels = np.random.default_rng(1).integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    picture, size, view = Picture(), QSize(1000, 700), ViewTransform(1000 / 1920)
    figures = []
    for level in (WindowLevel(), WindowLevel(150, 90)):
        picture.set_level(level)
        times = []
        for _ in range(15):
            began = time.perf_counter()
            picture.set_pixels(pixels)
            picture.pixmap(view, size, 1.0, None, 0.0)
            times.append(1000 * (time.perf_counter() - began))
        figures.append(statistics.median(times))
    table, times = WindowLevel(150, 90).lookup_table(), []
    for _ in range(15):
        began = time.perf_counter()
        np.take(table, pixels)
        times.append(1000 * (time.perf_counter() - began))
    return (
        f"full-HD colour frame on screen: {figures[0]:.1f} ms; under a window {figures[1]:.1f} ms "
        f"(baseline: numpy.take alone {statistics.median(times):.1f} ms)"
    )


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from her2desk.settings import Settings
    from her2desk.ui.app import make_application
    from her2desk.ui.canvas.workspace import Workspace
    from her2desk.ui.frame_loader import FrameLoader

    make_application(Settings())
    workspace, loader = Workspace(), FrameLoader()
    workspace.resize(1100, 850)
    workspace.show()
    bench = Bench(loader, workspace)
    loader.warm()  # as the window does after its first paint
    bench.settle()
    print(
        f"{FRAMES} frames of {COLUMNS} × {ROWS} in colour; a hand moves {HAND_PER_S} frames a second"
    )
    print(
        f"{'cine':14} {'open ms':>7} {'first ms':>8} {'cold/s':>7} {'again/s':>7} "
        f"{'stall ms':>8} {'p99 ms':>7} {'MB':>8}"
    )
    idle = resident_mb(os.getpid(), loader.process_id)
    with tempfile.TemporaryDirectory() as folder:
        for name, path in cines(Path(folder)):
            print(measure(bench, name, path, idle), flush=True)
    loader.close()
    print(f"idle {idle:.0f} MB resident, the decoding process included; MB is above that")
    print(window_ms())


if __name__ == "__main__":
    main()
