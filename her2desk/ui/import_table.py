"""What became of each file of an import: searched, filtered, copied, exported, opened."""

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.import_icons import status_icon
from her2desk.ui.import_model import ALL, FILE, NOTICES, STATUS, ImportModel
from her2desk.ui.import_rows import (
    DUPLICATE,
    IMPORTED,
    REFUSED,
    SKIPPED,
    ImportRow,
    as_text,
    write_csv,
)
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, colours
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.segmented_control import SegmentedControl
from her2desk.ui.widgets.tables import make_calm

FILTERS = (ALL, IMPORTED, NOTICES, DUPLICATE, SKIPPED, REFUSED)
_ROW_HEIGHT = 8 * GRID
_WIDTHS = {FILE: 240, STATUS: 150}
_CASE_WIDTH = 70
_WHOLE_LINES = 3


class ImportTable(QDialog):
    """A window of its own that does not hold up the others; ``case_requested`` opens a case."""

    case_requested = Signal(int)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("What became of each file"))
        self._background = background
        self._icons: dict[str, QIcon] = {}
        self.model = ImportModel(self._icon)
        self.filter = SegmentedControl([(f, "") for f in FILTERS], tr("Files shown"))
        self.search = QLineEdit()
        self.view = _view(self.model)
        self.whole = wrapped()
        self.open_button = QPushButton(tr("&Open case"))
        self.copy_button = QPushButton(tr("&Copy"))
        self.export_button = QPushButton(tr("&Export CSV…"))
        self.close_button = QPushButton(tr("Close"))
        self.filter.set_value(ALL)
        self._name_controls()
        self._arrange()
        self._connect()
        self._count()
        self._show_whole()

    def clear(self) -> None:
        """Forget the files of the import before."""
        self.model.clear()
        self._count()
        self._show_whole()

    def add_rows(self, rows: Sequence[ImportRow]) -> None:
        """More files of the import that runs."""
        self.model.add(rows)
        self._count()

    def forget(self, case_ids: Collection[int]) -> None:
        """Leave out the files of cases that are gone."""
        self.model.forget(case_ids)
        self._count()
        self._show_whole()

    def show_table(self) -> None:
        """Bring the window to the front; what was refused first, where something was."""
        if not self.isVisible():
            self.search.clear()
            self.filter.set_value(REFUSED if self.model.counts[REFUSED] else ALL)
            self._filter()
        self.show()
        self.activateWindow()

    def copy_text(self) -> None:
        """Put the selected files, or all that are shown, on the clipboard."""
        QGuiApplication.clipboard().setText(as_text(self._selected() or self.model.shown()))

    def export(self) -> None:
        """Ask where to, and write the files shown as CSV."""
        path = self.place_of_export()
        if path is None:
            return
        rows = self.model.shown()
        written = tr("Written: {name}").format(name=path.name)
        self._background.run(
            lambda: write_csv(path, rows),
            lambda _none: self.whole.setText(written),
            self._show_error,
        )

    def place_of_export(self) -> Path | None:
        """Where the user wants the CSV file."""
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Export the table"), "import.csv", tr("Tables (*.csv)")
        )
        return Path(name) if name else None

    def changeEvent(self, event: QEvent) -> None:
        """Paint the icons anew when the theme changes."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._icons.clear()

    def _icon(self, status: str) -> QIcon:
        if status not in self._icons:
            self._icons[status] = status_icon(status, colours())
        return self._icons[status]

    def _name_controls(self) -> None:
        self.search.setPlaceholderText(tr("Search files"))
        self.search.setAccessibleName(tr("Search files"))
        self.search.setToolTip(tr("Name, folder, reason or case number"))
        self.search.setClearButtonEnabled(True)
        self.open_button.setToolTip(tr("Open the selected file's case (Enter or double click)"))
        self.copy_button.setToolTip(
            tr("Copy the selected files, or all that are shown, one a line (Ctrl+C in the table)")
        )
        self.export_button.setToolTip(tr("Write the files shown as a table"))
        for button in (self.open_button, self.copy_button, self.export_button, self.close_button):
            button.setAutoDefault(False)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(self.filter)
        head.addStretch(1)
        self.search.setFixedWidth(60 * GRID)
        head.addWidget(self.search)
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        for button in (self.open_button, self.copy_button, self.export_button):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        self.whole.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.whole.setMinimumHeight(_WHOLE_LINES * self.fontMetrics().lineSpacing())
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
        column.setSpacing(3 * GRID)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        column.addWidget(self.whole)
        column.addLayout(foot)
        self.resize(1120, 640)

    def _connect(self) -> None:
        self.filter.value_changed.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.view.doubleClicked.connect(self._open)
        self.view.returned.connect(self._open)
        self.view.selectionModel().selectionChanged.connect(self._show_whole)
        self.open_button.clicked.connect(self._open)
        self.copy_button.clicked.connect(self.copy_text)
        self.export_button.clicked.connect(self.export)
        self.close_button.clicked.connect(self.close)
        copy = QAction(tr("Copy"), self.view)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_text)
        self.view.addAction(copy)

    def _filter(self) -> None:
        self.model.show_only(str(self.filter.value()), self.search.text())
        self._show_whole()

    def _count(self) -> None:
        names = {
            ALL: tr("All ({n:,})"),
            IMPORTED: tr("Imported ({n:,})"),
            NOTICES: tr("With notice ({n:,})"),
            DUPLICATE: tr("Already here ({n:,})"),
            SKIPPED: tr("Skipped ({n:,})"),
            REFUSED: tr("Refused ({n:,})"),
        }
        for value, name in names.items():
            text = name.format(n=self.model.counts[value])
            self.filter.button(value).setText(text)
            self.filter.button(value).setAccessibleName(text)

    def _selected(self) -> list[ImportRow]:
        indexes = self.view.selectionModel().selectedRows()
        return [self.model.row(index) for index in sorted(indexes, key=lambda i: i.row())]

    def _only_selected(self) -> ImportRow | None:
        """The selected file where there is just one; cheap where there are thousands."""
        ranges = self.view.selectionModel().selection()
        if ranges.count() != 1 or ranges.at(0).height() != 1:
            return None
        return self.model.row(ranges.at(0).topLeft())

    def _show_whole(self) -> None:
        row = self._only_selected()
        self.open_button.setEnabled(row is not None and row.case_id is not None)
        said = [row.place, f"{row.reason} {row.remedy}".strip()] if row is not None else []
        self.whole.setText("\n".join(said))

    def _open(self) -> None:
        row = self._only_selected()
        if row is not None and row.case_id is not None:
            self.case_requested.emit(row.case_id)

    def _show_error(self, error: Her2DeskError) -> None:
        self.whole.setText(str(error))


class _View(QTableView):
    """A table that also opens a row by Return."""

    returned = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens the selected row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.returned.emit()
        else:
            super().keyPressEvent(event)


def _view(model: ImportModel) -> _View:
    view = _View()
    view.setModel(model)
    view.setAccessibleName(tr("Files"))
    view.setWordWrap(False)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    make_calm(view, _ROW_HEIGHT)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    header = view.horizontalHeader()
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    header.setSortIndicatorClearable(True)
    view.setSortingEnabled(True)
    for column in range(model.columnCount()):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    for column, width in (*_WIDTHS.items(), (model.columnCount() - 1, _CASE_WIDTH)):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        view.setColumnWidth(column, width)
    return view
