"""What each reader may see of a case, and which cases two readers have in common."""

import math
from dataclasses import replace

import numpy as np
import pytest

from her2desk.agreement.cases import (
    ReaderCase,
    Verdict,
    assess,
    common_cases,
    outlines_of,
    pair_of_readers,
)
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi

IMAGE = UltrasoundImage(
    "0" * 64, "1.2", 100, 120, 3, "MONOCHROME2", "1.2", pixel_spacing_mm=(0.1, 0.1)
)


def disc(radius: float = 20, frame: int = 0) -> Roi:
    angles = [math.tau * n / 40 for n in range(40)]
    return Roi(frame, tuple((60 + radius * math.cos(a), 50 + radius * math.sin(a)) for a in angles))


def case(case_id: int, patient: str | None = None, **outlines: Roi) -> ReaderCase:
    label = f"P{case_id}" if patient is None else patient
    image = replace(IMAGE, patient_id=label)
    return ReaderCase(
        case_id, label, image, outlines, lambda index: np.full((100, 120), index, np.uint8)
    )


def test_two_readers_agree_or_a_third_is_called() -> None:
    near = assess(case(1, Anna=disc(), Ben=disc(21)), "Anna")
    assert (near.verdict, near.pair, near.third, near.reasons) == (
        Verdict.AGREE, ("Anna", "Ben"), None, (),
    )  # fmt: skip
    far = assess(case(1, Anna=disc(), Ben=disc(35)), "Anna")
    assert far.verdict is Verdict.CALL
    assert far.figures is not None
    assert far.figures.dice == pytest.approx(2 * 400 / (400 + 1225), abs=1e-3)
    assert assess(case(1, Anna=disc(), Ben=disc(21)), "Anna", dice_below=0.99).reasons


def test_the_first_outline_is_hidden_from_whoever_may_draw_the_second() -> None:
    alone = case(1, Ben=disc())
    assert alone.is_hidden_from("Anna")
    assert alone.concerns("Anna")
    assert not alone.concerns("Ben")
    hidden = assess(alone, "Anna")
    assert (hidden.verdict, hidden.figures, hidden.pair) == (Verdict.HIDDEN, None, None)
    assert dict(hidden.shown) == {}


def test_a_third_reader_sees_both_and_decides() -> None:
    both = case(1, Anna=disc(), Ben=disc(35))
    assert not both.is_hidden_from("Cem")
    assert list(assess(both, "Cem").shown) == ["Anna", "Ben"]
    chosen = assess(replace(both, decided_by="Cem", chosen="Ben"), "Anna")
    assert (chosen.verdict, chosen.third) == (Verdict.DECIDED, "Cem")
    assert chosen.reasons, "why it was asked for is still said"
    drawn = assess(case(1, Anna=disc(), Ben=disc(35), Dora=disc(25)), "Anna")
    assert (drawn.verdict, drawn.third) == (Verdict.DECIDED, "Dora")


def test_outlines_of_different_frames_cannot_be_compared() -> None:
    found = assess(case(1, Anna=disc(), Ben=disc(frame=2)), "Anna")
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.problem is not None
    assert "different frames" in found.problem.text()


def test_the_pair_with_the_most_cases_in_common_is_compared() -> None:
    cases = [
        case(1, Ben=disc(), Anna=disc()),
        case(2, Anna=disc(), Ben=disc()),
        case(3, Anna=disc(), Cem=disc()),
    ]
    assert pair_of_readers(cases) == ("Anna", "Ben")
    assert pair_of_readers(cases[1:]) == ("Anna", "Ben"), "of equal ones the first in the alphabet"
    assert pair_of_readers([case(1, Anna=disc())]) is None
    assert pair_of_readers([]) is None


def test_a_patient_counts_once_and_frames_must_be_the_same() -> None:
    cases = [
        case(1, "P1", Anna=disc(), Ben=disc()),
        case(2, "P1", Anna=disc(), Ben=disc()),
        case(3, Anna=disc(), Ben=disc(frame=1)),
        case(4, Anna=disc()),
        case(5, "", Anna=disc(), Ben=disc()),
        case(6, "", Anna=disc(), Ben=disc()),
    ]
    assert [c.case_id for c in common_cases(cases, ("Anna", "Ben"))] == [1, 5, 6]


def test_features_are_measured_on_the_readers_own_frame() -> None:
    ((first, second),) = outlines_of(
        [case(1, Ben=disc(10, frame=2), Anna=disc(20, frame=2))], ("Anna", "Ben")
    )
    assert (first.patient, first.spacing_mm) == ("P1", (0.1, 0.1))
    assert (first.grey == 2).all()
    assert first.mask.sum() == pytest.approx(400 * math.pi, rel=0.02)
    assert second.mask.sum() == pytest.approx(100 * math.pi, rel=0.03)
