"""The tools above the picture. Its actions may stand in menus too; they carry the shortcuts."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QSpinBox, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.icon_button import described
from her2desk.ui.canvas.overflow_row import OverflowRow
from her2desk.ui.canvas.tools import BRUSH_TOOLS, MAX_BRUSH_PX, MIN_BRUSH_PX, USUAL_BRUSH_PX, Tool
from her2desk.ui.theme import set_role

BRUSH_ROOM, OPACITY_ROOM = 132, 158

_RANK_UNDO, _RANK_REDO, _RANK_OPACITY, _RANK_COPY, _RANK_CLEAR = 1, 2, 3, 4, 5
_RANK_COMPARE, _RANK_COPY_BACK, _RANK_FIT, _RANK_WINDOW = 6, 7, 8, 9


class CanvasToolbar(OverflowRow):
    """Tools, history, view, comparison and heatmap."""

    tool_selected = Signal(object)
    opacity_changed = Signal(float)
    brush_radius_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tool_actions: dict[Tool, QAction] = {}
        self._add_tools()
        self._add_brush()
        self.add_rule()
        self._add_history()
        self.add_rule()
        self._add_copies()
        self._add_view()
        self.add_stretch()
        self._add_comparison()
        self._add_heatmap()
        self._name_actions()
        self.set_has_image(False)

    def set_tool(self, tool: Tool) -> None:
        """Show which tool is chosen, and what goes with it."""
        self.tool_actions[tool].setChecked(True)
        self._offer_brush()

    def set_has_image(self, has_image: bool, frames: int = 1) -> None:
        """Offer what needs an image, or not, and what needs several frames."""
        view = (self.fit_action, self.reset_action, self.compare_action)
        for action in (*self.tool_actions.values(), *view):
            action.setEnabled(has_image)
        self.key_frame_action.setEnabled(has_image and frames > 1)
        self._offer_brush()
        if not has_image:
            self.set_history(False, False)
            self.clear_action.setEnabled(False)
            self.set_copies(False, False)
            self.set_has_heatmap(False)

    def set_history(self, can_undo: bool, can_redo: bool) -> None:
        """Offer undo and redo, or not."""
        self.undo_action.setEnabled(can_undo)
        self.redo_action.setEnabled(can_redo)

    def set_copies(self, can_copy_back: bool, can_copy_on: bool) -> None:
        """Offer to copy the outline to the frame before and to the next, or not."""
        self.copy_previous_action.setEnabled(can_copy_back)
        self.copy_next_action.setEnabled(can_copy_on)

    def set_has_heatmap(self, has_heatmap: bool) -> None:
        """Offer the heatmap's switch and its opacity, or not."""
        self.heatmap_action.setEnabled(has_heatmap)
        self._offer_opacity()

    def set_opacity(self, opacity: float) -> None:
        """Show an opacity, 0–1."""
        self.opacity_slider.setValue(round(100 * opacity))

    def set_brush(self, radius: float, length: str = "") -> None:
        """Show the brush's radius in image pixels, and the same as ``length`` where calibrated."""
        self.brush_field.blockSignals(True)
        self.brush_field.setSuffix(tr(" px") + (f" · {length}" if length else ""))
        self.brush_field.setValue(round(radius))
        self.brush_field.blockSignals(False)

    def _add_tools(self) -> None:
        group = QActionGroup(self)
        for tool, text, tip, key in _tool_rows():
            action = described(QAction(self), text, tip, key)
            action.setCheckable(True)
            action.triggered.connect(lambda _, chosen=tool: self.tool_selected.emit(chosen))
            group.addAction(action)
            self.tool_actions[tool] = action
            self.add_button(action, str(tool))
        self.tool_actions[Tool.PAN].setChecked(True)

    def _add_brush(self) -> None:
        field = self.brush_field = QSpinBox(self)
        field.setRange(round(MIN_BRUSH_PX), round(MAX_BRUSH_PX))
        field.setFixedSize(BRUSH_ROOM, 28)
        field.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        field.setKeyboardTracking(False)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.setAccessibleName(tr("Radius of the brush"))
        field.setToolTip(tr("Radius of brush and eraser; also [ and ], or Ctrl and the wheel"))
        field.valueChanged.connect(lambda radius: self.brush_radius_changed.emit(float(radius)))
        self.smaller_action = described(
            QAction(self), tr("Smaller brush"), tr("Make the brush smaller"), "["
        )
        self.larger_action = described(
            QAction(self), tr("Larger brush"), tr("Make the brush larger"), "]"
        )
        self.addActions([self.smaller_action, self.larger_action])
        self.add_widget(field, BRUSH_ROOM)
        self.set_brush(USUAL_BRUSH_PX)

    def _add_history(self) -> None:
        self.undo_action = described(QAction(self), tr("Undo"), tr("Undo"), "Ctrl+Z")
        self.redo_action = described(
            QAction(self), tr("Redo"), tr("Redo"), "Ctrl+Shift+Z", "Ctrl+Y"
        )
        self.clear_action = described(
            QAction(self),
            tr("Clear"),
            tr("Remove this frame’s outline; Undo brings it back"),
            "Ctrl+Del",
        )
        self.add_button(self.undo_action, "undo", _RANK_UNDO)
        self.add_button(self.redo_action, "redo", _RANK_REDO)
        self.add_button(self.clear_action, "clear", _RANK_CLEAR)

    def _add_copies(self) -> None:
        self.copy_previous_action = described(
            QAction(self),
            tr("Copy to previous frame"),
            tr("Propose this outline, moved with the lesion, on the previous frame"),
            "Shift+N",
        )
        self.copy_next_action = described(
            QAction(self),
            tr("Copy to next frame"),
            tr("Propose this outline, moved with the lesion, on the next frame"),
            "N",
        )
        self.key_frame_action = described(
            QAction(self), tr("Key frame"), tr("Keep this frame as a key frame, or no longer"), "K"
        )
        self.add_button(self.copy_previous_action, "copy-previous", _RANK_COPY_BACK)
        self.add_button(self.copy_next_action, "copy-next", _RANK_COPY)
        self.addAction(self.key_frame_action)  # its button stands with the frames
        self.add_rule()

    def _add_view(self) -> None:
        self.fit_action = described(QAction(self), tr("Fit"), tr("Show the whole image"), "F")
        self.reset_action = described(
            QAction(self),
            tr("Reset window"),
            tr("Reset brightness and contrast; drag with the right button to change them"),
            "W",
        )
        self.add_button(self.fit_action, "fit", _RANK_FIT)
        self.add_button(self.reset_action, "window-level", _RANK_WINDOW)

    def _add_comparison(self) -> None:
        self.compare_action = described(
            QAction(self),
            tr("Compare with enhanced"),
            tr("Show the enhanced picture of this frame beside the original"),
            "S",
        )
        self.compare_action.setCheckable(True)
        self.add_button(self.compare_action, "compare", _RANK_COMPARE)

    def _add_heatmap(self) -> None:
        self.heatmap_action = described(
            QAction(self), tr("Heatmap"), tr("Show where the network looked"), "H"
        )
        self.heatmap_action.setCheckable(True)
        self.heatmap_action.toggled.connect(self._offer_opacity)
        self.add_button(self.heatmap_action, "heatmap")
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
        self._opacity.setFocusProxy(self.opacity_slider)
        row = QHBoxLayout(self._opacity)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.opacity_slider)
        self.add_widget(self._opacity, OPACITY_ROOM, _RANK_OPACITY)

    def _name_actions(self) -> None:
        """By these names the settings know whose key was changed."""
        for tool, action in self.tool_actions.items():
            action.setObjectName(f"tool_{tool}")
        for name, action in (
            ("smaller_brush", self.smaller_action),
            ("larger_brush", self.larger_action),
            ("undo", self.undo_action),
            ("redo", self.redo_action),
            ("clear_outline", self.clear_action),
            ("copy_to_previous_frame", self.copy_previous_action),
            ("copy_to_next_frame", self.copy_next_action),
            ("key_frame", self.key_frame_action),
            ("fit_image", self.fit_action),
            ("reset_window", self.reset_action),
            ("compare_enhanced", self.compare_action),
            ("heatmap", self.heatmap_action),
        ):
            action.setObjectName(name)

    def _offer_brush(self) -> None:
        is_on = any(
            self.tool_actions[tool].isChecked() and self.tool_actions[tool].isEnabled()
            for tool in BRUSH_TOOLS
        )
        self.set_wanted(self.brush_field, is_on)
        for action in (self.smaller_action, self.larger_action):
            action.setEnabled(is_on)

    def _offer_opacity(self) -> None:
        is_on = self.heatmap_action.isEnabled() and self.heatmap_action.isChecked()
        self.set_wanted(self._opacity, is_on)

    def _tell_opacity(self, percent: int) -> None:
        self.opacity_changed.emit(percent / 100)


def _tool_rows() -> list[tuple[Tool, str, str, str]]:
    """Each tool with its name, what it does, and its key."""
    edit = tr(
        "Drag points, the outline or a ruler; an edge gives a new point, Delete removes what is chosen"
    )
    ellipse = tr(
        "Drag from corner to corner; Shift makes a circle, Ctrl or Alt starts in the centre"
    )
    return [
        (Tool.PAN, tr("Pan"), tr("Move the image; a double click fits it"), "G"),
        (Tool.EDIT, tr("Edit"), edit, "V"),
        (
            Tool.POLYGON,
            tr("Polygon"),
            tr("Click around the lesion; a double click or Enter closes"),
            "P",
        ),
        (Tool.FREEHAND, tr("Freehand"), tr("Drag around the lesion; letting go closes"), "D"),
        (Tool.ELLIPSE, tr("Ellipse"), ellipse, "E"),
        (Tool.BRUSH, tr("Brush"), tr("Paint the lesion, or add to its outline"), "B"),
        (Tool.ERASER, tr("Eraser"), tr("Take away from the outline"), "X"),
        (
            Tool.ASSIST,
            tr("Assisted outline"),
            tr("Drag a box around the lesion or click inside it; an outline is proposed"),
            "A",
        ),
        (
            Tool.RULER,
            tr("Ruler"),
            tr("Drag along a distance; Shift keeps it straight, Delete removes it"),
            "R",
        ),
    ]
