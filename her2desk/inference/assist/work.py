"""Outlines for files; the contour network is kept for the next question."""

from pathlib import Path

from her2desk.domain.progress import Progress
from her2desk.domain.proposal import Prompt, Proposal
from her2desk.domain.roi import Roi
from her2desk.inference.assist.assist import assist, check_prompt
from her2desk.inference.assist.network import ContourNetwork, read_contour_network
from her2desk.inference.assist.tracking import track
from her2desk.inference.opened_files import OpenedFiles
from her2desk.texts import msg


class OutlineWork:
    """Proposes outlines on ``files``; the network at ``network_path`` is read when it is first needed."""

    def __init__(self, network_path: Path, files: OpenedFiles) -> None:
        self._network_path = network_path
        self._network: ContourNetwork | None = None
        self._files = files

    def assist(self, image_path: Path, prompt: Prompt, progress: Progress) -> Proposal:
        """``assist`` on a frame of a file; raises also what ``open_image`` raises."""
        progress.step(0.0, msg("Reading the image"))
        opened = self._files.open(image_path)
        check_prompt(prompt, opened.image)
        pixels = opened.frames.frame(prompt.frame_index)
        progress.step(0.3, msg("Looking for the lesion's edge"))
        if self._network is None:
            self._network = read_contour_network(self._network_path)
        return assist(pixels, opened.image, prompt, self._network)

    def track(self, image_path: Path, roi: Roi, to_frame: int, progress: Progress) -> Proposal:
        """``track`` between frames of a file; raises also what ``open_image`` raises."""
        progress.step(0.0, msg("Reading the image"))
        opened = self._files.open(image_path)
        roi.check(opened.image)
        opened.frames.frame(to_frame)  # a frame that cannot be had is refused before any work
        return track(opened.frames.frame, roi, to_frame, progress)
