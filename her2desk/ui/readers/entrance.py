"""The way from the main window into the comparison of readers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.domain.drawing import Drawing
from her2desk.store.cases import CaseSummary
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.ui.entrance import Entrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.agreement.cases import ReaderCase
    from her2desk.ui.readers.readers_window import ReadersWindow


class ReadersEntrance(Entrance["ReadersWindow"]):
    """Opens the window on the library's cases, and keeps what is decided in it."""

    case_requested = Signal(int)
    """A case that the present reader wants to outline."""
    refused = Signal(object)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._reader = library.reader

    def make_window(self, background: Background) -> "ReadersWindow":
        """The window on the cases as they are now."""
        from her2desk.ui.readers.readers_window import ReadersWindow

        window = ReadersWindow(self._load, background, self._reader)
        window.third_reading_requested.connect(self.case_requested)
        window.adjudicated.connect(self._keep)
        return window

    def set_reader(self, reader: str) -> None:
        """Another reader sits down: what they must not see is hidden at once."""
        self._reader = reader
        if self.window is not None and self.window.reader != reader:
            self.window.set_reader(reader)

    def close(self) -> None:
        """End what the window still measures, then close it."""
        if self.window is not None:
            self.window.end()
        super().close()

    def _load(self) -> "Sequence[ReaderCase]":
        """Off the GUI thread: the cases of two readers, and those that wait for this one."""
        reader = self._reader
        rows = self._library.cases()
        drawn = ((row, self._library.drawings_by_reader(row.case_id)) for row in rows)
        return [
            self._reader_case(row, drawings)
            for row, drawings in drawn
            if drawings and (len(drawings) > 1 or reader not in drawings)
        ]

    def _reader_case(self, row: CaseSummary, drawings: dict[str, Drawing]) -> "ReaderCase":
        from her2desk.agreement.cases import ReaderCase
        from her2desk.dicom.reader import open_image

        opened = open_image(self._library.image_path(row.case_id))
        image = self._library.with_calibration(row.case_id, opened.image)
        decision = self._library.adjudication(row.case_id)
        return ReaderCase(
            row.case_id,
            " ".join(part for part in (f"{row.case_id:04d}", row.patient_id) if part),
            image,
            {
                reader: drawing.answering
                for reader, drawing in drawings.items()
                if drawing.answering is not None
            },
            opened.frames.frame,
            decided_by=decision.reader if decision else None,
            chosen=decision.chosen if decision else None,
        )

    def _keep(self, case_id: int, chosen: str) -> None:
        if self.background is not None:
            content = {"chosen": chosen}
            self.background.run(
                lambda: self._library.record(case_id, Action.ADJUDICATED, content),
                lambda _none: None,
                self.refused.emit,
                even_when_closing=True,
            )
