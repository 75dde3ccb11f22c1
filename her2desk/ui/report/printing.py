"""Sending the pages of a report to a printer."""

from collections.abc import Sequence

from PySide6.QtCore import QMarginsF, QRectF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

from her2desk.errors import InputRefused
from her2desk.reports.report_options import Paper
from her2desk.texts import msg, tr

_SIZES = {Paper.A4: QPageSize.PageSizeId.A4, Paper.LETTER: QPageSize.PageSizeId.Letter}


def report_printer(paper: Paper) -> QPrinter:
    """The system's printer, set to upright pages of this paper; the pages bring their own margins."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setFullPage(True)
    layout = QPageLayout(QPageSize(_SIZES[paper]), QPageLayout.Orientation.Portrait, QMarginsF())
    printer.setPageLayout(layout)
    return printer


def ask_printer(printer: QPrinter, parent: QWidget) -> bool:
    """Let the reader choose a printer; False when cancelled."""
    dialog = QPrintDialog(printer, parent)
    dialog.setWindowTitle(tr("Print the report"))
    return dialog.exec() == QDialog.DialogCode.Accepted


def print_pages(images: Sequence[QImage], printer: QPrinter) -> None:
    """Print each picture on a page of its own, as large as the paper.

    Raises ``InputRefused`` (``not-printed``) where the printer does not take it.
    """
    painter = QPainter()
    if not images or not painter.begin(printer):
        raise _refused()
    try:
        for number, image in enumerate(images):
            if number and not printer.newPage():
                raise _refused()
            page = QRectF(painter.viewport())
            scale = min(page.width() / image.width(), page.height() / image.height())
            width, height = image.width() * scale, image.height() * scale
            left, top = (page.width() - width) / 2, (page.height() - height) / 2
            painter.drawImage(QRectF(left, top, width, height), image)
    finally:
        painter.end()


def _refused() -> InputRefused:
    return InputRefused(
        msg("The report could not be printed."),
        msg("Choose another printer, or save the report as PDF."),
        code="not-printed",
    )
