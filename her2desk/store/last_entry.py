"""A note of the history's last entry, beside the database, to notice when its end is missing.

It shows that entries were cut off, or that the database was replaced by an older copy, unless whoever
did so changed the note as well. Whoever writes the hash down elsewhere sees that too.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.private_files import PRIVATE_FILE
from her2desk.store import history
from her2desk.store.history import Head
from her2desk.texts import msg

NOTE_NAME = "library.head"


class LastEntryNote:
    """The note in a library's folder.

    Written after each commit and not synced by itself: after a power cut it may name an earlier
    entry, never one that is not there. A note that does not fit is left as it is, for whoever looks.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._path = folder / NOTE_NAME
        self._written: Head | None = None

    def read(self) -> Head | None:
        """What the note says; None where there is none, or one that cannot be read."""
        try:
            entry_id, sha256 = self._path.read_text(encoding="ascii").split()
            return Head(int(entry_id), sha256)
        except (OSError, ValueError):
            return None

    def keep(self, connection: sqlite3.Connection) -> None:
        """Note the present end of the history; the work goes on where that cannot be written."""
        head = history.head(connection)
        if head is None or head == self._written:
            return
        if self._written is None and not self._fits(connection):
            return
        with suppress(OSError):
            write_note(self._folder, head)
            self._written = head

    def check(self, connection: sqlite3.Connection) -> None:
        """Raise ``StoreRefused`` where the entry noted last is not in the history."""
        noted = self.read()
        if noted is not None and not history.holds(connection, noted):
            raise StoreRefused(
                msg(
                    "The end of the library's history is missing: entry {n} was written and is gone.",
                    n=noted.entry_id,
                ),
                msg("Restore the library from a backup, and ask who has access to its folder."),
                code="store-history-cut",
            )

    def _fits(self, connection: sqlite3.Connection) -> bool:
        noted = self.read()
        return noted is None or history.holds(connection, noted)


def write_note(folder: Path, head: Head) -> None:
    """Note ``head`` in ``folder``; raises ``OSError`` as it comes.

    In place, in one write of one length: another window never reads half of each.
    """
    line = f"{head.entry_id:020d} {head.sha256}\n".encode("ascii")
    handle = os.open(folder / NOTE_NAME, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
