"""The table of readings: what was thought, what the pack said, what was decided."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from her2desk.audit.reading_log import Reading
from her2desk.domain.counts import Call
from her2desk.domain.reading import answer_of
from her2desk.texts import listed, tr
from her2desk.ui.panels.decision_bar import answer_word
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, make_calm

_WIDTHS = (84, 104, 150, 132, 128, 84, 104, 150, 120)
_FIGURES = (0, 6)
_SORT_ROLE = Qt.ItemDataRole.UserRole

CSV_COLUMNS = (
    "case_id", "reader", "pack", "revealed_utc", "impression", "confidence", "call", "probability",
    "decision", "changed", "overruled", "reason", "redrawn", "looked", "seconds_to_impression",
    "seconds_to_decision", "her2_positive",
)  # fmt: skip


def impression_word(reading: Reading) -> str:
    """The impression and its confidence, or that none was asked for."""
    if reading.impression is None:
        return tr("not asked")
    return tr("{answer}, {confidence} of 5").format(
        answer=answer_word(reading.impression.answer), confidence=reading.impression.confidence
    )


def call_word(reading: Reading) -> str:
    """The pack's call and probability."""
    words = {
        Call.POSITIVE: tr("Positive"),
        Call.NEGATIVE: tr("Negative"),
        Call.INDETERMINATE: tr("No call"),
    }
    return f"{words[reading.call]} ({reading.probability:.2f})"


def decision_word(reading: Reading) -> str:
    """What was decided, and whether that overruled the pack."""
    if reading.decision is None:
        return tr("none yet")
    word = answer_word(reading.decision.answer)
    return tr("{answer}, overruled").format(answer=word) if reading.decision.overrules else word


def _changed_word(reading: Reading) -> str:
    if reading.changed is None:
        return ""
    return tr("changed") if reading.changed else tr("unchanged")


def _time_word(reading: Reading) -> str:
    seconds = reading.seconds_to_decision
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return tr("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)


def _looked_word(reading: Reading) -> str:
    words = {"heatmap": tr("heatmap"), "nomogram": tr("nomogram"), "why": tr("why")}
    said = [words[name] for name in reading.looked if name in words]
    return str(listed([*said, *([tr("redrawn")] if reading.redrawn else [])]))


def _status_word(reading: Reading) -> str:
    if reading.her2_positive is None:
        return tr("not known")
    return tr("HER-2 positive") if reading.her2_positive else tr("HER-2 negative")


_CELLS: tuple[Callable[[Reading], str], ...] = (
    lambda reading: f"{reading.case_id:04d}",
    lambda reading: reading.reader,
    impression_word,
    call_word,
    decision_word,
    _changed_word,
    _time_word,
    _looked_word,
    _status_word,
)


class ReadingModel(RowsModel[Reading]):
    """A reading a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (
            tr("Case"),
            tr("Reader"),
            tr("Impression before"),
            tr("The pack's call"),
            tr("Decision after"),
            tr("Answer"),
            tr("Time taken"),
            tr("Looked at"),
            tr("Pathology"),
        )
        super().__init__(titles, parent)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures on the right."""
        return RIGHT if column in _FIGURES else LEFT

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        reading, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role == _SORT_ROLE and column == 6:
            return -1.0 if reading.seconds_to_decision is None else reading.seconds_to_decision
        if role == Qt.ItemDataRole.ToolTipRole and reading.decision and reading.decision.reason:
            return reading.decision.reason
        if role in (Qt.ItemDataRole.DisplayRole, _SORT_ROLE, Qt.ItemDataRole.ToolTipRole):
            return _CELLS[column](reading)
        return None


class ReadingTable(QTableView):
    """Enter or a double click asks for the case: ``case_requested``."""

    case_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.readings = ReadingModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSortRole(_SORT_ROLE)
        self._sorted.setSourceModel(self.readings)
        self.setModel(self._sorted)
        self.setAccessibleName(tr("Readings"))
        self.setAccessibleDescription(tr("Enter opens the case."))
        self.setSortingEnabled(True)
        make_calm(self, 8 * GRID, _WIDTHS)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.doubleClicked.connect(self._request)

    def set_readings(self, readings: Sequence[Reading]) -> None:
        """Show these."""
        self.readings.set_rows(readings)
        if readings:
            self.selectRow(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._request(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _request(self, index: Index) -> None:
        row = self._sorted.mapToSource(self._sorted.index(index.row(), 0)).row()
        self.case_requested.emit(self.readings.rows[row].case_id)


def csv_row(reading: Reading) -> list[object]:
    """The cells of ``CSV_COLUMNS``; what is not known is empty."""
    impression, decision = reading.impression, reading.decision
    return [
        reading.case_id,
        reading.reader,
        reading.pack,
        reading.revealed_utc,
        impression.answer if impression else "",
        impression.confidence if impression else "",
        answer_of(reading.call),
        repr(reading.probability),
        decision.answer if decision else "",
        "" if reading.changed is None else int(reading.changed),
        int(decision.overrules) if decision else "",
        decision.reason if decision else "",
        int(reading.redrawn),
        " ".join(reading.looked),
        "" if reading.seconds_to_impression is None else reading.seconds_to_impression,
        "" if reading.seconds_to_decision is None else reading.seconds_to_decision,
        "" if reading.her2_positive is None else int(reading.her2_positive),
    ]
