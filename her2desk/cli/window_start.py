"""The start of the window, as a scene of the benchmark: the window's own code, in a process of its own."""

from her2desk.benchmark.start_scene import StartScene

ROW = "start_to_window"

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
from her2desk.ui.garbage import leave_alone_while_loading
leave_alone_while_loading()
from PySide6.QtCore import QTimer
from her2desk.settings import Settings
from her2desk.ui.app import make_application, make_window
app = make_application(Settings())
window = make_window(Path(sys.argv[1]), Settings())
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
print(time.time())
heavy = {"torch", "monai", "radiomics", "lightgbm", "scipy", "matplotlib", "pydantic", "pydicom"}
heavy &= set(sys.modules)
assert not heavy, heavy
import os
os._exit(0)  # no library was worked on, so nothing is to be ended in order
"""


def window_start() -> StartScene:
    """From before the process to the first paint with everything usable, and no torch in it."""
    return StartScene(ROW, PRODUCT, EMPTY)
