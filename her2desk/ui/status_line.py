"""The line at the bottom: what the engine does, the last analysis, whether all is saved."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from her2desk.domain.research_use import RESEARCH_USE
from her2desk.texts import tr, trn
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import ElidedLabel

SEPARATOR = " · "


class StatusLine(QWidget):
    """Three facts on the left (engine, analysis, saved), the research-use line on the right."""

    import_cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_line")
        self._engine = tr("starting the analysis engine")
        self._analysis = ""
        self._saved = ""
        self.facts = ElidedLabel()
        self.facts.setAccessibleName(tr("Status"))
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(40 * GRID)
        self.progress.hide()
        self.cancel = QPushButton(tr("Cancel import"))
        self.cancel.setToolTip(tr("Stop after the file in hand; what is imported stays (Ctrl+.)"))
        self.cancel.setShortcut("Ctrl+.")
        self.cancel.clicked.connect(self.import_cancel_requested)
        self.cancel.hide()
        self.notice = QLabel(RESEARCH_USE.text())
        set_role(self.notice, "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * GRID, GRID, 3 * GRID, GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.facts, 1)
        layout.addWidget(self.progress)
        layout.addWidget(self.cancel)
        layout.addWidget(self.notice)
        self._show()

    def show_ready(self) -> None:
        """The engine has started."""
        self._engine = tr("ready")
        self._show()

    def show_analysis(self, total_ms: float, device: str) -> None:
        """An answer has come."""
        self._engine = tr("ready")
        self._analysis = tr("last analysis {seconds:.2f} s on {device}").format(
            seconds=total_ms / 1000, device=device.upper()
        )
        self._show()

    def show_saved(self) -> None:
        """The last change is on disk."""
        self._saved = tr("saved")
        self._show()

    def show_saving(self) -> None:
        """The last change is on its way to the disk, and that takes a while."""
        self._saved = tr("saving…")
        self._show()

    def show_read_only(self) -> None:
        """Nothing is kept in this window."""
        self._saved = tr("read only")
        self._show()

    def show_unsaved(self, count: int) -> None:
        """So many changes are not on disk."""
        self._saved = trn("{n} change not saved", "{n} changes not saved", count)
        self._show()

    def show_cancelled(self) -> None:
        """The analysis was cancelled."""
        self._analysis = tr("analysis cancelled")
        self._show()

    def show_written(self, name: str) -> None:
        """A file was written."""
        self._analysis = tr("written: {name}").format(name=name)
        self._show()

    def show_bundle_began(self) -> None:
        """A diagnostic bundle is being written, which takes a while."""
        self._analysis = tr("writing the diagnostic bundle")
        self._show()

    def show_error(self, message: str) -> None:
        """What went wrong, in short; the whole stands beside what it is about."""
        self._analysis = message
        self._show()

    def show_import_started(self) -> None:
        """An import has begun."""
        self.progress.setValue(0)
        self.progress.show()
        self.cancel.show()

    def show_import_progress(self, fraction: float, text: str) -> None:
        """How far an import is."""
        self.progress.setValue(round(1000 * fraction))
        self._analysis = text
        self._show()

    def show_import_finished(self, summary: str) -> None:
        """What became of the import."""
        self.progress.hide()
        self.cancel.hide()
        self._analysis = summary
        self._show()

    def text(self) -> str:
        """The facts as they stand."""
        return SEPARATOR.join(t for t in (self._engine, self._analysis, self._saved) if t)

    def _show(self) -> None:
        self.facts.set_full_text(self.text())
