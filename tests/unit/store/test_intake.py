"""Many images at once: acknowledged together, and nothing lost of what was acknowledged."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from her2desk.domain.image import UltrasoundImage
from her2desk.errors import InputRefused, StoreRefused
from her2desk.store.intake import AddedImage
from her2desk.store.library import Library
from her2desk.store.opening import open_library

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with open_library(folder, reader="Reader A") as opened:
        yield opened


def a_file(folder: Path, content: bytes, uid: str | None = None) -> tuple[Path, UltrasoundImage]:
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{sha256[:8]}.dcm"
    path.write_bytes(content)
    return path, UltrasoundImage(sha256, uid, 1, 1, 1, "MONOCHROME2", "")


def copies(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


def test_nothing_counts_before_the_commit(library: Library, folder: Path, tmp_path: Path) -> None:
    with library.intake() as intake:
        for number in range(3):
            intake.put(*a_file(tmp_path, b"%d" % number), "x.dcm")
        assert intake.waiting == 3
        assert intake.waiting_bytes == 3
        assert library.cases() == []
        added = intake.commit()
        assert intake.waiting == 0
    assert [a.was_new for a in added] == [True] * 3
    assert [case.case_id for case in library.cases()] == [3, 2, 1]
    assert len(copies(folder)) == 3
    library.check()


def test_what_was_not_committed_leaves_nothing(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    with library.intake() as intake:
        intake.put(*a_file(tmp_path, b"a"), "a.dcm")
    assert copies(folder) == []
    assert library.cases() == []


def test_a_file_that_is_refused_does_not_cost_the_others(library: Library, tmp_path: Path) -> None:
    path, image = a_file(tmp_path, b"a")
    with library.intake() as intake:
        intake.put(path, image, "a.dcm")
        with pytest.raises(InputRefused):
            intake.put(tmp_path / "absent", a_file(tmp_path, b"b")[1], "b.dcm")
        assert intake.commit() == [AddedImage(1, was_new=True)]


def test_an_earlier_case_of_the_same_instance_is_named(library: Library, tmp_path: Path) -> None:
    with library.intake() as intake:
        for content, uid in ((b"a", "1.2"), (b"b", "1.2"), (b"c", None), (b"d", None)):
            intake.put(*a_file(tmp_path, content, uid), "x.dcm")
        intake.put(*a_file(tmp_path, b"a", "1.2"), "x.dcm")
        added = intake.commit()
    assert [a.same_instance_as for a in added] == [None, 1, None, None, None]
    assert added[-1] == AddedImage(1, was_new=False)


def test_a_file_that_was_lost_comes_back_when_it_is_imported_again(
    library: Library, tmp_path: Path
) -> None:
    path, image = a_file(tmp_path, b"a")
    case_id = library.add_image(path, image).case_id
    library.image_path(case_id).unlink()
    with pytest.raises(StoreRefused, match="Import the file again"):
        library.image_path(case_id)
    assert library.add_image(path, image) == AddedImage(case_id, was_new=False)
    assert library.image_path(case_id).read_bytes() == b"a"


def test_a_library_that_cannot_be_written_acknowledges_none_of_a_batch(
    library: Library, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_sync, calls = os.fsync, []

    def full_at_the_second(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        really_sync(handle)

    monkeypatch.setattr("her2desk.store.files.os.fsync", full_at_the_second)
    with library.intake() as intake:
        for number in range(3):
            intake.put(*a_file(tmp_path, b"%d" % number), "x.dcm")
        with pytest.raises(StoreRefused) as refused:
            intake.commit()
    assert refused.value.code == "store-full"
    assert library.cases() == []
    assert copies(folder) == []


IMPORT = """
import sys
from pathlib import Path
from her2desk.domain.progress import SilentProgress
from her2desk.inference import importing
from her2desk.store.opening import open_library

importing.BATCH_FILES = 7
importing.BATCH_SECONDS = 60

def told(files):
    for file in files:
        print(file.case_id, file.image.sha256, file.status, flush=True)

with open_library(Path(sys.argv[1])) as library:
    print("open", flush=True)
    importing.import_files([Path(p) for p in sys.argv[2:]], library, SilentProgress(), told=told)
"""


def importing(folder: Path, *paths: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(folder), *map(str, paths)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def pictures(folder: Path, count: int) -> Path:
    """So many PNG pictures, each of another shade."""
    from PIL import Image

    folder.mkdir()
    for number in range(count):
        Image.new("L", (16, 16), number).save(folder / f"{number:03}.png")
    return folder


@needs_posix
@pytest.mark.parametrize("acknowledged", [1, 8, 40])
def test_no_acknowledged_file_is_lost_when_an_import_is_killed(
    folder: Path, tmp_path: Path, acknowledged: int
) -> None:
    process = importing(folder, pictures(tmp_path / "study", 120))
    assert process.stdout is not None
    with process.stdout as said:
        lines = [said.readline() for _ in range(acknowledged + 1)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        lines += said.readlines()
    known = [line.split()[:2] for line in lines[1:] if line.endswith("\n")]
    with open_library(folder) as library:
        library.check()
        cases = {str(case.case_id): case.sha256 for case in library.cases()}
        for case_id, sha256 in known:
            assert cases[case_id] == sha256
        for case_id, sha256 in cases.items():
            content = library.image_path(int(case_id)).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256
    assert len(known) >= acknowledged


@needs_posix
def test_two_processes_import_the_same_files_at_once(folder: Path, tmp_path: Path) -> None:
    study = pictures(tmp_path / "study", 60)
    open_library(folder).close()
    processes = [importing(folder, study) for _ in range(2)]
    told = [process.communicate()[0].splitlines()[1:] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    statuses = [line.split()[2] for lines in told for line in lines]
    assert sorted(statuses) == ["duplicate"] * 60 + ["imported"] * 60
    with open_library(folder) as library:
        library.check()
        assert len(library.cases()) == 60
    assert len(copies(folder)) == 60
