"""A window that is killed, or that finds that the last one was: as a script.

Arguments: ``draw`` to open the demo case and draw on it, until killed; ``look`` to tell in JSON what
the window says of the last run, open the case that it offers, and end.
"""

import json
import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from her2desk.__main__ import main
from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import roi_from_json
from her2desk.paths import demo_case_dir
from her2desk.ui import app as starting
from her2desk.ui.main_window import MainWindow


def say(document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def when(is_so: Callable[[], object], then: Callable[[], object], parent: QObject) -> None:
    timer = QTimer(parent)

    def look() -> None:
        if is_so():
            timer.stop()
            then()

    timer.timeout.connect(look)
    timer.start(10)


class Drawing(MainWindow):
    def start(self, _standing: object = None) -> None:
        self.session.case_saved.connect(lambda: say({"saved": True}))
        self.open_demo()
        when(lambda: self.session.case is not None, self.draw, self)

    def draw(self) -> None:
        roi = roi_from_json((demo_case_dir() / "roi.json").read_text())
        self.session.set_drawing(drawing_of(roi))


class Looking(MainWindow):
    def start(self, _standing: object = None) -> None:
        notice = self.problems.last_run
        said = "" if notice.isHidden() else notice.accessibleName()
        if notice.isHidden():
            self.tell(said)
            return
        notice.open_button.click()
        when(lambda: self.session.case is not None, lambda: self.tell(said), self)

    def tell(self, said: str) -> None:
        case = self.session.case
        points = len(case.drawing.answering.polygon) if case and case.drawing.answering else 0
        say({"said": said, "case": case.case_id if case else None, "points": points})
        self.close()
        QApplication.quit()


if __name__ == "__main__":
    starting.MainWindow = {"draw": Drawing, "look": Looking}[sys.argv.pop()]
    starting.has_display = lambda _environment: True
    sys.argv = ["her2desk"]
    sys.exit(main())
