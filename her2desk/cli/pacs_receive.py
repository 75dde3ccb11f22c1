"""``her2desk pacs receive``: takes what listed systems send, and brings it into the library."""

import queue
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.import_files import show_files
from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.pacs_nodes import inbox_of, pacs_path
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.in_force import default_library_dir
from her2desk.texts import tr, trn

if TYPE_CHECKING:
    from her2desk.dicom.pacs.association import Asking
    from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings, RemoteNode
    from her2desk.dicom.pacs.receiver import Receiver
    from her2desk.dicom.pacs.spool import ReceivedFile, Spool
    from her2desk.inference.importing import ImportedFile
    from her2desk.store.library import Library

QUIET_S = 0.5  # so long after the last file, what has come is brought in


def register(group: typer.Typer) -> None:
    """Add the command."""

    @group.command("receive", help=tr("Take what is sent to this computer, until Ctrl-C."))
    def receive(
        title: str | None = typer.Option(None, help=tr("This program's AE title.")),
        host: str | None = typer.Option(
            None, help=tr("Address to listen on; 127.0.0.1 is this computer alone.")
        ),
        port: int | None = typer.Option(None, help=tr("Port to listen at.")),
        allow: list[str] | None = typer.Option(
            None, metavar="TITLE", help=tr("AE title that may send; may be given again.")
        ),
        count: int | None = typer.Option(None, min=1, help=tr("End after so many images.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()

        def work() -> Outcome:
            from her2desk.dicom.pacs.node_files import load_pacs

            kept = load_pacs(pacs_path()).receiver
            given = {
                "ae_title": title,
                "host": host,
                "port": port,
                "allowed_ae_titles": tuple(allow) if allow else None,
            }
            chosen = {name: value for name, value in given.items() if value is not None}
            return _received(replace(kept, **chosen), folder, count)  # type: ignore[arg-type]

        return run_command(as_json, work, library)


def moved(
    settings: "PacsSettings",
    node: "RemoteNode",
    asking: "Asking",
    study: str,
    spool: "Spool",
    progress: Progress,
) -> tuple[tuple[Path, ...], Sequence[str]]:
    """Have a study sent here: where its files are, and the UIDs of what did not come."""
    from her2desk.dicom.pacs.receiver import Receiver
    from her2desk.dicom.pacs.retrieve import move_study

    arrived: dict[str, Path] = {}

    def keep(file: "ReceivedFile") -> None:
        arrived[file.sop_instance_uid] = file.path

    allowed = tuple(dict.fromkeys((*settings.receiver.allowed_ae_titles, node.ae_title)))
    receiver = replace(settings.receiver, ae_title=asking.own_title, allowed_ae_titles=allowed)
    with Receiver(receiver, spool, keep):
        refused = move_study(node, asking, study, arrived.__contains__, progress)
    return tuple(arrived.values()), refused


def _received(settings: "ReceiverSettings", folder: Path, count: int | None) -> Outcome:
    from her2desk.dicom.pacs.receiver import Receiver
    from her2desk.dicom.pacs.spool import Spool

    arrivals: queue.Queue[ReceivedFile] = queue.Queue()
    with opened_library(folder) as library, Spool(inbox_of(folder)) as spool:
        work = _Bringing(spool, library, arrivals)
        work.bring(spool.files())  # what an earlier run did not come to
        with Receiver(settings, spool, arrivals.put) as receiver:
            _say_that_it_listens(settings, receiver)
            with suppress(KeyboardInterrupt):
                work.until(count)
        work.take_rest()
    files = work.files
    document = {"received": work.received, "files": [file.to_json() for file in files]}

    def show(console: Console) -> None:
        console.print(trn("{n} image received", "{n} images received", work.received))

    return Outcome(document, show)


def _say_that_it_listens(settings: "ReceiverSettings", receiver: "Receiver") -> None:
    from her2desk.dicom.pacs.nodes import exposure

    said = tr("Listening as {title} on {host}, port {port}; Ctrl-C ends it.")
    _tell(said.format(title=settings.ae_title, host=settings.host, port=receiver.port))
    warning = exposure(settings)
    if warning is not None:
        _tell(warning.text())


class _Bringing:
    """Brings what arrives into the library, some at a time."""

    def __init__(
        self, spool: "Spool", library: "Library", arrivals: "queue.Queue[ReceivedFile]"
    ) -> None:
        self.files: list[ImportedFile] = []
        self.received = 0
        self._spool = spool
        self._library = library
        self._arrivals = arrivals

    def until(self, count: int | None) -> None:
        """Go on until so many have come; without a number, until Ctrl-C."""
        waiting: list[Path] = []
        while count is None or self.received < count:
            try:
                file = self._arrivals.get(timeout=QUIET_S)
            except queue.Empty:
                self.bring(waiting)
                waiting = []
                continue
            self.received += 1
            waiting.append(file.path)
            if file.differs:
                _tell(tr("An image came that was here before with other content; both are kept."))
        self.bring(waiting)

    def take_rest(self) -> None:
        """What came in the last moment, and what an interruption left."""
        while not self._arrivals.empty():
            self._arrivals.get_nowait()
            self.received += 1
        self.bring(self._spool.files())

    def bring(self, paths: Sequence[Path]) -> None:
        """Bring files in, and say what became of each."""
        from her2desk.inference.received import bring_in

        unique = [path for path in dict.fromkeys(paths) if path.exists()]
        if not unique:
            return
        files = bring_in(self._spool, unique, self._library, SilentProgress())
        self.files += files
        show_files(_standard_error(), files)


def _standard_error() -> Console:
    """Where is told what happens meanwhile; the answer itself comes at the end."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def _tell(text: str) -> None:
    _standard_error().print(printable(text))
