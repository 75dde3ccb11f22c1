"""What becomes of each attribute: PS3.15 Table E.1-1, and a rule for what the table does not name.

``table_e1_1.csv`` holds the table of the 2026d edition: tag, name, action of the Basic Profile, and
the actions of the two options offered here that change attributes. Actions are spelt as in the
standard; a name without spaces belongs to an attribute younger than pydicom's dictionary.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydicom.datadict import dictionary_has_tag, dictionary_VM, keyword_for_tag

TABLE_EDITION = "2026d"
TABLE_FILE = "table_e1_1.csv"
CURVES, OVERLAYS = 0x5000, 0x6000  # the first of 256 repeating groups each
LAST_MANAGED_GROUP = (
    0x0006  # command, file meta and directory groups are written anew or not at all
)
WELL_KNOWN_UID = re.compile(r"1\.2\.840\.10008(\.\d{1,10}){1,10}")


class Option(StrEnum):
    """The options of the profile that are offered, as named on the command line."""

    CLEAN_PIXEL_DATA = "clean-pixel-data"
    RETAIN_DEVICE_IDENTITY = "retain-device-identity"
    RETAIN_MODIFIED_DATES = "retain-modified-dates"


ALL_OPTIONS = frozenset(Option)
BASIC_CODE = ("113100", "Basic Application Confidentiality Profile")
OPTION_CODES = {  # PS3.16 CID 7050
    Option.CLEAN_PIXEL_DATA: ("113101", "Clean Pixel Data Option"),
    Option.RETAIN_MODIFIED_DATES: (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    ),
    Option.RETAIN_DEVICE_IDENTITY: ("113109", "Retain Device Identity Option"),
}


class Action(StrEnum):
    """What is done with one attribute."""

    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "replaced"
    UID = "uid-replaced"
    SHIFT = "date-shifted"
    KEEP = "kept"


@dataclass(frozen=True)
class Decision:
    """An action, and the one in its place where a date turns out not to be one."""

    action: Action
    otherwise: Action = Action.REMOVE


@dataclass(frozen=True)
class _Row:
    basic: str
    retain_device_identity: str
    retain_modified_dates: str


# The table leaves open what an attribute's type in its IOD decides. In the two ultrasound IODs
# (PS3.3 A.6 and A.7) everything that begins with X is type 3 and goes, and what begins with Z is
# at most type 2 and is emptied. Inside sequences types differ from one to the next, so the action
# that satisfies the strictest type is taken there.
_AT_TOP = {
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.UID,
    "X/Z": Action.REMOVE,
    "X/D": Action.REMOVE,
    "X/Z/D": Action.REMOVE,
    "Z/D": Action.EMPTY,
    "X/Z/U*": Action.UID,
}
_NESTED = {
    **_AT_TOP,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
}

# Coding schemes whose meanings anybody can look up (PS3.16 chapter 8); in other schemes, such as a
# hospital's own, a meaning is text that somebody typed, and the whole code goes.
PUBLIC_SCHEMES = frozenset({
    "99SDM", "ACR", "BI", "DCM", "FMA", "I10", "I11", "I9", "I9C", "ICD10", "ICD9", "LN", "MDC",
    "MSH", "NCIT", "RADLEX", "RO", "SCT", "SNM", "SNM3", "SRT", "UCUM", "UMLS",
})  # fmt: skip

# Words of attributes that the table does not name are kept only where they are known to describe
# the machine or the picture; the rest of the dictionary's text goes.
KEPT_TEXT = frozenset({
    "CodeMeaning", "CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "EventTimerNames",
    "LongCodeValue", "Manufacturer", "ManufacturerModelName", "ProcessingFunction",
    "SoftwareVersions", "StageName", "ViewName", "WindowCenterWidthExplanation",
})  # fmt: skip
DEVICE_TEXT = frozenset({"TransducerData", "TransducerResponse"})  # may hold a serial number
KEPT_BYTES = frozenset(
    {f"{c}PaletteColorLookupTableData" for c in ("Red", "Green", "Blue")}
    | {f"Segmented{c}PaletteColorLookupTableData" for c in ("Red", "Green", "Blue")}
    | {"ExtendedOffsetTable", "ExtendedOffsetTableLengths"}
)

_TEXT = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE"})
_DATES = frozenset({"DA", "DT", "TM"})
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT", "IS", "DS"})
_CHARACTER_SET = re.compile(r"(ISO[ _](2022 )?IR[ _]\d{1,3}|GB18030|GBK|ISO 8859-\d{1,2})?", re.I)
_CODE_STRING = re.compile(r"[A-Za-z0-9 _./:+-]{0,16}")


class Profile:
    """The Basic Profile with some of its options."""

    def __init__(self, options: Iterable[Option] = ALL_OPTIONS) -> None:
        self.options = frozenset(options)
        self._keeps_device = Option.RETAIN_DEVICE_IDENTITY in self.options
        self._shifts_dates = Option.RETAIN_MODIFIED_DATES in self.options

    def decide(self, tag: int, vr: str, values: list[str], *, nested: bool) -> Decision:
        """What to do with an attribute of this tag, VR and values (as text), in a sequence or not."""
        group = tag >> 16
        if group % 2 or group <= LAST_MANAGED_GROUP or not tag & 0xFFFF:
            return Decision(Action.REMOVE)
        if any(first <= group <= first + 0xFF for first in (CURVES, OVERLAYS)):
            return Decision(Action.REMOVE)  # more than the table asks: all of the group
        row = _table().get(tag)
        if row is None:
            return self._unlisted(tag, vr, values)
        basic = (_NESTED if nested else _AT_TOP)[row.basic]
        if self._shifts_dates and row.retain_modified_dates == "C":
            return Decision(Action.SHIFT, basic)
        if self._keeps_device and row.retain_device_identity == "K":
            return Decision(Action.KEEP)
        return Decision(basic)

    def _unlisted(self, tag: int, vr: str, values: list[str]) -> Decision:
        if not dictionary_has_tag(tag):
            return Decision(Action.REMOVE)
        if vr in _DATES:
            return Decision(Action.SHIFT if self._shifts_dates else Action.REMOVE)
        if vr == "PN":
            return Decision(Action.EMPTY)
        if vr == "UI":
            known = all(WELL_KNOWN_UID.fullmatch(value) for value in values if value)
            return Decision(Action.KEEP if known else Action.UID)
        kept = vr == "SQ" or self._is_harmless(tag, vr, values)
        return Decision(Action.KEEP if kept else Action.REMOVE)

    def _is_harmless(self, tag: int, vr: str, values: list[str]) -> bool:
        keyword = keyword_for_tag(tag)
        if vr in _TEXT:
            return keyword in KEPT_TEXT or (self._keeps_device and keyword in DEVICE_TEXT)
        if keyword == "SpecificCharacterSet":
            return all(_CHARACTER_SET.fullmatch(value) for value in values)
        if vr == "CS":
            return all(_CODE_STRING.fullmatch(value) for value in values)
        if vr in _NUMBERS:
            return has_possible_count(tag, len(values))
        return keyword in KEPT_BYTES


def has_possible_count(tag: int, count: int) -> bool:
    """Whether the dictionary allows so many values; what has more may hide anything."""
    most = dictionary_VM(tag).rpartition("-")[2]
    return not most.isdecimal() or count <= int(most)


@cache
def _table() -> Mapping[int, _Row]:
    text = (files(__package__) / TABLE_FILE).read_text(encoding="utf-8")
    return {
        int(row["tag"], 16): _Row(
            row["basic"], row["retain_device_identity"], row["retain_modified_dates"]
        )
        for row in csv.DictReader(text.splitlines())
        if "x" not in row["tag"]  # repeating groups go as a whole
    }
