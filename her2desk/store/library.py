"""The library as the rest of the program sees it."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from her2desk.domain.clinical import (
    ClinicalRecord,
    Pathology,
    clinical_from_json,
    pathology_from_json,
)
from her2desk.domain.drawing import Drawing, drawing_from_json
from her2desk.domain.image import UltrasoundImage, UserCalibration, calibration_from_json
from her2desk.domain.reading import Decision, Impression, decision_from_json, impression_from_json
from her2desk.errors import StoreRefused
from her2desk.store import cases, history
from her2desk.store.cases import CaseSummary
from her2desk.store.connection import Database
from her2desk.store.files import FileStore
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.intake import AddedImage, Clock, Intake
from her2desk.texts import msg


@dataclass(frozen=True)
class StoredPrediction:
    """A saved prediction: the document of ``Prediction.to_json`` and the hash of its inputs."""

    document: Mapping[str, Any]
    inputs_sha256: str
    utc: str


@dataclass(frozen=True)
class Adjudication:
    """``reader`` decided that the outline of ``chosen`` counts."""

    reader: str
    chosen: str


class Library:
    """The case store. Made by ``opening.open_library``; close it, or use it in a ``with`` block.

    Every method that writes returns after the change is on disk. Any thread may call; calls wait
    for each other, and only the copying of image files runs beside them. ``reader`` is written
    beside each change; set it when another person takes over. Every method raises ``StoreRefused``
    when the library cannot be read or written, or has no such case.
    """

    def __init__(self, database: Database, files: FileStore, reader: str, clock: Clock):
        self.reader = reader
        self._database = database
        self._files = files
        self._clock = clock

    def __enter__(self) -> "Library":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; closing twice does nothing."""
        self._database.close()

    def add_image(
        self, path: Path, image: UltrasoundImage, file_name: str | None = None
    ) -> AddedImage:
        """Copy the file at ``path``, described by ``image``, into the library as a case of its own.

        ``file_name`` is what the case list calls it, ``path``'s own name where it is not given. A
        file with the same bytes is the same case. Raises ``InputRefused`` when the file cannot be
        read or is no longer the one that ``image`` describes.
        """
        with self.intake() as intake:
            intake.put(path, image, file_name or path.name)
            return intake.commit()[0]

    def intake(self) -> Intake:
        """A way in for many images, with fewer waits for the disk; in ``reader``'s name."""
        return Intake(self._database, self._files, self.reader, self._clock)

    def cases(self, search: str = "") -> list[CaseSummary]:
        """The case list, newest first; only rows with every word of ``search`` in them.

        How far a case has come is what ``reader`` did with it.
        """
        with self._database.reading() as connection:
            rows = cases.summaries(connection, self.reader)
        return [row for row in rows if row.matches(search)]

    def image_path(self, case_id: int) -> Path:
        """The case's image file. Its name is its SHA-256 and has no ending."""
        with self._database.reading() as connection:
            sha256 = cases.image_sha256(connection, case_id)
        if sha256 is None:
            raise _no_such_case(case_id)
        path = self._files.path(sha256)
        if not path.is_file():
            raise StoreRefused(
                msg(
                    "The image file of case {case_id} is no longer in the library.", case_id=case_id
                ),
                msg("Import the file again, or restore the library folder from a backup."),
                code="store-file-missing",
            )
        return path

    def save_drawing(self, case_id: int, drawing: Drawing) -> None:
        """Keep what ``reader`` has drawn, as it is after a stroke.

        The outline that answers has an entry of its own whenever it becomes another one.
        """
        answering = drawing.answering
        roi = None if answering is None else answering.to_json()
        with self._database.transaction() as connection:
            self._check_case(connection, case_id)
            before = history.latest(connection, case_id, Action.ROI, self.reader)
            now = self._clock()
            self._append(connection, case_id, Action.DRAWING, drawing.to_json(), now)
            if roi != (before.content if before is not None else None):
                self._append(connection, case_id, Action.ROI, roi, now)

    def latest_drawing(self, case_id: int) -> Drawing:
        """What ``reader`` has drawn, to the last stroke; an empty one where that is nothing.

        Other readers' drawings are not seen here: readers draw independently.
        """
        entry = self._latest(case_id, Action.DRAWING, self.reader)
        return Drawing() if entry is None else drawing_from_json(json.dumps(entry.content))

    def drawings_by_reader(self, case_id: int) -> dict[str, Drawing]:
        """Every reader's drawing with an outline in it, in the order in which they began."""
        with self._database.reading() as connection:
            entries = history.latest_by_reader(connection, case_id, Action.DRAWING)
        found = {entry.reader: drawing_from_json(json.dumps(entry.content)) for entry in entries}
        return {reader: drawing for reader, drawing in found.items() if drawing.rois}

    def readers(self) -> tuple[str, ...]:
        """Everyone who ever drew, and who reads now."""
        with self._database.reading() as connection:
            return tuple(sorted({*history.readers(connection), self.reader}))

    def adjudication(self, case_id: int) -> Adjudication | None:
        """Whose outline was chosen where two readers disagreed; None where nobody did."""
        entry = self._latest(case_id, Action.ADJUDICATED)
        if entry is None or entry.content is None:
            return None
        return Adjudication(entry.reader, entry.content["chosen"])

    def save_calibration(self, case_id: int, calibration: UserCalibration | None) -> None:
        """Keep the size of a pixel that a reader measured; None takes it back."""
        content = None if calibration is None else calibration.to_json()
        self.record(case_id, Action.CALIBRATION, content)

    def latest_calibration(self, case_id: int) -> UserCalibration | None:
        """The calibration by a reader, whoever it was; None where there is none."""
        entry = self._latest(case_id, Action.CALIBRATION)
        if entry is None or entry.content is None:
            return None
        return calibration_from_json(json.dumps(entry.content))

    def with_calibration(self, case_id: int, image: UltrasoundImage) -> UltrasoundImage:
        """The case's image with the calibration by a reader, if there is one."""
        return replace(image, user_calibration=self.latest_calibration(case_id))

    def save_clinical(self, case_id: int, clinical: ClinicalRecord) -> None:
        """Keep what is known of the patient."""
        self.record(case_id, Action.CLINICAL, clinical.to_json())

    def latest_clinical(self, case_id: int) -> ClinicalRecord | None:
        """What is known of the patient, None when nothing was ever entered."""
        entry = self._latest(case_id, Action.CLINICAL)
        return None if entry is None else clinical_from_json(entry.content)

    def save_prediction(
        self, case_id: int, prediction: Mapping[str, Any], inputs_sha256: str
    ) -> None:
        """Keep the answer for the latest outline and clinical record of the case."""
        content = {"document": dict(prediction), "inputs_sha256": inputs_sha256}
        self.record(case_id, Action.PREDICTION, content)

    def latest_prediction(self, case_id: int) -> StoredPrediction | None:
        """The last answer kept; stale when its inputs' hash is not that of the present ones."""
        entry = self._latest(case_id, Action.PREDICTION)
        if entry is None or entry.content is None:
            return None
        return StoredPrediction(
            entry.content["document"], entry.content["inputs_sha256"], entry.utc
        )

    def latest_impression(self, case_id: int) -> Impression | None:
        """What ``reader`` thought of the case before the result; None where it was not asked."""
        entry = self._latest(case_id, Action.IMPRESSION, self.reader)
        return None if entry is None else impression_from_json(entry.content)

    def latest_decision(self, case_id: int) -> Decision | None:
        """What ``reader`` decided after the result; None where nothing was decided."""
        entry = self._latest(case_id, Action.DECISION, self.reader)
        return None if entry is None else decision_from_json(entry.content)

    def save_pathology(self, case_id: int, pathology: Pathology) -> None:
        """Keep the pathologist's result; raises ``InputRefused`` for one that does not exist."""
        pathology.check()
        content = {"her2_ihc": pathology.her2_ihc, "her2_fish": pathology.her2_fish}
        self.record(case_id, Action.PATHOLOGY, content)

    def latest_pathology(self, case_id: int) -> Pathology | None:
        """The pathologist's result, whoever entered it; None where none was."""
        entry = self._latest(case_id, Action.PATHOLOGY)
        if entry is None or entry.content is None:
            return None
        return pathology_from_json(entry.content)

    def entries(self, *actions: Action) -> tuple[HistoryEntry, ...]:
        """All that happened of these kinds, of every case, oldest first."""
        with self._database.reading() as connection:
            return history.of_actions(connection, actions)

    def record(self, case_id: int, action: Action, content: Mapping[str, Any] | None) -> None:
        """Append what was done to the case, with the reader and the time."""
        with self._database.transaction() as connection:
            self._check_case(connection, case_id)
            self._append(connection, case_id, action, content, self._clock())

    def history(self, case_id: int) -> tuple[HistoryEntry, ...]:
        """All that happened to the case, oldest first."""
        with self._database.reading() as connection:
            return history.of_case(connection, case_id)

    def check(self) -> None:
        """Raise ``StoreRefused`` unless the library can be written and its history is unbroken."""
        with self._database.transaction() as connection:
            entry_id = history.first_broken(connection)
        if entry_id is not None:
            raise StoreRefused(
                msg("Entry {n} of the library's history was changed from outside.", n=entry_id),
                msg("Restore the library folder from a backup, and ask who has access to it."),
                code="store-history-changed",
            )

    def _latest(
        self, case_id: int, action: Action, reader: str | None = None
    ) -> HistoryEntry | None:
        with self._database.reading() as connection:
            return history.latest(connection, case_id, action, reader)

    def _append(
        self,
        connection: sqlite3.Connection,
        case_id: int,
        action: Action,
        content: Mapping[str, Any] | None,
        now: datetime,
    ) -> None:
        history.append(connection, case_id, action, content, self.reader, now)

    def _check_case(self, connection: sqlite3.Connection, case_id: int) -> None:
        if cases.image_sha256(connection, case_id) is None:
            raise _no_such_case(case_id)


def _no_such_case(case_id: int) -> StoreRefused:
    return StoreRefused(
        msg("The library has no case {case_id}.", case_id=case_id),
        msg("Choose a case from the case list."),
        code="case-unknown",
    )
