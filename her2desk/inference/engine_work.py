"""What the engine process does for each request, and what it keeps for the next one."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.domain.enhancement import EnhancedFrame
from her2desk.domain.prediction import Heatmap, Prediction
from her2desk.domain.progress import Progress
from her2desk.domain.stability import Stability
from her2desk.errors import PackRefused
from her2desk.inference.devices import Device, DeviceFault, named_device
from her2desk.inference.engine import (
    Answer,
    AssistRequest,
    EngineRequest,
    EnhanceRequest,
    ExplainRequest,
    Partial,
    PredictRequest,
    StabilityRequest,
)
from her2desk.inference.enhance_work import EnhanceWork
from her2desk.inference.explain import explain
from her2desk.inference.loaded_pack import LoadedPack, load_pack
from her2desk.inference.opened_files import OpenedFiles
from her2desk.inference.pipeline import Question, predict
from her2desk.inference.remembered import Memory
from her2desk.inference.requests import case_of, frames_beside
from her2desk.inference.stability import stability
from her2desk.inference.warming import warm_up
from her2desk.packs.pack import Pack, open_pack
from her2desk.paths import contour_network_path
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from her2desk.domain.case import Case
    from her2desk.inference.assist.work import OutlineWork

PACKS_KEPT = 2


def nobody_told(_wanted: str, _said: Message) -> None:
    """For callers who ask afterwards."""


class Work:
    """Answers requests; keeps what was loaded and worked out for one, so that the next is fast.

    ``tell`` hears of a device that failed: the one asked for, and a sentence. ``read_pack`` is
    ``load_pack``.
    """

    def __init__(
        self,
        tell: Callable[[str, Message], None] = nobody_told,
        files: OpenedFiles | None = None,
        memory: Memory | None = None,
        read_pack: Callable[[Path, Device, Memory], LoadedPack] = load_pack,
    ) -> None:
        self._tell = tell
        self._read_pack = read_pack
        self._files = OpenedFiles() if files is None else files
        self._memory = Memory() if memory is None else memory
        self._packs: OrderedDict[tuple[Path, int, str], LoadedPack] = OrderedDict()
        self._devices: dict[str, Device] = {}
        self._enhancing = EnhanceWork(self._files, self._memory)
        self._outlines: OutlineWork | None = None

    def answer(self, request: EngineRequest, progress: Progress, partial: Partial) -> Answer:
        """The answer to any request; raises ``Her2DeskError``, or ``Cancelled`` when told to stop."""
        if isinstance(request, PredictRequest):
            return self._predict(request, progress)
        if isinstance(request, StabilityRequest):
            return self._stability(request, progress, partial)
        if isinstance(request, ExplainRequest):
            return self._explain(request, progress)
        if isinstance(request, EnhanceRequest):
            return self._enhanced(request, progress)
        if isinstance(request, AssistRequest):
            return self._outline_work().assist(request.image_path, request.prompt, progress)
        return self._outline_work().track(
            request.image_path, request.roi, request.to_frame, progress
        )

    def warm(self, pack_path: Path, device: str, progress: Progress) -> None:
        """Load a pack and answer for a made-up case; raises as ``answer``."""
        loaded = self.load(pack_path, device)
        self._enhancing.answers_with(loaded.pack.enhancer)
        warm_up(loaded, progress)

    def look(self, image_path: Path, frame_index: int) -> None:
        """Read an image that will be asked about; raises ``InputRefused``."""
        self._enhancing.look(image_path, frame_index)

    def prepare(self, progress: Progress) -> None:
        """Enhance the image that was looked at, where the pack does; raises as ``EnhanceWork.prepare``."""
        self._enhancing.prepare(progress)

    def forget(self) -> None:
        """Keep nothing of any image, as when one was erased; packs stay loaded."""
        self._enhancing.forget()
        self._files.forget()
        self._memory.forget()

    def load(self, path: Path, device: str) -> LoadedPack:
        """The pack on the device, read again where its file changed; raises ``PackRefused``."""
        try:
            key = (path, path.stat().st_mtime_ns, device)
        except OSError as error:
            raise PackRefused(
                msg("The pack {name} cannot be read.", name=path.name),
                msg("Check that the file is there, or choose another pack."),
                code="pack-unreadable",
            ) from error
        if key not in self._packs:
            self._packs[key] = self._read_pack(path, self._device(device), self._memory)
            while len(self._packs) > PACKS_KEPT:
                self._packs.popitem(last=False)
        self._packs.move_to_end(key)
        return self._packs[key]

    def _predict(self, request: PredictRequest, progress: Progress) -> Prediction:
        case = self._case(request)
        loaded = self.load(request.pack_path, request.device)
        self._enhancing.answers_with(loaded.pack.enhancer)
        question = Question(request.operating_point, request.prevalence)
        return predict(case, loaded, progress, question)

    def _stability(
        self, request: StabilityRequest, progress: Progress, partial: Partial
    ) -> Stability:
        asked = request.question
        case = self._case(asked)
        beside = frames_beside(self._files.open(asked.image_path), asked.roi.frame_index)
        loaded = self.load(asked.pack_path, asked.device)
        return stability(case, loaded, progress, partial, request.variants, beside)

    def _explain(self, request: ExplainRequest, progress: Progress) -> Heatmap:
        asked = request.question
        case = self._case(asked)
        loaded = self.load(asked.pack_path, asked.device)
        return explain(case, loaded, request.method, request.speaks_for, progress)

    def _enhanced(self, request: EnhanceRequest, progress: Progress) -> EnhancedFrame:
        enhancer = None
        if request.pack_path is not None:
            enhancer = self._opened(request.pack_path).enhancer
        return self._enhancing.frame(request.image_path, request.frame_index, enhancer, progress)

    def _opened(self, path: Path) -> Pack:
        """The pack, on whichever device it is loaded, or with no network on any."""
        for known, _, device in self._packs:
            if known == path:
                return self.load(path, device).pack
        return open_pack(path)

    def _case(self, asked: PredictRequest) -> "Case":
        opened = self._files.open(asked.image_path)
        return case_of(opened, asked.roi, asked.clinical, asked.calibration, self._memory)

    def _outline_work(self) -> "OutlineWork":
        from her2desk.inference.assist.work import OutlineWork  # no answer waits for its imports

        if self._outlines is None:
            self._outlines = OutlineWork(contour_network_path(), self._files)
        return self._outlines

    def _device(self, wanted: str) -> Device:
        """One for all packs: where it failed for one, it is not tried for the next."""

        def told(fault: DeviceFault) -> None:
            self._tell(wanted, fault.sentence)

        if wanted not in self._devices:
            self._devices[wanted] = named_device(wanted, told)
        return self._devices[wanted]
