"""A whole session of the window, as a script: import, draw, predict, export, and much that fails.

Arguments: the folder of planted files, and where exports go. Prints one JSON document.
"""

import faulthandler
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pydicom.config
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog

from her2desk.__main__ import main
from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import roi_from_json
from her2desk.paths import demo_case_dir
from her2desk.ui import app as starting
from her2desk.ui.main_window import MainWindow

LONGEST_MS = 180_000
NAME = "Xylophon^Quintessa"


class Session:
    """Leads the window through its steps; a step that does not come about is named in ``missing``."""

    def __init__(self, window: MainWindow, files: dict[str, Path], out: Path) -> None:
        self.window = window
        self.files = files
        self.out = out
        self.titles: set[str] = set()
        self.processes: dict[str, str] = {}
        self.missing: list[str] = []

    def go(self) -> None:
        try:
            self.steps()
        except Exception as error:
            self.missing.append(repr(error))
        document = {
            "titles": sorted(self.titles),
            "processes": self.processes,
            "missing": self.missing,
            "errors": [str(error) for error in self.window.problems.errors.errors()],
        }
        self.window.close()
        (self.out / "session.json").write_text(json.dumps(document))
        QApplication.quit()

    def steps(self) -> None:
        window, session = self.window, self.window.session
        self.until("engine", lambda: session.pack is not None and window.runner.engine_pid)
        done: list[object] = []
        window.importer.finished.connect(lambda *_args: done.append(1))
        window.open_files(list(self.files.values()))
        self.until("import", lambda: done and session.case is not None)
        self.look("importing")
        self.until("frame", lambda: window.workspace.view.has_frame)
        self.predict()
        for action in window.actions():
            if action.text() in ("Readings…", "Compare readers…", "How the pack does here…"):
                action.trigger()
        window.import_table.show_table()
        self.look("predicted")
        self.export()
        self.fail()
        self.look("failed")

    def predict(self) -> None:
        window, session = self.window, self.window.session
        roi = roi_from_json((demo_case_dir() / "roi.json").read_text())
        window.workspace.go_to_frame(roi.frame_index)
        window.workspace.set_drawing(drawing_of(roi))
        session.set_drawing(drawing_of(roi))
        self.until("answer", lambda: session.is_current)
        window.workspace.set_heatmap_visible(True)

    def export(self) -> None:
        written: list[object] = []
        self.window.outlines.written.connect(written.append)
        self.window.dialogs.place_of_outline = lambda _case: self.out / "outline.dcm"
        self.window.outlines.save()
        self.until("outline", lambda: written)

    def fail(self) -> None:
        """Errors in a slot, in a thread, in the background, and crashes of child processes."""
        window, errors = self.window, self.window.problems.errors

        def wrong() -> None:
            raise ValueError(f"could not convert {NAME}")

        QTimer.singleShot(0, wrong)
        threading.Thread(target=wrong).start()
        window.background.run(wrong, lambda _none: None, window.problems.show_error)
        logging.getLogger("pydicom").warning("Invalid value %s", NAME)
        logging.getLogger("her2desk.ui").debug("opened %s of %r", self.files["good"], NAME)
        self.until("errors", lambda: len(errors.errors()) >= 3)
        before = window.runner.engine_pid
        os.kill(before, signal.SIGSEGV)
        self.until("restart", lambda: window.runner.engine_pid not in (None, before))
        QFileDialog.getSaveFileName = lambda *_args: (str(self.out / "bundle.zip"), "")
        saved: list[object] = []
        window.problems.bundle_written.connect(saved.append)
        window.problems.saving.save()
        self.until("bundle", lambda: saved)

    def look(self, when: str) -> None:
        """Note the titles of all windows, and what others see of our processes."""
        self.titles |= {w.windowTitle() for w in QApplication.topLevelWidgets()}
        for pid in [os.getpid(), *(c.pid for c in multiprocessing.active_children())]:
            for part in ("cmdline", "environ"):
                path = Path(f"/proc/{pid}/{part}")
                if path.exists():
                    text = path.read_bytes().decode(errors="replace").replace("\0", " ")
                    self.processes[f"{when} {pid} {part}"] = text

    def until(self, what: str, is_done: Callable[[], object]) -> None:
        deadline, loop, timer = QDeadlineTimer(LONGEST_MS), QEventLoop(), QTimer()
        timer.timeout.connect(lambda: loop.quit() if is_done() or deadline.hasExpired() else None)
        timer.start(10)
        loop.exec()
        timer.stop()
        if not is_done():
            self.missing.append(what)


def run(folder: Path, out: Path) -> int:
    os.umask(0o022)
    faulthandler.disable()
    pydicom.config.debug(debug_on=True, default_handler=False)

    class Watched(MainWindow):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)
            files = {path.stem.partition("_")[2] or "archive": path for path in folder.iterdir()}
            session = Session(self, files, out)
            QTimer.singleShot(0, session.go)

    starting.MainWindow = Watched
    starting.has_display = lambda _environment: True
    sys.argv = ["her2desk"]
    return main()


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), Path(sys.argv[2])))
