"""A case on its stage: tools above, the picture on the frame that was asked for, bars below."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.ui.canvas.case_page import CasePage
from her2desk.ui.canvas.empty_state import EmptyState
from her2desk.ui.canvas.file_drop import FileDrop
from her2desk.ui.canvas.toolbar import CanvasToolbar

FrameProvider = Callable[[int], NDArray[np.uint8]]


class Stage(FileDrop):
    """Shows frames that its owner brings.

    ``frame_requested`` asks, ``frame_ready`` answers; answers that come too late are ignored. With
    a frame provider they are taken from it at once instead.
    """

    frame_requested = Signal(int)
    frame_shown = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._provider: FrameProvider | None = None
        self._wanted = 0
        self.toolbar = CanvasToolbar(self)
        self.empty_state = EmptyState(self)
        self._page = CasePage(self)
        self.view, self.cine, self.readout = self._page.view, self._page.cine, self._page.readout
        self.calibrate_bar = self._page.calibrate_bar
        self.compare_bar = self._page.compare_bar
        self._lay_out()
        self.drop_hovered.connect(self.empty_state.set_target)
        self.view.frame_requested.connect(self.go_to_frame)
        self.cine.frame_selected.connect(self.go_to_frame)
        self.view.stroke_begun.connect(self._hold_still)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.ShortcutFocusReason) -> None:
        """Give the keyboard to the picture, or to what opens one.

        No focus proxy does this: Tab would come back to it from the picture's own tools.
        """
        (self.view if self.image is not None else self.empty_state.open_button).setFocus(reason)

    @property
    def image(self) -> UltrasoundImage | None:
        """The image of the case on screen."""
        return self.view.image

    @property
    def frame_index(self) -> int:
        """The frame asked for last; the picture shows it as soon as it is there."""
        return self._wanted

    def go_to_frame(self, frame_index: int) -> None:
        """Ask for a frame, from 0."""
        if frame_index != self._wanted:
            self._page.cover.bar.clear_note()
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
        self.frame_shown.emit(frame_index)

    def frame_failed(self, frame_index: int, words: str) -> None:
        """Say in the picture's place why a frame that was asked for cannot be shown."""
        if frame_index == self._wanted:
            self.cine.pause()
            self.cine.frame_arrived()
            self.view.clear_frame()  # never the pixels of one frame under the number of another
            self.view.show_notice(words)

    def _hold_still(self) -> None:
        """Stay on the frame that is drawn on, whatever was asked for meanwhile."""
        self.cine.pause()
        shown = self.view.frame_index
        if self._wanted != shown:
            self._wanted = shown
            self.cine.set_frame(shown)
            self.cine.frame_arrived()
            self.view.expect_frame(shown)

    def _lay_out(self) -> None:
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(self._page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.toolbar)
        outer.addWidget(self._pages, 1)
        for before, after in pairwise([*self.toolbar.stops(), *self._page.stops()]):
            QWidget.setTabOrder(before, after)
