"""One conversation with another system, from its beginning to its end."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.dicom.pacs.refusals import (
    PacsRefused,
    aborted,
    connection_cut,
    no_answer,
    no_connection,
    rejected,
    status_refusal,
    unsupported,
)
from her2desk.dicom.pacs.spool import Spool
from her2desk.dicom.pacs.tls import asking_context
from her2desk.dicom.pacs.wire import Alive, Limits, Requestor, cut, nobody_asks
from her2desk.domain.progress import Progress
from her2desk.in_force import policy_in_force
from her2desk.policy import Allowance
from her2desk.texts import Message

SUCCESS = 0x0000
CANCELLED = 0xFE00
PENDING = (0xFF00, 0xFF01)
END_S = 5.0


@dataclass(frozen=True)
class Asking:
    """Under which AE title this program asks, how long it waits, and where what it fetches goes."""

    own_title: str
    limits: Limits = field(default_factory=Limits)
    spool: Spool | None = None


class Step:
    """Where the work stands: what is told again while it waits, so that it can be stopped."""

    def __init__(self, progress: Progress, text: Message) -> None:
        self._progress = progress
        self._text = text
        self._fraction = 0.0

    def at(self, fraction: float, text: Message | None = None) -> None:
        """Go on to ``fraction``; raises what the progress raises."""
        self._fraction = min(max(fraction, 0.0), 1.0)
        self._text = text or self._text
        self()

    def __call__(self) -> None:
        """Tell the same again."""
        self._progress.step(self._fraction, self._text)


@contextmanager
def associated(
    node: RemoteNode,
    asking: Asking,
    contexts: Sequence[PresentationContext],
    service: Message,
    *,
    alive: Alive = nobody_asks,
    roles: Sequence[Any] = (),
    handlers: Sequence[tuple[Any, ...]] = (),
) -> Iterator[Association]:
    """An association with ``node`` while the block runs; nothing of it is left after it.

    ``service`` is what it is wanted for. Raises ``PacsRefused`` where there is none,
    ``InputRefused`` (``pacs-tls-file``, ``policy-network``), and what ``alive`` raises. An
    association that the block leaves through an exception is aborted.
    """
    policy_in_force().require(Allowance.NETWORK)
    alive()
    begun = time.monotonic()
    association = _requested(node, asking, contexts, alive, roles, handlers)
    try:
        if not association.is_established:
            waited_out = time.monotonic() - begun >= asking.limits.associate_s
            raise _reason(node, asking.own_title, association, service, waited_out)
        yield association
        if association.is_established:
            association.release()
    finally:
        _end(association)


def status_of(node: RemoteNode, answer: Any) -> int:
    """The status of an answer; raises ``PacsRefused`` (``pacs-cut``) where none came."""
    if "Status" not in answer:
        raise connection_cut(node)
    return int(answer.Status)


def succeeded(node: RemoteNode, answer: Any) -> None:
    """Raise ``PacsRefused`` unless an answer says success or gives a warning only."""
    status = status_of(node, answer)
    if status != SUCCESS and status & 0xF000 != 0xB000:
        raise status_refusal(node, status)


def _requested(
    node: RemoteNode,
    asking: Asking,
    contexts: Sequence[PresentationContext],
    alive: Alive,
    roles: Sequence[Any],
    handlers: Sequence[tuple[Any, ...]],
) -> Association:
    tls = None if node.tls is None else (asking_context(node.tls), node.host)
    entity = Requestor(asking.own_title, asking.limits, asking.spool, alive)
    try:
        return entity.associate(
            node.host,
            node.port,
            list(contexts),
            node.ae_title,
            asking.limits.offered_pdu_bytes,
            list(roles),
            tls_args=tls,
            evt_handlers=list(handlers),
        )
    except OSError as error:  # the host's name is looked up before anything else
        raise no_connection(node, error) from error


def _reason(
    node: RemoteNode, own_title: str, association: Association, service: Message, waited_out: bool
) -> PacsRefused:
    transport = association.dul.socket
    answer = association.acceptor.primitive
    if transport.failure is not None:
        return no_connection(node, transport.failure, in_tls=transport.failed_in_tls)
    if association.is_rejected:
        return rejected(node, own_title, answer.result_source, answer.diagnostic)
    if answer is not None:
        return unsupported(node, service)
    return no_answer(node) if waited_out else aborted(node)


def _end(association: Association) -> None:
    if association.is_established:
        association.abort()
    cut(association)
    association.dul.kill_dul()
    association.kill()
    end = time.monotonic() + END_S
    for thread in (association, association.dul):
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))
    connection = association.dul.socket.opened
    if connection is not None:
        connection.close()
    association.dimse.discard()
