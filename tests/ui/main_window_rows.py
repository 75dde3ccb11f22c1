"""Rows of the table of every window: the main window and what opens over it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from her2desk.domain.drawing import Drawing, Ruler
from her2desk.domain.enhancement import EnhancedFrame, EnhancementUse
from her2desk.domain.prediction import Prediction
from her2desk.errors import EngineFailed, Fault, Her2DeskError, InputRefused, StoreRefused
from her2desk.last_run import EndedRun
from her2desk.paths import demo_pack_path
from her2desk.policy import NO_POLICY, Policy
from her2desk.settings import Settings
from her2desk.texts import msg
from her2desk.ui.canvas.comparison import CompareMode
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.import_rows import row_of
from her2desk.ui.import_table import ImportTable
from her2desk.ui.main_window import MainWindow
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.reader_menu import ReaderMenu
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.shortcuts_dialog import ShortcutsDialog
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from tests.ui import panel_samples
from tests.ui.seat import Seat, wait_until
from tests.ui.test_import_table import FILES
from tests.ui.window_table import Stage, row
from tests.unit.reports.kept_case import keep_case, the_answer, the_pack

SIZE = (1280, 720)  # of the smallest screen that is asked for
JOBS_TOLD = 9  # a window that has just opened has asked for fewer


def an_answer() -> Prediction:
    """For the demo case, with everything that a pack can say of one."""
    sampled = panel_samples.make_whole_prediction()
    return replace(
        the_answer(),
        features=sampled.features,
        familiarity=sampled.familiarity,
        unknowns=sampled.unknowns,
        timings_ms=sampled.timings_ms,
    )


def main_window(stage: Stage) -> Seat:
    """The main window without a case."""
    seat = Seat(stage.folder / "home", size=SIZE)
    stage.ends.callback(seat.close)
    return seat


def answered_window(stage: Stage) -> Seat:
    """The main window with the demo case answered, and how the answer moves with its outline."""
    seat, answer = main_window(stage), an_answer()
    window, session = seat.window, seat.window.session
    case_id = keep_case(seat.library, answer)
    session.pack_read.emit(OpenPack(demo_pack_path(), the_pack()))
    wait_until(lambda: session.pack is not None)
    session.open_case(case_id)
    window.finder.search()
    wait_until(lambda: session.case is not None and window.workspace.view.has_frame)
    frame = answer.inputs.roi.frame_index
    window.workspace.go_to_frame(frame)
    wait_until(lambda: window.workspace.view.frame_index == frame)
    window.runner.finished.emit(1, answer)
    stability = replace(panel_samples.make_stability(), inputs_sha256=answer.inputs.sha256)
    window.afterthoughts.stability_changed.emit(stability)
    seat.settle()
    wait_until(lambda: seat.rows())
    assert window.answer.show_again(), "what is answered is what is on screen"
    assert not seat.errors()
    return seat


@row("main window, empty")
def _empty(stage: Stage) -> MainWindow:
    return main_window(stage).window


@row("main window, answered")
def _answered(stage: Stage) -> MainWindow:
    return answered_window(stage).window


@row("main window, nomogram tab")
def _nomogram_tab(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    window.tabs.setCurrentWidget(window.nomogram)
    return window


@row("main window, why tab and heatmap")
def _why_tab(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    window.tabs.setCurrentWidget(window.why)
    window.workspace.set_heatmap_visible(True)
    return window


@row("main window, everything unfolded")
def _unfolded(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    window.tabs.setCurrentWidget(window.why)
    for section in window.right.findChildren(CollapsibleSection):
        section.set_open(True)
    return window


@row("main window, stale answer")
def _stale(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    window.session.went_stale.emit()
    window.session.running.emit(0.4, "Network 2 of 5")
    return window


@row("main window, refused")
def _refused(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    refusal = InputRefused(msg("The outline crosses itself."), msg("Draw it anew."), code="roi")
    window.telling.note_refusal(refusal)
    window.result.show_error(refusal.message.text(), refusal.remedy.text())
    window.import_notice.show_messages([msg("x.dcm holds no picture.")])
    return window


@row("main window, problems")
def _problems(stage: Stage) -> MainWindow:
    window = main_window(stage).window
    now = datetime.now(UTC)
    window.problems.show_last_run(EndedRun(now - timedelta(hours=2), now, 7))
    window.problems.show_note(msg("The graphics card gave up; the processor goes on."))
    ours = Fault("ABC234", "raised X")
    for error in (
        EngineFailed(msg("The engine ended."), msg("Run her2desk doctor.")),
        Her2DeskError(msg("Something went wrong."), msg("Try again."), fault=ours),
    ):
        window.problems.show_error(error)
    window.problems.errors.details_button.setChecked(True)
    return window


@row("main window, own impression first")
def _read_first(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    window.result.set_read_first(True)
    window.result.show_locked()
    window.right.set_revealed(False)
    return window


@row("main window, calibrating")
def _calibrating(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    workspace = window.workspace
    ruler = Ruler(workspace.view.frame_index or 0, (100.0, 100.0), (100.0, 200.0))
    workspace.view.set_tool(Tool.RULER)
    workspace.set_drawing(Drawing(rulers=(ruler,)))
    return window


def comparing_window(stage: Stage) -> Seat:
    """The demo case answered, and its enhanced picture asked for: no engine runs to bring it."""
    seat = answered_window(stage)
    seat.window.runner.cancel()  # the answer came by hand, and the engine was never told
    seat.window.answer.show_again()
    seat.window.workspace.set_comparing(True)
    return seat


def compared_window(stage: Stage, mode: CompareMode) -> MainWindow:
    """The demo case beside its enhanced picture, in which some places are doubtful."""
    window = comparing_window(stage).window
    image = window.workspace.image
    assert image is not None
    coarse = np.random.default_rng(1).integers(40, 200, (image.rows, image.columns))
    doubtful = np.zeros(coarse.shape, bool)
    doubtful[4:20, 4:120] = doubtful[300:330, 430:445] = True
    use = EnhancementUse(
        "network", "phantom-gan", "1.0", 4, "0" * 64, 1.0, 27.3, int(doubtful.sum()), coarse.size
    )
    pixels = coarse.astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    for job in range(1, JOBS_TOLD):
        window.runner.finished.emit(job, EnhancedFrame(pixels, use, doubtful))
    wait_until(lambda: window.workspace.view.compared is not None)
    window.workspace.compare_bar.mode.button(mode).click()
    return window


@row("main window, enhancing")
def _enhancing(stage: Stage) -> MainWindow:
    return comparing_window(stage).window


@row("main window, compared with enhanced")
def _compared(stage: Stage) -> MainWindow:
    return compared_window(stage, CompareMode.SPLIT)


@row("main window, compared through a lens")
def _through_lens(stage: Stage) -> MainWindow:
    return compared_window(stage, CompareMode.LENS)


@row("main window, not to be enhanced")
def _not_enhanced(stage: Stage) -> MainWindow:
    window = comparing_window(stage).window
    why = InputRefused(
        msg("The picture is in colour, and the enhancement knows grey values only."),
        msg("Choose a frame without colour Doppler."),
    )
    window.workspace.compare_bar.show_problem(why)
    return window


@row("main window, cases filtered")
def _filtered(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    QTest.mouseClick(window.cases.filter_button, Qt.MouseButton.LeftButton)
    return window


@row("main window, no case found")
def _none_found(stage: Stage) -> MainWindow:
    window = answered_window(stage).window
    QTest.keyClicks(window.cases.search, "nobody")
    wait_until(lambda: window.cases.empty_text())
    return window


@row("shortcuts")
def _shortcuts(stage: Stage) -> ShortcutsDialog:
    window = main_window(stage).window
    window.show_shortcuts()
    shown = window.dialogs.shortcuts
    assert shown is not None
    return shown


@row("settings")
def _settings(stage: Stage) -> SettingsDialog:
    return _settings_page(stage, 0)


@row("settings, analysis")
def _settings_analysis(stage: Stage) -> SettingsDialog:
    return _settings_page(stage, 1)


@row("settings, keys")
def _settings_keys(stage: Stage) -> SettingsDialog:
    return _settings_page(stage, 2)


@row("settings, place, locked")
def _settings_place(stage: Stage) -> SettingsDialog:
    policy = Policy(locked={"theme": "dark", "library": str(stage.folder)}, contact="IT, 4711")
    return _settings_page(stage, 3, policy)


def _settings_page(stage: Stage, page: int, policy: Policy = NO_POLICY) -> SettingsDialog:
    window = main_window(stage).window
    around = replace(window.following.surroundings(), policy=policy)
    dialog = SettingsDialog(Settings(), None, around)
    dialog.show_page(page)
    return dialog


@row("import table")
def _import_table(stage: Stage) -> ImportTable:
    table = ImportTable(stage.background)
    table.add_rows([row_of(file) for file in FILES])
    table.show_table()
    return table


@row("changes that are not saved")
def _not_saved(stage: Stage) -> QDialog:
    window = main_window(stage).window
    why = StoreRefused(msg("The disk is full."), msg("Make room."), code="store-full")
    return stage.asked(lambda: window.dialogs.may_lose(2, why))


@row("another reader")
def _another_reader(stage: Stage) -> QDialog:
    menu = ReaderMenu(lambda: ["Reader A"], lambda: "Reader A")
    stage.ends.callback(menu.deleteLater)
    menu.aboutToShow.emit()
    return stage.asked(menu.actions()[-1].trigger)
