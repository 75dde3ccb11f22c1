"""The middle column: toolbar, picture, cine bar, and what is known of size and calibration."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Proposal
from her2desk.domain.roi import Box, Roi
from her2desk.texts import Message, tr
from her2desk.ui.canvas.calibration import spacing_for
from her2desk.ui.canvas.outline_words import brush_words
from her2desk.ui.canvas.stage import FrameProvider, Stage
from her2desk.ui.canvas.tools import Tool

SAY_EVERY_MS = 60  # how often the words follow a drag; the picture follows every move


class Workspace(Stage):
    """Shows one case at a time, and what is drawn on it.

    The signals of drawing are those of ``ImageView``; ``track_requested`` carries an outline and
    the frame that it is to be carried to.
    """

    drawing_changed = Signal(object)
    roi_changed = Signal(object)
    stroke_begun = Signal()
    ruler_selected = Signal(object)
    assist_requested = Signal(object)
    track_requested = Signal(object, int)
    proposal_answered = Signal(object, bool)
    calibration_given = Signal(object)
    calibration_removed = Signal()
    open_requested = Signal()
    demo_requested = Signal()
    heatmap_toggled = Signal(bool)
    heatmap_opacity_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointer: tuple[float, float] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SAY_EVERY_MS)
        self._connect()
        self.clear_case()

    @property
    def drawing(self) -> Drawing:
        """All that is drawn on the image, without a stroke that is not finished."""
        return self.view.drawing

    def show_case(
        self,
        image: UltrasoundImage,
        frame_provider: FrameProvider | None = None,
        drawing: Drawing = Drawing(),
    ) -> None:
        """Show an image with what is drawn on it, on the frame that answers; asks for that frame."""
        self._provider = frame_provider
        self._pointer = None
        self.set_assist_busy(False)
        self.view.set_image(image)
        self.view.set_drawing(drawing)
        self.view.show_notice(tr("Reading the image…"))
        self._page.cover.bar.clear_note()
        self._page.describe(image)
        self._pages.setCurrentWidget(self._page)
        self.cine.set_frames(image.frames, image.frame_time_ms)
        self.toolbar.set_has_image(True, image.frames)
        self.toolbar.set_has_heatmap(False)
        self.set_heatmap_visible(False)  # asked for anew in each case (V22)
        self.set_comparing(False)
        roi = drawing.answering
        self.view.set_tool(Tool.POLYGON if roi is None else Tool.EDIT)
        self.go_to_frame(roi.frame_index if roi is not None else drawing.pending_frame)
        self._tell()

    def set_image(self, image: UltrasoundImage) -> None:
        """Know more of the present image, such as a calibration; what is drawn and shown stays."""
        self.view.describe_image(image)
        self._page.describe(image)
        self._tell()

    def clear_case(self) -> None:
        """Back to the invitation to open something."""
        self._provider = None
        self.set_assist_busy(False)
        self.view.set_image(None)
        self._page.cover.bar.clear_note()
        self.cine.set_frames(1)
        self.toolbar.set_has_image(False)
        self.set_comparing(False)
        self._pages.setCurrentWidget(self.empty_state)
        self._tell()

    def set_drawing(self, drawing: Drawing) -> None:
        """Show ``drawing`` without a signal; the history starts anew unless it is shown already."""
        self.view.set_drawing(drawing)
        self._tell()

    def roi(self) -> Roi | None:
        """The ROI that the estimate is made from."""
        return self.view.roi()

    def show_proposal(self, proposal: Proposal) -> None:
        """Propose an outline for the frame asked for last; for any other it is ignored."""
        self.set_assist_busy(False)
        self.view.show_proposal(proposal)

    def withdraw_proposal(self) -> None:
        """Propose nothing any more, without an answer."""
        self.view.withdraw_proposal()

    def set_assist_busy(self, is_busy: bool) -> None:
        """Show that an outline is being worked out, or no longer."""
        self._page.cover.set_busy(is_busy)

    def show_note(self, message: Message) -> None:
        """Say something over the picture until the next stroke."""
        self._page.show_note(message)

    def withdraw_note(self, message: Message) -> None:
        """Say this no longer, where it is still what is said."""
        if self.note_text() == message.text():
            self._page.cover.bar.clear_note()

    def note_text(self) -> str:
        """What is said or asked over the picture; empty for nothing."""
        return self._page.cover.bar.text()

    def copy_outline(self, by: int) -> None:
        """Go ``by`` frames on and ask for the present frame's outline to be carried there."""
        roi, to_frame = self.view.drawing.on(self.view.frame_index), self.view.frame_index + by
        image = self.view.image
        if roi is not None and image is not None and 0 <= to_frame < image.frames:
            self.cine.pause()
            self.go_to_frame(to_frame)
            self.track_requested.emit(roi, to_frame)

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

    def set_comparing(self, is_comparing: bool) -> None:
        """Ask for the enhanced picture beside the image, or no longer, as the button does."""
        self.toolbar.compare_action.setChecked(is_comparing)

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
        return self._page.warnings.text()

    def _connect(self) -> None:
        self._page.calibrate_bar.calibration_given.connect(self.calibration_given)
        self._page.calibrate_bar.calibration_removed.connect(self.calibration_removed)
        view, bar = self.view, self.toolbar
        for mine, theirs in (
            (self.roi_changed, view.roi_changed),
            (self.drawing_changed, view.drawing_changed),
            (self.stroke_begun, view.stroke_begun),
            (self.ruler_selected, view.ruler_selected),
            (self.assist_requested, view.assist_requested),
            (self.proposal_answered, view.proposal_answered),
            (self.open_requested, self.empty_state.open_requested),
            (self.demo_requested, self.empty_state.demo_requested),
            (self.heatmap_toggled, bar.heatmap_action.toggled),
            (self.heatmap_opacity_changed, bar.opacity_changed),
        ):
            theirs.connect(mine)
        self.frame_shown.connect(self._tell)
        self.cine.key_frame_toggled.connect(view.switch_key_frame)
        for changed in (view.drawing_changed, view.brush_changed):
            changed.connect(self._tell)
        view.roi_changed.connect(self._tell_soon)
        self._soon.timeout.connect(self._tell)
        view.position_hovered.connect(self._on_hover)
        view.hover_ended.connect(self._on_leave)
        view.history_changed.connect(bar.set_history)
        view.tool_changed.connect(bar.set_tool)
        self._connect_toolbar()

    def _connect_toolbar(self) -> None:
        view, bar = self.view, self.toolbar
        bar.tool_selected.connect(self._on_tool)
        bar.brush_radius_changed.connect(view.set_brush_radius)
        bar.opacity_changed.connect(view.set_heatmap_opacity)
        bar.heatmap_action.toggled.connect(view.set_heatmap_visible)
        for action, slot in (
            (bar.undo_action, view.undo),
            (bar.redo_action, view.redo),
            (bar.clear_action, view.clear),
            (bar.fit_action, view.fit),
            (bar.reset_action, view.reset_window_level),
            (bar.key_frame_action, view.switch_key_frame),
            (bar.smaller_action, lambda: view.step_brush(-1)),
            (bar.larger_action, lambda: view.step_brush(1)),
            (bar.copy_previous_action, lambda: self.copy_outline(-1)),
            (bar.copy_next_action, lambda: self.copy_outline(1)),
        ):
            action.triggered.connect(slot)

    def _on_tool(self, tool: Tool) -> None:
        self.view.set_tool(tool)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_hover(self, column: float, row: float) -> None:
        self._pointer = (column, row)
        self._tell_calibration()

    def _on_leave(self) -> None:
        self._pointer = None
        self._tell_calibration()

    def _tell_soon(self) -> None:
        """Say the size of an outline in a drag: often enough to read, and never at its cost."""
        if not self._soon.isActive():
            self._soon.start()

    def _tell(self) -> None:
        """Bring words, marks and buttons up to date."""
        drawing, view = self.view.drawing, self.view
        frames = view.image.frames if view.image is not None else 1
        answering, here = drawing.answering, drawing.on(view.frame_index)
        self.cine.set_marks(
            tuple(roi.frame_index for roi in drawing.rois),
            answering.frame_index if answering is not None else None,
            drawing.key_frames,
        )
        self.toolbar.clear_action.setEnabled(here is not None or drawing.is_in_progress)
        is_before, is_after = view.frame_index > 0, view.frame_index < frames - 1
        self.toolbar.set_copies(here is not None and is_before, here is not None and is_after)
        self._tell_brush()
        self.readout.tell(view, self._pointer)

    def _tell_brush(self) -> None:
        view = self.view
        words = ""
        if view.image is not None:
            spacing = spacing_for(view.image, view.shown_roi(), self._pointer, view.frame_index)
            words = brush_words(view.brush_radius, spacing)
        self.toolbar.set_brush(view.brush_radius, words)

    def _tell_calibration(self) -> None:
        self.readout.tell_calibration(self.view, self._pointer)
