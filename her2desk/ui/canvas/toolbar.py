"""The tools above the picture. Its actions may stand in menus too; they carry the shortcuts."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.canvas.icon_button import IconButton, described
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.theme import colours, set_role


class CanvasToolbar(QWidget):
    """Tools, history, view and heatmap."""

    tool_selected = Signal(object)
    opacity_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(8, 4, 8, 4)
        self._layout.setSpacing(2)
        self.tool_actions: dict[Tool, QAction] = {}
        self._add_tools()
        self._add_separator()
        self._add_history()
        self._add_separator()
        self._add_view()
        self._layout.addStretch(1)
        self._add_heatmap()
        self.set_has_image(False)

    def set_tool(self, tool: Tool) -> None:
        """Show which tool is chosen."""
        self.tool_actions[tool].setChecked(True)

    def set_has_image(self, has_image: bool) -> None:
        """Offer what needs an image, or not."""
        for action in (*self.tool_actions.values(), self.fit_action, self.reset_action):
            action.setEnabled(has_image)
        if not has_image:
            self.set_history(False, False)
            self.clear_action.setEnabled(False)
            self.set_has_heatmap(False)

    def set_history(self, can_undo: bool, can_redo: bool) -> None:
        """Offer undo and redo, or not."""
        self.undo_action.setEnabled(can_undo)
        self.redo_action.setEnabled(can_redo)

    def set_has_heatmap(self, has_heatmap: bool) -> None:
        """Offer the heatmap's switch and its opacity, or not."""
        self.heatmap_action.setEnabled(has_heatmap)
        self._enable_opacity()

    def set_opacity(self, opacity: float) -> None:
        """Show an opacity, 0–1."""
        self.opacity_slider.setValue(round(100 * opacity))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and a rule beneath."""
        paint_ground(self)

    def _add_tools(self) -> None:
        group = QActionGroup(self)
        rows = (
            (Tool.PAN, tr("Pan"), tr("Move the image; a double click fits it"), "G"),
            (
                Tool.EDIT,
                tr("Edit"),
                tr("Drag points or the outline; an edge gives a new point, Delete removes one"),
                "V",
            ),
            (
                Tool.POLYGON,
                tr("Polygon"),
                tr("Click around the lesion; a double click or Enter closes"),
                "P",
            ),
            (Tool.FREEHAND, tr("Freehand"), tr("Drag around the lesion; letting go closes"), "D"),
        )
        for tool, text, tip, key in rows:
            action = described(QAction(self), text, tip, key)
            action.setCheckable(True)
            action.triggered.connect(lambda _, chosen=tool: self.tool_selected.emit(chosen))
            group.addAction(action)
            self.tool_actions[tool] = action
            self._add(action, str(tool))
        self.tool_actions[Tool.PAN].setChecked(True)

    def _add_history(self) -> None:
        self.undo_action = described(QAction(self), tr("Undo"), tr("Undo"), "Ctrl+Z")
        self.redo_action = described(
            QAction(self), tr("Redo"), tr("Redo"), "Ctrl+Shift+Z", "Ctrl+Y"
        )
        self.clear_action = described(
            QAction(self), tr("Clear"), tr("Remove the outline; Undo brings it back"), "Ctrl+Del"
        )
        self._add(self.undo_action, "undo")
        self._add(self.redo_action, "redo")
        self._add(self.clear_action, "clear")

    def _add_view(self) -> None:
        self.fit_action = described(QAction(self), tr("Fit"), tr("Show the whole image"), "F")
        self.reset_action = described(
            QAction(self),
            tr("Reset window"),
            tr("Reset brightness and contrast; drag with the right button to change them"),
            "W",
        )
        self._add(self.fit_action, "fit")
        self._add(self.reset_action, "window-level")

    def _add_heatmap(self) -> None:
        self.heatmap_action = described(
            QAction(self), tr("Heatmap"), tr("Show where the network looked"), "H"
        )
        self.heatmap_action.setCheckable(True)
        self.heatmap_action.toggled.connect(self._enable_opacity)
        self._add(self.heatmap_action, "heatmap")
        self._opacity = QWidget(self)
        label = QLabel(tr("Opacity"), self._opacity)
        set_role(label, "muted")
        self.opacity_slider = QSlider(Qt.Orientation.Horizontal, self)
        self.opacity_slider.setRange(0, 100)
        self.opacity_slider.setValue(45)
        self.opacity_slider.setFixedWidth(88)
        self.opacity_slider.setAccessibleName(tr("Heatmap opacity in percent"))
        self.opacity_slider.setToolTip(tr("Heatmap opacity"))
        self.opacity_slider.valueChanged.connect(self._tell_opacity)
        row = QHBoxLayout(self._opacity)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.opacity_slider)
        self._layout.addWidget(self._opacity)

    def _add(self, action: QAction, icon_name: str) -> None:
        self.addAction(action)
        self._layout.addWidget(IconButton(action, icon_name, self))

    def _add_separator(self) -> None:
        self._layout.addSpacing(4)
        self._layout.addWidget(_Rule(self))
        self._layout.addSpacing(4)

    def _enable_opacity(self) -> None:
        is_on = self.heatmap_action.isEnabled() and self.heatmap_action.isChecked()
        self._opacity.setVisible(is_on)

    def _tell_opacity(self, percent: int) -> None:
        self.opacity_changed.emit(percent / 100)


class _Rule(QWidget):
    """A thin upright line between groups."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(1, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours().border))
        painter.end()
