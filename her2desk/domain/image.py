"""An ultrasound image, its regions and its spacing.

Terms follow DICOM PS3.3 C.8.5.5 (US Region Calibration). Positions are (column, row) in pixels with
(0, 0) at the outer corner of the top-left pixel, whose centre is (0.5, 0.5), as in SCOORD.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from her2desk.domain.geometry import (
    Point,
    frame_from_json,
    lies_in,
    line_touches,
    point_from_json,
    polygon_touches,
)
from her2desk.domain.regions import Region as Region
from her2desk.domain.regions import RegionKind, kind_words, views
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg, phrase

SPACING_AGREEMENT = 0.01
MIN_RULER_PX = 10  # a shorter line cannot be drawn to better than a few per cent
MM_PER_PX_LIMITS = (0.005, 1.0)  # from a 5 mm deep picture to one of half a metre


class SpacingSource(StrEnum):
    """Where a pixel spacing came from."""

    ULTRASOUND_REGION = "ultrasound-region"
    PIXEL_SPACING = "pixel-spacing"
    USER = "user"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Spacing:
    """Spacing at one place of an image, where it came from, and what to say about it."""

    mm: tuple[float, float] | None
    source: SpacingSource
    region_index: int | None = None
    region_count: int = 0
    note: Message | None = None
    region_kind: RegionKind | None = None

    @property
    def is_known(self) -> bool:
        return self.mm is not None


@dataclass(frozen=True)
class UserCalibration:
    """A length that the reader knows, drawn over the picture's depth scale.

    ``start`` and ``end`` are (column, row) on frame ``frame_index``; ``length_mm`` is what lies
    between them. Pixels are taken as square, as on the screens that such pictures were taken from.
    """

    frame_index: int
    start: Point
    end: Point
    length_mm: float

    @property
    def length_px(self) -> float:
        """Length of the line in pixels."""
        return math.dist(self.start, self.end)

    @property
    def mm_per_px(self) -> float:
        """Millimetres between pixel centres; raises ``ZeroDivisionError`` for a line of no length."""
        return self.length_mm / self.length_px

    def check(self, image: "UltrasoundImage") -> None:
        """Raise ``InputRefused`` unless the calibration can be used on ``image``.

        Codes: ``calibration-frame``, ``calibration-outside``, ``calibration-too-short``,
        ``calibration-length``, ``calibration-scale`` and ``calibration-place``.
        """
        self._check_line(image)
        self._check_length()
        obstacle = image.obstacle_to(self)
        if obstacle is not None:
            raise InputRefused(
                obstacle,
                msg("Draw the ruler on a 2-D picture that has no calibration, or go on without."),
                code="calibration-place",
            )

    def _check_line(self, image: "UltrasoundImage") -> None:
        if not 0 <= self.frame_index < image.frames:
            raise InputRefused(
                msg(
                    "The calibration is on frame {frame}, but the image has {frames}.",
                    frame=self.frame_index + 1,
                    frames=image.frames,
                ),
                msg("Use the calibration that was made on this image."),
                code="calibration-frame",
            )
        if not lies_in((self.start, self.end), (0, 0, image.columns, image.rows)):
            raise InputRefused(
                msg("The calibration's ruler reaches outside the image."),
                msg("Draw it within the picture."),
                code="calibration-outside",
            )
        if not self.length_px >= MIN_RULER_PX:
            raise InputRefused(
                msg(
                    "The ruler is {length:.1f} pixels long; a calibration needs at least {limit}.",
                    length=self.length_px,
                    limit=MIN_RULER_PX,
                ),
                msg("Draw it over a longer part of the depth scale."),
                code="calibration-too-short",
            )

    def _check_length(self) -> None:
        if not (math.isfinite(self.length_mm) and self.length_mm > 0):
            raise InputRefused(
                msg("A ruler's length must be above 0 mm."),
                msg("Give the length that the depth scale shows."),
                code="calibration-length",
            )
        lowest, highest = MM_PER_PX_LIMITS
        if not lowest <= self.mm_per_px <= highest:
            raise InputRefused(
                msg(
                    "{length:g} mm over {px:.0f} pixels would make a pixel {mm:.3g} mm large; "
                    "ultrasound lies between {lowest:g} and {highest:g} mm.",
                    length=self.length_mm,
                    px=self.length_px,
                    mm=self.mm_per_px,
                    lowest=lowest,
                    highest=highest,
                ),
                msg("Check the length and its unit."),
                code="calibration-scale",
            )

    def to_json(self) -> dict[str, Any]:
        """The calibration as the library and its files hold it."""
        return {
            "frame_index": self.frame_index,
            "start": list(self.start),
            "end": list(self.end),
            "length_mm": self.length_mm,
        }


def calibration_from_json(text: str) -> UserCalibration:
    """A calibration from its JSON text; raises ``InputRefused`` (``calibration-malformed``)."""
    try:
        raw = json.loads(text)
        frame = frame_from_json(raw["frame_index"])
        length, _ = point_from_json([raw["length_mm"], 0])
        start, end = point_from_json(raw["start"]), point_from_json(raw["end"])
        if start == end or length <= 0:
            raise ValueError
        return UserCalibration(frame, start, end, length)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputRefused(
            msg("This is not a calibration."),
            msg(
                "It should read {example}.",
                example='{"frame_index": 0, "start": [column, row], "end": [column, row], '
                '"length_mm": 10}',
            ),
            code="calibration-malformed",
        ) from error


@dataclass(frozen=True)
class ImageWarning:
    """Something about a file that the reader should know; ``code`` is stable for scripts."""

    code: str
    message: Message


@dataclass(frozen=True)
class UltrasoundImage:
    """All of a file but its pixels.

    ``sha256`` is of the file's bytes; ``sop_instance_uid`` is None for PNG and JPEG.
    ``pixel_spacing_mm`` is (row, column). ``frame_spacing_mm`` has one entry a frame where frames
    differ, and then stands in its place. ``frame_time_ms`` is None for stills.
    """

    sha256: str
    sop_instance_uid: str | None
    rows: int
    columns: int
    frames: int
    photometric: str
    transfer_syntax: str
    regions: tuple[Region, ...] = ()
    pixel_spacing_mm: tuple[float, float] | None = None
    laterality: str | None = None
    view: str | None = None
    frame_time_ms: float | None = None
    patient_id: str = ""
    patient_name: str = ""
    patient_age_years: float | None = None
    study_instance_uid: str = ""
    study_date: str = ""
    manufacturer: str = ""
    model_name: str = ""
    warnings: tuple[ImageWarning, ...] = field(default=())
    user_calibration: UserCalibration | None = None
    frame_spacing_mm: tuple[tuple[float, float] | None, ...] = ()

    @property
    def scanner(self) -> str:
        """Maker and model as the file names them; empty where it names none."""
        return " ".join(f"{self.manufacturer} {self.model_name}".split())

    @property
    def regions_are_trusted(self) -> bool:
        """False when a region reaches outside the image: then the picture was cropped or scaled."""
        return all(region.fits(self.rows, self.columns) for region in self.regions)

    def calibrated_by(self, calibration: UserCalibration | None) -> "UltrasoundImage":
        """The same image with the reader's calibration, None for none.

        Raises ``InputRefused`` as ``UserCalibration.check`` does.
        """
        if calibration is not None:
            calibration.check(self)
        return replace(self, user_calibration=calibration)

    def region_at(self, column: float, row: float) -> Region | None:
        """The tissue region at a position: the first calibrated one, else the first of any kind.

        None where a region of another kind, such as a spectrum, covers the position too.
        """
        here = [region for region in self.regions if region.contains(column, row)]
        if any(region.is_no_picture for region in here):
            return None
        return _calibrated_first([region for region in here if region.is_tissue_plane])

    def spacing_at(self, column: float, row: float, frame_index: int = 0) -> Spacing:
        """Spacing at a position: from the region there, PixelSpacing, the reader, or unknown."""

        def is_there(region: Region) -> bool:
            return region.contains(column, row)

        return self._spacing(is_there, is_there, frame_index)

    def spacing_along(
        self, points: Sequence[Point], frame_index: int = 0, *, is_closed: bool = False
    ) -> Spacing:
        """The one spacing under a line or, closed, an outline and what it encloses.

        Unknown, saying why, when the line crosses the edge of a region or enters what is no picture
        of tissue: then it has no one spacing.
        """
        touches = polygon_touches if is_closed else line_touches

        def is_touched(region: Region) -> bool:
            return touches(points, region.rectangle)

        def is_around(region: Region) -> bool:
            return lies_in(points, region.rectangle)

        return self._spacing(is_touched, is_around, frame_index)

    def obstacle_to(self, calibration: UserCalibration) -> Message | None:
        """Why the reader's calibration has nothing to say on this image; None where it has."""
        line = calibration.start, calibration.end
        touched = [r for r in self.regions if line_touches(line, r.rectangle)]
        other = next((region for region in touched if region.is_no_picture), None)
        if other is not None:
            return _no_picture(other)
        planes = views(self.regions)
        if not self.regions_are_trusted:
            if len(planes) > 1:
                return msg("The file describes several pictures and says wrongly where they lie.")
            return None
        if self._frame_spacing(calibration.frame_index) is not None:
            return msg("The picture is calibrated by its file.")
        if any(region.spacing_mm is not None for region in touched):
            return msg("The picture is calibrated by its file at this place.")
        is_bare = not any(region.spacing_mm is not None for region in self.regions)
        if len(planes) <= 1 and is_bare:
            return None
        if any(lies_in(line, region.rectangle) for region in touched if region.is_tissue_plane):
            return None
        if len(planes) <= 1:
            return msg("The picture is calibrated by its file.")
        return msg("The file holds several pictures, and the ruler lies in none of them.")

    def _spacing(
        self,
        is_touched: Callable[[Region], bool],
        is_around: Callable[[Region], bool],
        frame_index: int,
    ) -> Spacing:
        touched = [region for region in self.regions if is_touched(region)]
        other = next((region for region in touched if region.is_no_picture), None)
        if not self.regions_are_trusted:
            by_user = None if other is not None else self._by_user(None)
            return by_user or self._unknown(
                msg(
                    "The file's ultrasound region reaches outside the image, so the picture was "
                    "cropped or scaled after it was calibrated; its spacing is not trusted."
                )
            )
        if other is not None:
            return self._unknown(_no_picture(other))
        planes = [region for region in touched if region.is_tissue_plane]
        home = _calibrated_first([region for region in planes if is_around(region)])
        if planes and home is None:
            return self._unknown(
                msg("This crosses the edge of its ultrasound region, so it has no one spacing.")
            )
        mm = home.spacing_mm if home is not None else None
        if any(not _agree(region.spacing_mm, mm) for region in planes if region.spacing_mm):
            return self._unknown(
                msg("Two ultrasound regions overlap here and disagree on the size of a pixel.")
            )
        if home is not None and mm is not None:
            return Spacing(
                mm,
                SpacingSource.ULTRASOUND_REGION,
                home.index,
                len(self.regions),
                self._disagreement(mm, frame_index),
                home.kind,
            )
        of_frame = self._frame_spacing(frame_index)
        if of_frame is not None:
            return Spacing(of_frame, SpacingSource.PIXEL_SPACING, None, len(self.regions))
        return self._by_user(home) or self._unknown(None)

    def _by_user(self, home: Region | None) -> Spacing | None:
        """The reader's own calibration where it holds: in the picture that the ruler was drawn on."""
        calibration = self.user_calibration
        if calibration is None or self.obstacle_to(calibration) is not None:
            return None
        line = calibration.start, calibration.end
        planes = views(self.regions)
        if len(planes) > 1:
            drawn_on = [v for v in planes if any(lies_in(line, r.rectangle) for r in v)]
            if home is None or not any(home in view for view in drawn_on):
                return None
        mm = calibration.mm_per_px
        return Spacing(
            (mm, mm),
            SpacingSource.USER,
            None if home is None else home.index,
            len(self.regions),
            msg(
                "by the user, on frame {number}; pixels taken as square",
                number=calibration.frame_index + 1,
            ),
            None if home is None else home.kind,
        )

    def _unknown(self, note: Message | None) -> Spacing:
        return Spacing(None, SpacingSource.UNKNOWN, None, len(self.regions), note)

    def _frame_spacing(self, frame_index: int) -> tuple[float, float] | None:
        if self.frame_spacing_mm and 0 <= frame_index < len(self.frame_spacing_mm):
            return self.frame_spacing_mm[frame_index]
        return self.pixel_spacing_mm

    def _disagreement(self, region_mm: tuple[float, float], frame_index: int) -> Message | None:
        of_frame = self._frame_spacing(frame_index)
        if of_frame is None or _agree(region_mm, of_frame):
            return None
        return msg(
            "PixelSpacing ({row:.4g} × {column:.4g} mm) disagrees with the ultrasound region; "
            "the region is used.",
            row=of_frame[0],
            column=of_frame[1],
        )


def _calibrated_first(regions: Sequence[Region]) -> Region | None:
    calibrated = [region for region in regions if region.spacing_mm is not None]
    return next(iter(calibrated or regions), None)


def _agree(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    if one is None or other is None:
        return False
    pairs = zip(one, other, strict=True)
    return all(math.isclose(a, b, rel_tol=SPACING_AGREEMENT) for a, b in pairs)


def _no_picture(region: Region) -> Message:
    return msg(
        "Region {number} of the file lies here, and it is no picture of tissue ({kind}).",
        number=region.index + 1,
        kind=phrase(kind_words(region.kind)),
    )
