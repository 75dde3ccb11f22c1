"""The pages of a PDF as pictures, for a preview that shows the very file."""

from dataclasses import dataclass

import pypdfium2
from pypdfium2 import PdfiumError

from her2desk.errors import InputRefused
from her2desk.texts import msg

POINTS_PER_INCH = 72


@dataclass(frozen=True)
class PagePicture:
    """One page: ``rgb`` has three bytes a pixel, row by row without padding; ``text`` is what it says."""

    width: int
    height: int
    rgb: bytes
    text: str = ""


def page_pictures(pdf: bytes, dpi: float) -> list[PagePicture]:
    """Every page of ``pdf`` at so many pixels an inch.

    Raises ``InputRefused`` (``pdf-unreadable``) for what is no PDF.
    """
    try:
        document = pypdfium2.PdfDocument(pdf)
    except PdfiumError as error:
        raise InputRefused(
            msg("This is no PDF that can be shown."),
            msg("Write the report again."),
            code="pdf-unreadable",
        ) from error
    try:
        return [_picture(page, dpi) for page in document]
    finally:
        document.close()


def _picture(page: pypdfium2.PdfPage, dpi: float) -> PagePicture:
    bitmap = page.render(scale=dpi / POINTS_PER_INCH, rev_byteorder=True)
    try:
        picture = bitmap.to_pil().convert("RGB")
        text = page.get_textpage().get_text_range()
        return PagePicture(picture.width, picture.height, picture.tobytes(), text)
    finally:
        bitmap.close()
        page.close()
