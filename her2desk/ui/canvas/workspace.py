"""The middle column: toolbar, picture, cine bar, and what is known of size and calibration."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Box, Roi
from her2desk.texts import tr
from her2desk.ui.canvas.cine_bar import CineBar
from her2desk.ui.canvas.empty_state import EmptyState
from her2desk.ui.canvas.icon_button import IconButton
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.readout import Readout
from her2desk.ui.canvas.toolbar import CanvasToolbar
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.theme import set_role

FrameProvider = Callable[[int], NDArray[np.uint8]]


class Workspace(QWidget):
    """Shows one case at a time.

    Frames come from the owner: ``frame_requested`` asks, ``frame_ready`` answers; answers that come
    too late are ignored. With a ``frame_provider`` they are taken from it at once instead.
    The signals of the ROI are those of ``ImageView``.
    """

    roi_closed = Signal(object)
    roi_changed = Signal(object)
    roi_cleared = Signal()
    drawing_changed = Signal(object)
    frame_requested = Signal(int)
    frame_shown = Signal(int)
    files_dropped = Signal(list)
    open_requested = Signal()
    demo_requested = Signal()
    heatmap_toggled = Signal(bool)
    heatmap_opacity_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._provider: FrameProvider | None = None
        self._wanted = 0
        self._pointer: tuple[float, float] | None = None
        self.toolbar = CanvasToolbar(self)
        self.view = ImageView(self)
        self.cine = CineBar(self)
        self.empty_state = EmptyState(self)
        self.readout = Readout(self)
        self._warnings = QLabel(self)
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.setFocusProxy(self.view)
        self.clear_case()

    @property
    def image(self) -> UltrasoundImage | None:
        """The image of the case on screen."""
        return self.view.image

    @property
    def frame_index(self) -> int:
        """The frame asked for last; the picture shows it as soon as it is there."""
        return self._wanted

    def show_case(
        self,
        image: UltrasoundImage,
        frame_provider: FrameProvider | None = None,
        roi: Roi | None = None,
    ) -> None:
        """Show an image with its ROI, on the ROI's frame; asks for that frame."""
        self._provider = frame_provider
        self._pointer = None
        self.view.set_image(image)
        self.view.set_roi(roi)
        self.view.show_notice(tr("Reading the image…"))
        self._pages.setCurrentWidget(self._case_page)
        self.cine.set_frames(image.frames, image.frame_time_ms)
        self.toolbar.set_has_image(True)
        self.toolbar.set_has_heatmap(False)
        self._warnings.setText("\n".join(f"⚠ {w.message.text()}" for w in image.warnings))
        self._warnings.setVisible(bool(image.warnings))
        self.view.set_tool(Tool.POLYGON if roi is None else Tool.EDIT)
        self.go_to_frame(roi.frame_index if roi is not None else 0)
        self._tell()

    def clear_case(self) -> None:
        """Back to the invitation to open something."""
        self._provider = None
        self.view.set_image(None)
        self.cine.set_frames(1)
        self.toolbar.set_has_image(False)
        self._pages.setCurrentWidget(self.empty_state)
        self._tell()

    def go_to_frame(self, frame_index: int) -> None:
        """Ask for a frame, from 0."""
        self._wanted = frame_index
        self.cine.set_frame(frame_index)
        self.view.expect_frame(frame_index)
        if self._provider is not None:
            self.frame_ready(frame_index, self._provider(frame_index))
        else:
            self.frame_requested.emit(frame_index)

    def frame_ready(
        self, frame_index: int, pixels: NDArray[np.uint8], image_sha256: str | None = None
    ) -> None:
        """Show a frame that was asked for; one that is no longer wanted is ignored.

        ``pixels`` are uint8, (rows, columns) or (rows, columns, 3). ``image_sha256``, where given,
        must be the present image's: the answer for a case just left is ignored too.
        """
        image = self.view.image
        is_of_case = image is not None and image_sha256 in (None, image.sha256)
        if not is_of_case or frame_index != self._wanted:
            return
        self.view.show_frame(pixels, frame_index)
        self.cine.frame_arrived()
        self._tell()
        self.frame_shown.emit(frame_index)

    def frame_failed(self, frame_index: int, words: str) -> None:
        """Say in the picture's place why a frame that was asked for cannot be shown."""
        if frame_index == self._wanted:
            self.cine.pause()
            self.cine.frame_arrived()
            self.view.clear_frame()  # never the pixels of one frame under the number of another
            self.view.show_notice(words)

    def set_roi(self, roi: Roi | None) -> None:
        """Show ``roi`` without a signal; the history starts anew unless it is shown already."""
        self.view.set_roi(roi)
        self._tell()

    def roi(self) -> Roi | None:
        """The closed ROI."""
        return self.view.roi()

    def set_heatmap(
        self,
        values: NDArray[np.float32] | None,
        crop: Box,
        roi: Roi | None = None,
        words: str = "",
    ) -> None:
        """Take or forget the heatmap of ``roi``, see ``ImageView.set_heatmap``."""
        self.view.set_heatmap(values, crop, roi, words)
        self.toolbar.set_has_heatmap(values is not None)

    def set_heatmap_visible(self, is_visible: bool) -> None:
        """Switch the heatmap as the button does."""
        self.toolbar.heatmap_action.setChecked(is_visible)

    def set_heatmap_opacity(self, opacity: float) -> None:
        """How much the heatmap covers, 0–1."""
        self.toolbar.set_opacity(opacity)
        self.view.set_heatmap_opacity(opacity)

    def calibration_text(self) -> str:
        """What the calibration line says."""
        return self.readout.calibration_line.text()

    def size_text(self) -> str:
        """What the readout of the ROI's size says."""
        return self.readout.size_label.text()

    def warning_text(self) -> str:
        """What is said about the file above the picture."""
        return self._warnings.text()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.empty_state.set_target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The files went elsewhere."""
        self.empty_state.set_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files on."""
        self.empty_state.set_target(False)
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        event.acceptProposedAction()
        self.files_dropped.emit(paths)

    def _lay_out(self) -> None:
        self._warnings.setWordWrap(True)
        self._warnings.setContentsMargins(12, 6, 12, 6)
        set_role(self._warnings, "warning")
        self._case_page = QWidget(self)
        column = QVBoxLayout(self._case_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._warnings)
        column.addWidget(self.view, 1)
        column.addWidget(self.cine)
        column.addWidget(self.readout)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(self._case_page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.toolbar)
        outer.addWidget(self._pages, 1)
        # Tab comes to the picture first, by the focus proxy, and would else skip its tools.
        stops = [*self.toolbar.findChildren(IconButton), self.toolbar.opacity_slider]
        for before, after in pairwise([self.view, *stops, self.cine.slider]):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        view, bar = self.view, self.toolbar
        for mine, theirs in (
            (self.roi_closed, view.roi_closed),
            (self.roi_changed, view.roi_changed),
            (self.roi_cleared, view.roi_cleared),
            (self.drawing_changed, view.drawing_changed),
            (self.open_requested, self.empty_state.open_requested),
            (self.demo_requested, self.empty_state.demo_requested),
            (self.heatmap_toggled, bar.heatmap_action.toggled),
            (self.heatmap_opacity_changed, bar.opacity_changed),
        ):
            theirs.connect(mine)
        view.frame_requested.connect(self.go_to_frame)
        self.cine.frame_selected.connect(self.go_to_frame)
        view.history_changed.connect(bar.set_history)
        view.tool_changed.connect(bar.set_tool)
        view.stroke_begun.connect(self._hold_still)
        view.drawing_changed.connect(self._tell)
        view.roi_changed.connect(self._tell)
        view.position_hovered.connect(self._on_hover)
        view.hover_ended.connect(self._on_leave)
        bar.tool_selected.connect(self._on_tool)
        bar.undo_action.triggered.connect(view.undo)
        bar.redo_action.triggered.connect(view.redo)
        bar.clear_action.triggered.connect(view.clear)
        bar.fit_action.triggered.connect(view.fit)
        bar.reset_action.triggered.connect(view.reset_window_level)
        bar.heatmap_action.toggled.connect(view.set_heatmap_visible)
        bar.opacity_changed.connect(view.set_heatmap_opacity)

    def _on_tool(self, tool: Tool) -> None:
        self.view.set_tool(tool)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _hold_still(self) -> None:
        """Stay on the frame that is drawn on, whatever was asked for meanwhile."""
        self.cine.pause()
        shown = self.view.frame_index
        if self._wanted != shown:
            self._wanted = shown
            self.cine.set_frame(shown)
            self.cine.frame_arrived()
            self.view.expect_frame(shown)

    def _on_hover(self, column: float, row: float) -> None:
        self._pointer = (column, row)
        self._tell_calibration()

    def _on_leave(self) -> None:
        self._pointer = None
        self._tell_calibration()

    def _tell(self) -> None:
        """Bring words, mark and buttons up to date."""
        drawing = self.view.drawing
        roi = self.view.shown_roi() or drawing.roi
        self.cine.set_mark(roi.frame_index if roi is not None else None)
        self.toolbar.clear_action.setEnabled(roi is not None or drawing.is_in_progress)
        self.readout.tell(self.view, self._pointer)

    def _tell_calibration(self) -> None:
        self.readout.tell_calibration(self.view, self._pointer)
