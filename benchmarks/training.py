"""A pack from 200 phantom patients with one command, and the window while one is built.

``python -m benchmarks.training build`` times the command, cold (nothing cached) and, to the end of
measuring, a second time with the features kept. ``… window`` measures how late a timer of one
millisecond fires on the GUI thread of the training window while its child builds a small pack.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENTS = 200
FEW = 60
SEED = 1
LIMIT_S = 15 * 60
WATCHED_MS = 60_000


def build(home: Path) -> None:
    """Time ``her2desk train`` on 200 phantoms, then the measuring of a second run."""
    cohort = home / "cohort"
    _run(home, "phantom", cohort, "--patients", PATIENTS, "--seed", SEED)
    train = ["train", cohort, "--out", home / "a.h2pack", "--jobs", 2]
    before = time.perf_counter()
    document, stages = _run(home, *train)
    seconds = time.perf_counter() - before
    print(
        f"train, {PATIENTS} patients, 2 processes: {seconds:.0f} s ({seconds / LIMIT_S:.2f} of 15 min)"
    )
    for stage, ended in stages.items():
        print(f"  {stage} ended at {ended:.0f} s")
    for branch, figure in document["metrics"]["held_out"].items():
        auc = figure["auc"]
        print(f"  held out {branch}: {auc['value']:.3f} ({auc['lower']:.3f}–{auc['upper']:.3f})")
    features = ["features", cohort, "--profile", "us-2d", "--out", home / "f.csv", "--jobs", 2]
    before = time.perf_counter()
    _run(home, *features)
    print(f"features again, from the cache: {time.perf_counter() - before:.1f} s")


def window(home: Path) -> None:
    """Stalls of the GUI thread while a training runs in its child process."""
    from PySide6.QtCore import QEventLoop, QTimer

    from her2desk.own_command import own_command
    from her2desk.settings import Settings
    from her2desk.ui.app import make_application
    from her2desk.ui.training.child_command import GRACE_MS
    from her2desk.ui.training.training_window import TrainingWindow

    cohort = home / "cohort"
    _run(home, "phantom", cohort, "--patients", FEW, "--seed", SEED)
    make_application(Settings())
    shown = TrainingWindow(own_command(), home / "windows.ini", lambda _url: True, GRACE_MS)
    shown.show()
    late: list[float] = []
    loop = QEventLoop()
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append((now - last) * 1000 - 1.0)
        last = now

    def checked(_check: object) -> None:
        shown.forward.click()
        shown.forward.click()

    timer = QTimer()
    timer.setInterval(1)
    timer.timeout.connect(tick)
    shown.process.check_finished.connect(checked)
    shown.process.finished.connect(lambda _pack: loop.quit())
    shown.process.failed.connect(lambda error: sys.exit(str(error)))
    QTimer.singleShot(WATCHED_MS, loop.quit)
    QTimer.singleShot(50, timer.start)
    QTimer.singleShot(60, lambda: shown.cohort.choose_folder(cohort))
    loop.exec()
    timer.stop()
    shown.end()
    late = sorted(late[1:])
    p99 = late[int(0.99 * len(late))]
    print(f"GUI thread while a training runs: longest stall {late[-1]:.1f} ms, p99 {p99:.1f} ms")


def _run(home: Path, *arguments: object) -> tuple[dict[str, dict], dict[str, float]]:
    """The command's document, and when each stage that it told of ended, in seconds."""
    command = [sys.executable, "-m", "her2desk", *map(str, arguments), "--json"]
    environment = {**os.environ, "HER2DESK_HOME": str(home / "home"), "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    stages: dict[str, float] = {}
    assert process.stderr is not None
    assert process.stdout is not None
    for line in process.stderr:
        if line.startswith("{") and (stage := json.loads(line).get("stage")):
            stages[stage] = time.perf_counter() - started
    document = json.loads(process.stdout.read())
    if process.wait() != 0:
        raise SystemExit(str(document))
    return document, stages


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("build", "window"))
    what = parser.parse_args().what
    with tempfile.TemporaryDirectory() as folder:
        {"build": build, "window": window}[what](Path(folder))


if __name__ == "__main__":
    main()
