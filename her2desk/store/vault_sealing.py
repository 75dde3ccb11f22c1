"""Files that nobody reads without the vault's key: age to the vault's own public key.

The library is the Rust implementation of age (https://age-encryption.org/v1): a file key for each
file, its content in chunks of 64 KiB that can neither be changed, cut nor put in another order.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from her2desk.errors import StoreRefused
from her2desk.texts import msg

Seen = Callable[[bytes], object]


class SealBroken(OSError):
    """A sealed file is not as it was written, or another vault's."""


class Source(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, none at the end."""


class Target(Protocol):
    """What is written to."""

    def write(self, chunk: bytes, /) -> int:
        """Write the bytes; gives how many."""


class Nowhere:
    """The target of what is only read to be checked."""

    def write(self, chunk: bytes, /) -> int:
        """Drop the bytes."""
        return len(chunk)


class Sealing(Protocol):
    """How a library's files are written and read back."""

    def seal(self, source: Source, target: Target) -> str:
        """Write ``source`` to ``target``, sealed; gives the SHA-256 of what was read."""

    def unseal(self, source: Source, target: Target) -> str:
        """Write what was sealed to ``target``; gives the SHA-256 of what was written."""


class AgeSealing:
    """Seals with the identity (the secret key) of a vault.

    Errors of the files come as they are. Raises ``SealBroken`` for a file that cannot be unsealed;
    some of it may then be written already.
    """

    def __init__(self, identity: str):
        x25519 = age().x25519
        self._identity = x25519.Identity.from_str(identity)
        self._recipient = self._identity.to_public()

    def seal(self, source: Source, target: Target) -> str:
        """Write ``source`` to ``target``, sealed; gives the SHA-256 of what was read."""
        digest, trouble = hashlib.sha256(), _Trouble()
        reading = _Reading(source, trouble, digest.update)
        try:
            age().encrypt_io(reading, _Writing(target, trouble), [self._recipient])
        except Exception as error:
            raise (trouble.error or error) from error
        return digest.hexdigest()

    def unseal(self, source: Source, target: Target) -> str:
        """Write what was sealed to ``target``; gives the SHA-256 of what was written."""
        digest, trouble = hashlib.sha256(), _Trouble()
        writing = _Writing(target, trouble, digest.update)
        try:
            age().decrypt_io(_Reading(source, trouble), writing, [self._identity])
        except Exception as error:
            raise (trouble.error or SealBroken("not as it was sealed")) from error
        return digest.hexdigest()


@dataclass
class _Trouble:
    """What a file raised, which age tells as a text only."""

    error: Exception | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.error = error
            raise


def _nothing(_: bytes) -> None: ...


class _Reading:
    """That it is Python's lets other threads run meanwhile: age itself never does."""

    def __init__(self, file: Source, trouble: _Trouble, seen: Seen = _nothing):
        self._file, self._trouble, self._seen = file, trouble, seen

    def read(self, size: int) -> bytes:
        """The next bytes."""
        with self._trouble.noted():
            chunk = self._file.read(size)
        self._seen(chunk)
        return chunk


class _Writing:
    def __init__(self, file: Target, trouble: _Trouble, seen: Seen = _nothing):
        self._file, self._trouble, self._seen = file, trouble, seen

    def write(self, chunk: bytes) -> int:
        """Write the bytes."""
        with self._trouble.noted():
            written = self._file.write(chunk)
        self._seen(chunk)
        return written

    def flush(self) -> None:
        """Nothing waits here."""


def age() -> ModuleType:
    """The library that encrypts files; raises ``StoreRefused`` where it is not installed."""
    try:
        import pyrage
    except ImportError as error:
        raise StoreRefused(
            msg("This library is encrypted, and the part of Her2Desk that reads it is missing."),
            msg("Install Her2Desk again; the package pyrage is not there or does not load."),
            code="age-missing",
        ) from error
    module: ModuleType = pyrage
    return module
