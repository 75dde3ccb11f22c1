"""Where the library lies; an older or newer one is told of, and not a byte of it changes."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from her2desk import __version__
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.library import library_checks
from her2desk.diagnostics.library_place import disk_check, place_check
from her2desk.errors import StoreRefused
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.migrating import known_schema
from her2desk.store.opening import open_for_window, open_library
from her2desk.store.vault import unlock_vault
from her2desk.store.vault_converting import encrypt_library
from tests.quick_vaults import PASSPHRASE, use_quick_vaults


def of_schema(folder: Path, number: int, journal: str = "wal") -> Path:
    """A library that says it was made by the version that wrote this schema."""
    open_library(folder).close()
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA user_version = {number}")
    return folder


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def checked(folder: Path) -> list[Check]:
    return list(library_checks(folder, lambda: None))


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_newer_library_is_refused_with_what_it_needs(tmp_path: Path, journal: str) -> None:
    newer = known_schema() + 6
    folder = of_schema(tmp_path / "library", newer, journal)
    before = content(folder)
    (check,) = checked(folder)
    assert not check.ok
    assert f"has format {newer}" in check.message.text()
    assert f"{__version__} knows formats up to {known_schema()}" in check.message.text()
    assert f"a version that knows format {newer}" in check.remedy.text()
    assert content(folder) == before


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_opening_a_newer_library_changes_no_byte_of_it(tmp_path: Path, journal: str) -> None:
    folder = of_schema(tmp_path / "library", known_schema() + 1, journal)
    before = content(folder)
    for opened in (
        lambda: open_library(folder),
        lambda: open_library(folder, read_only=True),
        lambda: open_for_window(folder, "Reader A"),
    ):
        with pytest.raises(StoreRefused) as refused:
            opened()
        assert refused.value.code == "store-newer"
    after = {path: found for path, found in content(folder).items() if path in before}
    assert after == before


@pytest.mark.skipif(known_schema() < 2, reason="there is no older schema")
def test_an_older_library_is_brought_up_to_date_later_and_says_so(tmp_path: Path) -> None:
    folder = of_schema(tmp_path / "library", known_schema() - 1)
    before = content(folder)
    (check,) = checked(folder)
    assert check.ok
    assert f"format {known_schema() - 1}, of an older version" in check.message.text()
    assert "backups" in check.remedy.text()
    assert content(folder) == before


def test_a_library_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    (check,) = checked(tmp_path / "library")
    assert check.ok
    assert "no library" in check.message.text()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_library_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database" * 1000)
    (check,) = checked(tmp_path)
    assert not check.ok
    assert check.remedy.text()


def test_an_encrypted_library_is_opened_with_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_quick_vaults(monkeypatch)
    encrypt_library(tmp_path / "library", PASSPHRASE)
    vault = unlock_vault(tmp_path / "library", PASSPHRASE)
    names = [check.name for check in library_checks(tmp_path / "library", lambda: vault)]
    assert "library-encryption" in names
    (locked,) = checked(tmp_path / "library")
    assert locked.ok
    assert "passphrase" in locked.message.text()


class TestPlace:
    def test_can_be_written(self, tmp_path: Path) -> None:
        check = place_check(tmp_path / "not" / "yet" / "made")
        assert check.ok
        assert str(tmp_path) in check.message.text()
        assert list(tmp_path.iterdir()) == []

    def test_cannot_be_written(self, tmp_path: Path) -> None:
        def refuse(_place: Path) -> None:
            raise PermissionError(13, "read-only")

        check = place_check(tmp_path, refuse)
        assert not check.ok
        assert str(tmp_path) in check.message.text()
        assert "another place" in check.remedy.text()

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux only")
    def test_a_read_only_folder_is_found_by_trying(self) -> None:
        assert not place_check(Path("/proc/self")).ok

    @pytest.mark.skipif(not hasattr(os, "setuid") or os.geteuid() != 0, reason="needs root")
    def test_somebody_elses_folder_is_found_by_trying(self, tmp_path: Path) -> None:
        code = (
            "import os, sys; from pathlib import Path\n"
            "from her2desk.diagnostics.library_place import place_check\n"
            "os.setuid(65534); sys.exit(place_check(Path('/usr/lib')).ok)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestRoom:
    def test_is_told(self, tmp_path: Path) -> None:
        assert disk_check(tmp_path / "not" / "yet" / "made", lambda _place: 5 << 30).ok
        assert disk_check(tmp_path, wanted_bytes=0).ok

    def test_a_full_disk_is_a_problem(self, tmp_path: Path) -> None:
        check = disk_check(tmp_path, lambda _place: 50 << 20)
        assert not check.ok
        assert check.message.text() == "0.0 GiB free on the library's disk."
        assert "Free some space" in check.remedy.text()
