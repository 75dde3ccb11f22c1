"""A drawing view that shows an outline which the program proposes, to be kept or dropped."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Proposal
from her2desk.ui.canvas.drawing_view import DrawingView
from her2desk.ui.canvas.pens.outline import keep


class ProposingView(DrawingView):
    """Knows which frame is on its way, and holds at most one proposal for it.

    ``proposal_changed`` carries the proposal or None; ``proposal_answered`` the proposal and
    whether the reader kept it. Drawing something else or leaving the frame drops it; what the
    program withdraws itself is not answered.
    """

    proposal_changed = Signal(object)
    proposal_answered = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted_frame = 0
        self.stroke_begun.connect(self.drop_proposal)

    @property
    def proposal(self) -> Proposal | None:
        """What is proposed now."""
        return self._board.proposal

    def show_proposal(self, proposal: Proposal) -> None:
        """Propose an outline; one for a frame that was left meanwhile is ignored."""
        if self.image is not None and proposal.roi.frame_index == self._wanted_frame:
            self._set_proposal(proposal)

    def withdraw_proposal(self) -> None:
        """Propose nothing any more, without an answer."""
        self._set_proposal(None)

    def keep_proposal(self) -> None:
        """Make the proposed outline its frame's ROI, as one step, once that frame is on screen."""
        proposal, before = self.proposal, self.drawing
        if proposal is None or proposal.roi.frame_index != self._board.frame_index:
            return
        self._end_stroke()
        self._set_proposal(None)
        keep(self._board, proposal.roi)
        self._settle(before)
        self.proposal_answered.emit(proposal, True)

    def drop_proposal(self) -> None:
        """Leave what is proposed."""
        proposal = self.proposal
        if proposal is not None:
            self._set_proposal(None)
            self.proposal_answered.emit(proposal, False)

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for another image: no frame, nothing drawn or proposed, no history."""
        self.withdraw_proposal()
        self._wanted_frame = 0
        super().set_image(image)

    def set_drawing(self, drawing: Drawing) -> None:
        """Show a drawing and start a new history, unless it is the present one already."""
        if drawing != self.drawing:
            self.withdraw_proposal()
        super().set_drawing(drawing)

    def expect_frame(self, frame_index: int) -> None:
        """Say which frame is on its way; arrow keys count from it, a proposal must be for it."""
        self._wanted_frame = frame_index
        if self.proposal is not None and self.proposal.roi.frame_index != frame_index:
            self.drop_proposal()

    def show_frame(self, pixels: NDArray[np.uint8], frame_index: int) -> None:
        """Show a frame; a stroke unfinished on another one is dropped."""
        super().show_frame(pixels, frame_index)
        self.expect_frame(frame_index)

    def _set_proposal(self, proposal: Proposal | None) -> None:
        if proposal == self.proposal:
            return
        self._board.proposal = proposal
        self.proposal_changed.emit(proposal)
        self.update()
