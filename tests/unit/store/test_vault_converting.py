"""A library becomes encrypted, or plain again, whole or not at all."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, InputRefused, StoreRefused
from her2desk.store import vault_converting
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import needs_passphrase, open_for_window, open_library
from her2desk.store.snapshots import snapshots, take
from her2desk.store.vault import VAULT_NAME, unlock_vault
from her2desk.store.vault_converting import (
    Converted,
    decrypt_library,
    deleted_by_encrypting,
    encrypt_library,
)
from her2desk.store.verifying import Verified, verify_library
from her2desk.texts import Message
from tests.quick_vaults import PASSPHRASE, use_quick_vaults

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
IMAGES = (b"Planted one " * 3000, b"Planted two " * 20_000)
CHILD = "tests.unit.store.converting_killed"
NEEDS_FORK = pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    use_quick_vaults(monkeypatch)


def fill(library: Library, folder: Path) -> None:
    for at, content in enumerate(IMAGES):
        source = folder / "source.dcm"
        source.write_bytes(content)
        image = UltrasoundImage(
            sha256=hashlib.sha256(content).hexdigest(),
            sop_instance_uid=f"1.2.{at}",
            rows=100,
            columns=200,
            frames=1,
            photometric="MONOCHROME2",
            transfer_syntax="1.2.840.10008.1.2.1",
            patient_name="Planted",
        )
        library.add_image(source, image)
    library.record(1, Action.CLINICAL, {"of": "Planted"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    library = tmp_path / "library"
    with open_library(library) as opened:
        fill(opened, tmp_path)
    return library


def verified(folder: Path) -> Verified:
    keys = unlock_vault(folder, PASSPHRASE) if needs_passphrase(folder) else None
    with open_library(folder, vault=keys) as library:
        return verify_library(library, SilentProgress())


def plain_files(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and b"Planted" in path.read_bytes()
    ]


def every_file(folder: Path) -> dict[str, bytes]:
    """Without what comes and goes with each opening."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith((".lock", "-wal", "-shm", DATABASE_NAME))
    }


class Steps:
    """Notes what is told, and stops at one of the sentences."""

    def __init__(self, stop_at: str = "") -> None:
        self.fractions: list[float] = []
        self._stop_at = stop_at

    def step(self, fraction: float, text: Message) -> None:
        self.fractions.append(fraction)
        if text.text() == self._stop_at:
            raise Cancelled


def test_there_and_back_again(folder: Path) -> None:
    before = verified(folder)
    progress = Steps()
    assert encrypt_library(folder, PASSPHRASE, progress) == Converted(2, (), ())
    assert progress.fractions == sorted(progress.fractions)
    assert 0.0 <= progress.fractions[0] < progress.fractions[-1] <= 1.0
    assert plain_files(folder) == []
    assert verified(folder) == before
    assert decrypt_library(folder, PASSPHRASE) == Converted(2, (), ())
    assert verified(folder) == before
    assert not (folder / VAULT_NAME).exists()
    hashes = [hashlib.sha256(content).hexdigest() for content in IMAGES]
    for sha256, content in zip(hashes, IMAGES, strict=True):
        assert (folder / "files" / sha256[:2] / sha256).read_bytes() == content
    assert not [path for path in folder.iterdir() if path.name.startswith((".rep", "replaced"))]


def test_a_new_library_can_begin_encrypted(tmp_path: Path) -> None:
    assert encrypt_library(tmp_path / "new", PASSPHRASE).cases == 0
    assert verified(tmp_path / "new").entries == 0


def test_copies_from_before_a_migration_are_encrypted_and_others_deleted(folder: Path) -> None:
    copy = take(folder / DATABASE_NAME, folder, "before-schema-3")
    os.utime(copy, (1_700_000_000, 1_700_000_000))
    aside = folder / "replaced-20260101T000000000000Z"
    aside.mkdir()
    (aside / DATABASE_NAME).write_bytes(b"Planted")
    assert deleted_by_encrypting(folder) == (aside,)
    encrypt_library(folder, PASSPHRASE)
    assert plain_files(folder) == []
    (kept,) = snapshots(folder)
    assert (kept.path.name, kept.made.timestamp()) == (copy.name, 1_700_000_000)
    assert not aside.exists()
    decrypt_library(folder, PASSPHRASE)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM cases").fetchone() == (2,)


def test_what_a_restore_set_aside_stays_when_decrypting(folder: Path) -> None:
    encrypt_library(folder, PASSPHRASE)
    aside = folder / "replaced-20260101T000000000000Z"
    aside.mkdir()
    (aside / "x").touch()
    assert decrypt_library(folder, PASSPHRASE).left == ()
    assert (aside / "x").exists()


def test_an_image_lost_before_stays_lost_and_is_named(folder: Path) -> None:
    lost = hashlib.sha256(IMAGES[0]).hexdigest()
    (folder / "files" / lost[:2] / lost).unlink()
    assert encrypt_library(folder, PASSPHRASE).left_out == (lost,)
    assert decrypt_library(folder, PASSPHRASE).left_out == (lost,)


class TestRefusals:
    """Each leaves the library as it was."""

    @pytest.mark.parametrize("is_encrypted", [False, True])
    def test_a_damaged_image(self, folder: Path, is_encrypted: bool) -> None:
        if is_encrypted:
            encrypt_library(folder, PASSPHRASE)
        work = decrypt_library if is_encrypted else encrypt_library
        name = hashlib.sha256(IMAGES[1]).hexdigest()
        stored = folder / "files" / name[:2] / name
        stored.write_bytes(stored.read_bytes()[:-30] + bytes(30))
        before = every_file(folder)
        with pytest.raises(StoreRefused, match=rf"image {name} in the library is damaged"):
            work(folder, PASSPHRASE)
        assert every_file(folder) == before

    @pytest.mark.parametrize("at", ["Writing the database", "Writing the images"])
    def test_stopping(self, folder: Path, at: str) -> None:
        before = every_file(folder)
        with pytest.raises(Cancelled):
            encrypt_library(folder, PASSPHRASE, Steps(at))
        assert every_file(folder) == before
        verified(folder)

    def test_a_passphrase_that_is_too_short_or_wrong(self, folder: Path) -> None:
        with pytest.raises(InputRefused, match="too short"):
            encrypt_library(folder, "short")
        assert not needs_passphrase(folder)
        encrypt_library(folder, PASSPHRASE)
        with pytest.raises(StoreRefused, match="does not open"):
            decrypt_library(folder, PASSPHRASE + "x")
        assert needs_passphrase(folder)

    def test_what_is_so_already(self, folder: Path) -> None:
        with pytest.raises(StoreRefused, match="not encrypted"):
            decrypt_library(folder, PASSPHRASE)
        encrypt_library(folder, PASSPHRASE)
        with pytest.raises(StoreRefused, match="encrypted already"):
            encrypt_library(folder, PASSPHRASE)

    @pytest.mark.parametrize("is_encrypted", [False, True])
    def test_somebody_else_has_it_open(self, folder: Path, is_encrypted: bool) -> None:
        keys = None
        if is_encrypted:
            encrypt_library(folder, PASSPHRASE)
            keys = unlock_vault(folder, PASSPHRASE)
        work = decrypt_library if is_encrypted else encrypt_library
        with open_library(folder, vault=keys) as library:
            library.cases()
            with pytest.raises(StoreRefused, match="Another program is using the library"):
                work(folder, PASSPHRASE)
        with (
            open_for_window(folder, "A", vault=keys),
            pytest.raises(StoreRefused, match="The library is open in another"),
        ):
            work(folder, PASSPHRASE)
        assert needs_passphrase(folder) == is_encrypted
        verified(folder)

    def test_nobody_writes_while_it_is_built(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("her2desk.store.sqlite_access.BUSY_TIMEOUT_S", 0.05)

        class Meanwhile:
            refused: StoreRefused | None = None

            def step(self, _: float, text: Message) -> None:
                if text.text() == "Writing the images" and self.refused is None:
                    self.refused = _busy_for_another_process(folder)

        meanwhile = Meanwhile()
        encrypt_library(folder, PASSPHRASE, meanwhile)
        assert meanwhile.refused is not None
        assert meanwhile.refused.code == "store-busy"

    def test_what_was_written_just_before_the_exchange_is_not_lost(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the building and the plan somebody else may come and go."""
        exchange = vault_converting.replace_library

        def after_a_visit(*arguments: object, **options: object) -> object:
            with open_library(folder) as visitor:
                visitor.record(1, Action.CLINICAL, {"of": "the visitor"})
            return exchange(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(vault_converting, "replace_library", after_a_visit)
        with pytest.raises(StoreRefused, match="Another program is using"):
            encrypt_library(folder, PASSPHRASE)
        assert not needs_passphrase(folder)
        assert verified(folder).entries == 4

    def test_no_room(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = namedtuple("usage", "total used free")
        before = every_file(folder)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, 100_000))
        with pytest.raises(StoreRefused, match="no room for a second copy"):
            encrypt_library(folder, PASSPHRASE)
        assert every_file(folder) == before

    @pytest.mark.parametrize(("number", "match"), [(28, "no room"), (5, "could not be written")])
    def test_a_disk_that_fails(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, match: str
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError(number, "the disk")

        before = every_file(folder)
        monkeypatch.setattr(vault_converting, "write_private", fail)
        with pytest.raises(StoreRefused, match=match):
            encrypt_library(folder, PASSPHRASE)
        assert every_file(folder) == before

    def test_images_that_wait_for_an_archive(self, folder: Path) -> None:
        aside = folder / "pacs" / "inbox" / "aside"
        aside.mkdir(parents=True)
        (aside / "lock").touch()
        (aside / "ab.dcm").write_bytes(b"Planted")
        with pytest.raises(StoreRefused, match=r"1 image still waits in .*aside, which is not"):
            encrypt_library(folder, PASSPHRASE)
        (aside / "ab.dcm").unlink()
        encrypt_library(folder, PASSPHRASE)

    def test_a_damaged_copy_of_an_earlier_library(self, folder: Path) -> None:
        copy = take(folder / DATABASE_NAME, folder, "before-schema-3")
        copy.write_bytes(b"junk" * 5000)
        with pytest.raises(StoreRefused, match=rf"The copy {copy.name} .* is damaged"):
            encrypt_library(folder, PASSPHRASE)
        copy.unlink()
        encrypt_library(folder, PASSPHRASE)

    def test_a_history_changed_from_outside(self, folder: Path) -> None:
        with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection, connection:
            rules = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'history'"
            ).fetchall()
            for name, _ in rules:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("UPDATE history SET reader = 'X' WHERE entry_id = 2")
            for _, sql in rules:
                connection.execute(sql)
        with pytest.raises(StoreRefused, match="Entry 2 of the library's history was changed"):
            encrypt_library(folder, PASSPHRASE)
        assert not needs_passphrase(folder)

    def test_another_end_of_the_history(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = vault_converting._export

        def dropping(source: sqlite3.Connection, target: Path, key: object) -> None:
            export(source, target, key)  # type: ignore[arg-type]
            contents = vault_converting.examined(target, key)  # type: ignore[arg-type]
            short = contents._replace(head=None)
            monkeypatch.setattr(vault_converting, "examined", lambda *_: short)

        monkeypatch.setattr(vault_converting, "_export", dropping)
        with pytest.raises(StoreRefused, match="not the same library"):
            encrypt_library(folder, PASSPHRASE)
        assert not needs_passphrase(folder)


@NEEDS_FORK
@pytest.mark.parametrize(
    ("direction", "every"),
    [
        ("encrypt", 5),
        ("decrypt", 5),
        pytest.param("encrypt", 1, marks=pytest.mark.slow),
        pytest.param("decrypt", 1, marks=pytest.mark.slow),
    ],
)
def test_killed_at_any_step_it_is_the_old_or_the_new_library(
    folder: Path, tmp_path: Path, direction: str, every: int
) -> None:
    if direction == "decrypt":
        encrypt_library(folder, PASSPHRASE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    child = subprocess.run(
        [sys.executable, "-m", CHILD, direction, folder, scratch, str(every)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    found = json.loads(child.stdout)
    assert found["killed"] >= 40 // every
    assert 0 < found["exchanged"] < found["killed"]


def _busy_for_another_process(folder: Path) -> StoreRefused | None:
    code = (
        "import sys; from pathlib import Path; from her2desk.store import sqlite_access\n"
        "sqlite_access.BUSY_TIMEOUT_S = 0.05\n"
        "from her2desk.store.opening import open_library\n"
        "from her2desk.errors import StoreRefused\n"
        "try:\n    open_library(Path(sys.argv[1])).close()\n"
        "except StoreRefused as refused:\n    print(refused.code)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    found = child.stdout.strip()
    return StoreRefused("", code=found) if found else None
