"""The picture of a case with what belongs around it: warnings, frames, sizes, questions."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Proposal
from her2desk.texts import Message
from her2desk.ui.canvas.calibrate_bar import CalibrateBar
from her2desk.ui.canvas.cine_bar import CineBar
from her2desk.ui.canvas.compare_bar import CompareBar
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.picture_bar import PictureCover
from her2desk.ui.canvas.readout import Readout
from her2desk.ui.theme import set_role

LOW_FROM = 110  # an outline that begins above this leaves no room for words at the picture's top


class CasePage(QWidget):
    """Lays out one case; who owns it brings the frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ImageView(self)
        self.cine = CineBar(self)
        self.readout = Readout(self)
        self.warnings = QLabel(self)
        self.calibrate_bar = CalibrateBar(self)
        self.compare_bar = CompareBar(self)
        self.cover = PictureCover(self.view)
        self.warnings.setWordWrap(True)
        self.warnings.setContentsMargins(12, 6, 12, 6)
        set_role(self.warnings, "warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.warnings)
        column.addWidget(self.calibrate_bar)
        column.addWidget(self.compare_bar)
        column.addWidget(self.view, 1)
        column.addWidget(self.cine)
        column.addWidget(self.readout)
        self._connect()

    def describe(self, image: UltrasoundImage) -> None:
        """Say above the picture what its reader should know of the file."""
        from her2desk.inference.cautions import ANSWERED_CODES

        self.calibrate_bar.set_image(image)
        # What a ruler answers is asked by the bar, and is not said twice.
        told = [w.message.text() for w in image.warnings if w.code not in ANSWERED_CODES]
        self.warnings.setText("\n".join(f"⚠ {words}" for words in told))
        self.warnings.setVisible(bool(told))

    def stops(self) -> list[QWidget]:
        """What the Tab key stops at, from the top left."""
        ask, bar = self.calibrate_bar, self.cover.bar
        answers = [bar.keep_button, bar.drop_button, bar.close_button]
        asked = [ask.field, ask.use_button, ask.remove_button]
        compared, view = self.compare_bar.stops(), self.view
        return [*asked, *compared, view, *answers, view.grip, *self.cine.stops()]

    def show_note(self, message: Message) -> None:
        """Say something over the picture until the next stroke."""
        self.cover.bar.set_note(message.text())

    def _connect(self) -> None:
        view, bar = self.view, self.cover.bar
        view.noted.connect(self.show_note)
        view.ruler_selected.connect(self.calibrate_bar.set_ruler)
        view.stroke_begun.connect(bar.clear_note)
        view.comparison_changed.connect(self.cover.set_compared)
        view.proposal_changed.connect(self._on_proposal)
        bar.keep_requested.connect(view.keep_proposal)
        bar.drop_requested.connect(view.drop_proposal)

    def _on_proposal(self, proposal: Proposal | None) -> None:
        if proposal is not None:
            self.cover.bar.clear_note()
            top = self.view.transform.to_view((0.0, proposal.roi.bounds()[1])).y()
            self.cover.set_low(top < LOW_FROM)
        self.cover.bar.set_proposal(proposal)
