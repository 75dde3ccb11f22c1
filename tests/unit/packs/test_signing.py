"""Signing a pack: RFC 8032's own example, one key against another, and keys that are none."""

import hashlib
import os
import stat
import subprocess
from pathlib import Path
from shutil import which

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from her2desk.errors import InputRefused, PackRefused
from her2desk.packs.archive import SIGNATURE, SIGNER, Archive, read_archive, write_archive
from her2desk.packs.signing import (
    SignatureState,
    fingerprint,
    public_pem,
    read_private_key,
    read_public_key,
    sign_pack,
    signature_state,
    signed_members,
    signer_of,
    write_new_key,
)

MEMBERS = {"manifest.json": b"{}", "card.md": b"# Card\n", "networks/cnn.safetensors": bytes(99)}

# RFC 8032, section 7.1, TEST 2: secret key, public key, message, signature
RFC_SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
RFC_PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC_MESSAGE = b"\x72"
RFC_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "p.h2pack"
    write_archive(path, MEMBERS)
    return path


class Sealed(Archive):
    """An archive whose list is RFC 8032's one-byte message."""

    @property
    def sums(self) -> bytes:
        return RFC_MESSAGE


def test_the_signature_is_rfc_8032s() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_SECRET))
    public = key.public_key()
    assert key.sign(RFC_MESSAGE).hex() == RFC_SIGNATURE
    assert public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex() == RFC_PUBLIC
    # RFC 8410, section 4: the SubjectPublicKeyInfo is this prefix and the 32 bytes
    info = bytes.fromhex("302a300506032b6570032100" + RFC_PUBLIC)
    assert fingerprint(public) == hashlib.sha256(info).hexdigest()
    sealed = Sealed("", {}, bytes.fromhex(RFC_SIGNATURE))
    assert signature_state(sealed, public) is SignatureState.SIGNED


def test_signing_keeps_the_digest_and_every_member(pack: Path) -> None:
    before = read_archive(pack)
    key = Ed25519PrivateKey.generate()
    assert signature_state(before, key.public_key()) is SignatureState.UNSIGNED
    assert sign_pack(pack, key) == before.digest
    after = read_archive(pack)
    assert (after.digest, after.members) == (before.digest, before.members)
    assert after.signature is not None
    assert len(after.signature) == 64
    assert signature_state(after, key.public_key()) is SignatureState.SIGNED


def test_signing_again_gives_the_same_file_and_another_key_takes_its_place(pack: Path) -> None:
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    sign_pack(pack, first)
    once = pack.read_bytes()
    sign_pack(pack, first)
    assert pack.read_bytes() == once
    sign_pack(pack, second)
    archive = read_archive(pack)
    assert signature_state(archive, first.public_key()) is SignatureState.OTHER_KEY
    assert signature_state(archive, second.public_key()) is SignatureState.SIGNED


def test_a_signature_does_not_fit_another_pack(pack: Path, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    sign_pack(pack, key)
    signature = read_archive(pack).signature
    assert signature is not None
    other = tmp_path / "other.h2pack"
    write_archive(other, {**MEMBERS, "card.md": b"# Another\n", SIGNATURE: signature})
    assert signature_state(read_archive(other), key.public_key()) is SignatureState.OTHER_KEY


@pytest.mark.parametrize("bit", [0, 255, 256, 511])
def test_one_changed_bit_is_no_signature(pack: Path, bit: int) -> None:
    key = Ed25519PrivateKey.generate()
    sign_pack(pack, key)
    archive = read_archive(pack)
    assert archive.signature is not None
    changed = bytearray(archive.signature)
    changed[bit // 8] ^= 1 << bit % 8
    forged = Archive(archive.digest, archive.members, bytes(changed))
    assert signature_state(forged, key.public_key()) is SignatureState.OTHER_KEY


def test_a_damaged_pack_is_not_signed(pack: Path) -> None:
    damaged = pack.read_bytes().replace(b"# Card", b"# Cart")
    pack.write_bytes(damaged)
    with pytest.raises(PackRefused):
        sign_pack(pack, Ed25519PrivateKey.generate())
    assert pack.read_bytes() == damaged


@pytest.mark.parametrize("passphrase", [None, b"a long sentence"])
def test_a_new_key_signs_and_its_public_half_checks(
    pack: Path, tmp_path: Path, passphrase: bytes | None
) -> None:
    beside, public = write_new_key(tmp_path / "key", passphrase)
    assert beside == tmp_path / "key.pub"
    sign_pack(pack, read_private_key(tmp_path / "key", passphrase))
    read = read_public_key(beside)
    assert fingerprint(read) == fingerprint(public)
    assert signature_state(read_archive(pack), read) is SignatureState.SIGNED
    assert (b"ENCRYPTED" in (tmp_path / "key").read_bytes()) is (passphrase is not None)


def test_a_passphrase_for_a_key_without_one_is_no_obstacle(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key")
    assert read_private_key(tmp_path / "key", b"not needed")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("taken", ["key", "key.pub"])
def test_a_key_is_never_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    with pytest.raises(InputRefused) as refused:
        write_new_key(tmp_path / "key")
    assert refused.value.code == "key-exists"
    assert taken in refused.value.message.text()
    assert {p.name: p.read_text() for p in tmp_path.glob("key*")} == {taken: "precious"}


def test_a_folder_that_is_not_there_leaves_no_half_pair(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        write_new_key(tmp_path / "no" / "key")
    assert refused.value.code == "unwritable"


def test_half_a_pair_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full_disk(path: object, flags: int, mode: int) -> int:
        if str(path).endswith(".pub"):
            raise OSError(28, "No space left on device")
        return real(path, flags, mode)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", full_disk)
    with pytest.raises(InputRefused, match=r"key\.pub cannot be written"):
        write_new_key(tmp_path / "key")
    assert list(tmp_path.glob("key*")) == []


@pytest.mark.parametrize("given", [None, b"", b"wrong"])
def test_a_locked_key_needs_its_passphrase(tmp_path: Path, given: bytes | None) -> None:
    write_new_key(tmp_path / "key", b"right")
    with pytest.raises(InputRefused) as refused:
        read_private_key(tmp_path / "key", given)
    assert refused.value.code == "key-passphrase"


def curve_keys() -> tuple[bytes, bytes]:
    key = generate_private_key(SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, public


@pytest.mark.parametrize("kind", ["text", "torn", "other curve", "public"])
def test_what_is_no_signing_key_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key"
    beside, _ = write_new_key(path)
    contents = {
        "text": b"hello",
        "torn": path.read_bytes()[:60],
        "other curve": curve_keys()[0],
        "public": beside.read_bytes(),
    }
    path.write_bytes(contents[kind])
    with pytest.raises(InputRefused) as refused:
        read_private_key(path)
    assert refused.value.code == "key-kind"
    assert refused.value.remedy.text()


@pytest.mark.parametrize("kind", ["text", "torn", "other curve", "private"])
def test_what_is_no_checking_key_is_refused(tmp_path: Path, kind: str) -> None:
    beside, _ = write_new_key(tmp_path / "key")
    contents = {
        "text": b"hello",
        "torn": beside.read_bytes()[:60],
        "other curve": curve_keys()[1],
        "private": (tmp_path / "key").read_bytes(),
    }
    beside.write_bytes(contents[kind])
    with pytest.raises(InputRefused) as refused:
        read_public_key(beside)
    assert refused.value.code == "key-kind"
    if kind == "private":
        assert "share only that one" in refused.value.remedy.text()


@pytest.mark.parametrize("read", [read_private_key, read_public_key])
def test_a_key_that_is_not_there_is_named(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputRefused, match=r"gone\.pem cannot be read"):
        read(tmp_path / "gone.pem")


@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(pack: Path, tmp_path: Path) -> None:
    beside, _ = write_new_key(tmp_path / "key")
    sign_pack(pack, read_private_key(tmp_path / "key"))
    archive = read_archive(pack)
    assert archive.signature is not None
    (tmp_path / "sums").write_bytes(archive.sums)
    (tmp_path / "signature").write_bytes(archive.signature)
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(beside), "-rawin",
         "-in", str(tmp_path / "sums"), "-sigfile", str(tmp_path / "signature")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully")


def test_the_pack_carries_the_key_that_signed_it(pack: Path) -> None:
    assert signer_of(read_archive(pack)) is None
    key = Ed25519PrivateKey.generate()
    sign_pack(pack, key)
    archive = read_archive(pack)
    assert archive.signer == public_pem(key.public_key())
    signer = signer_of(archive)
    assert signer is not None
    assert fingerprint(signer) == fingerprint(key.public_key())


def forged_signers() -> dict[str, dict[str, bytes]]:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    whole = signed_members(MEMBERS, key)
    alike = whole[SIGNER].replace(b"\n-----END", b" -----END")  # OpenSSL reads it all the same
    return {
        "another's key": {**whole, SIGNER: public_pem(other.public_key())},
        "another's signature": {**whole, SIGNATURE: signed_members(MEMBERS, other)[SIGNATURE]},
        "another pack's signature": {
            **whole,
            SIGNATURE: signed_members({"card.md": b"x"}, key)[SIGNATURE],
        },
        "a key and no signature": {n: c for n, c in whole.items() if n != SIGNATURE},
        "no key": {**whole, SIGNER: b"?" * 113},
        "a key in another spelling": {**whole, SIGNER: alike},
        "a changed bit": {
            **whole,
            SIGNATURE: bytes([whole[SIGNATURE][0] ^ 1]) + whole[SIGNATURE][1:],
        },
    }


@pytest.mark.parametrize("how", forged_signers())
def test_a_key_that_did_not_sign_the_pack_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "forged.h2pack"
    write_archive(path, forged_signers()[how])
    with pytest.raises(PackRefused) as refused:
        signer_of(read_archive(path))
    assert refused.value.code == "pack-signature"
    assert refused.value.remedy.text()


@pytest.mark.parametrize("size", [0, 112, 114])
def test_a_key_of_another_size_is_refused_on_reading(tmp_path: Path, size: int) -> None:
    with pytest.raises(PackRefused) as refused:
        write_archive(tmp_path / "x.h2pack", {**MEMBERS, SIGNER: bytes(size)})
    assert refused.value.code == "pack-signature"
    assert "signer.pub" in refused.value.message.text()


@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
def test_the_fingerprint_can_be_worked_out_without_her2desk(tmp_path: Path) -> None:
    beside, public = write_new_key(tmp_path / "key")
    done = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(beside), "-outform", "DER"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert hashlib.sha256(done.stdout).hexdigest() == fingerprint(public)
