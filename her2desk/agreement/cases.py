"""Cases of a library that several readers outlined: what each reader may see, and what is found."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from her2desk.agreement.limits import DICE_BELOW, HAUSDORFF_OVER_MM
from her2desk.agreement.overlap import OverlapFigures, compare, third_reader_reasons
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.texts import Message

if TYPE_CHECKING:
    from her2desk.inference.measuring import Outline

FrameProvider = Callable[[int], NDArray[np.uint8]]
Pair = tuple[str, str]


class Verdict(StrEnum):
    """What is to be done with a case, the most urgent first."""

    CALL = "call"
    HIDDEN = "hidden"
    NOT_COMPARABLE = "not-comparable"
    DECIDED = "decided"
    AGREE = "agree"


@dataclass(frozen=True)
class ReaderCase:
    """One case and the outline of each of its readers, in the order in which they began.

    ``frame`` decodes a frame (from 0); it is slow. ``decided_by`` chose the outline of ``chosen``
    where the two readers disagreed.
    """

    case_id: int
    label: str
    image: UltrasoundImage
    outlines: Mapping[str, Roi]
    frame: FrameProvider = field(repr=False, compare=False)
    decided_by: str | None = None
    chosen: str | None = None

    @property
    def readers(self) -> tuple[str, ...]:
        """Who outlined it."""
        return tuple(self.outlines)

    def is_hidden_from(self, reader: str) -> bool:
        """Whether ``reader`` may still become the second reader, who must not see the first's."""
        return len(self.outlines) == 1 and reader not in self.outlines

    def concerns(self, reader: str) -> bool:
        """Whether there is anything to compare, now or once ``reader`` has drawn."""
        return len(self.outlines) > 1 or self.is_hidden_from(reader)


@dataclass(frozen=True)
class Assessment:
    """What is found of a case; ``figures`` are those of the first two readers.

    ``reasons`` call for a third reader, or did before one decided. ``problem`` says why there are no
    figures.
    """

    case: ReaderCase
    verdict: Verdict
    figures: OverlapFigures | None = None
    reasons: tuple[Message, ...] = ()
    problem: Message | None = None

    @property
    def pair(self) -> Pair | None:
        """The two readers compared."""
        readers = self.case.readers
        return None if self.verdict is Verdict.HIDDEN else (readers[0], readers[1])

    @property
    def third(self) -> str | None:
        """Who decided, by choosing one of two outlines or by drawing a third."""
        drawn = next(iter(self.case.readers[2:]), None)
        return self.case.decided_by or drawn

    @property
    def shown(self) -> Mapping[str, Roi]:
        """The outlines that may be seen."""
        return {} if self.verdict is Verdict.HIDDEN else self.case.outlines


def assess(
    case: ReaderCase,
    reader: str,
    dice_below: float = DICE_BELOW,
    hausdorff_over_mm: float = HAUSDORFF_OVER_MM,
) -> Assessment:
    """The case as ``reader`` may see it; one that concerns the reader (``ReaderCase.concerns``)."""
    if case.is_hidden_from(reader):
        return Assessment(case, Verdict.HIDDEN)
    first, second = list(case.outlines.values())[:2]
    try:
        figures = compare(first, second, case.image)
    except InputRefused as refused:
        return Assessment(case, Verdict.NOT_COMPARABLE, problem=refused.message)
    reasons = third_reader_reasons(figures, dice_below, hausdorff_over_mm)
    found = Assessment(case, Verdict.CALL if reasons else Verdict.AGREE, figures, reasons)
    if reasons and found.third is not None:
        return Assessment(case, Verdict.DECIDED, figures, reasons)
    return found


def pair_of_readers(cases: Sequence[ReaderCase]) -> Pair | None:
    """The two readers with the most cases in common, whose features can be compared (V21).

    An ICC's readers are the same throughout. Of equal pairs the first in the alphabet; None where no
    case has two readers.
    """
    pairs = Counter(
        pair for case in cases for pair in combinations(sorted(case.outlines), 2)
    ).most_common()
    return min((pair for pair, n in pairs if n == pairs[0][1]), default=None)


def common_cases(cases: Sequence[ReaderCase], pair: Pair) -> list[ReaderCase]:
    """The cases that both readers of ``pair`` outlined on one frame; of a patient only the first.

    A patient without an identifier is a patient of their own.
    """
    found: dict[object, ReaderCase] = {}
    for case in cases:
        rois = [case.outlines.get(reader) for reader in pair]
        frames = {roi.frame_index for roi in rois if roi is not None}
        if None not in rois and len(frames) == 1:
            found.setdefault(case.image.patient_id or case.case_id, case)
    return list(found.values())


def outlines_of(cases: Sequence[ReaderCase], pair: Pair) -> "list[tuple[Outline, Outline]]":
    """What features are measured on, frames decoded: for each common case, the pair's two outlines.

    Raises ``InputRefused`` for a frame that cannot be decoded.
    """
    from her2desk.dicom.pixels import grey
    from her2desk.domain.case import Case
    from her2desk.domain.clinical import ClinicalRecord
    from her2desk.inference.measuring import Outline

    pairs = []
    for case in common_cases(cases, pair):
        first, second = (case.outlines[reader] for reader in pair)
        pixels = grey(case.frame(first.frame_index))
        whole = Case(case.image, pixels, first, ClinicalRecord())
        pairs.append((Outline.on(case.label, whole, first), Outline.on(case.label, whole, second)))
    return pairs
