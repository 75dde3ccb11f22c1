"""That nothing of the program listens on the network unless somebody switched that on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.diagnostics.check import Check
from her2desk.dicom.pacs.node_files import load_pacs
from her2desk.errors import Her2DeskError
from her2desk.paths import LIBRARY_VARIABLE
from her2desk.redaction import public
from her2desk.texts import msg

if TYPE_CHECKING:
    import psutil

_PROGRAM = "her2desk"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Listener:
    """An address on which a process of the program listens; ``was_asked`` by its own command line."""

    host: str
    port: int
    was_asked: bool


def network_check(settings: Path, listeners: Callable[[], tuple[Listener, ...]]) -> Check:
    """What listens, held against what is switched on in the network's ``settings`` file."""
    try:
        receiver = load_pacs(settings).receiver
    except Her2DeskError as error:
        return Check("network", False, error.message, error.remedy)
    found = listeners()
    addresses = ", ".join(f"{one.host}:{one.port}" for one in found)
    if not found and not receiver.enabled:
        return Check("network", True, msg("Receiving is switched off, and nothing listens."))
    if not found:
        return Check("network", True, msg("Receiving is switched on; nothing listens just now."))
    if not receiver.enabled and not all(one.was_asked for one in found):
        return Check(
            "network",
            False,
            msg("Her2Desk listens at {where}, although receiving is off.", where=public(addresses)),
            msg("Close every Her2Desk window. If it listens again, save a support bundle."),
        )
    said = msg("Images are received at {where}, as was switched on.", where=public(addresses))
    if all(one.host in _LOOPBACK for one in found):
        return Check("network", True, said)
    return Check("network", True, said, msg("Other computers can reach it."))


def own_listeners(home: str | None) -> tuple[Listener, ...]:
    """What the program listens on, in all its processes whose ``HER2DESK_HOME`` is ``home``."""
    import psutil

    found: dict[tuple[str, int], Listener] = {}
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if not _is_ours(words) or process.environ().get(LIBRARY_VARIABLE) != home:
                continue
            was_asked = "receive" in words
            for one in (process, *process.children(recursive=True)):
                found |= {(at.host, at.port): at for at in _listening(one, was_asked)}
        except (psutil.Error, OSError):  # it ended meanwhile, or is another user's
            continue
    return tuple(found[place] for place in sorted(found))


def _is_ours(words: list[str]) -> bool:
    return any(Path(word).stem.lower() == _PROGRAM for word in words[:4])


def _listening(process: "psutil.Process", was_asked: bool) -> tuple[Listener, ...]:
    import psutil

    return tuple(
        Listener(one.laddr.ip, one.laddr.port, was_asked)
        for one in process.net_connections(kind="tcp")
        if one.status == psutil.CONN_LISTEN
    )
