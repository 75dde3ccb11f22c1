"""Loaded by every Python process of a watched session, children included.

Writes every internet socket that is made, and turns all logging up, so that what a log would hold at
its wordiest is seen.
"""

import logging
import os
import sys
from pathlib import Path

# Only Sphinx, which builds the help, brings it here; users have none. Pydicom and MONAI load it where it
# is, and it looks for IPv6 by a socket.
sys.modules["requests"] = None  # type: ignore[assignment]

_INTERNET = {2, 10, 23, 30}  # AF_INET, and AF_INET6 of Linux, Windows and macOS
_CALLS = (
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.bind",
    "socket.connect",
    "urllib.Request",
)


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.__new__":
        if int(args[1]) not in _INTERNET:
            return
    elif event not in _CALLS or isinstance(args[-1], str | bytes):  # a path is a Unix socket's
        return
    with Path(os.environ["WATCHED_SOCKETS"]).open("a") as file:
        file.write(f"{os.getpid()} {event} {args[1:]!r} {sys.argv[:2]}\n")


if "WATCHED_SOCKETS" in os.environ:
    sys.addaudithook(_watch)
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("her2desk").setLevel(logging.DEBUG)
