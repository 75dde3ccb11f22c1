"""The first step: choose a cohort, and hear what is in it and what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr, trn
from her2desk.ui.theme import GRID
from her2desk.ui.training.cohort_start import CohortStart
from her2desk.ui.training.documents import CohortCheck, Step
from her2desk.ui.training.findings_table import FindingsTable
from her2desk.ui.training.problem_notice import ProblemNotice
from her2desk.ui.training.words import images_sentence, patients_sentence
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped

TABLE_NAME = "cohort.csv"
_STEPS = 1000


class CohortPage(QWidget):
    """Says which cohort was chosen; the window looks at it and tells the page what was found."""

    cohort_chosen = Signal(Path)
    check_cancelled = Signal()

    def __init__(self, open_url: Callable[[QUrl], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._cohort: Path | None = None
        self.path = QLineEdit()
        self.path.setPlaceholderText(tr("Folder with cohort.csv"))
        self.path.setAccessibleName(tr("Cohort folder"))
        self.path.setToolTip(tr("The cohort's folder; Enter looks at it"))
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setToolTip(tr("Choose the cohort's folder; it is only read"))
        self.again = QPushButton(tr("Check &again"))
        self.again.setToolTip(tr("Look at the same folder once more (F5)"))
        self.again.setShortcut("F5")
        self.start = CohortStart(open_url)
        self.waiting = _Waiting()
        self.found = _Found()
        self.problem = ProblemNotice([(tr("Check again"), tr("Look at the same folder once more"))])
        self._refused = QWidget()
        self._body = QStackedWidget()
        self._arrange()
        self.choose.clicked.connect(self.ask_for_folder)
        self.start.choose_requested.connect(self.ask_for_folder)
        self.path.returnPressed.connect(self._take_path)
        self.again.clicked.connect(self.check_again)
        self.problem.button_clicked.connect(lambda _index: self.check_again())
        self.waiting.cancel.clicked.connect(self._cancel)

    @property
    def cohort(self) -> Path | None:
        """The folder that was chosen last."""
        return self._cohort

    def choose_cohort(self, path: Path) -> None:
        """Take a folder, or the folder of its table, and ask for a look at it."""
        folder = path.parent if path.name == TABLE_NAME else path
        self._cohort = folder
        self.path.setText(str(folder))
        self.again.setEnabled(True)
        self.waiting.begin()
        self._body.setCurrentWidget(self.waiting)
        self.cohort_chosen.emit(folder)

    def check_again(self) -> None:
        """Look at the same cohort once more."""
        if self._cohort is not None:
            self.choose_cohort(self._cohort)

    def ask_for_folder(self) -> None:
        """Let the user choose the cohort's folder."""
        before = str(self._cohort.parent) if self._cohort is not None else ""
        name = QFileDialog.getExistingDirectory(self, tr("Choose the cohort's folder"), before)
        if name:
            self.choose_cohort(Path(name))

    def show_step(self, step: Step) -> None:
        """How far the check is."""
        self.waiting.show_step(step)

    def show_check(self, check: CohortCheck) -> None:
        """What was found."""
        self.found.show_check(check)
        self._body.setCurrentWidget(self.found)

    def show_error(self, error: Her2DeskError) -> None:
        """Why nothing could be found."""
        self.problem.show_error(error)
        self._body.setCurrentWidget(self._refused)

    def _take_path(self) -> None:
        typed = self.path.text().strip()
        if typed:
            self.choose_cohort(Path(typed).expanduser())

    def _cancel(self) -> None:
        self._body.setCurrentWidget(self.start)
        self.check_cancelled.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.choose_cohort(path)

    def _arrange(self) -> None:
        self.again.setEnabled(False)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.path, 1)
        row.addWidget(self.choose)
        row.addWidget(self.again)
        refused = QVBoxLayout(self._refused)
        refused.setContentsMargins(0, 0, 0, 0)
        refused.addWidget(self.problem)
        refused.addStretch(1)
        for page in (self.start, self.waiting, self.found, self._refused):
            self._body.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4 * GRID)
        column.addLayout(row)
        column.addWidget(self._body, 1)


class _Waiting(QWidget):
    """A bar that moves until the first step says how far it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = wrapped()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the check"))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setToolTip(tr("Stop looking; nothing was changed"))
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addStretch(1)

    def begin(self) -> None:
        self.words.setText(tr("Looking at the cohort; nothing is changed."))
        self.bar.setRange(0, 0)

    def show_step(self, step: Step) -> None:
        self.bar.setRange(0, _STEPS)
        self.bar.setValue(round(_STEPS * step.fraction))
        if step.text:
            self.words.setText(step.text)


class _Found(QWidget):
    """Counts, whether the cohort can be used, and the findings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.patients = wrapped(role="title")
        self.images = wrapped(role="muted")
        self.mark = Glyph("none")
        self.verdict = QLabel()
        self.findings = FindingsTable()
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.mark)
        row.addWidget(self.verdict)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.patients)
        column.addWidget(self.images)
        column.addLayout(row)
        column.addSpacing(GRID)
        column.addWidget(self.findings, 1)
        self._rest = QWidget()  # keeps the words at the top where there is no table
        column.addWidget(self._rest, 1)

    def show_check(self, check: CohortCheck) -> None:
        self.patients.setText(patients_sentence(check))
        self.images.setText(images_sentence(check))
        self.mark.setVisible(not check.is_usable)
        self.mark.set_kind("none" if check.is_usable else "warning")
        self.verdict.setText(_verdict(check))
        self.findings.setVisible(bool(check.findings))
        self._rest.setVisible(not check.findings)
        self.findings.set_findings(check.findings)


def _verdict(check: CohortCheck) -> str:
    errors = sum(finding.is_error for finding in check.findings)
    notices = len(check.findings) - errors
    if not check.is_usable:
        if not errors:
            return tr("This cohort cannot be used as it is.")
        return trn(
            "{n} error must be put right before this cohort can be used.",
            "{n} errors must be put right before this cohort can be used.",
            errors,
        )
    if notices:
        return trn(
            "This cohort can be used. {n} notice is worth a look.",
            "This cohort can be used. {n} notices are worth a look.",
            notices,
        )
    return tr("This cohort can be used; nothing was found that speaks against it.")


def _dropped(event: QDropEvent) -> Path | None:
    """The one folder, or the one table, that is being dropped."""
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    if len(urls) != 1:
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.is_dir() or path.name == TABLE_NAME else None
