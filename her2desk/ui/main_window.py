"""The one window: assembles the rooms and connects what they say to what the session does."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QVBoxLayout, QWidget

from her2desk.domain.drawing import Drawing
from her2desk.domain.prediction import HeatmapClass, HeatmapMethod
from her2desk.domain.proposal import Proposal
from her2desk.domain.stability import Stability
from her2desk.errors import StoreRefused
from her2desk.packs.shelf import FOLDER, PackShelf
from her2desk.packs.trust import SIGNERS_FILE, TrustStore
from her2desk.paths import default_cache_dir, demo_case_dir
from her2desk.policy import NO_POLICY, Policy
from her2desk.settings import Settings
from her2desk.store.library import Library
from her2desk.texts import msg
from her2desk.ui.afterthoughts import Afterthoughts
from her2desk.ui.answer_display import AnswerDisplay
from her2desk.ui.between_windows import BetweenWindows
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.case_display import CaseDisplay
from her2desk.ui.case_finder import CaseFinder
from her2desk.ui.case_list import CaseList
from her2desk.ui.dialogs import Dialogs
from her2desk.ui.enhancing import Enhancing
from her2desk.ui.errors.problems import Problems
from her2desk.ui.following import Following
from her2desk.ui.frame_notices import FrameNotices
from her2desk.ui.header_bar import HeaderBar
from her2desk.ui.help.desk import HelpDesk
from her2desk.ui.help.places import name_pages
from her2desk.ui.import_notice import ImportNotice
from her2desk.ui.import_table import ImportTable
from her2desk.ui.imports import Importer
from her2desk.ui.jobs import Background, JobRunner
from her2desk.ui.nomogram_exports import NomogramExports
from her2desk.ui.outline_files import OutlineFiles
from her2desk.ui.packs.asking import TrustAsking
from her2desk.ui.preferences import Preferences
from her2desk.ui.proposals import Proposals
from her2desk.ui.reader_menu import ReaderMenu
from her2desk.ui.reading_keeper import ReadingKeeper
from her2desk.ui.right_column import RightColumn
from her2desk.ui.session import Session
from her2desk.ui.settings_keeper import SettingsKeeper
from her2desk.ui.settings_pages.surroundings import Places
from her2desk.ui.stall_overlay import add_stall_overlay
from her2desk.ui.standing import Standing, make_anew, take_up
from her2desk.ui.status_line import StatusLine
from her2desk.ui.telling import Telling
from her2desk.ui.tool_windows import ToolWindows
from her2desk.ui.window_actions import add_actions, deeds_of, help_menu, tools_menu


class MainWindow(QMainWindow):
    """Cases on the left, the image in the middle, the result and its reasons on the right."""

    def __init__(
        self,
        library: Library,
        library_dir: Path,
        settings: Settings,
        settings_file: Path,
        pack_path: Path,
        policy: Policy = NO_POLICY,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Her2Desk")
        self.setAcceptDrops(True)
        self._library = library
        library.reader = settings.reader
        self._is_closed = False
        self.next_task: BetweenWindows | None = None
        self.standing: Standing | None = None
        self.dialogs = Dialogs(self)
        self._pack_path = pack_path
        self.runner = JobRunner(library_dir, self, settings.threads)
        self.background = Background(self)
        self.settings_keeper = SettingsKeeper(settings_file, self.background, self, policy.basis)
        self._trust = TrustStore(settings_file.with_name(SIGNERS_FILE))
        shelf = PackShelf(library.folder / FOLDER, self._trust.trusts)
        self.session = Session(library, shelf, self.runner, self.background, settings, self)
        self.asking = TrustAsking(self._trust, self.background, self)
        self.preferences = Preferences(
            self.session, self.settings_keeper, self, policy, lambda: self.following.surroundings()
        )
        self.proposals = Proposals(self.session, self.runner, self)
        self.importer = Importer(library, self)
        self.afterthoughts = Afterthoughts(self.session, self.runner, self)
        self.keeper = ReadingKeeper(self.session, self)
        self.tools = ToolWindows(
            self.session, library, library_dir, settings_file, self._trust, self
        )
        self.help = HelpDesk(self, library_dir, settings_file)
        self.outlines = OutlineFiles(self.session, self.background, self.dialogs, self)
        self.header = HeaderBar()
        self.cases = CaseList()
        self.finder = CaseFinder(library, self.cases, self)
        self.workspace = Workspace()
        self.enhancing = Enhancing(
            self.session,
            self.runner,
            self.background,
            self.workspace,
            self.dialogs,
            lambda: self.afterthoughts.is_at_work,
            self,
        )
        self.right = RightColumn()
        self.result, self.tabs = self.right.result, self.right.tabs
        self.clinical, self.nomogram = self.right.clinical, self.right.nomogram
        self.why = self.right.why
        self.status = StatusLine()
        self.answer = AnswerDisplay(
            self.session, self.afterthoughts, self.right, self.workspace, self.status, self
        )
        self.problems = Problems(library, library_dir, settings_file, self.background)
        self.telling = Telling(
            self.problems, self.answer, self.result, self.workspace, self.status, self
        )
        self.case_display = CaseDisplay(
            self.session,
            self.cases,
            self.finder,
            self.workspace,
            self.right,
            self.answer,
            self.header,
            self,
        )
        self.nomogram_exports = NomogramExports(
            self.nomogram,
            lambda: self.session.prediction,
            self.dialogs,
            self.background,
            self.status.show_written,
            self.telling.show_error,
            parent=self,
        )
        self.import_notice = ImportNotice()
        self.import_table = ImportTable(self.background, self)
        self.frame_notices = FrameNotices(self.session, self.workspace, self.background, self)
        self._arrange()
        self._make_actions()
        self.following = Following(
            self, self._actions, policy, Places(library_dir, settings_file, default_cache_dir())
        )
        self.stalls = add_stall_overlay(self)
        self._connect_session()
        self._connect_widgets()
        self.workspace.setFocus()
        self.finder.search()
        if library.is_read_only:
            self.status.show_read_only()
        self.header.set_reader(settings.reader)
        self.workspace.set_heatmap_opacity(settings.heatmap_opacity)

    def start(self, standing: Standing | None = None) -> None:
        """Start the engine and open the pack; called after the first paint.

        ``standing`` is what stood open in the window that this one takes the place of.
        """
        self.runner.start()
        self.session.warm_up()
        if standing is None or standing.pack is None:
            self.session.open_pack(self._pack_path)
        if standing is not None:
            take_up(self, standing)
        if not self._library.is_read_only:
            self.tools.network.begin()
        QTimer.singleShot(0, self._polish_ahead)

    def greet(self) -> None:
        """Show the tour on the very first start, and what is new after an upgrade."""
        if not self._library.is_read_only:
            self.help.greet(self.session.settings, has_cases=self._library.count() > 0)

    @property
    def library(self) -> Library:
        """The library that the window shows."""
        return self._library

    def open_files(self, paths: list[Path]) -> None:
        """Import files or folders and open the first of them."""
        if self._library.is_read_only:
            self.telling.show_error(
                StoreRefused(
                    msg("This window only reads; nothing can be imported here."),
                    msg("Import in the window that has the library open for writing."),
                    code="store-read-only",
                )
            )
        else:
            self.importer.import_paths(paths)

    def open_demo(self) -> None:
        """Import the demo case and open it, ready to draw."""
        self.open_files([demo_case_dir() / "demo.dcm"])

    # Assembly

    def _arrange(self) -> None:
        columns = QSplitter(Qt.Orientation.Horizontal)
        for widget in (self.cases, self.workspace, self.right):
            columns.addWidget(widget)
        columns.setSizes([230, 780, 400])
        columns.setStretchFactor(1, 1)
        columns.setChildrenCollapsible(False)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.problems)
        layout.addWidget(self.import_notice)
        layout.addWidget(self.help.news)
        layout.addWidget(columns, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(body)
        self.resize(1440, 900)

    def _make_actions(self) -> None:
        self._actions = add_actions(self, deeds_of(self))
        tools = tools_menu(self, self._actions)
        readers = ReaderMenu(self._library.readers, lambda: self._library.reader, self)
        readers.reader_chosen.connect(self.preferences.choose_reader)
        self.header.set_menus(readers, tools, help_menu(self, self._actions))
        name_pages(self)

    def _connect_session(self) -> None:
        session = self.session
        session.pack_read.connect(self.asking.settle)
        session.pack_opened.connect(lambda pack: self.tools.training.show_used(pack.path))
        self.asking.settled.connect(self.case_display.use_pack)
        self.asking.refused.connect(self.telling.show_error)
        session.refused.connect(self.telling.show_error)
        session.case_saved.connect(self.telling.show_saved)
        self.preferences.theme_changed.connect(self.header.name_theme)
        self.preferences.reader_changed.connect(self.header.set_reader)
        self.preferences.locked.connect(self.problems.show_note)
        self.preferences.reader_changed.connect(self.tools.set_reader)
        self.preferences.language_chosen.connect(lambda: make_anew(self))
        self.preferences.applied.connect(lambda _settings: self.answer.apply_read_first())
        session.writes.held_up.connect(self.telling.show_held_up)
        self.settings_keeper.refused.connect(self.telling.note_refusal)
        self.runner.engine_ready.connect(self.status.show_ready)
        self.runner.device_failed.connect(self.problems.show_note)
        self.runner.engine_gave_up.connect(self.telling.show_error)
        self.proposals.asked.connect(self.workspace.set_assist_busy)
        self.proposals.proposed.connect(self.workspace.show_proposal)
        self.proposals.refused.connect(self.telling.note_refusal)
        self.outlines.opened.connect(self._show_opened_outline)
        self.outlines.refused.connect(self.telling.note_refusal)
        for files in (self.outlines, self.enhancing):
            files.written.connect(lambda path: self.status.show_written(str(path)))
        self.enhancing.refused.connect(self.telling.note_refusal)

    def _connect_widgets(self) -> None:
        self.header.import_clicked.connect(self.ask_for_files)
        self.header.pack_clicked.connect(self.ask_for_pack)
        self.header.training_clicked.connect(self.tools.training.open)
        self.header.settings_clicked.connect(self.preferences.edit)
        self.header.theme_clicked.connect(self.preferences.toggle_theme)
        self.cases.case_selected.connect(self.session.open_case)
        self.workspace.open_requested.connect(self.ask_for_files)
        self.workspace.demo_requested.connect(self.open_demo)
        self.workspace.files_dropped.connect(self.open_files)
        self.workspace.frame_requested.connect(self.session.request_frame)
        self.workspace.drawing_changed.connect(self._take_drawing)
        self.workspace.assist_requested.connect(self.proposals.ask)
        self.workspace.track_requested.connect(self.proposals.track)
        self.workspace.proposal_answered.connect(self.proposals.keep_answer)
        self.clinical.record_changed.connect(self.session.set_clinical)
        self.clinical.pathology.pathology_changed.connect(self.session.set_pathology)
        self.result.impression_recorded.connect(self.keeper.keep_impression)
        self.right.decision.decided.connect(self.keeper.keep_decision)
        self.answer.came_in_sight.connect(self.keeper.keep_reveal)
        self.answer.came_in_sight.connect(self._keep_what_stands_open)
        self.right.explanation_opened.connect(self.keeper.keep_look)
        self.workspace.heatmap_toggled.connect(self._keep_heatmap_look)
        self.result.cancel_requested.connect(self.session.cancel)
        self.result.retry_requested.connect(self.session.run)
        self.result.threshold_dragged.connect(self.preferences.call_at)
        self.result.operating_point_chosen.connect(self.preferences.choose_point)
        self.result.prevalence_changed.connect(self.preferences.choose_prevalence)
        self.result.source_chosen.connect(self.preferences.choose_source)
        self.workspace.heatmap_opacity_changed.connect(self.preferences.keep_opacity)
        self.why.heatmap_requested.connect(lambda: self.workspace.set_heatmap_visible(True))
        self.why.heatmap_chosen.connect(self._explain)
        self.why.explain_cancelled.connect(self.afterthoughts.cancel)
        self.why.field_requested.connect(self._ask_for_field)
        self.problems.case_requested.connect(self.session.open_case)
        self.problems.bundle_began.connect(self.status.show_bundle_began)
        self.problems.bundle_written.connect(lambda path: self.status.show_written(str(path)))
        self.importer.began.connect(self.import_table.clear)
        self.importer.rows_arrived.connect(self.import_table.add_rows)
        self.import_notice.table_requested.connect(self.import_table.show_table)
        self.import_table.case_requested.connect(self._open_for_reading)
        self.importer.started.connect(self.status.show_import_started)
        self.importer.progressed.connect(self.status.show_import_progress)
        self.importer.finished.connect(self._show_imported)
        self.importer.refused.connect(self.import_notice.show_messages)
        self.status.import_cancel_requested.connect(self.importer.cancel)
        self.tools.pack_chosen.connect(self.preferences.choose_pack)
        self.tools.file_requested.connect(self.ask_for_pack)
        self.tools.network.paths_arrived.connect(self.open_files)
        self.tools.network.receiving_changed.connect(self.header.set_receiving)
        self.header.receive_clicked.connect(self.tools.network.open_receiving)
        self.importer.rows_arrived.connect(self.tools.network.settle)
        self.tools.library.erased.connect(self.case_display.forget_erased)
        self.tools.library.erased.connect(lambda _cases: self.runner.forget())
        self.tools.library.erased.connect(self.import_table.forget)
        self.tools.library.erased.connect(lambda _cases: self.import_notice.show_messages(()))
        self.tools.library.task_requested.connect(self.do_between_windows)
        self.tools.report.written.connect(self.finder.renew)
        self.afterthoughts.stability_changed.connect(self._keep_stability)
        self.tools.training.state_told.connect(self.header.set_training)
        self.tools.training.help_requested.connect(self.help.show_page)
        self.tools.case_requested.connect(self._open_for_reading)
        self.tools.refused.connect(self.telling.show_error)
        self.tools.pack_written.connect(lambda path: self.status.show_written(str(path)))
        self.afterthoughts.refused.connect(self.telling.note_refusal)
        self.workspace.calibration_given.connect(self.session.set_calibration)
        self.workspace.calibration_removed.connect(lambda: self.session.set_calibration(None))
        self.preferences.theme_changed.connect(self.help.dress_again)
        self.preferences.dialog_opened.connect(self.help.serve)
        self.help.kept.connect(self.preferences.keep)
        self.help.refused.connect(self.telling.show_error)
        self.help.files_made.connect(self.open_files)
        self.importer.finished.connect(lambda _cases, _summary: self.help.forget_samples())
        self.session.case_opened.connect(self.help.leave_patient_alone)

    # What the user asks

    def ask_for_files(self) -> None:
        """Let the user choose files to import."""
        paths = self.dialogs.files_to_import()
        if paths:
            self.open_files(paths)

    def ask_for_pack(self) -> None:
        """Let the user choose another model pack."""
        path = self.dialogs.pack()
        if path is not None:
            self.preferences.choose_pack(path)

    def show_shortcuts(self) -> None:
        """Show every key beside the window."""
        tools = [*self.workspace.toolbar.actions(), *self.workspace.cine.actions()]
        self.dialogs.show_shortcuts(self._actions, tools)

    def _take_drawing(self, drawing: Drawing) -> None:
        self.session.set_drawing(drawing)
        if self.session.roi is None:
            self.answer.hide()

    def _explain(self, method: HeatmapMethod, speaks_for: HeatmapClass) -> None:
        self.afterthoughts.explain(method, speaks_for)
        self.workspace.set_heatmap_visible(True)

    def _ask_for_field(self, name: str) -> None:
        self.right.show_page(self.clinical)
        self.clinical.ask_for(name)

    def _keep_heatmap_look(self, is_visible: bool) -> None:
        if is_visible:
            self.keeper.keep_look("heatmap")

    def _keep_what_stands_open(self) -> None:
        """Explanations that were open when the answer came are looked at too."""
        self.right.tell_page()
        self._keep_heatmap_look(self.workspace.view.heatmap_is_shown())

    def _polish_ahead(self) -> None:
        """Style what was not shown yet, which would else be done as the first answer comes."""
        for widget in self.findChildren(QWidget):
            widget.ensurePolished()

    # What the session says

    def do_between_windows(self, task: BetweenWindows) -> None:
        """Close for a task that needs the library closed; whoever opened this window does it then."""
        self.next_task = task
        if not self.close():
            self.next_task = None

    def _keep_stability(self, stability: Stability | None) -> None:
        if stability is not None and stability.is_complete:
            self.session.keep_stability(stability)

    def _show_imported(self, case_ids: list[int], summary: str) -> None:
        self.finder.search()
        self.status.show_import_finished(summary)
        if case_ids:
            self.session.open_case(case_ids[0])

    def _show_opened_outline(self, proposal: Proposal) -> None:
        self.workspace.go_to_frame(proposal.roi.frame_index)
        self.workspace.show_proposal(proposal)

    def _open_for_reading(self, case_id: int) -> None:
        self.session.open_case(case_id)
        self.activateWindow()

    # Qt

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel what runs, end the engine and a training, close the library.

        Where changes cannot be saved the reader decides first.
        """
        self.background.flush()
        writes = self.session.writes
        held, waiting = writes.held, writes.waiting
        is_held_up = not self._is_closed and held is not None and waiting > 0
        if is_held_up and held is not None and not self.dialogs.may_lose(waiting, held):
            writes.write()
            event.ignore()
            return
        if not self._is_closed:
            self._is_closed = True
            self.stalls.stop()
            self.tools.close()
            self.help.close()
            self.asking.close()
            self.importer.close()
            self.finder.close()
            self.frame_notices.close()
            self.session.close()
            self.settings_keeper.write()
            self.background.close()
            self.runner.close()
            self._library.close()
        super().closeEvent(event)
