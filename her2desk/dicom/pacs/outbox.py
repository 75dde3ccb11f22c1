"""Files on their way to another system: kept on disk until it has confirmed each of them.

``outbox/NODE/`` holds copies of the files for one node, ``outbox/NODE/refused/`` those that it does
not take. A file goes with the node's success; where that success was lost with the connection or
with this program, it is sent again, which an archive that has the instance answers with success.
"""

import hashlib
import io
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from her2desk.dicom.pacs.association import Asking, Step
from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.dicom.pacs.outgoing import Outgoing, outgoing, send
from her2desk.dicom.pacs.patience import Patience, trying
from her2desk.dicom.pacs.refusals import cut_at_file
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import Her2DeskError, StoreRefused
from her2desk.private_files import make_private_folder, sync_folder, write_private
from her2desk.texts import msg

NETWORK_FOLDER = "pacs"
OUTBOX_FOLDER = "outbox"
NAME_FILE = "node"
REFUSED = "refused"
SENT = ".dcm"
COPIED_BYTES = 1 << 20
CUTS_AT_ONE_FILE = 5

Settled = Callable[[Outgoing, Her2DeskError | None], None]
"""Hears of each file: None where the peer has it, else why it does not take it."""


@dataclass(frozen=True)
class Delivered:
    """What became of the files of one delivery, by the name that each has in the outbox."""

    sent: tuple[Outgoing, ...] = ()
    refused: tuple[tuple[Outgoing, Her2DeskError], ...] = ()


class Outbox:
    """What waits to be sent, by node. Raises ``StoreRefused`` (``outbox-unwritable``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, node_name: str, path: Path) -> Outgoing:
        """Keep a copy of ``path`` for a node; on disk when this returns, once for the same bytes.

        What the node did not take before waits again. Raises ``InputRefused`` (``not-sendable``)
        for what is no DICOM file.
        """
        outgoing(path)
        with self._kept(), path.open("rb") as original:
            return self._add(node_name, original)

    def add_bytes(self, node_name: str, content: bytes) -> Outgoing:
        """As ``add``, of a DICOM file that is on no disk yet."""
        with self._kept():
            return self._add(node_name, io.BytesIO(content))

    def waiting(self, node_name: str) -> tuple[Outgoing, ...]:
        """What is still to be sent to a node, oldest first."""
        return _files_in(self.folder_of(node_name))

    def refused(self, node_name: str) -> tuple[Outgoing, ...]:
        """What a node did not take."""
        return _files_in(self.folder_of(node_name) / REFUSED)

    def forget(self, folder: Path, sha256: str) -> None:
        """Let a file of a node's folder go unsent, whether it waits or was not taken."""
        with self._kept():
            for place in (folder, folder / REFUSED):
                (place / f"{sha256}{SENT}").unlink(missing_ok=True)

    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes for which anything waits."""
        names = []
        for name_file in sorted(self.folder.glob(f"*/{NAME_FILE}")):
            if any(name_file.parent.glob(f"*{SENT}")):
                names.append(name_file.read_text(encoding="utf-8"))
        return tuple(names)

    def settle(self, file: Outgoing) -> None:
        """The node has it: let it go."""
        file.path.unlink(missing_ok=True)
        sync_folder(file.path.parent)

    def put_aside(self, file: Outgoing) -> None:
        """The node does not take it: it is not tried again by itself."""
        with suppress(FileNotFoundError):
            file.path.replace(file.path.parent / REFUSED / file.path.name)
        sync_folder(file.path.parent)

    def try_again(self, node_name: str) -> int:
        """Let what a node did not take wait once more; returns how many."""
        files = self.refused(node_name)
        for file in files:
            file.path.replace(self.folder_of(node_name) / file.path.name)
        return len(files)

    def folder_of(self, node_name: str) -> Path:
        """Where the files for a node are, if there are any; named so that any name can be one."""
        return self.folder / hashlib.sha256(node_name.encode()).hexdigest()[:16]

    def made_folder(self, node_name: str) -> Path:
        """``folder_of``, made and named; raises ``OSError`` as it comes."""
        folder = self.folder_of(node_name)
        make_private_folder(folder / REFUSED)
        if not (folder / NAME_FILE).exists():
            write_private(folder / NAME_FILE, node_name.encode())
        return folder

    def _add(self, node_name: str, original: BinaryIO) -> Outgoing:
        folder = self.made_folder(node_name)
        kept = _copied(original, folder)
        (folder / REFUSED / kept.name).unlink(missing_ok=True)
        return outgoing(kept)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreRefused(
                msg("What is to be sent cannot be kept in {folder}.", folder=self.folder),
                msg("Check that you may write there and that its disk has room."),
                code="outbox-unwritable",
            ) from error


def outbox_of(library: Path) -> Outbox:
    """What waits to be sent from the library in this folder."""
    return Outbox(library / NETWORK_FOLDER / OUTBOX_FOLDER)


def deliver(
    outbox: Outbox,
    node: RemoteNode,
    asking: Asking,
    progress: Progress = SilentProgress(),
    patience: Patience = Patience(),
    told: Settled = lambda _file, _refusal: None,
) -> Delivered:
    """Send all that waits for ``node``, over as many connections as it takes.

    Raises ``PacsRefused`` where patience is at its end, ``InputRefused`` (``pacs-tls-file``) and
    ``Cancelled``; what was not confirmed then still waits.
    """
    delivery = _Delivery(outbox, node, progress, told)
    for attempt in trying(patience, delivery.step, lambda: delivery.gained):
        with attempt:
            if waiting := delivery.waiting():
                send(node, asking, waiting, delivery, delivery.step)
        if attempt.failure is not None:
            delivery.note_cut()
    return Delivered(tuple(delivery.sent), tuple(delivery.refused))


class _Delivery:
    """What has become of the files of one delivery so far."""

    def __init__(self, outbox: Outbox, node: RemoteNode, progress: Progress, told: Settled) -> None:
        self.sent: list[Outgoing] = []
        self.refused: list[tuple[Outgoing, Her2DeskError]] = []
        self._outbox = outbox
        self._node = node
        self._told = told
        self._files = {file.path: file for file in outbox.waiting(node.name)}
        self._total = max(len(self._files), 1)
        self._cuts: Counter[Path] = Counter()
        self._begun: Outgoing | None = None
        text = msg("Sending {n} files to {name}", n=self._total, name=node.name)
        self.step = Step(progress, text)

    @property
    def gained(self) -> int:
        """How many files are settled."""
        return len(self.sent) + len(self.refused)

    def waiting(self) -> list[Outgoing]:
        """Those still to be sent; one at which connections were cut comes after the others."""
        return sorted(self._files.values(), key=lambda file: self._cuts[file.path])

    def begun(self, file: Outgoing) -> None:
        """This file is on its way."""
        self._begun = file

    def settled(self, file: Outgoing, refusal: Her2DeskError | None) -> None:
        """The node has the file, or does not take it."""
        self._begun = None
        self._files.pop(file.path, None)
        if refusal is None:
            self._outbox.settle(file)
            self.sent.append(file)
        else:
            self._outbox.put_aside(file)
            self.refused.append((file, refusal))
        self._told(file, refusal)
        self.step.at(self.gained / self._total)

    def note_cut(self) -> None:
        """A file at which every connection ends is put aside: it must not hold up the others."""
        file, self._begun = self._begun, None
        if file is None:
            return
        self._cuts[file.path] += 1
        if self._cuts[file.path] >= CUTS_AT_ONE_FILE:
            self.settled(file, cut_at_file(self._node))


def _files_in(folder: Path) -> tuple[Outgoing, ...]:
    found: list[tuple[int, Path]] = []
    for path in folder.glob(f"*{SENT}"):
        with suppress(FileNotFoundError):  # another process has just sent it
            found.append((path.stat().st_mtime_ns, path))
    return tuple(outgoing(path) for _time, path in sorted(found))


def _copied(original: BinaryIO, folder: Path) -> Path:
    """A synced copy named by its content."""
    sha256 = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as copy:
            while piece := original.read(COPIED_BYTES):
                sha256.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        target = folder / f"{sha256.hexdigest()}{SENT}"
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(folder)
    return target
