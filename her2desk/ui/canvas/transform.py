"""Where the image lies in the view: a scale and an offset."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF

from her2desk.domain.roi import Point

MIN_SCALE, MAX_SCALE = 0.05, 64.0
FIT_MARGIN = 8
KEEP_VISIBLE = 48  # of the image, in view pixels, however far it is moved


@dataclass(frozen=True)
class ViewTransform:
    """View position = offset + scale × image position, in device-independent pixels."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_view(self, point: Point) -> QPointF:
        """An image position (column, row) in the view."""
        return QPointF(self.x + self.scale * point[0], self.y + self.scale * point[1])

    def to_image(self, position: QPointF) -> Point:
        """A position in the view as (column, row)."""
        return (position.x() - self.x) / self.scale, (position.y() - self.y) / self.scale

    def rect(self, left: float, top: float, right: float, lower: float) -> QRectF:
        """A rectangle given by image positions, in the view."""
        return QRectF(self.to_view((left, top)), self.to_view((right, lower)))

    def zoomed(self, factor: float, about: QPointF) -> "ViewTransform":
        """Enlarged by ``factor``; what lies under ``about`` stays there."""
        scale = min(max(self.scale * factor, MIN_SCALE), MAX_SCALE)
        column, row = self.to_image(about)
        return ViewTransform(scale, about.x() - scale * column, about.y() - scale * row)

    def shifted(self, dx: float, dy: float) -> "ViewTransform":
        """The image moved in the view."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def kept_in(self, width: float, height: float, columns: int, rows: int) -> "ViewTransform":
        """Moved back as far as needed for part of the image to stay in a view of this size."""
        w, h = self.scale * columns, self.scale * rows
        keep_x, keep_y = min(KEEP_VISIBLE, w), min(KEEP_VISIBLE, h)
        return replace(
            self,
            x=min(max(self.x, keep_x - w), width - keep_x),
            y=min(max(self.y, keep_y - h), height - keep_y),
        )


def fitted(width: float, height: float, columns: int, rows: int) -> ViewTransform:
    """The whole image, centred, as large as a view of this size allows."""
    scale = min((width - 2 * FIT_MARGIN) / columns, (height - 2 * FIT_MARGIN) / rows)
    scale = min(max(scale, MIN_SCALE), MAX_SCALE)
    return ViewTransform(scale, (width - scale * columns) / 2, (height - scale * rows) / 2)
