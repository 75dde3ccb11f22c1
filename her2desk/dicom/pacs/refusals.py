"""Why something on the DICOM network did not work: one sentence, one thing to do, one code."""

import socket
import ssl

from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg, phrase

PASSING = frozenset(
    {
        "pacs-refused-connection", "pacs-unreachable", "pacs-timeout", "pacs-cut", "pacs-aborted",
        "pacs-busy", "pacs-out-of-resources", "pacs-incomplete",
    }
)  # fmt: skip
ASK_THERE = msg("Ask whoever runs the archive.")
TRY_LATER = msg("Try again in a while; if it stays so, ask whoever runs the archive.")


class PacsRefused(InputRefused):
    """Another system of the network could not be reached, or did not do what it was asked."""

    @property
    def is_passing(self) -> bool:
        """Whether it may work when it is tried again."""
        return self.code in PASSING


def no_connection(node: RemoteNode, error: OSError, *, in_tls: bool = False) -> PacsRefused:
    """A connection that could not be made; ``in_tls``: that could not be encrypted."""
    place = {"name": node.name, "host": node.host, "port": node.port}
    if in_tls:
        return _no_encryption(node, error)
    if isinstance(error, socket.gaierror):
        return PacsRefused(
            msg("No computer called {host} is known on this network.", **place),
            msg("Check the host's spelling, and that this computer is on the right network."),
            code="pacs-host-unknown",
        )
    if isinstance(error, ConnectionRefusedError):
        return PacsRefused(
            msg("{host} is there, but nothing takes connections at port {port}.", **place),
            msg("Check the port, and that the archive is running."),
            code="pacs-refused-connection",
        )
    if isinstance(error, TimeoutError):
        return PacsRefused(
            msg("{host} did not answer at port {port}.", **place),
            msg("Check host and port, and whether a firewall lies between."),
            code="pacs-timeout",
        )
    return PacsRefused(
        msg("{host} cannot be reached.", **place),
        msg("Check that this computer is on the network, and the host's address."),
        code="pacs-unreachable",
    )


def rejected(node: RemoteNode, own_title: str, source: int, reason: int) -> PacsRefused:
    """A rejected association: source and reason as in PS3.8 9.3.4."""
    titles = {"name": node.name, "theirs": node.ae_title, "ours": own_title}
    match source, reason:
        case 1, 3:
            return PacsRefused(
                msg("{name} does not know this program's AE title, {ours}.", **titles),
                msg("Have {ours} entered there, with this computer's address.", **titles),
                code="pacs-calling-title",
            )
        case 1, 7:
            return PacsRefused(
                msg("{name} does not answer to the AE title {theirs}.", **titles),
                msg("Check the AE title of the archive, capitals included."),
                code="pacs-called-title",
            )
        case 1, 2:
            what = msg("{name} speaks DICOM, but not in the way that is asked for.", **titles)
            return PacsRefused(what, ASK_THERE, code="pacs-rejected")
        case 2, 2:
            what = msg("{name} speaks another version of the DICOM protocol.", **titles)
            return PacsRefused(what, ASK_THERE, code="pacs-rejected")
        case 3, 1 | 2:
            what = msg("{name} has too many connections at the moment.", **titles)
            return PacsRefused(what, TRY_LATER, code="pacs-busy")
        case _:
            return PacsRefused(
                msg("{name} turned the connection down and gave no reason.", **titles),
                msg("Check both AE titles; many archives take only those that they know."),
                code="pacs-rejected",
            )


def aborted(node: RemoteNode) -> PacsRefused:
    """An association that ended while it was being agreed on."""
    if node.tls is None:
        what = msg(
            "{name} ended the connection before it answered; it may want it encrypted, or not "
            "speak DICOM at this port.",
            name=node.name,
        )
    else:
        what = msg(
            "{name} ended the connection before it answered; it may not trust this program's "
            "certificate.",
            name=node.name,
        )
    return PacsRefused(
        what, msg("Check the port, and what the archive expects of TLS."), code="pacs-aborted"
    )


def no_answer(node: RemoteNode) -> PacsRefused:
    """A connection on which nothing that is DICOM came back in time."""
    return PacsRefused(
        msg("{name} took the connection, but did not answer as a DICOM system.", name=node.name),
        msg("Check the port, and whether the archive expects TLS."),
        code="pacs-timeout",
    )


def connection_cut(node: RemoteNode) -> PacsRefused:
    """An association that ended in the middle of the work."""
    return PacsRefused(
        msg("The connection to {name} was cut.", name=node.name),
        msg(
            "Try again in a while; if it is cut each time, the archive may not allow this to this "
            "program's AE title."
        ),
        code="pacs-cut",
    )


def cut_at_file(node: RemoteNode) -> PacsRefused:
    """A file at which the peer ended every connection."""
    return PacsRefused(
        msg("{name} ends the connection whenever this file is sent.", name=node.name),
        msg("The file may be damaged; the archive's own log says what it makes of it."),
        code="pacs-cut-at-file",
    )


def unsupported(node: RemoteNode, what: Message) -> PacsRefused:
    """A service that the peer does not offer to us."""
    return PacsRefused(
        msg("{name} does not offer {what} to this program.", name=node.name, what=phrase(what)),
        msg("Have it allowed there for this program's AE title."),
        code="pacs-not-offered",
    )


def syntax_refused(node: RemoteNode, class_name: str, syntax_name: str) -> PacsRefused:
    """A file that the peer does not take as it is."""
    return PacsRefused(
        msg(
            "{name} does not take this kind of file: {kind}, stored as {syntax}.",
            name=node.name,
            kind=class_name,
            syntax=syntax_name,
        ),
        msg("Have it allowed there; files are sent as they are, never converted."),
        code="pacs-no-context",
    )


def status_refusal(node: RemoteNode, status: int) -> PacsRefused:
    """A status of failure (PS3.4 B.2.3 and C.4, PS3.7 C)."""
    fields = {"name": node.name, "status": f"{status:04X}"}
    match status:
        case _ if status & 0xFF00 == 0xA700:
            return PacsRefused(
                msg("{name} has no room or no strength left (status {status}).", **fields),
                TRY_LATER,
                code="pacs-out-of-resources",
            )
        case 0xA801:
            return PacsRefused(
                msg("{name} does not know where to send to (status {status}).", **fields),
                msg("Have this program's AE title, host and port entered there."),
                code="pacs-destination-unknown",
            )
        case _ if status & 0xFF00 == 0xA900:
            what = msg(
                "{name} says that the object contradicts itself (status {status}).", **fields
            )
        case _ if status & 0xF000 == 0xC000:
            what = msg("{name} could not understand it (status {status}).", **fields)
        case 0x0122 | 0x0118:
            what = msg("{name} does not support this kind of object (status {status}).", **fields)
        case 0x0124:
            what = msg("{name} does not allow it to this program (status {status}).", **fields)
        case 0x0211 | 0x0112:
            what = msg("{name} does not know what was asked for (status {status}).", **fields)
        case _:
            what = msg("{name} answered with the failure {status}.", **fields)
    return PacsRefused(what, ASK_THERE, code="pacs-status")


def incomplete(node: RemoteNode, missing: int) -> PacsRefused:
    """A retrieval after which instances are still missing."""
    return PacsRefused(
        msg("{n} images of the study did not come from {name}.", n=missing, name=node.name),
        msg("Fetch it again; what has come is kept."),
        code="pacs-incomplete",
    )


def _no_encryption(node: RemoteNode, error: OSError) -> PacsRefused:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_refused(node, error.verify_code)
    reason = (getattr(error, "reason", None) or "").upper()
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return PacsRefused(
            msg("{name} does not accept this program's certificate.", name=node.name),
            msg("Have the certificate entered there, or choose the one that is."),
            code="pacs-tls-own-certificate",
        )
    if "ALERT" in reason or "UNSUPPORTED_PROTOCOL" in reason or "NO_" in reason:
        return PacsRefused(
            msg("{name} and this program found no common way to encrypt.", name=node.name),
            msg("Her2Desk needs TLS 1.2 or later; ask whoever runs the archive."),
            code="pacs-tls",
        )
    return PacsRefused(
        msg("{host} does not speak TLS at port {port}.", host=node.host, port=node.port),
        msg("Switch encryption off for it, or use its encrypted port."),
        code="pacs-tls-absent",
    )


def _certificate_refused(node: RemoteNode, code: int) -> PacsRefused:
    place = {"name": node.name, "host": node.host}
    match code:
        case 10:
            return PacsRefused(
                msg("The certificate of {name} has expired.", **place),
                msg("Have it renewed there; check this computer's clock too."),
                code="pacs-tls-expired",
            )
        case 9:
            return PacsRefused(
                msg("The certificate of {name} is not valid yet.", **place),
                msg("Check this computer's clock, and the archive's."),
                code="pacs-tls-early",
            )
        case 62 | 64:
            return PacsRefused(
                msg("The certificate is not made out to {host}.", **place),
                msg(
                    "Use the name that it is made out to, or trust this one certificate and do "
                    "not compare the name."
                ),
                code="pacs-tls-name",
            )
        case _:
            return PacsRefused(
                msg(
                    "Nobody whom this program trusts vouches for the certificate of {name}.",
                    **place,
                ),
                msg("Give the authority's certificate, or the archive's own, in its settings."),
                code="pacs-tls-unknown",
            )
