"""The validation patients who are nearest to a case: picture, outcome, and what was said then."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from her2desk.domain.familiarity import NearPatient
from her2desk.stats.case_words import near_sentence
from her2desk.texts import tr
from her2desk.ui.panels.why_words import near_note, no_neighbours_note, no_pictures_note
from her2desk.ui.theme import GRID, SIZE_SMALL, colours
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.row_button import RowButton
from her2desk.ui.widgets.row_pool import RowPool, column_of

CARDS = 5  # as many as an answer names

THUMBNAIL = 64
ENLARGED = 340  # at most; a wider column would only make it coarser


class Picture(QWidget):
    """A picture in a square of at most ``side``, or the words that there is none."""

    def __init__(self, side: int, *, is_fixed: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._pixmap = QPixmap()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        if is_fixed:
            self.setFixedSize(QSize(side, side))
        else:
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)

    def has_picture(self) -> bool:
        """Whether there is one."""
        return not self._pixmap.isNull()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def minimumSizeHint(self) -> QSize:
        return QSize(THUMBNAIL, THUMBNAIL)

    def heightForWidth(self, width: int) -> int:
        return min(width, self._side)

    def set_pixmap(self, pixmap: QPixmap) -> None:
        """Show ``pixmap``; an empty one shows the words."""
        self._pixmap = pixmap
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self.has_picture():
            size = self._pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(QRectF(self.rect()).center())
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
        else:
            painter.setPen(QPen(QColor(palette.border), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            font = painter.font()
            font.setPixelSize(SIZE_SMALL - 2)
            painter.setFont(font)
            painter.setPen(QColor(palette.text_muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, tr("no picture in this pack"))
        painter.end()


class NearCard(RowButton):
    """One patient. Pressing it enlarges the picture in place, pressing again makes it small."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self._png: bytes | None = None
        self.thumbnail = Picture(THUMBNAIL, is_fixed=True)
        self.enlarged = Picture(ENLARGED, is_fixed=False)
        self.glyph = Glyph()
        self.sentence = wrapped()
        self.sentence.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout()
        row.setSpacing(GRID * 2)
        top = Qt.AlignmentFlag.AlignTop
        for widget, stretch in ((self.thumbnail, 0), (self.glyph, 0), (self.sentence, 1)):
            row.addWidget(widget, stretch, top)
        column = QVBoxLayout(self)
        column.setContentsMargins(self.MARGIN, self.MARGIN, self.MARGIN, self.MARGIN)
        column.setSpacing(GRID * 2)
        column.addLayout(row)
        column.addWidget(self.enlarged)
        self.enlarged.hide()
        self.toggled.connect(self.enlarged.setVisible)

    def show_patient(
        self, near: NearPatient, sentence: str, png: bytes | None, has_pictures: bool
    ) -> None:
        """Show a patient; without any pictures in the pack there is no room kept for one."""
        self._set_picture(png)
        self.thumbnail.setVisible(has_pictures)
        self.glyph.set_kind("positive" if near.positive else "negative")
        self.sentence.setText(sentence)
        self.setAccessibleName(sentence)
        if self.leads():
            self.setAccessibleDescription(tr("Press Enter to enlarge the picture."))
            self.setToolTip(tr("Enlarge the picture"))
        else:
            self.setAccessibleDescription(tr("There is no picture in this pack."))
            self.setToolTip("")

    def nextCheckState(self) -> None:
        """Without a picture there is nothing to enlarge."""
        self.setChecked(self.leads() and not self.isChecked())

    def _set_picture(self, png: bytes | None) -> None:
        if png == self._png:
            return
        self._png = png
        pixmap = QPixmap()
        if png is not None:
            pixmap.loadFromData(png)
        self.thumbnail.set_pixmap(pixmap)
        self.enlarged.set_pixmap(pixmap)
        self.set_leads(not pixmap.isNull())
        self.setChecked(False)


class NeighboursView(QWidget):
    """The nearest patients, the nearest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = wrapped(role="muted")
        self._shown: object = None
        column = column_of(self, GRID * 2)
        self._cards = RowPool(NearCard, GRID * 2, ready=CARDS)
        column.addWidget(self.note)
        column.addWidget(self._cards)

    def show_nearest(
        self, nearest: tuple[NearPatient, ...], shift: float, thumbnails: Mapping[str, bytes]
    ) -> None:
        """Show these patients in the world of ``shift`` (V11); the same again costs nothing."""
        sentences = tuple(near_sentence(near, shift).text() for near in nearest)
        pictures = tuple(thumbnails.get(near.patient) for near in nearest)
        if (nearest, sentences, pictures) == self._shown:
            return
        self._shown = nearest, sentences, pictures
        has_pictures = any(pictures)
        if not nearest:
            self.note.setText(no_neighbours_note())
        else:
            self.note.setText(near_note() if has_pictures else no_pictures_note())
        cards = self._cards.take(len(nearest))
        for card, near, sentence, png in zip(cards, nearest, sentences, pictures, strict=True):
            card.show_patient(near, sentence, png, has_pictures)

    def cards(self) -> list[NearCard]:
        """The patients shown, the nearest first."""
        return self._cards.rows()
