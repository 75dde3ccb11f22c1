"""The library as far as it is only read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
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
from her2desk.store.cases import EVERY_CASE, CaseFilter, CaseSummary
from her2desk.store.connection import Database
from her2desk.store.files import FileStore
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.intake import Clock
from her2desk.store.last_entry import LastEntryNote
from her2desk.store.locking import Holder, LibraryLock
from her2desk.store.sqlite_access import DatabaseKey
from her2desk.store.vault import Vault
from her2desk.store.vault_sealing import SealBroken
from her2desk.texts import msg


@dataclass(frozen=True)
class StoredPrediction:
    """A saved prediction: the document of ``Prediction.to_json`` and the hash of its inputs.

    ``whole`` is all that a report needs, None where only the document was kept. ``entry_id`` is the
    history entry's, which a report names.
    """

    document: Mapping[str, Any]
    inputs_sha256: str
    utc: str
    entry_id: int
    reader: str
    whole: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Adjudication:
    """``reader`` decided that the outline of ``chosen`` counts."""

    reader: str
    chosen: str


@dataclass(frozen=True)
class Parts:
    """What a library is made of; only one that is encrypted has a ``vault``."""

    folder: Path
    database: Database
    files: FileStore
    clock: Clock
    lock: LibraryLock
    note: LastEntryNote
    vault: Vault | None = None

    @property
    def key(self) -> DatabaseKey | None:
        """The database's key, None where the library is not encrypted."""
        return None if self.vault is None else self.vault.database_key


class ReadableLibrary:
    """What can be asked of a library; every method raises ``StoreRefused`` when it cannot be read.

    ``parts`` are for the modules beside this one. ``held_by`` is who has the library open for
    writing where this one is read-only for that reason.
    """

    def __init__(self, parts: Parts, reader: str, held_by: Holder | None = None):
        self.reader = reader
        self.parts = parts
        self.held_by = held_by

    @property
    def folder(self) -> Path:
        """Where the library lies."""
        return self.parts.folder

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written."""
        return self.parts.database.is_read_only

    @property
    def is_encrypted(self) -> bool:
        """Whether the library opens with a passphrase only."""
        return self.parts.vault is not None

    def close(self) -> None:
        """Close the database and let go of the lock; closing twice does nothing.

        Paths that ``image_path`` gave of an encrypted library lead nowhere from then on.
        """
        self.parts.database.close()
        self.parts.files.close()
        self.parts.lock.release()

    def cases(self, search: str = "") -> list[CaseSummary]:
        """The case list, newest first; only rows with every word of ``search`` in them.

        How far a case has come is what ``reader`` did with it.
        """
        return self.find(CaseFilter(words=search))

    def find(
        self, asked: CaseFilter, limit: int | None = None, offset: int = 0
    ) -> list[CaseSummary]:
        """The cases asked for, newest first: ``limit`` of them (None: all) from ``offset`` on."""
        with self.parts.database.reading() as connection:
            return cases.summaries(connection, self.reader, asked, limit, offset)

    def count(self, asked: CaseFilter = EVERY_CASE) -> int:
        """How many cases ``find`` would give without a limit."""
        with self.parts.database.reading() as connection:
            return cases.count(connection, self.reader, asked)

    def summary(self, case_id: int) -> CaseSummary | None:
        """One case's row of the list; None where there is no such case."""
        with self.parts.database.reading() as connection:
            return cases.summary(connection, self.reader, case_id)

    def cases_of_patient(self, patient_id: str) -> tuple[int, ...]:
        """The cases whose file names this patient, oldest first."""
        with self.parts.database.reading() as connection:
            return cases.of_patient(connection, patient_id)

    def image_path(self, case_id: int) -> Path:
        """The case's image file. Its name is its SHA-256 and has no ending.

        Of an encrypted library it is a plain copy, checked against its hash, that goes when the
        library is closed.
        """
        with self.parts.database.reading() as connection:
            sha256 = cases.image_sha256(connection, case_id)
        if sha256 is None:
            raise no_such_case(case_id)
        if not self.parts.files.path(sha256).is_file():
            raise StoreRefused(
                msg(
                    "The image file of case {case_id} is no longer in the library.", case_id=case_id
                ),
                msg("Import the file again, or restore the library from a backup."),
                code="store-file-missing",
            )
        try:
            return self.parts.files.readable(sha256)
        except SealBroken as error:
            raise StoreRefused(
                msg("The image file of case {case_id} is damaged.", case_id=case_id),
                msg("Import the file again, or restore the library from a backup."),
                code="store-file-damaged",
            ) from error
        except OSError as error:
            raise StoreRefused(
                msg("The image of case {case_id} could not be decrypted.", case_id=case_id),
                msg("Free some space where temporary files are, and open the case again."),
                code="store-no-room-to-read",
            ) from error

    def latest_drawing(self, case_id: int) -> Drawing:
        """What ``reader`` has drawn, to the last stroke; an empty one where that is nothing.

        Other readers' drawings are not seen here: readers draw independently.
        """
        entry = self._latest(case_id, Action.DRAWING, self.reader)
        return Drawing() if entry is None else drawing_from_json(json.dumps(entry.content))

    def drawings_by_reader(self, case_id: int) -> dict[str, Drawing]:
        """Every reader's drawing with an outline in it, in the order in which they began."""
        with self.parts.database.reading() as connection:
            entries = history.latest_by_reader(connection, case_id, Action.DRAWING)
        found = {entry.reader: drawing_from_json(json.dumps(entry.content)) for entry in entries}
        return {reader: drawing for reader, drawing in found.items() if drawing.rois}

    def readers(self) -> tuple[str, ...]:
        """Everyone who ever drew, and who reads now."""
        with self.parts.database.reading() as connection:
            return tuple(sorted({*history.readers(connection), self.reader}))

    def adjudication(self, case_id: int) -> Adjudication | None:
        """Whose outline was chosen where two readers disagreed; None where nobody did."""
        entry = self._latest(case_id, Action.ADJUDICATED)
        if entry is None or entry.content is None:
            return None
        return Adjudication(entry.reader, entry.content["chosen"])

    def latest_calibration(self, case_id: int) -> UserCalibration | None:
        """The calibration by a reader, whoever it was; None where there is none."""
        entry = self._latest(case_id, Action.CALIBRATION)
        if entry is None or entry.content is None:
            return None
        return calibration_from_json(json.dumps(entry.content))

    def with_calibration(self, case_id: int, image: UltrasoundImage) -> UltrasoundImage:
        """The case's image with the calibration by a reader, if there is one."""
        return replace(image, user_calibration=self.latest_calibration(case_id))

    def latest_clinical(self, case_id: int) -> ClinicalRecord | None:
        """What is known of the patient, None when nothing was ever entered."""
        entry = self._latest(case_id, Action.CLINICAL)
        return None if entry is None else clinical_from_json(entry.content)

    def latest_prediction(self, case_id: int) -> StoredPrediction | None:
        """The last answer kept; stale when its inputs' hash is not that of the present ones."""
        entry = self._latest(case_id, Action.PREDICTION)
        return None if entry is None else _stored_prediction(entry)

    def prediction(self, entry_id: int) -> StoredPrediction | None:
        """The answer kept in this history entry; None where it keeps none, or it was erased."""
        with self.parts.database.reading() as connection:
            entry = history.entry(connection, entry_id)
        if entry is None or entry.action is not Action.PREDICTION:
            return None
        return _stored_prediction(entry)

    def latest_impression(self, case_id: int) -> Impression | None:
        """What ``reader`` thought of the case before the result; None where it was not asked."""
        entry = self._latest(case_id, Action.IMPRESSION, self.reader)
        return None if entry is None else impression_from_json(entry.content)

    def latest_decision(self, case_id: int) -> Decision | None:
        """What ``reader`` decided after the result; None where nothing was decided."""
        entry = self._latest(case_id, Action.DECISION, self.reader)
        return None if entry is None else decision_from_json(entry.content)

    def latest_pathology(self, case_id: int) -> Pathology | None:
        """The pathologist's result, whoever entered it; None where none was."""
        entry = self._latest(case_id, Action.PATHOLOGY)
        if entry is None or entry.content is None:
            return None
        return pathology_from_json(entry.content)

    def entries(self, *actions: Action) -> tuple[HistoryEntry, ...]:
        """All that happened of these kinds, oldest first, of every case that was not erased."""
        with self.parts.database.reading() as connection:
            return history.of_actions(connection, actions)

    def history(self, case_id: int) -> tuple[HistoryEntry, ...]:
        """All that happened to the case, oldest first; of an erased one without contents."""
        with self.parts.database.reading() as connection:
            return history.of_case(connection, case_id)

    def _latest(
        self, case_id: int, action: Action, reader: str | None = None
    ) -> HistoryEntry | None:
        with self.parts.database.reading() as connection:
            return history.latest(connection, case_id, action, reader)


def no_such_case(case_id: int) -> StoreRefused:
    """The refusal of a case number that is not, or no longer, in the library."""
    return StoreRefused(
        msg("The library has no case {case_id}.", case_id=case_id),
        msg("Choose a case from the case list."),
        code="case-unknown",
    )


def _stored_prediction(entry: HistoryEntry) -> StoredPrediction | None:
    said = entry.content
    if said is None:
        return None
    return StoredPrediction(
        said["document"],
        said["inputs_sha256"],
        entry.utc,
        entry.entry_id,
        entry.reader,
        said.get("whole"),
    )
