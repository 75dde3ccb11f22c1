"""What the network window asks for; all of it runs off the GUI thread and knows no Qt."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings, RemoteNode
from her2desk.dicom.pacs.queries import Matches, Query
from her2desk.domain.progress import Progress
from her2desk.texts import trn
from her2desk.ui.import_rows import DUPLICATE, IMPORTED, ImportRow

if TYPE_CHECKING:
    from her2desk.dicom.pacs.association import Asking

NETWORK_FOLDER = "pacs"
INBOX = "inbox"
TAKEN = (IMPORTED, DUPLICATE)


class NetworkDesk:
    """Works with the settings in ``settings_path`` and the inbox of the library in ``library_dir``."""

    def __init__(self, settings_path: Path, library_dir: Path) -> None:
        self.settings_path = settings_path
        self.inbox = library_dir / NETWORK_FOLDER / INBOX

    def load(self) -> PacsSettings:
        """The settings; raises as ``load_pacs`` does."""
        from her2desk.dicom.pacs.node_files import load_pacs

        return load_pacs(self.settings_path)

    def keep_nodes(self, nodes: Sequence[RemoteNode]) -> PacsSettings:
        """Keep these archives; raises as ``save_pacs`` and ``load_pacs`` do."""
        return self._kept(replace(self.load(), nodes=tuple(nodes)))

    def keep_receiver(self, receiver: ReceiverSettings) -> PacsSettings:
        """Keep how this computer receives; raises as ``save_pacs`` and ``load_pacs`` do."""
        return self._kept(replace(self.load(), receiver=receiver))

    def test(self, node: RemoteNode, progress: Progress) -> None:
        """Raise the reason why ``node`` does not answer."""
        from her2desk.dicom.pacs.echo import echo

        echo(node, self._asking(), progress)

    def search(self, node: RemoteNode, query: Query, progress: Progress) -> Matches:
        """What ``node`` has; raises as ``find`` does."""
        from her2desk.dicom.pacs.find import find

        return find(node, self._asking(), query, progress)

    def fetch(self, node: RemoteNode, study_uid: str, progress: Progress) -> tuple[list[Path], str]:
        """Where a study's images are then, and what to say of those that did not come.

        Raises as ``get_study`` does.
        """
        from her2desk.dicom.pacs.retrieve import get_study
        from her2desk.dicom.pacs.spool import Spool

        with Spool(self.inbox) as spool:
            got = get_study(node, replace(self._asking(), spool=spool), study_uid, progress)
        said = (
            trn(
                "The archive could not send {n} image in any form that is read here.",
                "The archive could not send {n} images in any form that is read here.",
                len(got.refused),
            )
            if got.refused
            else ""
        )
        return [file.path for file in got.files], said

    def waiting(self) -> list[Path]:
        """What was received and not imported yet, as after a crash."""
        from her2desk.dicom.pacs.spool import Inbox

        return list(Inbox(self.inbox).files()) if self.inbox.is_dir() else []

    def settle(self, rows: Sequence[ImportRow]) -> None:
        """Let go of what the library has, and put aside what it can never take."""
        from her2desk.dicom.pacs.spool import Inbox, never_taken

        inbox = Inbox(self.inbox)
        inbox.remove(Path(row.place) for row in rows if row.status in TAKEN)
        inbox.put_aside(Path(row.place) for row in rows if never_taken(row.code))

    def _asking(self) -> "Asking":
        from her2desk.dicom.pacs.association import Asking

        return Asking(self.load().receiver.ae_title)

    def _kept(self, settings: PacsSettings) -> PacsSettings:
        from her2desk.dicom.pacs.node_files import save_pacs

        save_pacs(self.settings_path, settings)
        return settings
