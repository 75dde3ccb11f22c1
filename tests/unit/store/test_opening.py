"""Who may write: one window; a library that can only be read; modes of files and folders."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import StoreRefused
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.erasing import erase_cases
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.locking import HOLDER_NAME, LOCK_NAME, LibraryLock
from her2desk.store.opening import open_for_window, open_library

AddCase = Callable[..., int]
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


def every_way_of_writing(library: Library, tmp_path: Path) -> Iterator[Callable[[], object]]:
    image = UltrasoundImage("ab" * 32, None, 1, 1, 1, "MONOCHROME2", "")
    yield lambda: library.add_image(tmp_path / "source.dcm", image)
    yield lambda: library.intake()
    yield lambda: library.save_drawing(1, Drawing())
    yield lambda: library.save_calibration(1, None)
    yield lambda: library.save_clinical(1, ClinicalRecord())
    yield lambda: library.save_prediction(1, {}, "")
    yield lambda: library.record(1, Action.REPORTED, {})
    yield lambda: erase_cases(library, [1])


class TestTwoWindows:
    def test_the_second_reads_and_knows_who_writes(
        self, library: Library, add_case: AddCase, folder: Path, tmp_path: Path
    ) -> None:
        case_id = add_case()
        library.close()
        with (
            open_for_window(folder, "Reader A") as first,
            open_for_window(folder, "Reader B") as second,
        ):
            assert (first.is_read_only, first.held_by) == (False, None)
            assert second.is_read_only
            assert second.held_by is not None
            assert second.held_by.pid == os.getpid()
            assert str(os.getpid()) in second.held_by.sentence().text()
            first.save_clinical(case_id, ClinicalRecord(age_years=61))
            assert second.cases()[0].age_years == 61  # as soon as it is kept
            second.check()
            for attempt in every_way_of_writing(second, tmp_path):
                with pytest.raises(StoreRefused) as refused:
                    attempt()
                assert refused.value.code in ("store-read-only", "store-in-use")
            assert len(second.history(case_id)) == 2

    def test_a_closed_window_lets_the_next_one_write(self, folder: Path) -> None:
        open_for_window(folder, "A").close()
        with open_for_window(folder, "B") as second:
            assert not second.is_read_only
        assert not (folder / HOLDER_NAME).exists()

    def test_a_command_writes_beside_a_window(
        self, library: Library, add_case: AddCase, folder: Path
    ) -> None:
        case_id = add_case()
        library.close()
        with open_for_window(folder, "A") as window, open_library(folder, "B") as command:
            command.save_clinical(case_id, ClinicalRecord(age_years=61))
            window.save_clinical(case_id, ClinicalRecord(age_years=62))
            assert command.cases()[0].age_years == 62
            window.check()

    def test_a_window_on_a_library_that_does_not_open_leaves_it_free(self, folder: Path) -> None:
        folder.mkdir()
        (folder / DATABASE_NAME).write_bytes(b"no database " * 100)
        with pytest.raises(StoreRefused, match="damaged"):
            open_for_window(folder, "A")
        lock = LibraryLock(folder)
        assert lock.take()
        lock.release()

    @pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
    def test_a_window_that_was_killed_holds_nothing(self, folder: Path) -> None:
        code = (
            "import sys, time; from pathlib import Path\n"
            "from her2desk.store.opening import open_for_window\n"
            "library = open_for_window(Path(sys.argv[1]), 'A')\n"
            "print('open', flush=True); time.sleep(600)"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        with child.stdout as said:
            assert said.readline() == "open\n"
            with open_for_window(folder, "B") as second:
                assert second.held_by is not None
                assert second.held_by.pid == child.pid
            child.send_signal(signal.SIGKILL)
            child.wait()
        with open_for_window(folder, "B") as second:
            assert not second.is_read_only

    def test_who_it_is_may_be_unknown(self, folder: Path) -> None:
        with open_for_window(folder, "A"):
            for told in (b"", b"[]", b"{}", b'{"pid": "x", "host": 1, "since": 2}'):
                (folder / HOLDER_NAME).write_bytes(told)
                with open_for_window(folder, "B") as second:
                    assert second.is_read_only
                    assert second.held_by is None
            assert "another window" in str(LibraryLock(folder).in_use())

    def test_taking_the_lock_twice_and_letting_go_twice(self, folder: Path) -> None:
        lock = LibraryLock(folder)
        assert lock.take()
        assert lock.take()
        with lock.held():
            pass
        assert lock.is_held
        lock.release()
        lock.release()
        with LibraryLock(folder).held():
            assert not lock.take()

    def test_a_folder_that_cannot_be_made_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "library").write_text("in the way")
        with pytest.raises(StoreRefused) as refused:
            open_for_window(tmp_path / "library", "A")
        assert refused.value.code == "store-unwritable"
        with pytest.raises(StoreRefused) as refused, LibraryLock(tmp_path / "library").held():
            pass
        assert refused.value.code == "store-unwritable"


class TestReadOnly:
    def test_nothing_is_changed_not_even_where_it_could(
        self, library: Library, add_case: AddCase, folder: Path, tmp_path: Path
    ) -> None:
        case_id = add_case()
        library.close()
        before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
        with open_library(folder, "Reader B", read_only=True) as copy:
            assert copy.is_read_only
            assert copy.image_path(case_id).read_bytes() == b"an ultrasound image"
            copy.check()
            for attempt in every_way_of_writing(copy, tmp_path):
                with pytest.raises(StoreRefused) as refused:
                    attempt()
                assert refused.value.code == "store-read-only"
        kept = {p.name: p.read_bytes() for p in folder.iterdir() if p.name in before}
        assert kept == before

    def test_a_change_from_outside_is_noticed_all_the_same(
        self, library: Library, add_case: AddCase, folder: Path
    ) -> None:
        add_case()
        library.close()
        with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
            connection.execute("DROP TRIGGER history_is_never_changed")
            connection.execute("UPDATE history SET reader = 'x'")
            connection.commit()
        with open_library(folder, read_only=True) as copy, pytest.raises(StoreRefused):
            copy.check()

    def test_no_library_is_refused(self, folder: Path) -> None:
        folder.mkdir()
        with pytest.raises(StoreRefused) as refused:
            open_library(folder, read_only=True)
        assert refused.value.code == "store-unwritable"
        assert list(folder.iterdir()) == []

    def test_an_older_or_newer_version_is_refused(self, old_library: Path) -> None:
        with pytest.raises(StoreRefused) as refused:
            open_library(old_library, read_only=True)
        assert refused.value.code == "store-older"
        with closing(sqlite3.connect(old_library / DATABASE_NAME)) as connection:
            connection.execute("PRAGMA user_version = 999")
        with pytest.raises(StoreRefused) as refused:
            open_library(old_library, read_only=True)
        assert refused.value.code == "store-newer"


AS_NOBODY = """
import os, sys
from pathlib import Path
from her2desk.store import opening

opening.open_for_window(Path(sys.argv[2]), "A").close()  # whatever is to be loaded is, now
os.setgid(65534); os.setuid(65534)
folder = Path(sys.argv[1])
try:
    for library in (opening.open_library(folder, read_only=True), opening.open_for_window(folder, "B")):
        with library:
            print(library.is_read_only, library.held_by, [c.patient_id for c in library.cases()])
except Exception as error:
    print(getattr(error, "code", repr(error)))
"""


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs to become nobody")
class TestAFolderThatCannotBeWritten:
    """As somebody who may read all of it and write nothing, like a disc."""

    @pytest.fixture
    def disc(self, library: Library, add_case: AddCase, folder: Path) -> Iterator[Path]:
        add_case(patient_id="P-7")
        disc = Path("/tmp") / f"her2desk-disc-{os.getpid()}"
        shutil.rmtree(disc, ignore_errors=True)
        yield disc
        shutil.rmtree(disc, ignore_errors=True)

    def opened(self, disc: Path, tmp_path: Path) -> list[str]:
        for path in (disc, *disc.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        child = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(disc), str(tmp_path / "own")],
            capture_output=True,
            text=True,
            cwd="/",
        )
        if "Permission" in child.stderr:
            pytest.skip("nobody may not read the program here")
        return child.stdout.splitlines()

    def test_it_is_read(self, library: Library, folder: Path, disc: Path, tmp_path: Path) -> None:
        library.close()
        shutil.copytree(folder, disc)
        assert self.opened(disc, tmp_path) == ["True None ['P-7']"] * 2

    def test_last_changes_that_cannot_be_read_are_not_left_out(
        self, library: Library, folder: Path, disc: Path, tmp_path: Path
    ) -> None:
        library.save_clinical(1, ClinicalRecord(age_years=61))
        shutil.copytree(folder, disc)  # with its log, as after a crash
        (disc / f"{DATABASE_NAME}-shm").unlink()
        assert (disc / f"{DATABASE_NAME}-wal").stat().st_size > 0
        assert self.opened(disc, tmp_path) == ["store-unfinished"]


@posix
def test_everything_is_for_the_owner_alone(
    library: Library, add_case: AddCase, folder: Path
) -> None:
    before = os.umask(0)
    try:
        with open_for_window(folder / "inner" / "library", "A") as other:
            add_case()
            assert other.is_read_only is False
            assert (folder / f"{DATABASE_NAME}-wal").exists()
            too_open = [
                path.relative_to(folder)
                for path in (folder, *folder.rglob("*"))
                if path.stat().st_mode & 0o077
            ]
    finally:
        os.umask(before)
    assert too_open == []
    assert (folder / "inner" / "library" / LOCK_NAME).exists()


@posix
def test_what_was_left_open_to_others_is_closed(folder: Path) -> None:
    open_library(folder).close()
    for name, mode in (("files", 0o755), (DATABASE_NAME, 0o644)):
        (folder / name).chmod(mode)
    folder.chmod(0o750)
    open_library(folder).close()
    assert (folder / "files").stat().st_mode & 0o777 == 0o700
    assert (folder / DATABASE_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o750  # the person's own choice, which doctor tells of
