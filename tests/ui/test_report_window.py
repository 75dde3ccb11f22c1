"""The window on a case's report: preview, options, saving, printing, and why there is nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pypdfium2
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from her2desk.domain.drawing import Drawing
from her2desk.errors import EngineFailed, InputRefused
from her2desk.reports.apart import Preview, ReportsApart
from her2desk.reports.case_writing import WrittenReport
from her2desk.reports.page_pictures import PagePicture
from her2desk.reports.report_options import Paper, ReportKind, ReportOptions
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.report import printing
from her2desk.ui.report.entrance import ReportEntrance
from her2desk.ui.report.page_view import image_of
from her2desk.ui.report.report_window import ReportWindow
from her2desk.ui.theme import apply_theme
from tests.unit.reports.kept_case import a_library, keep_case, the_shelf

Left, Key = Qt.MouseButton.LeftButton, Qt.Key
PATIENCE_MS = 60_000


def a_page(shade: int) -> PagePicture:
    return PagePicture(100, 141, bytes([shade]) * 100 * 141 * 3, f"page of {shade}")


class Pretended:
    """What a case's report would be asked for, answered at once."""

    def __init__(self, case_id: int = 7) -> None:
        self.case_id = case_id
        self.asked: list[ReportOptions] = []
        self.written: list[tuple[ReportOptions, ReportKind, Path]] = []
        self.printed: list[bytes] = []
        self.error: InputRefused | None = None

    def preview(self, options: ReportOptions) -> Preview:
        if self.error is not None:
            raise self.error
        self.asked.append(options)
        shade = 200 if options.heatmap else 250
        return Preview(f"pdf {shade}".encode(), tuple(a_page(shade) for _ in range(3)))

    def write(self, options: ReportOptions, kind: ReportKind, place: Path) -> WrittenReport:
        if self.error is not None:
            raise self.error
        self.written.append((options, kind, place))
        return WrittenReport((place,), (msg("An earlier version wrote it differently."),))

    def pages_to_print(self, pdf: bytes) -> tuple[PagePicture, ...]:
        if self.error is not None:
            raise self.error
        return (a_page(10), a_page(20))

    def keep_printed(self, options: ReportOptions, pdf: bytes) -> None:
        self.printed.append(pdf)


Opened = Callable[..., ReportWindow]


@pytest.fixture
def opened(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Opened]:
    apply_theme(qapp, "dark")
    background = Background()

    def open_window(work: Pretended | None = None, **more: object) -> ReportWindow:
        more.setdefault("ask_place", lambda name: tmp_path / name)
        window = ReportWindow(background, **more)  # type: ignore[arg-type]
        qtbot.addWidget(window)
        window.show()
        if work is not None:
            window.set_work(work)  # type: ignore[arg-type]
            qtbot.waitUntil(lambda: not window.busy.isVisible(), timeout=PATIENCE_MS)
        return window

    yield open_window
    background.close()


def test_the_pages_are_shown_with_the_case_in_the_title_and_nobodys_name(opened: Opened) -> None:
    window = opened(Pretended())
    assert window.windowTitle() == "Report of case 0007"
    assert window.pages.isVisible()
    assert window.page_number.text() == "Page 1 of 3"
    assert window.pages.accessibleName() == "Preview of the report, 3 pages"
    assert "page of 250" in window.pages.accessibleDescription()


def test_without_a_case_nothing_can_be_saved_or_printed(opened: Opened, qtbot: QtBot) -> None:
    window = opened()
    assert window.empty.text() == "No case is open."
    assert not window.panel.print_button.isEnabled()
    window.reload()
    window.save(ReportKind.PDF)
    window.print_report()
    assert window.panel.note.text() == ""


def test_scrolling_by_keys_says_which_page_is_in_sight(opened: Opened, qtbot: QtBot) -> None:
    window = opened(Pretended())
    window.pages.setFocus()
    with qtbot.waitSignal(window.pages.page_changed):
        qtbot.keyClick(window.pages, Key.Key_End)
        for _ in range(3):
            qtbot.keyClick(window.pages, Key.Key_PageDown)
    assert window.page_number.text() in ("Page 2 of 3", "Page 3 of 3")


def test_an_option_lays_the_report_out_anew(opened: Opened, qtbot: QtBot) -> None:
    work = Pretended()
    window = opened(work)
    panel = window.panel
    qtbot.mouseClick(panel.heatmap, Left, pos=QPoint(8, panel.heatmap.height() // 2))
    qtbot.waitUntil(lambda: window.preview is not None and window.preview.pdf == b"pdf 200")
    panel.nomogram.setFocus()
    qtbot.keyClick(panel.nomogram, Key.Key_Space)
    qtbot.keyClick(panel.patient, Key.Key_Space)
    qtbot.mouseClick(panel.paper.button("letter"), Left)
    wanted = ReportOptions(heatmap=True, nomogram=False, patient=False, paper=Paper.LETTER)
    qtbot.waitUntil(lambda: work.asked[-1] == wanted)
    qtbot.waitUntil(lambda: not window.busy.isVisible())


def test_options_can_be_set_without_asking(opened: Opened) -> None:
    work = Pretended()
    window = opened(work)
    wanted = ReportOptions(heatmap=True, nomogram=False, patient=False, paper=Paper.LETTER)
    window.panel.set_options(wanted)
    assert window.panel.options == wanted
    assert len(work.asked) == 1


def test_of_several_changes_only_the_last_is_laid_out(opened: Opened, qtbot: QtBot) -> None:
    work, gate = Pretended(), Event()
    window = opened(work)
    window._background.run(lambda: gate.wait(60), lambda _: None, lambda _: None)
    for _ in range(5):
        window.reload()
    gate.set()
    qtbot.waitUntil(lambda: not window.busy.isVisible())
    assert len(work.asked) == 2


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (ReportKind.PDF, "case-0007.pdf"),
        (ReportKind.HTML, "case-0007.html"),
        (ReportKind.SR, "case-0007-sr.dcm"),
        (ReportKind.SEG, "case-0007-seg.dcm"),
        (ReportKind.SC, "case-0007-sc.dcm"),
    ],
)
def test_each_kind_is_saved_under_a_name_without_the_patients(
    opened: Opened, qtbot: QtBot, tmp_path: Path, kind: ReportKind, name: str
) -> None:
    work = Pretended()
    window = opened(work)
    with qtbot.waitSignal(window.written) as told:
        qtbot.mouseClick(window.panel.button(kind), Left)
    assert told.args == [7]
    assert work.written == [(window.panel.options, kind, tmp_path / name)]
    assert window.panel.note.text() == (
        f"Saved as {name}. An earlier version wrote it differently."
    )
    assert window.panel.button(kind).isEnabled()


def test_ctrl_s_saves_the_pdf(opened: Opened, qtbot: QtBot) -> None:
    work = Pretended()
    window = opened(work)
    window.activateWindow()
    with qtbot.waitSignal(window.written):
        qtbot.keyClick(window, Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert work.written[0][1] is ReportKind.PDF


def test_no_place_no_file(opened: Opened, qtbot: QtBot) -> None:
    work = Pretended()
    window = opened(work, ask_place=lambda _: None)
    qtbot.mouseClick(window.panel.button(ReportKind.PDF), Left)
    assert work.written == []
    assert window.panel.button(ReportKind.PDF).isEnabled()


def test_a_file_that_cannot_be_written_is_said_and_the_pages_stay(
    opened: Opened, qtbot: QtBot
) -> None:
    work = Pretended()
    window = opened(work)
    work.error = InputRefused(msg("It cannot be written."), msg("Choose another folder."))
    qtbot.mouseClick(window.panel.button(ReportKind.PDF), Left)
    qtbot.waitUntil(lambda: "cannot" in window.panel.note.text())
    assert window.panel.note.text() == "It cannot be written. Choose another folder."
    assert window.pages.isVisible()
    assert window.panel.button(ReportKind.PDF).isEnabled()


def test_why_there_is_no_report_stands_where_its_pages_would(opened: Opened, qtbot: QtBot) -> None:
    work = Pretended()
    work.error = InputRefused(msg("The answer is out of date."), msg("Wait for the answer."))
    window = opened(work)
    assert window.empty.text() == "The answer is out of date."
    assert window.remedy.text() == "Wait for the answer."
    assert not window.pages.isVisible()
    assert not window.panel.button(ReportKind.PDF).isEnabled()
    work.error = None
    window.reload()
    qtbot.waitUntil(window.pages.isVisible)
    assert window.panel.button(ReportKind.PDF).isEnabled()


def to_file(target: Path) -> Callable[[QPrinter, QWidget], bool]:
    def choose(printer: QPrinter, _: QWidget) -> bool:
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(target))
        return True

    return choose


def test_every_page_is_printed_on_its_own_and_kept_as_reported(
    opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    work = Pretended()
    window = opened(work, printer=to_file(tmp_path / "paper.pdf"))
    with qtbot.waitSignal(window.written, timeout=PATIENCE_MS):
        qtbot.mouseClick(window.panel.print_button, Left)
    assert work.printed == [b"pdf 250"]
    document = pypdfium2.PdfDocument(tmp_path / "paper.pdf")
    try:
        assert len(document) == 2
        assert document[0].get_size() == pytest.approx((595, 842), abs=1.5)
    finally:
        document.close()
    assert window.panel.note.text() == "Sent to the printer."


@pytest.mark.qt_log_ignore("QPainter::begin")
def test_printing_can_be_called_off_and_can_fail(
    opened: Opened, qtbot: QtBot, tmp_path: Path
) -> None:
    work = Pretended()
    window = opened(work, printer=lambda *_: False)
    qtbot.mouseClick(window.panel.print_button, Left)
    assert window.panel.note.text() == ""
    window = opened(work, printer=to_file(tmp_path / "no" / "paper.pdf"))
    qtbot.mouseClick(window.panel.print_button, Left)
    qtbot.waitUntil(lambda: "could not be printed" in window.panel.note.text())
    assert work.printed == []


def test_no_pages_cannot_be_printed(tmp_path: Path, qapp: QApplication) -> None:
    printer = printing.report_printer(Paper.LETTER)
    assert to_file(tmp_path / "x.pdf")(printer, QWidget())
    with pytest.raises(InputRefused) as refused:
        printing.print_pages([], printer)
    assert refused.value.code == "not-printed"
    printing.print_pages([image_of(a_page(9))], printer)
    assert (tmp_path / "x.pdf").stat().st_size > 0


def test_the_printers_dialog_says_what_it_prints(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = []

    def run(dialog: printing.QPrintDialog) -> int:
        titles.append(dialog.windowTitle())
        return 1

    monkeypatch.setattr(printing.QPrintDialog, "exec", run)
    window = QWidget()
    qtbot.addWidget(window)
    assert printing.ask_printer(printing.report_printer(Paper.A4), window)
    assert titles == ["Print the report"]


@pytest.mark.parametrize(("chosen", "expected"), [("", None), ("a", "a.pdf"), ("b.PDF", "b.PDF")])
def test_the_file_dialog_gives_the_ending(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, chosen: str, expected: str | None
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, ""))
    window = opened(ask_place=None)
    place = window._ask_by_dialog("case-0007.pdf")
    assert place == (None if expected is None else Path(expected))


def test_every_button_says_what_it_does(opened: Opened) -> None:
    window = opened(Pretended())
    buttons = [b for b in window.panel.findChildren(QPushButton) if not b.isCheckable()]
    assert len(buttons) == 7
    assert all(button.toolTip() for button in buttons)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with a_library(tmp_path / "library") as found:
        yield found


def test_the_report_of_a_real_case_from_preview_to_file(
    library: Library, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = keep_case(library)
    now: list[int | None] = [None]
    hidden = [msg("The answer is not revealed yet.")]
    entrance = ReportEntrance(
        library,
        the_shelf(library),
        tmp_path / "settings.json",
        lambda: now[0],
        lambda _: hidden[0] if hidden else None,
    )
    window = entrance.open()
    qtbot.addWidget(window)
    assert window.empty.text() == "No case is open."
    now[0] = case_id
    entrance.refresh()
    qtbot.waitUntil(lambda: "not revealed" in window.empty.text(), timeout=PATIENCE_MS)
    hidden.clear()
    entrance.open()
    qtbot.waitUntil(window.pages.isVisible, timeout=PATIENCE_MS)
    assert window.preview is not None
    target = tmp_path / "case.pdf"
    monkeypatch.setattr(window, "_ask_place", lambda _: target)
    with qtbot.waitSignal(entrance.written, timeout=PATIENCE_MS) as told:
        qtbot.mouseClick(window.panel.button(ReportKind.PDF), Left)
    assert told.args == [case_id]
    assert target.read_bytes() == window.preview.pdf
    monkeypatch.setattr(window, "_ask_printer", to_file(tmp_path / "paper.pdf"))
    with qtbot.waitSignal(entrance.written, timeout=PATIENCE_MS):
        qtbot.mouseClick(window.panel.print_button, Left)
    entries = [e for e in library.history(case_id) if e.action is Action.REPORTED]
    assert [bool((e.content or {}).get("printed")) for e in entries] == [False, True]
    library.save_drawing(case_id, Drawing())
    entrance.refresh()
    qtbot.waitUntil(lambda: "out of date" in window.empty.text(), timeout=PATIENCE_MS)
    entrance.close()
    assert not window.isVisible()


def test_an_entrance_that_was_never_opened_closes(library: Library, tmp_path: Path) -> None:
    entrance = ReportEntrance(library, the_shelf(library), tmp_path / "settings.json", lambda: None)
    entrance.refresh()
    entrance.close()


def test_a_process_that_dies_is_said_and_started_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = ReportsApart()
    try:
        pdf = b"no pdf"
        with pytest.raises(InputRefused):
            apart.pages(pdf, 60)
        assert apart._pool is not None
        [pid] = apart._pool._processes
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineFailed) as failed:
            apart.pages(pdf, 60)
        assert failed.value.code == "report-process"
        with pytest.raises(InputRefused):
            apart.pages(pdf, 60)
    finally:
        apart.close()
        apart.close()


def test_options_know_another_case_from_this(opened: Opened, qtbot: QtBot) -> None:
    window = opened(Pretended())
    window.panel.note.setText("Saved.")
    other = Pretended(8)
    window.set_work(other)  # type: ignore[arg-type]
    assert window.preview is None
    assert window.panel.note.text() == ""
    qtbot.waitUntil(lambda: window.preview is not None)
    assert window.windowTitle() == "Report of case 0008"


def test_the_window_loads_nothing_that_draws_or_writes_reports() -> None:
    code = (
        "import sys, her2desk.ui.report.report_window, her2desk.ui.report.entrance\n"
        "import her2desk.ui.report.work\n"
        "heavy = {'matplotlib', 'fpdf', 'pypdfium2', 'highdicom', 'torch', 'fontTools', 'jinja2'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
