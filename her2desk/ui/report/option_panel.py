"""What a report shows, and what is made of it: the column beside the preview."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QCheckBox, QFrame, QPushButton, QVBoxLayout, QWidget

from her2desk.reports.report_options import Paper, ReportKind, ReportOptions
from her2desk.texts import CATALOGUE, tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.remark import Remark
from her2desk.ui.widgets.segmented_control import SegmentedControl

WIDTH = 264


class OptionPanel(QFrame):
    """Choices, buttons to save and print, and a line for what came of it."""

    options_changed = Signal(object)
    save_requested = Signal(object)
    """A ``ReportKind``."""
    print_requested = Signal()
    send_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "card")
        self.setFixedWidth(WIDTH)
        self.paper = SegmentedControl(
            [(str(Paper.A4), "A4"), (str(Paper.LETTER), tr("Letter"))], tr("Paper")
        )
        self.nomogram = QCheckBox(tr("&Nomogram"))
        self.heatmap = QCheckBox(tr("&Heatmap"))
        self.patient = QCheckBox(tr("Patient's n&ame and number"))
        self.send_button = QPushButton(tr("Send to an archi&ve…"))
        self.waiting = Remark("muted")
        self.note = wrapped()
        self._is_usable = False
        self._buttons: dict[ReportKind, QPushButton] = {}
        self.print_button = QPushButton(tr("Print…"))
        self._make_buttons()
        self._arrange()
        self.waiting.hide()
        self.set_options(ReportOptions(language=CATALOGUE.language))
        self.paper.value_changed.connect(self._tell)
        for box in (self.nomogram, self.heatmap, self.patient):
            box.toggled.connect(self._tell)

    @property
    def options(self) -> ReportOptions:
        """What is chosen, in the window's language."""
        return ReportOptions(
            heatmap=self.heatmap.isChecked(),
            nomogram=self.nomogram.isChecked(),
            patient=self.patient.isChecked(),
            language=CATALOGUE.language,
            paper=Paper(str(self.paper.value())),
        )

    def set_options(self, options: ReportOptions) -> None:
        """Choose these, without a signal."""
        self.paper.set_value(str(options.paper))
        for box, is_on in (
            (self.nomogram, options.nomogram),
            (self.heatmap, options.heatmap),
            (self.patient, options.patient),
        ):
            box.blockSignals(True)
            box.setChecked(is_on)
            box.blockSignals(False)

    def button(self, kind: ReportKind) -> QPushButton:
        """The button that saves this kind."""
        return self._buttons[kind]

    def set_usable(self, *, is_usable: bool) -> None:
        """Whether there is a report to save and to print."""
        self._is_usable = is_usable
        for button in (*self._buttons.values(), self.print_button):
            button.setEnabled(is_usable)
        self._offer_sending()

    def show_waiting(self, sentences: Sequence[str]) -> None:
        """Say what still waits to be sent; it can be, also where there is no report."""
        self.waiting.say(" ".join(sentences), bool(sentences))
        self.waiting.setVisible(bool(sentences))
        self._offer_sending()

    def _offer_sending(self) -> None:
        self.send_button.setEnabled(self._is_usable or not self.waiting.isHidden())

    def _tell(self, _: object) -> None:
        self.options_changed.emit(self.options)

    def _make_buttons(self) -> None:
        words = {
            ReportKind.PDF: (tr("Save PDF…"), tr("One file to print or to send (Ctrl+S)")),
            ReportKind.HTML: (tr("Save H&TML…"), tr("One file for a browser, pictures inside")),
            ReportKind.SR: (
                tr("Structured &report…"),
                tr("DICOM SR: the answer as coded measurements"),
            ),
            ReportKind.SEG: (tr("Se&gmentation…"), tr("DICOM SEG: the outline as a mask")),
            ReportKind.SC: (
                tr("Secondary &capture…"),
                tr("DICOM picture of the frame with the outline"),
            ),
        }
        for kind, (text, tip) in words.items():
            button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(lambda _checked=False, k=kind: self.save_requested.emit(k))
            self._buttons[kind] = button
        set_role(self._buttons[ReportKind.PDF], "primary")
        self._buttons[ReportKind.PDF].setShortcut(QKeySequence.StandardKey.Save)
        self.print_button.setToolTip(tr("Print these pages (Ctrl+P)"))
        self.print_button.setShortcut(QKeySequence.StandardKey.Print)
        self.print_button.clicked.connect(self.print_requested)
        self.send_button.setToolTip(tr("Send the DICOM objects of this answer to a PACS"))
        self.send_button.clicked.connect(self.send_requested)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(wrapped(tr("Paper"), "heading"))
        column.addWidget(self.paper)
        column.addSpacing(3 * GRID)
        column.addWidget(wrapped(tr("On it"), "heading"))
        for box in (self.nomogram, self.heatmap, self.patient):
            column.addWidget(box)
        column.addSpacing(3 * GRID)
        for widget in (
            self._buttons[ReportKind.PDF],
            self._buttons[ReportKind.HTML],
            self.print_button,
        ):
            column.addWidget(widget)
        column.addSpacing(3 * GRID)
        column.addWidget(wrapped(tr("For the PACS"), "heading"))
        column.addWidget(self.send_button)
        column.addWidget(self.waiting)
        column.addWidget(wrapped(tr("Or as DICOM files:"), "muted"))
        for kind in (ReportKind.SR, ReportKind.SEG, ReportKind.SC):
            column.addWidget(self._buttons[kind])
        column.addWidget(
            wrapped(
                tr("These name the patient as the image does, whatever is chosen above."), "muted"
            )
        )
        column.addStretch(1)
        column.addWidget(self.note)
