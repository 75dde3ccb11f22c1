"""What is asked of an archive and what it answers, as the program has it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

UTF8 = "ISO_IR 192"
ULTRASOUND = "US"
MAX_MATCHES = 1000


class Level(StrEnum):
    """What is asked for."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True)
class Query:
    """What is looked for; an empty value matches everything.

    ``patient_name`` matches names that begin so, or contain it where it is not written in Latin
    letters, unless it has wildcards of its own. Dates are YYYYMMDD, both ends included.
    ``character_set`` is what the question is written in.
    """

    level: Level = Level.STUDY
    patient_id: str = ""
    patient_name: str = ""
    date_from: str = ""
    date_to: str = ""
    modality: str = ULTRASOUND
    accession_number: str = ""
    study_uid: str = ""
    series_uid: str = ""
    character_set: str = UTF8


@dataclass(frozen=True)
class Match:
    """One answer; what the archive did not say is empty. ``instances`` is its count of images."""

    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession_number: str = ""
    modalities: str = ""
    study_uid: str = ""
    series_uid: str = ""
    series_description: str = ""
    series_number: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    instances: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The match as ``her2desk pacs find --json`` prints it."""
        return {**self.__dict__}


@dataclass(frozen=True)
class Matches:
    """What was found; ``is_cut_off`` where there was more than is shown."""

    matches: tuple[Match, ...] = field(default=())
    is_cut_off: bool = False
