"""Sending a page to a printer."""

from PySide6.QtCore import QMarginsF, QRectF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

from her2desk.errors import InputRefused
from her2desk.texts import msg, tr


def page_printer() -> QPrinter:
    """The system's printer, set to one A4 page on its side."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    size = QPageSize(QPageSize.PageSizeId.A4)
    printer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Landscape, QMarginsF()))
    return printer


def ask_printer(printer: QPrinter, parent: QWidget) -> bool:
    """Let the reader choose a printer; False when cancelled."""
    dialog = QPrintDialog(printer, parent)
    dialog.setWindowTitle(tr("Print the nomogram"))
    return dialog.exec() == QDialog.DialogCode.Accepted


def print_picture(content: bytes, printer: QPrinter) -> None:
    """Print a page given as a PNG file's bytes, as large as the paper allows.

    Raises ``InputRefused`` where the printer does not take it.
    """
    image = QImage.fromData(content)
    painter = QPainter()
    if image.isNull() or not painter.begin(printer):
        raise InputRefused(
            msg("The page could not be printed."),
            msg("Choose another printer, or save the page as PDF."),
            code="not-printed",
        )
    page = QRectF(painter.viewport())
    scale = min(page.width() / image.width(), page.height() / image.height())
    width, height = image.width() * scale, image.height() * scale
    left, top = (page.width() - width) / 2, (page.height() - height) / 2
    painter.drawImage(QRectF(left, top, width, height), image)
    painter.end()
