"""What a cohort is, before there is one: the table's columns, an example line, where to read more."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID, SIZE_SMALL, set_role
from her2desk.ui.widgets.labels import wrapped

EXAMPLE = (
    "patient_id,image,frame_index,roi,laterality,her2_ihc,her2_fish,age_years,pr\n"
    "P001,images/P001.dcm,0,rois/P001.json,L,2+,amplified,52,true"
)
FILES_DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "files.md"


class CohortStart(QWidget):
    """The empty state of the first step."""

    choose_requested = Signal()

    def __init__(self, open_url: Callable[[QUrl], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open_url = open_url
        self.choose = QPushButton(tr("&Choose a folder…"))
        self.choose.setToolTip(tr("Choose the cohort's folder; it is only read"))
        set_role(self.choose, "primary")
        self.choose.clicked.connect(self.choose_requested)
        self.document = QPushButton(tr("Every column and file, with units"))
        self.document.setToolTip(tr("Open docs/files.md"))
        self.document.setVisible(FILES_DOCUMENT.is_file())  # a wheel brings no documentation
        set_role(self.document, "link")
        self.document.clicked.connect(self._open_document)
        self._arrange()

    def _open_document(self) -> None:
        self._open_url(QUrl.fromLocalFile(str(FILES_DOCUMENT)))

    def _arrange(self) -> None:
        title = QLabel(tr("Drop the cohort's folder here, or choose it"))
        set_role(title, "title")
        lines = [
            tr(
                "A cohort is a folder with a table, cohort.csv, one line a patient, and the images "
                "and outlines that the table names. It is read here and leaves this computer for "
                "nowhere."
            ),
            tr(
                "IHC 0 and 1+ are negative, 3+ is positive, 2+ goes by FISH; 2+ without FISH is "
                "unknown and never trained on. Clinical columns are optional: leave a cell empty "
                "where a value is not known."
            ),
        ]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4 * GRID, 0, 0)
        column.setSpacing(3 * GRID)
        column.addWidget(title)
        for line in lines:
            column.addWidget(wrapped(line))
        heading = QLabel(tr("cohort.csv, for example"))
        set_role(heading, "heading")
        column.addWidget(heading)
        column.addWidget(_example())
        row = QHBoxLayout()
        row.setSpacing(3 * GRID)
        row.addWidget(self.choose)
        row.addWidget(self.document)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)


def _example() -> QLabel:
    label = QLabel(EXAMPLE)
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(SIZE_SMALL)
    label.setFont(font)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    set_role(label, "card")
    label.setAccessibleName(tr("Example of cohort.csv"))
    return label
