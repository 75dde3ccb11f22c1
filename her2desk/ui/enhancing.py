"""The enhanced picture of the frame on screen: asked of the engine, shown, dropped and saved."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from her2desk.domain.enhancement import EnhancedFrame
from her2desk.errors import Her2DeskError, unwritable
from her2desk.inference.engine import EnhanceRequest
from her2desk.texts import Message, tr
from her2desk.ui.canvas.compare_bar import Saved
from her2desk.ui.canvas.comparison import Compared
from her2desk.ui.canvas.comparison_picture import enhanced_picture, png_of
from her2desk.ui.canvas.enhanced_layer import EnhancedLayer
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.dialogs import Dialogs
from her2desk.ui.jobs import Background, JobRunner
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.session import Session

SETTLED_MS = 150  # a frame that stays so long is looked at, and not only passed


@dataclass(frozen=True)
class _Wanted:
    """The frame on screen and the pack in use, of which an enhanced picture is wanted."""

    path: Path
    image_sha256: str
    frame_index: int
    pack_path: Path | None
    pack_sha256: str


class Enhancing(QObject):
    """Brings the enhanced picture of whatever frame stands still, while a comparison is asked for.

    Only what ``may_put_off`` allows is put off for it; any other question takes the engine from this
    one, which is then asked again. A picture is shown only where frame and pack are still those that it
    was asked for.
    """

    written = Signal(Path)
    refused = Signal(object)

    def __init__(
        self,
        session: Session,
        runner: JobRunner,
        background: Background,
        workspace: Workspace,
        dialogs: Dialogs,
        may_put_off: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._background = background
        self._workspace = workspace
        self._dialogs = dialogs
        self._may_put_off = may_put_off
        self._wanted: _Wanted | None = None
        self._job: int | None = None
        self._is_settled = False  # what is wanted has come, or is refused
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLED_MS)
        self._connect()

    def save(self, what: Saved) -> None:
        """Let the user choose a place, and write what is shown there as PNG."""
        view = self._workspace.view
        compared, image = view.compared, view.image
        if compared is None or image is None:
            return
        is_whole = what is Saved.ENHANCED
        path = self._dialogs.place_of_picture("enhanced" if is_whole else "comparison")
        if path is None:
            return
        if is_whole:
            picture = enhanced_picture(compared, view.window_level, image, view.font())
        else:
            picture = view.picture()
        words = compared.burnt_in()

        def write() -> Path:
            try:
                path.write_bytes(png_of(picture, words))
            except OSError as error:
                raise unwritable(path) from error
            return path

        self._background.run(write, self.written.emit, self.refused.emit)

    def _connect(self) -> None:
        workspace, runner = self._workspace, self._runner
        bar, view, action = workspace.compare_bar, workspace.view, workspace.toolbar.compare_action
        action.toggled.connect(self._switch)
        bar.mode_chosen.connect(view.set_compare_mode)
        bar.save_requested.connect(self.save)
        for ended in (bar.end_requested, view.comparison_end_requested):
            ended.connect(lambda: workspace.set_comparing(False))
        workspace.frame_shown.connect(self._on_frame)
        workspace.cine.play_action.toggled.connect(lambda _is_playing: self._look())
        view.comparison_changed.connect(self._on_changed)
        self._session.pack_opened.connect(self._on_pack)
        self._soon.timeout.connect(self._look)
        runner.progressed.connect(self._on_progress)
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)
        runner.superseded.connect(self._on_superseded)

    @property
    def _is_on(self) -> bool:
        return self._workspace.toolbar.compare_action.isChecked()

    def _switch(self, is_on: bool) -> None:
        if is_on:
            self._look()
        else:
            self._stop()
            self._workspace.compare_bar.hide()

    def _stop(self) -> None:
        """Want nothing, keep nothing, and let the engine do something else."""
        self._soon.stop()
        is_ours = self._job is not None
        self._wanted, self._job, self._is_settled = None, None, False
        self._workspace.view.drop_comparison()
        if is_ours:
            self._runner.cancel()

    def _on_pack(self, _opened: OpenPack) -> None:
        """Another pack enhances otherwise, or not at all."""
        if self._is_on:
            self._stop()
            self._look_soon()

    def _on_frame(self, frame_index: int) -> None:
        if self._wanted is None or self._wanted.frame_index != frame_index:
            self._look_soon()

    def _on_changed(self, is_shown: bool) -> None:
        if not is_shown:
            self._look_soon()

    def _look_soon(self) -> None:
        """What is on screen is another: look at it once it stays."""
        if self._is_on:
            self._is_settled = False
            self._say_at_work()
            self._soon.start()

    def _look(self) -> None:
        """Want the picture of what is on screen now, unless that is done."""
        if not self._is_on:
            return
        now = self._on_screen()
        if now != self._wanted:
            self._stop()
            self._wanted = now
        if not self._is_settled:
            self._say_at_work()
            self._ask()

    def _say_at_work(self) -> None:
        if self._workspace.cine.is_playing:
            self._workspace.compare_bar.show_waiting()
        else:
            self._workspace.compare_bar.show_progress(None, tr("Enhancing this frame…"))

    def _on_screen(self) -> _Wanted | None:
        """What stands on the screen; None where nothing does, or where it is on the move."""
        case, view, opened = self._session.case, self._workspace.view, self._session.pack
        if case is None or view.image is None or view.image.sha256 != case.image.sha256:
            return None
        is_there = view.has_frame and view.frame_index == self._workspace.frame_index
        if not is_there or self._workspace.cine.is_playing:
            return None
        return _Wanted(
            case.path,
            case.image.sha256,
            view.frame_index,
            None if opened is None else opened.path,
            "" if opened is None else opened.pack.digest,
        )

    def _ask(self) -> None:
        """Ask the engine, unless it works on what the reader asked for."""
        wanted = self._wanted
        if wanted is None or self._is_settled or self._job is not None:
            return
        if not self._runner.is_running or self._may_put_off():
            self._job = self._runner.submit(
                EnhanceRequest(wanted.path, wanted.frame_index, wanted.pack_path)
            )

    def _on_progress(self, job: int, fraction: float, words: Message) -> None:
        if job == self._job:
            self._workspace.compare_bar.show_progress(fraction, words.text())

    def _on_finished(self, job: int, result: object) -> None:
        wanted = self._wanted
        if self._ends(job) and isinstance(result, EnhancedFrame) and wanted is not None:
            self._is_settled = True
            self._background.run(
                lambda: EnhancedLayer(result.pixels, result.scale, result.failing),
                lambda layer: self._show(wanted, result, layer),
                self._refuse,
            )
        else:
            self._ask()

    def _show(self, wanted: _Wanted, found: EnhancedFrame, layer: EnhancedLayer) -> None:
        if wanted != self._wanted or wanted != self._on_screen():
            self._look_soon()  # it is the picture of something no longer on screen
            return
        compared = Compared(layer, found.use, wanted.frame_index, self._is_used(found))
        self._workspace.view.show_comparison(compared)
        self._workspace.compare_bar.show_compared(compared)

    def _is_used(self, found: EnhancedFrame) -> bool:
        """Whether the pack in use computes its answers from this enhancement."""
        opened = self._session.pack
        enhancer = None if opened is None else opened.pack.enhancer
        return enhancer is not None and enhancer.sha256 == found.use.sha256

    def _on_failed(self, job: int, error: Her2DeskError) -> None:
        if self._ends(job):
            self._refuse(error)
        else:
            self._ask()

    def _refuse(self, error: Her2DeskError) -> None:
        if self._is_on:
            self._is_settled = True
            self._workspace.compare_bar.show_problem(error)

    def _on_cancelled(self, job: int) -> None:
        if self._ends(job):
            self._look_soon()  # by somebody else, as when an outline is cleared
        else:
            self._ask()

    def _on_superseded(self, job: int) -> None:
        self._ends(job)  # asked for again when the engine is free

    def _ends(self, job: int) -> bool:
        is_ours = job == self._job
        if is_ours:
            self._job = None
        return is_ours
