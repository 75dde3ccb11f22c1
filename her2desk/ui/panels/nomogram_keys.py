"""What a key does on a nomogram's marker in focus."""

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from her2desk.domain.nomogram import NomogramAxis
from her2desk.ui.panels.nomogram_entry import NUMBER_KEYS, level_after

_STEP, _LEAP = 0.01, 0.1  # shares of an axis for the arrow and Page keys
_Key = Qt.Key
_SHARES = {
    _Key.Key_Right: _STEP,
    _Key.Key_Up: _STEP,
    _Key.Key_Left: -_STEP,
    _Key.Key_Down: -_STEP,
    _Key.Key_PageUp: _LEAP,
    _Key.Key_PageDown: -_LEAP,
    _Key.Key_Home: -1.0,
    _Key.Key_End: 1.0,
}
_TYPING = (_Key.Key_Return, _Key.Key_Enter, _Key.Key_F2)
_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class Deed(Enum):
    """What a key asks for."""

    MOVE = auto()
    TYPE = auto()
    UNDO = auto()
    REDO = auto()
    RESET = auto()
    COPY = auto()


@dataclass(frozen=True)
class KeyDeed:
    """A deed, with the value to move to, or with what was typed already."""

    deed: Deed
    value: float = 0.0
    typed: str = ""


def deed_of(
    event: QKeyEvent, axis: NomogramAxis, current: float | None, is_trying: bool
) -> KeyDeed | None:
    """What a key does to the marker that stands at ``current``; None where it is not for us."""
    for standard, deed in (
        (QKeySequence.StandardKey.Undo, Deed.UNDO),
        (QKeySequence.StandardKey.Redo, Deed.REDO),
        (QKeySequence.StandardKey.Copy, Deed.COPY),
    ):
        if event.matches(standard):
            return KeyDeed(deed)
    if event.modifiers() & _MODIFIERS:
        return None
    key, text = Qt.Key(event.key()), event.text()
    if key == _Key.Key_Escape:
        return KeyDeed(Deed.RESET) if is_trying else None
    if key in _TYPING:
        return KeyDeed(Deed.TYPE)
    if key in _SHARES:
        return KeyDeed(Deed.MOVE, _moved(axis, _SHARES[key], current))
    if not axis.term.is_discrete:
        return KeyDeed(Deed.TYPE, typed=text) if text and text in NUMBER_KEYS else None
    level = level_after(axis, text, current)
    return None if level is None else KeyDeed(Deed.MOVE, level)


def _moved(axis: NomogramAxis, share: float, current: float | None) -> float:
    """The value after a step; right is always towards more points, as on screen."""
    low, high = axis.ticks[0][0], axis.ticks[-1][0]
    start = axis.clipped(low if current is None else current)[0]
    if not axis.term.is_discrete:
        towards_right = 1 if axis.points_per_unit >= 0 else -1
        return axis.clipped(start + share * (high - low) * towards_right)[0]
    levels = axis.levels_by_points()
    jump = len(levels) if abs(share) == 1 else 1
    place = levels.index(start) + (jump if share > 0 else -jump)
    return levels[min(max(place, 0), len(levels) - 1)]
