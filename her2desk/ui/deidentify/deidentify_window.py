"""The window that makes de-identified copies, in three steps."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget

from her2desk.dicom.deidentify.key import library_key
from her2desk.dicom.deidentify.masks import MaskBook, load_masks, masks_path, save_masks
from her2desk.dicom.deidentify.one_file import Choices
from her2desk.dicom.deidentify.preview import (
    Group,
    Preview,
    Survey,
    confirmed,
    load_preview,
    looks_written_on,
    survey,
)
from her2desk.dicom.deidentify.profile import Option
from her2desk.dicom.deidentify.run import Result, deidentify
from her2desk.errors import Cancelled, Her2DeskError, InputRefused
from her2desk.private_files import temporary_folder
from her2desk.texts import Message, msg, tr, trn
from her2desk.ui.deidentify.choose_page import ChoosePage
from her2desk.ui.deidentify.mask_page import PER_PAGE, MaskPage
from her2desk.ui.deidentify.result_page import ResultPage
from her2desk.ui.jobs import Background
from her2desk.ui.training.step_rail import RailStep
from her2desk.ui.training.step_window import StepWindow

CHOOSE, MASKS, RESULT = range(3)
_FIRST_SIZE = (1060, 720)


class Watched(QObject):
    """Progress from the worker's thread to the window, and the wish to stop the other way."""

    progressed = Signal(float, str)
    _stepped = Signal(float, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = threading.Event()
        self._stepped.connect(lambda fraction, text: self.progressed.emit(fraction, text.text()))

    def begin(self) -> None:
        """A work begins that nobody has asked to stop."""
        self._stop.clear()

    def stop(self) -> None:
        """Ask the work to stop at its next step."""
        self._stop.set()

    def step(self, fraction: float, text: Message) -> None:
        """Called by the work, on its thread."""
        if self._stop.is_set():
            raise Cancelled
        self._stepped.emit(fraction, text)


class DeidentifyWindow(StepWindow):
    """Closing it stops what runs after the frame in hand.

    Parameters
    ----------
    library_dir : where the key and the masks are kept.
    background : runs the work; nobody else should wait for it, since copying can take long.
    reader : gives the name of who confirms.
    open_url : what opens the report and the folder.
    """

    closed = Signal()

    def __init__(
        self,
        library_dir: Path,
        background: Background,
        reader: Callable[[], str],
        open_url: Callable[[QUrl], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("deidentification", _steps(), parent)
        self.setWindowTitle(tr("De-identify files"))
        self._library_dir = library_dir
        self._background = background
        self._reader = reader
        self._temporary = temporary_folder("previews")
        self._book = MaskBook()
        self._groups: tuple[Group, ...] = ()
        self._at = 0
        self._asked = 0  # the number of the latest request; answers to others are dropped
        self._is_busy = False
        self._has_result = False
        self._is_closed = False  # what the worker still says is dropped then
        self.watched = Watched(self)
        self.choose = ChoosePage()
        self.masks = MaskPage()
        self.result = ResultPage(open_url)
        self._add_pages(self.choose, self.masks, self.result)
        self.setMinimumSize(820, 580)
        self.resize(*_FIRST_SIZE)
        self._connect()
        self._refresh()
        self.choose.choose_files.setFocus()

    @property
    def is_busy(self) -> bool:
        """Whether files are being looked for or copied."""
        return self._is_busy

    def closeEvent(self, event: QCloseEvent) -> None:
        self.watched.stop()
        self._is_closed = True
        self._asked += 1
        self._temporary.cleanup()
        super().closeEvent(event)
        self.closed.emit()

    # From choosing to masks

    def _go_forward(self) -> None:
        if self.step == CHOOSE:
            self._look()
        elif self.step == MASKS:
            self._leave_group()

    def _look(self) -> None:
        """Find the files, unless there are no masks to draw."""
        try:
            self._book = load_masks(masks_path(self._library_dir))
        except Her2DeskError as error:
            self.note.setText(str(error))
            return
        if Option.CLEAN_PIXEL_DATA not in self.choose.chosen_options():
            self._copy()
            return
        sources, folder = self.choose.sources, Path(self._temporary.name)

        def work() -> Survey | None:
            try:
                return survey(sources, folder, self.watched)
            except Cancelled:
                return None

        self._run(work, self._on_survey)

    def _on_survey(self, found: Survey | None) -> None:
        if found is None:
            return
        self._groups, self._at = found.groups, 0
        if not found.groups:
            self._fail(
                InputRefused(
                    msg("No ultrasound DICOM file that can be read was found there."),
                    msg("Choose other files or another folder."),
                    code="no-files",
                )
            )
            return
        self._show_group()
        self._go_to(MASKS)

    # Masks

    def _show_group(self) -> None:
        group = self._groups[self._at]
        mask = self._book.mask(group.scanner)
        self.masks.show_group(group, mask, self._at + 1, len(self._groups))
        self._ask_page(0)

    def _ask_page(self, first: int) -> None:
        group = self._groups[self._at]
        files = group.files[first : first + PER_PAGE]
        self._asked += 1
        number = self._asked

        def work() -> list[Preview]:
            previews = []
            for file in files:
                try:
                    previews.append(load_preview(file, group.scanner))
                except Her2DeskError:
                    continue  # it is refused when its turn comes; the page says how many
            return previews

        def done(previews: list[Preview]) -> None:
            if number == self._asked:
                self.masks.show_previews(first, previews, len(files) - len(previews))
                self._refresh()
                if len(previews) == len(files):
                    self._suspect()

        self._background.run(work, done, self._fail)

    def _suspect(self) -> None:
        """Look for writing in what stays visible; only the answer to the latest mask counts."""
        self._asked += 1
        number, mask = self._asked, self.masks.drawn
        previews = [thumbnail.preview for thumbnail in self.masks.thumbnails]

        def done(written: list[bool]) -> None:
            if number == self._asked:
                self.masks.show_suspicion(written)

        self._background.run(
            lambda: [looks_written_on(preview, mask) for preview in previews], done, self._fail
        )

    def _leave_group(self) -> None:
        if self.masks.is_confirmed:
            self._keep_confirmation()
        else:
            self._book = self._book.with_mask(self._groups[self._at].scanner, self.masks.drawn)
        try:
            save_masks(masks_path(self._library_dir), self._book)
        except Her2DeskError as error:
            self.note.setText(str(error))
            return
        if self._at + 1 < len(self._groups):
            self._at += 1
            self._show_group()
            self._refresh()
        else:
            self._copy()

    def _keep_confirmation(self) -> None:
        scanner, seen = self._groups[self._at].scanner, list(self.masks.seen.values())
        self._book = confirmed(self._book, scanner, self.masks.drawn, seen, self._reader())

    def _go_back(self) -> None:
        if self._is_busy:
            self.watched.stop()
        elif self.step == MASKS and self._at > 0:
            self._at -= 1
            self._show_group()
            self._refresh()
        else:
            self._go_to(CHOOSE)

    # Copying

    def _copy(self) -> None:
        sources, destination = self.choose.sources, self.choose.destination
        if destination is None:
            return
        options, book = self.choose.chosen_options(), self._book
        self.result.begin()
        self._go_to(RESULT)

        def work() -> Result:
            choices = Choices(library_key(self._library_dir), options, book)
            return deidentify(sources, destination, choices, self.watched)

        self._run(work, self._on_result)

    def _on_result(self, result: Result) -> None:
        self._has_result = True
        self.result.show_result(result)
        self._refresh()

    # Work in the background

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._is_busy = True
        self.note.clear()
        self.watched.begin()
        self._refresh()

        def finish(result: object) -> None:
            if self._is_closed:
                return
            self._is_busy = False
            self._refresh()
            done(result)

        self._background.run(work, finish, self._fail)

    def _fail(self, error: Her2DeskError) -> None:
        if self._is_closed:
            return
        self._is_busy = False
        if self.step == RESULT:
            self._has_result = True
            self.result.show_error(error)
        self._refresh()
        if self.step != RESULT:
            self.note.setText(str(error))

    def _on_progress(self, fraction: float, text: str) -> None:
        if self.step == RESULT:
            self.result.show_step(fraction, text)
        elif self._is_busy:
            self.note.setText(text)

    # How it stands

    def _go_to(self, step: int) -> None:
        self._pages.setCurrentIndex(step)
        self._refresh()

    def _refresh(self) -> None:
        step, busy = self.step, self._is_busy
        complete = self.choose.is_complete()
        self.rail.show_step(step)
        chosen = trn("{n} scanner", "{n} scanners", len(self._groups)) if self._groups else ""
        self.rail.set_state(CHOOSE, is_open=not busy, is_done=complete and step > CHOOSE)
        self.rail.set_state(
            MASKS, is_open=bool(self._groups) and not busy, is_done=step == RESULT, detail=chosen
        )
        self.rail.set_state(RESULT, is_open=self._has_result, is_done=self._has_result)
        self.note.setText(self.choose.problem() if step == CHOOSE and not busy else "")
        looking = busy and step < RESULT
        self.back.setText(tr("&Stop") if looking else tr("&Back"))
        self.back.setVisible(looking or step > CHOOSE)
        self.back.setEnabled(looking or not busy)
        self.forward.setVisible(step < RESULT)
        self.forward.setEnabled(complete and not busy)
        self.forward.setText(self._forward_words())

    def _forward_words(self) -> str:
        if self.step != MASKS:
            return tr("Co&ntinue")
        last = self._at + 1 == len(self._groups)
        if self.masks.is_confirmed:
            return tr("Make the co&pies") if last else tr("&Next scanner")
        return tr("Make the co&pies, unconfirmed") if last else tr("&Next scanner, unconfirmed")

    def _connect(self) -> None:
        self.choose.changed.connect(self._on_choice)
        self.masks.page_wanted.connect(self._ask_page)
        self.masks.mask_changed.connect(self._suspect)
        self.masks.confirmed_changed.connect(self._refresh)
        self.result.stop_requested.connect(self.watched.stop)
        self.watched.progressed.connect(self._on_progress)
        self.rail.step_chosen.connect(self._go_to)
        self.back.clicked.connect(self._go_back)
        self.forward.clicked.connect(self._go_forward)

    def _on_choice(self) -> None:
        self._groups = ()
        self._refresh()


def _steps() -> list[RailStep]:
    return [
        RailStep(tr("Files"), tr("What is copied, and where to (Alt+1)"), "Alt+1"),
        RailStep(tr("Masks"), tr("What is blackened on the pictures (Alt+2)"), "Alt+2"),
        RailStep(tr("Copies"), tr("What became of each file (Alt+3)"), "Alt+3"),
    ]
