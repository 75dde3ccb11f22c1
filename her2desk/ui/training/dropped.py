"""What is being dropped on a page: one file or folder of this computer, or nothing that it takes."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QDropEvent


def dropped_path(event: QDropEvent, is_taken: Callable[[Path], bool]) -> Path | None:
    """The one path that is being dropped and that ``is_taken`` takes; None for anything else."""
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    if len(urls) != 1:
        return None
    path = Path(urls[0].toLocalFile())
    return path if is_taken(path) else None
