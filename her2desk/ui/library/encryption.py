"""Encrypting the library and making it plain again: work that needs it closed."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from her2desk.domain.progress import Progress
from her2desk.texts import Message, msgn, tr
from her2desk.ui.between_windows import BetweenWindows


class Change(Enum):
    """What is to be done with the library's passphrase."""

    ENCRYPT = "encrypt"
    PASSPHRASE = "passphrase"
    DECRYPT = "decrypt"


@dataclass(frozen=True)
class Typed:
    """The present passphrase and the new one; empty where it is not asked for."""

    old: str
    new: str


def encrypting(folder: Path, typed: Typed) -> BetweenWindows:
    """Encrypt the library in ``folder``."""

    def work(progress: Progress) -> Message:
        from her2desk.store.vault_converting import encrypt_library

        found = encrypt_library(folder, typed.new, progress)
        return msgn("Encrypted {n} case.", "Encrypted {n} cases.", found.cases)

    return BetweenWindows(tr("Encrypting the library"), work)


def decrypting(folder: Path, typed: Typed) -> BetweenWindows:
    """Make the library in ``folder`` a plain one again."""

    def work(progress: Progress) -> Message:
        from her2desk.store.vault_converting import decrypt_library

        found = decrypt_library(folder, typed.old, progress)
        return msgn(
            "The library is no longer encrypted: {n} case.",
            "The library is no longer encrypted: {n} cases.",
            found.cases,
        )

    return BetweenWindows(tr("Making the library plain again"), work)
