"""Outlines for files: opens the image, keeps it and the contour network for the next question."""

from pathlib import Path

from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.progress import Progress
from her2desk.domain.proposal import Prompt, Proposal
from her2desk.domain.roi import Roi
from her2desk.inference.assist.assist import assist, check_prompt
from her2desk.inference.assist.network import ContourNetwork, read_contour_network
from her2desk.inference.assist.tracking import track
from her2desk.texts import msg


class OutlineWork:
    """Proposes outlines; the network at ``network_path`` is read at the first question for it."""

    def __init__(self, network_path: Path) -> None:
        self._network_path = network_path
        self._network: ContourNetwork | None = None
        self._opened: tuple[tuple[Path, int, int], OpenedImage] | None = None

    def assist(self, image_path: Path, prompt: Prompt, progress: Progress) -> Proposal:
        """``assist`` on a frame of a file; raises also what ``open_image`` raises."""
        progress.step(0.0, msg("Reading the image"))
        opened = self._open(image_path)
        check_prompt(prompt, opened.image)
        pixels = opened.frames.frame(prompt.frame_index)
        progress.step(0.3, msg("Looking for the lesion's edge"))
        if self._network is None:
            self._network = read_contour_network(self._network_path)
        return assist(pixels, opened.image, prompt, self._network)

    def track(self, image_path: Path, roi: Roi, to_frame: int, progress: Progress) -> Proposal:
        """``track`` between frames of a file; raises also what ``open_image`` raises."""
        progress.step(0.0, msg("Reading the image"))
        opened = self._open(image_path)
        roi.check(opened.image)
        opened.frames.frame(to_frame)  # a frame that cannot be had is refused before any work
        return track(opened.frames.frame, roi, to_frame, progress)

    def _open(self, path: Path) -> OpenedImage:
        """The image, read again where the file is no longer the same."""
        try:
            status = path.stat()
        except OSError:
            return open_image(path)  # it knows the sentence for what is wrong
        key = path, status.st_size, status.st_mtime_ns
        if self._opened is None or self._opened[0] != key:
            self._opened = key, open_image(path)
        return self._opened[1]
