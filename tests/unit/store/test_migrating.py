"""An older library becomes one of this version: all of it or nothing, and with a way back."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from her2desk.domain.clinical import Pathology
from her2desk.errors import StoreRefused
from her2desk.store import migrating, snapshots
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.history import Action
from her2desk.store.migrating import Migration, known_migrations, migrate, schema_version
from her2desk.store.opening import open_library
from her2desk.store.rolling_back import roll_back

FIRST = Migration("CREATE TABLE a (x);")
SECOND = Migration("ALTER TABLE a ADD COLUMN y;\nINSERT INTO a VALUES (1, 2);\n")


def schema_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return schema_version(connection)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / DATABASE_NAME


def test_migrations_are_applied_in_order_and_once(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, (FIRST,))
        migrate(connection, (FIRST, SECOND))
        migrate(connection, (FIRST, SECOND))
        assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]
        assert schema_version(connection) == 2


def test_a_migration_that_fails_leaves_nothing_of_itself(path: Path) -> None:
    broken = Migration("CREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);\n")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (FIRST, broken))
        assert schema_version(connection) == 1
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        assert names == ["a"]


def test_a_migration_done_meanwhile_by_another_process_is_not_repeated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, (FIRST,))
        answers = iter([0, 0, 1, 1])  # at first, before the lock, under it, afterwards
        monkeypatch.setattr(migrating, "schema_version", lambda _: next(answers))
        migrate(connection, (FIRST,))


def test_a_new_library_has_nothing_to_keep(path: Path) -> None:
    kept: list[int] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, (FIRST, SECOND), kept.append)
        assert kept == []
        migrate(connection, (FIRST, SECOND, FIRST_AGAIN), kept.append)
    assert kept == [3]


FIRST_AGAIN = Migration("CREATE TABLE b (x);")


def test_an_older_library_says_the_same_afterwards(old_library: Path) -> None:
    with open_library(old_library, "Reader A") as library:
        second, first = library.cases()
        assert (first.status, second.status) == ("read", "imported")
        assert (first.age_years, first.laterality, second.laterality) == (62.3, "R", "L")
        kept = library.latest_prediction(1)
        assert kept is not None
        assert (kept.document, kept.inputs_sha256, kept.entry_id) == ({"p": 0.25}, "ab", 5)
        assert library.latest_pathology(1) == Pathology("3+")
        assert [e.action for e in library.history(1)] == [
            Action.IMPORTED,
            Action.ROI,
            Action.CLINICAL,
            Action.PREDICTION,
            Action.PATHOLOGY,
        ]
        library.check()
        assert library.record(2, Action.REPORTED, {}) == 7


def test_the_library_from_before_is_kept_and_is_the_way_back(old_library: Path) -> None:
    with open_library(old_library, "Reader A") as library:
        library.record(2, Action.REPORTED, {})
    (kept,) = snapshots.snapshots(old_library)
    assert kept.path.name.startswith("before-schema-3-")
    assert kept.path.stat().st_mode & 0o077 == 0
    back = roll_back(old_library, kept.path)
    assert (back.contents.schema, back.contents.cases, back.contents.entries) == (2, 2, 6)
    assert schema_of(old_library / DATABASE_NAME) == 2
    assert back.aside is not None
    assert schema_of(back.aside / DATABASE_NAME) == 3
    with open_library(old_library, "Reader A") as library:  # and forward again
        assert len(library.history(2)) == 1
        library.check()


def test_only_the_last_few_copies_are_kept(old_library: Path) -> None:
    backups = old_library / "backups"
    backups.mkdir()
    for day in range(1, 10):
        older = backups / f"before-schema-2-2024010{day}T000000Z.sqlite"
        older.write_bytes(b"")
        moment = datetime(2024, 1, day, tzinfo=UTC).timestamp()
        os.utime(older, (moment, moment))
    mine = backups / "my own copy.sqlite"
    mine.write_bytes(b"")
    open_library(old_library).close()
    names = sorted(p.name for p in backups.iterdir())
    assert mine.name in names
    assert len(names) == 1 + snapshots.KEPT
    assert any(name.startswith("before-schema-3-") for name in names)
    assert "before-schema-2-20240109T000000Z.sqlite" in names


def test_two_copies_of_one_second_have_two_names(old_library: Path) -> None:
    database = old_library / DATABASE_NAME
    first, second = (snapshots.take(database, old_library, "before-schema-3") for _ in range(2))
    assert first != second


def test_what_cannot_be_kept_first_is_not_changed(
    old_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old_library / "backups").write_text("in the way")
    with pytest.raises(StoreRefused) as refused:
        open_library(old_library)
    assert refused.value.code == "store-backup-unwritable"
    assert schema_of(old_library / DATABASE_NAME) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET content = '{\"age_years\": 16.0}' WHERE entry_id = 4",
        "UPDATE history SET sha256 = previous_sha256 WHERE entry_id = 4",
        "UPDATE history SET case_id = 2 WHERE entry_id = 4",
    ],
)
def test_a_history_changed_before_is_not_whitewashed(old_library: Path, change: str) -> None:
    database = old_library / DATABASE_NAME
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TRIGGER history_is_never_changed")
        connection.execute(change)
        connection.commit()
        before = list(connection.iterdump())
    with pytest.raises(StoreRefused, match="Entry 4") as refused:
        open_library(old_library)
    assert refused.value.code == "store-history-changed"
    with closing(sqlite3.connect(database)) as connection:
        assert list(connection.iterdump()) == before


STOP_INSIDE = """
import sys, time
from pathlib import Path
from her2desk.store import case_states
from her2desk.store.opening import open_library

def wait(connection):
    case_states.rebuild_really(connection)
    connection.execute("PRAGMA cache_spill = 1")
    print("inside", flush=True)
    time.sleep(600)

case_states.rebuild_really, case_states.rebuild = case_states.rebuild, wait
open_library(Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_process_killed_inside_a_migration_leaves_the_old_library(old_library: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STOP_INSIDE, str(old_library)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout as said:
        assert said.readline() == "inside\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert schema_of(old_library / DATABASE_NAME) == 2
    with open_library(old_library, "Reader A") as library:
        library.check()
        assert len(library.history(1)) == 5


class TestRollBack:
    def test_a_copy_that_is_not_there_is_refused(self, old_library: Path) -> None:
        with pytest.raises(StoreRefused) as refused:
            roll_back(old_library, old_library / "backups" / "nothing.sqlite")
        assert refused.value.code == "backup-absent"

    def test_a_file_that_is_no_library_is_refused(self, old_library: Path, tmp_path: Path) -> None:
        for content in (b"", b"not a database" * 500):
            wrong = tmp_path / "wrong.sqlite"
            wrong.write_bytes(content)
            with pytest.raises(StoreRefused) as refused:
                roll_back(old_library, wrong)
            assert refused.value.code in ("backup-damaged", "store-damaged")
        assert schema_of(old_library / DATABASE_NAME) == 2
        assert sorted(p.name for p in old_library.iterdir()) == ["library.lock", DATABASE_NAME]

    def test_a_library_with_a_planted_trigger_is_refused(
        self, old_library: Path, tmp_path: Path
    ) -> None:
        planted = tmp_path / "planted.sqlite"
        planted.write_bytes((old_library / DATABASE_NAME).read_bytes())
        with closing(sqlite3.connect(planted)) as connection:
            connection.execute(
                "CREATE TRIGGER t AFTER INSERT ON cases BEGIN DELETE FROM cases; END"
            )
            connection.commit()
        with pytest.raises(StoreRefused, match="not a whole library"):
            roll_back(old_library, planted)

    def test_a_later_version_is_refused(self, old_library: Path, tmp_path: Path) -> None:
        later = tmp_path / "later.sqlite"
        later.write_bytes((old_library / DATABASE_NAME).read_bytes())
        with closing(sqlite3.connect(later)) as connection:
            connection.execute(f"PRAGMA user_version = {len(known_migrations()) + 1}")
        with pytest.raises(StoreRefused) as refused:
            roll_back(old_library, later)
        assert refused.value.code == "store-newer"

    def test_a_library_in_use_is_left_alone(self, old_library: Path) -> None:
        with open_library(old_library):
            (kept,) = snapshots.snapshots(old_library)
            with pytest.raises(StoreRefused) as refused:
                roll_back(old_library, kept.path)
        assert refused.value.code == "store-in-use"
        with open_library(old_library) as library:
            assert len(library.cases()) == 2

    def test_a_full_disk_changes_nothing(
        self, old_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = tmp_path / "copy.sqlite"
        copy.write_bytes((old_library / DATABASE_NAME).read_bytes())

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("her2desk.store.files.os.fsync", full)
        with pytest.raises(StoreRefused) as refused:
            roll_back(old_library, copy)
        assert refused.value.code == "backup-unreadable"
        assert sorted(p.name for p in old_library.iterdir()) == ["library.lock", DATABASE_NAME]

    def test_a_library_whose_pages_are_torn_is_refused(
        self, old_library: Path, tmp_path: Path
    ) -> None:
        with open_library(old_library, "Reader A") as library:
            for number in range(40):
                library.record(1, Action.LOOKED, {"text": "x" * 500, "number": number})
        torn = bytearray((old_library / DATABASE_NAME).read_bytes())
        torn[-9000:-4500] = bytes(4500)
        copy = tmp_path / "torn.sqlite"
        copy.write_bytes(torn)
        with pytest.raises(StoreRefused) as refused:
            roll_back(old_library, copy)
        assert refused.value.code in ("backup-damaged", "store-damaged", "store-history-changed")
