"""C-STORE: sending files as they are, each under its own class and transfer syntax (PS3.4 B)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID

from her2desk.dicom.header import quiet
from her2desk.dicom.pacs.association import Asking, Step, associated, succeeded
from her2desk.dicom.pacs.contexts import sent_contexts
from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.dicom.pacs.refusals import PacsRefused, connection_cut, syntax_refused
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.texts import msg

CONTEXTS_AT_ONCE = 128  # PS3.8 9.3.2.2: context identifiers are the odd numbers below 256


@dataclass(frozen=True)
class Outgoing:
    """A DICOM file as a network sees it."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    syntax: str

    @property
    def context(self) -> tuple[str, str]:
        """What has to be agreed on before it can be sent."""
        return self.sop_class_uid, self.syntax


class Listener(Protocol):
    """Hears of each file that it is on its way, and what became of it."""

    def begun(self, file: Outgoing) -> None:
        """The file is on its way."""

    def settled(self, file: Outgoing, refusal: Her2DeskError | None) -> None:
        """The peer has the file, where ``refusal`` is None; else why it does not take it."""


def outgoing(path: Path) -> Outgoing:
    """What the file at ``path`` is; raises ``InputRefused`` (``not-sendable``)."""
    try:
        with quiet():
            meta = read_file_meta_info(path)
            return Outgoing(
                path,
                str(meta.MediaStorageSOPClassUID),
                str(meta.MediaStorageSOPInstanceUID),
                str(meta.TransferSyntaxUID),
            )
    except Exception as error:  # hostile headers make pydicom raise anything
        raise InputRefused(
            msg("{name} is no DICOM file that can be sent.", name=path.name),
            msg("Choose DICOM files; pictures in other formats cannot be sent to an archive."),
            code="not-sendable",
        ) from error


def send(
    node: RemoteNode, asking: Asking, files: Sequence[Outgoing], listener: Listener, step: Step
) -> None:
    """Send ``files`` over as many associations as their kinds need; each is settled by itself.

    Raises ``PacsRefused`` where the connection cannot be made or is cut, and what the step raises;
    files that were settled stay so.
    """
    contexts = list(dict.fromkeys(file.context for file in files))
    for start in range(0, len(contexts), CONTEXTS_AT_ONCE):
        some = contexts[start : start + CONTEXTS_AT_ONCE]
        together = [file for file in files if file.context in some]
        _send(node, asking, together, some, listener, step)


def _send(
    node: RemoteNode,
    asking: Asking,
    files: Sequence[Outgoing],
    contexts: Sequence[tuple[str, str]],
    listener: Listener,
    step: Step,
) -> None:
    service = msg("storing")
    try:
        with associated(node, asking, sent_contexts(contexts), service, alive=step) as link:
            agreed = {
                (str(context.abstract_syntax), str(context.transfer_syntax[0]))
                for context in link.accepted_contexts
            }
            for number, file in enumerate(files):
                if file.context not in agreed:
                    listener.settled(file, _not_taken(node, file))
                    continue
                if not link.is_established:
                    raise connection_cut(node)
                listener.settled(file, _stored(node, link, file, number, listener))
    except PacsRefused as refusal:
        if refusal.code != "pacs-not-offered":
            raise
        for file in files:  # the peer took none of the contexts
            listener.settled(file, _not_taken(node, file))


def _stored(
    node: RemoteNode, link: Any, file: Outgoing, number: int, listener: Listener
) -> Her2DeskError | None:
    listener.begun(file)
    try:
        with quiet():
            answer = link.send_c_store(file.path, msg_id=number % 65535 + 1)
    except OSError as error:  # in the middle of a message, which nothing can be sent after
        listener.settled(file, _unreadable(file))
        raise connection_cut(node) from error
    except RuntimeError as error:  # pynetdicom: the association ended since it was looked at
        raise connection_cut(node) from error
    try:
        succeeded(node, answer)
    except PacsRefused as refusal:
        if refusal.is_passing:
            raise
        return refusal
    return None


def _unreadable(file: Outgoing) -> InputRefused:
    return InputRefused(
        msg("{name} cannot be read any more.", name=file.path.name),
        msg("Check that the file is still there."),
        code="unreadable-file",
    )


def _not_taken(node: RemoteNode, file: Outgoing) -> PacsRefused:
    return syntax_refused(node, UID(file.sop_class_uid).name, UID(file.syntax).name)
