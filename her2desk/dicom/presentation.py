"""By what a file's stored values become the picture that was on the scanner's screen."""

from her2desk.dicom.header import Attributes, Header
from her2desk.dicom.layout import GREY_PHOTOMETRICS, PALETTE, PixelLayout
from her2desk.dicom.palette import read_palette
from her2desk.dicom.pixels import GreyScale, Palette, Window

WINDOW_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def shown_by(header: Header, layout: PixelLayout) -> GreyScale | Palette | None:
    """The grey scale or colour table of the image; None for colour stored as colour."""
    if layout.photometric == PALETTE:
        return read_palette(header.attributes, header.is_big_endian)
    if layout.photometric in GREY_PHOTOMETRICS:
        return _grey_scale(header.attributes, layout)
    return None


def _grey_scale(a: Attributes, layout: PixelLayout) -> GreyScale:
    lowest, highest = _range(a, layout)
    return GreyScale(
        bits_stored=layout.bits_stored,
        signed=layout.signed,
        inverted=layout.photometric == "MONOCHROME1",
        slope=a.number("RescaleSlope") or 1.0,
        intercept=a.number("RescaleIntercept") or 0.0,
        window=_window(a),
        lowest=lowest,
        highest=highest,
    )


def _window(a: Attributes) -> Window | None:
    centre, width = a.number("WindowCenter"), a.number("WindowWidth")
    if centre is None or width is None or width < 1:
        return None
    named = a.text("VOILUTFunction").upper()
    return Window(centre, width, named if named in WINDOW_FUNCTIONS else "LINEAR")


def _range(a: Attributes, layout: PixelLayout) -> tuple[float, float]:
    """The values that the file says it uses, where they make a range; else all its bits hold."""
    bits = layout.bits_stored
    lower, upper = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if layout.signed else (0, 2**bits - 1)
    lowest, highest = a.number("SmallestImagePixelValue"), a.number("LargestImagePixelValue")
    if lowest is not None and highest is not None and lower <= lowest < highest <= upper:
        return lowest, highest
    return float(lower), float(max(upper, lower + 1))
