"""The windows beside the main one: training, readers, readings, local audit, de-identifying."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from her2desk.domain.clinical import Pathology
from her2desk.packs.pack import Pack
from her2desk.store.library import Library
from her2desk.ui.audit.entrance import AuditEntrance
from her2desk.ui.deidentify.entrance import DeidentifyEntrance
from her2desk.ui.readers.entrance import ReadersEntrance
from her2desk.ui.reading_log.entrance import ReadingLogEntrance
from her2desk.ui.session import Session
from her2desk.ui.training.entrance import TrainingEntrance

WINDOWS_FILE = "windows.ini"  # where windows stood, beside the settings


class ToolWindows(QObject):
    """Each is loaded when it is first opened. What they ask of the main window comes as signals."""

    case_requested = Signal(int)
    pack_chosen = Signal(object)
    pack_written = Signal(object)
    refused = Signal(object)

    def __init__(
        self,
        session: Session,
        library: Library,
        library_dir: Path,
        settings_file: Path,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._library = library
        self.training = TrainingEntrance(settings_file.with_name(WINDOWS_FILE), self)
        self.readers = ReadersEntrance(library, self)
        self.readings = ReadingLogEntrance(library, self._asked_first, self)
        self.audit = AuditEntrance(library, self._pack, self._asked_first, self)
        self.deidentifying = DeidentifyEntrance(library_dir, lambda: library.reader, self)
        session.refused.connect(self.training.show_refused)
        session.pathology_kept.connect(self.audit.refresh)
        session.pack_opened.connect(lambda _pack: self.audit.refresh())
        self.training.pack_chosen.connect(self.pack_chosen)
        self.audit.pack_written.connect(self.pack_written)
        self.audit.pathology_entered.connect(self._take_pathology)
        for one in (self.readers, self.readings, self.audit):
            one.case_requested.connect(self.case_requested)
        for other in (self.readers, self.audit):
            other.refused.connect(self.refused)

    def close(self) -> None:
        """Close every window, end a training, and wait for their work."""
        for one in (self.training, self.readers, self.readings, self.audit, self.deidentifying):
            one.close()

    def set_reader(self, name: str) -> None:
        """Go on as another reader, who has not seen what the one before has."""
        self.readers.set_reader(name)
        self.readings.refresh()
        self.audit.refresh()

    def _asked_first(self) -> str | None:
        return self._session.settings.reader if self._session.reads_first else None

    def _pack(self) -> Pack | None:
        opened = self._session.pack
        return None if opened is None else opened.pack

    def _take_pathology(self, case_id: int) -> None:
        """A result entered in the audit is the open case's too."""
        case = self._session.case
        if case is not None and case.case_id == case_id:
            found = self._library.latest_pathology(case_id)
            self._session.take_pathology(found or Pathology())
