"""A row of buttons that gives way: what does not fit moves into a menu at its end."""

from dataclasses import dataclass

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.canvas.icon_button import SIDE, IconButton, described
from her2desk.ui.theme import colours

SPACING = 2
SIDES = 8
RULE_ROOM = 11


@dataclass(eq=False)
class _Item:
    """A widget of the row; the highest ``rank`` gives way first, rank 0 never does."""

    widget: QWidget
    width: int
    rank: int = 0
    action: QAction | None = None
    is_wanted: bool = True


class OverflowRow(QWidget):
    """Buttons from the left, then what was added after ``add_stretch`` from the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[_Item] = []
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(SIDES, 4, SIDES, 4)
        self._layout.setSpacing(SPACING)
        more = described(QAction(self), tr("More"), tr("More tools"))
        self.more_button = IconButton(more, "more", self)
        self.more_menu = QMenu(self)
        self.more_menu.setToolTipsVisible(True)
        self.more_menu.aboutToShow.connect(self._fill_menu)
        self.more_button.setMenu(self.more_menu)
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._layout.addWidget(self.more_button)

    def add_button(self, action: QAction, icon_name: str, rank: int = 0) -> None:
        """A button; its shortcuts work while it stands in the menu too."""
        self.addAction(action)
        button = IconButton(action, icon_name, self)
        self._add(_Item(button, button.width(), rank, action))

    def add_rule(self) -> None:
        """A thin upright line between groups."""
        self._add(_Item(_Rule(self), RULE_ROOM))

    def add_widget(self, widget: QWidget, width: int, rank: int = 0) -> None:
        """Any other widget, of this width, wanted only while ``set_wanted`` says so."""
        self._add(_Item(widget, width, rank, is_wanted=False))
        widget.hide()

    def add_stretch(self) -> None:
        """Room before what follows."""
        self._layout.insertStretch(self._layout.indexOf(self.more_button), 1)

    def set_wanted(self, widget: QWidget, is_wanted: bool) -> None:
        """Whether a widget has a place in the row now."""
        item = next(item for item in self._items if item.widget is widget)
        if item.is_wanted != is_wanted:
            item.is_wanted = is_wanted
            self._give_way()

    def overflow(self) -> list[QAction]:
        """The actions that stand in the menu now."""
        return [
            item.action
            for item in self._items
            if item.action is not None and item.widget.isHidden()
        ]

    def stops(self) -> list[QWidget]:
        """What the Tab key stops at, from the left."""
        widgets = [item.widget for item in self._items if not isinstance(item.widget, _Rule)]
        return [*(widget.focusProxy() or widget for widget in widgets), self.more_button]

    def minimumSizeHint(self) -> QSize:
        """Room for what never gives way and for the menu's button."""
        firm = _without_spare_rules([i for i in self._items if i.rank == 0 and i.is_wanted])
        return QSize(_room(firm, has_menu=True), self._layout.minimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move into the menu what no longer fits."""
        self._give_way()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and a rule beneath."""
        paint_ground(self)

    def _add(self, item: _Item) -> None:
        self._items.append(item)
        self._layout.insertWidget(self._layout.indexOf(self.more_button), item.widget)

    def _give_way(self) -> None:
        shown = [item for item in self._items if item.is_wanted]
        by_rank = sorted((item for item in shown if item.rank), key=lambda item: item.rank)
        has_menu = False
        while by_rank and _room(_without_spare_rules(shown), has_menu) > self.width():
            item = by_rank.pop()
            shown.remove(item)
            has_menu = has_menu or item.action is not None
        shown = _without_spare_rules(shown)
        for item in self._items:
            item.widget.setVisible(item in shown)
        self.more_button.setVisible(has_menu)

    def _fill_menu(self) -> None:
        self.more_menu.clear()
        self.more_menu.addActions(self.overflow())


class _Rule(QWidget):
    """A thin upright line between groups."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(RULE_ROOM, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(RULE_ROOM // 2, 0, 1, self.height(), QColor(colours().border))
        painter.end()


def _without_spare_rules(items: list[_Item]) -> list[_Item]:
    """The items but for rules with nothing before them."""
    kept: list[_Item] = []
    for item in items:
        is_spare = isinstance(item.widget, _Rule) and (
            not kept or isinstance(kept[-1].widget, _Rule)
        )
        if not is_spare:
            kept.append(item)
    return kept


def _room(items: list[_Item], has_menu: bool) -> int:
    widths = [item.width for item in items]
    if has_menu:
        widths.append(SIDE)
    return sum(widths) + SPACING * len(widths) + 2 * SIDES
