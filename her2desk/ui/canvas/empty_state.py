"""What stands in the middle before there is an image."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.icons import icon_image
from her2desk.ui.theme import colours, set_role

_ICON = 56


class EmptyState(QWidget):
    """Invites to drop a study or to try the demo case."""

    open_requested = Signal()
    demo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_target = False
        title = QLabel(tr("Drop an ultrasound study here, or try the demo case"), self)
        title.setWordWrap(True)
        set_role(title, "title")
        kinds = QLabel(tr("DICOM files, folders, a ZIP or a CD; PNG and JPEG pictures"), self)
        kinds.setWordWrap(True)
        set_role(kinds, "muted")
        self.open_button = QPushButton(tr("Open a study…"), self)
        self.open_button.setToolTip(tr("Choose files to import; they stay on this computer"))
        set_role(self.open_button, "primary")
        self.demo_button = QPushButton(tr("Try the demo case"), self)
        self.demo_button.setToolTip(tr("Open a simulated case with the demo pack"))
        self.open_button.clicked.connect(self.open_requested)
        self.demo_button.clicked.connect(self.demo_requested)
        self._lay_out(title, kinds)

    def set_target(self, is_target: bool) -> None:
        """Show that what is being dragged may be dropped here."""
        self._is_target = is_target
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground, the drop frame and the icon."""
        palette, painter = colours(), QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.window))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = palette.accent if self._is_target else palette.border
        pen = QPen(QColor(ink), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), 10, 10)
        ink = palette.accent if self._is_target else palette.text_muted
        image = icon_image("import-study", ink, _ICON, self.devicePixelRatioF())
        anchor = self._icon_space.geometry()
        painter.drawImage(anchor.center().x() - _ICON // 2, anchor.y(), image)
        painter.end()

    def _lay_out(self, title: QLabel, kinds: QLabel) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(40, 40, 40, 40)
        layout.addStretch(2)
        self._icon_space = QWidget(self)
        self._icon_space.setFixedHeight(_ICON)
        layout.addWidget(self._icon_space)
        layout.addSpacing(16)
        for label, gap in ((title, 6), (kinds, 24)):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
            layout.addSpacing(gap)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addSpacing(8)
        buttons.addWidget(self.demo_button)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        layout.addStretch(3)
