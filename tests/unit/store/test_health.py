"""What doctor is told of a library, and what a check to the last byte finds."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.errors import StoreRefused
from her2desk.store.health import health_of
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.store.verifying import verify_library

AddCase = Callable[..., int]


def test_a_sound_library(library: Library, add_case: AddCase, folder: Path) -> None:
    add_case()
    health = health_of(library)
    assert (health.cases, health.entries, health.steps_back) == (1, 1, 0)
    assert health.is_durable
    assert (health.unknown, health.lost, health.too_open, health.aside) == ((), (), (), ())
    verified = verify_library(library, SilentProgress())
    assert (verified.cases, verified.entries, verified.head) == (1, 1, health.head)
    library.close()
    with open_library(folder, read_only=True) as copy:
        assert health_of(copy) == health


def test_what_does_not_belong_and_what_is_missing(
    library: Library, add_case: AddCase, folder: Path
) -> None:
    case_id = add_case()
    library.image_path(case_id).unlink()
    stray = [folder / "files" / "ab" / ("ab" * 32), folder / "files" / "thumbs.db"]
    for path in stray:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (folder / "files" / "incoming" / "x.part").write_bytes(b"on its way")
    aside = folder / "replaced-x"
    aside.mkdir()
    folder.chmod(0o755)
    health = health_of(library)
    assert health.lost == (case_id,)
    assert set(health.unknown) == set(stray)
    assert health.aside == (aside,)
    assert health.too_open == (folder,)


def test_a_library_that_does_not_wait_for_the_disk(library: Library) -> None:
    with library.parts.database.alone() as writer:
        writer.execute("PRAGMA synchronous = OFF")
    assert not health_of(library).is_durable


def test_an_image_with_another_byte_is_found(library: Library, add_case: AddCase) -> None:
    good, bad, gone = (add_case(b"%d" % n) for n in range(3))
    library.image_path(bad).write_bytes(b"x")
    library.image_path(gone).unlink()
    with pytest.raises(StoreRefused, match=f"{bad:04d}, {gone:04d}") as refused:
        verify_library(library, SilentProgress())
    assert refused.value.code == "store-file-damaged"
    assert f"{good:04d}" not in str(refused.value)


def test_a_database_that_sqlite_finds_damaged_is_a_sentence(library: Library) -> None:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT  # type: ignore[misc]

    def write() -> None:
        with library.parts.database.transaction():
            raise error

    with pytest.raises(StoreRefused) as refused:
        write()
    assert refused.value.code == "store-damaged"
