"""Every action with its key, and another key for it."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from her2desk.settings import Settings
from her2desk.texts import tr
from her2desk.ui.keys import (
    KeyedAction,
    holder_of,
    key_problem,
    present_keys,
    shown,
    standard_text,
    usable_keys,
)
from her2desk.ui.settings_pages.key_field import KeyField
from her2desk.ui.settings_pages.surroundings import Surroundings
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NAME = Qt.ItemDataRole.UserRole
_SPOKEN = Qt.ItemDataRole.AccessibleTextRole
_ACTION, _KEY, _CHANGED = range(3)


class KeysPage(QWidget):
    """The list above, the chosen action's key beneath; a key that is taken is refused by name."""

    def __init__(self, around: Surroundings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = {one.name: one for one in around.actions}
        self._chosen: dict[str, str] = {}
        self._foreign: dict[str, str] = {}  # of other versions; they are not lost here
        self._lock = around.lock_of("shortcuts")
        self.list = QTreeWidget()
        self.field = KeyField()
        self.standard = QPushButton(tr("&Standard key"))
        self.none = QPushButton(tr("&No key"))
        self.all_standard = QPushButton(tr("&All standard keys"))
        self.of_what = QLabel()
        self.said = wrapped("", "warning")
        self._arrange()
        self._fill()
        self.list.currentItemChanged.connect(lambda *_: self._show_chosen())
        self.field.keySequenceChanged.connect(self._take)
        self.standard.clicked.connect(self._to_standard)
        self.none.clicked.connect(self._to_none)
        self.all_standard.clicked.connect(self._all_to_standard)
        self._show_chosen()

    def show_settings(self, settings: Settings) -> None:
        """Show these; what cannot be used of them is said."""
        known = {name: keys for name, keys in settings.shortcuts.items() if name in self._actions}
        self._foreign = {n: k for n, k in settings.shortcuts.items() if n not in known}
        self._chosen, notes = usable_keys(list(self._actions.values()), known)
        self._renew()
        self._show_chosen()
        self._say(" ".join(note.text() for note in notes))

    def over(self, settings: Settings) -> Settings:
        """``settings`` with the keys chosen here."""
        return replace(settings, shortcuts={**self._foreign, **self._chosen})

    def select(self, name: str) -> None:
        """Choose an action in the list."""
        for item in self._items():
            if item.data(_ACTION, _NAME) == name:
                self.list.setCurrentItem(item)

    def _take(self, sequence: QKeySequence) -> None:
        one = self._current()
        if one is None:
            return
        keys = sequence.toString(_PORTABLE)
        if not keys:
            return
        problem = key_problem(keys)
        if problem is not None:
            self._refuse(one, problem.text())
            return
        other = holder_of(list(self._actions.values()), one, keys, self._chosen)
        if other is not None:
            said = tr("{keys} is the key of “{other}”. Give that one another key first.")
            self._refuse(one, said.format(keys=shown(keys), other=other.words))
            return
        self._choose(one, keys)

    def _refuse(self, one: KeyedAction, why: str) -> None:
        self._show_chosen()
        self._say(why)

    def _choose(self, one: KeyedAction, keys: str) -> None:
        if (keys,) == tuple(key.toString(_PORTABLE) for key in one.standard):
            self._chosen.pop(one.name, None)
        else:
            self._chosen[one.name] = keys
        self._say("")
        self._renew()
        self._show_chosen()

    def _to_none(self) -> None:
        one = self._current()
        if one is not None:
            self._chosen[one.name] = ""
            if not one.standard:
                del self._chosen[one.name]
            self._say("")
            self._renew()
            self._show_chosen()

    def _to_standard(self) -> None:
        one = self._current()
        if one is None:
            return
        rest = {name: keys for name, keys in self._chosen.items() if name != one.name}
        other = holder_of(list(self._actions.values()), one, standard_text(one), rest)
        if other is not None:
            said = tr("{keys} is the key of “{other}”. Give that one another key first.")
            self._refuse(one, said.format(keys=shown(standard_text(one)), other=other.words))
            return
        self._chosen = rest
        self._say("")
        self._renew()
        self._show_chosen()

    def _all_to_standard(self) -> None:
        self._chosen = {}
        self._say("")
        self._renew()
        self._show_chosen()

    def _current(self) -> KeyedAction | None:
        item = self.list.currentItem()
        return None if item is None else self._actions.get(item.data(_ACTION, _NAME))

    def _show_chosen(self) -> None:
        one = self._current()
        self.of_what.setText(
            "" if one is None else tr("Key for “{action}”").format(action=one.words)
        )
        self.field.blockSignals(True)
        first = present_keys(one, self._chosen).split(", ")[0] if one is not None else ""
        self.field.setKeySequence(
            QKeySequence.fromString(first, QKeySequence.SequenceFormat.NativeText)
        )
        self.field.blockSignals(False)
        can = one is not None and self._lock is None
        for widget in (self.field, self.standard, self.none):
            widget.setEnabled(can)
        self.all_standard.setEnabled(self._lock is None)
        self._say("")

    def _say(self, text: str) -> None:
        self.said.setText(text)

    def _fill(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for one in self._actions.values():
            if one.group not in groups:
                group = groups[one.group] = QTreeWidgetItem(self.list, [one.group])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.setFirstColumnSpanned(True)
                for column in (_KEY, _CHANGED):
                    group.setData(column, _SPOKEN, one.group)
            item = QTreeWidgetItem(groups[one.group], [one.words])
            item.setData(_ACTION, _NAME, one.name)
        self.list.expandAll()
        self._renew()
        self.list.resizeColumnToContents(_ACTION)
        items = self._items()
        if items:
            self.list.setCurrentItem(items[0])

    def _renew(self) -> None:
        changed = tr("changed")
        for item in self._items():
            one = self._actions[item.data(_ACTION, _NAME)]
            keys = present_keys(one, self._chosen)
            item.setText(_KEY, keys)
            item.setText(_CHANGED, changed if one.name in self._chosen else "")
            item.setData(_KEY, _SPOKEN, keys or tr("no key"))
            item.setData(_CHANGED, _SPOKEN, changed if one.name in self._chosen else tr("standard"))

    def _items(self) -> list[QTreeWidgetItem]:
        groups = [self.list.topLevelItem(i) for i in range(self.list.topLevelItemCount())]
        return [
            item
            for group in groups
            if group is not None
            for i in range(group.childCount())
            if (item := group.child(i)) is not None
        ]

    def _arrange(self) -> None:
        self.list.setHeaderLabels([tr("Action"), tr("Key"), ""])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName(tr("Actions and their keys"))
        self.list.setUniformRowHeights(True)
        self.field.setAccessibleName(tr("Key"))
        self.field.setFixedWidth(GRID * 44)
        self.standard.setToolTip(tr("Give this action its own key back"))
        self.none.setToolTip(tr("Let no key do this"))
        self.all_standard.setToolTip(tr("Give every action its own key back"))
        self.of_what.setBuddy(self.field)
        row = QHBoxLayout()
        row.setSpacing(GRID * 2)
        for widget in (self.field, self.standard, self.none):
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(self.all_standard)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addWidget(self.list, 1)
        column.addWidget(self.of_what)
        column.addLayout(row)
        column.addWidget(self.said)
        if self._lock is not None:
            column.addWidget(wrapped(self._lock.text(), "muted"))
