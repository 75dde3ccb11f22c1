"""What the dialog that sends a report asks for; all of it runs off the GUI thread and knows no Qt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.dicom.pacs.nodes import PacsSettings, RemoteNode
from her2desk.domain.progress import Portion, Progress
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.store.library import Library
from her2desk.texts import msg
from her2desk.ui.pacs.desk import NETWORK_FOLDER
from her2desk.ui.report.work import CaseWork

if TYPE_CHECKING:
    from her2desk.reports.case_sending import CaseSending, Sent

MADE = 0.3
"""The share of the bar that making the objects takes."""


@dataclass(frozen=True)
class SendingState:
    """Whom can be sent to and how much waits for whom, by name.

    ``obstacle`` says why the case's report cannot be sent; ``can_record`` that at least what waits can.
    """

    nodes: tuple[RemoteNode, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    obstacle: Her2DeskError | None = None
    can_record: bool = True


class SendingDesk:
    """Sends from ``library`` to the archives that the settings in ``settings_path`` name."""

    def __init__(self, library: Library, settings_path: Path) -> None:
        self._library = library
        self._settings_path = settings_path

    def waiting(self) -> Mapping[str, int]:
        """How much waits, by the name of the archive; what was confirmed meanwhile is recorded."""
        if not (self._library.folder / NETWORK_FOLDER).is_dir():
            return {}  # nothing of the network was ever used, nor needs to be loaded
        from her2desk.dicom.pacs.outbox import outbox_of
        from her2desk.reports.case_sending import waiting

        if not self._library.is_read_only:
            self._sending().record_confirmed()
        return waiting(outbox_of(self._library.folder))

    def state(self, work: CaseWork | None) -> SendingState:
        """How things stand for a case, or for none; raises as ``load_pacs`` and ``CaseSending`` do."""
        nodes, waits = self._settings().nodes, self.waiting()
        try:
            self._sending().check()
            if work is None:
                raise InputRefused(msg("No case is open."), msg("Open a case first."))
            work.check()
        except Her2DeskError as error:
            return SendingState(nodes, waits, error, not self._library.is_read_only)
        return SendingState(nodes, waits)

    def send(
        self,
        work: CaseWork,
        node: RemoteNode,
        options: ReportOptions,
        kinds: Collection[ReportKind],
        progress: Progress,
    ) -> "Sent":
        """Make a case's objects, keep them and send them, with all that waits for ``node``.

        Raises as ``CaseWork.objects`` and ``CaseSending`` do.
        """
        sending = self._sending()
        sending.check()
        progress.step(0.0, msg("Making the objects"))
        record, objects = work.objects(options, kinds)
        progress.step(MADE, msg("Keeping them until they are confirmed"))
        sending.queue(node.name, record, objects)
        return self.send_waiting(node, Portion(progress, MADE, 1.0))

    def send_waiting(self, node: RemoteNode, progress: Progress) -> "Sent":
        """Send what waits for ``node``; raises as ``CaseSending.deliver`` does."""
        from her2desk.dicom.pacs.association import Asking

        asking = Asking(self._settings().receiver.ae_title)
        return self._sending().deliver(node, asking, progress)

    def _settings(self) -> PacsSettings:
        from her2desk.dicom.pacs.node_files import load_pacs

        return load_pacs(self._settings_path)

    def _sending(self) -> "CaseSending":
        from her2desk.dicom.pacs.outbox import outbox_of
        from her2desk.reports.case_sending import CaseSending

        return CaseSending(self._library, outbox_of(self._library.folder))
