"""What the doctor's child tells of the window: whether Qt starts, through what, on which screens."""

import os
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from her2desk.settings import Settings
from her2desk.ui.app import has_display, make_application


def window_facts() -> Mapping[str, Any]:
    """Start an application as the window would; Qt ends the process where it cannot.

    Where there is no display it is drawn in memory. Sizes are in device-independent pixels.
    """
    can_show = has_display(os.environ)
    if not can_show:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    make_application(Settings())
    screens = [
        {
            "width": screen.size().width(),
            "height": screen.size().height(),
            "scale": screen.devicePixelRatio(),
        }
        for screen in QGuiApplication.screens()
    ]
    return {
        "qt": qVersion(),
        "platform": QGuiApplication.platformName(),
        "has_display": can_show,
        "screens": screens,
    }
