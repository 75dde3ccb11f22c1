"""What is said of an image's calibration and of an ROI's size."""

from her2desk.domain.image import Spacing, SpacingSource, UltrasoundImage
from her2desk.domain.roi import Point, Roi
from her2desk.texts import tr

ANISOTROPY = 0.01


def spacing_for(image: UltrasoundImage, roi: Roi | None, pointer: Point | None) -> Spacing:
    """The spacing to show: under the ROI, else the pointer, else of the first calibrated region.

    An unknown spacing says why in its ``note``.
    """
    if roi is not None:
        return roi.spacing(image)
    if pointer is not None:
        return image.spacing_at(*pointer)
    for region in image.regions:
        if region.spacing_mm is not None:
            middle = (region.x0 + region.x1 + 1) / 2, (region.y0 + region.y1 + 1) / 2
            return image.spacing_at(*middle)
    return image.spacing_at(image.columns / 2, image.rows / 2)


def calibration_text(spacing: Spacing) -> str:
    """The calibration and where it came from, in one line."""
    note = f" · {spacing.note.text()}" if spacing.note is not None else ""
    if spacing.mm is None:
        return tr("No calibration: sizes are in pixels") + note
    row, column = spacing.mm
    if abs(row / column - 1) > ANISOTROPY:
        size = tr("{row:.3g} × {column:.3g} mm/px (down × across)").format(row=row, column=column)
    else:
        size = tr("{mm:.3g} mm/px").format(mm=column)
    if spacing.source is SpacingSource.ULTRASOUND_REGION and spacing.region_index is not None:
        where = tr("region {number} of {count}, from the DICOM ultrasound region").format(
            number=spacing.region_index + 1, count=spacing.region_count
        )
    else:
        where = tr("from the file’s PixelSpacing")
    return f"{size} · {where}{note}"


def roi_size_text(roi: Roi, image: UltrasoundImage) -> str:
    """Width × height and area of an ROI, in mm where calibrated, else in pixels."""
    left, top, right, lower = roi.bounds()
    mm = roi.spacing(image).mm
    if mm is None:
        return tr("ROI {width:.0f} × {height:.0f} px · {area:,.0f} px²").format(
            width=right - left, height=lower - top, area=roi.area_px
        )
    row, column = mm
    return tr("ROI {width:.1f} × {height:.1f} mm · {area:.3g} mm²").format(
        width=(right - left) * column, height=(lower - top) * row, area=roi.area_px * row * column
    )
