"""The library as the rest of the program sees it."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UltrasoundImage, UserCalibration
from her2desk.store import case_states, cases, history, imported
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.intake import AddedImage, Intake
from her2desk.store.reading import ReadableLibrary, no_such_case


class Library(ReadableLibrary):
    """The case store. Made by ``opening.open_library``; close it, or use it in a ``with`` block.

    Every method that writes returns after the change is on disk, and raises ``StoreRefused`` when
    the library is read-only, cannot be written, or has no such case. Any thread may call; calls wait
    for each other, and only the copying of image files runs beside them. ``reader`` is written
    beside each change; set it when another person takes over.
    """

    def __enter__(self) -> "Library":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
        self.parts.database.check_writable()
        return Intake(self.parts.database, self.parts.files, self.reader, self.parts.clock)

    def save_drawing(self, case_id: int, drawing: Drawing) -> None:
        """Keep what ``reader`` has drawn, as it is after a stroke.

        The outline that answers has an entry of its own whenever it becomes another one.
        """
        answering = drawing.answering
        roi = None if answering is None else answering.to_json()
        with self.parts.database.transaction() as connection:
            self._check_case(connection, case_id)
            before = history.latest(connection, case_id, Action.ROI, self.reader)
            now = self.parts.clock()
            self._append(connection, case_id, Action.DRAWING, drawing.to_json(), now)
            if roi != (before.content if before is not None else None):
                self._append(connection, case_id, Action.ROI, roi, now)

    def save_calibration(self, case_id: int, calibration: UserCalibration | None) -> None:
        """Keep the size of a pixel that a reader measured; None takes it back."""
        content = None if calibration is None else calibration.to_json()
        self.record(case_id, Action.CALIBRATION, content)

    def save_clinical(self, case_id: int, clinical: ClinicalRecord) -> None:
        """Keep what is known of the patient."""
        self.record(case_id, Action.CLINICAL, clinical.to_json())

    def save_prediction(
        self,
        case_id: int,
        prediction: Mapping[str, Any],
        inputs_sha256: str,
        whole: Mapping[str, Any] | None = None,
    ) -> int:
        """Keep the answer for the latest outline and clinical record of the case.

        ``whole`` is all that a report needs. Gives the number of the history entry.
        """
        content: dict[str, Any] = {"document": dict(prediction), "inputs_sha256": inputs_sha256}
        if whole is not None:
            content["whole"] = dict(whole)
        return self.record(case_id, Action.PREDICTION, content)

    def save_pathology(self, case_id: int, pathology: Pathology) -> None:
        """Keep the pathologist's result; raises ``InputRefused`` for one that does not exist."""
        pathology.check()
        content = {"her2_ihc": pathology.her2_ihc, "her2_fish": pathology.her2_fish}
        self.record(case_id, Action.PATHOLOGY, content)

    def record(self, case_id: int, action: Action, content: Mapping[str, Any] | None) -> int:
        """Append what was done to the case, with the reader and the time; gives the entry's number."""
        with self.parts.database.transaction() as connection:
            self._check_case(connection, case_id)
            now = self.parts.clock()
            return self._append(connection, case_id, action, content, now).entry_id

    def check(self) -> None:
        """Raise ``StoreRefused`` unless the library can be written and its history is unbroken.

        Each case must be what the history says was imported. What else the case list says, and does
        not follow from the history, is worked out anew. A read-only library is only read.
        """
        database = self.parts.database
        with database.reading() if self.is_read_only else database.transaction() as connection:
            self.parts.note.check(connection)
            entry_id = history.first_broken(connection)
            if entry_id is not None:
                raise history.changed_from_outside(entry_id)
            imported.check_cases(connection)
            if not (self.is_read_only or case_states.agrees(connection)):
                case_states.rebuild(connection)

    def _append(
        self,
        connection: sqlite3.Connection,
        case_id: int,
        action: Action,
        content: Mapping[str, Any] | None,
        now: datetime,
    ) -> HistoryEntry:
        entry = history.append(connection, case_id, action, content, self.reader, now)
        case_states.follow(connection, entry)
        return entry

    def _check_case(self, connection: sqlite3.Connection, case_id: int) -> None:
        if cases.image_sha256(connection, case_id) is None:
            raise no_such_case(case_id)
