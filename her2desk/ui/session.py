"""The case being read: what is on screen, what was asked of the engine, and whether the two agree."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.prediction import Inputs, Prediction
from her2desk.domain.roi import Roi
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.inference.engine import PredictRequest
from her2desk.packs.pack import Pack
from her2desk.settings import Settings
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.ui.jobs import Background, JobRunner

FrameProvider = Callable[[int], NDArray[np.uint8]]


@dataclass(frozen=True)
class OpenCase:
    """A case of the library, opened: its file, and how to get its frames (slow, off the GUI thread)."""

    case_id: int
    path: Path
    image: UltrasoundImage
    frame: FrameProvider
    roi: Roi | None
    clinical: ClinicalRecord


@dataclass(frozen=True)
class OpenPack:
    """A pack and the file it came from."""

    path: Path
    pack: Pack


class Session(QObject):
    """Owns the present case, ROI, clinical record, pack and answer; widgets show what it says.

    An answer whose fingerprint differs from what is on screen is never shown as current.
    """

    case_opened = Signal(object)
    case_saved = Signal()
    frame_decoded = Signal(int, object, str)
    frame_failed = Signal(int, str)
    pack_opened = Signal(object)
    running = Signal(float, str)
    answered = Signal(object)
    went_stale = Signal()
    was_cancelled = Signal()
    refused = Signal(object)

    def __init__(
        self,
        library: Library,
        runner: JobRunner,
        background: Background,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.case: OpenCase | None = None
        self.roi: Roi | None = None
        self.clinical = ClinicalRecord()
        self.pack: OpenPack | None = None
        self.prediction: Prediction | None = None
        self.operating_point: str | float = settings.operating_point
        self._library = library
        self._runner = runner
        self._background = background
        runner.progressed.connect(self._on_progress)
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)

    @property
    def inputs(self) -> Inputs | None:
        """The fingerprint of what is on screen; None without a case, an ROI or a pack."""
        if self.case is None or self.roi is None or self.pack is None:
            return None
        image = self.case.image
        return Inputs(
            image.sha256, image.sop_instance_uid, self.roi, self.clinical, self.pack.pack.digest
        )

    @property
    def is_current(self) -> bool:
        """Whether the answer was computed from exactly what is on screen."""
        inputs = self.inputs
        return (
            self.prediction is not None
            and inputs is not None
            and self.prediction.inputs.sha256 == inputs.sha256
        )

    def open_pack(self, path: Path) -> None:
        """Open a pack; ``pack_opened`` or ``refused`` follows, and the old pack stays if refused."""

        def work() -> OpenPack:
            from her2desk.packs.pack import open_pack

            return OpenPack(path, open_pack(path))

        self._background.run(work, self._on_pack, self.refused.emit)

    def open_case(self, case_id: int) -> None:
        """Open a case of the library; ``case_opened`` or ``refused`` follows."""
        self._background.run(
            lambda: _opened(self._library, case_id), self._on_case, self.refused.emit
        )

    def request_frame(self, index: int) -> None:
        """Decode a frame of the present case; ``frame_decoded`` follows."""
        case = self.case
        if case is None:
            return

        def deliver(pixels: NDArray[np.uint8]) -> None:
            if self.case is case:
                self.frame_decoded.emit(index, pixels, case.image.sha256)

        def fail(error: Her2DeskError) -> None:
            if self.case is case:
                self.frame_failed.emit(index, str(error))

        self._background.run(lambda: case.frame(index), deliver, fail)

    def set_roi(self, roi: Roi | None) -> None:
        """Take the outline as drawn: keep it, and ask for an answer."""
        if self.case is None or roi == self.roi:
            return
        self.roi = roi
        case_id = self.case.case_id
        self._save(lambda: self._library.save_roi(case_id, roi))
        self._changed()

    def set_clinical(self, record: ClinicalRecord) -> None:
        """Take the clinical record: keep it, and ask for an answer."""
        if self.case is None or record == self.clinical:
            return
        self.clinical = record
        case_id = self.case.case_id
        self._save(lambda: self._library.save_clinical(case_id, record))
        self._changed()

    def record(self, action: Action, content: dict[str, Any]) -> None:
        """Keep what the reader did with the present case, with who and when."""
        if self.case is not None:
            case_id = self.case.case_id
            self._save(lambda: self._library.record(case_id, action, content))

    def run(self) -> None:
        """Ask the engine for an answer to what is on screen."""
        if self.case is None or self.roi is None or self.pack is None:
            return
        try:
            self.roi.check(self.case.image)
        except InputRefused as error:
            self._runner.cancel()
            self.refused.emit(error)
            return
        self._runner.submit(
            PredictRequest(
                self.case.path,
                self.roi,
                self.clinical,
                self.pack.path,
                self.settings.device,
                self.operating_point,
                self.settings.local_prevalence,
            )
        )

    def cancel(self) -> None:
        """Stop the running prediction; the case stays as it is."""
        self._runner.cancel()

    def restate(self, operating_point: str | float, prevalence: float | None) -> None:
        """Say the present answer at another operating point or prevalence (arithmetic only).

        An answer that no longer belongs to what is on screen stays as it was, and is not shown again.
        """
        self.operating_point = operating_point
        if self.prediction is None or self.pack is None or not self.is_current:
            return
        self.prediction = self._restated(self.prediction, self.pack.pack, prevalence)
        self.answered.emit(self.prediction)

    def _restated(self, prediction: Prediction, pack: Pack, prevalence: float | None) -> Prediction:
        from her2desk.domain.validation import OperatingPoint
        from her2desk.inference.readout import restate

        asked = self.operating_point
        if isinstance(asked, float):
            point = OperatingPoint("own", asked)
        else:
            named = pack.operating_points(prediction.estimate.pattern)
            point = named.get(asked, prediction.readout.operating_point)
        return restate(prediction, pack.out_of_fold, point, prevalence)

    def _changed(self) -> None:
        if self.prediction is not None and not self.is_current:
            self.went_stale.emit()
        if self.roi is None:
            self._runner.cancel()
        else:
            self.run()

    def _save(self, write: Callable[[], Any]) -> None:
        self._background.run(
            write,
            lambda _none: self.case_saved.emit(),
            self.refused.emit,
            even_when_closing=True,
        )

    def _on_pack(self, opened: OpenPack) -> None:
        self.pack = opened
        self._runner.warm(opened.path, self.settings.device)
        self.pack_opened.emit(opened)
        if self.prediction is not None and not self.is_current:
            self.went_stale.emit()
        self.run()

    def _on_case(self, case: OpenCase) -> None:
        self._runner.cancel()
        self.case, self.roi, self.clinical = case, case.roi, case.clinical
        self.prediction = None
        self.case_opened.emit(case)
        self.run()

    def _on_progress(self, _job: int, fraction: float, text: Any) -> None:
        self.running.emit(fraction, text.text())

    def _on_finished(self, _job: int, prediction: Prediction) -> None:
        inputs, case, pack = self.inputs, self.case, self.pack
        if inputs is None or prediction.inputs.sha256 != inputs.sha256:
            return  # the answer belongs to something no longer on screen
        if case is None or pack is None:
            return
        # The operating point or the prevalence may have been changed while the engine worked.
        found = self._restated(prediction, pack.pack, self.settings.local_prevalence)
        self.prediction = found
        document = found.to_json()
        self._save(lambda: self._library.save_prediction(case.case_id, document, inputs.sha256))
        self.answered.emit(found)

    def _on_failed(self, _job: int, error: Her2DeskError) -> None:
        self.refused.emit(error)

    def _on_cancelled(self, _job: int) -> None:
        self.was_cancelled.emit()


def _opened(library: Library, case_id: int) -> OpenCase:
    from her2desk.dicom.reader import open_image

    path = library.image_path(case_id)
    opened = open_image(path)
    return OpenCase(
        case_id,
        path,
        opened.image,
        opened.frames.frame,
        library.latest_roi(case_id),
        library.latest_clinical(case_id) or _from_header(opened.image),
    )


def _from_header(image: UltrasoundImage) -> ClinicalRecord:
    """What the file itself says of the patient; a value that cannot be right is left out."""
    record = ClinicalRecord()
    said = {"age_years": image.patient_age_years, "laterality": image.laterality}
    for name, value in said.items():
        fuller = replace(record, **{name: value})  # type: ignore[arg-type]
        try:
            fuller.check()
        except InputRefused:
            continue
        record = fuller
    return record
