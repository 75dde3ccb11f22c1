"""Whole frames enhanced by the engine: ahead of an outline in idle moments, and for the window."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.enhancement import EnhancedFrame
from her2desk.domain.image import ImageWarning
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.suitability import check_suitable, magnified_warning
from her2desk.errors import Cancelled
from her2desk.inference.enhancing import enhanced_frame, prepare_frame
from her2desk.inference.opened_files import OpenedFiles
from her2desk.inference.remembered import Memory
from her2desk.inference.requests import frame_of
from her2desk.packs.enhancer_file import read_enhancer
from her2desk.paths import shipped_enhancer_path

_Frame = tuple[Path, int]


@dataclass(frozen=True)
class _SuitableFrame:
    grey: NDArray[np.uint8]
    warnings: tuple[ImageWarning, ...]


def shipped_enhancer() -> Enhancer:
    """The enhancement that comes with Her2Desk; raises ``PackRefused``."""
    return read_enhancer(shipped_enhancer_path()).enhancer


class EnhanceWork:
    """Enhances frames, and keeps their tiles in ``memory``; ``shipped`` is asked for once."""

    def __init__(
        self,
        files: OpenedFiles,
        memory: Memory,
        shipped: Callable[[], Enhancer] = shipped_enhancer,
    ) -> None:
        self._files = files
        self._memory = memory
        self._shipped = shipped
        self._read: Enhancer | None = None
        self._looked_at: _Frame | None = None
        self._answering: Enhancer | None = None
        self._prepared: tuple[_Frame, str] | None = None

    def look(self, image_path: Path, frame_index: int) -> None:
        """Read a frame, and take it for the one that will be outlined; raises ``InputRefused``."""
        self._looked_at = None
        frame_of(self._files.open(image_path), frame_index, self._memory)
        self._looked_at = image_path, frame_index

    def answers_with(self, enhancer: Enhancer | None) -> None:
        """What the pack that will be asked enhances with; None where it does not."""
        self._answering = enhancer

    def prepare(self, progress: Progress) -> None:
        """Have the tiles of the frame that was looked at ready for the pack: once for both.

        ``Cancelled`` from ``progress`` leaves the rest for the next call. After anything else that it
        raises the frame is not tried again.
        """
        frame, enhancer = self._looked_at, self._answering
        if frame is None or enhancer is None or self._prepared == (frame, enhancer.sha256):
            return
        self._prepared = frame, enhancer.sha256
        try:
            prepare_frame(enhancer, self._suitable(*frame, enhancer).grey, progress, self._memory)
        except Cancelled:
            self._prepared = None
            raise

    def frame(
        self, image_path: Path, frame_index: int, enhancer: Enhancer | None, progress: Progress
    ) -> EnhancedFrame:
        """A whole frame; by the shipped enhancement where none is given.

        Raises ``InputRefused``, where the enhancement is not for it too (``check_suitable``),
        ``PackRefused``, and ``Cancelled`` from ``progress``.
        """
        if enhancer is None:
            if self._read is None:
                self._read = self._shipped()
            enhancer = self._read
        frame = self._suitable(image_path, frame_index, enhancer)
        found = enhanced_frame(enhancer, frame.grey, progress, self._memory)
        return replace(found, warnings=frame.warnings)

    def _suitable(self, path: Path, index: int, enhancer: Enhancer) -> "_SuitableFrame":
        """A frame that the enhancer is for; raises ``InputRefused`` where it is not."""
        opened = self._files.open(path)
        shown, grey = frame_of(opened, index, self._memory)
        check_suitable(enhancer, shown, opened.image)
        whole = Box(0, 0, opened.image.columns, opened.image.rows)
        magnified = magnified_warning(enhancer, grey, whole)
        return _SuitableFrame(grey, () if magnified is None else (magnified,))

    def forget(self) -> None:
        """Take no frame for the one that will be outlined."""
        self._looked_at = self._prepared = None
