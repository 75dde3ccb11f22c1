"""The demo case without a display: the same window, offscreen, and what it shows written to files."""

import shutil
import sys
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QApplication

from her2desk.domain.prediction import Prediction
from her2desk.paths import demo_case_dir
from her2desk.settings import Settings
from her2desk.texts import tr
from her2desk.ui.exporting import report_pages
from her2desk.ui.main_window import MainWindow
from her2desk.ui.rehearsal import Rehearsal


def demonstrate(app: QApplication, folder: Path) -> int:
    """Analyse the demo case and write ``report.html``, pictures and a screenshot of the window.

    Raises ``Her2DeskError`` when the analysis fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        rehearsal = Rehearsal(Path(scratch), Settings())
        try:
            rehearsal.show(1440, 900)
            rehearsal.start()
            rehearsal.open_case()
            rehearsal.fill_in()
            rehearsal.draw()
            prediction = rehearsal.answer()
            rehearsal.window.workspace.set_heatmap_visible(True)
            app.processEvents()
            rehearsal.window.grab().save(str(folder / "window.png"))
            _write_report(rehearsal.window, prediction, folder)
        finally:
            rehearsal.close()
    for name in sorted(p.name for p in folder.iterdir()):
        sys.stdout.write(f"{folder / name}\n")
    sys.stdout.write(tr("There is no display, so the demo case was analysed without one.") + "\n")
    return 0


def _write_report(window: MainWindow, prediction: Prediction, folder: Path) -> None:
    session = window.session
    if session.case is None or session.pack is None:
        return
    pixels = session.case.frames.frame(prediction.inputs.roi.frame_index)
    pages = report_pages(
        prediction,
        session.case.image,
        pixels,
        session.pack.pack,
        session.settings.reader,
    )
    (folder / "report.html").write_text(pages.html, encoding="utf-8")
    for name, content in pages.pictures.items():
        (folder / name).write_bytes(content)
    shutil.copy(demo_case_dir() / "demo.dcm", folder / "demo.dcm")
