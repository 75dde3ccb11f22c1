"""The bar above a picture that its file does not calibrate: a ruler's length makes up for it."""

import re

from PySide6.QtCore import Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from her2desk.domain.drawing import Ruler
from her2desk.domain.image import UltrasoundImage, UserCalibration
from her2desk.errors import InputRefused
from her2desk.texts import tr
from her2desk.ui.canvas.calibration import spacing_for, spacing_text
from her2desk.ui.canvas.elided_label import ElidedLabel
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.typed_numbers import plain_number

_LENGTH = re.compile(r"(\d{1,4}(?:[.,]\d*)?|[.,]\d+)\s*(mm|cm)?", re.IGNORECASE | re.ASCII)
_FIELD_WIDTH = 84


def length_mm(text: str) -> float | None:
    """Millimetres from "10", "10 mm", "1 cm", "1,5 cm"; None for anything else and for zero.

    None too for "1,234", which may mean two lengths.
    """
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        return None
    plain = plain_number(found[1])
    if plain is None:
        return None
    value = float(plain)
    mm = value * 10 if (found[2] or "mm").lower() == "cm" else value
    return mm if mm > 0 else None


class CalibrateBar(QWidget):
    """Asks for a ruler, then for its length; hidden for a picture that its file calibrates.

    ``calibration_given`` carries a ``UserCalibration`` that is good for the image.
    """

    calibration_given = Signal(object)
    calibration_removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: UltrasoundImage | None = None
        self._ruler: Ruler | None = None
        self.words = ElidedLabel(self)
        self.field = QLineEdit(self)
        self.field.setFixedWidth(_FIELD_WIDTH)
        self.field.setPlaceholderText(tr("10 mm"))
        self.field.setAccessibleName(tr("Length of the ruler, in mm or cm"))
        self.use_button = QPushButton(tr("Use as calibration"), self)
        set_role(self.use_button, "primary")
        self.remove_button = QPushButton(tr("Remove"), self)
        self.remove_button.setToolTip(tr("Go on without this calibration"))
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        set_role(self.problem, "warning")
        self._lay_out()
        self.field.textEdited.connect(self._on_typed)
        self.field.returnPressed.connect(self._use)
        self.use_button.clicked.connect(self._use)
        self.remove_button.clicked.connect(self.calibration_removed)
        self._tell()

    def set_image(self, image: UltrasoundImage | None) -> None:
        """The image on screen, with its calibration by the user if it has one."""
        if image is None or self._image is None or image.sha256 != self._image.sha256:
            self._ruler = None
            self.field.clear()
        self._image = image
        self._tell()

    def set_ruler(self, ruler: Ruler | None) -> None:
        """The ruler that is selected."""
        if ruler != self._ruler:
            self._ruler = ruler
            self._tell()

    def text(self) -> str:
        """What the bar says."""
        return self.words.text()

    def problem_text(self) -> str:
        """What is wrong with the length; empty where nothing is."""
        return self.problem.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground."""
        paint_ground(self)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.words, 1)
        for widget in (self.field, self.use_button, self.remove_button):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, GRID, 3 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.problem)

    def _tell(self) -> None:
        image, is_asking = self._image, self._is_asking()
        by_user = None if image is None else image.user_calibration
        self.field.setVisible(is_asking)
        self.use_button.setVisible(is_asking)
        self.remove_button.setVisible(by_user is not None)
        self.words.set_words(self._words())
        self._say("")
        self._on_typed()
        self.setVisible(image is not None and (is_asking or by_user is not None or self._is_bare()))

    def _is_bare(self) -> bool:
        """Whether the file gives no size where one would look first."""
        if self._image is None:
            return False
        return not spacing_for(self._image.calibrated_by(None), None, None).is_known

    def _is_asking(self) -> bool:
        """Whether the selected ruler lies where the file says nothing."""
        if self._image is None or self._ruler is None:
            return False
        return self._image.obstacle_to(_calibration(self._ruler, 1.0)) is None

    def _words(self) -> str:
        image = self._image
        if image is None:
            return ""
        known = image.user_calibration
        if known is not None:
            size = spacing_text((known.mm_per_px, known.mm_per_px))
            return tr("{size} by the user (frame {number})").format(
                size=size, number=known.frame_index + 1
            )
        if self._is_asking():
            return tr("Length of the selected ruler:")
        obstacle = None
        if self._ruler is not None:
            obstacle = image.obstacle_to(_calibration(self._ruler, 1.0))
        if obstacle is not None:
            return f"{tr('This ruler cannot calibrate the picture.')} {obstacle.text()}"
        return tr("No calibration. Draw a ruler (R) over the depth scale, then type its length.")

    def _on_typed(self) -> None:
        self.use_button.setEnabled(length_mm(self.field.text()) is not None)
        self._say("")

    def _use(self) -> None:
        length = length_mm(self.field.text())
        if length is None or self._ruler is None or self._image is None:
            self._say(tr("Type the length in mm or cm, such as 10 mm."))
            return
        calibration = _calibration(self._ruler, length)
        try:
            calibration.check(self._image)
        except InputRefused as error:
            self._say(str(error))
            return
        self.calibration_given.emit(calibration)

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))


def _calibration(ruler: Ruler, length: float) -> UserCalibration:
    return UserCalibration(ruler.frame_index, ruler.start, ruler.end, length)
