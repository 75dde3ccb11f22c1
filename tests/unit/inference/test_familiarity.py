"""How familiar a case is to its pack."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from her2desk.domain.familiarity import Distance
from her2desk.domain.image import Spacing, SpacingSource
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.inference.familiarity import familiarity
from her2desk.packs.readout_part import ReadoutPart, SeenPart, SpacePart
from her2desk.packs.space import Space
from her2desk.stats.proportions import wilson

from .readout_rows import row

SPACING = Spacing((0.04, 0.09), SpacingSource.ULTRASOUND_REGION)
NO_SPACING = Spacing(None, SpacingSource.UNKNOWN)
SEEN = SeenPart(scanners=("Maker One", "Maker Two"), spacing_mm=(0.05, 0.07))


@dataclass(frozen=True, eq=False)
class PackOfRows:
    """What familiarity asks of a pack."""

    validation: tuple[ValidationRow, ...] = ()
    space: Space | None = None
    readout: ReadoutPart = field(default_factory=ReadoutPart)

    def rows(self, pattern: str, source: ValidationSource) -> tuple[ValidationRow, ...]:
        return tuple(r for r in self.validation if r.source is source and r.pattern == pattern)


def space_of_rows(rows: list[ValidationRow], threshold: float = 2.0) -> Space:
    """Two features as they are; patient i lies at (i, 0)."""
    names = tuple(dict.fromkeys(r.patient for r in rows))
    part = SpacePart(
        features=("a", "b"), threshold=threshold, false_alarms=4, judged=80, patients=names
    )
    coordinates = np.array([[float(i), 0.0] for i in range(len(names))])
    return Space(part, np.eye(2), coordinates)


def asked(pack: PackOfRows, a: float = 0.0, b: float = 0.0, **changes):
    arguments = {"traits": UNKNOWN_TRAITS, "scanner": "Maker One", "spacing": SPACING, **changes}
    return familiarity(pack, "pr", {"a": a, "b": b}, **arguments)


def test_a_pack_that_states_nothing_leaves_everything_open():
    found = asked(PackOfRows())
    assert found.distance is None
    assert found.places == found.nearest == ()
    assert found.scanner_seen is None
    assert found.spacing_seen is None
    assert found.spacing_mm == pytest.approx(0.06)  # the geometric mean of both sides


def test_the_distance_is_the_length_in_the_space_and_carries_its_false_alarms():
    rows = [row(i, False, 0.0) for i in range(3)]
    found = asked(PackOfRows(tuple(rows), space_of_rows(rows)), 3.0, 4.0).distance
    assert found.value == pytest.approx(5.0)
    assert found.is_outside
    assert found.components == 2
    assert (found.false_alarms.count, found.false_alarms.total) == (4, 80)
    assert not asked(
        PackOfRows(tuple(rows), space_of_rows(rows, 5.0)), 3.0, 4.0
    ).distance.is_outside


def test_the_five_nearest_patients_come_with_what_unseen_models_said():
    rows = [row(i, i % 2 == 0, 0.1 * i) for i in range(9)]
    near = asked(PackOfRows(tuple(rows), space_of_rows(rows)), 2.2).nearest
    assert [p.patient for p in near] == ["V0002", "V0003", "V0001", "V0004", "V0000"]
    assert [p.positive for p in near] == [True, False, False, True, True]
    assert near[0].logit == pytest.approx(0.2)
    assert near[0].distance == pytest.approx(0.2)


def test_calcification_and_nodes_known_of_both_pull_patients_apart():
    rows = [row(i, False, 0.0, traits={Trait.CALCIFICATION: float(i % 2)}) for i in range(4)]
    pack = PackOfRows(tuple(rows), space_of_rows(rows))
    without = asked(pack, 1.4).nearest
    assert [p.patient for p in without] == ["V0001", "V0002", "V0000", "V0003"]
    near = asked(pack, 1.4, traits={**UNKNOWN_TRAITS, Trait.CALCIFICATION: 0.0}).nearest
    assert [p.patient for p in near] == ["V0002", "V0000", "V0001", "V0003"]
    sd = 0.5
    assert near[2].distance == pytest.approx(math.hypot(0.4, 1 / sd))


def test_a_patient_whose_value_is_unknown_is_judged_by_the_space_alone():
    values = (1.0, None, 0.0)
    rows = [row(i, False, 0.0, traits={Trait.NODES: v}) for i, v in enumerate(values)]
    pack = PackOfRows(tuple(rows), space_of_rows(rows))
    near = asked(pack, 0.0, traits={**UNKNOWN_TRAITS, Trait.NODES: 1.0}).nearest
    assert [round(p.distance, 6) for p in near] == [0.0, 1.0, round(math.hypot(2.0, 2.0), 6)]


def test_where_all_patients_are_alike_their_value_says_nothing():
    rows = [row(i, False, 0.0, traits={Trait.NODES: 1.0}) for i in range(3)]
    pack = PackOfRows(tuple(rows), space_of_rows(rows))
    near = asked(pack, 0.0, traits={**UNKNOWN_TRAITS, Trait.NODES: 0.0}).nearest
    assert [p.distance for p in near] == [0.0, 1.0, 2.0]


def test_a_patient_without_an_answer_by_this_submodel_is_left_out():
    rows = [row(0, True, 0.0, pattern="image-only"), row(1, True, 0.0), row(2, True, 1.0, None)]
    near = asked(PackOfRows(tuple(rows), space_of_rows(rows))).nearest
    assert [(p.patient, p.source) for p in near] == [
        ("V0001", ValidationSource.OUT_OF_FOLD),
        ("V0002", ValidationSource.HELD_OUT),
    ]


@pytest.mark.parametrize(
    ("value", "beyond", "is_outside"),
    [(10.0, 1, False), (12.0, 3, False), (19.0, 1, False), (9.0, 0, True), (25.0, 0, True)],
)
def test_a_measure_is_placed_by_those_at_least_as_extreme(value, beyond, is_outside):
    rows = [row(i, False, 0.0, traits={Trait.SIZE: 10.0 + i}) for i in range(10)]
    found = asked(PackOfRows(tuple(rows)), traits={**UNKNOWN_TRAITS, Trait.SIZE: value}).places
    (place,) = found
    assert place.trait is Trait.SIZE
    assert (place.lowest, place.highest) == (10.0, 19.0)
    assert (place.beyond.count, place.beyond.total) == (beyond, 10)
    assert place.is_outside is is_outside


def test_yes_and_no_have_no_place():
    traits = {Trait.CALCIFICATION: 1.0, Trait.NODES: 0.0}
    rows = [row(i, False, 0.0, traits=traits) for i in range(3)]
    assert asked(PackOfRows(tuple(rows)), traits={**UNKNOWN_TRAITS, **traits}).places == ()


@pytest.mark.parametrize(
    ("scanner", "seen"), [("Maker Two", True), ("Maker Three", False), ("", None)]
)
def test_a_scanner_that_the_pack_never_saw(scanner, seen):
    pack = PackOfRows(readout=ReadoutPart(seen=SEEN))
    assert asked(pack, scanner=scanner).scanner_seen is seen


def test_where_no_file_of_the_packs_named_a_scanner_none_is_unseen():
    pack = PackOfRows(readout=ReadoutPart(seen=SeenPart(scanners=(), spacing_mm=None)))
    assert asked(pack, scanner="Maker One").scanner_seen is None


def test_a_case_without_a_place_in_the_space_is_not_called_familiar():
    place = Distance(float("nan"), threshold=2.0, components=2, false_alarms=wilson(4, 80))
    assert place.is_outside


@pytest.mark.parametrize(
    ("spacing", "seen"),
    [
        (SPACING, True),
        (Spacing((0.2, 0.2), SpacingSource.USER), False),
        (NO_SPACING, None),
    ],
)
def test_a_spacing_that_the_pack_never_saw(spacing, seen):
    pack = PackOfRows(readout=ReadoutPart(seen=SEEN))
    assert asked(pack, spacing=spacing).spacing_seen is seen
