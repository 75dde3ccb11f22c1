"""An encrypted library does what a plain one does, and shows nothing to who has only its folder."""

import hashlib
import json
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import drawing_of
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi
from her2desk.errors import StoreRefused
from her2desk.store.backup import backup_library
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.erasing import erase_cases
from her2desk.store.exporting import export_cases
from her2desk.store.health import health_of
from her2desk.store.library import Library
from her2desk.store.migrating import known_migrations
from her2desk.store.opening import needs_passphrase, open_for_window, open_library
from her2desk.store.restoring import is_encrypted_backup, restore_library, verify_backup
from her2desk.store.rolling_back import roll_back
from her2desk.store.snapshots import snapshots
from her2desk.store.vault import VAULT_NAME, Vault, change_passphrase, unlock_vault
from her2desk.store.vault_converting import encrypt_library
from her2desk.store.verifying import verify_library
from tests.quick_vaults import PASSPHRASE, use_quick_vaults

SQUARE = Roi(0, ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)))
NAME = "Przybylski^Planted"
IMAGE = f"DICM an image of {NAME} ".encode() * 500


@dataclass(frozen=True)
class Kept:
    """A library's folder and what opens it."""

    folder: Path
    vault: Vault | None

    def open(self, reader: str = "Reader A") -> Library:
        return open_library(self.folder, reader, vault=self.vault)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_quick_vaults(monkeypatch)
    unsealed = tmp_path / "memory"
    unsealed.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(unsealed))


@pytest.fixture
def encrypted(tmp_path: Path) -> Kept:
    folder = tmp_path / "library"
    encrypt_library(folder, PASSPHRASE)
    return Kept(folder, unlock_vault(folder, PASSPHRASE))


@pytest.fixture(params=["plain", "encrypted"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """The same for both kinds."""
    if request.param == "encrypted":
        encrypted: Kept = request.getfixturevalue("encrypted")
        return encrypted
    return Kept(tmp_path / "library", None)


@pytest.fixture
def library(encrypted: Kept) -> Iterator[Library]:
    with encrypted.open() as opened:
        yield opened


def add(library: Library, folder: Path, content: bytes = IMAGE) -> int:
    source = folder / "source.dcm"
    source.write_bytes(content)
    image = UltrasoundImage(
        sha256=hashlib.sha256(content).hexdigest(),
        sop_instance_uid=None,
        rows=100,
        columns=200,
        frames=1,
        photometric="MONOCHROME2",
        transfer_syntax="1.2.840.10008.1.2.1",
        patient_name=NAME,
        patient_id="PLANTED-7",
    )
    return library.add_image(source, replace(image), f"{NAME}.dcm").case_id


def fill(library: Library, folder: Path) -> int:
    case_id = add(library, folder)
    library.save_drawing(case_id, drawing_of(SQUARE))
    library.save_clinical(case_id, ClinicalRecord(age_years=61.0, er=True))
    library.save_prediction(case_id, {"p": 0.4, "of": NAME}, "00" * 32, {"all": NAME})
    library.save_pathology(case_id, Pathology("3+", None))
    return case_id


def planted(folder: Path) -> list[str]:
    """Files in which a planted name stands."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(w in path.read_bytes() for w in (b"Planted", b"PLANTED"))
    ]


class TestTheSameAsAPlainOne:
    def test_all_that_was_kept_is_there_when_it_is_opened_again(
        self, kept: Kept, tmp_path: Path
    ) -> None:
        with kept.open() as library:
            case_id = fill(library, tmp_path)
            assert library.is_encrypted == (kept.vault is not None)
        with kept.open() as library:
            (row,) = library.cases("przybylski")
            assert (row.patient_name, row.status) == (NAME, "read")
            assert library.latest_drawing(case_id) == drawing_of(SQUARE)
            assert library.latest_clinical(case_id) == ClinicalRecord(age_years=61.0, er=True)
            prediction = library.latest_prediction(case_id)
            assert prediction is not None
            assert prediction.whole == {"all": NAME}
            assert library.image_path(case_id).read_bytes() == IMAGE
            assert verify_library(library, SilentProgress()).cases == 1
            health = health_of(library)
            assert health.is_durable
            assert (health.lost, health.unknown, health.too_open) == ((), (), ())

    def test_it_is_read_where_it_cannot_be_written(self, kept: Kept, tmp_path: Path) -> None:
        with kept.open() as library:
            case_id = fill(library, tmp_path)
        opened = open_library(kept.folder, read_only=True, vault=kept.vault)
        with opened as library:
            assert library.image_path(case_id).read_bytes() == IMAGE
            with pytest.raises(StoreRefused, match="for reading only"):
                library.save_clinical(case_id, ClinicalRecord())

    def test_a_second_window_reads_what_the_first_writes(self, kept: Kept, tmp_path: Path) -> None:
        with open_for_window(kept.folder, "A", vault=kept.vault) as first:
            with open_for_window(kept.folder, "B", vault=kept.vault) as second:
                case_id = fill(first, tmp_path)
                assert second.is_read_only
                assert [row.case_id for row in second.cases()] == [case_id]
                assert second.image_path(case_id).read_bytes() == IMAGE
            assert first.image_path(case_id).read_bytes() == IMAGE

    def test_a_patient_is_exported_as_it_was(self, kept: Kept, tmp_path: Path) -> None:
        with kept.open() as library:
            case_id = fill(library, tmp_path)
            export_cases(library, [case_id], tmp_path / "out")
        exported = tmp_path / "out" / f"case-{case_id:04d}"
        assert (exported / "image.dcm").read_bytes() == IMAGE
        assert NAME in (exported / "case.json").read_text(encoding="utf-8")

    def test_a_patient_is_erased_and_every_copy_with_it(self, kept: Kept, tmp_path: Path) -> None:
        with kept.open() as library:
            case_id = fill(library, tmp_path)
            image = library.image_path(case_id)
            erase_cases(library, [case_id])
            assert not image.exists()
            assert library.cases() == []
            library.check()
        assert planted(kept.folder) == []
        assert not [p for p in (kept.folder / "files").rglob("*") if p.is_file()]

    def test_a_backup_is_whole_and_restores_it(self, kept: Kept, tmp_path: Path) -> None:
        secret = PASSPHRASE if kept.vault else None
        with kept.open() as library:
            case_id = fill(library, tmp_path)
            made = backup_library(library, tmp_path / "b.zip")
            erase_cases(library, [case_id])
        assert made.left_out == ()
        assert is_encrypted_backup(made.path) == (kept.vault is not None)
        assert verify_backup(made.path, passphrase=secret).contents.cases == 1
        found = restore_library(made.path, kept.folder, passphrase=secret)
        assert found.contents.cases == 1
        with kept.open() as library:
            assert library.image_path(case_id).read_bytes() == IMAGE
            verify_library(library, SilentProgress())

    def test_a_damaged_image_is_found(self, kept: Kept, tmp_path: Path) -> None:
        with kept.open() as library:
            case_id = fill(library, tmp_path)
            stored = library.parts.files.path(hashlib.sha256(IMAGE).hexdigest())
            spoilt = bytearray(stored.read_bytes())
            spoilt[-40] ^= 1
            stored.write_bytes(spoilt)
            with pytest.raises(StoreRefused, match="lost or damaged: 0001"):
                verify_library(library, SilentProgress())
            assert backup_library(library, tmp_path / "b.zip").left_out == (stored.name,)
            if kept.vault:
                with pytest.raises(StoreRefused, match="image file of case 1 is damaged"):
                    library.image_path(case_id)
            stored.unlink()
            with pytest.raises(StoreRefused, match="no longer in the library"):
                library.image_path(case_id)


class TestSecrecy:
    def test_no_byte_of_the_folder_says_a_name(self, library: Library, tmp_path: Path) -> None:
        """While the library is open: the log is still full, and copies of every kind are there."""
        case_id = fill(library, tmp_path)
        wal = library.folder / f"{DATABASE_NAME}-wal"
        assert wal.stat().st_size > 0
        assert planted(library.folder) == []
        for path in library.folder.rglob("*"):
            assert NAME not in path.name
        assert not (library.folder / DATABASE_NAME).read_bytes().startswith(b"SQLite")
        with (
            closing(sqlite3.connect(library.folder / DATABASE_NAME)) as plain,
            pytest.raises(sqlite3.DatabaseError, match="not a database"),
        ):
            plain.execute("SELECT * FROM cases")
        assert library.image_path(case_id).read_bytes() == IMAGE

    def test_a_backup_says_no_name_and_wants_the_passphrase_of_its_day(
        self, encrypted: Kept, tmp_path: Path
    ) -> None:
        with encrypted.open() as library:
            fill(library, tmp_path)
            backup = backup_library(library, tmp_path / "b.zip").path
        assert planted(backup.parent / "library") == []
        assert b"Planted" not in backup.read_bytes()
        change_passphrase(encrypted.folder, PASSPHRASE, "quite another sentence")
        for given, code in ((None, "needed"), ("quite another sentence", "wrong")):
            with pytest.raises(StoreRefused) as refused:
                verify_backup(backup, passphrase=given)
            assert refused.value.code == f"passphrase-{code}"
        assert verify_backup(backup, passphrase=PASSPHRASE).contents.cases == 1

    def test_an_image_exchanged_for_another_sealed_one_is_no_backup(
        self, encrypted: Kept, tmp_path: Path
    ) -> None:
        with encrypted.open() as library:
            fill(library, tmp_path)
            add(library, tmp_path, IMAGE + b"another")
            backup = backup_library(library, tmp_path / "b.zip").path
        members = _members(backup)
        one, other = (name for name in members if name.startswith("files/"))
        members[one] = members[other]
        _write(tmp_path / "forged.zip", members)
        with pytest.raises(StoreRefused, match="was changed"):
            verify_backup(tmp_path / "forged.zip", passphrase=PASSPHRASE)
        members[one] = b"no age file"
        _write(tmp_path / "forged.zip", members)
        with pytest.raises(StoreRefused, match="was changed"):
            verify_backup(tmp_path / "forged.zip", passphrase=PASSPHRASE)

    def test_copies_before_a_migration_are_encrypted(
        self, encrypted: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from her2desk.store import connection, migrating

        with encrypted.open() as library:
            fill(library, tmp_path)
        more = (*known_migrations(), migrating.Migration("CREATE TABLE later (x);\n"))
        with monkeypatch.context() as later:
            later.setattr(connection, "known_migrations", lambda: more)
            encrypted.open().close()
        (copy,) = snapshots(encrypted.folder)
        assert planted(encrypted.folder) == []
        with pytest.raises(StoreRefused, match="its passphrase only"):
            roll_back(encrypted.folder, copy.path)
        assert roll_back(encrypted.folder, copy.path, encrypted.vault).contents.cases == 1
        with encrypted.open() as library:
            verify_library(library, SilentProgress())
        assert planted(encrypted.folder) == []

    def test_it_opens_only_unlocked(self, encrypted: Kept) -> None:
        for read_only in (True, False):
            with pytest.raises(StoreRefused, match="its passphrase only") as refused:
                open_library(encrypted.folder, read_only=read_only)
            assert refused.value.code == "passphrase-needed"
        with pytest.raises(StoreRefused, match="its passphrase only"):
            open_for_window(encrypted.folder, "A")
        open_for_window(encrypted.folder, "A", vault=encrypted.vault).close()  # the lock was let go
        assert needs_passphrase(encrypted.folder)


class TestRestoring:
    def test_a_plain_backup_in_the_place_of_an_encrypted_library(
        self, encrypted: Kept, tmp_path: Path
    ) -> None:
        with open_library(tmp_path / "other") as other:
            case_id = fill(other, tmp_path)
            backup = backup_library(other, tmp_path / "b.zip").path
        with encrypted.open() as library:
            add(library, tmp_path, IMAGE + b"!")
        aside = restore_library(backup, encrypted.folder).aside
        assert not needs_passphrase(encrypted.folder)
        with open_library(encrypted.folder) as library:
            assert library.image_path(case_id).read_bytes() == IMAGE
            assert health_of(library).unknown == ()
        assert aside is not None
        with open_library(aside, vault=unlock_vault(aside, PASSPHRASE)) as before:
            verify_library(before, SilentProgress())

    def test_an_encrypted_backup_in_the_place_of_a_plain_library(
        self, encrypted: Kept, tmp_path: Path
    ) -> None:
        with encrypted.open() as library:
            fill(library, tmp_path)
            backup = backup_library(library, tmp_path / "b.zip").path
        plain = tmp_path / "plain"
        with open_library(plain) as library:
            fill(library, tmp_path)
        with pytest.raises(StoreRefused, match="its passphrase only"):
            restore_library(backup, plain)
        restore_library(backup, plain, passphrase=PASSPHRASE)
        with open_library(plain, vault=encrypted.vault) as library:
            verify_library(library, SilentProgress())

    @pytest.mark.skipif(os.name == "nt", reason="Windows does not rename what is open")
    def test_not_while_another_program_has_it_open(self, encrypted: Kept, tmp_path: Path) -> None:
        """Locks count between processes, and the key is not asked for."""
        import subprocess
        import sys

        with encrypted.open() as library:
            fill(library, tmp_path)
            backup = backup_library(library, tmp_path / "b.zip").path
        assert encrypted.vault is not None
        code = (
            "import sys, json; from pathlib import Path\n"
            "from her2desk.store.opening import open_library\n"
            "from her2desk.store.vault import Vault\n"
            "from her2desk.store.sqlite_access import DatabaseKey\n"
            "key, identity = json.loads(sys.stdin.readline())\n"
            "with open_library(Path(sys.argv[1]), vault=Vault(DatabaseKey(key), identity)):\n"
            "    print('open', flush=True); sys.stdin.readline()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(encrypted.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            keys = [encrypted.vault.database_key.hexadecimal, encrypted.vault.identity]
            print(json.dumps(keys), file=other.stdin, flush=True)
            assert other.stdout.readline() == "open\n"
            with pytest.raises(StoreRefused, match="Another program is using the library"):
                restore_library(backup, encrypted.folder, passphrase=PASSPHRASE)
            print(file=other.stdin, flush=True)
        assert other.returncode == 0
        restore_library(backup, encrypted.folder, passphrase=PASSPHRASE)


def _members(backup: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(backup) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(path: Path, members: dict[str, bytes]) -> None:
    """With sums that fit, as whoever can write the file can make them."""
    sums = {n: hashlib.sha256(c).hexdigest() for n, c in members.items() if n != "SHA256SUMS"}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {**members, "SHA256SUMS": lines.encode()}.items():
            archive.writestr(name, content)


def test_the_vault_lies_where_the_library_is(encrypted: Kept) -> None:
    assert (encrypted.folder / VAULT_NAME).is_file()
