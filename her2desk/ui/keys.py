"""The keys of the window's actions: the standard ones, those that were chosen, and what is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from her2desk.texts import Message, msg, phrase
from her2desk.ui.canvas.icon_button import tell_key

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText
_MODIFIERS = ("Shift", "Ctrl", "Alt", "Meta", "AltGr")


@dataclass(frozen=True)
class KeyedAction:
    """One action by its stable name, with the keys that it has unless others are chosen."""

    name: str
    group: str
    action: QAction
    standard: tuple[QKeySequence, ...]

    @property
    def words(self) -> str:
        """What it does, as its menu says it."""
        return self.action.text()


def fixed_keys() -> dict[str, Message]:
    """Keys that parts of the window listen to themselves, by what they do there."""
    return {
        "Esc": msg("stop or give up"),
        "Return": msg("close the outline, or press a button"),
        "Enter": msg("close the outline, or press a button"),
        "Backspace": msg("take the last point back"),
        "Del": msg("remove what is chosen"),
        "Space": msg("move the image, or press a button"),
        "Tab": msg("go on to the next field"),
        "Shift+Tab": msg("go back to the field before"),
        "Left": msg("move within what has the focus"),
        "Right": msg("move within what has the focus"),
        "Up": msg("move within what has the focus"),
        "Down": msg("move within what has the focus"),
        "Home": msg("move within what has the focus"),
        "End": msg("move within what has the focus"),
        "PgUp": msg("move within what has the focus"),
        "PgDown": msg("move within what has the focus"),
        "+": msg("zoom in"),
        "=": msg("zoom in"),
        "-": msg("zoom out"),
        "F5": msg("try again after an error"),
        "Alt+A": msg("accept the answer"),
        "Alt+V": msg("overrule the answer"),
        "Ctrl+.": msg("stop an import"),
        "Ctrl+C": msg("copy"),
        "Ctrl+V": msg("paste"),
        "Ctrl+X": msg("cut"),
        "Ctrl+A": msg("select all"),
        "Ctrl+W": msg("close a window"),
        "Ctrl+Alt+Shift+S": msg("show stalls of the window"),
    }


class KeyBook(QObject):
    """Gives every named action its keys. ``changed`` comes after each change."""

    changed = Signal()

    def __init__(
        self, groups: Sequence[tuple[str, Sequence[QAction]]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.actions = tuple(
            KeyedAction(action.objectName(), title, action, tuple(action.shortcuts()))
            for title, actions in groups
            for action in actions
            if action.objectName()
        )

    def key(self, name: str) -> str:
        """The present first key of an action, as the keyboard prints it; empty for none."""
        found = next((one for one in self.actions if one.name == name), None)
        return "" if found is None else found.action.shortcut().toString(_NATIVE)

    def apply(self, chosen: Mapping[str, str]) -> tuple[Message, ...]:
        """Use the chosen keys, and the standard ones elsewhere; a sentence for each that cannot be."""
        usable, notes = usable_keys(self.actions, chosen)
        for one in self.actions:
            keys = _sequences(one, usable)
            if list(keys) != one.action.shortcuts():
                one.action.setShortcuts(list(keys))
                tell_key(one.action)
        self.changed.emit()
        return notes


def usable_keys(
    actions: Sequence[KeyedAction], chosen: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Message, ...]]:
    """What of ``chosen`` can be used, and a sentence for each that cannot.

    Of two that would have the same key the earlier one of the list keeps it.
    """
    by_name = {one.name: one for one in actions}
    notes = [
        msg("There is no action {name!r} to give a key to.", name=name)
        for name in chosen
        if name not in by_name
    ]
    usable: dict[str, str] = {}
    for one in actions:
        if one.name not in chosen:
            continue
        keys = chosen[one.name]
        problem = key_problem(keys) or _conflict(actions, one, keys, {**chosen, **usable})
        if problem is None:
            usable[one.name] = keys
        else:
            notes.append(problem)
    return _without_doubles(actions, usable), tuple(notes)


def key_problem(keys: str) -> Message | None:
    """Why ``keys`` cannot be any action's; None where they can."""
    if not keys:
        return None
    sequence = QKeySequence.fromString(keys, _PORTABLE)
    text = sequence.toString(_PORTABLE)
    if not text or text.rpartition("+")[2] in _MODIFIERS:
        return msg("{keys!r} is no key.", keys=keys)
    if sequence.count() > 1:
        return msg("{keys} are several keys one after another; choose one.", keys=shown(keys))
    taken = fixed_keys().get(text)
    if taken is not None:
        return msg(
            "{keys} has a fixed use in the window ({use}).", keys=shown(keys), use=phrase(taken)
        )
    return None


def holder_of(
    actions: Sequence[KeyedAction], of: KeyedAction, keys: str, chosen: Mapping[str, str]
) -> KeyedAction | None:
    """Which other action has ``keys`` when these are chosen; None where nobody has."""
    wanted = QKeySequence.fromString(keys, _PORTABLE)
    if wanted.isEmpty():
        return None
    for one in actions:
        if one.name != of.name and wanted in _sequences(one, chosen):
            return one
    return None


def shown(keys: str) -> str:
    """Keys as the keyboard prints them."""
    return QKeySequence.fromString(keys, _PORTABLE).toString(_NATIVE)


def present_keys(one: KeyedAction, chosen: Mapping[str, str]) -> str:
    """The action's keys when these are chosen, as the keyboard prints them; several by a comma."""
    return ", ".join(keys.toString(_NATIVE) for keys in _sequences(one, chosen))


def standard_text(one: KeyedAction) -> str:
    """The action's first standard key, portable; empty for none."""
    return one.standard[0].toString(_PORTABLE) if one.standard else ""


def _sequences(one: KeyedAction, chosen: Mapping[str, str]) -> tuple[QKeySequence, ...]:
    if one.name not in chosen:
        return one.standard
    keys = chosen[one.name]
    return (QKeySequence.fromString(keys, _PORTABLE),) if keys else ()


def _conflict(
    actions: Sequence[KeyedAction], one: KeyedAction, keys: str, chosen: Mapping[str, str]
) -> Message | None:
    other = holder_of(actions, one, keys, chosen)
    if other is None:
        return None
    return msg(
        "{keys} is the key of “{other}”, so “{action}” cannot have it.",
        keys=shown(keys),
        other=other.words,
        action=one.words,
    )


def _without_doubles(actions: Sequence[KeyedAction], usable: dict[str, str]) -> dict[str, str]:
    """A choice that was possible only because another, refused, would have freed its key."""
    kept = dict(usable)
    while True:
        wrong = [
            one.name
            for one in actions
            if one.name in kept and holder_of(actions, one, kept[one.name], kept) is not None
        ]
        if not wrong:
            return kept
        del kept[wrong[-1]]
