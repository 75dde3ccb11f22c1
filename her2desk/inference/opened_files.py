"""Images opened lately: read again where the file is no longer the same, and dropped when told to."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from her2desk.dicom.reader import OpenedImage, open_image

FILES_KEPT = 2
FRAMES_BYTES = 32 * 2**20  # of each: 14 colour frames of 1024 × 768
# A disk's clock may tick in steps of two seconds (FAT), within which a file can change unseen.
SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class _Identity:
    """What tells a file from another one, or from itself after it was written to."""

    size: int
    modified_ns: int
    changed_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "_Identity":
        status = path.stat()
        return cls(
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_dev,
            status.st_ino,
        )


class OpenedFiles:
    """Opens images and keeps the last few with the frames that were decoded.

    ``read`` opens a file; ``now_ns`` is the time in nanoseconds since 1970.
    """

    def __init__(
        self,
        read: Callable[[Path], OpenedImage] = open_image,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._read = read
        self._now_ns = now_ns
        self._kept: OrderedDict[Path, tuple[_Identity, OpenedImage]] = OrderedDict()

    def open(self, path: Path) -> OpenedImage:
        """The image at ``path`` as it is now; raises as ``open_image``."""
        kept = self._kept.pop(path, None)
        try:
            identity = _Identity.of(path)
        except OSError:
            return self._read(path)  # it knows the sentence for what is wrong
        if kept is None or kept[0] != identity:
            opened = self._read(path)
            opened.frames.cache_bytes = FRAMES_BYTES
            kept = identity, opened
        if self._now_ns() - identity.modified_ns >= SETTLED_NS:
            self._kept[path] = kept
            while len(self._kept) > FILES_KEPT:
                self._kept.popitem(last=False)
        return kept[1]

    def forget(self) -> None:
        """Keep nothing of any image."""
        self._kept.clear()
