"""The windows beside the main one: training, readers, readings, local audit, de-identifying."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.domain.clinical import Pathology
from her2desk.packs.trust import TrustStore
from her2desk.store.library import Library
from her2desk.texts import Message, msg, tr
from her2desk.ui.audit.entrance import AuditEntrance
from her2desk.ui.deidentify.entrance import DeidentifyEntrance
from her2desk.ui.doctor.entrance import DoctorEntrance
from her2desk.ui.library.entrance import LibraryEntrance
from her2desk.ui.packs.entrance import PacksEntrance
from her2desk.ui.pacs.entrance import PacsEntrance
from her2desk.ui.readers.entrance import ReadersEntrance
from her2desk.ui.reading_log.entrance import ReadingLogEntrance
from her2desk.ui.report.entrance import ReportEntrance
from her2desk.ui.session import Session
from her2desk.ui.training.entrance import TrainingEntrance
from her2desk.ui.watched_task import WatchedTask

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack

WINDOWS_FILE = "windows.ini"  # where windows stood, beside the settings


class ToolWindows(QObject):
    """Each is loaded when it is first opened. What they ask of the main window comes as signals."""

    case_requested = Signal(int)
    file_requested = Signal()
    pack_chosen = Signal(object)
    pack_written = Signal(object)
    refused = Signal(object)

    def __init__(
        self,
        session: Session,
        library: Library,
        library_dir: Path,
        settings_file: Path,
        trust: TrustStore,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._library = library
        self.training = TrainingEntrance(settings_file.with_name(WINDOWS_FILE), self)
        self.readers = ReadersEntrance(library, self)
        self.readings = ReadingLogEntrance(library, self._asked_first, self)
        self.audit = AuditEntrance(library, self._pack, self._asked_first, self)
        self.report = ReportEntrance(
            library, session.shelf, settings_file, self._case_id, self._why_hidden, self
        )
        self.library = LibraryEntrance(library, settings_file, self)
        self.packs = PacksEntrance(library, session.shelf, trust, self._pack_digest, self)
        self.network = PacsEntrance(library_dir, settings_file, self)
        self.deidentifying = DeidentifyEntrance(library_dir, lambda: library.reader, self)
        self.doctor = DoctorEntrance(library_dir, settings_file, self)
        session.refused.connect(self.training.show_refused)
        session.pathology_kept.connect(self.audit.refresh)
        session.pack_opened.connect(lambda _pack: self.audit.refresh())
        session.pack_opened.connect(lambda _pack: self.packs.refresh())
        session.case_opened.connect(lambda _case: self.report.refresh())
        session.case_left.connect(self.report.refresh)
        session.case_saved.connect(self.report.refresh)
        self.library.erased.connect(lambda _cases: self._refresh_lists())
        self.training.pack_chosen.connect(self.pack_chosen)
        self.packs.pack_chosen.connect(self.pack_chosen)
        self.packs.file_requested.connect(self.file_requested)
        self.report.network_requested.connect(self.network.open_archives)
        self.audit.pack_written.connect(self.pack_written)
        self.audit.pathology_entered.connect(self._take_pathology)
        for one in (self.readers, self.readings, self.audit):
            one.case_requested.connect(self.case_requested)
        for other in (self.training, self.readers, self.audit, self.network):
            other.refused.connect(self.refused)

    def close(self) -> None:
        """Close every window, end a training, and wait for their work."""
        for one in (
            self.training,
            self.readers,
            self.readings,
            self.audit,
            self.report,
            self.library,
            self.packs,
            self.network,
            self.deidentifying,
            self.doctor,
        ):
            one.close()

    def running(self) -> Iterator[str]:
        """What would be stopped if they were closed now, each in a few words."""
        if self.training.is_training:
            yield tr("a training")
        if self.network.receiver.is_on:
            yield tr("receiving images, which begins again by itself")
        windows = (
            self.readers.window,
            self.readings.window,
            self.audit.window,
            self.report.window,
            self.library.window,
            self.packs.window,
            self.network.window,
            self.deidentifying.window,
        )
        for window in windows:
            tasks = [] if window is None else window.findChildren(WatchedTask)
            if window is not None and any(task.is_running for task in tasks):
                yield tr("work in “{window}”").format(window=window.windowTitle())

    def set_reader(self, name: str) -> None:
        """Go on as another reader, who has not seen what the one before has."""
        self.readers.set_reader(name)
        self._refresh_lists()

    def _refresh_lists(self) -> None:
        for one in (self.readers, self.readings, self.audit):
            one.refresh()

    def _asked_first(self) -> str | None:
        return self._session.settings.reader if self._session.reads_first else None

    def _case_id(self) -> int | None:
        case = self._session.case
        return None if case is None else case.case_id

    def _why_hidden(self, case_id: int) -> Message | None:
        """Before the reader's own impression no report shows the answer (V22)."""
        reader = self._asked_first()
        if reader is None or self._library.latest_impression(case_id) is not None:
            return None
        return msg("Your own impression comes before the answer of this case.")

    def _pack_digest(self) -> str | None:
        pack = self._pack()
        return None if pack is None else pack.digest

    def _pack(self) -> "Pack | None":
        opened = self._session.pack
        return None if opened is None else opened.pack

    def _take_pathology(self, case_id: int) -> None:
        """A result entered in the audit is the open case's too."""
        case = self._session.case
        if case is not None and case.case_id == case_id:
            found = self._library.latest_pathology(case_id)
            self._session.take_pathology(found or Pathology())
