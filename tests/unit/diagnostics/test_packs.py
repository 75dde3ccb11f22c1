"""The demo pack and the kept packs: whole, the same, and whose."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.diagnostics.packs import demo_pack_check, kept_packs_check
from her2desk.errors import StoreRefused
from her2desk.packs.archive import SIGNATURE, SIGNER, write_archive
from her2desk.packs.shelf import PackShelf
from her2desk.packs.signing import signed_members
from her2desk.packs.trust import How, TrustStore
from her2desk.paths import demo_pack_path
from tests.pack_samples import version_members, write_version

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "signers.json")


@pytest.fixture
def shelf(tmp_path: Path) -> PackShelf:
    return PackShelf(tmp_path / "packs")


class TestDemoPack:
    def test_is_named_with_its_digest(self) -> None:
        check = demo_pack_check(demo_pack_path())
        assert check.ok
        assert "Phantom demo" in check.message.text()
        assert "SHA-256" in check.message.text()

    def test_that_is_torn_or_changed_is_a_problem(self, tmp_path: Path) -> None:
        torn = tmp_path / "torn.h2pack"
        whole = bytearray(demo_pack_path().read_bytes())
        for damaged in (b"PK torn", bytes(whole[: len(whole) // 2]), _flipped(whole)):
            torn.write_bytes(damaged)
            check = demo_pack_check(torn)
            assert not check.ok
            assert "Install Her2Desk again" in check.remedy.text()


class TestKeptPacks:
    def test_of_a_new_library(self, tmp_path: Path, store: TrustStore) -> None:
        check = kept_packs_check(tmp_path, store)
        assert check.ok
        assert "no packs yet" in check.message.text()

    def test_of_a_signer_whom_the_user_trusts(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        shelf.keep(demo_pack_path())
        shelf.keep(write_version(tmp_path / "a.h2pack", "1.9", KEY))
        store.trust(KEY.public_key(), "Ward 3", How.COMMAND)
        before = {path: path.read_bytes() for path in (tmp_path / "packs").iterdir()}
        check = kept_packs_check(tmp_path, store)
        assert (check.ok, check.message.text()) == (True, "2 packs are whole.")
        assert not check.remedy.text()
        assert {path: path.read_bytes() for path in (tmp_path / "packs").iterdir()} == before

    def test_unsigned_or_of_a_stranger_are_advice(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        shelf.keep(write_version(tmp_path / "a.h2pack", "1.9"))
        shelf.keep(write_version(tmp_path / "b.h2pack", "2.0", KEY))
        check = kept_packs_check(tmp_path, store)
        assert check.ok
        assert "2 of them" in check.remedy.text()
        assert "Ward pack 1.9" in check.remedy.text()
        assert "Ward pack 2.0" in check.remedy.text()

    def test_of_a_blocked_signer_are_a_problem(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        shelf.keep(write_version(tmp_path / "a.h2pack", "1.9", KEY))
        store.block(KEY.public_key(), "Ward 3", How.COMMAND)
        check = kept_packs_check(tmp_path, store)
        assert not check.ok
        assert "blocked" in check.message.text()

    def test_altered_since_are_a_problem(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        kept = shelf.keep(write_version(tmp_path / "a.h2pack", "1.9", KEY))
        kept.path.write_bytes(_flipped(bytearray(kept.path.read_bytes())))
        check = kept_packs_check(tmp_path, store)
        assert not check.ok
        assert "1 of the packs" in check.message.text()
        assert "backup" in check.remedy.text()

    def test_exchanged_for_another_are_a_problem(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        kept = shelf.keep(write_version(tmp_path / "a.h2pack", "1.9"))
        write_version(kept.path, "6.6")
        assert "exchanged" in kept_packs_check(tmp_path, store).message.text()

    def test_with_a_signature_of_another_pack_are_a_problem(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        kept = shelf.keep(write_version(tmp_path / "a.h2pack", "1.9", KEY))
        foreign = signed_members(version_members("6.6"), KEY)
        false = {SIGNATURE: foreign[SIGNATURE], SIGNER: foreign[SIGNER]}
        write_archive(kept.path, version_members("1.9") | false)
        assert not kept_packs_check(tmp_path, store).ok

    def test_a_list_of_signers_that_cannot_be_read_is_told(
        self, tmp_path: Path, shelf: PackShelf, store: TrustStore
    ) -> None:
        shelf.keep(write_version(tmp_path / "a.h2pack", "1.9"))
        store.file.write_text("{")
        with pytest.raises(StoreRefused):
            kept_packs_check(tmp_path, store)


def _flipped(content: bytearray) -> bytes:
    """With one bit of its middle turned."""
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)
