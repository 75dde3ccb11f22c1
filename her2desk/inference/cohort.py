"""Reading a cohort folder: ``cohort.csv`` beside its images and ROIs."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from her2desk.dicom.frames import open_regular
from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.reader import open_image
from her2desk.dicom.refusals import os_errors_refused
from her2desk.domain.case import Case
from her2desk.domain.clinical import (
    CLINICAL_FIELDS,
    ClinicalField,
    ClinicalRecord,
    Pathology,
    check_value,
)
from her2desk.errors import InputRefused
from her2desk.inference.cohort_table import (
    TABLE_NAME,
    Finding,
    Findings,
    Record,
    number,
    read_records,
    yes_no,
)
from her2desk.inference.requests import case_of
from her2desk.texts import msg, phrase

Split = Literal["train", "test"]
SIDES = {"L": "L", "R": "R", "LEFT": "L", "RIGHT": "R"}
SPLITS: dict[str, Split] = {"train": "train", "test": "test"}
MAX_FRAME_INDEX = 100_000
_DRIVE = re.compile(r"[A-Za-z]:")

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class CohortRow:
    """One image of one patient; ``number`` is the row of ``cohort.csv`` as a spreadsheet counts.

    ``positive`` is the status by ASCO/CAP, or the table's label where it gives no IHC or FISH; None
    where it is unknown.
    """

    number: int
    patient_id: str
    image: Path
    frame_index: int
    roi: Path
    clinical: ClinicalRecord
    positive: bool | None
    pathology: Pathology
    site: str | None
    scanner: str | None
    split: Split | None
    roi_reader2: Path | None


@dataclass(frozen=True)
class CohortPicture:
    """Which frame of which file is of whom; ``number`` is as a ``CohortRow``'s."""

    number: int
    patient_id: str
    image: Path
    frame_index: int


def read_cohort(folder: Path) -> list[CohortRow]:
    """The rows of ``cohort.csv``, no file opened.

    Raises ``InputRefused`` for the table's first problem: ``cohort-row`` with the row's number,
    ``cohort-table`` for one of the whole, ``cohort-unreadable``, ``too-large``.
    """
    findings = Findings()
    rows = cohort_rows(folder, findings)
    _refuse_first([finding for finding in findings.found if finding.is_error])
    return rows


def read_cohort_pictures(folder: Path) -> list[CohortPicture]:
    """The pictures of ``cohort.csv``, whatever outlines and labels it has or lacks; none opened.

    Raises as ``read_cohort``.
    """
    findings = Findings()
    records = read_records(folder, findings)
    pictures = [_Cells(folder, record, findings).picture() for record in records]
    own = (None, *(field.name for field in fields(CohortPicture)))
    _refuse_first([f for f in findings.found if f.is_error and f.column in own])
    return pictures


def _refuse_first(errors: Sequence[Finding]) -> None:
    if not errors:
        return
    first = errors[0]
    if first.row is None:
        raise InputRefused(first.message, first.remedy, code="cohort-table")
    raise InputRefused(
        msg(
            "{table}, row {number}: {reason}",
            table=TABLE_NAME,
            number=first.row,
            reason=phrase(first.message),
        ),
        first.remedy,
        code="cohort-row",
    )


def cohort_rows(folder: Path, findings: Findings) -> list[CohortRow]:
    """Every row of ``cohort.csv``; what cannot be right is left out and noted in ``findings``.

    Raises ``InputRefused`` where the table itself cannot be read.
    """
    return [_Cells(folder, record, findings).row() for record in read_records(folder, findings)]


def case_of_row(row: CohortRow) -> Case:
    """The row's case: its frame decoded, its outline read and checked on it.

    Raises ``InputRefused`` where the image or the outline cannot be used.
    """
    opened = open_image(row.image)
    outline = outline_from_file(row.roi, row.frame_index, opened.image)
    return case_of(opened, outline.roi, row.clinical)


def cohort_sha256(rows: Sequence[CohortRow]) -> str:
    """SHA-256 of all that the rows say and of their files' content, whatever their names and order.

    Raises ``InputRefused`` for a file that cannot be read.
    """
    digest = hashlib.sha256()
    for content in sorted(_content(row) for row in rows):
        digest.update(content.encode())
    return digest.hexdigest()


def _content(row: CohortRow) -> str:
    content: dict[str, Any] = {
        "patient_id": row.patient_id,
        "frame_index": row.frame_index,
        "positive": row.positive,
        "her2_ihc": row.pathology.her2_ihc,
        "her2_fish": row.pathology.her2_fish,
        "clinical": row.clinical.to_json(),
        "site": row.site,
        "scanner": row.scanner,
        "split": row.split,
        "image": _file_sha256(row.image),
        "roi": _file_sha256(row.roi),
        "roi_reader2": None if row.roi_reader2 is None else _file_sha256(row.roi_reader2),
    }
    return json.dumps(content, sort_keys=True) + "\n"


def _file_sha256(path: Path) -> str:
    with os_errors_refused(), open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Cells:
    """One record's cells as values."""

    def __init__(self, folder: Path, record: Record, findings: Findings):
        self._folder = folder
        self._number = record.number
        self._cells = record.cells
        self._findings = findings

    def picture(self) -> CohortPicture:
        image = self._required("image", _inside)
        return CohortPicture(
            number=self._number,
            patient_id=self._required("patient_id", str) or "",
            image=self._folder / (image or ""),
            frame_index=self._value("frame_index", _frame_index) or 0,
        )

    def row(self) -> CohortRow:
        pathology = Pathology(self._value("her2_ihc", _ihc), self._value("her2_fish", _fish))
        picture, roi = self.picture(), self._required("roi", _inside)
        reader2 = self._value("roi_reader2", _inside)
        return CohortRow(
            **vars(picture),
            roi=self._folder / (roi or ""),
            clinical=self._clinical(),
            positive=self._status(pathology),
            pathology=pathology,
            site=self._value("site", str),
            scanner=self._value("scanner", str),
            split=self._value("split", _split),
            roi_reader2=None if reader2 is None else self._folder / reader2,
        )

    def _value(self, column: str, read: Callable[[str], _Value]) -> _Value | None:
        text = self._cells.get(column, "")
        if not text:
            return None
        try:
            return read(text)
        except InputRefused as refused:
            self._findings.refusal(self._number, column, refused)
            return None

    def _required(self, column: str, read: Callable[[str], _Value]) -> _Value | None:
        if column in self._cells and not self._cells[column]:
            self._findings.error(
                self._number,
                column,
                msg("The row has no {column}.", column=column),
                msg("Fill the cell, or take the row out."),
                "cell-empty",
            )
        return self._value(column, read)

    def _clinical(self) -> ClinicalRecord:
        values: dict[str, Any] = {"laterality": self._value("laterality", _side)}
        for spec in CLINICAL_FIELDS:
            values[spec.name] = self._value(spec.name, partial(_known, spec))
        return ClinicalRecord(**values)

    def _status(self, pathology: Pathology) -> bool | None:
        """By IHC and FISH, else by the label; both must agree where both are given."""
        label = self._value("label", yes_no)
        derived = pathology.her2_positive
        if label is None:
            return derived
        if pathology == Pathology():
            return label
        if pathology.her2_ihc is None:  # only FISH, which decides by itself
            derived = pathology.her2_fish == "amplified"
        if derived is not label:
            self._findings.error(
                self._number,
                "label",
                msg("The label contradicts IHC and FISH.")
                if derived is not None
                else msg("The label names a status, but IHC 2+ without FISH has none."),
                msg("Correct the label or the result, or leave the label empty."),
                "label-contradicts-pathology",
            )
        return derived


def _inside(text: str) -> str:
    """A path inside the cohort folder, slashes either way."""
    path = PurePosixPath(text.replace("\\", "/"))
    depth, lowest = 0, 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        lowest = min(lowest, depth)
    if path.is_absolute() or lowest < 0 or depth < 1 or _DRIVE.match(text):
        raise InputRefused(
            msg("“{path}” is not inside the cohort's folder.", path=text),
            msg("Put the file into the folder and give its path from there."),
            code="path-outside",
        )
    if not text.isprintable():
        raise InputRefused(
            msg("The path holds characters that cannot be printed."),
            msg("Rename the file and correct the cell."),
            code="path-unprintable",
        )
    return str(path)


def _frame_index(text: str) -> int:
    index = number(text)
    if index != int(index) or not 0 <= index <= MAX_FRAME_INDEX:
        raise InputRefused(
            msg("“{text}” is not a frame's number.", text=text),
            msg("Frames count 0, 1, 2, … in cohort.csv."),
            code="cell-frame",
        )
    return int(index)


def _ihc(text: str) -> str:
    score = "".join(text.split())
    Pathology(her2_ihc=score).check()
    return score


def _fish(text: str) -> str:
    result = " ".join(text.casefold().split())
    Pathology(her2_fish=result).check()
    return result


def _side(text: str) -> str:
    side = SIDES.get(text.upper(), text)
    ClinicalRecord(laterality=side).check()
    return side


def _split(text: str) -> Split:
    split = SPLITS.get(text.casefold())
    if split is None:
        raise InputRefused(
            msg("“{text}” is no side of a split.", text=text),
            msg("Write train or test, or leave the whole column empty."),
            code="cell-split",
        )
    return split


def _known(spec: ClinicalField, text: str) -> float | bool:
    value = number(text) if spec.is_number else yes_no(text)
    check_value(spec, value)
    return value
