"""The keys of an encrypted library open with its passphrase, and with nothing else."""

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from her2desk.errors import InputRefused, StoreRefused
from her2desk.store import vault, vault_sealing
from her2desk.store.opening import open_library
from her2desk.store.sqlite_access import DatabaseKey
from her2desk.store.vault import (
    VAULT_NAME,
    Vault,
    change_passphrase,
    check_passphrase,
    locked,
    new_vault,
    unlock_vault,
    unlocked,
)
from her2desk.store.vault_converting import encrypt_library
from tests.quick_vaults import PASSPHRASE, locked_quickly, use_quick_vaults


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    use_quick_vaults(monkeypatch)


@pytest.mark.slow
def test_a_real_vault_opens_with_its_passphrase_in_a_process_of_its_own() -> None:
    """The one test that takes the seconds that a guess is to take."""
    kept = new_vault()
    content = locked(kept, PASSPHRASE)
    factor = int(content.splitlines()[1].split()[-1])
    assert factor >= 14  # age's scrypt takes about a second here: N = 2 ** factor
    assert unlocked(content, PASSPHRASE) == kept
    with pytest.raises(StoreRefused, match="does not open this library"):
        unlocked(content, PASSPHRASE + "!")


@pytest.mark.usefixtures("quick")
class TestVault:
    def test_its_keys_are_drawn_anew_and_shown_by_nothing(self) -> None:
        one, other = new_vault(), new_vault()
        assert one != other
        for secret in (one.database_key.hexadecimal, one.identity):
            assert secret not in repr(one)
            assert secret not in repr(one.database_key)

    def test_it_is_an_age_file_that_says_nothing(self, tmp_path: Path) -> None:
        kept = new_vault()
        content = locked(kept, PASSPHRASE)
        assert content.startswith(b"age-encryption.org/v1\n-> scrypt ")
        for secret in (kept.database_key.hexadecimal, kept.identity, PASSPHRASE):
            assert secret.encode() not in content

    def test_one_passphrase_typed_on_two_systems_is_the_same(self) -> None:
        kept = new_vault()
        composed, decomposed = "Präsentkörbe im März", "Pra\u0308sentko\u0308rbe im Ma\u0308rz"
        assert composed != decomposed
        assert unlocked(locked(kept, composed), decomposed) == kept

    @pytest.mark.parametrize(
        ("passphrase", "is_long_enough"),
        [("x" * 15, True), ("x" * 14, False), ("", False), ("äöü" * 5, True)],
    )
    def test_a_new_passphrase_needs_fifteen_characters_of_any_kind(
        self, passphrase: str, is_long_enough: bool
    ) -> None:
        """NIST SP 800-63B-4, 3.1.1.2: at least 15 for a single factor, no rules of composition."""
        if is_long_enough:
            check_passphrase(passphrase)
            return
        with pytest.raises(InputRefused, match="15 characters") as refused:
            check_passphrase(passphrase)
        assert refused.value.code == "passphrase-short"

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"version": 2, "anything": "else"}, "vault-newer"),
            ({"version": 1, "identity": "AGE"}, "vault-damaged"),
            ({"version": 1, "database_key": "ab", "identity": "AGE"}, "vault-damaged"),
            ({"version": 1, "database_key": "ab" * 32, "identity": "AGE"}, "vault-damaged"),
            ({"version": 1, "database_key": 7, "identity": "AGE"}, "vault-damaged"),
            (["version"], "vault-damaged"),
        ],
    )
    def test_what_is_in_it_is_checked(self, said: object, code: str) -> None:
        with pytest.raises(StoreRefused) as refused:
            unlocked(locked_quickly(json.dumps(said).encode(), PASSPHRASE), PASSPHRASE)
        assert refused.value.code == code

    def test_a_torn_or_changed_one_is_never_opened(self) -> None:
        content = locked(new_vault(), PASSPHRASE)
        cuts = [content[:n] for n in range(0, len(content), 7)]
        flips = [
            content[:n] + bytes([content[n] ^ 1]) + content[n + 1 :]
            for n in range(0, len(content), 7)
        ]
        for spoilt in (b"", b"junk", *cuts, *flips):
            with pytest.raises(StoreRefused) as refused:
                unlocked(spoilt, PASSPHRASE)
            assert refused.value.code in ("vault-damaged", "passphrase-wrong")
            assert refused.value.remedy.text()

    def test_a_damaged_end_is_told_apart_from_a_wrong_passphrase(self) -> None:
        content = locked(new_vault(), PASSPHRASE)
        with pytest.raises(StoreRefused, match=r"vault\.age, which holds its keys, is damaged"):
            unlocked(content[:-1], PASSPHRASE)

    def test_it_is_proven_to_open_before_anybody_counts_on_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = json.dumps(
            {"version": 1, "database_key": "ab" * 32, "identity": new_vault().identity}
        )
        monkeypatch.setattr(
            vault, "_lock", lambda _, passphrase: locked_quickly(other.encode(), passphrase)
        )
        with pytest.raises(StoreRefused, match="damaged"):
            locked(new_vault(), PASSPHRASE)


@pytest.mark.usefixtures("quick")
class TestAnotherPassphrase:
    @pytest.fixture
    def library(self, tmp_path: Path) -> Path:
        folder = tmp_path / "library"
        encrypt_library(folder, PASSPHRASE)
        return folder

    def test_only_the_vault_is_written(self, library: Path) -> None:
        before = {p: p.read_bytes() for p in library.rglob("*") if p.is_file()}
        kept = unlock_vault(library, PASSPHRASE)
        change_passphrase(library, PASSPHRASE, "quite another sentence")
        after = {p: p.read_bytes() for p in library.rglob("*") if p.is_file()}
        assert {p.name for p in after if after[p] != before[p]} == {VAULT_NAME}
        assert after.keys() == before.keys()
        assert unlock_vault(library, "quite another sentence") == kept
        with pytest.raises(StoreRefused, match="does not open"):
            unlock_vault(library, PASSPHRASE)
        if os.name == "posix":
            assert (library / VAULT_NAME).stat().st_mode & 0o777 == 0o600

    def test_the_library_may_be_open_meanwhile(self, library: Path) -> None:
        with open_library(library, vault=unlock_vault(library, PASSPHRASE)) as opened:
            change_passphrase(library, PASSPHRASE, "quite another sentence")
            assert opened.cases() == []

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            (PASSPHRASE + "x", "quite another sentence", "passphrase-wrong"),
            (PASSPHRASE, "short", "passphrase-short"),
        ],
    )
    def test_the_old_one_holds_where_it_is_refused(
        self, library: Path, old: str, new: str, code: str
    ) -> None:
        with pytest.raises((StoreRefused, InputRefused)) as refused:
            change_passphrase(library, old, new)
        assert refused.value.code == code
        unlock_vault(library, PASSPHRASE)

    def test_the_old_one_holds_where_the_disk_is_full(
        self, library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError(28, "no space")

        monkeypatch.setattr(vault, "write_private", fail)
        with pytest.raises(StoreRefused, match="the old one holds"):
            change_passphrase(library, PASSPHRASE, "quite another sentence")
        unlock_vault(library, PASSPHRASE)


class TestWithoutItsParts:
    def test_a_library_without_its_vault_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use_quick_vaults(monkeypatch)
        encrypt_library(tmp_path, PASSPHRASE)
        kept = unlock_vault(tmp_path, PASSPHRASE)
        (tmp_path / VAULT_NAME).unlink()
        for given in (None, kept):
            with pytest.raises(
                StoreRefused, match=r"vault\.age, which holds its keys, is not there"
            ):
                open_library(tmp_path, vault=given)
        with pytest.raises(StoreRefused) as refused:
            unlock_vault(tmp_path, PASSPHRASE)
        assert refused.value.code == "vault-unreadable"

    def test_keys_of_another_library_do_not_open_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use_quick_vaults(monkeypatch)
        encrypt_library(tmp_path, PASSPHRASE)
        with pytest.raises(StoreRefused, match="database is damaged"):
            open_library(tmp_path, vault=new_vault())

    @pytest.mark.parametrize(
        ("module", "code"), [("pyrage", "age-missing"), ("sqlcipher3", "sqlcipher-missing")]
    )
    def test_a_missing_package_is_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, code: str
    ) -> None:
        use_quick_vaults(monkeypatch)
        kept = new_vault()
        encrypt_library(tmp_path, PASSPHRASE)
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(StoreRefused, match="Install Her2Desk again") as refused:
            open_library(tmp_path, vault=kept)
        assert refused.value.code == code

    def test_a_plain_library_loads_neither(self, tmp_path: Path) -> None:
        import subprocess

        code = (
            "import sys; from pathlib import Path; from her2desk.store.opening import open_library\n"
            "open_library(Path(sys.argv[1])).close()\n"
            "print(sorted({'pyrage', 'sqlcipher3', 'cryptography'} & set(sys.modules)))"
        )
        child = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert child.stdout.strip() == "[]"

    def test_no_memory_for_the_passphrase_is_a_sentence(self) -> None:
        with pytest.raises(StoreRefused, match="the process that does so ended"):
            vault.apart(os._exit, 9)


def test_others_work_while_a_file_is_sealed(tmp_path: Path) -> None:
    """age lets no other thread run; that it reads and writes through Python's objects does."""
    sealing = new_vault().sealing()
    ticks: list[int] = []
    ended = threading.Event()

    class Source:
        left = 200

        def read(self, size: int) -> bytes:
            ticks.append(counted[0])
            self.left -= 1
            return bytes(size) if self.left else b""

    counted = [0]

    def count() -> None:
        while not ended.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        for _ in range(20):
            sealing.seal(Source(), vault_sealing.Nowhere())
    finally:
        ended.set()
        thread.join()
    assert len(set(ticks)) > 2


def test_what_a_file_raises_comes_as_it_is() -> None:
    """age would tell it as a text; who imports must hear whose fault it is."""
    sealing, full, gone = new_vault().sealing(), OSError(28, "full"), InputRefused("gone")

    class Failing:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def read(self, size: int) -> bytes:
            raise self.error

        def write(self, chunk: bytes) -> int:
            raise self.error

    for work, source, target, error in (
        (sealing.seal, Failing(gone), vault_sealing.Nowhere(), gone),
        (sealing.seal, io.BytesIO(bytes(100_000)), Failing(full), full),
        (sealing.unseal, Failing(full), vault_sealing.Nowhere(), full),
    ):
        with pytest.raises(type(error)) as raised:
            work(source, target)
        assert raised.value is error


def test_a_key_is_given_to_sqlcipher_as_it_is() -> None:
    assert DatabaseKey("ab" * 32).sql() == f"\"x'{'ab' * 32}'\""
    assert Vault(DatabaseKey("ab" * 32), "AGE") == Vault(DatabaseKey("ab" * 32), "AGE")
