"""The window on a case's report: its pages as they will be printed, and what to make of them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Cancelled, Her2DeskError
from her2desk.reports.report_options import ReportKind
from her2desk.texts import tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.report.option_panel import WIDTH, OptionPanel
from her2desk.ui.report.page_view import PageView, image_of
from her2desk.ui.report.printing import ask_printer, print_pages, report_printer
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from her2desk.reports.apart import Preview
    from her2desk.reports.case_writing import WrittenReport
    from her2desk.ui.report.work import CaseWork

AskPlace = Callable[[str], Path | None]
AskPrinter = Callable[["QPrinter", QWidget], bool]
_FIRST_SIZE = (1120, 860)
_LEAST_SIZE = (760, 600)


class ReportWindow(QWidget):
    """Non-modal; what it shows is the very PDF that is saved, laid out off the GUI thread.

    ``ask_place`` gives the place for a file of the suggested name, ``ask_printer`` chooses a printer;
    a dialog each where none is given.
    """

    written = Signal(int)
    """A case whose report was saved or printed, and recorded."""

    def __init__(
        self,
        background: Background,
        ask_place: AskPlace | None = None,
        printer: AskPrinter = ask_printer,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._ask_place = ask_place or self._ask_by_dialog
        self._ask_printer = printer
        self._work: CaseWork | None = None
        self._round = 0
        self.preview: Preview | None = None
        self.panel = OptionPanel()
        self._side = _scrolled(self.panel)
        self._side.setAccessibleName(tr("Report"))
        self.pages = PageView()
        self.empty, self.remedy = wrapped("", "title"), wrapped()
        self.page_number = QLabel()
        self.busy = QProgressBar()
        self._stack = QStackedWidget()
        self._arrange()
        self.panel.options_changed.connect(self.reload)
        self.panel.save_requested.connect(self.save)
        self.panel.print_requested.connect(self.print_report)
        self.pages.page_changed.connect(self._say_page)
        self.leave()

    def set_work(self, work: "CaseWork") -> None:
        """Show another case's report; ``reload`` follows by itself."""
        self._work = work
        self.setWindowTitle(tr("Report of case {case}").format(case=f"{work.case_id:04d}"))
        self.panel.note.clear()
        self._forget()
        self._show_nothing(tr("Laying out the report…"), "")
        self.reload()

    def leave(self) -> None:
        """Show no case's report."""
        self._work = None
        self._round += 1
        self.setWindowTitle(tr("Report"))
        set_page(self, "guide/keep")
        self.panel.note.clear()
        self.busy.hide()
        self._forget()
        self._show_nothing(tr("No case is open."), tr("Open a case first."))

    def reload(self) -> None:
        """Lay the report out anew; the pages stay until the new ones are there."""
        work = self._work
        if work is None:
            return
        self._round += 1
        number, options = self._round, self.panel.options
        self.panel.set_usable(is_usable=False)
        self.busy.show()

        def lay_out() -> "Preview":
            if number != self._round:
                raise Cancelled  # the options were changed again before it was this one's turn
            return work.preview(options)

        self._run(number, lay_out, self._take, self._fail)

    def save(self, kind: ReportKind) -> None:
        """Ask for a place and write the file there."""
        work = self._work
        if work is None or not self.panel.button(kind).isEnabled():
            return
        place = self._ask_place(kind.file_name(work.case_id))
        if place is None:
            return
        options = self.panel.options
        self._begin()

        def done(report: "WrittenReport") -> None:
            said = [tr("Saved as {name}.").format(name=place.name)]
            said += [notice.text() for notice in report.notices]
            self._end(" ".join(said))
            self.written.emit(work.case_id)

        self._background.run(
            lambda: work.write(options, kind, place), done, self._say, even_when_closing=True
        )

    def print_report(self) -> None:
        """Ask for a printer and print the pages that are shown."""
        work, preview = self._work, self.preview
        if work is None or preview is None or not self.panel.print_button.isEnabled():
            return
        options, pdf = self.panel.options, preview.pdf
        printer = report_printer(options.paper)
        if not self._ask_printer(printer, self):
            return
        self._begin()

        def done(_none: object) -> None:
            self._end(tr("Sent to the printer."))
            self.written.emit(work.case_id)

        def to_paper(pages: Any) -> None:
            try:
                print_pages([image_of(page) for page in pages], printer)
            except Her2DeskError as error:
                self._say(error)
                return
            self._background.run(
                partial(work.keep_printed, options, pdf), done, self._say, even_when_closing=True
            )

        self._background.run(lambda: work.pages_to_print(pdf), to_paper, self._say)

    def _run(
        self,
        number: int,
        task: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Her2DeskError], None],
    ) -> None:
        """Run the task; what it says is dropped where another was begun since."""

        def if_wanted(deliver: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda said: deliver(said) if number == self._round else None

        self._background.run(task, if_wanted(done), if_wanted(failed))

    def _take(self, preview: "Preview") -> None:
        self.preview = preview
        self.busy.hide()
        self.pages.set_pages(preview.pages)
        self._stack.setCurrentIndex(1)
        self.panel.set_usable(is_usable=True)

    def _fail(self, error: Her2DeskError) -> None:
        self.busy.hide()
        self._forget()
        self._show_nothing(error.message.text(), error.remedy.text())

    def _forget(self) -> None:
        self.preview = None
        self.pages.set_pages(())
        self.page_number.clear()
        self.panel.set_usable(is_usable=False)

    def _show_nothing(self, why: str, what_to_do: str) -> None:
        self.empty.setText(why)
        self.remedy.setText(what_to_do)
        self._stack.setCurrentIndex(0)
        self.panel.set_usable(is_usable=False)

    def _begin(self) -> None:
        self.panel.note.setText(tr("Writing the report…"))
        self.panel.set_usable(is_usable=False)
        self.busy.show()

    def _end(self, said: str) -> None:
        self.busy.hide()
        self.panel.set_usable(is_usable=self.preview is not None)
        self.panel.note.setText(said)
        self._side.ensureWidgetVisible(self.panel.note)

    def _say(self, error: Her2DeskError) -> None:
        self._end(str(error))

    def _say_page(self, page: int, pages: int) -> None:
        self.page_number.setText(tr("Page {page} of {pages}").format(page=page, pages=pages))

    def _ask_by_dialog(self, name: str) -> Path | None:
        ending = name[name.rfind(".") :]
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Save the report"), name, f"{ending[1:].upper()} (*{ending})"
        )
        if not chosen:
            return None
        place = Path(chosen)
        return place if place.suffix else place.with_name(place.name + ending)

    def _arrange(self) -> None:
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(tr("Laying out the report…"))
        self.busy.hide()
        set_role(self.page_number, "muted")
        self.page_number.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(16 * GRID, 12 * GRID, 16 * GRID, 12 * GRID)
        middle.setSpacing(2 * GRID)
        middle.addStretch(2)
        for label in (self.empty, self.remedy):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            middle.addWidget(label)
        middle.addStretch(3)
        shown = QWidget()
        paper = QVBoxLayout(shown)
        paper.setContentsMargins(0, 0, 0, 0)
        paper.setSpacing(GRID)
        paper.addWidget(self.pages, 1)
        paper.addWidget(self.page_number)
        self._stack.addWidget(nothing)
        self._stack.addWidget(shown)
        row = QHBoxLayout()
        row.setContentsMargins(3 * GRID, 3 * GRID, GRID, 3 * GRID)
        row.setSpacing(3 * GRID)
        row.addWidget(self._stack, 1)
        row.addWidget(self._side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.busy)
        column.addLayout(row, 1)
        self.setMinimumSize(*_LEAST_SIZE)
        self.resize(*_FIRST_SIZE)


def _scrolled(panel: OptionPanel) -> QScrollArea:
    """The column of choices, which may be higher than the window; room for its bar is kept."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(panel)
    area.setFixedWidth(WIDTH + area.verticalScrollBar().sizeHint().width())
    return area
