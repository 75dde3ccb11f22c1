"""Importing off the GUI thread: batches one after the other, with progress and cancel."""

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from her2desk.domain.eta import Eta, time_left
from her2desk.errors import Cancelled, Her2DeskError
from her2desk.store.library import Library
from her2desk.texts import Message, listed, msg, tr
from her2desk.ui.garbage import no_full_collections
from her2desk.ui.import_rows import ImportRow, row_of
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.inference.importing import ImportedFile

TELL_EVERY_MS = 100
ROWS_A_TELLING = 2000  # a table takes so many in a few milliseconds
IN_WORDS = {
    "imported": msg("{n:,} imported"),
    "duplicate": msg("{n:,} already here"),
    "skipped": msg("{n:,} skipped"),
    "refused": msg("{n:,} refused"),
}
SEPARATOR = " · "


@dataclass(frozen=True)
class _Outcome:
    """What became of a batch: cases, each once and in order, and what to say."""

    case_ids: list[int]
    summary: str
    sentences: list[Message]


class Importer(QObject):
    """Imports one batch at a time; a later batch waits for the earlier one.

    ``began`` comes when the first of several batches begins, ``started`` at each. For each call of
    ``import_paths`` there is one ``finished`` (the cases, in words what became of the files), then
    one ``refused`` (a sentence for each file that the user should hear of, the whole before them).
    ``rows_arrived`` carries ``ImportRow``s of files whose fate is certain, at most ten times a
    second and before their batch's ``finished``.
    """

    began = Signal()
    started = Signal()
    progressed = Signal(float, str)
    rows_arrived = Signal(object)
    finished = Signal(object, str)
    refused = Signal(object)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._background = Background(self)
        self._batches: deque[_Batch] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(TELL_EVERY_MS)
        self._timer.timeout.connect(self._tell)

    @property
    def is_busy(self) -> bool:
        """Whether a batch is imported or waits."""
        return bool(self._batches)

    def import_paths(self, paths: list[Path]) -> None:
        """Import files, folders and ZIP files, after the batches that wait already."""
        batch = _Batch(paths)
        self._batches.append(batch)
        if len(self._batches) == 1:
            self.began.emit()
            self.started.emit()
            self._timer.start()
        self._background.run(
            lambda: batch.work(self._library),
            lambda outcome: self._done(batch, outcome),
            lambda error: self._done(batch, _failed(error)),
        )

    def cancel(self) -> None:
        """Stop after the file in hand and drop what waits; what is imported stays."""
        for batch in self._batches:
            batch.cancel()

    def close(self) -> None:
        """Cancel and wait."""
        self.cancel()
        self._timer.stop()
        self._background.close()

    def _tell(self) -> None:
        """Hand on what the work left since the last time; the end comes after the last row."""
        if not self._batches:
            return
        batch = self._batches[0]
        rows = batch.take_rows(ROWS_A_TELLING)
        if rows:
            self.rows_arrived.emit(rows)
        if batch.outcome is None:
            self._tell_progress(batch)
        elif len(rows) == ROWS_A_TELLING:
            QTimer.singleShot(0, self._tell)
        else:
            self._end(batch.outcome)

    def _tell_progress(self, batch: "_Batch") -> None:
        if batch.step_said is None:
            return
        fraction, text = batch.step_said
        words = [text.text()]
        if batch.seconds_left:
            words.append(time_left(batch.seconds_left).text())
        waiting = len(self._batches) - 1
        if waiting:
            words.append(tr("{n} more waiting").format(n=waiting))
        self.progressed.emit(fraction, SEPARATOR.join(words))

    def _done(self, batch: "_Batch", outcome: _Outcome) -> None:
        batch.outcome = outcome
        self._tell()

    def _end(self, outcome: _Outcome) -> None:
        self._batches.popleft()
        self.finished.emit(outcome.case_ids, outcome.summary)
        self.refused.emit(outcome.sentences)
        if self._batches:
            self.started.emit()
        else:
            self._timer.stop()


class _Batch:
    """One drop of files. Its work runs on a thread of its own, which leaves word here."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._is_cancelled = threading.Event()
        self._lock = threading.Lock()
        self._rows: list[ImportRow] = []
        self._told: list[ImportedFile] = []
        self._eta = Eta()
        self._began = time.monotonic()
        self.step_said: tuple[float, Message] | None = None
        self.seconds_left: float | None = None
        self.outcome: _Outcome | None = None

    def cancel(self) -> None:
        self._is_cancelled.set()

    def work(self, library: Library) -> _Outcome:
        from her2desk.inference.importing import import_files

        self._began = time.monotonic()
        with no_full_collections():
            try:
                import_files(self._paths, library, self, told=self._tell, apart=True)
            except Cancelled:
                return _stopped(self._told)
            return _outcome(self._told)

    def step(self, fraction: float, text: Message) -> None:
        """Called by the work between two files."""
        if self._is_cancelled.is_set():
            raise Cancelled
        self.seconds_left = self._eta.after(time.monotonic() - self._began, fraction)
        self.step_said = fraction, text

    def take_rows(self, most: int) -> tuple[ImportRow, ...]:
        """The next rows that were not taken yet."""
        with self._lock:
            rows, self._rows = self._rows[:most], self._rows[most:]
        return tuple(rows)

    def _tell(self, files: Sequence["ImportedFile"]) -> None:
        rows = [row_of(file) for file in files]
        self._told += files
        with self._lock:
            self._rows += rows


def _outcome(files: Sequence["ImportedFile"]) -> _Outcome:
    case_ids = dict.fromkeys(f.case_id for f in files if f.case_id is not None)
    return _Outcome(list(case_ids), summary_of(files), _sentences(files))


def _failed(error: Her2DeskError) -> _Outcome:
    return _Outcome([], tr("import failed"), [error.message])


def _stopped(files: Sequence["ImportedFile"]) -> _Outcome:
    """A batch that was cancelled opens no case."""
    kept = sum(f.status == "imported" for f in files)
    summary = tr("import stopped; {n:,} imported and kept").format(n=kept)
    return _Outcome([], summary, [])


def summary_of(files: Sequence["ImportedFile"]) -> str:
    """What became of the files, counted."""
    counts = Counter(str(f.status) for f in files)
    words = [
        replace(counted, params={"n": counts[name]})
        for name, counted in IN_WORDS.items()
        if counts[name]
    ]
    return str(listed(words)) or tr("nothing imported")


def _sentences(files: Sequence["ImportedFile"]) -> list[Message]:
    """Of what was refused, and of what was skipped where nothing else came of it."""
    spoken = [f for f in files if f.status == "refused"]
    if not spoken and all(f.case_id is None for f in files):
        spoken = [f for f in files if f.status == "skipped"]
    said = [_sentence(f) for f in spoken]
    said += [
        msg("{name}: {reason}", name=Path(f.path).name, reason=w.message.text())
        for f in files
        for w in f.warnings
        if w.code == "same-instance-other-content"
    ]
    if said and len(files) > 1:
        said.insert(0, msg("{summary}.", summary=summary_of(files).capitalize()))
    return said


def _sentence(file: "ImportedFile") -> Message:
    return msg(
        "{name}: {reason} {remedy}",
        name=Path(file.path).name,
        reason=file.reason.text() if file.reason else "",
        remedy=file.remedy.text() if file.remedy else "",
    )
