"""Texts that identify a person, read to the last character or not at all.

``Attributes.text`` shows what it can of any header. A patient's name or number that goes into a new
object must be the one in the file, so that what cannot be decoded for certain is an ``UncertainText``.
"""

import re
from collections.abc import Sequence

from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.dataset import Dataset
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

from her2desk.dicom.header import quiet

ESCAPE = b"\x1b"
ASCII = ("", "ISO_IR 6", "ISO 2022 IR 6")


class UncertainText(Exception):
    """The bytes cannot be said to mean one text: wrong or absent character set, control characters."""


def strict_text(dataset: Dataset, keyword: str, *, is_name: bool = False) -> str:
    """The single value of a text element, padding removed; empty where absent.

    Raises ``UncertainText``.
    """
    if keyword not in dataset:
        return ""
    try:
        value = dataset.get_item(keyword).value
        text = value if isinstance(value, str) else _decoded(value, dataset, is_name)
    except UncertainText:
        raise
    except Exception as error:  # hostile values make pydicom raise anything
        raise UncertainText from error
    text = text.strip(" \0")
    if "\\" in text or "\ufffd" in text or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text):
        raise UncertainText
    return text


def _decoded(value: object, dataset: Dataset, is_name: bool) -> str:
    if value is None:
        return ""
    if not isinstance(value, bytes):  # read already, as by an earlier look at it
        return str(value)
    if value.isascii() and ESCAPE not in value:
        return value.decode("ascii")
    with quiet():
        encodings = convert_encodings(list(_declared(dataset)))
        return str(decode_bytes(value, encodings, PN_DELIMS if is_name else TEXT_VR_DELIMS))


def _declared(dataset: Dataset) -> Sequence[str]:
    """The character sets that the file declares; raises ``UncertainText`` where one is not known."""
    stated = dataset.get("SpecificCharacterSet")
    listed = [stated] if stated is None or isinstance(stated, str) else list(stated)
    terms = [_standard(str(term or "")) for term in listed]
    if all(term in ASCII for term in terms) or any(term not in python_encoding for term in terms):
        raise UncertainText
    return terms


def _standard(term: str) -> str:
    """A defined term as the standard spells it: scanners write ISO-IR 100 and ISO IR 100 too."""
    plain = re.fullmatch(r"ISO[-_ ]IR[-_ ](\d+)", term.strip())
    return f"ISO_IR {plain[1]}" if plain else term.strip()
