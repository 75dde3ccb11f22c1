"""What a DICOM header says of other things than grey tissue in the picture."""

import re
from collections.abc import Iterator

from her2desk.dicom.contents import colour_doppler, dual_view, elastography
from her2desk.dicom.header import OVERLAY_ROWS, Attributes
from her2desk.domain.image import ImageWarning, UltrasoundImage
from her2desk.domain.regions import RegionKind, views
from her2desk.texts import msg

# The fourth value of an ultrasound ImageType is a sum of bits, PS3.3 C.8.5.6.1.1.
COLOUR_DOPPLER_BITS = 0x0010 | 0x0100
ELASTOGRAPHY_WORDS = re.compile(r"elasto|\bshear\W?wave|\bstrain\b|\bSWE\b|\bARFI\b", re.IGNORECASE)


def header_warnings(a: Attributes, image: UltrasoundImage) -> Iterator[ImageWarning]:
    """Overlays, burned-in words, colour Doppler, elastography and pictures side by side."""
    if any(a.has(tag) for tag in OVERLAY_ROWS):
        yield ImageWarning(
            "overlay",
            msg(
                "The file holds an overlay, which some viewers draw over the picture. Her2Desk does "
                "not show it, and the estimate does not use it."
            ),
        )
    if a.text("BurnedInAnnotation").upper() == "YES":
        yield ImageWarning(
            "burned-in",
            msg("The picture itself may show the patient's name or other details."),
        )
    if states_elastography(a):
        yield elastography()
    elif states_colour_doppler(a, image):
        yield colour_doppler()
    if len(views(image.regions)) > 1:
        yield dual_view()


def states_colour_doppler(a: Attributes, image: UltrasoundImage) -> bool:
    """A flow region in a picture with colours, or the mode by which the picture was made."""
    has_flow = any(region.kind is RegionKind.COLOUR_FLOW for region in image.regions)
    if has_flow and a.whole("UltrasoundColorDataPresent") == 1:
        return True
    values = a.text("ImageType").split("\\")
    bits = values[3] if len(values) > 3 else ""
    is_sum = re.fullmatch("[0-9A-Fa-f]{4}", bits) is not None
    return is_sum and bool(int(bits, 16) & COLOUR_DOPPLER_BITS)


def states_elastography(a: Attributes) -> bool:
    """The words of whoever named the series, the protocol or the image's type."""
    named = (a.text(keyword) for keyword in ("ImageType", "SeriesDescription", "ProtocolName"))
    return any(ELASTOGRAPHY_WORDS.search(text) for text in named)
