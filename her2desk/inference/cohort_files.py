"""Opening each file that a cohort names, and noting what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.pixels import grey, pixels_sha256
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow
from her2desk.inference.cohort_table import Findings
from her2desk.radiomics.mask import check_mask, rasterise
from her2desk.texts import msg


@dataclass(frozen=True)
class Seen:
    """What an image that could be opened says of a row.

    ``pixels_sha256`` is of the frame's grey values, so that a picture exported twice is the same
    picture; None where the frame cannot be decoded. ``has_roi`` says that ``spacing_mm`` is of a
    sound ROI. ``assisted`` are the columns whose outline a network proposed, with its SHA-256.
    """

    image_sha256: str
    pixels_sha256: str | None
    study_uid: str
    has_roi: bool
    spacing_mm: tuple[float, float] | None
    assisted: tuple[tuple[str, str], ...] = ()


class FileLook:
    """Opens a row's files; what cannot be used is noted, and the rest is looked at all the same."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._opened: dict[Path, OpenedImage | InputRefused] = {}

    def at(self, row: CohortRow) -> Seen | None:
        """What was seen; None where there is no image to look at."""
        spoiled = self._findings.spoiled(row.number)
        if "image" in spoiled:
            return None
        opened = self._image(row)
        if opened is None:
            return None
        image = opened.image
        self._check_side(row, image)
        if row.frame_index >= image.frames:
            self._findings.error(
                row.number,
                "frame_index",
                msg(
                    "There is no frame {index}; the image has {frames}.",
                    index=row.frame_index,
                    frames=image.frames,
                ),
                msg("Frames count 0, 1, 2, … in cohort.csv."),
                "no-such-frame",
            )
            return Seen(image.sha256, None, image.study_instance_uid, False, None)
        roi = None if "roi" in spoiled else self._roi(row, "roi", row.roi, image)
        second = None
        if row.roi_reader2 is not None:
            second = self._second_roi(row, row.roi_reader2, image, roi)
        return Seen(
            image.sha256,
            self._pixels(row, opened),
            image.study_instance_uid,
            roi is not None,
            None if roi is None else roi.spacing(image).mm,
            _assisted({"roi": roi, "roi_reader2": second}),
        )

    def _image(self, row: CohortRow) -> OpenedImage | None:
        if row.image not in self._opened:
            self._opened[row.image] = self._open(row.image)
        opened = self._opened[row.image]
        if isinstance(opened, InputRefused):
            self._findings.refusal(row.number, "image", opened)
            return None
        return opened

    @staticmethod
    def _open(path: Path) -> OpenedImage | InputRefused:
        try:
            _check_is_there(path)
            return open_image(path)
        except InputRefused as refused:
            return refused

    def _pixels(self, row: CohortRow, opened: OpenedImage) -> str | None:
        try:
            pixels = grey(opened.frames.frame(row.frame_index))
        except InputRefused as refused:
            self._findings.refusal(row.number, "image", refused)
            return None
        return pixels_sha256(pixels)

    def _roi(self, row: CohortRow, column: str, path: Path, image: UltrasoundImage) -> Roi | None:
        try:
            _check_is_there(path)
            outline = outline_from_file(path, row.frame_index, image)
            outline.roi.check(image)
            check_mask(rasterise(outline.roi.polygon, image.rows, image.columns))
        except InputRefused as refused:
            self._findings.refusal(row.number, column, refused)
            return None
        for warning in outline.warnings:
            self._findings.notice(
                row.number,
                column,
                warning.message,
                msg("Check that the outline is the one you mean."),
                warning.code,
            )
        return outline.roi

    def _second_roi(
        self, row: CohortRow, path: Path, image: UltrasoundImage, first: Roi | None
    ) -> Roi | None:
        second = self._roi(row, "roi_reader2", path, image)
        if second is not None and second == first:
            self._findings.notice(
                row.number,
                "roi_reader2",
                msg("Both readers' outlines are the same to the last point."),
                msg("Give the outline that the second reader drew."),
                "readers-identical",
            )
        return second

    def _check_side(self, row: CohortRow, image: UltrasoundImage) -> None:
        named, shown = row.clinical.laterality, image.laterality
        if named is not None and shown is not None and named != shown:
            self._findings.error(
                row.number,
                "laterality",
                msg("The table says side {named}, the image {shown}.", named=named, shown=shown),
                msg("Check that the row has the right image, and correct the side."),
                "laterality-contradicts-image",
            )


def _assisted(rois: Mapping[str, Roi | None]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (column, roi.assisted_by)
        for column, roi in rois.items()
        if roi is not None and roi.assisted_by is not None
    )


def _check_is_there(path: Path) -> None:
    if not path.exists():
        raise InputRefused(
            msg("{name} is not there.", name=path.name),
            msg("Check the path, which starts at the cohort's folder, and capital letters."),
            code="file-missing",
        )
