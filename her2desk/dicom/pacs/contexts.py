"""Which kinds of object are exchanged, and in which transfer syntaxes (PS3.4 B.5, PS3.5 A)."""

from collections.abc import Sequence

from pynetdicom import sop_class
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.service_class import StorageServiceClass

from her2desk.dicom.header import ENCAPSULATED_SYNTAXES, EXPLICIT_BIG, IMPLICIT_LITTLE

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
UNCOMPRESSED = (EXPLICIT_LITTLE, IMPLICIT_LITTLE)

_STORAGE = "1.2.840.10008.5.1.4.1.1."
RETIRED_ULTRASOUND = {
    f"{_STORAGE}6": "UltrasoundImageStorageRetired",
    f"{_STORAGE}3": "UltrasoundMultiFrameImageStorageRetired",
}
ULTRASOUND_CLASSES = (f"{_STORAGE}6.1", f"{_STORAGE}3.1", *RETIRED_ULTRASOUND, f"{_STORAGE}6.2")
"""Ultrasound Image, Ultrasound Multi-frame Image, both as retired in 1993, Enhanced US Volume."""
PICTURE_CLASSES = tuple(f"{_STORAGE}{n}" for n in ("7", "7.1", "7.2", "7.3", "7.4"))
"""Secondary captures of one and of several frames."""
OTHER_CLASSES = tuple(
    f"{_STORAGE}{n}" for n in ("66.4", "88.11", "88.22", "88.33", "88.34", "11.1", "104.1")
)
"""Segmentation, structured reports, greyscale presentation state, encapsulated PDF."""
STORAGE_CLASSES = (*ULTRASOUND_CLASSES, *PICTURE_CLASSES, *OTHER_CLASSES)

SYNTAXES_READ = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, *ENCAPSULATED_SYNTAXES)
SYNTAXES_KEPT = (
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.4.92",  # JPEG 2000 multi-component
    "1.2.840.10008.1.2.4.93",
    "1.2.840.10008.1.2.4.100",  # MPEG-2
    "1.2.840.10008.1.2.4.101",
    "1.2.840.10008.1.2.4.102",  # MPEG-4 AVC/H.264
    "1.2.840.10008.1.2.4.103",
    "1.2.840.10008.1.2.4.104",
    "1.2.840.10008.1.2.4.105",
    "1.2.840.10008.1.2.4.106",
    "1.2.840.10008.1.2.4.107",  # HEVC/H.265
    "1.2.840.10008.1.2.4.108",
    "1.2.840.10008.1.2.4.110",  # JPEG XL
    "1.2.840.10008.1.2.4.111",
    "1.2.840.10008.1.2.4.112",
)
"""What is kept as it came; the import then says that it cannot be shown."""
SYNTAXES = (*SYNTAXES_READ, *SYNTAXES_KEPT)

# C-GET negotiates before it is known what comes: one context for each pair, and 128 at most
# (PS3.8 9.3.2.2). An archive would otherwise have to bring every image into one syntax.
SYNTAXES_FETCHED = (
    *SYNTAXES_READ,
    *(f"1.2.840.10008.1.2.4.{n}" for n in (100, 101, 102, 103)),
)
PICTURES_FETCHED = (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    *(f"1.2.840.10008.1.2.{n}" for n in ("4.50", "4.70", "4.90", "5")),
)

VERIFICATION = sop_class.Verification
STUDY_ROOT_FIND = sop_class.StudyRootQueryRetrieveInformationModelFind
STUDY_ROOT_GET = sop_class.StudyRootQueryRetrieveInformationModelGet
STUDY_ROOT_MOVE = sop_class.StudyRootQueryRetrieveInformationModelMove
PATIENT_ROOT_FIND = sop_class.PatientRootQueryRetrieveInformationModelFind

for _uid, _keyword in RETIRED_ULTRASOUND.items():  # pynetdicom knows current classes only
    sop_class.register_uid(_uid, _keyword, StorageServiceClass)


def received_contexts() -> list[PresentationContext]:
    """What the receiver takes: every storage class in every syntax, and the echo."""
    storage = [build_context(uid, list(SYNTAXES)) for uid in STORAGE_CLASSES]
    return [*storage, build_context(VERIFICATION, list(UNCOMPRESSED))]


def fetched_contexts() -> list[PresentationContext]:
    """What C-GET asks for: ultrasound in every syntax apart, other objects in a few."""
    wanted = [
        *((uid, syntax) for uid in ULTRASOUND_CLASSES[:2] for syntax in SYNTAXES_FETCHED),
        *((uid, syntax) for uid in ULTRASOUND_CLASSES[2:] for syntax in PICTURES_FETCHED),
        *((uid, syntax) for uid in PICTURE_CLASSES for syntax in PICTURES_FETCHED),
    ]
    return [
        *(build_context(uid, [syntax]) for uid, syntax in wanted),
        *(build_context(uid, list(UNCOMPRESSED)) for uid in OTHER_CLASSES),
    ]


def asked_contexts(model: str) -> list[PresentationContext]:
    """What a question under an information model is asked in."""
    return [build_context(model, list(UNCOMPRESSED))]


def sent_contexts(pairs: Sequence[tuple[str, str]]) -> list[PresentationContext]:
    """One context for each pair of class and transfer syntax, exactly as the files are."""
    return [build_context(uid, [syntax]) for uid, syntax in pairs]
