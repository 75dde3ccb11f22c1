"""The case being read: what is on screen, what was asked of the engine, and whether the two agree."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UserCalibration
from her2desk.domain.prediction import Inputs, Prediction
from her2desk.domain.roi import Roi
from her2desk.domain.stability import Stability
from her2desk.domain.validation import ValidationSource
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.inference.engine import PredictRequest
from her2desk.packs.shelf import PackShelf
from her2desk.packs.trust import PackTrust
from her2desk.settings import Settings
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.ui.frame_loader import FrameLoader
from her2desk.ui.jobs import Background, JobRunner
from her2desk.ui.loading import load_soon
from her2desk.ui.opened_case import OpenCase, OpenPack, open_case
from her2desk.ui.ordered_writes import OrderedWrites, stays_open
from her2desk.ui.readings import restated


class Session(QObject):
    """Owns the present case, drawing, clinical record, pack and answer; widgets show what it says.

    An answer whose fingerprint differs from what is on screen is never shown as current.
    """

    case_opened = Signal(object)
    case_left = Signal()
    image_described = Signal(object)
    case_saved = Signal()
    reader_changed = Signal()
    pathology_changed = Signal(object)
    pathology_kept = Signal()
    frame_decoded = Signal(int, object, str)
    frame_failed = Signal(int, str)
    pack_read = Signal(object)
    pack_opened = Signal(object)
    running = Signal(float, str)
    answered = Signal(object)
    went_stale = Signal()
    was_cancelled = Signal()
    refused = Signal(object)

    def __init__(
        self,
        library: Library,
        shelf: PackShelf,
        runner: JobRunner,
        background: Background,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.case: OpenCase | None = None
        self.drawing = Drawing()
        self.clinical = ClinicalRecord()
        self.pack: OpenPack | None = None
        self.prediction: Prediction | None = None
        self.operating_point: str | float = settings.operating_point
        self.counted = ValidationSource.OUT_OF_FOLD
        self.shelf = shelf
        self._trust: PackTrust | None = None
        self._library = library
        self._reader = library.reader
        self._runner = runner
        self._background = background
        self.writes = OrderedWrites(background, self, is_kept=not library.is_read_only)
        self._frames = FrameLoader(self)
        self._job: int | None = None
        self._inputs: tuple[tuple[object, ...], Inputs] | None = None
        self._frames.decoded.connect(self.frame_decoded)
        self._frames.failed.connect(self._on_frame_failed)
        self.writes.saved.connect(self.case_saved)
        self.writes.refused.connect(self.refused)
        runner.progressed.connect(self._on_progress)
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)

    @property
    def roi(self) -> Roi | None:
        """The outline that the estimate is made from, the largest of those drawn."""
        return self.drawing.answering

    @property
    def inputs(self) -> Inputs | None:
        """The fingerprint of what is on screen; None without a case, an ROI or a pack."""
        if self.case is None or self.roi is None or self.pack is None:
            return None
        image, roi, clinical, pack = self.case.image, self.roi, self.clinical, self.pack.pack
        parts = (image, roi, clinical, pack)
        if self._inputs is None or any(
            one is not other for one, other in zip(parts, self._inputs[0], strict=True)
        ):  # kept, so that a dragged threshold does not have them digested at each move
            found = Inputs(
                image.sha256,
                image.sop_instance_uid,
                roi,
                clinical,
                pack.digest,
                image.user_calibration,
            )
            self._inputs = (parts, found)
        return self._inputs[1]

    @property
    def trust(self) -> PackTrust | None:
        """What was judged of the pack's signer; None without a pack."""
        return self._trust

    @property
    def is_current(self) -> bool:
        """Whether the answer was computed from exactly what is on screen."""
        inputs = self.inputs
        return (
            self.prediction is not None
            and inputs is not None
            and self.prediction.inputs.sha256 == inputs.sha256
        )

    @property
    def reads_first(self) -> bool:
        """Whether the reader's own impression comes before the answer; never with a demo pack."""
        is_demo = self.pack is not None and self.pack.pack.manifest.demo
        return self.settings.read_first and not is_demo

    def open_pack(self, path: Path) -> None:
        """Read a pack; ``pack_read`` or ``refused`` follows, and the old pack stays if refused.

        Whoever hears ``pack_read`` settles who vouches for the pack, and then says ``use_pack``.
        """

        def work() -> OpenPack:
            from her2desk.packs.pack import open_pack

            return OpenPack(path, open_pack(path))

        self._background.run(work, self.pack_read.emit, self.refused.emit)

    def use_pack(self, opened: OpenPack, trust: PackTrust | None = None) -> None:
        """Answer with this pack from now on; what is to be said of its signer goes with each answer."""
        self.pack, self._trust = opened, trust
        self._runner.warm(opened.path, self.settings.device)
        self.pack_opened.emit(opened)
        if self.prediction is not None and not self.is_current:
            self.went_stale.emit()
        self.run()

    def open_case(self, case_id: int) -> None:
        """Open a case of the library; ``case_opened`` or ``refused`` follows.

        While changes of the present case cannot be saved it stays open: another would read what is not
        there yet.
        """
        if self.writes.held is not None and self.writes.waiting:
            self.refused.emit(stays_open(self.writes.held))
            return
        self._background.run(
            lambda: open_case(self._library, case_id), self._on_case, self.refused.emit
        )

    def open_again(self, read: Callable[[Library], OpenCase], answer: Prediction | None) -> None:
        """Open the case that ``read`` gives; ``answer`` stands where it still belongs to it."""
        self._background.run(
            lambda: read(self._library),
            lambda case: self._on_case(case, answer),
            self.refused.emit,
        )

    def warm_up(self) -> None:
        """Load what the first case and the first outline need before they come."""
        self._frames.warm()
        load_soon()

    def request_frame(self, index: int) -> None:
        """Decode a frame of the present case; ``frame_decoded`` or ``frame_failed`` follows."""
        if self.case is not None:
            self._frames.request(index)

    def set_reader(self, name: str) -> None:
        """Go on as another reader, who sees nothing of what others drew."""
        if name == self._reader:
            return
        self._reader = name

        def change() -> None:
            self._library.reader = name

        if self._library.is_read_only:
            self._background.run(change, lambda _none: self._on_reader(), self.refused.emit)
        else:  # after the strokes of the reader before, which wait in the same queue
            self.writes.put(change, self._on_reader)

    def set_drawing(self, drawing: Drawing) -> None:
        """Take what is drawn after a stroke: keep it, and ask for an answer where that changes."""
        if self.case is None or drawing == self.drawing:
            return
        before = self.roi
        self.drawing = drawing
        case_id = self.case.case_id
        self.writes.put(lambda: self._library.save_drawing(case_id, drawing))
        if self.roi != before:
            self._changed()

    def set_calibration(self, calibration: UserCalibration | None) -> None:
        """Take the size of a pixel that the reader measured, or take it back."""
        case = self.case
        if case is None or calibration == case.image.user_calibration:
            return
        try:
            if calibration is not None:
                calibration.check(case.image)
        except InputRefused as error:
            self.refused.emit(error)
            return
        image = replace(case.image, user_calibration=calibration)
        self.case = replace(case, image=image)
        self.writes.put(lambda: self._library.save_calibration(case.case_id, calibration))
        self.image_described.emit(image)
        self._changed()

    def set_clinical(self, record: ClinicalRecord) -> None:
        """Take the clinical record: keep it, and ask for an answer."""
        if self.case is None or record == self.clinical:
            return
        self.clinical = record
        case_id = self.case.case_id
        self.writes.put(lambda: self._library.save_clinical(case_id, record))
        self._changed()

    def record(self, action: Action, content: dict[str, Any]) -> None:
        """Keep what the reader did with the present case, with who and when."""
        if self.case is not None:
            case_id = self.case.case_id
            self.writes.put(lambda: self._library.record(case_id, action, content))

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
        self._job = self._runner.submit(
            PredictRequest(
                self.case.path,
                self.roi,
                self.clinical,
                self.pack.path,
                self.settings.device,
                self.operating_point,
                self.settings.local_prevalence,
                self.case.image.user_calibration,
            )
        )

    def rest_on(self, frame_index: int) -> None:
        """A frame stays on screen, and may be outlined next: the engine reads it ahead."""
        if self.case is not None:
            self._runner.look(self.case.path, frame_index)

    def run_if_due(self) -> None:
        """Ask again where another question to the engine came before the answer."""
        if not self.is_current:
            self.run()

    def cancel(self) -> None:
        """Stop the running prediction; the case stays as it is."""
        self._runner.cancel()

    def keep_stability(self, stability: Stability) -> None:
        """Keep how the present answer moves with its outline, for its report."""
        if self.case is None or not self.is_current:
            return
        case_id = self.case.case_id

        def keep() -> None:
            from her2desk.inference.keeping import keep_stability

            keep_stability(self._library, case_id, stability)

        self.writes.put(keep)

    def leave_case(self) -> None:
        """Have no case open, as when the present one was erased."""
        self._runner.cancel()
        self._frames.leave()
        self.case, self.drawing, self.clinical = None, Drawing(), ClinicalRecord()
        self.prediction = None
        self.case_left.emit()

    def close(self) -> None:
        """Stop decoding frames, and trying again what could not be written."""
        self._frames.close()
        self.writes.close()

    def restate(self, operating_point: str | float, prevalence: float | None) -> None:
        """Say the present answer at another operating point or prevalence; arithmetic only.

        An answer that no longer belongs to what is on screen stays as it was, and is not shown again.
        """
        self.operating_point = operating_point
        if self.prediction is None or self.pack is None or not self.is_current:
            return
        self.prediction = restated(
            self.prediction, self.pack.pack, operating_point, prevalence, self.counted
        )
        self.answered.emit(self.prediction)

    def count(self, source: ValidationSource, prevalence: float | None) -> None:
        """Say the present answer against other validation patients."""
        self.counted = source
        self.restate(self.operating_point, prevalence)

    def set_pathology(self, pathology: Pathology) -> None:
        """Keep the pathologist's result of the present case; no estimate is made from it."""
        if self.case is None or pathology == self.case.pathology:
            return
        case_id = self.case.case_id
        self.case = replace(self.case, pathology=pathology)
        self.writes.put(
            lambda: self._library.save_pathology(case_id, pathology), self.pathology_kept.emit
        )
        self.pathology_changed.emit(pathology)

    def take_pathology(self, pathology: Pathology) -> None:
        """Show a result of the present case that is already kept."""
        if self.case is not None:
            self.case = replace(self.case, pathology=pathology)
            self.pathology_changed.emit(pathology)

    def _changed(self) -> None:
        if self.prediction is not None and not self.is_current:
            self.went_stale.emit()
        if self.roi is None:
            self._runner.cancel()
        else:
            self.run()

    def _on_case(self, case: OpenCase, answer: Prediction | None = None) -> None:
        self._runner.cancel()
        self.case, self.drawing, self.clinical = case, case.drawing, case.clinical
        self.prediction = None
        self._frames.open(case.frames, case.image.sha256)
        self.case_opened.emit(case)
        self._runner.look(case.path, 0 if self.roi is None else self.roi.frame_index)
        self.prediction = answer
        if answer is not None and self.is_current:
            self.answered.emit(answer)
        else:
            self.prediction = None
            self.run()

    def _on_reader(self) -> None:
        self.reader_changed.emit()
        if self.case is not None:
            self.open_case(self.case.case_id)

    def _on_progress(self, job: int, fraction: float, text: Any) -> None:
        if job == self._job:
            self.running.emit(fraction, text.text())

    def _on_finished(self, _job: int, result: object) -> None:
        inputs, case, pack = self.inputs, self.case, self.pack
        if not isinstance(result, Prediction) or case is None or pack is None or inputs is None:
            return
        if result.inputs.sha256 != inputs.sha256:
            return  # the answer belongs to something no longer on screen
        warning = None if self._trust is None else self._trust.warning
        if warning is not None:
            result = replace(result, warnings=(*result.warnings, warning))
        # The operating point or the prevalence may have been changed while the engine worked.
        prevalence = self.settings.local_prevalence
        found = restated(result, pack.pack, self.operating_point, prevalence, self.counted)
        self.prediction = found
        self.writes.put(lambda: self._keep_answer(case.case_id, found, pack))
        self.answered.emit(found)

    def _keep_answer(self, case_id: int, found: Prediction, pack: OpenPack) -> None:
        from her2desk.inference.keeping import keep_answer

        keep_answer(self._library, self.shelf, case_id, found, pack.path, pack.pack)

    def _on_failed(self, job: int, error: Her2DeskError) -> None:
        if job == self._job:
            self.refused.emit(error)

    def _on_cancelled(self, job: int) -> None:
        if job == self._job:
            self.was_cancelled.emit()

    def _on_frame_failed(self, index: int, words: str, sha256: str) -> None:
        if self.case is not None and self.case.image.sha256 == sha256:
            self.frame_failed.emit(index, words)
