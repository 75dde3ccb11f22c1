"""Searching an archive and fetching a study."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.pacs.nodes import PacsSettings, RemoteNode
from her2desk.dicom.pacs.queries import ULTRASOUND, Match, Matches, Query
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.texts import tr, trn
from her2desk.ui.jobs import Background
from her2desk.ui.letters import legible
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.watched_task import WatchedTask
from her2desk.ui.widgets.inputs import QuietComboBox
from her2desk.ui.widgets.remark import Remark
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, make_calm

Search = Callable[[RemoteNode, Query, Progress], Matches]
Fetch = Callable[[RemoteNode, str, Progress], tuple[list[Path], str]]
_WIDTHS = (120, 190, 92, 92, 76, 64)
_IMAGES = 5
_STEPS = 1000


class StudyModel(RowsModel[Match]):
    """A study a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (
            tr("Patient ID"),
            tr("Name"),
            tr("Born"),
            tr("Study"),
            tr("Kind"),
            tr("Images"),
            tr("Description"),
        )
        super().__init__(titles, parent)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Counts on the right."""
        return RIGHT if column == _IMAGES else LEFT

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        match, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _cells(match)[column]
        return None


class SearchTab(QWidget):
    """``fetched`` carries the paths of images that came, to be imported."""

    fetched = Signal(object)

    def __init__(
        self, search: Search, fetch: Fetch, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._search = search
        self._fetch = fetch
        self._nodes: tuple[RemoteNode, ...] = ()
        self._found_at: RemoteNode | None = None
        self.task = WatchedTask(background, self)
        self.archive = QuietComboBox()
        self.archive.setAccessibleName(tr("Archive"))
        self.name = _edit(tr("Name"), tr("Name, or how it begins"))
        self.patient_id = _edit(tr("Patient ID"), tr("Patient ID"))
        self.first = _edit(tr("From day"), tr("from YYYY-MM-DD"))
        self.last = _edit(tr("To day"), tr("to YYYY-MM-DD"))
        self.ultrasound_only = QCheckBox(tr("Ultrasound only"))
        self.ultrasound_only.setChecked(True)
        self.search = QPushButton(tr("Search"))
        self.studies = StudyModel(self)
        self.table = QTableView()
        self.fetch = QPushButton(tr("Fetch into the library"))
        self.cancel = QPushButton(tr("Stop"))
        self.bar = QProgressBar()
        self.words = QLabel()
        self.note = Remark()
        self._arrange()
        self._connect()
        self._show_running(False)

    def set_settings(self, settings: PacsSettings) -> None:
        """Offer these archives."""
        chosen = self.archive.currentText()
        self._nodes = settings.nodes
        self.archive.clear()
        self.archive.addItems([node.name for node in self._nodes])
        self.archive.setCurrentIndex(max(self.archive.findText(chosen), 0 if self._nodes else -1))
        self.search.setEnabled(bool(self._nodes) and not self.task.is_running)
        if not self._nodes:
            self.note.say(tr("No archive is set up yet; add one under Archives."), False)
        elif not self.studies.rows:
            self.note.say("", False)

    def stop(self) -> None:
        """Wait for nothing any more."""
        self.task.cancel()

    def chosen(self) -> Match | None:
        """The chosen study."""
        rows = self.table.selectionModel().selectedRows()
        return self.studies.rows[rows[0].row()] if rows else None

    def _begin_search(self) -> None:
        index = self.archive.currentIndex()
        if index < 0 or self.task.is_running:
            return
        days = [_day(edit) for edit in (self.first, self.last)]
        if None in days:
            self.note.say(tr("Write days as YYYY-MM-DD, such as 2024-03-31."), True)
            return
        node = self._nodes[index]
        query = Query(
            patient_name=self.name.text().strip(),
            patient_id=self.patient_id.text().strip(),
            date_from=days[0] or "",
            date_to=days[1] or "",
            modality=ULTRASOUND if self.ultrasound_only.isChecked() else "",
        )
        self.studies.set_rows(())
        self._show_running(True)
        self.task.run(
            lambda progress: self._search(node, query, progress),
            lambda found: self._show_found(node, found),
        )

    def _show_found(self, node: RemoteNode, found: Matches) -> None:
        self._found_at = node
        self.studies.set_rows(found.matches)
        count = len(found.matches)
        said = trn("{n} study found.", "{n} studies found.", count)
        if found.is_cut_off:
            said = tr("The first {n} studies; search for something narrower.").format(n=count)
        self.note.say(said, found.is_cut_off)
        if count:
            self.table.selectRow(0)
            self.table.setFocus()

    def _begin_fetch(self) -> None:
        study, node = self.chosen(), self._found_at
        if study is None or node is None or self.task.is_running:
            return
        uid = study.study_uid
        self._show_running(True)
        self.task.run(lambda progress: self._fetch(node, uid, progress), self._show_fetched)

    def _show_fetched(self, came: tuple[list[Path], str]) -> None:
        paths, missing = came
        said = trn("{n} image fetched.", "{n} images fetched.", len(paths))
        self.note.say(f"{said} {missing}".strip(), bool(missing))
        if paths:
            self.fetched.emit(paths)

    def _fail(self, error: Her2DeskError) -> None:
        self.note.say(str(error), True)

    def _tell(self, fraction: float, words: str) -> None:
        self.bar.setRange(0, _STEPS if fraction else 0)  # without an end while it only waits
        self.bar.setValue(round(_STEPS * fraction))
        self.words.setText(words)

    def _show_running(self, is_running: bool) -> None:
        for widget in (self.bar, self.words, self.cancel):
            widget.setVisible(is_running)
        self.note.setVisible(not is_running)
        self.search.setEnabled(not is_running and bool(self._nodes))
        self._offer_fetch()
        self.bar.setRange(0, 0)
        self.words.clear()

    def _offer_fetch(self) -> None:
        self.fetch.setEnabled(self.chosen() is not None and not self.task.is_running)

    def _connect(self) -> None:
        self.search.clicked.connect(self._begin_search)
        for edit in (self.name, self.patient_id, self.first, self.last):
            edit.returnPressed.connect(self._begin_search)
        self.table.doubleClicked.connect(lambda _index: self._begin_fetch())
        self.table.activated.connect(lambda _index: self._begin_fetch())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._offer_fetch())
        self.studies.modelReset.connect(self._offer_fetch)
        self.fetch.clicked.connect(self._begin_fetch)
        self.cancel.clicked.connect(self.task.cancel)
        self.task.progressed.connect(self._tell)
        self.task.failed.connect(self._fail)
        self.task.ended.connect(lambda: self._show_running(False))

    def _arrange(self) -> None:
        self.table.setModel(self.studies)
        self.table.setAccessibleName(tr("Studies found"))
        make_calm(self.table, 8 * GRID, _WIDTHS)
        self.table.setWordWrap(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        set_role(self.search, "primary")
        set_role(self.words, "muted")
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID * 2)
        grid.setVerticalSpacing(GRID * 2)
        grid.addWidget(self.archive, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.patient_id, 0, 2)
        grid.addWidget(self.ultrasound_only, 1, 0)
        grid.addWidget(self.first, 1, 1)
        grid.addWidget(self.last, 1, 2)
        grid.addWidget(self.search, 1, 3)
        for place, stretch in enumerate((2, 3, 3, 0)):
            grid.setColumnStretch(place, stretch)
        below = QHBoxLayout()
        below.setSpacing(GRID * 3)
        below.addWidget(self.fetch)
        below.addWidget(self.bar)
        below.addWidget(self.words, 1)
        below.addWidget(self.note, 1)
        below.addWidget(self.cancel)
        self.bar.setFixedWidth(GRID * 40)
        self.bar.setTextVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 4, GRID * 4, GRID * 4, GRID * 4)
        column.setSpacing(GRID * 4)
        column.addLayout(grid)
        column.addWidget(self.table, 1)
        column.addLayout(below)


def _edit(name: str, hint: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setAccessibleName(name)
    edit.setPlaceholderText(hint)
    edit.ensurePolished()  # the theme's letters
    edit.setMinimumWidth(edit.fontMetrics().horizontalAdvance(hint) + 8 * GRID)
    return edit


def _day(edit: QLineEdit) -> str | None:
    """YYYYMMDD, empty where nothing is written, None where it is no day."""
    text = edit.text().strip()
    if not text:
        return ""
    for form in ("yyyy-MM-dd", "yyyyMMdd"):
        day = QDate.fromString(text, form)
        if day.isValid():
            return day.toString("yyyyMMdd")
    return None


def _cells(match: Match) -> tuple[str, ...]:
    return (
        match.patient_id,
        legible(" · ".join(_written(match.patient_name))),
        _date(match.birth_date),
        _date(match.study_date),
        match.modalities.replace("\\", ", "),
        "" if match.instances is None else str(match.instances),
        match.study_description,
    )


def _written(name: str) -> list[str]:
    """A name in each of its scripts (PS3.5 6.2.1.1: Latin, ideographic, phonetic)."""
    return [group.replace("^", " ").strip() for group in name.split("=") if group.strip("^ ")]


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
