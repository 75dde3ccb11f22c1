"""Which prediction of which case counts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.audit_ward import an_image, document
from her2desk.audit.results import Standing, local_results
from her2desk.domain.clinical import Pathology
from her2desk.domain.log_odds import logit
from her2desk.domain.traits import Trait
from her2desk.packs.pack import Pack
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library

POSITIVE, NEGATIVE = Pathology("3+"), Pathology("1+")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library", reader="Anna") as opened:
        yield opened


class Desk:
    """One library, in which cases are predicted and results arrive."""

    def __init__(self, library: Library, pack: Pack, folder: Path) -> None:
        self.library, self.pack, self.folder = library, pack, folder

    def case(self, patient: str, laterality: str | None = "L") -> int:
        path = self.folder / "image.dcm"
        path.write_bytes(f"{patient} {len(self.library.cases())}".encode())
        return self.library.add_image(path, an_image(path, patient, laterality)).case_id

    def predict(self, case_id: int, score: float, **more: object) -> None:
        kept = document(self.pack, score, rng=np.random.default_rng(case_id))
        self.library.save_prediction(case_id, {**kept, **more}, "0" * 64)

    def results(self):
        return local_results(self.library, self.pack.digest)

    def standings(self) -> dict[int, Standing]:
        return {case.case_id: case.standing for case in self.results().cases}


@pytest.fixture
def desk(library: Library, pack: Pack, tmp_path: Path) -> Desk:
    return Desk(library, pack, tmp_path)


def test_the_last_prediction_before_the_result_counts(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.predict(case_id, 0.1)
    desk.predict(case_id, 0.2)
    desk.library.save_pathology(case_id, POSITIVE)
    desk.predict(case_id, 0.9)
    (case,) = desk.results().counted
    assert case.answer.logit == 0.2
    assert case.is_positive
    assert case.label == f"{case_id:04d} P1"


def test_a_case_predicted_only_after_its_result_is_left_out(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.library.save_pathology(case_id, POSITIVE)
    desk.predict(case_id, 0.9)
    assert desk.standings() == {case_id: Standing.PREDICTED_AFTER}
    assert desk.results().counted == ()


def test_ihc_2_without_fish_is_unknown_until_fish_arrives(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.predict(case_id, 0.1)
    desk.library.save_pathology(case_id, Pathology("2+"))
    assert desk.standings() == {case_id: Standing.UNKNOWN}
    desk.predict(case_id, 0.3)
    desk.library.save_pathology(case_id, Pathology("2+", "amplified"))
    (case,) = desk.results().counted
    assert case.answer.logit == 0.3, "while FISH was awaited the status was not known"
    assert case.is_positive


def test_corrected_pathology_moves_the_status_and_not_the_moment(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.predict(case_id, 0.1)
    desk.library.save_pathology(case_id, POSITIVE)
    desk.predict(case_id, 0.8)
    desk.library.save_pathology(case_id, NEGATIVE)
    (case,) = desk.results().counted
    assert not case.is_positive
    assert case.answer.logit == 0.1
    desk.library.save_pathology(case_id, Pathology())
    assert desk.standings() == {case_id: Standing.WAITING}


def test_predictions_of_another_pack_do_not_count(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.predict(case_id, 0.1, pack={"sha256": "f" * 64})
    desk.library.save_pathology(case_id, POSITIVE)
    assert desk.results().cases == ()


def test_a_prediction_that_does_not_say_its_log_odds_is_counted_apart(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.predict(case_id, 0.1, estimate=None)
    desk.library.save_pathology(case_id, POSITIVE)
    assert desk.results().cases == ()
    assert desk.results().unreadable == 1


def test_several_images_of_a_lesion_are_one(desk: Desk) -> None:
    small, large = desk.case("P1"), desk.case("P1")
    other_side, nobody, also_nobody = desk.case("P1", "R"), desk.case(""), desk.case("")
    for case_id, size in ((small, 8.0), (large, 20.0), (other_side, 9.0)):
        desk.predict(case_id, 0.1, traits={str(Trait.SIZE): size})
    for case_id in (nobody, also_nobody):
        desk.predict(case_id, 0.1)
    for case_id in (small, large, other_side, nobody):
        desk.library.save_pathology(case_id, POSITIVE)
    standings = desk.standings()
    assert standings[small] is Standing.OTHER_IMAGE
    assert standings[large] is standings[other_side] is standings[nobody] is Standing.COUNTED
    assert standings[also_nobody] is Standing.WAITING
    assert len(desk.results().lesions) == 4


def test_the_image_whose_result_was_entered_answers_for_its_lesion(desk: Desk) -> None:
    large, small = desk.case("P1"), desk.case("P1")
    desk.predict(large, 0.1, traits={str(Trait.SIZE): 20.0})
    desk.predict(small, 0.2, traits={str(Trait.SIZE): 8.0})
    desk.library.save_pathology(small, NEGATIVE)
    (case,) = desk.results().counted
    assert case.case_id == small


def test_results_stand_in_the_order_in_which_they_arrived(desk: Desk) -> None:
    first, second = desk.case("P1"), desk.case("P2")
    for case_id in (first, second):
        desk.predict(case_id, 0.1)
    desk.library.save_pathology(second, POSITIVE)
    desk.library.save_pathology(first, NEGATIVE)
    assert [case.case_id for case in desk.results().counted] == [second, first]
    assert (desk.results().positives, desk.results().negatives) == (1, 1)


def test_lesions_and_results_are_counted_by_reader(desk: Desk) -> None:
    mine, theirs = desk.case("P1"), desk.case("P2")
    desk.predict(mine, 0.1)
    desk.library.reader = "Ben"
    desk.predict(theirs, 0.1)
    desk.library.save_pathology(mine, POSITIVE)
    assert desk.results().by_reader() == {"Anna": (1, 1), "Ben": (1, 0)}


def test_scores_are_put_back_into_the_packs_prevalence(desk: Desk) -> None:
    case_id = desk.case("P1")
    rng = np.random.default_rng(0)
    kept = document(desk.pack, 0.4, rng=rng, prevalence=0.1)
    assert kept["probability"] < 0.4
    desk.library.save_prediction(case_id, kept, "0" * 64)
    (case,) = desk.results().cases
    assert case.answer.branches["cnn"] == pytest.approx(0.4)
    assert case.answer.logit == 0.4
    certain = {**kept, "probability": 1.0}
    desk.library.save_prediction(case_id, certain, "0" * 64)
    (case,) = desk.results().cases
    assert case.answer.branches == {}, "a certainty has no log-odds"


def test_what_a_prediction_does_not_say_is_not_known(desk: Desk) -> None:
    case_id = desk.case("P1")
    desk.predict(case_id, logit(0.3), spacing_mm=None, range=None, features=None, traits=None)
    (case,) = desk.results().cases
    assert case.answer.spacing_mm is None
    assert case.answer.is_outside is None
    assert case.answer.features == {}
    assert set(case.answer.traits.values()) == {None}
    desk.predict(case_id, 0.1, spacing_mm=[0.1, 0.4])
    (case,) = desk.results().cases
    assert case.answer.spacing_mm == pytest.approx(0.2)
    assert replace(case, patient_id="").label == f"{case_id:04d}"


@pytest.mark.parametrize(
    "damage",
    [
        {"estimate": {}},
        {"estimate": {"logit": "high", "pattern": "pr"}},
        {"estimate": {"logit": 0.2}},
        {"features": {"a": "wide"}},
        {"features": 7},
        {"spacing_mm": [0.1]},
        {"range": {"distance": 2.0}},
        {"traits": {"size_mm": "large"}},
        {"branches": None},
    ],
)
def test_a_prediction_that_cannot_be_read_is_counted_apart(desk: Desk, damage: dict) -> None:
    whole, damaged = desk.case("P1"), desk.case("P2")
    desk.predict(whole, 0.1)
    desk.predict(damaged, 0.2, **damage)
    found = desk.results()
    assert [case.case_id for case in found.cases] == [whole]
    assert found.unreadable == 1


def test_an_entry_that_does_not_say_whose_it_is_belongs_to_no_pack(desk: Desk) -> None:
    case_id = desk.case("P1")
    for content in ({}, {"document": None}, {"document": {"pack": "P"}}):
        desk.library.record(case_id, Action.PREDICTION, content)
    desk.library.record(case_id, Action.PATHOLOGY, {"her2_ihc": ["3+"]})
    assert desk.results().cases == ()
    assert desk.results().unreadable == 0
