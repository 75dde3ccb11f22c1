"""An enhanced frame beside which the image is seen: what it is, what is said of it, and where it lies."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QPainterPath

from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.roi import Point
from her2desk.texts import tr, trn
from her2desk.ui.canvas.enhanced_layer import EnhancedLayer
from her2desk.ui.canvas.transform import ViewTransform

LENS_RADIUS = 104  # device-independent pixels
LEAST_LENS_RADIUS = 48


class CompareMode(StrEnum):
    """How the enhanced picture is laid over the image."""

    SPLIT = "split"
    LENS = "lens"


@dataclass(frozen=True, eq=False)
class Compared:
    """The enhanced picture of one frame.

    ``is_used`` says whether the pack in use computes its answer from it.
    """

    layer: EnhancedLayer
    use: EnhancementUse
    frame_index: int
    is_used: bool

    def burnt_in(self) -> str:
        """The lines that stand on the enhanced picture wherever it is shown or saved."""
        lines = [self.use.words.text()]
        if not self.is_used:
            lines.append(tr("not used for this answer"))
        if self.use.failing_px and self.use.largest_residual is not None:
            levels = math.ceil(self.use.largest_residual)
            lines.append(
                trn(
                    "hatched: differs from the image by up to {n} grey level",
                    "hatched: differs from the image by up to {n} grey levels",
                    levels,
                )
            )
        return "\n".join(lines)

    def consistency(self) -> str:
        """Whether the picture, brought down again, gives the image back."""
        use = self.use
        if use.tolerance is None or use.largest_residual is None:
            return tr("Interpolated; no detail is added.")
        if use.failing_px:
            share = 100 * use.failing_px / use.of_px
            return tr("Read nothing into what is hatched ({share:.2g} %).").format(share=share)
        levels = math.ceil(10 * use.largest_residual) / 10
        return tr("Consistent with the image to {levels:.1f} grey levels.").format(levels=levels)


@dataclass(frozen=True)
class Placement:
    """Where the enhanced side begins, or the lens stands.

    ``divider`` is a share of the view's width, so that the image is moved and zoomed beneath it;
    ``lens`` is a position on the image (column, row), None for the middle of the view.
    """

    mode: CompareMode = CompareMode.SPLIT
    divider: float = 0.5
    lens: Point | None = None

    def divider_x(self, size: QSize) -> int:
        """The first column of the view, in device-independent pixels, that shows the enhanced side."""
        return round(self.divider * size.width())

    def divided_at(self, x: float, size: QSize) -> "Placement":
        """With the divider at a column of the view, or as near as it can be."""
        return replace(self, divider=min(max(x / max(1, size.width()), 0.0), 1.0))

    def lens_middle(self, transform: ViewTransform, size: QSize) -> QPointF:
        """The middle of the lens in the view."""
        if self.lens is None:
            return QPointF(size.width() / 2, size.height() / 2)
        return transform.to_view(self.lens)

    def region(self, transform: ViewTransform, size: QSize) -> QPainterPath:
        """What of a view of this size shows the enhanced picture."""
        path = QPainterPath()
        if self.mode is CompareMode.SPLIT:
            x = self.divider_x(size)
            path.addRect(QRectF(QRect(x, 0, size.width() - x, size.height())))
        else:
            radius = lens_radius(size)
            path.addEllipse(self.lens_middle(transform, size), radius, radius)
        return path


def lens_radius(size: QSize) -> float:
    """The lens's radius in a view of this size, in device-independent pixels."""
    return float(max(LEAST_LENS_RADIUS, min(LENS_RADIUS, min(size.width(), size.height()) // 4)))
