"""What a process that decodes foreign files may take, so that no file can fill the computer's memory."""

import logging
import sys
from pathlib import Path

from her2desk.dicom.refusals import too_large
from her2desk.errors import InputRefused
from her2desk.texts import msg

LOG = logging.getLogger(__name__)

MOST_BYTES = 2 * 2**30  # the largest picture that is read needs 1.3 GiB at its peak
# libjpeg keeps up to 0.5 MB of each damaged frame that it refuses: a process of its own is renewed
MOST_REFUSALS = 500
_STATM = Path("/proc/self/statm")  # pages; the first number is all that the process has mapped


def limit_memory(most_bytes: int = MOST_BYTES) -> None:
    """Let this process take ``most_bytes`` more than it has now; what is beyond is a ``MemoryError``.

    To be called when all is imported: libraries map far more than they use. Does nothing where the
    system keeps no such limit (macOS, Windows).
    """
    if sys.platform == "win32" or not _STATM.exists():
        return  # no cover: needs Windows or macOS
    import resource

    mapped = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mapped + most_bytes
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (OSError, ValueError):  # no cover: needs a system that forbids it
        LOG.info("no limit of memory can be set", exc_info=True)


def too_much_memory() -> InputRefused:
    """The sentence for a picture that does not fit into what its decoder may take."""
    return too_large(msg("The picture needs more memory to decode than any ultrasound image."))
