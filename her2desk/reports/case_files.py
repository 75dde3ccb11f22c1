"""A case's report in every kind of file that it is written as."""

import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from her2desk.domain.findings import ReportedFindings, reported
from her2desk.domain.image import UltrasoundImage
from her2desk.reports.case_reading import belongs
from her2desk.reports.case_record import CaseRecord
from her2desk.reports.case_report import report_of
from her2desk.reports.content import ReportContent, demo_mark
from her2desk.reports.html import render_html
from her2desk.reports.pdf import render_pdf
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.stats.statements import probability_figure
from her2desk.texts import Message, msg, phrase


def case_files(
    record: CaseRecord, options: ReportOptions, kinds: Collection[ReportKind]
) -> Mapping[ReportKind, bytes]:
    """The bytes of each kind asked for, in the present language; the same ones for the same record.

    Slow: a second or two, and the interpreter is held up while fonts and highdicom are loaded. Raises
    as ``report_of`` does, and ``InputRefused`` where no DICOM object can refer to the image.
    """
    files: dict[ReportKind, bytes] = {}
    if not all(kind.is_dicom for kind in kinds):
        content = report_of(record, options)
        files |= {kind: _WRITERS[kind](content, options) for kind in _WRITERS if kind in kinds}
    if any(kind.is_dicom for kind in kinds):
        files |= _Objects(record, options).files(kinds)
    return {kind: files[kind] for kind in ReportKind if kind in kinds}


def _html(content: ReportContent, _: ReportOptions) -> bytes:
    return render_html(content).encode("utf-8")


def _pdf(content: ReportContent, options: ReportOptions) -> bytes:
    return render_pdf(content, options.paper)


_WRITERS: Mapping[ReportKind, Callable[[ReportContent, ReportOptions], bytes]] = {
    ReportKind.HTML: _html,
    ReportKind.PDF: _pdf,
}


class _Objects:
    """The DICOM objects of one record: outline, report and picture, which refer to its image."""

    def __init__(self, record: CaseRecord, options: ReportOptions) -> None:
        from her2desk.dicom.reader import open_image

        self._record, self._options = record, options
        opened = open_image(record.image_path)
        inputs = record.prediction.inputs
        self._image: UltrasoundImage = replace(opened.image, user_calibration=inputs.calibration)
        self._roi = inputs.roi
        self._pixels = opened.frames.frame(self._roi.frame_index)
        self._when = datetime.fromisoformat(record.utc)

    def files(self, kinds: Collection[ReportKind]) -> dict[ReportKind, bytes]:
        """The objects asked for; a report written beside an outline refers to it."""
        found: dict[ReportKind, bytes] = {}
        if ReportKind.SEG in kinds:
            found[ReportKind.SEG] = self._segmentation()
        if ReportKind.SR in kinds:
            found[ReportKind.SR] = self._report(found.get(ReportKind.SEG))
        if ReportKind.SC in kinds:
            found[ReportKind.SC] = self._capture()
        return found

    def _segmentation(self) -> bytes:
        from her2desk.dicom.segmentation_file import segmentation_bytes
        from her2desk.radiomics.mask import rasterise

        mask = rasterise(self._roi.polygon, self._image.rows, self._image.columns)
        return segmentation_bytes(
            [mask],
            [self._roi],
            self._image,
            self._record.image_path,
            self._record.reader,
            when=self._when,
        )

    def _report(self, segmentation: bytes | None) -> bytes:
        from her2desk.dicom.structured_report import structured_report_bytes

        return structured_report_bytes(
            self._findings(), self._record.image_path, self._image, self._roi, segmentation
        )

    def _findings(self) -> ReportedFindings:
        """The answer and the decision on it; one that was made on an earlier answer is left out."""
        reading, prediction = self._record.reading, self._record.prediction
        impression, decision = reading.impression, reading.decision
        is_of_this = decision is not None and belongs(decision.value, prediction)
        return reported(
            prediction,
            self._when,
            reader=self._record.reader,
            impression=None if impression is None else impression.value,
            decision=decision.value if decision is not None and is_of_this else None,
        )

    def _capture(self) -> bytes:
        from her2desk.dicom.secondary_capture import secondary_capture_bytes

        prediction = self._record.prediction
        has_heatmap = self._options.heatmap and prediction.heatmap is not None
        return secondary_capture_bytes(
            _pixels_of(self._picture(has_heatmap)),
            self._record.image_path,
            self._image,
            self._roi.frame_index,
            when=self._when,
            is_demo=prediction.pack.demo,
            has_heatmap=has_heatmap,
        )

    def _picture(self, has_heatmap: bool) -> bytes:
        from her2desk.figures.case import frame_png
        from her2desk.figures.heatmap import heatmap_overlay_png

        prediction, polygon = self._record.prediction, self._roi.polygon
        title = _caption(self._record)
        spacing = prediction.spacing
        if has_heatmap and prediction.heatmap is not None:
            return heatmap_overlay_png(
                self._pixels, polygon, prediction.heatmap, spacing=spacing, title=title
            )
        return frame_png(self._pixels, polygon, spacing=spacing, title=title)


def _caption(record: CaseRecord) -> Message:
    """What stands over the picture: the estimate, for research, and DEMO where it is one."""
    said = phrase(probability_figure(record.prediction.readout))
    if record.prediction.pack.demo:
        demo = phrase(demo_mark())
        return msg("{demo}, HER-2 positive: {said}, research use", demo=demo, said=said)
    return msg("HER-2 positive: {said}, research use", said=said)


def _pixels_of(png: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)
