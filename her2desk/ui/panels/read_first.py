"""The reader's own impression, asked for before the result is shown (V22)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from her2desk.domain.reading import CONFIDENCES, Impression
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.segmented_control import SegmentedControl


def impression_text(impression: Impression) -> str:
    """The impression in one sentence."""
    words = {
        "positive": tr("HER-2 positive"),
        "negative": tr("HER-2 negative"),
        "unsure": tr("unsure"),
    }
    return tr("Your impression before the result: {answer}, confidence {confidence} of 5.").format(
        answer=words[impression.answer], confidence=impression.confidence
    )


class ReadFirstGate(QWidget):
    """Two questions and a button; the answer cannot be changed after it is recorded."""

    recorded = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answer = SegmentedControl(
            [
                ("positive", tr("Positive")),
                ("negative", tr("Negative")),
                ("unsure", tr("Unsure")),
            ],
            tr("Your impression"),
        )
        self.confidence = SegmentedControl(
            [(level, str(level)) for level in CONFIDENCES], tr("Confidence, 1 a guess to 5 certain")
        )
        self.reveal = QPushButton(tr("Record and show the result"))
        self.reveal.setToolTip(tr("Keeps your impression as it is and shows the estimate."))
        self.reveal.setEnabled(False)
        set_role(self.reveal, "primary")
        self._arrange()
        self.answer.value_changed.connect(self._check)
        self.confidence.value_changed.connect(self._check)
        self.reveal.clicked.connect(self._record)

    def reset(self) -> None:
        """Ask anew, for another case."""
        self.answer.clear()
        self.confidence.clear()
        self.reveal.setEnabled(False)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addWidget(wrapped(tr("Your own impression first"), "title"))
        column.addWidget(
            wrapped(
                tr(
                    "What do you expect of this tumour's HER-2 status? Your answer is kept beside "
                    "the estimate and cannot be changed after the estimate is shown."
                )
            )
        )
        column.addWidget(self.answer)
        column.addSpacing(GRID)
        column.addWidget(wrapped(tr("How sure are you? (1 a guess, 5 certain)")))
        column.addWidget(self.confidence)
        column.addSpacing(GRID)
        column.addWidget(self.reveal)

    def _check(self, _value: object) -> None:
        complete = self.answer.value() is not None and self.confidence.value() is not None
        self.reveal.setEnabled(complete)

    def _record(self) -> None:
        level = self.confidence.value()
        assert isinstance(level, int)
        self.recorded.emit(Impression(str(self.answer.value()), level))
