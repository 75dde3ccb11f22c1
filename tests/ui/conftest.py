"""Windows of the tests are drawn in memory, so that no screen is needed.

What runs beside them, an engine above all, has its imports made before it starts.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from her2desk.dicom import decoding
from her2desk.inference import engine, importing_apart
from her2desk.reports import apart
from her2desk.store import vault
from her2desk.ui.stalls import StallMonitor
from tests.ready_processes import start_ready

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", autouse=True)
def ready_processes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        start_ready(monkeypatch, engine, decoding, importing_apart, apart, vault)
        yield


@pytest.fixture(autouse=True)
def closed_widgets_are_gone() -> Iterator[None]:
    """Widgets that a test closed are deleted before the next begins."""
    yield
    if QApplication.instance() is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication) -> Iterator[Callable[[str], QWidget]]:
    """Opens a window of the table in ``every_window.py`` by its name."""
    from tests.ui.every_window import opened_window  # takes most of the program with it

    with ExitStack() as windows:
        yield lambda name: windows.enter_context(opened_window(name, tmp_path))


@pytest.fixture
def stalls(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[StallMonitor]:
    """Measures the event loop during a test and reports it with the test's output (``-rA``)."""
    monitor = StallMonitor()
    monitor.start()
    yield monitor
    found, last = monitor.stop(), monitor.last
    places = "" if last is None else f"\nlast: {last.late_ms:.0f} ms in {' < '.join(last.places)}"
    request.node.add_report_section("teardown", "stalls", f"{found}{places}")
