"""Windows of the tests are drawn in memory, so that no screen is needed."""

import os
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def closed_widgets_are_gone() -> Iterator[None]:
    """Widgets that a test closed are deleted before the next begins."""
    yield
    if QApplication.instance() is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
