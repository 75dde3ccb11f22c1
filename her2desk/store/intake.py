"""Images on their way into the library: copied one by one, acknowledged together."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from her2desk.domain.image import UltrasoundImage
from her2desk.store import cases, history, imported
from her2desk.store.connection import Database
from her2desk.store.files import FileStore, StagedFile
from her2desk.store.history import Action

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class AddedImage:
    """What became of an image; ``was_new`` is False when the library had the same bytes already.

    ``same_instance_as`` is an earlier case with the same SOP Instance UID and other bytes.
    """

    case_id: int
    was_new: bool
    same_instance_as: int | None = None


@dataclass(frozen=True)
class _Waiting:
    image: UltrasoundImage
    file_name: str
    staged: StagedFile | None


class Intake:
    """Adds many images with few waits for the disk; use it in a ``with`` block, from one thread.

    What ``put`` was given is in the library once ``commit`` has returned, not before; what was not
    committed when the block ends is dropped. All raise ``StoreRefused`` when the library fails.
    """

    def __init__(self, database: Database, files: FileStore, reader: str, clock: Clock):
        self._database = database
        self._files = files
        self._reader = reader
        self._clock = clock
        self._waiting: list[_Waiting] = []

    def __enter__(self) -> "Intake":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.discard(self._staged(self._waiting))

    @property
    def waiting(self) -> int:
        """How many images were put in and not committed."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """How large their copies are."""
        return sum(file.size for file in self._staged(self._waiting))

    def put(self, path: Path, image: UltrasoundImage, file_name: str) -> None:
        """Copy the file at ``path``, described by ``image``; the case list calls it ``file_name``.

        Raises ``InputRefused`` when the file cannot be read or is no longer the one described.
        """
        with self._database.reading() as connection:
            known = cases.find(connection, image.sha256) is not None
        # A file that was lost from the library comes back when it is imported again.
        known = known and self._files.path(image.sha256).is_file()
        known = known or any(other.image.sha256 == image.sha256 for other in self._waiting)
        staged = None if known else self._files.stage(path, image.sha256)
        self._waiting.append(_Waiting(image, file_name, staged))

    def commit(self) -> list[AddedImage]:
        """Make what was put in part of the library, all or nothing, and say what became of each."""
        waiting, self._waiting = self._waiting, []
        staged = self._staged(waiting)
        try:
            self._files.keep(staged)
            with self._database.transaction() as connection:
                uids = {w.image.sop_instance_uid for w in waiting if w.image.sop_instance_uid}
                instances = cases.of_instances(connection, uids)
                return [self._insert(connection, w, instances) for w in waiting]
        finally:
            self._files.discard(staged)

    def _insert(
        self, connection: sqlite3.Connection, waiting: _Waiting, instances: dict[str, int]
    ) -> AddedImage:
        image = waiting.image
        # Asked again under the write lock: another process may have imported the same file.
        known = cases.find(connection, image.sha256)
        if known is not None:
            return AddedImage(known, was_new=False)
        now = self._clock()
        utc = now.astimezone(UTC).isoformat(timespec="milliseconds")
        case_id = cases.insert(connection, image, waiting.file_name, utc)
        content = imported.said_of(connection, case_id)
        history.append(connection, case_id, Action.IMPORTED, content, self._reader, now)
        if image.sop_instance_uid is None:
            return AddedImage(case_id, was_new=True)
        earlier = instances.setdefault(image.sop_instance_uid, case_id)
        return AddedImage(case_id, True, earlier if earlier != case_id else None)

    def _staged(self, waiting: list[_Waiting]) -> list[StagedFile]:
        return [w.staged for w in waiting if w.staged is not None]
