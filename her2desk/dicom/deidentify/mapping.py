"""The table that leads back from pseudonyms to patients: only where asked for, never in the copies."""

import csv
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from her2desk.dicom.deidentify.cleaning import CleanHeader
from her2desk.dicom.header import Attributes
from her2desk.errors import InputRefused, unwritable
from her2desk.texts import msg


@dataclass(frozen=True)
class MapRow:
    """One file: what it was, and what it is called now."""

    source: str
    output: str
    patient_id: str
    patient_name: str
    pseudonym: str
    study_instance_uid: str
    new_study_instance_uid: str
    series_instance_uid: str
    new_series_instance_uid: str
    sop_instance_uid: str
    new_sop_instance_uid: str

    @classmethod
    def of(cls, source: str, output: str, a: Attributes, header: CleanHeader) -> "MapRow":
        """The row of one file, from its header before and after."""
        uids = []
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            uids += [a.text(keyword), header.text(keyword)]
        names = a.text("PatientID"), a.text("PatientName"), header.patient
        return cls(source, output, *names, *uids)


def check_map_path(path: Path, destination: Path) -> None:
    """Raise ``InputRefused`` (``map-place``) for a table among the copies, or one already there."""
    if path.resolve().is_relative_to(destination.resolve()):
        raise InputRefused(
            msg("The table that names the patients must not lie among the copies."),
            msg("Choose another folder for it."),
            code="map-place",
        )
    if path.exists():
        raise InputRefused(
            msg("{name} is already there, and nothing is overwritten.", name=path.name),
            msg("Choose another name for the table."),
            code="map-place",
        )
    if not path.parent.is_dir():
        raise unwritable(path)


def write_map(path: Path, rows: Sequence[MapRow]) -> None:
    """Write the table for its owner alone to read (0600); raises ``InputRefused``."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow([field.name for field in fields(MapRow)])
            table.writerows(astuple(row) for row in rows)
    except OSError as error:
        raise unwritable(path) from error
