"""The letters of the window: the system's face, and the shipped Chinese ones where that has none."""

import sys
from functools import cache

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QFontMetrics
from PySide6.QtWidgets import QApplication

from her2desk.paths import font_path
from her2desk.readable import readable

_OF_THE_SYSTEM = {"win32": ("Microsoft YaHei UI",), "darwin": ("PingFang SC",)}
_UP_TO_LATIN = 0x250  # every face of a window has these


def with_chinese(font: QFont) -> QFont:
    """``font`` that goes on with Chinese letters where it has none, so that none becomes a box.

    Patients' names are Chinese in an English window too.
    """
    first = QFontInfo(font).family()  # "Sans Serif" is no face: the next in the list would be taken
    both = QFont(font)
    both.setFamilies([first, *_OF_THE_SYSTEM.get(sys.platform, ()), *_shipped_families()])
    return both


def legible(text: str) -> str:
    """``text`` with what no font here can draw as U+XXXX, which can be looked up; a box cannot.

    Control characters, which steer where no eye sees it, are written so too.
    """
    metrics = QFontMetrics(QApplication.font())
    return readable(
        text, lambda letter: ord(letter) < _UP_TO_LATIN or metrics.inFontUcs4(ord(letter))
    )


@cache
def _shipped_families() -> tuple[str, ...]:
    """Families of the font that ships with the program; none where the installation lacks it."""
    number = QFontDatabase.addApplicationFont(str(font_path()))
    return () if number < 0 else tuple(QFontDatabase.applicationFontFamilies(number))
