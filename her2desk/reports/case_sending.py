"""Sending a case's report to an archive, and keeping in the library that, and just what, arrived.

What is sent lies in the outbox, on disk, before the first connection is made. The archive's success
is recorded; what it has not confirmed waits, and goes with the next sending to it. An answer's objects
have the same UIDs and bytes each time, so that an archive that is sent them again has them once.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from secrets import token_hex
from typing import Any

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.dicom.pacs.outbox import Delivered, Outbox, deliver
from her2desk.dicom.pacs.outgoing import Outgoing
from her2desk.dicom.pacs.patience import Patience
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import Her2DeskError, StoreRefused
from her2desk.reports.case_record import CaseRecord
from her2desk.reports.report_options import ReportKind
from her2desk.reports.sending_notes import SendingNote, SendingNotes
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.texts import msg

DEFAULT_KINDS = (ReportKind.SR, ReportKind.SEG)
"""What is sent where nobody chose."""
ORDER = (ReportKind.SEG, ReportKind.SR, ReportKind.SC)
"""What is referred to goes before what refers to it."""


@dataclass(frozen=True)
class SentFile:
    """A file as the outbox had it; ``note`` says which object of which case, None of others."""

    file: Outgoing
    note: SendingNote | None


@dataclass(frozen=True)
class Sent:
    """What became of the files of one sending: the archive has confirmed them, or not taken them."""

    confirmed: tuple[SentFile, ...]
    refused: tuple[tuple[SentFile, Her2DeskError], ...]

    @classmethod
    def of(cls, delivered: Delivered, notes: Mapping[str, SendingNote]) -> "Sent":
        """A delivery, with what is known of its files by their SHA-256."""
        return cls(
            tuple(SentFile(file, notes.get(file.path.stem)) for file in delivered.sent),
            tuple(
                (SentFile(file, notes.get(file.path.stem)), error)
                for file, error in delivered.refused
            ),
        )


class CaseSending:
    """Sends reports of cases of ``library`` by way of ``outbox``.

    Raises ``StoreRefused``: ``store-read-only`` where nothing could be recorded, and as ``Outbox``,
    ``SendingNotes`` and ``Library``.
    """

    def __init__(self, library: Library, outbox: Outbox) -> None:
        self._library = library
        self._outbox = outbox
        self._notes = SendingNotes(outbox)

    def check(self) -> None:
        """Raise ``StoreRefused`` where it could not be recorded what was sent."""
        if self._library.is_read_only:
            raise StoreRefused(
                msg("This library is open for reading only, so what is sent cannot be recorded."),
                msg("Send it from the window that has the library open."),
                code="store-read-only",
            )

    def queue(
        self, node_name: str, record: CaseRecord, objects: Mapping[ReportKind, bytes]
    ) -> None:
        """Keep the DICOM objects of a case's report for a node; on disk when this returns."""
        self.check()
        self.record_confirmed()  # of an earlier sending of the same objects, whose notes these replace
        sending = token_hex(8)
        for kind in ORDER:
            if kind in objects:
                sha256 = hashlib.sha256(objects[kind]).hexdigest()
                note = SendingNote(record.case_id, record.entry_id, kind, "", sha256, sending)
                self._notes.put(node_name, note, objects[kind])

    def deliver(
        self,
        node: RemoteNode,
        asking: Asking,
        progress: Progress = SilentProgress(),
        patience: Patience = Patience(),
    ) -> Sent:
        """Send all that waits for ``node`` and record what it confirms, however this ends.

        Reports of cases that are no longer in the library are not sent. Raises as
        ``outbox.deliver``; what was not confirmed then still waits.
        """
        self.check()
        self.forget_erased()
        self.record_confirmed()
        notes = self._notes.of(node.name)
        try:
            delivered = deliver(self._outbox, node, asking, progress, patience)
        finally:
            self.record_confirmed()
        return Sent.of(delivered, notes)

    def record_confirmed(self) -> None:
        """Record what archives have confirmed and no history says yet, as after a crash."""
        for node_name in self._notes.nodes():
            with self._notes.settled(node_name) as notes:
                for (case_id, _), some in groupby(sorted(notes, key=_sending_of), _sending_of):
                    self._record(node_name, case_id, list(some))

    def forget_erased(self) -> None:
        """Let what waits of cases that were erased go, unsent."""
        nodes = self._notes.nodes()
        noted = {note.case_id for name in nodes for note in self._notes.of(name).values()}
        erased = {case for case in noted if self._library.summary(case) is None}
        if erased:
            self._notes.forget_cases(erased)

    def _record(self, node_name: str, case_id: int, notes: Collection[SendingNote]) -> None:
        if self._library.summary(case_id) is None:
            return  # erased since
        said = self._recorded(case_id)
        new = [note for note in notes if (note.sending, note.sha256) not in said]
        if new:
            self._library.record(case_id, Action.SENT, _entry(node_name, new))

    def _recorded(self, case_id: int) -> set[tuple[str, str]]:
        """What the history says already, where this was cut off after it was recorded."""
        return {
            (entry.content["sending"], item["sha256"])
            for entry in self._library.history(case_id)
            if entry.action is Action.SENT and entry.content and "sending" in entry.content
            for item in entry.content["objects"]
        }


def forget_erased(library: Library, outbox: Outbox) -> None:
    """After cases were erased: what waits of them to be sent goes, too. Raises ``StoreRefused``."""
    CaseSending(library, outbox).forget_erased()


def waiting(outbox: Outbox) -> dict[str, int]:
    """How many files wait, by the name of the archive that they are for."""
    return {name: len(outbox.waiting(name)) for name in outbox.nodes()}


def _sending_of(note: SendingNote) -> tuple[int, str]:
    return note.case_id, note.sending


def _entry(node_name: str, notes: Collection[SendingNote]) -> dict[str, Any]:
    """What the library keeps of a sending: where to and exactly what, nothing of the patient."""
    ordered = sorted(notes, key=lambda note: ORDER.index(ReportKind(note.kind)))
    return {
        "node": node_name,
        "what": "report",
        "sending": ordered[0].sending,
        "prediction_entry": ordered[0].entry_id,
        "objects": [
            {
                "kind": note.kind,
                "sop_instance_uid": note.sop_instance_uid,
                "sha256": note.sha256,
            }
            for note in ordered
        ],
    }
