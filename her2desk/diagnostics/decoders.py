"""Whether every way of compressing DICOM pixels that the program reads is decoded here, and rightly."""

from collections.abc import Callable, Iterable
from typing import Any

from her2desk.diagnostics.check import INSTALL_AGAIN, Check
from her2desk.diagnostics.children import Children
from her2desk.redaction import public
from her2desk.texts import msg, msgn

DECODERS_PART = "decoders"


def decoded_syntaxes(decode: Callable[..., Any] | None = None) -> dict[str, list[str]]:
    """The transfer syntaxes by name: those whose sample decodes to its pixels, and the others."""
    from pydicom.uid import UID

    from her2desk.diagnostics.sample_frames import SAMPLE_FRAMES
    from her2desk.dicom.frames import decode_frame
    from her2desk.errors import InputRefused

    found: dict[str, list[str]] = {"good": [], "bad": []}
    for sample in SAMPLE_FRAMES:
        try:
            is_right = sample.is_of((decode or decode_frame)(sample.encoded, sample.layout))
        except InputRefused:  # no decoder, or one that fails
            is_right = False
        found["good" if is_right else "bad"].append(_name(UID(sample.syntax).name))
    return found


def decoders_check(children: Children) -> Check:
    """Each transfer syntax by name, tried in a child, as a codec can end its process.

    Raises ``NoAnswer`` where the child did not come to an end.
    """
    found = children.ask(DECODERS_PART)
    if found["bad"]:
        said = msg("Images in these forms cannot be read: {names}.", names=_listed(found["bad"]))
        return Check("decoders", False, said, INSTALL_AGAIN)
    said = msgn(
        "{n} form is decoded to the right pixels: {names}.",
        "{n} forms are decoded to the right pixels: {names}.",
        len(found["good"]),
        names=_listed(found["good"]),
    )
    return Check("decoders", True, said)


def _name(standards: str) -> str:
    """The standard's name without the two words that most of them share."""
    return standards.replace(" Image Compression", "")


def _listed(names: Iterable[str]) -> str:
    return public("; ".join(names))
