"""The one window: assembles the rooms and connects what they say to what the session does."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QSplitter, QVBoxLayout, QWidget

from her2desk.domain.drawing import Drawing
from her2desk.domain.prediction import HeatmapClass, HeatmapMethod
from her2desk.domain.proposal import Proposal
from her2desk.domain.validation import ValidationSource
from her2desk.errors import Her2DeskError
from her2desk.paths import demo_case_dir
from her2desk.settings import Settings
from her2desk.store.library import Library
from her2desk.texts import msg
from her2desk.ui.afterthoughts import Afterthoughts
from her2desk.ui.answer_display import AnswerDisplay
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.case_list import CaseList
from her2desk.ui.dialogs import Dialogs
from her2desk.ui.frame_notices import FrameNotices
from her2desk.ui.header_bar import HeaderBar
from her2desk.ui.import_notice import ImportNotice
from her2desk.ui.import_table import ImportTable
from her2desk.ui.imports import Importer
from her2desk.ui.jobs import Background, JobRunner
from her2desk.ui.nomogram_exports import NomogramExports
from her2desk.ui.opened_case import OpenCase, OpenPack
from her2desk.ui.outline_files import OutlineFiles
from her2desk.ui.proposals import Proposals
from her2desk.ui.reader_menu import ReaderMenu
from her2desk.ui.reading_keeper import ReadingKeeper
from her2desk.ui.right_column import RightColumn
from her2desk.ui.session import Session
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.settings_keeper import SettingsKeeper
from her2desk.ui.status_line import StatusLine
from her2desk.ui.theme import apply_theme
from her2desk.ui.tool_windows import ToolWindows
from her2desk.ui.window_actions import TOOLS, Deeds, add_actions


class MainWindow(QMainWindow):
    """Cases on the left, the image in the middle, the result and its reasons on the right."""

    def __init__(
        self,
        library: Library,
        library_dir: Path,
        settings: Settings,
        settings_file: Path,
        pack_path: Path,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Her2Desk")
        self.setAcceptDrops(True)
        self._library = library
        library.reader = settings.reader
        self._is_closed = False
        self.dialogs = Dialogs(self)
        self._pack_path = pack_path
        self.runner = JobRunner(library_dir, self)
        self.background = Background(self)
        self.settings_keeper = SettingsKeeper(settings_file, self.background, self)
        self.session = Session(library, self.runner, self.background, settings, self)
        self.proposals = Proposals(self.session, self.runner, self)
        self.importer = Importer(library, self)
        self.afterthoughts = Afterthoughts(self.session, self.runner, self)
        self.keeper = ReadingKeeper(self.session, self)
        self.tools = ToolWindows(self.session, library, library_dir, settings_file, self)
        self.outlines = OutlineFiles(self.session, self.background, self.dialogs, self)
        self.header = HeaderBar()
        self.cases = CaseList()
        self.workspace = Workspace()
        self.right = RightColumn()
        self.result, self.tabs = self.right.result, self.right.tabs
        self.clinical, self.nomogram = self.right.clinical, self.right.nomogram
        self.why = self.right.why
        self.status = StatusLine()
        self.answer = AnswerDisplay(
            self.session, self.afterthoughts, self.right, self.workspace, self.status, self
        )
        self.nomogram_exports = NomogramExports(
            self.nomogram,
            lambda: self.session.prediction,
            self.dialogs,
            self.background,
            self.status.show_written,
            self._show_error,
            parent=self,
        )
        self.import_notice = ImportNotice()
        self.import_table = ImportTable(self.background, self)
        self.frame_notices = FrameNotices(self.session, self.workspace, self.background, self)
        self._arrange()
        self._make_actions()
        self._connect_session()
        self._connect_widgets()
        self.workspace.setFocus()
        self.refresh_cases()
        self.header.set_reader(settings.reader)
        self.workspace.set_heatmap_opacity(settings.heatmap_opacity)

    def start(self) -> None:
        """Start the engine and open the pack; called after the first paint."""
        self.runner.start()
        self.session.warm_up()
        self.session.open_pack(self._pack_path)

    def open_files(self, paths: list[Path]) -> None:
        """Import files or folders and open the first of them."""
        self.importer.import_paths(paths)

    def open_demo(self) -> None:
        """Import the demo case and open it, ready to draw."""
        self.open_files([demo_case_dir() / "demo.dcm"])

    def refresh_cases(self, search: str = "") -> None:
        """Show the library's cases that match ``search``."""
        self.cases.set_cases(self._library.cases(search))

    def _refresh_found(self) -> None:
        self.refresh_cases(self.cases.search.text())

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
        layout.addWidget(self.import_notice)
        layout.addWidget(columns, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(body)
        self.resize(1440, 900)

    def _make_actions(self) -> None:
        right = self.right
        deeds = Deeds(
            import_files=self.ask_for_files,
            choose_pack=self.ask_for_pack,
            show_import=self.import_table.show_table,
            train=self.tools.training.open,
            open_outline=lambda: self.outlines.open(self.workspace.frame_index),
            save_outline=self.outlines.save,
            compare_readers=self.tools.readers.open,
            show_readings=self.tools.readings.open,
            audit=self.tools.audit.open,
            deidentify=self.tools.deidentifying.open,
            search=self.cases.search.setFocus,
            show_cases=self.cases.view.setFocus,
            show_image=self.workspace.setFocus,
            show_clinical=lambda: right.show_page(right.clinical),
            show_nomogram=lambda: right.show_page(right.nomogram),
            show_why=lambda: right.show_page(right.why),
            switch_theme=self.toggle_theme,
            edit_settings=self.edit_settings,
            show_shortcuts=self.show_shortcuts,
            quit=self.close,
        )
        self._actions = add_actions(self, deeds)
        tools = QMenu(self)
        tools.addActions(self._actions[TOOLS])
        readers = ReaderMenu(self._library.readers, lambda: self._library.reader, self)
        readers.reader_chosen.connect(self._change_reader)
        self.header.set_menus(readers, tools)

    def _connect_session(self) -> None:
        session = self.session
        session.case_opened.connect(self._show_case)
        session.image_described.connect(self.workspace.set_image)
        session.frame_decoded.connect(self.workspace.frame_ready)
        session.frame_failed.connect(self.workspace.frame_failed)
        session.pack_opened.connect(self._show_pack)
        session.refused.connect(self._show_error)
        session.case_saved.connect(self.status.show_saved)
        session.case_saved.connect(self._refresh_found)
        self.settings_keeper.refused.connect(self._note_refusal)
        self.runner.engine_ready.connect(self.status.show_ready)
        self.proposals.asked.connect(self.workspace.set_assist_busy)
        self.proposals.proposed.connect(self.workspace.show_proposal)
        self.proposals.refused.connect(self._note_refusal)
        self.outlines.opened.connect(self._show_opened_outline)
        self.outlines.refused.connect(self._note_refusal)
        self.outlines.written.connect(lambda path: self.status.show_written(str(path)))

    def _connect_widgets(self) -> None:
        self.header.import_clicked.connect(self.ask_for_files)
        self.header.pack_clicked.connect(self.ask_for_pack)
        self.header.training_clicked.connect(self.tools.training.open)
        self.header.settings_clicked.connect(self.edit_settings)
        self.header.theme_clicked.connect(self.toggle_theme)
        self.header.help_clicked.connect(self.show_shortcuts)
        self.cases.case_selected.connect(self.session.open_case)
        self.cases.search_changed.connect(self.refresh_cases)
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
        self.result.threshold_dragged.connect(self._own_threshold)
        self.result.operating_point_chosen.connect(self._choose_point)
        self.result.prevalence_changed.connect(self._choose_prevalence)
        self.result.source_chosen.connect(self._choose_source)
        self.workspace.heatmap_opacity_changed.connect(self._keep_opacity)
        self.why.heatmap_requested.connect(lambda: self.workspace.set_heatmap_visible(True))
        self.why.heatmap_chosen.connect(self._explain)
        self.why.explain_cancelled.connect(self.afterthoughts.cancel)
        self.why.field_requested.connect(self._ask_for_field)
        self.importer.began.connect(self.import_table.clear)
        self.importer.rows_arrived.connect(self.import_table.add_rows)
        self.import_notice.table_requested.connect(self.import_table.show_table)
        self.import_table.case_requested.connect(self._open_for_reading)
        self.importer.started.connect(self.status.show_import_started)
        self.importer.progressed.connect(self.status.show_import_progress)
        self.importer.finished.connect(self._show_imported)
        self.importer.refused.connect(self.import_notice.show_messages)
        self.status.import_cancel_requested.connect(self.importer.cancel)
        self.tools.pack_chosen.connect(self.session.open_pack)
        self.tools.training.state_told.connect(self.header.set_training)
        self.tools.case_requested.connect(self._open_for_reading)
        self.tools.refused.connect(self._show_error)
        self.tools.pack_written.connect(lambda path: self.status.show_written(str(path)))
        self.afterthoughts.refused.connect(self._note_refusal)
        self.workspace.calibration_given.connect(self.session.set_calibration)
        self.workspace.calibration_removed.connect(lambda: self.session.set_calibration(None))

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
            self.session.open_pack(path)

    def edit_settings(self) -> None:
        """Show the settings dialog and take what was chosen."""
        dialog = SettingsDialog(self.session.settings, self)
        dialog.settings_applied.connect(self.apply_settings)
        dialog.exec()

    def show_shortcuts(self) -> None:
        """Show every key beside the window."""
        tools = [*self.workspace.toolbar.actions(), *self.workspace.cine.actions()]
        self.dialogs.show_shortcuts(self._actions, tools)

    def toggle_theme(self) -> None:
        """Dark to light and back."""
        theme = "light" if self.session.settings.theme == "dark" else "dark"
        self.apply_settings(replace(self.session.settings, theme=theme))

    def apply_settings(self, settings: Settings) -> None:
        """Use and keep these settings; the answer follows where they change it."""
        before, self.session.settings = self.session.settings, settings
        self.settings_keeper.keep(settings)
        if settings.theme != before.theme:
            app = QApplication.instance()
            if isinstance(app, QApplication):
                apply_theme(app, settings.theme)
                self.header.name_theme()
        self.header.set_reader(settings.reader)
        self.session.set_reader(settings.reader)
        if settings.reader != before.reader:
            self.tools.set_reader(settings.reader)
        self.answer.apply_read_first()
        if settings.device != before.device:
            self.session.run()
        if settings.operating_point != before.operating_point:
            self.session.operating_point = settings.operating_point
        self.session.restate(self.session.operating_point, settings.local_prevalence)

    def _change_reader(self, name: str) -> None:
        self.apply_settings(replace(self.session.settings, reader=name))

    def _take_drawing(self, drawing: Drawing) -> None:
        self.session.set_drawing(drawing)
        if self.session.roi is None:
            self.answer.hide()

    def _own_threshold(self, threshold: float) -> None:
        self.session.restate(threshold, self.session.settings.local_prevalence)

    def _choose_point(self, name: str) -> None:
        self.session.operating_point = name
        self.apply_settings(replace(self.session.settings, operating_point=name))

    def _choose_prevalence(self, prevalence: float | None) -> None:
        self.apply_settings(replace(self.session.settings, local_prevalence=prevalence))

    def _choose_source(self, source: ValidationSource) -> None:
        self.session.count(source, self.session.settings.local_prevalence)

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

    def _keep_opacity(self, opacity: float) -> None:
        self.session.settings = replace(self.session.settings, heatmap_opacity=opacity)
        self.settings_keeper.keep(self.session.settings)

    # What the session says

    def _show_case(self, case: OpenCase) -> None:
        self.workspace.show_case(case.image, drawing=case.drawing)
        self.clinical.set_record(case.clinical)
        self.cases.select(case.case_id)
        self.answer.hide()
        self.result.set_impression(case.impression)
        self.right.decision.set_decision(case.decision)
        self.session.take_pathology(case.pathology)

    def _show_pack(self, opened: OpenPack) -> None:
        identity = opened.pack.identity
        self.header.set_pack(identity)
        self.result.set_pack(identity)
        self.clinical.set_used_fields(opened.pack.models.clinical_inputs)
        self.tools.training.show_used(opened.path)
        self.answer.apply_read_first()

    def _show_error(self, error: Her2DeskError) -> None:
        if self.answer.show_again():  # something else was refused; the answer is as good as before
            self._note_refusal(error)
        else:
            self.result.show_error(error.message.text(), error.remedy.text())
        self.status.show_error(error.message.text())

    def _show_imported(self, case_ids: list[int], summary: str) -> None:
        self._refresh_found()
        self.status.show_import_finished(summary)
        if case_ids:
            self.session.open_case(case_ids[0])

    def _show_opened_outline(self, proposal: Proposal) -> None:
        self.workspace.go_to_frame(proposal.roi.frame_index)
        self.workspace.show_proposal(proposal)

    def _note_refusal(self, error: Her2DeskError) -> None:
        words = msg("{what} {remedy}", what=error.message.text(), remedy=error.remedy.text())
        self.workspace.show_note(words)

    def _open_for_reading(self, case_id: int) -> None:
        self.session.open_case(case_id)
        self.activateWindow()

    # Qt

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel what runs, end the engine and a training, close the library."""
        if not self._is_closed:
            self._is_closed = True
            self.tools.close()
            self.importer.close()
            self.frame_notices.close()
            self.session.close()
            self.settings_keeper.write()
            self.background.close()
            self.runner.close()
            self._library.close()
        super().closeEvent(event)
