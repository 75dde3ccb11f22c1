"""How many processor threads this process's arithmetic uses, as the user chose; knows no torch.

The number is the process's, as torch's own is: whoever starts a process says it once, before anything
is worked out.
"""

import os

AUTOMATIC = 0
MAX_AUTOMATIC = 4  # a network pass gains little from more, and others work on this computer too

_chosen = AUTOMATIC


def choose_threads(number: int) -> None:
    """Use ``number`` threads from now on; ``AUTOMATIC`` as many as suit this computer."""
    global _chosen
    _chosen = number


def thread_count() -> int:
    """How many threads the arithmetic is to use."""
    return _chosen or automatic_threads()


def automatic_threads() -> int:
    """How many suit this computer where nobody chose."""
    return min(MAX_AUTOMATIC, os.cpu_count() or 1)
