"""The third step: how far the copying is, and then what became of each file."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.deidentify.report import STATUS_WORDS, FileReport, summary
from her2desk.dicom.deidentify.run import Result
from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.tables import Index, RowsModel, make_calm

_STEPS = 1000
_WIDTHS = (220, 110, 360)
_ROW_HEIGHT = 11 * GRID  # two lines of text


class FilesModel(RowsModel[FileReport]):
    """A file a row: its name, what became of it, why, and where the copy lies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((tr("File"), tr("Status"), tr("Reason"), tr("Copied to")), parent)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        file = self.rows[index.row()]
        remedy = f" {file.remedy.text()}" if file.remedy else ""
        cells = (
            Path(file.source).name,
            STATUS_WORDS[file.status].text(),
            file.reason.text() + remedy,
            file.output or "",
        )
        return cells[index.column()]


class ResultPage(QWidget):
    """A bar and a way to stop while it runs; a table and the report when it is done."""

    stop_requested = Signal()

    def __init__(self, open_url: Callable[[QUrl], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open_url = open_url
        self._result: Result | None = None
        self.stage = wrapped(role="title")
        self.detail = wrapped()
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the copying"))
        self.stop = QPushButton(tr("&Stop"))
        self.stop.setToolTip(tr("Stop; the copies that are finished stay"))
        self.model = FilesModel(self)
        self.table = _view(self.model)
        self.open_report = QPushButton(tr("Open the &report"))
        self.open_report.setToolTip(tr("What was done to each file, without the originals' names"))
        set_role(self.open_report, "primary")
        self.open_folder = QPushButton(tr("Open the &folder"))
        self.open_folder.setToolTip(tr("Show the copies"))
        self._arrange()
        self.stop.clicked.connect(self._on_stop)
        self.open_report.clicked.connect(lambda: self._open(lambda r: r.report_html))
        self.open_folder.clicked.connect(lambda: self._open(lambda r: r.report_html.parent))
        self._show_running(False)

    def begin(self) -> None:
        """A run begins."""
        self._result = None
        self.model.set_rows(())
        self.stage.setText(tr("The copies are being made"))
        self.detail.clear()
        self.stop.setEnabled(True)
        self.show_step(0.0, "")
        self._show_running(True)

    def show_step(self, fraction: float, text: str) -> None:
        """How far it is."""
        self.bar.setValue(round(fraction * _STEPS))
        self.detail.setText(text)

    def show_result(self, result: Result) -> None:
        """What became of each file."""
        self._result = result
        self.stage.setText(_headline(result))
        self.detail.setText(f"{summary(result.report)} {result.report.dates.text()}")
        self.model.set_rows(result.report.files)
        self._show_running(False)
        self.open_report.setFocus()

    def show_error(self, error: Her2DeskError) -> None:
        """Nothing could be copied."""
        self.stage.setText(error.message.text())
        self.detail.setText(error.remedy.text())
        self._show_running(False)

    def _on_stop(self) -> None:
        self.stop.setEnabled(False)
        self.detail.setText(tr("Stopping after the frame in hand …"))
        self.stop_requested.emit()

    def _open(self, which: Callable[[Result], Path]) -> None:
        if self._result is not None:
            self._open_url(QUrl.fromLocalFile(str(which(self._result).absolute())))

    def _show_running(self, running: bool) -> None:
        for widget in (self.bar, self.stop):
            widget.setVisible(running)
        done = self._result is not None
        self.table.setVisible(not running and done)
        for button in (self.open_report, self.open_folder):
            button.setVisible(not running and done)

    def _arrange(self) -> None:
        run = QHBoxLayout()
        run.setSpacing(3 * GRID)
        run.addWidget(self.bar, 1)
        run.addWidget(self.stop)
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self.open_report)
        foot.addWidget(self.open_folder)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3 * GRID)
        column.addWidget(self.stage)
        column.addWidget(self.detail)
        column.addLayout(run)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        column.addStretch(0)


def _headline(result: Result) -> str:
    if result.stopped:
        return tr("Stopped; the copies that were finished are there")
    if result.all_clean:
        return tr("All copies are clean")
    return tr("Not every file is clean: see why")


def _view(model: FilesModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(tr("What became of each file"))
    view.setWordWrap(True)
    make_calm(view, _ROW_HEIGHT, _WIDTHS)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return view
