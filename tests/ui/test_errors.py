"""The bars that say what went wrong: errors, the last run's end, and the bundle to send."""

import logging
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMessageLogger, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from her2desk.dicom.reader import open_image
from her2desk.domain.drawing import Drawing
from her2desk.errors import EngineFailed, Fault, Her2DeskError, InputRefused
from her2desk.last_run import EndedRun
from her2desk.paths import demo_case_dir
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.ui.app import make_application
from her2desk.ui.errors.bundle_saving import BundleSaving
from her2desk.ui.errors.collector import FaultCollector
from her2desk.ui.errors.last_run_notice import LastRunNotice, Recovery, recovery
from her2desk.ui.errors.problems import BUNDLE_NAME, Problems
from her2desk.ui.errors.surface import MOST_KEPT, ErrorSurface
from her2desk.ui.jobs import Background

REFUSED = InputRefused("This is no DICOM file.", "Export it again.", code="not-dicom")
OURS = Her2DeskError(
    "Something went wrong (reference ABC234).", "Try again.", fault=Fault("ABC234", "raised X")
)


@pytest.fixture
def desk(qtbot) -> Iterator[tuple[QPushButton, ErrorSurface]]:
    """A window with one thing to do, and the bar above it."""
    make_application(Settings())
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    surface, work = ErrorSurface(), QPushButton("work")
    layout.addWidget(surface)
    layout.addWidget(work)
    window.resize(900, 300)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    work.setFocus()
    yield work, surface
    window.close()


@pytest.fixture
def surface(desk) -> ErrorSurface:
    return desk[1]


class TestSurface:
    def test_takes_no_room_without_an_error(self, surface) -> None:
        assert not surface.isVisible()

    def test_says_what_is_wrong_and_what_to_do(self, surface) -> None:
        surface.show_error(REFUSED)
        assert surface.isVisible()
        assert surface.sentence.text() == "This is no DICOM file."
        assert surface.remedy.text() == "Export it again."
        assert surface.accessibleName() == "Problem: This is no DICOM file. Export it again."

    def test_leaves_the_focus_where_the_hand_is(self, desk) -> None:
        work, surface = desk
        surface.show_error(OURS)
        assert work.hasFocus()

    def test_offers_a_bundle_where_the_mistake_is_ours_only(self, qtbot, surface) -> None:
        surface.show_error(REFUSED)
        assert not surface.bundle_button.isVisible()
        assert surface.glyph.kind() == "warning"
        surface.show_error(EngineFailed("The engine ended.", code="engine-died"))
        assert surface.glyph.kind() == "grave"
        with qtbot.waitSignal(surface.bundle_requested):
            qtbot.mouseClick(surface.bundle_button, Qt.MouseButton.LeftButton)

    def test_the_details_are_one_click_away_and_can_be_copied(self, qtbot, surface) -> None:
        surface.show_error(OURS)
        assert not surface.details.isVisible()
        qtbot.mouseClick(surface.details_button, Qt.MouseButton.LeftButton)
        assert surface.details.isVisible()
        shown = surface.details.toPlainText()
        assert "internal · reference ABC234" in shown
        assert shown.endswith("raised X")

    def test_a_remedy_that_is_empty_takes_no_line(self, surface) -> None:
        surface.show_error(Her2DeskError("Stopped."))
        assert not surface.remedy.isVisible()
        assert "reference" not in surface.details.toPlainText()

    def test_the_latest_stands_first_and_the_others_are_counted(self, qtbot, surface) -> None:
        for n in range(3):
            surface.show_error(Her2DeskError(f"Error {n}."))
        assert surface.sentence.text() == "Error 2."
        assert surface.more.text() == "2 more"
        qtbot.mouseClick(surface.close_button, Qt.MouseButton.LeftButton)
        assert surface.sentence.text() == "Error 1."
        assert surface.more.text() == "1 more"
        qtbot.mouseClick(surface.close_all_button, Qt.MouseButton.LeftButton)
        assert not surface.isVisible()
        assert surface.errors() == ()

    def test_the_same_again_is_counted_not_listed(self, surface) -> None:
        surface.show_error(OURS)
        surface.show_error(REFUSED)
        surface.show_error(
            Her2DeskError("Other words (reference XYZ987).", fault=Fault("XYZ987", "raised X"))
        )
        assert [error.code for error in surface.errors()] == ["internal", "not-dicom"]
        assert "2 times" in surface.details.toPlainText()
        assert "XYZ987" in surface.details.toPlainText(), "the latest reference is in the log too"

    def test_a_flood_is_bounded(self, surface) -> None:
        for n in range(MOST_KEPT + 5):
            surface.show_error(Her2DeskError(f"Error {n}."))
        assert len(surface.errors()) == MOST_KEPT

    def test_by_key_one_goes_there_and_escape_leads_back(self, qtbot, desk) -> None:
        work, surface = desk
        surface.show_error(OURS)
        surface.show_error(REFUSED)
        surface.take_focus()
        assert surface.close_button.hasFocus()
        qtbot.keyClick(surface.close_button, Qt.Key.Key_Escape)
        assert surface.sentence.text() == OURS.message.text()
        surface.take_focus()
        qtbot.keyClick(surface.close_button, Qt.Key.Key_Space)
        assert not surface.isVisible()
        assert work.hasFocus()

    def test_every_button_is_reached_by_tab(self, qtbot, surface) -> None:
        surface.show_error(REFUSED)
        surface.show_error(OURS)
        surface.take_focus()
        reached = set()
        for _ in range(8):
            focused = surface.window().focusWidget()
            reached.add(focused)
            qtbot.keyClick(focused, Qt.Key.Key_Backtab)
        asked = {surface.details_button, surface.bundle_button, surface.close_all_button}
        assert asked <= reached

    def test_other_keys_do_nothing(self, qtbot, surface) -> None:
        surface.show_error(OURS)
        qtbot.keyClick(surface, Qt.Key.Key_X)
        assert surface.isVisible()

    def test_nothing_to_go_to_leaves_the_focus(self, desk) -> None:
        work, surface = desk
        surface.take_focus()
        assert work.hasFocus()

    def test_a_screen_reader_is_told_once(self, surface, monkeypatch) -> None:
        told: list[QAccessible.Event] = []
        monkeypatch.setattr(
            QAccessible, "updateAccessibility", lambda event: told.append(event.type())
        )
        surface.show_error(OURS)
        surface.show_error(OURS)
        assert told == [QAccessible.Event.Alert, QAccessible.Event.Announcement]


class Talker(QObject):
    spoken = Signal()

    def fail(self) -> None:
        raise ValueError("Xylophon")


class TestCollector:
    @pytest.fixture
    def collector(self, qapp) -> Iterator[FaultCollector]:
        with FaultCollector() as collector:
            yield collector

    def test_an_error_in_a_slot_is_told(self, qtbot, collector, capfd) -> None:
        talker = Talker()
        talker.spoken.connect(talker.fail)
        with qtbot.waitSignal(collector.told) as told:
            talker.spoken.emit()
        (error,) = told.args
        assert "Xylophon" not in str(error)
        assert "test_errors.py" in error.fault.details
        assert capfd.readouterr().err == ""

    def test_an_error_in_a_thread_is_told_on_the_gui_thread(self, qtbot, collector) -> None:
        heard: list[threading.Thread] = []

        class Listener(QObject):
            def hear(self, _error: object) -> None:
                heard.append(threading.current_thread())

        listener = Listener()
        collector.told.connect(listener.hear)
        thread = threading.Thread(target=Talker().fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(heard) == 1)
        assert heard == [threading.main_thread()]

    def test_one_that_comes_with_every_painting_is_told_of_once(self, qtbot, collector) -> None:
        told: list[Her2DeskError] = []
        collector.told.connect(told.append)
        talker = Talker()
        talker.spoken.connect(talker.fail)
        for _ in range(5):
            talker.spoken.emit()
        QTimer.singleShot(0, lambda: float("another"))
        qtbot.waitUntil(lambda: len(told) == 2)

    def test_ctrl_c_is_no_fault(self, qtbot, collector, capfd) -> None:
        with qtbot.assertNotEmitted(collector.told):
            sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
            threading.excepthook(threading.ExceptHookArgs((SystemExit, SystemExit(), None, None)))
        assert "KeyboardInterrupt" in capfd.readouterr().err

    def test_an_error_in_a_finaliser_is_in_the_log(self, collector, caplog) -> None:
        class Doomed:
            def __del__(self) -> None:
                raise ValueError("Xylophon")

        Doomed()
        assert "in a finaliser" in caplog.text

    def test_what_qt_says_is_logged_without_its_words(self, collector, caplog, capfd) -> None:
        with caplog.at_level(logging.INFO, "her2desk"):
            QMessageLogger().warning("cannot open /scans/Xylophon.png")
            QMessageLogger("/build/qimage.cpp", 12, "load", "qt.gui").critical("Xylophon")
        assert caplog.messages == ["Qt, category none", "qimage.cpp:12, category qt.gui"]
        assert [r.levelname for r in caplog.records] == ["WARNING", "ERROR"]
        assert capfd.readouterr().err == ""

    def test_leaves_the_hooks_as_they_were(self, qapp) -> None:
        before = sys.excepthook, threading.excepthook, sys.unraisablehook
        with FaultCollector():
            assert sys.excepthook is not before[0]
        assert before == (sys.excepthook, threading.excepthook, sys.unraisablehook)


class TestLastRun:
    @pytest.fixture
    def notice(self, qtbot) -> LastRunNotice:
        notice = LastRunNotice()
        qtbot.addWidget(notice)
        return notice

    def test_says_when_and_what_is_here_and_leads_there(self, qtbot, notice) -> None:
        now = datetime.now().astimezone()
        notice.show_recovery(Recovery(now, 12, now))
        at = now.strftime("%H:%M")
        assert f"ended unexpectedly at {at}." in notice.sentence.text()
        assert "Everything up to the last stroke is here." in notice.sentence.text()
        assert f"Case 0012 was open; its last change was saved at {at}." in notice.accessibleName()
        with qtbot.waitSignal(notice.case_requested) as asked:
            qtbot.mouseClick(notice.open_button, Qt.MouseButton.LeftButton)
        assert asked.args == [12]
        assert not notice.isVisible()

    def test_another_day_is_named(self, notice) -> None:
        notice.show_recovery(Recovery(datetime(2026, 3, 2, 14, 2).astimezone(), 3, None))
        assert "at 14:02 on " in notice.sentence.text()
        assert "2026" in notice.sentence.text()
        assert notice.recovered.text() == "Case 0003 was open."

    def test_without_a_case_there_is_nothing_to_open(self, qtbot, notice) -> None:
        notice.show_recovery(Recovery(datetime.now().astimezone(), None, None))
        assert notice.open_button.isHidden()
        assert notice.recovered.isHidden()
        qtbot.mouseClick(notice.close_button, Qt.MouseButton.LeftButton)
        assert not notice.isVisible()

    def test_escape_closes_it(self, qtbot, notice) -> None:
        notice.show_recovery(Recovery(datetime.now().astimezone(), None, None))
        qtbot.keyClick(notice, Qt.Key.Key_A)
        assert notice.isVisible()
        qtbot.keyClick(notice.close_button, Qt.Key.Key_Escape)
        assert not notice.isVisible()

    def test_the_library_tells_what_was_saved_last(self, tmp_path: Path) -> None:
        when = datetime(2026, 3, 2, 14, 1, tzinfo=UTC)
        run = EndedRun(when, when + timedelta(minutes=1), 1)
        with open_library(tmp_path, clock=lambda: when) as library:
            assert recovery(library, run).case_id is None, "the case was erased since"
            demo = demo_case_dir() / "demo.dcm"
            added = library.add_image(demo, open_image(demo).image).case_id
            library.save_drawing(added, Drawing())
            found = recovery(library, EndedRun(when, when, added))
            assert recovery(library, EndedRun(when, when, None)).case_id is None
        assert (found.case_id, found.saved) == (added, when)


class TestBundle:
    @pytest.fixture
    def problems(self, qtbot, tmp_path, monkeypatch) -> Iterator[Problems]:
        background = Background()
        library = open_library(tmp_path / "library")
        problems = Problems(library, tmp_path / "library", tmp_path / "settings.json", background)
        qtbot.addWidget(problems)
        problems.saving._command = [sys.executable, "-c", "raise SystemExit(7)"]
        problems.show()
        yield problems
        background.close()
        library.close()

    def choose(self, monkeypatch, path: Path | None) -> None:
        answer = (str(path) if path else "", "")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: answer)

    def test_is_written_even_where_the_doctor_cannot_start(
        self, qtbot, problems, tmp_path, monkeypatch
    ) -> None:
        self.choose(monkeypatch, tmp_path / BUNDLE_NAME)
        problems.show_error(OURS)
        with qtbot.waitSignals([problems.bundle_began, problems.bundle_written]):
            qtbot.mouseClick(problems.errors.bundle_button, Qt.MouseButton.LeftButton)
        with zipfile.ZipFile(tmp_path / BUNDLE_NAME) as archive:
            assert "facts.json" in archive.namelist()

    def test_the_doctor_writes_it_where_it_can(self, qtbot, tmp_path) -> None:
        background = Background()
        write = "import sys; open(sys.argv[sys.argv.index('--bundle') + 1], 'w').write('doctor')"
        saving = BundleSaving(
            tmp_path,
            tmp_path / "settings.json",
            lambda: tmp_path / "b.zip",
            background,
            command=[sys.executable, "-c", write],
        )
        with qtbot.waitSignal(saving.written) as written:
            saving.save()
        background.close()
        assert written.args == [tmp_path / "b.zip"]
        assert (tmp_path / "b.zip").read_text() == "doctor"

    def test_a_doctor_that_cannot_be_started_is_done_without(
        self, qtbot, problems, tmp_path, monkeypatch
    ) -> None:
        self.choose(monkeypatch, tmp_path / BUNDLE_NAME)
        problems.saving._command = [str(tmp_path / "absent")]
        with qtbot.waitSignal(problems.bundle_written):
            problems.saving.save()
        assert (tmp_path / BUNDLE_NAME).is_file()

    def test_a_place_that_cannot_be_written_is_one_more_error(
        self, qtbot, problems, tmp_path, monkeypatch
    ) -> None:
        self.choose(monkeypatch, tmp_path / "absent" / BUNDLE_NAME)
        when = datetime.now(UTC)
        problems.show_last_run(EndedRun(when, when, None))
        with qtbot.waitSignal(problems.saving.refused):
            qtbot.mouseClick(problems.last_run.bundle_button, Qt.MouseButton.LeftButton)
        assert problems.errors.errors()[0].code == "unwritable"

    def test_thinking_better_writes_nothing(self, qtbot, problems, monkeypatch) -> None:
        self.choose(monkeypatch, None)
        with qtbot.assertNotEmitted(problems.bundle_began):
            problems.saving.save()

    def test_one_key_leads_to_whatever_bar_is_shown(self, problems) -> None:
        problems.take_focus()
        problems.last_run.show_recovery(Recovery(datetime.now().astimezone(), None, None))
        problems.take_focus()
        assert problems.window().focusWidget() is problems.last_run.close_button
        problems.show_error(OURS)
        problems.take_focus()
        assert problems.window().focusWidget() is problems.errors.close_button
