"""The library as the rest of the program sees it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.errors import StoreRefused
from her2desk.store import cases, history
from her2desk.store.cases import CaseSummary
from her2desk.store.connection import Database
from her2desk.store.files import FileStore
from her2desk.store.history import Action, HistoryEntry
from her2desk.texts import msg

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class AddedImage:
    """What became of an image; ``was_new`` is False when the library had the same bytes already."""

    case_id: int
    was_new: bool


@dataclass(frozen=True)
class StoredPrediction:
    """A saved prediction: the document of ``Prediction.to_json`` and the hash of its inputs."""

    document: Mapping[str, Any]
    inputs_sha256: str
    utc: str


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
        known = self._case_of(image.sha256)
        if known is not None:
            return AddedImage(known, was_new=False)
        self._files.add(path, image.sha256)
        now = self._clock()
        utc = now.astimezone(UTC).isoformat(timespec="milliseconds")
        with self._database.transaction() as connection:
            # Asked again under the write lock: another process may have imported the same file.
            known = cases.find(connection, image.sha256)
            if known is not None:
                return AddedImage(known, was_new=False)
            case_id = cases.insert(connection, image, file_name or path.name, utc)
            content = {"image_sha256": image.sha256}
            history.append(connection, case_id, Action.IMPORTED, content, self.reader, now)
        return AddedImage(case_id, was_new=True)

    def cases(self, search: str = "") -> list[CaseSummary]:
        """The case list, newest first; only rows with every word of ``search`` in them."""
        with self._database.reading() as connection:
            return [row for row in cases.summaries(connection) if row.matches(search)]

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

    def save_roi(self, case_id: int, roi: Roi | None) -> None:
        """Keep the outline as it is after a stroke; None when it was cleared."""
        self.record(case_id, Action.ROI, None if roi is None else roi.to_json())

    def latest_roi(self, case_id: int) -> Roi | None:
        """The outline after the last stroke, None when there is none."""
        entry = self._latest(case_id, Action.ROI)
        if entry is None or entry.content is None:
            return None
        return roi_from_json(json.dumps(entry.content))

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

    def record(self, case_id: int, action: Action, content: Mapping[str, Any] | None) -> None:
        """Append what was done to the case, with the reader and the time."""
        with self._database.transaction() as connection:
            if cases.image_sha256(connection, case_id) is None:
                raise _no_such_case(case_id)
            history.append(connection, case_id, action, content, self.reader, self._clock())

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

    def _latest(self, case_id: int, action: Action) -> HistoryEntry | None:
        with self._database.reading() as connection:
            return history.latest(connection, case_id, action)

    def _case_of(self, image_sha256: str) -> int | None:
        with self._database.reading() as connection:
            return cases.find(connection, image_sha256)


def _no_such_case(case_id: int) -> StoreRefused:
    return StoreRefused(
        msg("The library has no case {case_id}.", case_id=case_id),
        msg("Choose a case from the case list."),
        code="case-unknown",
    )
