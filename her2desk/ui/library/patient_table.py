"""The library's patients, one a row, and a search over them."""

from collections.abc import Sequence

from PySide6.QtCore import QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.case_rows import date_text
from her2desk.ui.letters import legible
from her2desk.ui.library.desk import Patient
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.tables import Index, RowsModel, sortable_view

_ORDER = Qt.ItemDataRole.UserRole
_PATIENT_ID, _NAME, _CASES, _STUDY = range(4)


class PatientModel(RowsModel[Patient]):
    """Patient ID, name, number of cases, last study."""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a cell says, and what it is ordered by."""
        patient = self.rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            no_id = tr("none in the file (case {case})").format(case=f"{patient.case_ids[0]:04d}")
            words = (
                patient.patient_id or no_id,
                legible(" ".join(patient.name.replace("^", " ").split())),
                str(len(patient.case_ids)),
                date_text(patient.last_study),
            )
            return words[column]
        if role == _ORDER:
            order: tuple[object, ...] = (
                patient.patient_id.casefold(),
                patient.name.casefold(),
                len(patient.case_ids),
                patient.last_study,
            )
            return order[column]
        return self.alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None


class PatientTable(QWidget):
    """``chosen`` carries the selected ``Patient``, or None."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Patient, ...] = ()
        self._model = PatientModel(
            (tr("Patient ID"), tr("Name"), tr("Cases"), tr("Last study")), self
        )
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search patients"))
        self.search.setAccessibleName(tr("Search patients"))
        self.search.setClearButtonEnabled(True)
        self.view = sortable_view(
            self._model,
            tr("Patients"),
            sort_role=_ORDER,
            sorted_by=_PATIENT_ID,
            row_height=7 * GRID,
            widths=(220, 240, 70),
        )
        ordered = self.view.model()
        assert isinstance(ordered, QSortFilterProxyModel)
        self._ordered = ordered
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        self.search.textChanged.connect(self._narrow)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._tell())

    def set_patients(self, patients: Sequence[Patient]) -> None:
        """Show these; the selected one stays selected where it is among them."""
        before = self.selected()
        self._all = tuple(patients)
        self._narrow()
        if before is not None:
            self.select(before.patient_id)

    def selected(self) -> Patient | None:
        """The patient in the marked row."""
        rows = self.view.selectionModel().selectedRows()
        if not rows:
            return None
        return self._model.rows[self._ordered.mapToSource(rows[0]).row()]

    def select(self, patient_id: str) -> None:
        """Mark a patient's row."""
        for row, patient in enumerate(self._model.rows):
            if patient.patient_id == patient_id:
                index = self._ordered.mapFromSource(self._model.index(row, 0))
                self.view.selectRow(index.row())

    def _narrow(self) -> None:
        words = self.search.text().casefold().split()
        self._model.set_rows(
            [p for p in self._all if all(w in f"{p.patient_id} {p.name}".casefold() for w in words)]
        )
        self._tell()

    def _tell(self) -> None:
        self.chosen.emit(self.selected())
