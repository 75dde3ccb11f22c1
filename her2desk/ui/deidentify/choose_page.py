"""The first step: which files, into which folder, and what of them is kept."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QWidget,
)

from her2desk.dicom.deidentify.profile import Option
from her2desk.dicom.deidentify.run import check_destination
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg, tr, trn
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.scroll_column import ScrollColumn
from her2desk.ui.widgets.labels import ElidedLabel, wrapped

OPTION_WORDS: dict[Option, tuple[Message, Message]] = {
    Option.CLEAN_PIXEL_DATA: (
        msg("Blacken writing in the pictures"),
        msg(
            "Boxes are proposed, you draw more, and you confirm what each scanner's pictures show."
        ),
    ),
    Option.RETAIN_DEVICE_IDENTITY: (
        msg("Keep which scanner it was"),
        msg("Serial number, station name and transducer stay; needed to compare scanners."),
    ),
    Option.RETAIN_MODIFIED_DATES: (
        msg("Keep the time between examinations"),
        msg("Each patient's dates are moved by one secret number of days. Otherwise they go."),
    ),
}


class ChoosePage(ScrollColumn):
    """Files and folders (or what is dropped here), the folder for the copies, and the options."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName(tr("Files"))
        self.sources: tuple[Path, ...] = ()
        self.destination: Path | None = None
        self.choose_files = QPushButton(tr("Choose &files…"))
        self.choose_files.setToolTip(tr("Choose DICOM files or ZIP archives; they are only read"))
        self.choose_folder = QPushButton(tr("Choose a f&older…"))
        self.choose_folder.setToolTip(tr("Choose a folder; its files are only read"))
        self.choose_destination = QPushButton(tr("Choose &where to…"))
        self.choose_destination.setToolTip(tr("Choose the folder for the copies"))
        self.sources_label = ElidedLabel()
        self.destination_label = ElidedLabel()
        self.options = {option: _check_box(option) for option in Option}
        self._arrange()
        self.setAcceptDrops(True)
        self.choose_files.clicked.connect(self._ask_files)
        self.choose_folder.clicked.connect(self._ask_folder)
        self.choose_destination.clicked.connect(self._ask_destination)
        for box in self.options.values():
            box.toggled.connect(self.changed)
        self._show()

    def chosen_options(self) -> frozenset[Option]:
        """The options that are ticked."""
        return frozenset(option for option, box in self.options.items() if box.isChecked())

    def set_sources(self, sources: Sequence[Path]) -> None:
        """De-identify these files and folders."""
        if sources:
            self.sources = tuple(sources)
            self._show()

    def set_destination(self, folder: Path | None) -> None:
        """Put the copies here."""
        self.destination = folder
        self._show()

    def problem(self) -> str:
        """Why it cannot go on with these two, empty where it can."""
        if not self.sources or self.destination is None:
            return ""
        try:
            check_destination(self.sources, self.destination)
        except InputRefused as refusal:
            return str(refusal)
        return ""

    def is_complete(self) -> bool:
        """Whether there is something to copy and somewhere to put it."""
        return bool(self.sources) and self.destination is not None and not self.problem()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        self.set_sources([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])
        event.acceptProposedAction()

    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, tr("Files to de-identify"))
        self.set_sources([Path(name) for name in names])

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Folder to de-identify"))
        self.set_sources([Path(name)] if name else [])

    def _ask_destination(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Folder for the copies"))
        if name:
            self.set_destination(Path(name))

    def _show(self) -> None:
        if len(self.sources) == 1:
            chosen = str(self.sources[0])
        else:
            chosen = trn("{n} file", "{n} files", len(self.sources)) if self.sources else ""
        self.sources_label.set_full_text(
            chosen or tr("Nothing chosen yet; files can be dropped here.")
        )
        self.destination_label.set_full_text(
            str(self.destination) if self.destination else tr("No folder chosen yet.")
        )
        self.changed.emit()

    def _arrange(self) -> None:
        column = self.column
        column.setContentsMargins(0, 0, 2 * GRID, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(_heading(tr("What to copy")))
        column.addWidget(
            wrapped(
                tr("The originals are only read. The copies get pseudonyms in the place of names.")
            )
        )
        column.addLayout(_row([self.choose_files, self.choose_folder], self.sources_label))
        column.addSpacing(3 * GRID)
        column.addWidget(_heading(tr("Where to")))
        column.addLayout(_row([self.choose_destination], self.destination_label))
        column.addSpacing(3 * GRID)
        column.addWidget(_heading(tr("What is done beyond the basic profile")))
        for option, box in self.options.items():
            column.addWidget(box)
            line = wrapped(OPTION_WORDS[option][1].text(), role="muted")
            line.setContentsMargins(_indent(box), 0, 0, GRID)
            column.addWidget(line)
        column.addStretch(1)


def _check_box(option: Option) -> QCheckBox:
    title, explanation = OPTION_WORDS[option]
    box = QCheckBox(title.text())
    box.setChecked(True)
    box.setAccessibleDescription(explanation.text())
    return box


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "title")
    return label


def _row(buttons: list[QPushButton], label: QLabel) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(2 * GRID)
    for button in buttons:
        row.addWidget(button)
    row.addWidget(label, 1, Qt.AlignmentFlag.AlignVCenter)
    return row


def _indent(box: QCheckBox) -> int:
    """Where a check box's words begin."""
    metrics = QStyle.PixelMetric.PM_IndicatorWidth, QStyle.PixelMetric.PM_CheckBoxLabelSpacing
    return sum(box.style().pixelMetric(metric, None, box) for metric in metrics)
