"""Whose signature is worth something here."""

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.errors import InputRefused, PackRefused, StoreRefused
from her2desk.packs import trust as trust_module
from her2desk.packs.archive import Archive, read_archive
from her2desk.packs.shelf import PackShelf
from her2desk.packs.signing import fingerprint, signed_members
from her2desk.packs.trust import How, PackTrust, Standing, TrustStore, grouped, shipped_digest
from her2desk.paths import demo_pack_path
from tests.pack_samples import version_members, write_version

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "home" / "signers.json", lambda: NOON)


def archive_of(key: Ed25519PrivateKey | None, version: str = "1.0") -> Archive:
    members = version_members(version)
    if key is None:
        return Archive("digest of " + version, members)
    whole = signed_members(members, key)
    return Archive("digest of " + version, members, whole["signature"], whole["signer.pub"])


def without_key(archive: Archive) -> Archive:
    """As packs were signed that do not carry the key."""
    return replace(archive, signer=None)


def test_the_first_pack_of_a_signer_asks_and_the_next_does_not(store: TrustStore) -> None:
    first = store.judge(archive_of(KEY))
    assert first.standing is Standing.UNKNOWN
    assert first.asks
    assert first.fingerprint == fingerprint(KEY.public_key())
    signer = store.trust(KEY.public_key(), " Ward 3 ", How.FIRST_USE)
    assert (signer.name, signer.since_utc) == ("Ward 3", "2026-03-01T12:00:00+00:00")
    for version in ("1.0", "2.0"):
        trust = store.judge(archive_of(KEY, version))
        assert (trust.standing, trust.signer) == (Standing.TRUSTED, "Ward 3")
        assert not trust.asks
        assert not trust.is_marked
        assert trust.mark is None
        assert trust.warning is None
    assert store.judge(archive_of(OTHER_KEY)).standing is Standing.UNKNOWN
    assert store.trusts(signer.fingerprint)
    assert not store.trusts(fingerprint(OTHER_KEY.public_key()))


def test_a_blocked_signers_pack_is_refused_until_trusted_again(store: TrustStore) -> None:
    store.block(KEY.public_key(), "Mallory", How.COMMAND)
    for archive in (archive_of(KEY), without_key(archive_of(KEY))):
        trust = store.judge(archive)
        assert trust.standing is Standing.BLOCKED
        assert not trust.asks
        with pytest.raises(PackRefused, match="Mallory, whom you have blocked") as refused:
            trust.require()
        assert refused.value.code == "pack-signer-blocked"
    assert not store.trusts(fingerprint(KEY.public_key()))
    store.trust_known("Mallory")
    store.judge(archive_of(KEY)).require()
    store.block_known(fingerprint(KEY.public_key())[:12].upper())
    assert store.judge(archive_of(KEY)).standing is Standing.BLOCKED


def test_an_unsigned_pack_is_asked_about_once_and_marked_for_ever(store: TrustStore) -> None:
    trust = store.judge(archive_of(None))
    assert (trust.standing, trust.asks, trust.is_marked) == (Standing.UNSIGNED, True, True)
    store.accept("digest of 1.0")
    trust = store.judge(archive_of(None))
    assert (trust.asks, trust.is_marked) == (False, True)
    assert trust.mark is not None
    assert trust.mark.text() == "Not signed"
    assert trust.warning is not None
    assert trust.warning.code == "pack-unsigned"
    assert store.judge(archive_of(None, "1.1")).asks


def test_a_signature_without_its_key_is_checked_with_every_known_one(store: TrustStore) -> None:
    archive = without_key(archive_of(KEY))
    trust = store.judge(archive)
    assert (trust.standing, trust.fingerprint) == (Standing.UNKNOWN, None)
    assert trust.warning is not None
    assert trust.warning.code == "pack-signer-unknown"
    assert "does not say with which key" in trust.sentence.text()
    store.trust(OTHER_KEY.public_key(), "Another", How.COMMAND)
    assert store.judge(archive).standing is Standing.UNKNOWN
    store.trust(KEY.public_key(), "Ward 3", How.COMMAND)
    assert store.judge(archive).standing is Standing.TRUSTED


def test_the_demo_pack_came_with_the_program(store: TrustStore) -> None:
    trust = store.judge(read_archive(demo_pack_path()))
    assert trust.standing is Standing.SHIPPED
    assert not trust.asks
    assert not trust.is_marked
    assert not store.file.exists()


def test_without_a_demo_pack_nothing_is_the_programs_own(
    store: TrustStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = read_archive(demo_pack_path())
    shipped_digest.cache_clear()
    monkeypatch.setattr(trust_module, "demo_pack_path", lambda: tmp_path / "absent.h2pack")
    try:
        assert store.judge(demo).standing is Standing.UNSIGNED
    finally:
        shipped_digest.cache_clear()


def test_a_kept_pack_is_judged_as_the_pack_itself(store: TrustStore, tmp_path: Path) -> None:
    shelf = PackShelf(tmp_path / "packs")
    store.trust(KEY.public_key(), "Ward 3", How.COMMAND)
    files = [
        write_version(tmp_path / "a.h2pack", "1.0", KEY),
        write_version(tmp_path / "b.h2pack", "1.1", OTHER_KEY),
        write_version(tmp_path / "c.h2pack", "1.2"),
        demo_pack_path(),
    ]
    for file in files:
        kept = shelf.keep(file)
        assert store.judge_kept(kept) == store.judge(shelf.open(kept.digest).archive)


def test_signers_are_listed_by_name_and_forgotten_by_name(store: TrustStore) -> None:
    store.trust(KEY.public_key(), "ward 3", How.COMMAND)
    store.block(OTHER_KEY.public_key(), "Mallory", How.COMMAND)
    assert [signer.name for signer in store.signers()] == ["Mallory", "ward 3"]
    store.remove("Mallory")
    store.remove(grouped(fingerprint(KEY.public_key())).replace("\n", " "))
    assert store.signers() == ()
    assert store.judge(archive_of(KEY)).standing is Standing.UNKNOWN


def test_a_name_that_two_signers_share_names_neither(store: TrustStore) -> None:
    store.trust(KEY.public_key(), "Ward", How.COMMAND)
    store.trust(OTHER_KEY.public_key(), "Ward", How.COMMAND)
    for who in ("Ward", "Nobody", fingerprint(KEY.public_key())[:4], ""):
        with pytest.raises(InputRefused) as refused:
            store.find(who)
        assert refused.value.code == "signer-unknown"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "Ward \u202e3", "x" * 81])
def test_a_name_that_could_mislead_is_refused(store: TrustStore, name: str) -> None:
    with pytest.raises(InputRefused) as refused:
        store.trust(KEY.public_key(), name, How.COMMAND)
    assert refused.value.code == "signer-name"
    assert not store.file.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_the_list_is_its_owners_alone(store: TrustStore) -> None:
    store.trust(KEY.public_key(), "Ward", How.COMMAND)
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.file.parent.stat().st_mode) == 0o700


def broken(change: object) -> bytes:
    key = KEY.public_key()
    signer = {
        "fingerprint": fingerprint(key),
        "name": "Ward",
        "since_utc": "2026-03-01T12:00:00+00:00",
        "how": "command",
        "key": "-----BEGIN PUBLIC KEY-----",
        "is_blocked": True,
    }
    document = {"schema_version": 1, "signers": [signer], "packs": []}
    document.update(change)  # type: ignore[call-overload]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"\xff",
        broken({}),  # a key that is none
        broken({"schema_version": 2}),
        broken({"signers": [{}]}),
        broken({"signers": 7}),
    ],
)
def test_a_list_that_cannot_be_read_trusts_nobody_and_says_so(
    store: TrustStore, content: bytes
) -> None:
    """A block that cannot be read would be no block."""
    store.file.parent.mkdir()
    store.file.write_bytes(content)
    for call in (
        lambda: store.judge(archive_of(None)),
        store.signers,
        lambda: store.trust(KEY.public_key(), "Ward", How.COMMAND),
    ):
        with pytest.raises(StoreRefused) as refused:
            call()
        assert refused.value.code == "signers-unreadable"
    assert store.file.read_bytes() == content


def test_a_fingerprint_of_another_key_is_noticed(store: TrustStore) -> None:
    store.trust(KEY.public_key(), "Ward", How.COMMAND)
    text = store.file.read_text()
    store.file.write_text(
        text.replace(fingerprint(KEY.public_key()), fingerprint(OTHER_KEY.public_key()))
    )
    with pytest.raises(StoreRefused):
        store.signers()


def test_a_list_that_cannot_be_written_is_a_sentence(store: TrustStore, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    blocked = TrustStore(tmp_path / "home" / "deeper" / "signers.json")
    with pytest.raises(StoreRefused) as refused:
        blocked.trust(KEY.public_key(), "Ward", How.COMMAND)
    assert refused.value.code in ("signers-unreadable", "signers-unwritable")


def test_a_full_disk_is_a_sentence_and_the_old_list_stays(
    store: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.block(KEY.public_key(), "Mallory", How.COMMAND)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreRefused) as refused:
            store.remove("Mallory")
        assert refused.value.code == "signers-unwritable"
    assert store.judge(archive_of(KEY)).standing is Standing.BLOCKED


def test_a_fingerprint_is_shown_in_groups_of_four() -> None:
    shown = grouped("0123456789abcdef" * 4)
    assert shown.splitlines() == ["0123 4567 89ab cdef 0123 4567 89ab cdef"] * 2


@pytest.mark.parametrize("standing", list(Standing))
def test_every_standing_has_its_words(standing: Standing) -> None:
    trust = PackTrust(standing, "ab", "cd" * 32, "Ward 3", is_signed=True)
    assert trust.sentence.text().endswith(".")
    assert (trust.mark is not None) is trust.is_marked
    assert trust.to_json() == {
        "standing": str(standing),
        "fingerprint": "cd" * 32,
        "signer": "Ward 3",
        "message": trust.sentence.text(),
    }
