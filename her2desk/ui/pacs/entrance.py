"""The way from the main window to the DICOM network."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings
from her2desk.errors import InputRefused
from her2desk.in_force import policy_in_force
from her2desk.policy import Allowance
from her2desk.texts import msg
from her2desk.ui.import_rows import ImportRow
from her2desk.ui.jobs import Background
from her2desk.ui.pacs.desk import NetworkDesk
from her2desk.ui.pacs.receiver_service import ReceiverService
from her2desk.ui.small_screens import fit_on_screen

if TYPE_CHECKING:
    from her2desk.ui.pacs.network_window import NetworkWindow

PACS_FILE = "pacs.json"


class PacsEntrance(QObject):
    """Opens the window, and receives while that is switched on.

    ``paths_arrived`` carries files of the inbox that are to be imported; ``settle`` wants to hear
    what became of them. ``receiving_changed`` is for the header: how many images came, None while
    it is off.
    """

    paths_arrived = Signal(object)
    receiving_changed = Signal(object)
    refused = Signal(object)

    def __init__(
        self, library_dir: Path, settings_file: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.desk = NetworkDesk(settings_file.with_name(PACS_FILE), library_dir)
        self.receiver = ReceiverService(self)
        self.window: NetworkWindow | None = None
        self._background: Background | None = None
        self.receiver.changed.connect(self._tell_state)
        self.receiver.received.connect(self.paths_arrived)
        self.receiver.differed.connect(self._tell_differed)
        self.receiver.failed.connect(self._tell_failed)

    def begin(self) -> None:
        """After the first paint: bring in what was left, and receive where that is switched on."""
        if not self.desk.settings_path.exists() and not self.desk.inbox.exists():
            return  # nothing of the network was ever used: no thread, no process, no socket
        if not policy_in_force().allows(Allowance.NETWORK):
            return  # it is said to whoever wants to use it
        self._run(self.desk.waiting, self._tell_waiting)
        self._run(self.desk.load, self._take_settings)

    def open(self) -> "NetworkWindow | None":
        """Show the window; its ``show_search``, ``show_receiving`` and ``show_archives`` choose.

        None where the administrator has switched off the network.
        """
        refusal = policy_in_force().refusal(Allowance.NETWORK)
        if refusal is not None:
            self.refused.emit(refusal)
            return None
        from her2desk.ui.pacs.network_window import NetworkWindow

        if self.window is None:
            self.window = NetworkWindow(self.desk, self._worker())
            fit_on_screen(self.window)
            self.window.fetched.connect(self.paths_arrived)
            self.window.receiver_applied.connect(self._receive_as)
            self.window.receiving.show_state(self.receiver.count if self.receiver.is_on else None)
        elif not self.window.isVisible():  # else what is being typed would be lost
            self.window.reload()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def open_search(self) -> None:
        """Show the window to search an archive."""
        if (window := self.open()) is not None:
            window.show_search()

    def open_receiving(self) -> None:
        """Show the window to switch the receiver on or off."""
        if (window := self.open()) is not None:
            window.show_receiving()

    def open_archives(self) -> None:
        """Show the window to set archives up."""
        if (window := self.open()) is not None:
            window.show_archives()

    def settle(self, rows: Iterable[ImportRow]) -> None:
        """What became of imported files; those of the inbox go, or are put aside."""
        inbox = self.desk.inbox
        within = f"{inbox}{os.sep}"  # no path is taken apart for thousands of rows from elsewhere
        ours = [
            row for row in rows if row.place.startswith(within) and Path(row.place).parent == inbox
        ]
        if ours:
            self._run(lambda: self.desk.settle(ours), lambda _none: None, even_when_closing=True)

    def close(self) -> None:
        """Stop receiving, close the window, and wait for its work."""
        self.receiver.close()
        if self.window is not None:
            self.window.end()
        if self._background is not None:
            self._background.close()

    def _take_settings(self, settings: PacsSettings) -> None:
        if settings.receiver.enabled:
            self.receiver.start(settings.receiver, self.desk.inbox)

    def _receive_as(self, settings: ReceiverSettings) -> None:
        if settings.enabled:
            self.receiver.start(settings, self.desk.inbox)
        else:
            self.receiver.stop()

    def _tell_waiting(self, paths: list[Path]) -> None:
        if paths:
            self.paths_arrived.emit(paths)

    def _tell_state(self, received: int | None) -> None:
        self.receiving_changed.emit(received)
        if self.window is not None:
            self.window.receiving.show_state(received)

    def _tell_failed(self, error: object) -> None:
        if self.window is not None:
            self.window.receiving.show_failure(error)  # type: ignore[arg-type]
        self.refused.emit(error)

    def _tell_differed(self) -> None:
        self.refused.emit(
            InputRefused(
                msg("An image came that was here before with other content; both are kept."),
                msg("Compare the two cases; the sender may have changed it."),
                code="same-instance-other-content",
            )
        )

    def _run(self, task: object, done: object, *, even_when_closing: bool = False) -> None:
        self._worker().run(
            task,  # type: ignore[arg-type]
            done,  # type: ignore[arg-type]
            self.refused.emit,
            even_when_closing=even_when_closing,
        )

    def _worker(self) -> Background:
        if self._background is None:
            self._background = Background(self)
        return self._background
