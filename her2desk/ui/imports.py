"""Importing off the GUI thread, with progress and cancel."""

import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.errors import Cancelled, Her2DeskError
from her2desk.store.library import Library
from her2desk.texts import Message, msg, tr
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.inference.importing import ImportedFile

IN_WORDS = {
    "imported": "{n} imported",
    "duplicate": "{n} already here",
    "skipped": "{n} skipped",
    "refused": "{n} refused",
}


class Importer(QObject):
    """Imports one batch at a time; a later batch waits for the earlier one."""

    started = Signal()
    progressed = Signal(float, str)
    finished = Signal(list, str)
    refused = Signal(list)
    _stepped = Signal(float, object)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._background = Background(self)
        self._stop = threading.Event()
        self._stepped.connect(lambda fraction, text: self.progressed.emit(fraction, text.text()))

    def import_paths(self, paths: list[Path]) -> None:
        """Import files, folders and ZIP files; ``finished`` tells what became of each."""
        self._stop.clear()
        self.started.emit()

        def work() -> list["ImportedFile"] | None:
            from her2desk.inference.importing import import_files

            try:
                return import_files(paths, self._library, self)
            except Cancelled:
                return None

        self._background.run(work, self._done, self._fail)

    def step(self, fraction: float, text: Message) -> None:
        """Called by the work, on its thread."""
        if self._stop.is_set():
            raise Cancelled
        self._stepped.emit(fraction, text)

    def cancel(self) -> None:
        """Stop after the file in hand; what is imported stays."""
        self._stop.set()

    def close(self) -> None:
        """Cancel and wait."""
        self.cancel()
        self._background.close()

    def _done(self, files: list["ImportedFile"] | None) -> None:
        if files is None:
            self.finished.emit([], tr("import stopped; what was imported stays"))
            return
        counts = Counter(str(f.status) for f in files)
        words = [tr(IN_WORDS[name]).format(n=counts[name]) for name in IN_WORDS if counts[name]]
        self.finished.emit(
            [f.case_id for f in files if f.case_id is not None],
            ", ".join(words) or tr("nothing imported"),
        )
        self.refused.emit([_sentence(f) for f in files if f.case_id is None])

    def _fail(self, error: Her2DeskError) -> None:
        self.finished.emit([], tr("import failed"))
        self.refused.emit([error.message])


def _sentence(file: "ImportedFile") -> Message:
    return msg(
        "{name}: {reason} {remedy}",
        name=Path(file.path).name,
        reason=file.reason.text() if file.reason else "",
        remedy=file.remedy.text() if file.remedy else "",
    )
