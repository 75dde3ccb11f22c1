"""Whose file it is, and which words of its header must not turn up anywhere else."""

import re
from collections.abc import Iterable, Iterator

from pydicom.dataset import Dataset

from her2desk.dicom.deidentify.source import MAX_DEPTH, elements_of, values_of
from her2desk.dicom.header import Attributes

MIN_WORD, MIN_DIGITS, MIN_IN_PIXELS = 4, 5, 6  # characters; shorter ones occur by chance
NAMING = frozenset({
    "AccessionNumber", "AdmissionID", "InstitutionAddress", "InstitutionName",
    "InstitutionalDepartmentName", "IssuerOfPatientID", "MedicalRecordLocator", "OtherPatientIDs",
    "PatientAddress", "PatientBirthDate", "PatientID", "PatientTelephoneNumbers",
    "ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers",
})  # fmt: skip
_BETWEEN_NAMES = re.compile(r"[\^=\s,]+")


def patient_identity(a: Attributes) -> str:
    """What tells one patient from another: the ID with its issuer, else name and date of birth.

    A file with neither belongs to the patient of its study, and one without a study to nobody else.
    """
    patient_id = a.text("PatientID")
    if patient_id:
        return f"id\0{patient_id}\0{a.text('IssuerOfPatientID')}"
    name, birth = a.text("PatientName"), a.text("PatientBirthDate")
    if name:
        return f"name\0{name}\0{birth}"
    return f"study\0{a.text('StudyInstanceUID') or a.text('SOPInstanceUID')}"


class NamingWords:
    """Names, numbers and places of the header, looked for in what would be kept."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(word.casefold() for word in words if _is_long_enough(word))
        either = "|".join(re.escape(word) for word in sorted(self.words))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])") if either else None

    @classmethod
    def of(cls, dataset: Dataset) -> "NamingWords":
        """The words of a whole data set, sequences included."""
        return cls(_words(dataset, 0))

    def occur_in(self, values: Iterable[str]) -> bool:
        """Whether any of the values holds one of the words, as a word of its own."""
        pattern = self._pattern
        return pattern is not None and any(pattern.search(value.casefold()) for value in values)

    def occur_in_bytes(self, content: bytes) -> bool:
        """Whether the bytes hold one of the longer words that are no mere numbers."""
        folded = content.lower()
        words = (w for w in self.words if len(w) >= MIN_IN_PIXELS and not w.isdecimal())
        return any(word.encode("utf-8") in folded for word in words)


def _words(dataset: Dataset, depth: int) -> Iterator[str]:
    for _tag, element in elements_of(dataset):
        if element is None:
            continue
        if element.VR == "SQ" and depth < MAX_DEPTH:
            for item in element.value:
                yield from _words(item, depth + 1)
        elif element.VR == "PN":
            for value in values_of(element):
                yield value
                yield from _BETWEEN_NAMES.split(value)
        elif element.keyword in NAMING:
            yield from values_of(element)


def _is_long_enough(word: str) -> bool:
    return len(word) >= (MIN_DIGITS if word.isdecimal() else MIN_WORD)
