"""A whole session with a patient whose names are found again wherever they were written.

One session of the window and several commands run once; then everything that they wrote is looked at:
the modes of files, the names and bytes outside of the library's own store, and the sockets.
"""

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from her2desk.paths import LIBRARY_VARIABLE, demo_case_dir, demo_pack_path
from her2desk.settings import Settings, save_settings

from .planted import FILE_WORD, HEADER_WORDS, READER, planted_files

HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

STORE = ("library.sqlite", "library.sqlite-wal", "library.sqlite-shm", "files", "backups")


@dataclass
class Watched:
    """What is left of everything that ran."""

    root: Path
    session: dict[str, object] = field(default_factory=dict)
    answers: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)
    internet: set[str] = field(default_factory=set)

    @property
    def home(self) -> Path:
        return self.root / "home"

    def outside_the_store(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of every file that is no part of the library's own store."""
        for path in sorted(self.root.rglob("*")):
            relative = path.relative_to(self.root)
            inside = relative.parts[1:2] if relative.parts[0] == "home" else ()
            if relative.parts[0] in ("planted", "asked-for") or (inside and inside[0] in STORE):
                continue
            yield str(relative), path.read_bytes() if path.is_file() else b""


def environment(root: Path) -> dict[str, str]:
    watched = {
        LIBRARY_VARIABLE: root / "home",
        "HOME": root / "user",
        "XDG_CONFIG_HOME": root / "user" / "config",
        "XDG_CACHE_HOME": root / "user" / "cache",
        "XDG_DATA_HOME": root / "user" / "data",
        "TMPDIR": root / "temporary",
        "WATCHED_SOCKETS": root / "sockets.txt",
        "PYTHONPATH": os.pathsep.join((str(HERE / "watched"), str(HERE.parents[1]))),
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "COVERAGE", "PYTEST"))}
    return {
        **kept,
        **{name: str(value) for name, value in watched.items()},
        "QT_QPA_PLATFORM": "offscreen",
        "OMP_NUM_THREADS": "1",
    }


def tree_of(pid: int) -> Iterator[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            yield from tree_of(int(child))


def internet_sockets(pid: int) -> set[str]:
    """Sockets of ``pid`` that the kernel lists among those of the internet."""
    found = set()
    listed = {
        line.split()[9]
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    }
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        target = str(handle.readlink())
        if target.startswith("socket:[") and target[8:-1] in listed:
            found.add(f"{pid} {target}")
    return found


class SocketWatch:
    """Looks at the sockets of a process and its children as long as it runs."""

    def __init__(self, pid: int) -> None:
        self.found: set[str] = set()
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._end.wait(0.05):
            try:
                for pid in list(tree_of(self._pid)):
                    self.found |= internet_sockets(pid)
            except OSError:
                continue  # one has just ended

    def close(self) -> None:
        self._end.set()
        self._thread.join()


def run_watched(watched: Watched, name: str, *arguments: object) -> None:
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=watched.root / "work",
        env=environment(watched.root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o022,
    )
    watch = SocketWatch(process.pid)
    out, err = process.communicate()
    watch.close()
    watched.internet |= watch.found
    watched.answers[name] = subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    root = tmp_path_factory.mktemp("watched")
    found = Watched(root)
    for folder in ("user", "temporary", "work", "asked-for"):
        (root / folder).mkdir()
    files = planted_files(root / "planted")
    save_settings(root / "home" / "settings.json", Settings(reader=READER, device="cpu"))
    out = root / "asked-for"
    run_watched(found, "window", HERE / "planted_session.py", root / "planted", out)
    (out / "session.json").chmod(0o600)  # the test's own
    found.session = json.loads((out / "session.json").read_text())
    roi, pack = demo_case_dir() / "roi.json", demo_pack_path()
    for name, arguments in {
        "import": ("import", *files.values()),
        "predict": (
            "predict", files["good"], "--roi", roi, "--pack", pack, "--save",
            "--heatmap", out / "heatmap.png",
        ),
        "refused": ("predict", files["cut"], "--roi", roi, "--pack", pack),
        "deidentify": ("deidentify", root / "planted", out / "copies"),
        "doctor": ("doctor", "--bundle", out / "bundle-2.zip"),
    }.items():  # fmt: skip
        run_watched(found, name, "-m", "her2desk", *arguments)
    return found


def found_in(name: str, content: bytes, words: tuple[str, ...]) -> list[str]:
    """The words that occur in the name or the content, in any case, as UTF-8 or UTF-16."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join([n.encode() + archive.read(n) for n in archive.namelist()])
    texts = (name.encode().lower(), content.lower(), content.replace(b"\0", b"").lower())
    return [f"{word} in {name}" for word in words if any(word.lower().encode() in t for t in texts)]


def test_the_session_went_through(watched: Watched) -> None:
    assert watched.session["missing"] == [], watched.answers["window"].stderr
    codes = {name: done.returncode for name, done in watched.answers.items()}
    assert (codes["window"], codes["predict"], codes["refused"]) == (0, 0, 3), watched.answers
    errors = " ".join(watched.session["errors"])
    assert errors.count("Something went wrong in Her2Desk itself") >= 2


def test_the_names_are_in_the_library_so_that_they_could_be_elsewhere(watched: Watched) -> None:
    store = b"".join(p.read_bytes() for p in watched.home.glob("library.sqlite*"))
    for word in ("Xylophon", "PID7788XQ", FILE_WORD):
        assert word.encode() in store


def test_nothing_of_a_patient_is_written_outside_the_store(watched: Watched) -> None:
    words = (*HEADER_WORDS, FILE_WORD)
    leaks = [leak for name, content in watched.outside_the_store()
             for leak in found_in(name, content, words)]  # fmt: skip
    assert leaks == []
    written = {name for name, _ in watched.outside_the_store()}
    assert {"home/logs/her2desk.log", "home/logs/engine.log"} <= written, "else nothing was tried"


def test_the_readers_name_is_in_the_settings_only(watched: Watched) -> None:
    leaks = [name for name, content in watched.outside_the_store() if READER.encode() in content]
    assert leaks == ["home/settings.json"]


def test_a_bundle_holds_nothing_of_a_patient_or_a_reader(watched: Watched) -> None:
    for name in ("bundle.zip", "bundle-2.zip"):
        content = (watched.root / "asked-for" / name).read_bytes()
        words = (*HEADER_WORDS, FILE_WORD, READER, str(watched.root))
        assert found_in(name, content, words) == []
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert "raised ValueError" in archive.read("logs/her2desk.log").decode()
            crash = next(n for n in archive.namelist() if n.startswith("logs/engine-"))
            assert "Segmentation fault" in archive.read(crash).decode()


def test_nothing_is_printed_by_the_window(watched: Watched) -> None:
    done = watched.answers["window"]
    told = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    assert (done.stdout, told) == ("", [])


def test_commands_print_no_value_of_a_header_but_in_their_answer(watched: Watched) -> None:
    for name, done in watched.answers.items():
        assert found_in(name, done.stderr.encode(), HEADER_WORDS) == []


def test_no_title_of_a_window_names_anybody(watched: Watched) -> None:
    titles = watched.session["titles"]
    assert "Her2Desk" in titles
    assert len(titles) >= 4
    assert found_in("titles", " ".join(titles).encode(), (*HEADER_WORDS, FILE_WORD, READER)) == []


def test_arguments_and_environments_name_nobody(watched: Watched) -> None:
    seen = watched.session["processes"]
    assert len({key.split()[1] for key in seen}) >= 2, "the engine at least"
    own = "planted_session.py"  # the test's own command has the planted folder, not its files
    for key, text in seen.items():
        assert own in text or found_in(key, text.encode(), (*HEADER_WORDS, FILE_WORD, READER)) == []


def test_files_are_for_their_owner_alone(watched: Watched) -> None:
    open_to_others = [
        str(path.relative_to(watched.root))
        for top in ("home", "asked-for", "work", "temporary", "user")
        for path in (watched.root / top).rglob("*")
        if path.lstat().st_mode & 0o077
    ]
    assert open_to_others == []
    kept = {path.name for path in watched.home.rglob("*")}
    assert {"library.sqlite", "settings.json", "logs", "running"} <= kept


def test_nothing_is_left_in_the_temporary_folder(watched: Watched) -> None:
    assert list((watched.root / "temporary").iterdir()) == []


def test_no_socket_is_opened(watched: Watched) -> None:
    asked = watched.root / "sockets.txt"
    assert (asked.read_text() if asked.exists() else "") == ""
    assert watched.internet == set()


def test_a_socket_would_have_been_counted(tmp_path: Path) -> None:
    """The watch sees what it should, in children too."""
    (tmp_path / "work").mkdir()
    other = Watched(tmp_path)
    inner = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], stdin=-1)"
    run_watched(other, "socket", "-c", code.replace("stdin=-1", "input='', text=True, check=False"))
    seen = (tmp_path / "sockets.txt").read_text()
    assert "socket.__new__" in seen
    assert "socket.bind" in seen
