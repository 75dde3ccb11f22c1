"""What was worked out before, found again by all that it depends on; in memory, never on disk.

| what | depends on |
|---|---|
| an opened file | its path, size, times and place on the disk (``opened_files``) |
| a frame in grey, and what it shows besides tissue | the file's SHA-256, the frame |
| whether the outline can be used | its points and frame, the image's size |
| the outline's mask | its points, the frame's size |
| a tile of the enhanced frame | the frame's pixels, the enhancement, the tile's place (``enhancing``) |
| the part of the frame that interpolation enhanced | its pixels, the outline, the spacing, the pack |
| the crop as the network reads it | the pixels in its box, the pack's preprocessing |
| what the network says | that crop, the pack, the device |
| the features | pixels, mask, spacing, profile (``feature_key``), and which |

The rest of an answer is arithmetic, and is done each time. So a form that changed, another operating
point or an outline taken back costs arithmetic only, and an outline whose crop stays the same no pass
through the network.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.image import ImageWarning

if TYPE_CHECKING:
    from her2desk.inference.networks import NetworkAnswer, Response

ENTRY_BYTES = 1000  # what an entry takes besides its arrays, about
LIMIT_BYTES = 96 * 2**20  # an HD frame enhanced ×4, and some fifty outlines on 1024 × 768 pixels

Kept = TypeVar("Kept")


class Memory:
    """Values by a key that tells all they depend on; the one used longest ago gives way.

    ``limit_bytes`` bounds what is kept. May be used from several threads. Values are shared, so their
    arrays are read-only.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    @property
    def limit_bytes(self) -> int:
        """How many bytes may be kept."""
        return self._limit_bytes

    @property
    def kept_bytes(self) -> int:
        """How many bytes the values take that are kept now."""
        return self._kept_bytes

    def find(self, key: str) -> object | None:
        """The value under ``key``; None where there is none."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def keep(self, key: str, value: object, arrays: Iterable[NDArray[Any]]) -> None:
        """Keep a value that holds these arrays, read-only from now on; older ones give way.

        One larger than all that may be kept is not.
        """
        nbytes = ENTRY_BYTES
        for array in arrays:
            array.setflags(write=False)
            nbytes += array.nbytes
        with self._lock:
            self._drop(key)
            self._kept[key] = (value, nbytes)
            self._kept_bytes += nbytes
            while self._kept_bytes > self._limit_bytes:
                self._drop(next(iter(self._kept)))

    def forget(self) -> None:
        """Keep nothing of what was kept so far."""
        with self._lock:
            self._kept.clear()
            self._kept_bytes = 0

    def _drop(self, key: str) -> None:
        _, nbytes = self._kept.pop(key, (None, 0))
        self._kept_bytes -= nbytes


def recalled(
    memory: Memory | None,
    what: str,
    depends_on: tuple[object, ...],
    work: Callable[[], Kept],
    arrays: Callable[[Kept], Iterable[NDArray[Any]]],
) -> Kept:
    """``what``, remembered or else worked out by ``work`` and kept for the next time.

    ``depends_on`` is as for ``key_of``. ``arrays`` tells the arrays in a value, which are read-only once
    it is kept. Nothing is kept where ``work`` raises.
    """
    if memory is None:
        return work()
    key = key_of(what, *depends_on)
    known = memory.find(key)
    if known is not None:
        return cast(Kept, known)
    found = work()
    memory.keep(key, found, arrays(found))
    return found


def key_of(what: str, *parts: object) -> str:
    """The key for ``what`` that depends on ``parts``.

    Arrays count by kind, shape and content, all else by its ``repr``, which must say all of it.
    """
    found = hashlib.sha256()
    for part in (what, *parts):
        array = part if isinstance(part, np.ndarray) else None
        head = repr(part if array is None else (array.dtype.str, array.shape)).encode()
        found.update(len(head).to_bytes(8, "little") + head)
        if array is not None:
            found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


class CropReader(Protocol):
    """What reads crops, as ``CnnReader`` documents it."""

    @property
    def device(self) -> str: ...
    @property
    def warnings(self) -> tuple[ImageWarning, ...]: ...
    @property
    def at_once(self) -> int: ...
    def read(self, crop: NDArray[np.float32]) -> "NetworkAnswer": ...
    def read_many(self, crops: NDArray[np.float32]) -> "list[Response]": ...
    def gradients(self, maps: NDArray[np.float32]) -> NDArray[np.float32]: ...


class RememberingReader:
    """Reads crops as ``reader`` does, and each only once.

    ``pack_sha256`` tells the network. What a device gave that failed at it is not kept under its name.
    """

    def __init__(self, reader: CropReader, pack_sha256: str, memory: Memory) -> None:
        self._reader = reader
        self._pack_sha256 = pack_sha256
        self._memory = memory

    @property
    def device(self) -> str:
        """Where crops are read now."""
        return self._reader.device

    @property
    def warnings(self) -> tuple[ImageWarning, ...]:
        """What an answer must say of the device."""
        return self._reader.warnings

    @property
    def at_once(self) -> int:
        """How many crops to give to ``read_many`` together."""
        return self._reader.at_once

    def read(self, crop: NDArray[np.float32]) -> "NetworkAnswer":
        """As ``CnnReader.read``; the answer's arrays are read-only."""
        return self._once(
            "read",
            crop,
            lambda: self._reader.read(_writable(crop)),
            lambda answer: (answer.maps, answer.penultimate, answer.weights),
        )

    def read_many(self, crops: NDArray[np.float32]) -> "list[Response]":
        """As ``CnnReader.read_many``; the same crops together, for rounding depends on all of them."""
        answers = self._once(
            "read_many",
            crops,
            lambda: tuple(self._reader.read_many(_writable(crops))),
            lambda answers: [answer.penultimate for answer in answers],
        )
        return list(answers)

    def gradients(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``CnnReader.gradients``."""
        return self._reader.gradients(_writable(maps))

    def _once(
        self,
        how: str,
        crops: NDArray[np.float32],
        work: Callable[[], Kept],
        arrays: Callable[[Kept], Iterable[NDArray[Any]]],
    ) -> Kept:
        device = self.device
        key = key_of("network", how, self._pack_sha256, device, crops)
        known = self._memory.find(key)
        if known is not None:
            return cast(Kept, known)
        found = work()
        if self.device == device:
            self._memory.keep(key, found, arrays(found))
        return found


def _writable(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """``array``, or its copy where it is read-only, which torch does not take."""
    return np.require(array, requirements="W")
