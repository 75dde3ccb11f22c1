"""Putting a backup in the place of the library."""

from pathlib import Path

from her2desk.domain.progress import Progress
from her2desk.texts import Message, msg, msgn, tr
from her2desk.ui.between_windows import BetweenWindows


def restoring(backup: Path, folder: Path, passphrase: str | None) -> BetweenWindows:
    """Put ``backup`` in the place of the library in ``folder``, which is moved aside."""

    def work(progress: Progress) -> Message:
        from her2desk.store.restoring import restore_library

        found = restore_library(backup, folder, progress, passphrase=passphrase)
        restored = msgn("Restored {n} case.", "Restored {n} cases.", found.contents.cases)
        if found.aside is None:
            return restored
        return msg(
            "{what} The library from before lies in {path}; delete it once you are sure.",
            what=restored.text(),
            path=found.aside,
        )

    return BetweenWindows(tr("Restoring the library"), work)
