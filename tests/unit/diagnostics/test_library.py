"""What doctor says of the library."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from her2desk.diagnostics.check import Check
from her2desk.diagnostics.library import (
    backups_check,
    durability_check,
    files_check,
    history_check,
    library_checks,
    permissions_check,
)
from her2desk.store.backup import backup_library
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.health import Health, health_of
from her2desk.store.history import Head
from her2desk.store.opening import open_library

SOUND = Health(2, 7, Head(7, "ab" * 32), 0, True, False, (), (), (), ())


def checked(folder: Path) -> dict[str, Check]:
    return {check.name: check for check in library_checks(folder, lambda: None)}


def test_a_new_library_is_well(tmp_path: Path) -> None:
    open_library(tmp_path / "library").close()
    found = checked(tmp_path / "library")
    assert [name for name, check in found.items() if not check.ok] == []
    assert "holds 0 cases" in found["library"].message.text()
    assert found["library-history"].message.text() == "The history is empty."
    assert "never backed up" in found["library-backup"].message.text()
    assert found["library-backup"].remedy.text() == ""


def test_a_library_that_cannot_be_used_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "library").write_text("in the way")
    (check,) = checked(tmp_path / "library").values()
    assert not check.ok
    assert check.remedy.text()


def test_a_forged_entry_is_a_problem(tmp_path: Path) -> None:
    open_library(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        connection.execute(
            "INSERT INTO history VALUES (1, 1, 'roi', '', '', 'x', 'y', 'z', x'00', 'null')"
        )
        connection.commit()
    (check,) = checked(tmp_path).values()
    assert not check.ok
    assert "Entry 1" in check.message.text()


def test_the_end_of_the_history_is_told_so_that_it_can_be_written_down() -> None:
    said = history_check(SOUND)
    assert "All 7 entries" in said.message.text()
    assert "abababababababab" in said.message.text()
    assert said.remedy.text() == ""
    for times, word in ((1, "once"), (3, "3 times")):
        assert word in history_check(replace(SOUND, steps_back=times)).remedy.text()


def test_a_disk_that_is_not_waited_for_is_a_problem() -> None:
    assert durability_check(SOUND).ok
    assert not durability_check(replace(SOUND, is_durable=False)).ok


def test_images_and_cases_belong_together() -> None:
    assert files_check(SOUND).remedy.text() == ""
    stray = files_check(replace(SOUND, unknown=(Path("files/thumbs.db"),)))
    assert stray.ok
    assert "thumbs.db" in stray.remedy.text()
    traces = files_check(replace(SOUND, has_traces=True))
    assert not traces.ok
    assert "erased patients" in traces.message.text()
    lost = files_check(replace(SOUND, lost=tuple(range(1, 20))))
    assert not lost.ok
    assert "19 cases" in lost.message.text()
    assert "0010" in lost.message.text()
    assert "0011" not in lost.message.text()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_what_others_can_reach_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    open_library(folder).close()
    assert checked(folder)["library-permissions"].ok
    folder.chmod(0o755)
    check = checked(folder)["library-permissions"]
    assert not check.ok
    assert "chmod" in check.remedy.text()
    assert permissions_check(folder, SOUND).ok


def test_the_age_of_the_last_backup_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with open_library(folder) as library:
        backup_library(library, tmp_path / "b.zip")
        health = health_of(library)
    now = datetime.now(UTC)
    assert "0 days" in backups_check(folder, SOUND, now).message.text()
    assert "0 days" in backups_check(folder, SOUND, now - timedelta(days=9)).message.text()
    old = backups_check(folder, SOUND, now + timedelta(days=31))
    assert "31 days" in old.message.text()
    assert "library backup" in old.remedy.text()
    aside = replace(health, aside=(folder / "replaced-x",))
    assert "replaced-x" in backups_check(folder, aside, now).remedy.text()
    assert "library backup" in backups_check(tmp_path, SOUND, now).remedy.text()
