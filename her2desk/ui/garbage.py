"""Keeps Python's collector of reference cycles from stopping the window.

The collector looks through every object of the process while all threads wait: through what the window
loads alone, 50 to 100 ms at a time. None of that is ever garbage. So nothing is collected while it is
being loaded, and what is there then is set aside for good: later rounds look only at what is newer.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEVER = 1 << 30  # rounds


def leave_alone_while_loading() -> None:
    """Collect nothing until ``set_aside_loaded``."""
    gc.disable()


def set_aside_loaded() -> None:
    """Never look again at what is there now, and collect from here on.

    Only the first call sets aside: what a later one finds can be garbage, as a window that was closed.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
    gc.enable()


@contextmanager
def no_full_collections() -> Iterator[None]:
    """Keep Python from looking through all it holds while thousands of rows come in.

    Such a look holds up every thread: 0.2 s with 20,000 rows. What is there now is set aside from
    later looks; it is still freed when nobody uses it any more, but for what refers to itself.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(thresholds[0], thresholds[1], NEVER)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*thresholds)
