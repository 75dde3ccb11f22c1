"""Who vouches for a pack: an Ed25519 signature (RFC 8032) over its ``SHA256SUMS``.

The signature and the public key that it is checked with lie outside the digest, so signing changes
no hash that anyone has noted. That the key fits says only that its owner signed; whose key it is
says the trust store. Keys are PEM files that OpenSSL reads and writes too: the private one PKCS #8,
the public one SubjectPublicKeyInfo (RFC 8410).
"""

import hashlib
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from her2desk.errors import InputRefused, PackRefused, unwritable
from her2desk.packs.archive import SIGNATURE, SIGNER, Archive, read_archive, write_archive
from her2desk.texts import Message, msg

OWNER_ONLY = 0o600
PUBLIC = 0o644
PUBLIC_SUFFIX = ".pub"
_PRIVATE_MARK = b"PRIVATE KEY-----"
_NO_KEY = (ValueError, TypeError, UnsupportedAlgorithm)


class SignatureState(StrEnum):
    """What a pack's signature says about one key; a damaged signature counts as another's."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    OTHER_KEY = "other-key"


def write_new_key(path: Path, passphrase: bytes | None = None) -> tuple[Path, Ed25519PublicKey]:
    """Make a key pair: the private key at ``path``, for its owner alone, the public one beside it.

    Returns the path of the public key (``path`` with ".pub" added) and the key. Raises
    ``InputRefused`` where either file is there already (``key-exists``) or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    locked: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        locked = BestAvailableEncryption(passphrase)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    public = public_pem(key.public_key())
    beside = path.with_name(path.name + PUBLIC_SUFFIX)
    if beside.exists():
        raise _exists(beside)
    _write_new(path, private, OWNER_ONLY)
    try:
        _write_new(beside, public, PUBLIC)
    except InputRefused:
        path.unlink()  # half a pair would be in the way of the next try
        raise
    return beside, key.public_key()


def read_private_key(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """The key that signs; ``InputRefused`` codes: ``key-unreadable``, ``key-kind``, ``key-passphrase``."""
    content = _content(path)
    if _PRIVATE_MARK not in content:
        raise _wrong_kind(path, msg("Give the private key that her2desk pack keygen wrote."))
    is_locked = b"ENCRYPTED" in content
    try:
        key = load_pem_private_key(content, passphrase if is_locked else None)
    except _NO_KEY as error:
        if is_locked:
            raise InputRefused(
                msg("The key {name} does not open with this passphrase.", name=path.name),
                msg("Put the passphrase into a variable and name it with --passphrase-env."),
                code="key-passphrase",
            ) from error
        raise _wrong_kind(path, msg("Give a key that her2desk pack keygen wrote.")) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _wrong_kind(path, msg("Give an Ed25519 key, as her2desk pack keygen writes it."))
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The key that checks; raises ``InputRefused`` (``key-unreadable``, ``key-kind``)."""
    content = _content(path)
    if _PRIVATE_MARK in content:
        raise InputRefused(
            msg("{name} is a private key; checking takes the public one.", name=path.name),
            msg("Give the file that ends in .pub, and share only that one."),
            code="key-kind",
        )
    try:
        key = load_pem_public_key(content)
    except _NO_KEY as error:
        raise _wrong_kind(path, msg("Give the .pub file that belongs to the signer.")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _wrong_kind(path, msg("Give an Ed25519 key, as her2desk pack keygen writes it."))
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key as keygen and packs write it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_key_of(pem: bytes) -> Ed25519PublicKey:
    """The key that ``public_pem`` wrote; raises ``ValueError`` for anything else."""
    try:
        key = load_pem_public_key(pem)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("no public key") from error
    if not isinstance(key, Ed25519PublicKey) or public_pem(key) != pem:
        raise ValueError("another kind of key")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the SubjectPublicKeyInfo (DER), to compare by eye or by telephone."""
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()


def signed_members(members: Mapping[str, bytes], key: Ed25519PrivateKey) -> dict[str, bytes]:
    """``members`` of a pack with the signature of ``key`` and its public key, to write."""
    signature = key.sign(Archive("", members).sums)
    return {**members, SIGNATURE: signature, SIGNER: public_pem(key.public_key())}


def sign_pack(path: Path, key: Ed25519PrivateKey) -> str:
    """Sign the pack in place, replacing any signature, and return its digest, which stays the same.

    Raises ``PackRefused`` where the pack is not whole or cannot be written.
    """
    return write_archive(path, signed_members(read_archive(path).members, key))


def signer_of(archive: Archive) -> Ed25519PublicKey | None:
    """The key that the pack carries and that truly signed it; None where it carries none.

    Raises ``PackRefused`` (``pack-signature``) for a key that is none, that signed nothing, or that
    did not sign this pack.
    """
    if archive.signer is None:
        return None
    try:
        key = public_key_of(archive.signer)
    except ValueError as error:
        raise _damaged_signature() from error
    if signature_state(archive, key) is not SignatureState.SIGNED:
        raise _damaged_signature()
    return key


def signature_state(archive: Archive, key: Ed25519PublicKey) -> SignatureState:
    """Whether the owner of ``key`` signed exactly this pack."""
    if archive.signature is None:
        return SignatureState.UNSIGNED
    try:
        key.verify(archive.signature, archive.sums)
    except InvalidSignature:
        return SignatureState.OTHER_KEY
    return SignatureState.SIGNED


def _damaged_signature() -> PackRefused:
    return PackRefused(
        msg("The pack's signature does not belong to it: the pack or the signature was changed."),
        msg("Get the pack again from whoever signed it; do not use this copy."),
        code="pack-signature",
    )


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise unwritable(path) from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputRefused(
            msg("The key {name} cannot be read.", name=path.name),
            msg("Check that the file is there and that you may read it."),
            code="key-unreadable",
        ) from error


def _exists(path: Path) -> InputRefused:
    return InputRefused(
        msg("{name} is there already; a key is never overwritten.", name=path.name),
        msg("Choose another name, or move the old key away."),
        code="key-exists",
    )


def _wrong_kind(path: Path, remedy: Message) -> InputRefused:
    return InputRefused(
        msg("{name} is not the kind of key that is needed here.", name=path.name),
        remedy,
        code="key-kind",
    )
