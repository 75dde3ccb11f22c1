"""Which program this is, on which system, and whether its files are as they were built."""

import platform
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from her2desk import __version__
from her2desk.bundle_manifest import damaged_files
from her2desk.diagnostics.check import INSTALL_AGAIN, Check
from her2desk.own_command import is_bundled
from her2desk.redaction import public
from her2desk.texts import msg, msgn

PYTHON = (3, 11)
MACHINES = ("x86_64", "amd64", "arm64", "aarch64")
_SHOWN = 5


@dataclass(frozen=True)
class Program:
    """What runs here: the version of Python, its word length in bits, the machine, the system."""

    python: tuple[int, ...]
    bits: int
    machine: str
    system: str
    is_bundled: bool

    @classmethod
    def running(cls) -> "Program":
        """This one."""
        return cls(
            sys.version_info[:3],
            8 * struct.calcsize("P"),
            platform.machine(),
            f"{platform.system()} {platform.release()}",
            is_bundled(),
        )


def program_check(program: Program) -> Check:
    """Whether this is the Python, and the kind of computer, that the program was tested with."""
    present = ".".join(map(str, program.python))
    told = {
        "version": public(__version__),
        "system": public(program.system),
        "machine": public(program.machine),
        "python": public(present),
    }
    if program.is_bundled:
        said = msg("Her2Desk {version}, installed, on {system}, {machine}.", **told)
    else:
        said = msg("Her2Desk {version}, Python {python}, on {system}, {machine}.", **told)
    if program.bits != 64 or program.machine.lower() not in MACHINES:
        remedy = msg("Use a computer with a 64-bit Intel, AMD or ARM processor and system.")
        return Check("program", False, said, remedy)
    if program.python[:2] != PYTHON:
        wanted = ".".join(map(str, PYTHON))
        remedy = msg("Install Her2Desk under Python {version}.", version=public(wanted))
        return Check("program", False, said, remedy)
    return Check("program", True, said)


def bundle_check(
    root: Path | None, damaged: Callable[[Path], tuple[str, ...]] = damaged_files
) -> Check:
    """Whether the files of the installed bundle in ``root`` are those that were built."""
    if root is None:
        return Check("bundle", True, msg("Not an installed bundle: there is no list of its files."))
    names = damaged(root)
    if not names:
        return Check("bundle", True, msg("All files of the program are as they were built."))
    said = msgn(
        "{n} file of the program is missing or was changed: {names}.",
        "{n} files of the program are missing or were changed, such as {names}.",
        len(names),
        names=public(", ".join(names[:_SHOWN])),
    )
    return Check("bundle", False, said, INSTALL_AGAIN)
