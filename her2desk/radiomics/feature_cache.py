"""Features already measured, kept on disk by what they were measured on.

An entry's name is the SHA-256 of everything its numbers depend on, so that an entry is never out of
date; it holds numbers only, no image and no name. Entries that are damaged are measured again, and
a folder that cannot be written costs time, never a run.
"""

import hashlib
import logging
import os
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.profile import Profile

log = logging.getLogger(__name__)

EXTRACTION = 2  # raised whenever our own code gives other numbers than before
LIMIT_BYTES = 512 * 2**20  # about 50,000 outlines
LIBRARIES = ("pyradiomics", "numpy", "scipy", "SimpleITK", "PyWavelets", "scikit-image")
_DIGEST_BYTES = hashlib.sha256().digest_size
_SUFFIX = ".features"


def feature_key(
    grey: NDArray[np.generic],
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float] | None,
    profile: Profile,
    *further: object,
) -> str:
    """SHA-256 of all that the features of an ROI depend on; parameters as in ``extract``.

    ``further`` is what was made of the picture before, such as its enhancement; its ``repr`` must
    say all of it.
    """
    used_mm = None if profile.unit == "px" else spacing_mm
    head = (
        EXTRACTION,
        _versions(),
        profile.to_json(),
        used_mm,
        grey.dtype.str,
        grey.shape,
        *further,
    )
    digest = hashlib.sha256(repr(head).encode())
    digest.update(np.ascontiguousarray(grey).data)
    digest.update(np.packbits(mask).data)
    return digest.hexdigest()


class FeatureCache:
    """A folder of measured features; several processes may share it.

    An entry is the SHA-256 of the numbers, then the numbers as little-endian float64, all features
    of the profile in its order. ``trim`` keeps the folder under ``limit_bytes``.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES):
        self._folder = folder
        self._limit = limit_bytes

    def get(self, key: str, count: int) -> NDArray[np.float64] | None:
        """The ``count`` numbers under this key; None where there are none or they are damaged."""
        path = self._path(key)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        digest, numbers = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if len(numbers) != 8 * count or hashlib.sha256(numbers).digest() != digest:
            log.warning("a kept feature file is damaged and is measured again")
            return None
        return np.frombuffer(numbers, dtype="<f8").astype(np.float64)

    def put(self, key: str, values: NDArray[np.float64]) -> None:
        """Keep the numbers, whole or not at all."""
        numbers = values.astype("<f8").tobytes()
        path = self._path(key)
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(numbers).digest() + numbers)
            Path(temporary).replace(path)
        except OSError:
            log.warning("measured features could not be kept", exc_info=True)
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)

    def trim(self) -> None:
        """Delete the entries that were used longest ago until the folder is under its limit."""
        found = []
        for path in self._folder.glob(f"??/*{_SUFFIX}"):
            try:
                status = path.stat()
            except OSError:  # another process trims too
                continue
            found.append((status.st_mtime_ns, status.st_size, path))
        excess = sum(size for _, size, _ in found) - self._limit
        for _, size, path in sorted(found):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{_SUFFIX}"


@cache
def _versions() -> tuple[str, ...]:
    return tuple(f"{name} {version(name)}" for name in LIBRARIES)
