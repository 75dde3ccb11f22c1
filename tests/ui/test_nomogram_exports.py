"""What the nomogram's Export menu does: files and paper."""

from datetime import date
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QImage, QPageLayout
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog

from her2desk.errors import InputRefused
from her2desk.figures.canvas import PictureKind
from her2desk.ui.exporting import bedside_picture
from her2desk.ui.jobs import Background
from her2desk.ui.nomogram_exports import NomogramExports
from her2desk.ui.panels.nomogram_view import NomogramView
from her2desk.ui.printing import page_printer, print_picture
from tests.ui.panel_samples import make_nomogram, make_prediction

TODAY = date(2026, 3, 1)


class Desk:
    """A nomogram on screen, with a place to save to and what was said of it."""

    def __init__(self, qtbot, folder):
        self.view, self.background = NomogramView(), Background()
        qtbot.addWidget(self.view)
        self.folder, self.prediction = folder, make_prediction()
        self.written, self.failures = [], []
        self.exports = NomogramExports(
            self.view,
            lambda: self.prediction,
            SimpleNamespace(place_of_nomogram=self.place),
            self.background,
            self.written.append,
            self.failures.append,
            today=lambda: TODAY,
        )

    def place(self, kind: str):
        return self.folder / f"nomogram.{kind}" if self.folder is not None else None


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = Desk(qtbot, tmp_path)
    desk.view.set_nomograms([make_nomogram()], 0.0)
    yield desk
    desk.background.close()


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("svg", b"<?xml"),
        ("pdf", b"%PDF"),
        ("png", b"\x89PNG"),
        ("bedside", b"%PDF"),
        ("bedside-patient", b"%PDF"),
    ],
)
def test_each_kind_is_written_where_the_reader_says(qtbot, desk, kind: PictureKind, start):
    desk.view.export_requested.emit(kind)
    qtbot.waitUntil(lambda: bool(desk.written))
    assert desk.failures == []
    written = (desk.folder / desk.written[0]).read_bytes()
    assert written.startswith(start)
    if kind.startswith("bedside"):
        has_patient = kind == "bedside-patient"
        assert written == bedside_picture(
            make_nomogram(), desk.prediction, "2026-03-01", with_patient=has_patient
        )


def test_a_place_that_cannot_be_written_is_said(qtbot, desk):
    desk.folder = desk.folder / "nowhere"
    desk.exports.export("svg")
    qtbot.waitUntil(lambda: bool(desk.failures))
    assert desk.failures[0].code == "unwritable"


def test_nothing_is_written_when_there_is_nothing_or_the_reader_gives_up(qtbot, desk, tmp_path):
    desk.folder = None
    desk.exports.export("svg")
    desk.folder, desk.prediction = tmp_path, None
    desk.exports.export("svg")
    desk.view.clear()
    desk.exports.export("print")
    assert (desk.written, desk.failures, list(tmp_path.iterdir())) == ([], [], [])


@pytest.fixture
def paper(monkeypatch, tmp_path):
    """A printer that prints into a file, chosen without a dialog."""

    def choose(self: QPrintDialog) -> int:
        self.printer().setOutputFileName(str(tmp_path / "printed.pdf"))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(QPrintDialog, "exec", choose)
    return tmp_path / "printed.pdf"


def test_the_page_is_printed(qtbot, desk, paper):
    desk.exports.export("print")
    qtbot.waitUntil(lambda: paper.exists() or bool(desk.failures))
    assert desk.failures == []
    assert paper.read_bytes().startswith(b"%PDF")
    assert b"/Image" in paper.read_bytes()


def test_a_print_that_is_cancelled_prints_nothing(desk, monkeypatch):
    asked = []
    monkeypatch.setattr(
        QPrintDialog, "exec", lambda self: asked.append(self) or QDialog.DialogCode.Rejected
    )
    desk.exports.export("print")
    assert len(asked) == 1
    assert desk.failures == []


@pytest.mark.qt_log_ignore("QPainter::begin", extend=True)
def test_a_printer_that_takes_nothing_is_said(qtbot, desk, monkeypatch, tmp_path):
    def choose(self: QPrintDialog) -> int:
        self.printer().setOutputFileName(str(tmp_path / "no/folder/printed.pdf"))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(QPrintDialog, "exec", choose)
    desk.exports.export("print")
    qtbot.waitUntil(lambda: bool(desk.failures))
    assert desk.failures[0].code == "not-printed"


def test_the_paper_is_a4_on_its_side(qapp, tmp_path):
    printer = page_printer()
    assert printer.pageLayout().orientation() == QPageLayout.Orientation.Landscape
    assert printer.pageLayout().pageSize().name().startswith("A4")
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "page.pdf"))
    with pytest.raises(InputRefused):
        print_picture(b"no picture", printer)
    page = bedside_picture(make_nomogram(), make_prediction(), "2026-03-01", kind="png")
    image = QImage.fromData(page)
    assert image.width() / image.height() == pytest.approx(297 / 210, abs=0.01)
    print_picture(page, printer)
    assert (tmp_path / "page.pdf").stat().st_size > 5000
