"""What the pixels of the frame on screen show besides tissue, said beside what the file says."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from her2desk.domain.image import ImageWarning
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.jobs import Background
from her2desk.ui.session import Session

REST_MS = 150  # a frame that is only passed while scrubbing is not looked at


class FrameNotices(QObject):
    """Looks at each frame that rests on screen, off the GUI thread; so does the engine."""

    def __init__(
        self,
        session: Session,
        workspace: Workspace,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._workspace = workspace
        self._background = background
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self._look)
        workspace.frame_shown.connect(self._wait_for_rest)
        session.image_described.connect(self._wait_for_rest)

    def close(self) -> None:
        """Look at nothing any more."""
        self._timer.stop()
        self._workspace.frame_shown.disconnect(self._wait_for_rest)

    def _wait_for_rest(self) -> None:
        self._timer.start()

    def _look(self) -> None:
        case, index = self._session.case, self._workspace.frame_index
        if case is None:
            return
        self._session.rest_on(index)

        def work() -> tuple[ImageWarning, ...]:
            from her2desk.dicom.contents import frame_contents

            return frame_contents(case.frames.frame(index), case.image)

        def deliver(found: tuple[ImageWarning, ...]) -> None:
            present = self._session.case
            is_shown = self._workspace.frame_index == index
            if present is None or present.case_id != case.case_id or not is_shown:
                return
            image = present.image
            codes = {warning.code for warning in image.warnings}
            new = tuple(warning for warning in found if warning.code not in codes)
            self._workspace.set_image(replace(image, warnings=(*image.warnings, *new)))

        # A frame that cannot be decoded has said so in the picture's place.
        self._background.run(work, deliver, lambda _error: None)
