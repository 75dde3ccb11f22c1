"""Loads, once the window is painted, what the first image, outline and answer need.

One thread does it, and whatever else may load something waits for it: where two threads begin with
different parts of one library, each can hold what the other waits for, and Python gives one of them a
module that is only half there. pydicom's parts import each other, so that this happens.
"""

import logging
import threading
from collections.abc import Sequence
from importlib import import_module

log = logging.getLogger(__name__)

NEEDED_SOON = (
    "her2desk.dicom.reader",
    "her2desk.inference.importing",
    "shapely",
    "numpy.ma",  # with the first outline's diameters
    "her2desk.inference.readout",
    "her2desk.inference.nomograms",
    "her2desk.inference.cautions",
)
_IS_LOADED = threading.Event()  # of the process, as what is loaded is
_IS_LOADED.set()


def load_soon(names: Sequence[str] = NEEDED_SOON) -> None:
    """Begin to load these modules in a thread; returns at once."""
    _IS_LOADED.clear()
    threading.Thread(target=_load, args=(names,), name="loading", daemon=True).start()


def wait_until_loaded() -> None:
    """Wait for what ``load_soon`` began; returns at once where nothing is being loaded."""
    _IS_LOADED.wait()


def _load(names: Sequence[str]) -> None:
    try:
        for name in names:
            import_module(name)
    except Exception:  # whoever needs it meets it again, and says so
        log.exception("not loaded ahead")
    finally:
        _IS_LOADED.set()
