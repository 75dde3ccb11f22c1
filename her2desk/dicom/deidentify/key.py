"""The project's secret key, and the pseudonyms that only its holder can work out again.

All are HMAC-SHA256 (RFC 2104) of what is replaced, under a label of their own, so that the same
patient, study or file gets the same pseudonym in every run with the same key.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from her2desk.errors import InputRefused, StoreRefused
from her2desk.texts import msg

KEY_BYTES = 32
KEY_FOLDER, KEY_NAME = "deidentify", "project.key"
PATIENT_PREFIX = "H2D-"
PATIENT_CHARACTERS = 16  # base 32: 80 bits
NAME_CHARACTERS = 12  # hexadecimal: 48 bits, unique within a patient's folder
MAX_SHIFT_DAYS = 3652  # ten years
_FORM = re.compile(r"[0-9a-f]{64}\s*")


class ProjectKey:
    """Makes pseudonyms; the secret itself is neither shown nor returned."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "ProjectKey(…)"

    @property
    def fingerprint(self) -> str:
        """By which two runs can be seen to have used the same key; it does not give the key away."""
        return self._digest("fingerprint", "").hex()[:NAME_CHARACTERS]

    def patient(self, identity: str) -> str:
        """The pseudonym of a patient, at most 64 characters, letters and digits after a prefix."""
        code = base64.b32encode(self._digest("patient", identity)).decode("ascii")
        return PATIENT_PREFIX + code[:PATIENT_CHARACTERS]

    def uid(self, uid: str) -> str:
        """The UID in the place of ``uid``: root 2.25 and a UUID of version 8 (PS3.5 B.2, RFC 9562)."""
        number = int.from_bytes(self._digest("uid", uid)[:16], "big")
        number = number & ~(0xF << 76) | (8 << 76)
        number = number & ~(0b11 << 62) | (0b10 << 62)
        return f"2.25.{number}"

    def file_name(self, uid: str) -> str:
        """A short name for what has this UID."""
        return self._digest("name", uid).hex()[:NAME_CHARACTERS]

    def days(self, identity: str) -> int:
        """By how many days a patient's dates are moved: -1 to -3652, the same for all of them."""
        number = int.from_bytes(self._digest("days", identity)[:8], "big")
        return -(1 + number % MAX_SHIFT_DAYS)

    def _digest(self, label: str, value: str) -> bytes:
        message = f"{label}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).digest()


def key_path(library_dir: Path) -> Path:
    """Where the library keeps its key."""
    return library_dir / KEY_FOLDER / KEY_NAME


def load_key(path: Path) -> ProjectKey:
    """The key in a file; raises ``InputRefused`` (``key-unreadable``)."""
    try:
        with path.open(encoding="ascii", errors="replace") as stream:
            text = stream.read(2 * KEY_BYTES + 3)
    except OSError as error:
        raise InputRefused(
            msg("The key file cannot be read: {reason}.", reason=error.strerror or str(error)),
            msg("Give the key that the project began with, or none to use this library's own."),
            code="key-unreadable",
        ) from error
    if not _FORM.fullmatch(text):
        raise InputRefused(
            msg("This is not a key of Her2Desk: a key is 64 hexadecimal digits."),
            msg("Give the key that the project began with."),
            code="key-unreadable",
        )
    return ProjectKey(bytes.fromhex(text.strip()))


def library_key(library_dir: Path) -> ProjectKey:
    """The library's own key, made at first use and readable by its owner alone (0600).

    Raises ``StoreRefused`` where it cannot be written, ``InputRefused`` where it cannot be read.
    """
    path = key_path(library_dir)
    if not path.exists():
        _make_key(path)
    return load_key(path)


def _make_key(path: Path) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(KEY_BYTES) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        _put_in_place(temporary, path)
    except OSError as error:
        raise StoreRefused(
            msg("The project's key could not be saved."),
            msg("Check that you may write to {folder}.", folder=path.parent),
            code="key-unwritable",
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _put_in_place(temporary: Path, path: Path) -> None:
    """Give the key its name unless another process was first: then that one's key holds."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            temporary.replace(path)
