"""Outlines from files and into files, off the GUI thread."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Proposal, ProposalOrigin
from her2desk.errors import InputRefused
from her2desk.logs import log_in_worker
from her2desk.texts import msg
from her2desk.ui.dialogs import Dialogs
from her2desk.ui.jobs import Background
from her2desk.ui.session import Session

if TYPE_CHECKING:
    from her2desk.dicom.mask import MaskOutline
    from her2desk.dicom.outline_files import WrittenOutlines


class OutlineFiles(QObject):
    """Opens an outline as a proposal for the present case, and saves what is drawn on it."""

    opened = Signal(object)
    """A ``Proposal``, for the reader to take or leave."""
    written = Signal(Path)
    refused = Signal(object)

    def __init__(
        self,
        session: Session,
        background: Background,
        dialogs: Dialogs,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._background = background
        self._dialogs = dialogs

    def open(self, frame_index: int) -> None:
        """Let the user choose a file; one that names no frame is of frame ``frame_index``."""
        case = self._session.case
        path = self._dialogs.outline_to_open() if case is not None else None
        if case is None or path is None:
            return

        def work() -> "MaskOutline":
            found = _outline(path, frame_index, case.image)
            found.roi.check(case.image)
            return found

        def deliver(found: "MaskOutline") -> None:
            if self._session.case is not None and self._session.case.case_id == case.case_id:
                note = found.warnings[0].message if found.warnings else None
                self.opened.emit(Proposal(found.roi, ProposalOrigin.FILE, note))

        self._background.run(work, deliver, self.refused.emit)

    def save(self) -> None:
        """Let the user choose a place and a form, and write what is drawn there."""
        case, drawing = self._session.case, self._session.drawing
        if case is None or not drawing.rois:
            self.refused.emit(
                InputRefused(
                    msg("There is no outline to save."),
                    msg("Open a case and draw around the lesion first."),
                    code="no-outline",
                )
            )
            return
        path = self._dialogs.place_of_outline(case.case_id)
        if path is None:
            return
        reader = self._session.settings.reader

        def work() -> Path:
            from her2desk.dicom.outline_files import OutlineFormat, format_of, write_outline

            kind, rois = format_of(path), drawing.rois
            if drawing.answering is not None and not kind.holds_several_frames:
                rois = (drawing.answering,)
            write = partial(
                write_outline,
                path,
                rois,
                case.image,
                source=case.path,
                reader=reader,
                overwrite=True,
            )
            return (_apart(write) if kind is OutlineFormat.SEG else write()).path

        self._background.run(work, self.written.emit, self.refused.emit)


def _apart(write: "Callable[[], WrittenOutlines]") -> "WrittenOutlines":
    """``write`` in a process of its own: loading what writes DICOM would hold up the window."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, get_context("spawn"), log_in_worker, ("outlines",)) as child:
        return child.submit(write).result()


def _outline(path: Path, frame_index: int, image: UltrasoundImage) -> "MaskOutline":
    """The outline on the frame that the file names, else on ``frame_index``."""
    from her2desk.dicom.outline import outline_from_file

    try:
        return outline_from_file(path, frame_index, image)
    except InputRefused as refused:
        if refused.code != "frame-contradicts-roi":
            raise
    return outline_from_file(path, None, image)
