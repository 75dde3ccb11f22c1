"""Finished work by the content of what it was made from, so that a killed run goes on where it was.

Every file is written whole or not at all. A file that is damaged or belongs to other inputs counts as
absent: its work is done again.
"""

import errno
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from her2desk.errors import InputRefused, unwritable
from her2desk.texts import msg

log = logging.getLogger(__name__)

Tensors = Mapping[str, NDArray[Any]]


class WorkFolder:
    """A folder of results, each named by the key of its inputs."""

    def __init__(self, folder: Path):
        self._folder = folder

    @staticmethod
    def key(**parts: object) -> str:
        """SHA-256 over named inputs; see ``content_key`` for what they may be."""
        return content_key(parts)

    def get(self, key: str) -> dict[str, NDArray[Any]] | None:
        """The tensors stored under ``key``, or None where there are none that are sound."""
        path = self._result(key)
        if not path.exists():
            return None
        try:
            with safe_open(path, "numpy") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            log.warning("Work file %s cannot be used: %s", path.name, error)
            return None
        if metadata.get("key") != key or metadata.get("content") != content_key(tensors):
            log.warning("Work file %s cannot be used: it is not what was stored", path.name)
            return None
        return tensors

    def put(self, key: str, tensors: Tensors) -> None:
        """Store ``tensors`` under ``key``, on disk when this returns, and drop the key's checkpoint.

        Raises ``InputRefused`` when the folder cannot be written or the disk is full.
        """
        packed = {name: np.array(tensor, order="C") for name, tensor in tensors.items()}
        blob = save_tensors(packed, {"key": key, "content": content_key(packed)})
        write_whole(self._result(key), lambda file: file.write(blob))
        self.checkpoint(key).unlink(missing_ok=True)

    def checkpoint(self, key: str) -> Path:
        """Where work on ``key`` that is under way may leave its state."""
        return self._folder / f"{key}.checkpoint"

    def _result(self, key: str) -> Path:
        return self._folder / f"{key}.safetensors"


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file that then takes the place of ``path``; its folder is made.

    Raises ``InputRefused`` when it cannot be written or the disk is full; ``path`` is then as before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    except OSError as error:
        raise _refusal(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(out: Path) -> None:
    """Make the folder of ``out``, and find out before an hour of work whether it can be written.

    Raises ``InputRefused`` (``unwritable``).
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(out.name + ".probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise unwritable(out) from error


def _refusal(path: Path, error: OSError) -> InputRefused:
    if error.errno != errno.ENOSPC:
        return unwritable(path)
    return InputRefused(
        msg(
            "The disk is full; {folder} cannot keep the work done so far.", folder=path.parent.name
        ),
        msg("Free some space and start again: finished networks are kept."),
        code="unwritable",
    )


def content_key(value: object) -> str:
    """SHA-256 of None, a bool, int, float, str, bytes, array, or sequences, mappings, dataclasses of them.

    Values that differ in type, length, order (of sequences) or any bit have different keys; the order of
    a mapping does not count. Raises ``TypeError`` for anything else.
    """
    digest = hashlib.sha256()
    _feed(digest.update, value)
    return digest.hexdigest()


def _feed(update: Callable[[Any], None], value: object) -> None:
    """Write ``value`` as a type, a length and its bytes or parts, so that no two values read alike."""
    if isinstance(value, np.ndarray):
        update(f"array {value.dtype.str} {value.shape};".encode())
        update(np.ascontiguousarray(value).data)
    elif isinstance(value, bytes):
        update(f"bytes {len(value)};".encode())
        update(value)
    elif value is None or isinstance(value, bool | int | float | str):
        _feed_plain(update, value)
    elif isinstance(value, Mapping):
        update(f"mapping {len(value)};".encode())
        for name in sorted(value):
            _feed(update, str(name))
            _feed(update, value[name])
    elif isinstance(value, Sequence):
        update(f"sequence {len(value)};".encode())
        for item in value:
            _feed(update, item)
    elif is_dataclass(value) and not isinstance(value, type):
        _feed(update, {field.name: getattr(value, field.name) for field in fields(value)})
    else:
        raise TypeError(f"{type(value).__name__} has no key")


def _feed_plain(update: Callable[[Any], None], value: bool | int | float | str | None) -> None:
    encoded = json.dumps(value).encode()
    update(f"{type(value).__name__} {len(encoded)};".encode())
    update(encoded)
