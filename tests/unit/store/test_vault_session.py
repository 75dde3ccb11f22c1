"""Plain copies of encrypted files: private, checked, and gone with the library or its process."""

import gc
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from her2desk.store import vault_session
from her2desk.store.vault_sealing import SealBroken
from her2desk.store.vault_session import UnsealedFiles, places, remove_left_unsealed

Sealed = Callable[[bytes], str]


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies go, so that those of others are never touched."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(vault_session, "places", lambda: [folder])
    return folder


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    folder = tmp_path / "sealed"
    folder.mkdir()
    return folder


def put(sealed: Path, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    (sealed / name).write_bytes(content[::-1])
    return name


def unsealed(sealed: Path, kept_bytes: int = 1 << 20) -> UnsealedFiles:
    def write_out(sha256: str, target: Path) -> str:
        content = (sealed / sha256).read_bytes()[::-1]
        target.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    return UnsealedFiles(write_out, kept_bytes)


def test_a_copy_is_made_once_and_goes_at_the_end(sealed: Path, memory: Path) -> None:
    name = put(sealed, b"image")
    files = unsealed(sealed)
    assert list(memory.iterdir()) == []
    copy = files.path(name, sealed / name)
    assert copy.read_bytes() == b"image"
    assert files.path(name, sealed / name) == copy
    if os.name == "posix":
        assert copy.parent.stat().st_mode & 0o777 == 0o700
    files.close()
    files.close()
    assert list(memory.iterdir()) == []


def test_it_goes_with_the_object_too(sealed: Path, memory: Path) -> None:
    name = put(sealed, b"image")
    unsealed(sealed).path(name, sealed / name)
    gc.collect()
    assert list(memory.iterdir()) == []


def test_what_does_not_fit_its_hash_is_no_copy(sealed: Path, memory: Path) -> None:
    name = put(sealed, b"image")
    (sealed / name).write_bytes(b"another")
    files = unsealed(sealed)
    with pytest.raises(SealBroken):
        files.path(name, sealed / name)
    with pytest.raises(FileNotFoundError):
        files.path("00" * 32, sealed / "absent")
    assert not list(memory.rglob(name))
    files.close()


def test_a_copy_that_somebody_removed_is_made_again_as_the_same_file(sealed: Path) -> None:
    """A cine's frames are read one by one, by whoever looked at size and time before."""
    name = put(sealed, b"image")
    files = unsealed(sealed)
    copy = files.path(name, sealed / name)
    before = copy.stat()
    copy.unlink()
    again = files.path(name, sealed / name).stat()
    assert (again.st_size, again.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    files.close()


def test_those_asked_for_last_stay(sealed: Path) -> None:
    names = [put(sealed, bytes([n]) * 100) for n in range(4)]
    files = unsealed(sealed, kept_bytes=250)
    first, second = (files.path(name, sealed / name) for name in names[:2])
    assert files.path(names[0], sealed / names[0]) == first  # asked for again
    third = files.path(names[2], sealed / names[2])
    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)
    large = put(sealed, bytes(1000))
    assert files.path(large, sealed / large).exists()  # the one asked for stays, whatever its size
    assert not third.exists()
    files.close()


def test_an_erased_file_has_no_copy(sealed: Path) -> None:
    name = put(sealed, b"image")
    files = unsealed(sealed)
    copy = files.path(name, sealed / name)
    files.remove(name)
    files.remove("00" * 32)
    assert not copy.exists()
    files.close()


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_copies_of_a_killed_process_go_and_those_of_one_at_work_stay(memory: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from her2desk.store import vault_session\n"
        "vault_session.places = lambda: [Path(sys.argv[1])]\n"
        "def write_out(sha256, target):\n    target.write_bytes(b'image'); return sha256\n"
        "files = vault_session.UnsealedFiles(write_out)\n"
        "print(files.path('ab', Path(sys.executable)), flush=True); sys.stdin.readline()"
    )

    def start() -> tuple[subprocess.Popen[str], Path]:
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        return child, Path(child.stdout.readline().strip())

    (killed, left), (working, used) = start(), start()
    other = memory / "her2desk-unlocked-link"
    other.symlink_to(used.parent)
    killed.kill()
    killed.communicate()
    assert left.exists()
    remove_left_unsealed()
    assert not left.parent.exists()
    assert used.exists()
    working.communicate("\n")
    assert not used.parent.exists()
    assert other.is_symlink()


class TestPlaces:
    @pytest.fixture(autouse=True)
    def real(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vault_session, "places", places)

    @pytest.mark.skipif(sys.platform != "linux", reason="Linux's")
    def test_in_memory_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        assert places()[0] == tmp_path
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        assert str(places()[0]) in ("/dev/shm", tempfile.gettempdir())

    def test_elsewhere_among_temporary_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert places() == [Path(tempfile.gettempdir())]

    def test_where_there_is_room(
        self, tmp_path: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = namedtuple("usage", "total used free")
        small, gone, large = tmp_path / "small", tmp_path / "gone", tmp_path / "large"
        for folder in (small, large):
            folder.mkdir()
        free = {small: 1 << 20, large: 1 << 40}
        monkeypatch.setattr(vault_session, "places", lambda: [gone, small, large])

        def disk_usage(place: Path) -> object:
            if place not in free:
                raise FileNotFoundError(place)
            return usage(0, 0, free[place])

        monkeypatch.setattr(shutil, "disk_usage", disk_usage)
        name = put(sealed, b"image")
        files = unsealed(sealed)
        assert files.path(name, sealed / name).parent.parent == large
        files.close()
