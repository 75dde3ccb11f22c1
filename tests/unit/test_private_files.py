"""Files and folders for their owner alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from her2desk.private_files import (
    make_private_folder,
    open_to_others,
    remove_left_folders,
    temporary_folder,
    write_private,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestFolders:
    def test_those_that_were_absent_are_private(self, tmp_path: Path) -> None:
        make_private_folder(tmp_path / "a" / "b" / "c")
        assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3

    def test_one_that_exists_stays_as_it_is(self, tmp_path: Path) -> None:
        shared = tmp_path / "shared"
        shared.mkdir(mode=0o755)
        make_private_folder(shared)
        assert mode(shared) == 0o755
        assert open_to_others(shared)

    def test_a_file_in_the_way_is_an_error_of_the_system(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="file"):
            make_private_folder(tmp_path / "file")
        with pytest.raises(OSError, match="file"):
            make_private_folder(tmp_path / "file" / "below")


class TestWriting:
    def test_a_new_file_is_private_and_whole(self, tmp_path: Path) -> None:
        write_private(tmp_path / "f", b"content")
        assert ((tmp_path / "f").read_bytes(), mode(tmp_path / "f")) == (b"content", 0o600)
        assert not open_to_others(tmp_path / "f")

    def test_one_that_others_could_read_no_longer_is(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_text("before")
        write_private(tmp_path / "f", b"after")
        assert mode(tmp_path / "f") == 0o600

    def test_a_failure_leaves_the_old_file_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_private(tmp_path / "f", b"before")

        def full(_handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_private(tmp_path / "f", b"after")
        assert [p.name for p in tmp_path.iterdir()] == ["f"]
        assert (tmp_path / "f").read_bytes() == b"before"

    def test_the_name_is_on_disk_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        synced: list[bool] = []
        fsync = os.fsync
        monkeypatch.setattr(
            os, "fsync", lambda h: (synced.append(Path(f"/dev/fd/{h}").is_dir()), fsync(h))
        )
        write_private(tmp_path / "f", b"content")
        assert synced == [False, True]


class TestTheWholeProcess:
    CODE = """
import os, resource, sqlite3, subprocess, sys
from her2desk.private_files import keep_private
keep_private()
os.mkdir("folder")
sqlite3.connect("base.sqlite").execute("CREATE TABLE t (x)")
subprocess.run([sys.executable, "-c", "open('of-a-child', 'w')"])
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""

    def test_makes_private_files_only_and_no_core_dump(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-c", self.CODE],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert done.stdout.split() == ["0"]
        modes = {path.name: oct(mode(path)) for path in tmp_path.iterdir()}
        assert modes == {"folder": "0o700", "base.sqlite": "0o600", "of-a-child": "0o600"}


class TestTemporaryFolders:
    @pytest.fixture(autouse=True)
    def own_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        return tmp_path

    def test_go_at_the_end_and_are_private(self, tmp_path: Path) -> None:
        with temporary_folder("import") as name:
            assert mode(Path(name)) == 0o700
        assert list(tmp_path.iterdir()) == []

    def test_those_of_a_killed_process_are_removed_and_no_others(self, tmp_path: Path) -> None:
        child = subprocess.Popen([sys.executable, "-c", ""])
        child.wait()
        left = tmp_path / f"her2desk-import-{child.pid}-abc_d"
        left.mkdir()
        (left / "00001").write_bytes(b"pixels")
        for other in ("her2desk-notes", "her2desk-a-b-c", "else-import-1-x"):
            (tmp_path / other).mkdir()
        (tmp_path / f"her2desk-link-{child.pid}-x").symlink_to(tmp_path / "her2desk-notes")
        with temporary_folder("import") as ours:
            remove_left_folders()
            found = {path.name for path in tmp_path.iterdir()}
        kept = {"her2desk-notes", "her2desk-a-b-c", "else-import-1-x", Path(ours).name}
        assert found == kept | {f"her2desk-link-{child.pid}-x"}
