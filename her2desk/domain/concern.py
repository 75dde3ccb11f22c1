"""What speaks against believing an answer, in the order in which a reader should hear it."""

from dataclasses import dataclass
from enum import IntEnum

from her2desk.texts import Message


class Weight(IntEnum):
    """How much a concern weighs; graver ones come first."""

    GRAVE = 0  # no call is made, or the answer may be of something else than tissue
    CAUTION = 1
    NOTE = 2


@dataclass(frozen=True)
class Concern:
    """One reason for doubt; ``code`` is stable for scripts."""

    code: str
    weight: Weight
    message: Message
