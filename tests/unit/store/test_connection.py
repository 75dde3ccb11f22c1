"""Opening a library: new, older, newer, damaged, elsewhere in use."""

import hashlib
import io
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from her2desk.errors import InputRefused, StoreRefused
from her2desk.store.connection import DATABASE_NAME, Database, open_database
from her2desk.store.files import FileStore
from her2desk.store.migrating import known_migrations, schema_version
from her2desk.store.opening import open_library


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / DATABASE_NAME


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = open_database(path)
    yield opened
    opened.close()


def refusal_of(path: Path) -> str:
    with pytest.raises(StoreRefused) as refused:
        open_database(path)
    return refused.value.code


def test_an_empty_folder_becomes_a_library_with_the_latest_schema(
    database: Database, path: Path
) -> None:
    with database.reading() as connection:
        assert schema_version(connection) == len(known_migrations()) >= 1
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert {"cases", "history"} <= tables


def test_writes_are_made_to_last(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_library_of_a_newer_version_is_left_alone(path: Path) -> None:
    open_database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreRefused) as refused:
        open_database(path)
    assert refused.value.code == "store-newer"
    assert "newer version" in str(refused.value)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is not a database, however long it goes on " * 100)
    assert refusal_of(path) == "store-damaged"


def test_a_torn_database_is_refused(path: Path) -> None:
    open_database(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = bytes(3996)
    path.write_bytes(content)
    assert refusal_of(path) == "store-damaged"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    in_the_way = tmp_path / "library"
    in_the_way.write_text("")
    with pytest.raises(StoreRefused) as refused:
        open_library(in_the_way)
    assert refused.value.code == "store-unwritable"
    assert str(in_the_way) in str(refused.value)


def test_a_folder_in_place_of_the_database_is_refused(path: Path) -> None:
    path.mkdir()
    assert refusal_of(path) == "store-unwritable"


def test_a_full_disk_is_a_sentence_and_no_loss(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("CREATE TABLE a (x)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def write_much() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO a VALUES ('small')")
            connection.execute("INSERT INTO a VALUES (zeroblob(1000000))")

    with pytest.raises(StoreRefused) as refused:
        write_much()
    assert refused.value.code == "store-full"
    with database.reading() as connection:
        assert connection.execute("SELECT * FROM a").fetchall() == []


def test_a_library_that_somebody_else_is_writing_is_a_sentence(
    database: Database, path: Path
) -> None:
    with database.transaction() as connection:
        connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreRefused) as refused, database.transaction():
            pass
    assert refused.value.code == "store-busy"


def test_a_mistake_of_ours_is_not_dressed_up_as_the_users(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError), database.transaction() as connection:
        connection.execute("SELECT * FROM nowhere")


def test_a_copy_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    source = tmp_path / "one.dcm"
    source.write_bytes(b"x")
    with pytest.raises(StoreRefused) as refused:
        FileStore(tmp_path / "files").add(source, "ab" * 32)
    assert refused.value.code == "store-unwritable"


def test_a_disk_that_fills_during_a_copy_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    source = tmp_path / "one.dcm"
    source.write_bytes(b"x")
    monkeypatch.setattr("her2desk.store.files.os.fsync", full)
    with pytest.raises(StoreRefused) as refused:
        FileStore(tmp_path / "files").add(source, hashlib.sha256(b"x").hexdigest())
    assert refused.value.code == "store-full"
    assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == []


def test_a_source_that_fails_while_it_is_read_is_the_sources_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FailingDisc(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", lambda *_: FailingDisc())
    with pytest.raises(InputRefused) as refused:
        FileStore(tmp_path / "files").add(tmp_path / "cd.dcm", "ab" * 32)
    assert refused.value.code == "file-unreadable"


def test_a_list_is_read_while_somebody_is_writing(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("CREATE TABLE a (x)")
    seen: list[object] = []

    def read() -> None:
        with database.reading() as connection:
            seen.append(connection.execute("SELECT count(*) FROM a").fetchone()[0])

    with database.transaction() as connection:
        connection.execute("INSERT INTO a VALUES (1)")
        window = threading.Thread(target=read)
        window.start()
        window.join()
    read()
    assert seen == [0, 1]  # before the end of the block nothing of it counts


def test_nobody_writes_while_only_reading(database: Database) -> None:
    with pytest.raises(StoreRefused), database.reading() as connection:
        connection.execute("DELETE FROM history")


def test_copies_that_a_killed_process_left_are_removed_and_those_of_others_stay(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "library"
    source = tmp_path / "one.dcm"
    source.write_bytes(b"x")
    open_library(folder).close()
    files = FileStore(folder / "files")
    old, new = (files.stage(source, hashlib.sha256(b"x").hexdigest()) for _ in range(2))
    os.utime(old.temporary, (0, 0))
    open_library(folder).close()
    assert [old.temporary.exists(), new.temporary.exists()] == [False, True]
