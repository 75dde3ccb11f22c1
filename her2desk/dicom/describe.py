"""What a DICOM header says of the image, its calibration and its patient. Nothing is guessed."""

import math
import statistics
from dataclasses import replace
from datetime import date, datetime

from her2desk.dicom.header import BARE_ITEM, Attributes, Header
from her2desk.dicom.pixel_data import PixelData
from her2desk.dicom.stated import header_warnings
from her2desk.domain.clinical import LATERALITIES
from her2desk.domain.image import ImageWarning, Region, UltrasoundImage
from her2desk.domain.regions import is_a_size
from her2desk.texts import msg

MAX_REGIONS = 256  # scanners write at most a handful
AGE_UNITS_IN_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
MAX_AGE_YEARS = 120  # beyond lie placeholder dates of birth such as 1 January 1850
MAX_DEPTH_MM = 400  # no scanner looks deeper; a factor of ten has been seen in public files
REGIONS = "SequenceOfUltrasoundRegions"


def describe(header: Header, data: PixelData, sha256: str) -> UltrasoundImage:
    """The image that the file holds, warnings included."""
    a, layout = header.attributes, data.layout
    regions, regions_unread = read_regions(a)
    laterality, laterality_clashes = read_laterality(a)
    image = UltrasoundImage(
        sha256=sha256,
        sop_instance_uid=a.text("SOPInstanceUID") or None,
        rows=layout.rows,
        columns=layout.columns,
        frames=len(data.frames),
        photometric=a.text("PhotometricInterpretation"),
        transfer_syntax=header.syntax,
        regions=regions,
        pixel_spacing_mm=read_pixel_spacing(a) or read_shared_spacing(a),
        frame_spacing_mm=read_frame_spacing(a, len(data.frames)),
        laterality=laterality,
        view=read_view(a),
        frame_time_ms=read_frame_time(a) if len(data.frames) > 1 else None,
        patient_id=a.text("PatientID"),
        patient_name=a.text("PatientName"),
        patient_age_years=read_age(a),
        study_instance_uid=a.text("StudyInstanceUID"),
        study_date=a.text("StudyDate"),
        manufacturer=a.text("Manufacturer"),
        model_name=a.text("ManufacturerModelName"),
    )
    warnings = calibration_warnings(image, regions_unread)
    if laterality_clashes:
        warnings.append(
            ImageWarning(
                "laterality-clashes",
                msg("The file names both sides, left and right; which is meant is not known."),
            )
        )
    if data.has_surplus:
        warnings.append(
            ImageWarning(
                "surplus-pixel-data",
                msg(
                    "The file holds more pixel data than its {frames} frames need; the rest is "
                    "not shown.",
                    frames=len(data.frames),
                ),
            )
        )
    warnings += header_warnings(a, image)
    return replace(image, warnings=tuple(warnings))


def calibration_warnings(image: UltrasoundImage, regions_unread: bool) -> list[ImageWarning]:
    """What to say of the spacing; the first cause that applies, so that it is said once."""
    if regions_unread:
        what = (
            msg("The file's ultrasound regions cannot be read, so its spacing is not known.")
            if image.pixel_spacing_mm is None
            else msg("The file's ultrasound regions cannot be read; PixelSpacing is used instead.")
        )
        return [ImageWarning("regions-unreadable", what)]
    if not image.regions_are_trusted:
        note = image.spacing_at(0, 0).note
        return [ImageWarning("regions-outside-image", note)] if note else []
    calibrated = [region for region in image.regions if region.spacing_mm is not None]
    is_bare = image.pixel_spacing_mm is None and not image.frame_spacing_mm
    if not calibrated and is_bare:
        return [
            ImageWarning(
                "spacing-unknown",
                msg("The file does not say how large a pixel is, so sizes cannot be given in mm."),
            )
        ]
    for region in calibrated:
        depth = (region.spacing_mm or (0.0, 0.0))[0] * (region.y1 - region.y0 + 1)
        if depth > MAX_DEPTH_MM:
            return [_implausible(depth)]
    for region in calibrated:
        centre = (region.x0 + region.x1 + 1) / 2, (region.y0 + region.y1 + 1) / 2
        note = image.spacing_at(*centre).note
        if note is not None:
            return [ImageWarning("spacing-disagrees", note)]
    return []


def _implausible(depth_mm: float) -> ImageWarning:
    return ImageWarning(
        "spacing-implausible",
        msg(
            "By its file the picture is {depth:.0f} cm deep, more than ultrasound reaches: check it "
            "with the depth scale before believing any size.",
            depth=depth_mm / 10,
        ),
    )


def read_regions(a: Attributes) -> tuple[tuple[Region, ...], bool]:
    """The regions that can be read, and whether some could not (PS3.3 C.8.5.5).

    A file that lost the sequence's tag and kept its items bare counts as one whose regions cannot
    be read. An item without a box is left out; one without calibration stays, uncalibrated.
    """
    if not a.has(REGIONS):
        return (), a.has(BARE_ITEM)
    items = a.items(REGIONS)
    if items is None:
        return (), a.raw(REGIONS) not in (None, "", b"", [])
    regions = [read_region(item, index) for index, item in enumerate(items[:MAX_REGIONS])]
    kept = tuple(region for region in regions if region is not None)
    return kept, len(kept) < len(items)


def read_region(item: Attributes, index: int) -> Region | None:
    """One item as a region; None when its box cannot be read."""
    box = [item.whole(f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    x0, y0, x1, y1 = box
    if x0 is None or y0 is None or x1 is None or y1 is None:
        return None
    return Region(
        index=index,
        x0=x0,
        y0=y0,
        x1=x1,
        y1=y1,
        spatial_format=item.whole("RegionSpatialFormat") or 0,
        data_type=item.whole("RegionDataType") or 0,
        units_x=item.whole("PhysicalUnitsXDirection") or 0,
        units_y=item.whole("PhysicalUnitsYDirection") or 0,
        delta_x=item.number("PhysicalDeltaX") or 0.0,
        delta_y=item.number("PhysicalDeltaY") or 0.0,
    )


def read_pixel_spacing(a: Attributes) -> tuple[float, float] | None:
    """PixelSpacing as (row, column) in mm; None unless both are sizes."""
    values = a.numbers("PixelSpacing")
    if len(values) != 2:
        return None
    row, column = values
    if row is None or column is None:
        return None
    return (row, column) if is_a_size(row) and is_a_size(column) else None


def read_shared_spacing(a: Attributes) -> tuple[float, float] | None:
    """PixelSpacing of an enhanced object whose frames share it (PS3.3 C.7.6.16.2.1)."""
    for group in a.items("SharedFunctionalGroupsSequence") or []:
        for measures in group.items("PixelMeasuresSequence") or []:
            return read_pixel_spacing(measures)
    return None


def read_frame_spacing(a: Attributes, frames: int) -> tuple[tuple[float, float] | None, ...]:
    """PixelSpacing of every frame of an enhanced object; empty where no frame has its own."""
    groups = (a.items("PerFrameFunctionalGroupsSequence") or [])[:frames]
    measures = [group.items("PixelMeasuresSequence") for group in groups]
    if not any(measures):
        return ()
    shared = read_shared_spacing(a) or read_pixel_spacing(a)
    of_frames = [read_pixel_spacing(found[0]) if found else shared for found in measures]
    return (*of_frames, *[shared] * (frames - len(of_frames)))


def read_laterality(a: Attributes) -> tuple[str | None, bool]:
    """L or R, and whether the attributes that give it contradict each other.

    ImageLaterality and Laterality, and FrameLaterality where all frames share it. "B" and "U" are
    no side. Descriptions are not read: words are not a laterality.
    """
    named = [a.text("ImageLaterality"), a.text("Laterality")]
    for group in a.items("SharedFunctionalGroupsSequence") or []:
        for anatomy in group.items("FrameAnatomySequence") or []:
            named.append(anatomy.text("FrameLaterality"))
    sides = {side for side in named if side in LATERALITIES}
    return (sides.pop(), False) if len(sides) == 1 else (None, len(sides) > 1)


def read_view(a: Attributes) -> str | None:
    """The meaning of the first view code, or its value where it has no meaning."""
    for code in a.items("ViewCodeSequence") or []:
        return code.text("CodeMeaning") or code.text("CodeValue") or None
    return None


def read_frame_time(a: Attributes) -> float | None:
    """Milliseconds between frames, from the time itself, else from a rate in frames per second."""
    frame_time = a.number("FrameTime")
    if frame_time is not None and frame_time > 0:
        return frame_time
    steps = [step for step in a.numbers("FrameTimeVector")[1:] if step is not None and step > 0]
    if steps:
        return statistics.median(steps)
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        rate = a.number(keyword)
        if rate is not None and rate > 0 and math.isfinite(1000 / rate):
            return 1000 / rate
    return None


def read_age(a: Attributes) -> float | None:
    """PatientAge in years, else the whole years from birth to study; None for an impossible age."""
    age = a.text("PatientAge").upper()
    if len(age) == 4 and age[:3].isdecimal() and age[3] in AGE_UNITS_IN_YEARS:
        return _possible(int(age[:3]) * AGE_UNITS_IN_YEARS[age[3]])
    born, studied = _date(a.text("PatientBirthDate")), _date(a.text("StudyDate"))
    if born is None or studied is None:
        return None
    had_birthday = (studied.month, studied.day) >= (born.month, born.day)
    return _possible(float(studied.year - born.year - (not had_birthday)))


def _possible(years: float) -> float | None:
    return years if 0 <= years <= MAX_AGE_YEARS else None


def _date(text: str) -> date | None:
    if len(text) != 8 or not text.isdecimal():
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
