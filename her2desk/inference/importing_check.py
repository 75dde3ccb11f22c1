"""Whether one file can be worked on: it opens, and its first frame decodes."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from her2desk.dicom.contents import frame_contents
from her2desk.dicom.reader import open_image
from her2desk.domain.image import UltrasoundImage

PIECE_BYTES = 4 << 20
PIECE_LIMIT_S = 30.0  # a drive that was asleep, a share at the other end of a town
CHECK_LIMIT_S = 5.0
SAMPLES_A_LIMIT = 16 << 20  # ten times an ordinary frame; a larger one may take longer

Alive = Callable[[str, float], None]
READING, DECODING = "reading", "decoding"


def nobody_waits(_doing: str, _limit_s: float) -> None:
    """For callers that do not watch the time."""


def check(path: Path, alive: Alive = nobody_waits) -> UltrasoundImage:
    """What the file at ``path`` is, with what its first frame shows among the warnings.

    ``alive`` is told what comes next and how many seconds it may take at most. Raises
    ``InputRefused`` as ``open_image`` and decoding do.
    """

    def sha256_of(stream: BinaryIO) -> str:
        digest = hashlib.sha256()
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
            alive(READING, PIECE_LIMIT_S)
        alive(DECODING, CHECK_LIMIT_S)
        return digest.hexdigest()

    alive(READING, PIECE_LIMIT_S)
    opened = open_image(path, sha256_of)
    image = opened.image
    samples = image.rows * image.columns * (1 if image.photometric.startswith("MONO") else 3)
    alive(DECODING, CHECK_LIMIT_S * max(1.0, samples / SAMPLES_A_LIMIT))
    shown = frame_contents(opened.frames.frame(0), image)
    return replace(image, warnings=image.warnings + shown)
