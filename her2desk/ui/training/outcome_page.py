"""The fourth step: what was made, where it lies and how good it is; or what went wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
from her2desk.ui.training.figure_strip import FigureStrip
from her2desk.ui.training.problem_notice import ProblemNotice
from her2desk.ui.training.scroll_column import ScrollColumn
from her2desk.ui.widgets.labels import ElidedLabel, wrapped
from her2desk.ui.widgets.notices import NoticeList

_DIGEST_SHOWN = 16
_WARNINGS_SHOWN = 6


class OutcomePage(QWidget):
    """Says what is wanted next; the window does it. The subclass says what was made."""

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
        self._made: Path | None = None
        self.title = wrapped(role="title")
        self.place = ElidedLabel()
        set_role(self.place, "muted")
        self.folder = button(tr("Show in &folder"), tr("Open the folder that it was saved in"))
        self.again = button(tr("Train a&gain"), tr("Back to the choices, for another training"))
        self.warnings = NoticeList()
        self.figures = FigureStrip(background)
        self._figures_title = QLabel(tr("Figures"))
        set_role(self._figures_title, "heading")
        self.problem = ProblemNotice(
            [
                (tr("Start &again"), tr("The same training; it goes on from what is finished")),
                (tr("Back to the choices"), tr("Change something first")),
                (tr("Show the &log"), tr("What the training said before it ended")),
            ]
        )
        self._pages = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.folder.clicked.connect(self._open_folder)
        self.again.clicked.connect(self.again_requested)
        self.problem.button_clicked.connect(self._on_problem)

    def show_made(self, made: Any, request: Any) -> None:
        """Show what was made for this request."""
        raise NotImplementedError

    def show_error(self, error: Her2DeskError) -> None:
        """Show why nothing was made."""
        self.problem.show_error(error)
        self._pages.setCurrentIndex(1)
        self.problem.buttons[0].setFocus()

    def _show_file(
        self, path: Path, digest: str, name: str, warnings: Sequence[str], rest: str
    ) -> None:
        """Show the file that was made, and the warnings.

        ``rest`` says where those warnings are that are not shown, with ``{n}`` of them.
        """
        self._made = path
        self.title.setText(tr("{name} is ready").format(name=name))
        words = str(path)
        if digest:
            words = tr("{path} · SHA-256 {digest}…").format(
                path=path, digest=digest[:_DIGEST_SHOWN]
            )
        self.place.set_full_text(words)
        self.warnings.set_messages(_shown(warnings, rest))
        self._pages.setCurrentIndex(0)

    def _show_figures(self, paths: Sequence[Path]) -> None:
        """Show these pictures, if there are any."""
        self.figures.show_files(paths)
        self._figures_title.setVisible(bool(paths))

    def _open(self, path: Path | None) -> None:
        if path is not None:
            self._open_url(QUrl.fromLocalFile(str(path)))

    def _open_folder(self) -> None:
        self._open(self._made.parent if self._made is not None else None)

    def _on_problem(self, index: int) -> None:
        (self.resume_requested, self.again_requested, self.log_requested)[index].emit()

    def _lay_out(self, buttons: Sequence[QPushButton], parts: Sequence[QWidget]) -> None:
        """``buttons`` under the title, ``parts`` one under the other after them, and the figures."""
        refused = QWidget()
        lines = QVBoxLayout(refused)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self.problem)
        lines.addStretch(1)
        page = ScrollColumn()
        page.setAccessibleName(tr("Result"))
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        for one in (*buttons, self.folder, self.again):
            row.addWidget(one)
        row.addStretch(1)
        column = page.column
        column.setContentsMargins(0, 0, 2 * GRID, 0)
        column.setSpacing(3 * GRID)
        column.addWidget(self.title)
        column.addWidget(self.place)
        column.addLayout(row)
        for part in (*parts, self._figures_title, self.figures):
            column.addWidget(part)
        column.addStretch(1)
        self._pages.addWidget(page)
        self._pages.addWidget(refused)


def button(text: str, tip: str) -> QPushButton:
    """A button with its tooltip."""
    made = QPushButton(text)
    made.setToolTip(tip)
    return made


def _shown(warnings: Sequence[str], rest: str) -> list[Message]:
    """The first few whole, the rest counted."""
    shown = [msg("{words}", words=words) for words in warnings[:_WARNINGS_SHOWN]]
    more = len(warnings) - len(shown)
    return [*shown, msg("{words}", words=rest.format(n=more))] if more else shown
