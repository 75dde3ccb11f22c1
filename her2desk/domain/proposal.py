"""Outlines that the program proposes and the reader takes or leaves."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.roi import Point, Roi
from her2desk.texts import Message


class ProposalOrigin(StrEnum):
    """How an outline was come by."""

    ASSISTED = "assisted"
    TRACKED = "tracked"
    FILE = "file"


@dataclass(frozen=True)
class Prompt:
    """What the reader showed of a lesion: two opposite corners of a box, or one place inside it."""

    frame_index: int
    corners: tuple[Point, ...]

    @property
    def is_click(self) -> bool:
        return len(self.corners) == 1


@dataclass(frozen=True)
class Proposal:
    """An outline for the reader to take or leave; ``note`` says what may be wrong with it."""

    roi: Roi
    origin: ProposalOrigin
    note: Message | None = None
