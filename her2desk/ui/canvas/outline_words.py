"""What is said of the outlines of an image, and of which of them answers."""

from her2desk.domain.drawing import Drawing
from her2desk.domain.image import Spacing
from her2desk.texts import tr, trn
from her2desk.ui.canvas.calibration import ANISOTROPY


def which_outline(drawing: Drawing, frame_index: int) -> str:
    """Which of several outlines a frame carries, and which the estimate is made from.

    Empty for fewer than two, where there is nothing to tell apart.
    """
    answering, count = drawing.answering, len(drawing.rois)
    if answering is None or count < 2:
        return ""
    here = drawing.on(frame_index)
    if here is None:
        first = trn("{n} outline", "{n} outlines", count)
    else:
        number = drawing.rois.index(here) + 1
        first = tr("Outline {number} of {count}").format(number=number, count=count)
    if here is answering:
        return f"{first} · {tr('the largest, so it answers')}"
    second = tr("the largest, on frame {number}, answers")
    return f"{first} · {second.format(number=answering.frame_index + 1)}"


def brush_words(radius_px: float, spacing: Spacing) -> str:
    """The brush's radius in mm; empty where there is no one size to say."""
    if spacing.mm is None or abs(spacing.mm[0] / spacing.mm[1] - 1) > ANISOTROPY:
        return ""
    return tr("{mm:.1f} mm").format(mm=radius_px * spacing.mm[1])
