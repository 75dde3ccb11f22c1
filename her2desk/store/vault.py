"""The keys of an encrypted library: ``vault.age`` in its folder, locked with a passphrase.

The passphrase opens the vault and nothing else, so that another passphrase is a matter of this one
small file. age works it out with scrypt, which takes a second and hundreds of megabytes on purpose; that
happens in a process of its own, as the window would stand still otherwise.
"""

import json
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from her2desk.errors import InputRefused, StoreRefused
from her2desk.private_files import write_private
from her2desk.store.sqlite_access import DatabaseKey
from her2desk.store.vault_sealing import AgeSealing, age
from her2desk.texts import msg

VAULT_NAME = "vault.age"
VERSION = 1
SHORTEST = 15  # NIST SP 800-63B-4, 3.1.1.2: a password that is the only factor
LARGEST_BYTES = 1 << 16

T = TypeVar("T")

_KEY_BYTES = 32
_PLAIN_START = b"SQLite format 3\0"
_WRONG = "Decryption failed"  # age's word where the passphrase does not open the first lock


@dataclass(frozen=True)
class Vault:
    """An opened vault: the key of the database and that of the files, shown by nothing."""

    database_key: DatabaseKey
    identity: str = field(repr=False)

    def sealing(self) -> AgeSealing:
        """How the library's files are written and read."""
        return AgeSealing(self.identity)


def is_encrypted(folder: Path) -> bool:
    """Whether the library in ``folder`` needs a passphrase."""
    return (folder / VAULT_NAME).is_file()


def looks_encrypted(database: Path) -> bool:
    """Whether the database begins as no plain one does."""
    try:
        with database.open("rb") as file:
            start = file.read(len(_PLAIN_START))
    except OSError:
        return False
    return bool(start) and start != _PLAIN_START


def new_vault() -> Vault:
    """Keys that nobody has used."""
    identity = age().x25519.Identity.generate()
    return Vault(DatabaseKey(secrets.token_hex(_KEY_BYTES)), str(identity))


def check_passphrase(passphrase: str) -> None:
    """Raise ``InputRefused`` unless a new passphrase is long enough; no other rule is asked of it."""
    if len(normal(passphrase)) < SHORTEST:
        raise InputRefused(
            msg("The passphrase is too short: it needs {n} characters or more.", n=SHORTEST),
            msg("Take four or five words that nobody would put together, with blanks between."),
            code="passphrase-short",
        )


def normal(passphrase: str) -> str:
    """The same passphrase typed on another system: one form of each letter (Unicode's NFKC)."""
    return unicodedata.normalize("NFKC", passphrase)


def unlock_vault(folder: Path, passphrase: str) -> Vault:
    """Open the vault of the library in ``folder``; takes a second or more, other threads run on.

    Raises ``StoreRefused`` when the passphrase is wrong, the vault is damaged or of a later version.
    """
    return unlocked(read_vault(folder), passphrase)


def read_vault(folder: Path) -> bytes:
    """The locked vault; raises ``StoreRefused`` when it cannot be read."""
    try:
        with (folder / VAULT_NAME).open("rb") as file:
            return file.read(LARGEST_BYTES)
    except OSError as error:
        raise StoreRefused(
            msg("The library's {name}, which holds its keys, cannot be read.", name=VAULT_NAME),
            msg("Check that its disk is connected, or put the file back from a backup."),
            code="vault-unreadable",
        ) from error


def unlocked(locked: bytes, passphrase: str) -> Vault:
    """What is in a locked vault; raises as ``unlock_vault`` does."""
    return apart(_open, locked, normal(passphrase))


def locked(vault: Vault, passphrase: str) -> bytes:
    """The vault locked with a new passphrase, and proven to open with it.

    Raises ``InputRefused`` for a passphrase that is too short.
    """
    check_passphrase(passphrase)
    return apart(_close, vault, normal(passphrase))


def change_passphrase(folder: Path, old: str, new: str) -> None:
    """Lock the vault in ``folder`` with another passphrase; the library may be in use meanwhile.

    Only the vault is written, whole or not at all: the keys in it stay, so a backup made before
    still opens with the passphrase that it had. Raises ``StoreRefused`` as ``unlock_vault`` does or
    where it cannot be written, ``InputRefused`` for a new passphrase that is too short; the old one
    holds then.
    """
    check_passphrase(new)
    content = locked(unlock_vault(folder, old), new)
    try:
        write_private(folder / VAULT_NAME, content)
    except OSError as error:
        raise StoreRefused(
            msg("The new passphrase could not be saved; the old one holds."),
            msg("Check that you may write to the library's folder and that its disk has room."),
            code="store-unwritable",
        ) from error


def passphrase_needed() -> StoreRefused:
    """The refusal of an encrypted library that nobody unlocked."""
    return StoreRefused(
        msg("This library is encrypted; it opens with its passphrase only."),
        msg(
            "Type it where you are asked, or name a file that holds it: her2desk --passphrase-file"
            " FILE …"
        ),
        code="passphrase-needed",
    )


def vault_missing() -> StoreRefused:
    """The refusal of a database that nothing here opens."""
    return StoreRefused(
        msg(
            "The library's database is damaged, or it is encrypted and {name}, which holds its keys,"
            " is not there.",
            name=VAULT_NAME,
        ),
        msg("Put {name} back from a backup, or restore the library from one.", name=VAULT_NAME),
        code="store-damaged",
    )


def apart(work: Callable[..., T], *arguments: object) -> T:
    """Do the work in a process of its own; what it is given and gives goes through pipes."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(work, *arguments).result()
        except BrokenProcessPool as error:
            raise StoreRefused(
                msg("The passphrase could not be tried: the process that does so ended."),
                msg("Close other programs, as it needs up to 1 GB of memory, and try again."),
                code="vault-no-memory",
            ) from error


def _open(content: bytes, passphrase: str) -> Vault:
    library = age()
    try:
        plain = library.passphrase.decrypt(content, passphrase)
    except library.DecryptError as error:
        raise (_wrong() if str(error) == _WRONG else _damaged()) from None
    try:
        said = json.loads(plain)
        version = said["version"]
        if version == VERSION:
            return _vault(said["database_key"], said["identity"])
    except (ValueError, LookupError, TypeError, library.IdentityError) as error:
        raise _damaged() from error
    raise StoreRefused(
        msg("This library was encrypted by a newer version of Her2Desk."),
        msg("Open it with that version, or choose another library folder."),
        code="vault-newer",
    )


def _vault(database_key: str, identity: str) -> Vault:
    if len(bytes.fromhex(database_key)) != _KEY_BYTES:
        raise ValueError("the key has another length")
    vault = Vault(DatabaseKey(database_key), identity)
    vault.sealing()
    return vault


def _close(vault: Vault, passphrase: str) -> bytes:
    said = {
        "version": VERSION,
        "database_key": vault.database_key.hexadecimal,
        "identity": vault.identity,
    }
    content = _lock(json.dumps(said).encode(), passphrase)
    if _open(content, passphrase) != vault:
        raise _damaged()
    return content


def _lock(content: bytes, passphrase: str) -> bytes:
    locked: bytes = age().passphrase.encrypt(content, passphrase)
    return locked


def _wrong() -> StoreRefused:
    return StoreRefused(
        msg("The passphrase does not open this library."),
        msg("Type it again; mind capital letters and the language of the keyboard."),
        code="passphrase-wrong",
    )


def _damaged() -> StoreRefused:
    return StoreRefused(
        msg("The library's {name}, which holds its keys, is damaged.", name=VAULT_NAME),
        msg("Put the file back from a backup; nothing else opens the library."),
        code="vault-damaged",
    )
