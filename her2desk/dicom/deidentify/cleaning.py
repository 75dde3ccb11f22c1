"""One header made anew: what the profile keeps, and the pseudonyms in the place of the rest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from her2desk.dicom.deidentify.dates import shifted
from her2desk.dicom.deidentify.identity import NamingWords, patient_identity
from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.profile import (
    BASIC_CODE,
    OPTION_CODES,
    PUBLIC_SCHEMES,
    WELL_KNOWN_UID,
    Action,
    Option,
    Profile,
)
from her2desk.dicom.deidentify.source import MAX_DEPTH, SourceFile, elements_of, values_of
from her2desk.dicom.header import Attributes, quiet
from her2desk.dicom.reader import ULTRASOUND_CLASSES

METHOD = "Her2Desk: DICOM PS3.15 annex E Basic Profile"
DUMMY_TEXT = "REMOVED"
DUMMIES: Mapping[str, object] = {
    "AS": "000Y",
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "IS": "0",
    "TM": "000000",
    "UR": "urn:removed",
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), DUMMY_TEXT),
    **dict.fromkeys(("FD", "FL"), 0.0),
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV"), 0),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "UN"), b"\0\0"),
}
# Terms of the standard, by which the rest is read: no patient's name, whatever it is
FIXED_TERMS = ("SpecificCharacterSet", "PhotometricInterpretation", "Modality", "SOPClassUID")
Element: TypeAlias = DataElement | RawDataElement


@dataclass
class CleanHeader:
    """A header ready to be written, what was done to make it, and what to look for elsewhere."""

    elements: dict[int, Element]
    counts: Counter[Action]
    words: NamingWords
    patient: str
    character_set: Any
    uids: dict[str, str] = field(default_factory=dict)

    def text(self, keyword: str) -> str:
        """The one value of an attribute in ASCII; empty where there is none, or several."""
        element = self.elements.get(tag_for_keyword(keyword) or 0)
        value = "" if element is None or element.value is None else element.value
        text = value.decode("latin-1").strip("\0 ") if isinstance(value, bytes) else str(value)
        return "" if "\\" in text or isinstance(value, MultiValue) else text

    def set(self, keyword: str, value: object) -> None:
        """Give an attribute a value."""
        tag = Tag(tag_for_keyword(keyword) or 0)
        self.elements[tag] = DataElement(tag, dictionary_VR(tag), value)

    def add(self, keyword: str, value: object) -> None:
        """Give an attribute a value unless it has one."""
        if not self.has(keyword):
            self.set(keyword, value)

    def drop(self, *keywords: str) -> None:
        """Leave attributes out."""
        for keyword in keywords:
            self.elements.pop(tag_for_keyword(keyword) or 0, None)

    def has(self, keyword: str) -> bool:
        """Whether the header has the attribute."""
        return tag_for_keyword(keyword) in self.elements


def clean_header(source: SourceFile, profile: Profile, key: ProjectKey) -> CleanHeader:
    """The file's header with every attribute treated as the profile says, up to the pixels."""
    with quiet():
        return _Cleaner(source, profile, key).clean()


class _Cleaner:
    def __init__(self, source: SourceFile, profile: Profile, key: ProjectKey) -> None:
        self._source = source
        self._profile = profile
        self._key = key
        identity = patient_identity(source.attributes)
        self._patient = key.patient(identity)
        self._days = key.days(identity)
        self._words = NamingWords.of(source.dataset)
        self._counts: Counter[Action] = Counter()
        self._uids: dict[str, str] = {}

    def clean(self) -> CleanHeader:
        implicit = self._source.header.vr is None  # then no raw element has a VR that could be odd
        kept: dict[int, Element] = {}
        for element, unchanged in self._cleaned(self._source.dataset, depth=0):
            raw = self._source.raw[element.tag]
            if unchanged and raw.is_raw and (implicit or raw.VR):
                kept[element.tag] = _padded(raw)  # bit for bit, and no encoding that could fail
            else:
                kept[element.tag] = element
        charset = self._source.attributes.raw("SpecificCharacterSet")
        header = CleanHeader(kept, self._counts, self._words, self._patient, charset, self._uids)
        self._sign(header)
        return header

    def _cleaned(self, dataset: Dataset, depth: int) -> Iterator[tuple[DataElement, bool]]:
        """What is left of each element, and whether it is as it was."""
        for tag, element in elements_of(dataset):
            action, result = Action.REMOVE, None
            if element is not None:
                action, result = self._treated(tag, element, depth)
            self._counts[action] += 1
            if result is not None:
                yield result, result is element

    def _treated(
        self, tag: BaseTag, element: DataElement, depth: int
    ) -> tuple[Action, DataElement | None]:
        vr, values = str(element.VR), values_of(element)
        decision = self._profile.decide(tag, vr, values, nested=depth > 0)
        action = decision.action
        if action is Action.SHIFT:
            moved = self._moved(vr, values)
            if moved is not None:
                return action, DataElement(tag, vr, moved)
            action = decision.otherwise
        if vr == "SQ":
            return self._sequence(tag, element, action, depth)
        if action is Action.KEEP:
            return self._without_words(tag, element, values)
        if action is Action.UID and vr == "UI":
            return action, DataElement(tag, vr, [self._uid(value) for value in values])
        if action in (Action.DUMMY, Action.UID):
            return Action.DUMMY, DataElement(tag, vr, DUMMIES.get(vr))
        return action, DataElement(tag, vr, None) if action is Action.EMPTY else None

    def _without_words(
        self, tag: BaseTag, element: DataElement, values: list[str]
    ) -> tuple[Action, DataElement | None]:
        """A kept element, emptied of the values in which a name or number of the patient occurs."""
        if isinstance(element.value, bytes) and self._words.occur_in_bytes(element.value):
            return Action.REMOVE, None
        named = [self._words.occur_in([value]) for value in values]
        if not any(named) or element.keyword in FIXED_TERMS:
            return Action.KEEP, element
        left = ["" if is_named else value for value, is_named in zip(values, named, strict=True)]
        return Action.EMPTY, DataElement(tag, str(element.VR), left if any(left) else None)

    def _sequence(
        self, tag: BaseTag, element: DataElement, action: Action, depth: int
    ) -> tuple[Action, DataElement | None]:
        if action is Action.REMOVE or depth >= MAX_DEPTH:
            return Action.REMOVE, None
        items = []
        if action in (Action.KEEP, Action.UID):
            for source in element.value:
                if _is_local_code(source):
                    self._counts[Action.REMOVE] += 1
                    continue
                item = Dataset()
                for part, _unchanged in self._cleaned(source, depth + 1):
                    item.add(part)
                items.append(item)
        return action, DataElement(tag, "SQ", Sequence(items))

    def _moved(self, vr: str, values: list[str]) -> list[str] | None:
        if vr not in ("DA", "DT", "TM"):
            return None
        moved = [shifted(vr, value, self._days) for value in values]
        whole = [value for value in moved if value is not None]
        return whole if len(whole) == len(moved) else None

    def _uid(self, uid: str) -> str:
        if not uid or WELL_KNOWN_UID.fullmatch(uid):
            return uid
        self._uids[uid] = self._key.uid(uid)
        return self._uids[uid]

    def _sign(self, header: CleanHeader) -> None:
        """Say whose file it is now, and how it was made so (PS3.15 E.1.1, PS3.3 C.7.1.1, C.12.1)."""
        header.set("PatientName", self._patient)
        header.set("PatientID", self._patient)
        self._complete(header)
        header.set("PatientIdentityRemoved", "YES")
        header.set("DeidentificationMethod", METHOD)
        shifts = Option.RETAIN_MODIFIED_DATES in self._profile.options
        header.set("LongitudinalTemporalInformationModified", "MODIFIED" if shifts else "REMOVED")

    def _complete(self, header: CleanHeader) -> None:
        """Give UIDs to a file that lacks some, so that it has a place of its own."""
        a = self._source.attributes
        instead = {
            "StudyInstanceUID": f"study of {self._patient}",
            "SeriesInstanceUID": f"series of {a.text('StudyInstanceUID') or self._patient}",
            "SOPInstanceUID": f"instance of {self._source.header_sha256}",
        }
        for keyword, origin in instead.items():
            if not header.text(keyword):
                header.set(keyword, self._key.uid(origin))
        if not header.text("SOPClassUID"):
            still, cine = ULTRASOUND_CLASSES[:2]
            header.set("SOPClassUID", cine if len(self._source.pixels.frames) > 1 else still)


def method_codes(options: Iterable[Option]) -> Sequence:
    """Items of DeidentificationMethodCodeSequence for the options (PS3.16 CID 7050)."""
    chosen = frozenset(options)
    items = []
    for value, meaning in [BASIC_CODE, *(OPTION_CODES[o] for o in Option if o in chosen)]:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    return Sequence(items)


def _is_local_code(item: Dataset) -> bool:
    a = Attributes(item)
    scheme = a.text("CodingSchemeDesignator").upper()
    return a.has("CodeMeaning") and scheme not in PUBLIC_SCHEMES


def _padded(raw: RawDataElement) -> RawDataElement:
    value = raw.value or b""
    return raw._replace(value=value + b"\0" * (len(value) % 2))
