"""Who may be talked to: other systems of the DICOM network, and this program as one of them.

An application entity (AE) is one program on that network, known by its title and its place.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from her2desk.errors import InputRefused
from her2desk.texts import Message, msg, phrase

AE_LENGTH = 16  # PS3.5 6.2, value representation AE
NAME_LENGTH = 40
OWN_TITLE = "HER2DESK"
OWN_PORT = 11112  # the port that IANA registered for DICOM beside the privileged 104
LOOPBACK = "127.0.0.1"
HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*\.?")
SPECIFICATION = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[^\]]+\]|[^:\[\]]+):(?P<port>\d{1,5})")
STRICTLY = {"extra": "forbid", "strict": True}  # how pydantic reads a file of these


@dataclass(frozen=True)
class TlsChoice:
    """How a connection is encrypted; files are PEM.

    ``authority`` holds the certificates that the other side is trusted by: those of an authority,
    or the other side's own; without it, an archive must be known to an authority of this computer.
    ``certificate`` and ``key`` are this program's. ``checks_name`` compares an archive's host with
    its certificate.
    """

    __pydantic_config__ = STRICTLY

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    checks_name: bool = True


@dataclass(frozen=True)
class RemoteNode:
    """An archive, or another system, as the user calls it."""

    __pydantic_config__ = STRICTLY

    name: str
    ae_title: str
    host: str
    port: int
    tls: TlsChoice | None = None


@dataclass(frozen=True)
class ReceiverSettings:
    """This program as others see it, and whether it takes what they send.

    ``ae_title`` is also the title it asks under. ``host`` is the address it listens on, this
    computer alone at first; only those in ``allowed_ae_titles`` may send.
    """

    __pydantic_config__ = STRICTLY

    enabled: bool = False
    ae_title: str = OWN_TITLE
    host: str = LOOPBACK
    port: int = OWN_PORT
    allowed_ae_titles: tuple[str, ...] = ()
    tls: TlsChoice | None = None


@dataclass(frozen=True)
class PacsSettings:
    """All that the user set of the DICOM network."""

    __pydantic_config__ = STRICTLY

    receiver: ReceiverSettings = field(default_factory=ReceiverSettings)
    nodes: tuple[RemoteNode, ...] = ()


@dataclass(frozen=True)
class Problem:
    """What is wrong with the value of one field."""

    field: str
    message: Message


def ae_title_problem(title: str) -> Message | None:
    """What is wrong with an AE title (PS3.5 6.2); None where nothing is."""
    if not title.strip(" "):
        return msg("An AE title is missing.")
    if len(title) > AE_LENGTH:
        return msg("An AE title has at most {n} characters.", n=AE_LENGTH)
    if any(not " " <= character <= "~" or character == "\\" for character in title):
        return msg(
            "An AE title has only letters, digits and signs of plain English, and no backslash."
        )
    if title != title.strip(" "):
        return msg("An AE title neither begins nor ends with a space.")
    return None


def host_problem(host: str) -> Message | None:
    """What is wrong with a computer's name or address; None where nothing is."""
    if not host:
        return msg("The computer's name or address is missing.")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not HOST_NAME.fullmatch(host) or host.replace(".", "").isdigit():
            return msg("This is neither a computer's name nor an address.")
    return None


def port_problem(port: int) -> Message | None:
    """What is wrong with a port; None where nothing is."""
    return None if 1 <= port <= 65535 else msg("A port is a number from 1 to 65535.")


def name_problem(name: str) -> Message | None:
    """What is wrong with what the user calls a node; None where nothing is."""
    if not name.strip():
        return msg("A name is missing.")
    if len(name) > NAME_LENGTH or not name.isprintable():
        return msg("A name has at most {n} characters and fits on one line.", n=NAME_LENGTH)
    if SPECIFICATION.fullmatch(name):
        return msg("A name cannot look like TITLE@host:port.")
    return None


def node_problems(node: RemoteNode) -> tuple[Problem, ...]:
    """Everything that is wrong with a node, field by field."""
    found = {
        "name": name_problem(node.name),
        "ae_title": ae_title_problem(node.ae_title),
        "host": host_problem(node.host),
        "port": port_problem(node.port),
        **_tls_problems(node.tls, is_ours=False),
    }
    return tuple(Problem(name, message) for name, message in found.items() if message)


def receiver_problems(receiver: ReceiverSettings) -> tuple[Problem, ...]:
    """Everything that is wrong with how this program takes part, field by field.

    A receiver that takes from nobody is wrong only where it is switched on.
    """
    titles = (ae_title_problem(title) for title in receiver.allowed_ae_titles)
    nobody = receiver.enabled and not receiver.allowed_ae_titles
    found = {
        "ae_title": ae_title_problem(receiver.ae_title),
        "host": host_problem(receiver.host),
        "port": port_problem(receiver.port),
        "allowed_ae_titles": msg("List the AE titles that may send; nobody else can.")
        if nobody
        else next((problem for problem in titles if problem), None),
        **_tls_problems(receiver.tls, is_ours=True),
    }
    return tuple(Problem(name, message) for name, message in found.items() if message)


def checked(settings: PacsSettings) -> PacsSettings:
    """``settings`` themselves; raises ``InputRefused`` (``pacs-settings``) where they cannot be."""
    for where, problem in _problems(settings):
        raise InputRefused(
            msg("{where}: {problem}", where=where, problem=phrase(problem.message)),
            msg("Correct it in the network settings."),
            code="pacs-settings",
        )
    return settings


def exposure(receiver: ReceiverSettings) -> Message | None:
    """What the user should know of how far the receiver can be reached; None on this computer alone."""
    if _is_loopback(receiver.host):
        return None
    if receiver.tls is None:
        return msg(
            "Other computers can send to this one, and what they send can be read on the way, "
            "as it is not encrypted."
        )
    if receiver.tls.authority is None:
        return msg("Other computers can send to this one without showing a certificate.")
    return msg("Other computers that show a trusted certificate can send to this one.")


def described_node(text: str) -> RemoteNode | None:
    """The node that ``TITLE@host:port`` names; None where ``text`` is not of that form.

    Raises ``InputRefused`` (``pacs-node``) where it is, and a part of it cannot be.
    """
    parts = SPECIFICATION.fullmatch(text)
    if parts is None:
        return None
    node = RemoteNode(text, parts["title"], parts["host"].strip("[]"), int(parts["port"]))
    for problem in node_problems(node):
        if problem.field != "name":
            raise InputRefused(
                problem.message, msg("Write it as TITLE@host:port."), code="pacs-node"
            )
    return node


def named_node(settings: PacsSettings, text: str) -> RemoteNode:
    """The node that the user calls ``text``, or that it describes as ``TITLE@host:port``.

    Raises ``InputRefused`` (``pacs-node``) where there is none.
    """
    for node in settings.nodes:
        if node.name == text:
            return node
    described = described_node(text)
    if described is not None:
        return described
    raise InputRefused(
        msg("No archive is called {name}.", name=text),
        msg("Add it with her2desk pacs nodes add, or write TITLE@host:port."),
        code="pacs-node",
    )


def _problems(settings: PacsSettings) -> Iterator[tuple[str, Problem]]:
    for problem in receiver_problems(settings.receiver):
        yield msg("This computer").text(), problem
    seen: set[str] = set()
    for node in settings.nodes:
        for problem in node_problems(node):
            yield node.name or node.ae_title, problem
        if node.name in seen:
            yield node.name, Problem("name", msg("Two archives have this name."))
        seen.add(node.name)


def _tls_problems(tls: TlsChoice | None, is_ours: bool) -> dict[str, Message]:
    if tls is None:
        return {}
    if (tls.certificate is None) != (tls.key is None):
        return {"tls": msg("A certificate and its key belong together; give both or neither.")}
    if is_ours and tls.certificate is None:
        return {"tls": msg("To receive encrypted, this computer needs a certificate and its key.")}
    if not is_ours and not tls.checks_name and tls.authority is None:
        return {
            "tls": msg(
                "Without comparing the host's name, say whose certificate to trust: "
                "anybody's would do otherwise."
            )
        }
    return {}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
