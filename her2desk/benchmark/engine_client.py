"""The engine process as the window uses it: one question after another, each answer awaited."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from her2desk.benchmark.processes import processor_s
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import Roi
from her2desk.errors import EngineFailed
from her2desk.inference.engine import Engine, PredictRequest
from her2desk.logs import LOGS_VARIABLE
from her2desk.texts import msg

BETWEEN_LOOKS_S = 0.5
IDLE_SHARE = 0.05  # of the time between two looks; a process that waits works less
QUIET_LOOKS = 2  # in a row: on a busy machine work may pause
LONGEST_WARMING_S = 30.0  # all of it is waited where nobody tells what a process works


class EngineClient:
    """Asks about one image with one pack on one device."""

    def __init__(self, engine: Engine, image: Path, pack: Path, device: str) -> None:
        self._engine = engine
        self._image = image
        self._pack = pack
        self._device = device
        self._job = 0

    def warm(self) -> None:
        """Have the pack loaded and the image looked at, as the window does, and wait until that is over.

        Nothing may be asked meanwhile: a question ends what is done ahead. Of the image the engine says
        nothing; it is done when it has stopped working.
        """
        self._engine.send("warm", self._pack, self._device)
        while self._engine.receive()[0] != "warmed":
            pass
        self._engine.send("look", self._image, 0)
        self._wait_until_idle()

    def _wait_until_idle(self) -> None:
        worked, quiet, until = 0.0, 0, time.monotonic() + LONGEST_WARMING_S
        while quiet < QUIET_LOOKS and time.monotonic() < until:
            time.sleep(BETWEEN_LOOKS_S)
            now = processor_s(self._engine.pid or 0)
            if now is not None:
                quiet = quiet + 1 if now - worked < IDLE_SHARE * BETWEEN_LOOKS_S else 0
                worked = now

    def ask(self, roi: Roi, clinical: ClinicalRecord | None = None) -> Prediction:
        """The whole readout; raises what the engine says is wrong."""
        self._job += 1
        record = clinical or ClinicalRecord(pr=False)
        request = PredictRequest(self._image, roi, record, self._pack, self._device)
        self._engine.send("run", self._job, request)
        while True:
            kind, *rest = self._engine.receive()
            if kind == "done" and rest[0] == self._job:
                answer: Prediction = rest[1]
                return answer
            if kind == "failed" and rest[0] == self._job:
                raise rest[1]
            if kind == "device-failed":
                raise EngineFailed(rest[1], msg("Measure without the graphics card."))


@contextmanager
def running_engine(
    library: Path, image: Path, pack: Path, device: str = "cpu"
) -> Iterator[EngineClient]:
    """An engine that is ready to be asked, its pack not yet loaded; it ends with the block."""
    engine = Engine(_library_of_logs() or library)
    engine.start()
    try:
        while engine.receive()[0] != "ready":
            pass
        yield EngineClient(engine, image, pack, device)
    finally:
        engine.stop()


def _library_of_logs() -> Path | None:
    """The library whose logs this process writes to; a mistake of the engine's is then found there."""
    folder = os.environ.get(LOGS_VARIABLE)
    return None if folder is None else Path(folder).parent
