"""The header, the status line, the notice of an import, the list of keys, and the docs' pictures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QWidget

from her2desk.domain.prediction import PackIdentity
from her2desk.settings import Settings
from her2desk.texts import msg
from her2desk.ui.app import make_application
from her2desk.ui.header_bar import HeaderBar
from her2desk.ui.import_notice import ImportNotice
from her2desk.ui.rehearsal import Rehearsal
from her2desk.ui.right_column import RightColumn
from her2desk.ui.shortcuts_dialog import ShortcutsDialog, rows_of
from her2desk.ui.status_line import StatusLine
from her2desk.ui.theme import apply_theme

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 1_500_000


@pytest.fixture
def header(qtbot) -> HeaderBar:
    apply_theme(make_application(Settings()), "dark")
    header = HeaderBar()
    qtbot.addWidget(header)
    header.show()
    return header


def identity(*, demo: bool, name: str = "Phantom demo") -> PackIdentity:
    return PackIdentity(name=name, version="1.0", sha256="ab" * 32, demo=demo)


def test_the_header_names_the_pack_and_says_demo_only_where_it_is(header):
    assert header.pack_button.text() == "No pack open"
    header.set_pack(identity(demo=True))
    assert header.pack_button.text() == "Pack: Phantom demo 1.0"
    assert "ab" * 32 in header.pack_button.toolTip()
    assert header.demo_badge.isVisible()
    header.set_pack(identity(demo=False))
    assert not header.demo_badge.isVisible()


def test_a_long_pack_name_is_shortened_and_whole_in_the_tooltip(header):
    header.set_pack(identity(demo=False, name="A pack of many hospitals and even more words"))
    assert header.pack_button.text().endswith("…")
    assert "even more words" in header.pack_button.toolTip()


def test_every_button_of_the_header_has_a_tooltip_and_says_what_was_clicked(qtbot, header):
    header.set_reader("Dr Ada")
    assert "Dr Ada" in header.reader.text()
    for button, signal in (
        (header.import_button, header.import_clicked),
        (header.training_button, header.training_clicked),
        (header.pack_button, header.pack_clicked),
        (header.theme_button, header.theme_clicked),
        (header.settings_button, header.settings_clicked),
    ):
        assert button.toolTip()
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_readers_tools_and_help_open_as_menus(header):
    readers, tools, help_menu = QMenu(), QMenu(), QMenu()
    header.set_menus(readers, tools, help_menu)
    assert header.help_button.menu() is help_menu
    assert header.help_button.toolTip()
    assert header.reader.menu() is readers
    assert header.tools_button.menu() is tools
    header.set_reader("Dr Ada")
    assert header.reader.toolTip()
    assert header.tools_button.toolTip()


def test_the_theme_button_offers_the_other_theme(header):
    assert header.theme_button.text() == "Light theme"
    apply_theme(QApplication.instance(), "light")
    header.name_theme()
    assert header.theme_button.text() == "Dark theme"
    apply_theme(QApplication.instance(), "dark")


def test_the_status_line_tells_engine_analysis_and_saving(qtbot):
    status = StatusLine()
    qtbot.addWidget(status)
    assert status.text() == "starting the analysis engine"
    status.show_ready()
    status.show_analysis(212.0, "cpu")
    status.show_saved()
    assert status.text() == "ready · last analysis 0.21 s on CPU · saved"
    assert "never a replacement for, IHC and FISH" in status.notice.text()
    status.show_cancelled()
    assert "analysis cancelled" in status.text()
    status.show_written("nomogram.svg")
    assert "written: nomogram.svg" in status.text()
    status.show_error("The engine stopped.")
    assert "The engine stopped." in status.text()


def test_an_import_can_be_cancelled_while_it_runs(qtbot):
    status = StatusLine()
    qtbot.addWidget(status)
    status.show()
    assert not status.cancel.isVisible()
    status.show_import_started()
    status.show_import_progress(0.5, "Reading a.dcm")
    assert status.progress.value() == 500
    assert "Reading a.dcm" in status.text()
    with qtbot.waitSignal(status.import_cancel_requested):
        qtbot.mouseClick(status.cancel, Qt.MouseButton.LeftButton)
    status.show_import_finished("3 imported")
    assert not status.cancel.isVisible()
    assert "3 imported" in status.text()


def test_many_refused_files_are_three_sentences_and_a_count(qtbot):
    notice = ImportNotice()
    qtbot.addWidget(notice)
    assert notice.isHidden()
    notice.show_messages([msg("File {n} is no image.", n=n) for n in range(5)])
    sentences = [message.text() for message in notice.notices.messages()]
    assert sentences[:3] == [f"File {n} is no image." for n in range(3)]
    assert sentences[3:] == ["And 2 more; the table has all of them."]
    qtbot.mouseClick(notice.close_button, Qt.MouseButton.LeftButton)
    assert notice.isHidden()
    notice.show_messages([])
    assert notice.isHidden()


def test_the_list_of_keys_is_made_from_the_actions_that_have_some(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    fit, bare = QAction("Fit", owner), QAction("Nothing", owner)
    fit.setShortcuts(["F", "Ctrl+0"])
    assert rows_of([fit, bare]) == [("F or Ctrl+0", "Fit")]
    dialog = ShortcutsDialog([("Image", rows_of([fit, bare]))], owner)
    dialog.show()
    assert not dialog.isModal()
    assert {"Image", "F or Ctrl+0", "Fit"} <= {w.text() for w in dialog.findChildren(QLabel)}
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_column_gives_its_height_to_what_is_read_and_keeps_a_dragged_division(qtbot):
    column = RightColumn()
    qtbot.addWidget(column)
    column.resize(400, 800)
    column.show()
    reading = column.sizes()[0]
    column.show_page(column.nomogram)
    assert column.sizes()[0] < reading
    column.setSizes([300, 500])
    column.splitterMoved.emit(300, 1)
    column.show_page(column.clinical)
    assert column.sizes()[0] == reading
    column.show_page(column.nomogram)
    assert column.sizes()[0] == pytest.approx(300, abs=4)


def test_nothing_of_the_answer_is_in_sight_before_the_readers_impression(qtbot, tmp_path):
    rehearsal = led(qtbot, tmp_path)
    window = rehearsal.window
    window.workspace.set_heatmap_visible(True)
    assert window.workspace.view.heatmap_is_shown()
    window.result.set_read_first(True)
    assert not window.workspace.view.heatmap_is_shown()
    assert not window.tabs.isTabVisible(window.tabs.indexOf(window.why))
    window.session.restate("youden", None)
    assert not window.workspace.view.heatmap_is_shown()
    window.result.set_read_first(False)
    assert window.workspace.view.heatmap_is_shown()
    rehearsal.close()


@pytest.mark.slow
def test_one_page_of_the_tabs_is_in_sight_at_a_time(qtbot, tmp_path):
    rehearsal = led(qtbot, tmp_path)
    window = rehearsal.window
    for page in (window.clinical, window.nomogram, window.why):
        window.right.show_page(page)
        window.session.restate("youden", None)
        shown = [p for p in (window.clinical, window.nomogram, window.why) if p.isVisible()]
        assert shown == [page]
    rehearsal.close()


def test_shift_f1_lists_the_keys_and_tab_reaches_every_tool(qtbot, tmp_path):
    rehearsal = led(qtbot, tmp_path)
    window = rehearsal.window
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    words = {label.text() for label in window.dialogs.shortcuts.findChildren(QLabel)}
    assert {"Ctrl+O", "Polygon", "Heatmap", "Close the outline, or keep what is proposed"} <= words
    window.dialogs.shortcuts.close()
    window.cases.view.setFocus()
    reached = []
    for _ in range(40):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget().accessibleName())
    assert reached[0] == "Pan", "the tools stand above the picture"
    wanted = ["Pan", "Polygon", "Freehand", "Heatmap", "Ultrasound image", "Frame"]
    assert [name for name in reached if name in wanted] == wanted
    rehearsal.close()


def test_every_button_of_the_window_has_a_tooltip_and_fits_its_words(qtbot, tmp_path):
    rehearsal = led(qtbot, tmp_path)
    for button in rehearsal.window.findChildren(QPushButton):
        if not button.isVisible() or button.property("segment"):
            continue
        assert button.toolTip(), button.text()
        words = button.fontMetrics().horizontalAdvance(button.text())
        assert button.width() >= words + 8, button.text()
    rehearsal.close()


@pytest.mark.slow
def test_the_pictures_are_made_and_together_stay_small(tmp_path):
    script = ROOT / "docs" / "make_images.py"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1"}
    subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=environment, check=True, timeout=300
    )
    pictures = sorted(tmp_path.glob("*.webp"))
    assert len(pictures) == 20
    assert sum(p.stat().st_size for p in pictures) <= MOST_BYTES
    for path in pictures:
        with Image.open(path) as picture:
            sizes = {
                "result-small-dark": (1280, 720),
                "compared-dark": (1280, 720),
                "training": (1240, 690),
                "readers-dark": (1240, 690),
                "burned-in-dark": (1060, 720),
                "audit-dark": (1120, 720),
                "report-dark": (1120, 860),
                "library-dark": (720, 700),
            }
            kind = "training" if path.name.startswith("training") else path.stem
            assert picture.size == sizes.get(kind, (1440, 900))


def led(qtbot, home: Path) -> Rehearsal:
    """The window with the demo case drawn and answered."""
    make_application(Settings())
    rehearsal = Rehearsal(home, Settings(device="cpu"))
    qtbot.addWidget(rehearsal.window)
    rehearsal.show(1280, 720)
    rehearsal.start()
    rehearsal.open_case()
    rehearsal.fill_in()
    rehearsal.draw()
    rehearsal.answer()
    return rehearsal
