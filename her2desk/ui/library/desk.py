"""What the library's window shows and does, off the GUI thread; knows no Qt."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from her2desk.domain.progress import Progress
from her2desk.store.backup import Backup, backup_library, last_backup
from her2desk.store.cases import CaseSummary
from her2desk.store.erasing import Erasure, erasure_of, remove_copies
from her2desk.store.exporting import Export, export_cases
from her2desk.store.library import Library
from her2desk.store.opening import needs_passphrase
from her2desk.store.restoring import Restored, is_encrypted_backup, verify_backup
from her2desk.store.verifying import Verified, verify_library


class EraseChoice(Enum):
    """Whether the library's copies of its own earlier states go too."""

    KEEP_COPIES = "keep"
    WITH_COPIES = "with"


@dataclass(frozen=True)
class Patient:
    """One patient of the library, by the ID that the files give; that may be empty."""

    patient_id: str
    name: str
    case_ids: tuple[int, ...]
    last_study: str


@dataclass(frozen=True)
class LibraryFacts:
    """The library as it is now; sizes in bytes."""

    folder: Path
    cases: int
    files_size: int
    free: int
    last_backup: datetime | None
    is_read_only: bool
    is_encrypted: bool
    patients: tuple[Patient, ...]


class LibraryDesk:
    """One library; each method may take a while, and raises ``StoreRefused``."""

    def __init__(self, library: Library, settings_file: Path) -> None:
        self._library = library
        self._settings_file = settings_file

    @property
    def folder(self) -> Path:
        """Where the library lies."""
        return self._library.folder

    def change_passphrase(self, old: str, new: str) -> None:
        """Lock the library's keys with another passphrase; takes about two seconds."""
        from her2desk.store.vault import change_passphrase

        change_passphrase(self._library.folder, old, new)

    def facts(self) -> LibraryFacts:
        """All as it is now."""
        library = self._library
        rows = library.cases()
        known = {row.sha256 for row in rows}
        sizes = (library.parts.files.path(sha256) for sha256 in known)
        return LibraryFacts(
            folder=library.folder,
            cases=len(rows),
            files_size=sum(path.stat().st_size for path in sizes if path.is_file()),
            free=shutil.disk_usage(library.folder).free,
            last_backup=last_backup(library.folder),
            is_read_only=library.is_read_only,
            is_encrypted=needs_passphrase(library.folder),
            patients=_patients(rows),
        )

    def back_up(self, target: Path, progress: Progress) -> Backup:
        """Write all of it, and the settings, to one file."""
        settings = sorted(self._settings_file.parent.glob("*.json"))
        return backup_library(self._library, target, progress, settings)

    def is_encrypted_backup(self, backup: Path) -> bool:
        """Whether a backup needs its passphrase; raises as ``check_backup``."""
        return is_encrypted_backup(backup)

    def check_backup(self, backup: Path, passphrase: str | None, progress: Progress) -> Restored:
        """Read a backup to the last byte."""
        return verify_backup(backup, progress, passphrase=passphrase)

    def check(self, progress: Progress) -> Verified:
        """Read the library to the last byte."""
        return verify_library(self._library, progress)

    def export(self, patient: Patient, folder: Path, progress: Progress) -> Export:
        """Write all that is kept of a patient to a new folder."""
        return export_cases(self._library, patient.case_ids, folder, progress)

    def what_erasing_takes(self, patient: Patient) -> Erasure:
        """Count; nothing is changed."""
        return erasure_of(self._library, patient.case_ids)

    def erase(self, patient: Patient, choice: EraseChoice) -> Erasure:
        """Erase a patient for good, and what waits of them to be brought in or sent."""
        from her2desk.dicom.pacs.outbox import outbox_of
        from her2desk.inference.forgetting import forget_cases
        from her2desk.reports.case_sending import forget_erased

        taken = forget_cases(self._library, patient.case_ids)
        forget_erased(self._library, outbox_of(self._library.folder))
        if choice is EraseChoice.WITH_COPIES:
            remove_copies(self._library)
            return replace(taken, copies=tuple(path for path in taken.copies if path.exists()))
        return taken


def _patients(rows: Sequence[CaseSummary]) -> tuple[Patient, ...]:
    """By ID; files that name nobody are each a patient of their own, as nobody can say they are not."""
    groups: dict[tuple[str, int], list[CaseSummary]] = {}
    for row in rows:
        key = (row.patient_id, 0 if row.patient_id else row.case_id)
        groups.setdefault(key, []).append(row)
    return tuple(
        Patient(
            patient_id,
            next((row.patient_name for row in group if row.patient_name), ""),
            tuple(sorted(row.case_id for row in group)),
            max(row.study_date for row in group),
        )
        for (patient_id, _), group in sorted(groups.items())
    )
