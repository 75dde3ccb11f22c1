"""Vaults that open at once: age files of the same format with little scrypt, locked in this process.

Written by the specification (https://age-encryption.org/v1) with ``cryptography``, so that the program's
reading of a vault is held against something that is not itself. Real vaults, which take a second
each, are in ``tests/unit/store/test_vault.py``.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from her2desk.store import vault

PASSPHRASE = "four words make sense"
_LOG_N = 1


def use_quick_vaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have vaults locked and opened at once until the test ends."""
    monkeypatch.setattr(vault, "_lock", locked_quickly)
    monkeypatch.setattr(vault, "apart", _here)


def locked_quickly(content: bytes, passphrase: str) -> bytes:
    """``content`` as an age file that ``passphrase`` opens."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    label = b"age-encryption.org/v1/scrypt" + salt
    wrapping = hashlib.scrypt(passphrase.encode(), salt=label, n=2**_LOG_N, r=8, p=1, dklen=32)
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    stanza = b"-> scrypt %b %d\n%b\n---" % (_base64(salt), _LOG_N, _base64(wrapped))
    header = b"age-encryption.org/v1\n" + stanza
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    last_chunk = bytes(11) + b"\x01"
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    return header + b" " + _base64(mac) + b"\n" + nonce + payload.encrypt(last_chunk, content, None)


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _base64(content: bytes) -> bytes:
    return base64.b64encode(content).rstrip(b"=")


def _here(work: Callable[..., Any], *arguments: object) -> Any:
    return work(*arguments)
