"""The fourth step: the pack, how well it did on whom, its figures; or what went wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import Message, msg, tr
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.documents import TrainedPack
from her2desk.ui.training.figure_strip import FigureStrip
from her2desk.ui.training.metrics_table import MetricsTable
from her2desk.ui.training.problem_notice import ProblemNotice
from her2desk.ui.training.scroll_column import ScrollColumn
from her2desk.ui.widgets.labels import ElidedLabel, wrapped
from her2desk.ui.widgets.notices import NoticeList

_DIGEST_SHOWN = 16
_WARNINGS_SHOWN = 6


class ResultPage(QWidget):
    """Says what is wanted next; the window does it."""

    pack_chosen = Signal(Path)
    again_requested = Signal()
    resume_requested = Signal()
    log_requested = Signal()

    def __init__(
        self,
        background: Background,
        open_url: Callable[[QUrl], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_url = open_url
        self._trained: TrainedPack | None = None
        self.title = wrapped(role="title")
        self.place = ElidedLabel()
        set_role(self.place, "muted")
        self.use = _button(tr("&Use this pack"), tr("Answer with this pack from now on"))
        set_role(self.use, "primary")
        self.report = _button(tr("Open &report"), tr("Open the report of this training"))
        self.tripod = _button(tr("Open &TRIPOD draft"), tr("Open the draft of the TRIPOD+AI list"))
        self.folder = _button(tr("Show in &folder"), tr("Open the folder of the pack"))
        self.again = _button(tr("Train a&gain"), tr("Back to the choices, for another training"))
        self.used = wrapped()
        self.used.hide()
        self.warnings = NoticeList()
        self.metrics = MetricsTable()
        self.figures = FigureStrip(background)
        self.problem = ProblemNotice(
            [
                (tr("Start &again"), tr("The same training; it goes on from what is finished")),
                (tr("Back to the choices"), tr("Change something first")),
                (tr("Show the &log"), tr("What the training said before it ended")),
            ]
        )
        self._pages = QStackedWidget()
        self._arrange()
        self.use.clicked.connect(self._use)
        self.report.clicked.connect(lambda: self._open(self._of("report")))
        self.tripod.clicked.connect(lambda: self._open(self._of("tripod")))
        self.folder.clicked.connect(self._open_folder)
        self.again.clicked.connect(self.again_requested)
        self.problem.button_clicked.connect(self._on_problem)

    def show_trained(self, trained: TrainedPack, name: str) -> None:
        """Show a finished pack."""
        self._trained = trained
        self.title.setText(tr("{name} is ready").format(name=name))
        self.place.set_full_text(str(trained.pack))
        if trained.digest:
            self.place.set_full_text(
                tr("{path} · SHA-256 {digest}…").format(
                    path=trained.pack, digest=trained.digest[:_DIGEST_SHOWN]
                )
            )
        self.used.hide()
        self.report.setEnabled(trained.report is not None)
        self.tripod.setVisible(trained.tripod is not None)
        self.warnings.set_messages(_shown(trained.warnings))
        self.metrics.set_aucs(trained.aucs)
        self.figures.show_folder(trained.figures)
        self._figures_title.setVisible(not self.figures.isHidden())
        self._pages.setCurrentIndex(0)
        self.use.setFocus()

    def show_error(self, error: Her2DeskError) -> None:
        """Show why there is no pack."""
        self.problem.show_error(error)
        self._pages.setCurrentIndex(1)
        self.problem.buttons[0].setFocus()

    def show_used(self, pack: Path) -> None:
        """Say that the window answers with this pack, if it is the one shown."""
        is_shown = self._trained is not None and self._trained.pack == pack
        set_role(self.used, "plain")
        self.used.setText(tr("Her2Desk now answers with this pack."))
        self.used.setVisible(is_shown)

    def show_not_used(self, error: Her2DeskError) -> None:
        """Say why the window does not answer with the pack shown."""
        set_role(self.used, "warning")
        self.used.setText(str(error))
        self.used.show()

    def _use(self) -> None:
        if self._trained is not None:
            self.pack_chosen.emit(self._trained.pack)

    def _of(self, name: str) -> Path | None:
        found = getattr(self._trained, name, None)
        return found if isinstance(found, Path) else None

    def _open(self, path: Path | None) -> None:
        if path is not None:
            self._open_url(QUrl.fromLocalFile(str(path)))

    def _open_folder(self) -> None:
        pack = self._of("pack")
        self._open(pack.parent if pack is not None else None)

    def _on_problem(self, index: int) -> None:
        (self.resume_requested, self.again_requested, self.log_requested)[index].emit()

    def _arrange(self) -> None:
        refused = QWidget()
        column = QVBoxLayout(refused)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.problem)
        column.addStretch(1)
        self._pages.addWidget(self._made())
        self._pages.addWidget(refused)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def _made(self) -> QWidget:
        page = ScrollColumn()
        page.setAccessibleName(tr("Result"))
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        for button in (self.use, self.report, self.tripod, self.folder, self.again):
            row.addWidget(button)
        row.addStretch(1)
        self._figures_title = QLabel(tr("Figures"))
        set_role(self._figures_title, "heading")
        column = page.column
        column.setContentsMargins(0, 0, 2 * GRID, 0)
        column.setSpacing(3 * GRID)
        column.addWidget(self.title)
        column.addWidget(self.place)
        column.addLayout(row)
        column.addWidget(self.used)
        column.addWidget(self.warnings)
        column.addWidget(self.metrics)
        column.addWidget(wrapped(_how_to_read(), "muted"))
        column.addWidget(self._figures_title)
        column.addWidget(self.figures)
        column.addStretch(1)
        return page


def _shown(warnings: Sequence[str]) -> list[Message]:
    """The first few whole, the rest counted."""
    shown = [msg("{words}", words=words) for words in warnings[:_WARNINGS_SHOWN]]
    rest = len(warnings) - len(shown)
    return [*shown, msg("And {n} more, listed in the report.", n=rest)] if rest else shown


def _how_to_read() -> str:
    return tr(
        "With 95 % intervals; ≈ marks an approximate one. Judge the pack by the held-out column, or "
        "the cross-validated one where nobody was held out: the apparent column is optimistic."
    )


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
