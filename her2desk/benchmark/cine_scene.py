"""A cine in colour: its first frame, all its frames, and the memory that it takes while open."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.benchmark.cines import COLUMNS, JPEG_BASELINE, ROWS, speckle, write_cine
from her2desk.benchmark.machine import Limit
from her2desk.benchmark.ordinary import frame_by_pydicom, frames_by_pydicom
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.texts import Message, msg

FRAME_BYTES = ROWS * COLUMNS * 3


class CineWork(StrEnum):
    """What is done with the cine."""

    FIRST_FRAME = "first-frame"
    ALL_FRAMES = "all-frames"
    KEPT = "kept"


@dataclass(frozen=True)
class CineScene(Scene):
    """A JPEG cine of ``frames`` frames, 1024 × 768: ours decodes in the process that the window uses.

    ``FIRST_FRAME`` opens the file and gives its first frame, ``ALL_FRAMES`` gives every frame once,
    ``KEPT`` does that too and keeps what the window keeps, where the baseline keeps every frame.
    """

    row: str
    frames: int
    work: CineWork
    product_rounds: int = 30
    baseline_rounds: int = 30

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.row,)

    @property
    def baseline_name(self) -> Message:
        if self.work is CineWork.FIRST_FRAME:
            return msg("pydicom, the file read and its first frame decoded")
        if self.work is CineWork.ALL_FRAMES:
            return msg("pydicom, one frame after another")
        return msg("pydicom, every frame decoded and kept")

    @property
    def about(self) -> Mapping[str, Any]:
        return {"frames": self.frames, "frame": (ROWS, COLUMNS), "stored": JPEG_BASELINE}

    def limit(self, _row: str) -> Limit:
        decoded = 1 if self.work is CineWork.FIRST_FRAME else self.frames
        return Limit(moved_bytes=decoded * FRAME_BYTES)

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        return self._products(place)

    @contextmanager
    def _products(self, place: Path) -> Iterator[Mapping[str, Side]]:
        from her2desk.dicom.decoding import DecodingProcess

        process = DecodingProcess()
        process.start()
        process.wait_until_ready()
        try:
            work = self._work(self._file(place), process.decode)
            warm = self._work(self._file(place, 1), process.decode)
            yield {self.row: Side(work, self.product_rounds, warm=lambda: warm(0))}
        finally:
            process.stop()

    def _work(
        self, path: Path, decode: Callable[[Any, int], NDArray[np.uint8]]
    ) -> Callable[[int], NDArray[np.uint8]]:
        from her2desk.dicom.reader import open_image

        def work(_number: int) -> NDArray[np.uint8]:
            frames = open_image(path).frames
            wanted = 1 if self.work is CineWork.FIRST_FRAME else len(frames)
            frame = np.empty(0, np.uint8)
            for index in range(wanted):
                frame = decode(frames.decode, index)
                if self.work is CineWork.KEPT:
                    frames.keep(index, frame)
            return frame

        return work

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        path, short = self._file(place), self._file(place, 1)

        def work(asked: Path, frames: int) -> NDArray[Any]:
            if self.work is CineWork.FIRST_FRAME:
                return frame_by_pydicom(asked, 0)
            return frames_by_pydicom(asked, frames, keeps=self.work is CineWork.KEPT)[-1]

        return just(
            Side(
                lambda _number: work(path, self.frames),
                self.baseline_rounds,
                warm=lambda: work(short, 1),
            )
        )

    def difference(self, product: Any, baseline: Any) -> float | None:
        return float(np.max(np.abs(product.astype(float) - baseline)) / 255)

    def _file(self, place: Path, frames: int | None = None) -> Path:
        frames = self.frames if frames is None else frames
        path = place / f"cine-{frames}.dcm"
        if not path.exists():
            write_cine(path, JPEG_BASELINE, speckle(), frames)
        return path
