"""What is said of an image's calibration and of an ROI's size."""

from her2desk.domain.image import Spacing, SpacingSource, UltrasoundImage
from her2desk.domain.measurements import area, axes, circumference
from her2desk.domain.regions import kind_words
from her2desk.domain.roi import Point, Roi
from her2desk.texts import tr

ANISOTROPY = 0.01


def spacing_for(
    image: UltrasoundImage, roi: Roi | None, pointer: Point | None, frame_index: int = 0
) -> Spacing:
    """The spacing to show: under the ROI, else the pointer, else of the first calibrated region.

    An unknown spacing says why in its ``note``.
    """
    if roi is not None:
        return roi.spacing(image)
    if pointer is not None:
        return image.spacing_at(*pointer, frame_index)
    for region in image.regions:
        if region.spacing_mm is not None:
            middle = (region.x0 + region.x1 + 1) / 2, (region.y0 + region.y1 + 1) / 2
            return image.spacing_at(*middle, frame_index)
    return image.spacing_at(image.columns / 2, image.rows / 2, frame_index)


def calibration_text(spacing: Spacing) -> str:
    """The calibration and where it came from, in one line."""
    note = f" · {spacing.note.text()}" if spacing.note is not None else ""
    if spacing.mm is None:
        return tr("No calibration: sizes are in pixels") + note
    if spacing.source is SpacingSource.USER:  # the note says by whom
        return spacing_text(spacing.mm) + note
    return f"{spacing_text(spacing.mm)} · {_source_text(spacing)}{note}"


def spacing_text(mm: tuple[float, float]) -> str:
    """The size of a pixel, (row, column) in mm; both where they differ."""
    row, column = mm
    if abs(row / column - 1) > ANISOTROPY:
        return tr("{row:.3g} × {column:.3g} mm/px (down × across)").format(row=row, column=column)
    return tr("{mm:.3g} mm/px").format(mm=column)


def roi_size_text(roi: Roi, image: UltrasoundImage) -> str:
    """Both axes, area and circumference of an ROI, in mm where calibrated, else in pixels."""
    around = circumference(image, roi)
    parts = (axes(image, roi).words.text(), area(image, roi).words.text())
    return " · ".join((*parts, tr("circumference {length}").format(length=around.words.text())))


def _source_text(spacing: Spacing) -> str:
    if spacing.region_index is None or spacing.region_kind is None:
        return tr("from the file’s PixelSpacing")
    return tr("region {number} of {count} ({kind}), from the DICOM ultrasound region").format(
        number=spacing.region_index + 1,
        count=spacing.region_count,
        kind=kind_words(spacing.region_kind).text(),
    )
