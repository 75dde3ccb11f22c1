"""What the reader makes of the answer: accept it, or overrule it with a reason (V22)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.domain.counts import Call
from her2desk.domain.prediction import Prediction
from her2desk.domain.reading import ANSWERS, Decision, answer_of
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.segmented_control import SegmentedControl


class DecisionBar(QFrame):
    """Two buttons; then the decision in one line. ``decided`` carries a ``Decision``.

    A decision can be made anew; every one is kept. It belongs to the answer that it was made on.
    """

    decided = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._prediction: Prediction | None = None
        self._decision: Decision | None = None
        self.accept = QPushButton(tr("&Accept"))
        self.accept.setToolTip(tr("Keep this answer as yours (Alt+A)."))
        self.overrule = QPushButton(tr("O&verrule…"))
        self.overrule.setToolTip(tr("Answer otherwise, with a reason (Alt+V)."))
        self.answer = SegmentedControl(
            [(name, answer_word(name)) for name in ANSWERS], tr("Your answer")
        )
        self.reason = _Reason()
        self.keep = QPushButton(tr("&Keep"))
        set_role(self.keep, "primary")
        self.cancel = QPushButton(tr("Cancel"))
        self.said = wrapped()
        self.again = QPushButton(tr("Decide again"))
        set_role(self.again, "link")
        self._offer, self._form, self._done = QWidget(), QWidget(), QWidget()
        self._arrange()
        self.accept.clicked.connect(self._accept)
        self.overrule.clicked.connect(self._begin_overruling)
        self.answer.value_changed.connect(lambda _value: self._check())
        self.reason.textChanged.connect(lambda _text: self._check())
        self.reason.returnPressed.connect(self._overrule)
        self.reason.given_up.connect(self._show)
        self.keep.clicked.connect(self._overrule)
        self.cancel.clicked.connect(self._show)
        self.again.clicked.connect(self._decide_again)
        self.hide()

    def set_prediction(self, prediction: Prediction | None) -> None:
        """The answer that may be decided on; None where none is in sight, or it is stale."""
        before, self._prediction = self._prediction, prediction
        self.setVisible(prediction is not None)
        is_same = before is not None and prediction is not None and _same(before, prediction)
        if prediction is not None and not is_same:
            self._show()

    def set_decision(self, decision: Decision | None) -> None:
        """What was decided earlier on this case; None where nothing was."""
        self._decision = decision
        self._show()

    def decision(self) -> Decision | None:
        """The last decision on this case."""
        return self._decision

    def _accept(self) -> None:
        if self._prediction is not None:
            self._decide(answer_of(self._prediction.readout.call), "")

    def _begin_overruling(self) -> None:
        if self._prediction is None:
            return
        self.reason.clear()
        call = self._prediction.readout.call
        for name in ANSWERS:
            self.answer.button(name).setEnabled(name != answer_of(call))
        self.answer.clear()
        self._check()
        self._turn_to(self._form)
        first = next(name for name in ANSWERS if name != answer_of(call))
        self.answer.button(first).setFocus()

    def _overrule(self) -> None:
        if self.keep.isEnabled():
            self._decide(str(self.answer.value()), self.reason.text().strip())

    def _decide(self, answer: str, reason: str) -> None:
        found = self._prediction
        if found is None:
            return
        readout = found.readout
        self._decision = Decision(
            answer, reason, readout.call, readout.probability, found.inputs.sha256
        )
        self.decided.emit(self._decision)
        self._show()
        self.again.setFocus()

    def _decide_again(self) -> None:
        self._turn_to(self._offer)
        self.accept.setFocus()

    def _check(self) -> None:
        chosen = self.answer.value() is not None
        self.keep.setEnabled(chosen and bool(self.reason.text().strip()))

    def _show(self) -> None:
        decision, found = self._decision, self._prediction
        if found is not None:
            is_call = found.readout.call is not Call.INDETERMINATE
            self.accept.setText(tr("&Accept the call") if is_call else tr("&Accept: no call"))
        if decision is None:
            self._turn_to(self._offer)
            return
        self.said.setText(decision_text(decision, found))
        self._turn_to(self._done)

    def _turn_to(self, page: QWidget) -> None:
        for one in (self._offer, self._form, self._done):
            one.setVisible(one is page)

    def _arrange(self) -> None:
        set_role(self, "footer")
        self.setAccessibleName(tr("Your decision"))
        offer = QHBoxLayout(self._offer)
        offer.addWidget(self.accept, 1)
        offer.addWidget(self.overrule, 1)
        form = QVBoxLayout(self._form)
        form.addWidget(self.answer)
        form.addWidget(self.reason)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.keep)
        form.addLayout(buttons)
        done = QHBoxLayout(self._done)
        done.addWidget(self.said, 1)
        done.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 4, GRID * 2, GRID * 4, GRID * 2)
        for page, layout in ((self._offer, offer), (self._form, form), (self._done, done)):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(GRID * 2)
            column.addWidget(page)
        self._turn_to(self._offer)


class _Reason(QLineEdit):
    """One line that must not stay empty; Escape gives up."""

    given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr("Why? One line, kept with the answer"))
        self.setAccessibleName(tr("Reason for overruling"))
        self.setMaxLength(400)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


def answer_word(answer: str) -> str:
    """A reader's answer as it stands on a button."""
    words = {"positive": tr("Positive"), "negative": tr("Negative"), "unsure": tr("Unsure")}
    return words[answer]


def decision_text(decision: Decision, prediction: Prediction | None) -> str:
    """The decision in a sentence, and whether the answer has changed since."""
    if decision.overrules:
        said = tr("Overruled: {answer}. “{reason}”").format(
            answer=answer_word(decision.answer).lower(), reason=decision.reason
        )
    elif decision.call is Call.INDETERMINATE:
        said = tr("Accepted: no call.")
    else:
        said = tr("Accepted: {answer}.").format(answer=answer_word(decision.answer).lower())
    if prediction is not None and not _belongs(decision, prediction):
        said += " " + tr("The answer has changed since.")
    return said


def _belongs(decision: Decision, prediction: Prediction) -> bool:
    return (
        decision.inputs_sha256 == prediction.inputs.sha256
        and decision.call is prediction.readout.call
    )


def _same(one: Prediction, other: Prediction) -> bool:
    """Whether the bar says the same of both: a dragged threshold comes sixty times a second."""
    return one.inputs.sha256 == other.inputs.sha256 and one.readout.call is other.readout.call
