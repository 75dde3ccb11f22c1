"""Full, read-only and failing disks, clocks that go back, files that vanish: a sentence, no loss."""

import errno
import json
import logging
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from benchmarks.crash import calls, recording
from benchmarks.crash.life import Life
from benchmarks.crash.pictures import write_pictures
from benchmarks.crash.victim import run_to_the_end
from her2desk.dicom.reader import open_image
from her2desk.domain.drawing import Drawing
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi
from her2desk.errors import Her2DeskError, StoreRefused
from her2desk.inference.importing import ImportedFile, import_files
from her2desk.logs import logging_to
from her2desk.settings import Settings, load_settings, save_settings
from her2desk.store.backup import backup_library
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_for_window, open_library
from her2desk.ui.app import make_application
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.main_window import MainWindow

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SMALL = "6m"
LIMIT_BYTES = 8192  # of a file, where no small disk can be made: what is kept already is larger
BALLAST = 1 << 16
WAIT_MS = 30_000
Left = Qt.MouseButton.LeftButton


class SmallDisk:
    """A disk in memory that can be filled up, and made read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may make a small disk; the limit on files stands for it")

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while ballast.write(bytes(BALLAST)):
                pass

    def free(self) -> None:
        (self.folder / "ballast").unlink()

    def set_read_only(self, is_read_only: bool) -> None:
        how = "ro" if is_read_only else "rw"
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)

    def remove(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


class LimitedFiles:
    """No file may grow: what everyone can do where only root may mount a disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def fill(self) -> None:
        self._limit(LIMIT_BYTES)

    def free(self) -> None:
        self._limit(None)

    def remove(self) -> None:
        self._limit(None)

    def _limit(self, size: int | None) -> None:
        resource = pytest.importorskip("resource", reason="Windows knows no limit of this kind")
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


Disk = SmallDisk | LimitedFiles


@pytest.fixture(params=[SmallDisk, LimitedFiles], ids=["small disk", "limited files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    made = request.param(tmp_path / "disk")
    yield made
    made.remove()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path / "disk")
    yield made
    made.remove()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    return write_pictures(tmp_path / "pictures", 4, seed=7)


def with_a_case(folder: Path, picture: Path) -> Library:
    library = open_library(folder, reader="Reader A")
    library.add_image(picture, open_image(picture).image)
    library.save_drawing(1, stroke(0))
    return library


def stroke(n: int) -> Drawing:
    return Drawing(rois=(Roi(0, ((10.0 + n, 10.0), (90.0, 10.0), (90.0, 90.0))),))


def imported(paths: list[Path], library: Library) -> list[ImportedFile]:
    return import_files(paths, library, SilentProgress(), apart=False)


def assert_says_why(error: Her2DeskError) -> None:
    assert error.message.text().endswith(".")
    assert error.remedy.text().endswith(".")
    assert error.code != "internal"


class TestAFullDisk:
    def test_a_change_is_refused_in_a_sentence_and_what_was_kept_stays(
        self, disk: Disk, pictures: list[Path]
    ) -> None:
        library = with_a_case(disk.folder / "library", pictures[0])
        disk.fill()
        kept = 1
        with suppress(StoreRefused):
            while kept < 100:  # a small change may still have room
                library.save_drawing(1, stroke(kept))
                kept += 1
        with pytest.raises(StoreRefused) as refusal:
            library.save_drawing(1, stroke(kept))
        assert_says_why(refusal.value)
        assert library.latest_drawing(1) == stroke(kept - 1)
        disk.free()
        library.save_drawing(1, stroke(200))
        library.check()
        library.close()
        with open_library(disk.folder / "library", reader="Reader A") as again:
            assert again.latest_drawing(1) == stroke(200)
            drawings = [e for e in again.history(1) if e.action is Action.DRAWING]
            assert len(drawings) == kept + 1

    def test_a_library_on_it_opens(self, disk: Disk, pictures: list[Path]) -> None:
        with_a_case(disk.folder / "library", pictures[0]).close()
        disk.fill()
        with open_for_window(disk.folder / "library", "Reader A") as library:
            assert library.latest_drawing(1) == stroke(0)

    def test_an_import_tells_it_of_each_file_and_leaves_no_half(
        self, disk: Disk, pictures: list[Path]
    ) -> None:
        with with_a_case(disk.folder / "library", pictures[0]) as library:
            disk.fill()
            for file in imported(pictures[1:], library):
                assert (str(file.status), file.case_id) == ("refused", None)
                assert file.reason is not None
                assert file.remedy is not None
            assert len(library.cases()) == 1
            assert not list((library.folder / "files").rglob("*.part"))
            disk.free()
            assert [str(f.status) for f in imported(pictures[1:], library)] == ["imported"] * 3

    def test_a_backup_is_refused_and_leaves_nothing(
        self, disk: Disk, pictures: list[Path], tmp_path: Path
    ) -> None:
        with with_a_case(tmp_path / "library", pictures[0]) as library:
            target = disk.folder / "backup.zip"
            disk.fill()
            with pytest.raises(StoreRefused) as refusal:
                backup_library(library, target)
            assert_says_why(refusal.value)
            disk.free()
            assert list(disk.folder.iterdir()) == []
            assert backup_library(library, target).cases == 1

    def test_settings_stay_as_they_were(self, small_disk: SmallDisk) -> None:
        file = small_disk.folder / "settings.json"
        save_settings(file, Settings(reader="Reader A"))
        small_disk.fill()
        with pytest.raises(StoreRefused) as refusal:
            save_settings(file, Settings(reader="Reader B"))
        assert_says_why(refusal.value)
        assert load_settings(file).reader == "Reader A"
        small_disk.free()
        save_settings(file, Settings(reader="Reader B"))
        assert load_settings(file).reader == "Reader B"
        assert [path.name for path in small_disk.folder.iterdir()] == ["settings.json"]

    def test_a_log_without_room_stops_nothing(self, small_disk: SmallDisk) -> None:
        log = logging.getLogger("her2desk.tests")
        small_disk.fill()
        with logging_to(small_disk.folder):
            log.error("this finds no room")
        small_disk.free()
        with logging_to(small_disk.folder) as path:
            log.error("this does")
        assert "this does" in path.read_text()

    def test_a_command_answers_in_a_sentence(
        self, small_disk: SmallDisk, pictures: list[Path]
    ) -> None:
        library = small_disk.folder / "library"
        with_a_case(library, pictures[0]).close()
        small_disk.fill()
        command = [sys.executable, "-m", "her2desk", "import", str(pictures[1]), "--json"]
        ended = run_to_the_end([*command, "--library", str(library)], {})
        error = json.loads(ended.output)["error"]  # not even what SQLite shares finds room
        assert (ended.exit_code, error["code"]) == (3, "store-full")
        assert error["message"].startswith("The disk is full")


class TestAWindowOnAFullDisk:
    @pytest.fixture
    def window(self, qtbot: QtBot, disk: Disk, pictures: list[Path]) -> Iterator[MainWindow]:
        folder = disk.folder / "library"
        with_a_case(folder, pictures[0]).close()
        settings = Settings(reader="Reader A")
        make_application(settings)
        library = open_for_window(folder, "Reader A")
        window = MainWindow(
            library, folder, settings, disk.folder / "settings.json", Path("none.h2pack")
        )
        qtbot.addWidget(window)
        window.resize(1280, 720)
        window.show()
        with qtbot.waitSignal(window.workspace.frame_shown, timeout=WAIT_MS):
            window.session.open_case(1)
        yield window
        disk.free() if isinstance(disk, LimitedFiles) else None
        window.close()

    def measure(self, qtbot: QtBot, window: MainWindow, step: int) -> Drawing:
        view = window.workspace.view
        view.set_tool(Tool.RULER)
        place = QPoint(view.width() // 2 + 12 * step, view.height() // 2)
        qtbot.mousePress(view, Left, pos=place)
        qtbot.mouseMove(view, place + QPoint(20, 30))
        qtbot.mouseRelease(view, Left, pos=place + QPoint(20, 30))
        return window.workspace.drawing

    def test_what_cannot_be_saved_is_said_kept_and_saved_with_the_next_change(
        self, qtbot: QtBot, window: MainWindow, disk: Disk
    ) -> None:
        session = window.session
        with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
            first = self.measure(qtbot, window, 0)
        assert window.status.text().endswith("saved")
        disk.fill()
        with qtbot.waitSignal(session.writes.held_up, timeout=WAIT_MS):
            second = self.measure(qtbot, window, 1)
        assert window.status.text().endswith("1 change not saved")
        with (
            qtbot.assertNotEmitted(session.case_saved),
            qtbot.waitSignal(session.writes.held_up, timeout=WAIT_MS),
        ):
            third = self.measure(qtbot, window, 2)
        assert window.status.text().endswith("2 changes not saved")
        assert window.workspace.drawing == third  # drawing goes on
        disk.free()
        with qtbot.waitSignal(session.case_saved, timeout=WAIT_MS):
            fourth = self.measure(qtbot, window, 3)
        assert window.status.text().endswith("saved")
        assert session.writes.waiting == 0
        found = [e for e in window._library.history(1) if e.action is Action.DRAWING][-4:]
        strokes = (first, second, third, fourth)
        assert [e.content for e in found] == [json.loads(json.dumps(s.to_json())) for s in strokes]


class TestAReadOnlyDisk:
    def test_a_window_looks_a_command_refuses_and_nothing_is_lost(
        self, small_disk: SmallDisk, pictures: list[Path]
    ) -> None:
        folder = small_disk.folder / "library"
        with_a_case(folder, pictures[0]).close()
        small_disk.set_read_only(True)
        with open_for_window(folder, "Reader A") as library:
            assert library.is_read_only
            assert library.latest_drawing(1) == stroke(0)
            with pytest.raises(StoreRefused) as refusal:
                library.save_drawing(1, stroke(1))
            assert_says_why(refusal.value)
        with pytest.raises(StoreRefused) as refusal:
            open_library(folder)
        assert_says_why(refusal.value)
        small_disk.set_read_only(False)
        with open_for_window(folder, "Reader A") as library:
            library.save_drawing(1, stroke(2))

    @pytest.mark.skipif(os.name == "nt", reason="modes of folders are POSIX's")
    def test_a_folder_that_may_not_be_written(self, tmp_path: Path, pictures: list[Path]) -> None:
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere; the small disk stands for it")
        folder = tmp_path / "library"
        with_a_case(folder, pictures[0]).close()
        folder.chmod(0o500)
        try:
            with open_for_window(folder, "Reader A") as library:
                assert library.is_read_only
        finally:
            folder.chmod(0o700)


class TestAClockThatGoesBack:
    def test_order_is_that_of_the_deeds(self, tmp_path: Path, pictures: list[Path]) -> None:
        hours = iter([5, 4, 3, 30_000, -30_000, 2, 1, 0, -1, -2, -3])
        start = datetime(2026, 3, 1, tzinfo=UTC)

        def clock() -> datetime:
            return start + timedelta(hours=next(hours))

        with open_library(tmp_path / "library", "Reader A", clock) as library:
            first = library.add_image(pictures[0], open_image(pictures[0]).image).case_id
            second = library.add_image(pictures[1], open_image(pictures[1]).image).case_id
            for n in range(6):
                library.save_drawing(first, stroke(n))
            assert library.latest_drawing(first) == stroke(5)
            assert [case.case_id for case in library.cases()] == [second, first]
            entries = library.history(first)
            assert [e.entry_id for e in entries] == sorted(e.entry_id for e in entries)
            assert len({e.utc for e in entries}) > 5
            library.check()

    def test_copies_from_the_future_are_left_alone(self, tmp_path: Path) -> None:
        folder = tmp_path / "library"
        open_library(folder).close()
        part = folder / "files" / "incoming" / "half.part"
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(b"half")
        later = datetime(2090, 1, 1, tzinfo=UTC).timestamp()
        os.utime(part, (later, later))
        open_library(folder).close()
        assert part.exists()


class TestFilesThatVanish:
    def test_a_source_changed_cut_or_deleted_while_it_is_read(
        self, tmp_path: Path, pictures: list[Path]
    ) -> None:
        dice, paths = random.Random(3), write_pictures(tmp_path / "many", 30, seed=9)
        went = threading.Event()

        def spoil() -> None:
            while not went.is_set():
                path = dice.choice(paths)
                with suppress(FileNotFoundError):
                    dice.choice((path.unlink, lambda p=path: os.truncate(p, 100)))()

        spoiler = threading.Thread(target=spoil)
        with open_library(tmp_path / "library") as library:
            spoiler.start()
            files = imported(paths, library)
            went.set()
            spoiler.join()
            for file in files:
                if file.case_id is None:
                    assert file.reason is not None
                    assert file.code != "internal"
                else:
                    assert open_image(library.image_path(file.case_id)).image == file.image
            assert len(library.cases()) == sum(f.case_id is not None for f in files)

    def test_an_image_removed_from_the_library_while_it_is_open(
        self, tmp_path: Path, pictures: list[Path]
    ) -> None:
        with with_a_case(tmp_path / "library", pictures[0]) as library:
            library.image_path(1).unlink()
            with pytest.raises(StoreRefused) as refusal:
                library.image_path(1)
            assert_says_why(refusal.value)
            library.save_drawing(1, stroke(1))
            assert imported(pictures[:1], library)[0].case_id == 1  # it comes back
            assert library.image_path(1).is_file()
            assert library.latest_drawing(1) == stroke(1)


@pytest.mark.skipif(not recording.is_available(), reason="strace is absent or may not trace here")
class TestADiskThatFails:
    """Errors that no disk of a test has, put into the calls of a real process."""

    def tried(self, tmp_path: Path, runs: int) -> list[str]:
        life = Life("faults", 0, 1, tmp_path)
        words = [str(life.library), "4", "10"]
        command = [sys.executable, "-m", "benchmarks.crash.store_work", *words]
        plan = [
            (call, error, for_ever)
            for error, names in calls.FAULTS.values()
            for call in calls.calls_on(command, life.library, names, life.environment)
            for for_ever in (False, call.name in ("pwrite64", "fsync", "rename", "mkdir"))
        ]
        found = []
        for n, (call, error, for_ever) in enumerate(random.Random(2).sample(plan, runs)):
            life = Life("faults", n + 1, 1, tmp_path)
            again = [*command[:3], str(life.library), *words[1:]]
            faulty = calls.with_fault(again, call, error, for_ever=for_ever)
            ended = run_to_the_end(faulty, life.environment)
            is_the_tests_own = " in an_image\n" in ended.errors  # its pictures, not the library's
            if ended.exit_code and not is_the_tests_own:
                found.append(f"{error} at {call}: {ended.errors[-400:]}")
            life.memory.take(ended.facts)
            found += [f"{error} at {call}: {problem}" for problem in life.judge().problems]
        return found

    def test_any_call_may_fail(self, tmp_path: Path) -> None:
        assert self.tried(tmp_path, 3) == []

    @pytest.mark.slow
    def test_many_calls_may_fail(self, tmp_path: Path) -> None:
        assert self.tried(tmp_path, 60) == []


def test_the_errors_meant_here_exist() -> None:
    assert all(hasattr(errno, error) for error, _ in calls.FAULTS.values())
