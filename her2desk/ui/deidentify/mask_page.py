"""The second step: each scanner's mask, drawn over several of its pictures at once, and confirmed."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.deidentify.masks import Mask
from her2desk.dicom.deidentify.preview import Group, Preview
from her2desk.texts import listed, tr, trn
from her2desk.ui.deidentify.mask_edit import MaskEdit
from her2desk.ui.deidentify.thumbnail import Thumbnail
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import ElidedLabel, wrapped
from her2desk.ui.widgets.tab_order import come_before

PER_PAGE, COLUMNS = 6, 3


class MaskPage(QWidget):
    """One group of pictures at a time; ``page_wanted`` asks for the pictures from this index on.

    ``mask_changed`` says that the mask is other than what was looked at, so that a confirmation
    ends.
    """

    page_wanted = Signal(int)
    mask_changed = Signal()
    confirmed_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = MaskEdit(self)
        self.thumbnails: list[Thumbnail] = []
        self.seen: dict[str, Preview] = {}
        self._group: Group | None = None
        self._first = 0
        self._boxes_seen = self.edit.boxes
        self._confirmations = Mask().confirmations
        self.title = ElidedLabel()
        set_role(self.title, "title")
        self.count = QLabel()
        set_role(self.count, "muted")
        self.outside = QCheckBox(tr("Blacken everything &outside the ultrasound regions"))
        self.add = _button(tr("&Add a box"), tr("Add a box over the top (Insert, on a picture)"))
        self.remove = _button(tr("&Remove"), tr("Remove the chosen box (Delete, on a picture)"))
        self.undo = _button(tr("&Undo"), tr("Take the last step back (Ctrl+Z)"))
        self.redo = _button(tr("Re&do"), tr("Take it again (Ctrl+Shift+Z)"))
        self.undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
        self.redo.setShortcut(QKeySequence(QKeySequence.StandardKey.Redo))
        self.earlier = _button(tr("&Earlier pictures"), tr("Show the pictures before these"))
        self.more = _button(tr("&More pictures"), tr("Show the next pictures of this scanner"))
        self.warning = wrapped(role="warning")
        self.hint = wrapped(
            tr("Drag on a picture to blacken a box on all of them. Click a box to choose it."),
            role="muted",
        )
        self.confirm = QCheckBox(tr("&No name or text is left visible on these images"))
        self._grid = QGridLayout()
        self._arrange()
        self._connect()

    @property
    def drawn(self) -> Mask:
        """The mask as it is drawn now, with the scanner's earlier confirmations."""
        return Mask(self.edit.boxes, self.outside.isChecked(), self._confirmations)

    @property
    def is_confirmed(self) -> bool:
        """Whether the reader says so of all pictures that were shown under the present mask."""
        return self.confirm.isChecked()

    def show_group(self, group: Group, mask: Mask, number: int, of: int) -> None:
        """Begin with a group; its pictures come by ``show_previews``."""
        self._group, self._first, self.seen = group, 0, {}
        self._confirmations = mask.confirmations
        scanner = group.scanner
        self.title.set_full_text(scanner.name)
        pictures = trn("{n} file", "{n} files", len(group.files))
        self.count.setText(
            tr("{pictures} · scanner {number} of {of}").format(
                pictures=pictures, number=number, of=of
            )
        )
        self.outside.blockSignals(True)
        self.outside.setChecked(mask.outside_regions)
        self.outside.blockSignals(False)
        self.edit.blockSignals(True)
        self.edit.begin(mask.boxes, scanner.columns, scanner.rows)
        self.edit.blockSignals(False)
        self._clear()
        self.confirm.setChecked(False)
        self.confirm.setEnabled(False)
        self.warning.setText(tr("The pictures are being read …"))
        self._refresh()

    def show_previews(self, first: int, previews: Sequence[Preview], unread: int) -> None:
        """Show these pictures; ``unread`` of the page could not be decoded."""
        self._first = first
        self._clear()
        for index, preview in enumerate(previews):
            thumbnail = Thumbnail(preview, self.edit)
            thumbnail.show_outside(self.outside.isChecked())
            self.thumbnails.append(thumbnail)
            self._grid.addWidget(thumbnail, index // COLUMNS, index % COLUMNS)
            self.seen[preview.sha256] = preview
        come_before(self.add, self.thumbnails)
        self.confirm.setEnabled(bool(self.seen))
        self.confirm.setChecked(False)
        known = any(preview.outside for preview in previews)
        self.outside.setEnabled(known or not previews)
        self.outside.setToolTip(
            "" if known else tr("These files do not say where their picture ends.")
        )
        self.show_unread(unread)
        self._refresh()

    def show_unread(self, unread: int) -> None:
        """Say how many pictures cannot be shown, and nothing where all are."""
        said = trn("{n} picture cannot be shown.", "{n} pictures cannot be shown.", unread)
        self.warning.setText(said if unread else "")

    def show_suspicion(self, written: Sequence[bool]) -> None:
        """Say on which of the pictures shown something may be writing."""
        numbers = [str(number) for number, is_so in enumerate(written, start=1) if is_so]
        if numbers and not self.is_confirmed:
            self.warning.setText(
                tr("Something on picture {numbers} looks like writing: look there closely.").format(
                    numbers=listed(numbers)
                )
            )
        else:
            self.warning.setText("")

    def _clear(self) -> None:
        for thumbnail in self.thumbnails:
            self._grid.removeWidget(thumbnail)
            thumbnail.hide()
            thumbnail.deleteLater()
        self.thumbnails = []

    def _on_edit(self) -> None:
        self.remove.setEnabled(self.edit.chosen is not None)
        if self.edit.boxes != self._boxes_seen:
            self._unconfirm()
        self._refresh()

    def _on_outside(self, shown: bool) -> None:
        for thumbnail in self.thumbnails:
            thumbnail.show_outside(shown)
        self._unconfirm()

    def _unconfirm(self) -> None:
        """What was seen before was seen under another mask: only what is in sight counts now."""
        self._boxes_seen = self.edit.boxes
        self.seen = {t.preview.sha256: t.preview for t in self.thumbnails}
        self.confirm.setChecked(False)
        self.mask_changed.emit()

    def _refresh(self) -> None:
        self._boxes_seen = self.edit.boxes
        files = len(self._group.files) if self._group is not None else 0
        self.remove.setEnabled(self.edit.chosen is not None)
        self.undo.setEnabled(self.edit.can_undo)
        self.redo.setEnabled(self.edit.can_redo)
        self.earlier.setEnabled(self._first > 0)
        self.more.setEnabled(self._first + PER_PAGE < files)
        for button in (self.earlier, self.more):
            button.setVisible(files > PER_PAGE)

    def _connect(self) -> None:
        self.edit.changed.connect(self._on_edit)
        self.outside.toggled.connect(self._on_outside)
        self.confirm.toggled.connect(self.confirmed_changed)
        self.add.clicked.connect(self.edit.add_strip)
        self.remove.clicked.connect(self.edit.remove)
        self.undo.clicked.connect(self.edit.undo)
        self.redo.clicked.connect(self.edit.redo)
        self.earlier.clicked.connect(lambda: self.page_wanted.emit(max(0, self._first - PER_PAGE)))
        self.more.clicked.connect(lambda: self.page_wanted.emit(self._first + PER_PAGE))

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.count)
        tools = QHBoxLayout()
        tools.setSpacing(2 * GRID)
        for button in (self.add, self.remove, self.undo, self.redo):
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.earlier)
        tools.addWidget(self.more)
        self._grid.setSpacing(2 * GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addLayout(head)
        column.addWidget(self.hint)
        column.addLayout(self._grid, 1)
        column.addLayout(tools)
        column.addWidget(self.outside)
        column.addWidget(self.warning)
        column.addWidget(self.confirm)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
