"""The DICOM network measured: instances over cut connections, speed beside storescu, and the window.

    python -m benchmarks.pacs [--instances 1000] [--frames 1]

Needs Orthanc; dcmtk's storescu and getscu are the baseline. Files and ports are temporary.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from pydicom import dcmread
from pydicom.uid import generate_uid
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.nodes import ReceiverSettings
from her2desk.dicom.pacs.outbox import Outbox, deliver
from her2desk.dicom.pacs.patience import Patience
from her2desk.dicom.pacs.retrieve import get_study
from her2desk.dicom.pacs.spool import Spool
from her2desk.ui.jobs import Background
from her2desk.ui.pacs.receiver_service import ReceiverService
from tests.cutting_proxy import CuttingProxy, random_budget
from tests.orthanc import Orthanc, free_port, orthanc_program, running_orthanc
from tests.unit.dicom.dicom_builder import picture, us_file
from tests.unit.dicom.pacs.samples import STUDY, data_set, instances

QUICKLY = Patience(tries=60, first_s=0.01, longest_s=0.05)
LARGE = 40  # instances of the comparison of speed, and of the window's
TICK_MS = 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=1000)
    arguments = parser.parse_args()
    program = orthanc_program()
    if program is None:
        raise SystemExit("Orthanc is absent: apt-get install orthanc")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_orthanc(program, folder) as orthanc:
            cut_off(orthanc, folder, arguments.instances)
        for part in ("speed", "window"):
            (folder / part).mkdir()
            with running_orthanc(program, folder / part) as orthanc:
                (speed if part == "speed" else window)(orthanc, folder / part)


def cut_off(orthanc: Orthanc, folder: Path, count: int) -> None:
    """``count`` small instances out and in again, each connection cut after some of them."""
    paths = instances(folder / "files", count)
    uids = sorted(str(dcmread(path).SOPInstanceUID) for path in paths)
    outbox = Outbox(folder / "outbox")
    for path in paths:
        outbox.add("Archive", path)
    begun = time.perf_counter()
    with CuttingProxy(orthanc.port, random_budget(5, 500, 30_000)) as proxy:
        delivered = deliver(outbox, orthanc.node(proxy.port), Asking("HER2DESK"), patience=QUICKLY)
    there = orthanc.uids()
    print(
        f"sent       {len(delivered.sent)} of {count} over {proxy.connections} connections, "
        f"{proxy.cuts} cut; lost {len(set(uids) - set(there))}, "
        f"twice {len(there) - len(set(there))}; {time.perf_counter() - begun:.0f} s"
    )
    draw = random_budget(6, 16_000, 46_000)
    begun = time.perf_counter()
    with Spool(folder / "inbox") as spool:
        with CuttingProxy(
            orthanc.port, lambda: None if proxy.connections <= 2 else draw()
        ) as proxy:
            asking = Asking("HER2DESK", spool=spool)
            got = get_study(orthanc.node(proxy.port), asking, STUDY, patience=QUICKLY)
        files = spool.files()
        came = sorted(file.sop_instance_uid for file in got.files)
        same = sorted(map(digest, files)) == sorted(map(digest, paths))
    print(
        f"fetched    {len(got.files)} of {count} over {proxy.connections} connections, "
        f"{proxy.cuts} cut; lost {len(set(uids) - set(came))}, twice {len(files) - len(set(came))}; "
        f"bytes equal: {same}; {time.perf_counter() - begun:.0f} s"
    )


def digest(path: Path) -> str:
    return hashlib.sha256(data_set(path)).hexdigest()


def speed(orthanc: Orthanc, folder: Path) -> None:
    """Cine loops of 40 frames, beside dcmtk's storescu and getscu."""
    paths = cine_loops(folder / "files")
    size = sum(path.stat().st_size for path in paths) / (1 << 20)
    outbox = Outbox(folder / "outbox")
    for path in paths:
        outbox.add("Archive", path)
    ours = timed(lambda: deliver(outbox, orthanc.node(), Asking("HER2DESK")))
    orthanc.empty()
    storescu = shutil.which("storescu")
    theirs = None
    if storescu is not None:
        command = [storescu, "-aec", "ORTHANC", "127.0.0.1", str(orthanc.port), *map(str, paths)]
        theirs = timed(lambda: subprocess.run(command, check=True))
    print(line(f"send {len(paths)} loops, {size:.0f} MiB", ours, theirs, "storescu"))
    with Spool(folder / "inbox") as spool:
        asking = Asking("HER2DESK", spool=spool)
        fetched = timed(lambda: get_study(orthanc.node(), asking, STUDY))
    getscu = shutil.which("getscu")
    theirs = None
    if getscu is not None:
        (folder / "got").mkdir()
        command = [
            getscu, "-S", "-aec", "ORTHANC", "-od", str(folder / "got"), "-k",
            "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}", "127.0.0.1",
            str(orthanc.port),
        ]  # fmt: skip
        theirs = timed(lambda: subprocess.run(command, check=True))
    print(line(f"fetch {len(paths)} loops, {size:.0f} MiB", fetched, theirs, "getscu"))


def window(orthanc: Orthanc, folder: Path) -> None:
    """The longest stall of an event loop while it receives, and while it fetches."""
    app = QApplication.instance() or QApplication([])
    paths = cine_loops(folder / "files")
    port = free_port()
    service = ReceiverService()
    heard: list[Path] = []
    service.received.connect(heard.extend)
    settings = ReceiverSettings(True, "HER2DESK", "127.0.0.1", port, ("SCANNER",))
    stalls = Stalls()
    service.start(settings, folder / "inbox")
    stalls.until(app, lambda: service.is_listening)
    print(f"window     switching the receiver on: {stalls.said()}")
    storescu = shutil.which("storescu")
    if storescu is None:
        raise SystemExit("storescu is absent: apt-get install dcmtk")
    to_here = ["-aec", "HER2DESK", "-aet", "SCANNER", "127.0.0.1", str(port)]
    sender = subprocess.Popen([storescu, *to_here, *map(str, paths)])
    stalls = Stalls()
    stalls.until(app, lambda: len(heard) == len(paths))
    print(f"window     receiving {len(paths)} loops: {stalls.said()}")
    sender.wait()
    service.close()
    outbox = Outbox(folder / "outbox")
    for path in paths:
        outbox.add("Archive", path)
    deliver(outbox, orthanc.node(), Asking("HER2DESK"))
    background = Background()
    done: list[object] = []
    for name in ("the first time", "again"):

        def fetch(place: Path = folder / f"inbox {name}") -> object:
            with Spool(place) as spool:
                return get_study(orthanc.node(), Asking("HER2DESK", spool=spool), STUDY)

        done.clear()
        stalls = Stalls()
        background.run(fetch, done.append, done.append)
        stalls.until(app, lambda: bool(done))
        print(f"window     fetching them, {name}: {stalls.said()}")
    background.close()


class Stalls:
    """Gaps between the ticks of an event loop."""

    def __init__(self) -> None:
        self._gaps_ms: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def until(self, app: object, done: Callable[[], bool]) -> None:
        while not done():
            app.processEvents()  # type: ignore[attr-defined]
            time.sleep(0.0005)
        self._timer.stop()

    def said(self) -> str:
        gaps = np.array(self._gaps_ms)
        return f"longest stall {gaps.max():.0f} ms, p99 {np.percentile(gaps, 99):.1f} ms"

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps_ms.append(1000 * (now - self._last))
        self._last = now


def cine_loops(folder: Path) -> list[Path]:
    """Some 5 MiB each."""
    folder.mkdir()
    frames = np.tile(picture(40), (1, 14, 14))
    paths = []
    for number in range(LARGE):
        uid = generate_uid(entropy_srcs=["loop", str(number)])
        path = us_file(
            folder / f"{number}.dcm",
            frames,
            SOPInstanceUID=uid,
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=f"{STUDY}.1",
        )
        made = dcmread(path)
        made.file_meta.MediaStorageSOPInstanceUID = uid
        made.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def line(name: str, ours: float, theirs: float | None, baseline: str) -> str:
    beside = "" if theirs is None else f"; {baseline} {theirs:.2f} s, ratio {ours / theirs:.2f}"
    return f"{name:10} {ours:.2f} s{beside}"


if __name__ == "__main__":
    main()
