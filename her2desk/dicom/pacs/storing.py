"""What is answered to an object that a peer stores here (PS3.4 B.2.3)."""

import logging
from collections.abc import Callable
from typing import Any

from her2desk.dicom.pacs.spool import NoRoom, ReceivedFile
from her2desk.errors import StoreRefused
from her2desk.texts import msg

log = logging.getLogger(__name__)

STORED = 0x0000
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

Told = Callable[[ReceivedFile], None]


class Storing:
    """Confirms an object when it is on disk, and not before; ``told`` hears of each.

    ``failure`` is what the disk last said against it.
    """

    def __init__(self, told: Told) -> None:
        self._told = told
        self.failure: NoRoom | OSError | None = None

    def __call__(self, event: Any) -> int:
        """The status to answer with."""
        part = getattr(event.request.DataSet, "part", None)
        if part is None:
            return CANNOT_UNDERSTAND
        try:
            file = part.finish()
        except (NoRoom, OSError) as error:
            self.failure = error
            log.warning("a received object could not be kept: %s", type(error))
            return OUT_OF_RESOURCES
        self._told(file)
        return STORED

    def check(self) -> None:
        """Raise ``StoreRefused`` (``spool-full``) where an object could not be kept."""
        if self.failure is not None:
            raise StoreRefused(
                msg("What is fetched cannot be kept: the disk is full, or not to be written to."),
                msg("Free some space, and fetch it again."),
                code="spool-full",
            ) from self.failure
