"""Of which case a file in the outbox is: kept beside it, so that its history can tell where it went.

The outbox lets a file go once the archive has confirmed it. A note outlives its file, until the
library has recorded that it went; whatever is cut off in between is taken up by whoever comes next.
There is nothing of the patient in a note but the number of the case.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path

from her2desk.dicom.pacs.outbox import NAME_FILE, REFUSED, SENT, Outbox
from her2desk.dicom.pacs.outgoing import Outgoing, outgoing
from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, sync_folder, write_private
from her2desk.reports.report_options import ReportKind
from her2desk.texts import msg

ENDING = ".case"
LOCK = "notes.lock"
LOCK_S = 30.0


class Whereabouts(Enum):
    """Where a noted file is."""

    WAITING = "waiting"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    NEVER_QUEUED = "never queued"


@dataclass(frozen=True)
class SendingNote:
    """One object of a case's report; ``sending`` is common to those that were sent together.

    ``entry_id`` is the answer's in the history. Before ``is_queued`` the file may not be there yet,
    and its UID is not known.
    """

    case_id: int
    entry_id: int
    kind: str
    sop_instance_uid: str
    sha256: str
    sending: str
    is_queued: bool = False

    @property
    def file_name(self) -> str:
        """As the object is called where it is saved."""
        return ReportKind(self.kind).file_name(self.case_id)


class SendingNotes:
    """The notes of an outbox. Raises ``StoreRefused`` (``outbox-unwritable``)."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def put(self, node_name: str, note: SendingNote, content: bytes) -> None:
        """Keep a file for a node and the note on it; both are on disk when this returns."""
        with self._alone():
            folder = self._outbox.made_folder(node_name)
            _write(folder, note)
            kept = self._outbox.add_bytes(node_name, content)
            _write(folder, _queued(note, kept))

    @contextmanager
    def settled(self, node_name: str) -> Iterator[tuple[SendingNote, ...]]:
        """The notes on what the node has confirmed; they go when the block ends without an error."""
        with self._alone():
            folder = self._outbox.folder_of(node_name)
            found: list[SendingNote] = []
            for note in _notes_in(folder):
                match _whereabouts(folder, note):
                    case Whereabouts.CONFIRMED:
                        found.append(note)
                    case Whereabouts.NEVER_QUEUED:
                        _remove(folder, [note])
                    case where if not note.is_queued:
                        place = folder / REFUSED if where is Whereabouts.REFUSED else folder
                        _write(folder, _queued(note, outgoing(place / f"{note.sha256}{SENT}")))
            yield tuple(found)
            _remove(folder, found)

    def of(self, node_name: str) -> dict[str, SendingNote]:
        """The notes on what is for a node, by the SHA-256 of the file."""
        return {note.sha256: note for note in _notes_in(self._outbox.folder_of(node_name))}

    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes for which there are notes."""
        folders = {path.parent for path in self._outbox.folder.glob(f"*/*{ENDING}")}
        return tuple((folder / NAME_FILE).read_text(encoding="utf-8") for folder in sorted(folders))

    def forget_cases(self, case_ids: Collection[int]) -> None:
        """Let what is of these cases go, unsent."""
        with self._alone():
            for folder in {path.parent for path in self._outbox.folder.glob(f"*/*{ENDING}")}:
                gone = [note for note in _notes_in(folder) if note.case_id in case_ids]
                for note in gone:
                    self._outbox.forget(folder, note.sha256)
                _remove(folder, gone)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One window or command at a time looks at notes and changes them."""
        from filelock import FileLock, Timeout

        try:
            make_private_folder(self._outbox.folder)
            with FileLock(self._outbox.folder / LOCK, timeout=LOCK_S, mode=0o600):
                yield
        except Timeout as error:
            raise StoreRefused(
                msg("Another Her2Desk window or command holds what is to be sent."),
                msg("Close it, or try again in a moment."),
                code="outbox-in-use",
            ) from error
        except OSError as error:
            raise StoreRefused(
                msg("What is to be sent cannot be kept in {folder}.", folder=self._outbox.folder),
                msg("Check that you may write there and that its disk has room."),
                code="outbox-unwritable",
            ) from error


def _queued(note: SendingNote, file: Outgoing) -> SendingNote:
    return replace(note, sop_instance_uid=file.sop_instance_uid, is_queued=True)


def _whereabouts(folder: Path, note: SendingNote) -> Whereabouts:
    name = f"{note.sha256}{SENT}"
    if (folder / name).exists():
        return Whereabouts.WAITING
    if (folder / REFUSED / name).exists():
        return Whereabouts.REFUSED
    return Whereabouts.CONFIRMED if note.is_queued else Whereabouts.NEVER_QUEUED


def _notes_in(folder: Path) -> tuple[SendingNote, ...]:
    paths = sorted(folder.glob(f"*{ENDING}"))
    return tuple(SendingNote(**json.loads(path.read_bytes())) for path in paths)


def _write(folder: Path, note: SendingNote) -> None:
    write_private(folder / f"{note.sha256}{ENDING}", json.dumps(asdict(note)).encode())


def _remove(folder: Path, notes: list[SendingNote]) -> None:
    for note in notes:
        (folder / f"{note.sha256}{ENDING}").unlink(missing_ok=True)
    if notes:
        sync_folder(folder)
