"""What readers thought, saw and decided, put together from the library's history."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from her2desk.audit.reading_log import ACTIONS, agreement_sentences, readings, seen_by
from her2desk.domain.clinical import Pathology
from her2desk.domain.counts import Call
from her2desk.domain.drawing import drawing_of
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.reading import Decision, Impression
from her2desk.domain.roi import Roi
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library

SQUARE = Roi(0, ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)))


class Ward:
    """A library whose clock goes on by ten seconds with each entry."""

    def __init__(self, folder: Path) -> None:
        self._now = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
        self._folder = folder
        self.library: Library = open_library(folder / "library", "Reader A", clock=self._tick)

    def _tick(self) -> datetime:
        self._now += timedelta(seconds=10)
        return self._now

    def case(self) -> int:
        n = len(self.library.cases())
        file = self._folder / f"{n}.dcm"
        file.write_bytes(b"an image %d" % n)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        image = UltrasoundImage(digest, f"1.2.{n}", 100, 200, 1, "MONOCHROME2", "1.2.840")
        return self.library.add_image(file, image).case_id

    def reveal(self, case_id: int, call: Call = Call.POSITIVE, seconds: float | None = 4.0) -> None:
        content: dict[str, Any] = {
            "pack": "Phantom demo 1.2",
            "call": str(call),
            "probability": 0.7,
            "seconds_to_impression": seconds,
        }
        self.library.record(case_id, Action.REVEALED, content)

    def read(
        self,
        before: str,
        call: Call,
        after: str | None,
        pathology: str | None = None,
    ) -> int:
        """One case from impression to decision and, where given, IHC."""
        case_id = self.case()
        self.library.record(case_id, Action.IMPRESSION, Impression(before, 3).to_json())
        self.reveal(case_id, call)
        if after is not None:
            decision = Decision(after, "seen otherwise", call, 0.7, "ab" * 32)
            self.library.record(case_id, Action.DECISION, decision.to_json())
        if pathology is not None:
            self.library.save_pathology(case_id, Pathology(pathology))
        return case_id

    def said(self) -> str:
        return " ".join(s.text() for s in agreement_sentences(self.readings()))

    def readings(self) -> tuple[Any, ...]:
        return readings(self.library.entries(*ACTIONS))


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    found = Ward(tmp_path)
    with found.library:
        yield found


def test_a_reading_has_impression_call_decision_and_times(ward: Ward) -> None:
    case_id = ward.read("negative", Call.POSITIVE, "positive", "3+")

    (reading,) = ward.readings()

    assert reading.case_id == case_id
    assert reading.impression == Impression("negative", 3)
    assert (reading.call, reading.probability) == (Call.POSITIVE, 0.7)
    assert reading.decision is not None
    assert not reading.decision.overrules
    assert reading.changed is True
    assert reading.seconds_to_impression == 4.0
    assert reading.seconds_to_decision == 10.0
    assert reading.her2_positive is True


def test_a_case_whose_answer_was_never_shown_is_no_reading(ward: Ward) -> None:
    case_id = ward.case()
    ward.library.record(case_id, Action.IMPRESSION, Impression("positive", 5).to_json())

    assert ward.readings() == ()


def test_without_an_impression_it_is_not_known_whether_the_answer_changed(ward: Ward) -> None:
    case_id = ward.case()
    ward.reveal(case_id, seconds=None)
    decision = Decision("positive", "", Call.POSITIVE, 0.7, "ab" * 32)
    ward.library.record(case_id, Action.DECISION, decision.to_json())

    (reading,) = ward.readings()

    assert reading.impression is None
    assert reading.changed is None


def test_the_first_reveal_counts_and_the_last_decision(ward: Ward) -> None:
    case_id = ward.read("positive", Call.POSITIVE, "positive")
    ward.reveal(case_id, Call.NEGATIVE)
    again = Decision("unsure", "thought again", Call.POSITIVE, 0.7, "ab" * 32)
    ward.library.record(case_id, Action.DECISION, again.to_json())

    (reading,) = ward.readings()

    assert reading.call is Call.POSITIVE
    assert reading.decision == again
    assert reading.seconds_to_decision == 10.0  # to the first decision


def test_what_was_looked_at_is_listed_once_and_a_new_outline_is_noticed(ward: Ward) -> None:
    case_id = ward.case()
    ward.library.save_drawing(case_id, drawing_of(SQUARE))
    ward.reveal(case_id)
    assert not ward.readings()[0].redrawn
    for what in ("heatmap", "why", "heatmap"):
        ward.library.record(case_id, Action.LOOKED, {"what": what})
    moved = Roi(0, tuple((x + 5, y) for x, y in SQUARE.polygon))
    ward.library.save_drawing(case_id, drawing_of(moved))

    (reading,) = ward.readings()

    assert reading.looked == ("heatmap", "why")
    assert reading.redrawn


def test_two_readers_of_a_case_have_a_reading_each(ward: Ward) -> None:
    case_id = ward.read("positive", Call.POSITIVE, "positive")
    ward.library.reader = "Reader B"
    ward.reveal(case_id)

    assert [r.reader for r in ward.readings()] == ["Reader A", "Reader B"]
    assert ward.readings()[1].impression is None


def test_a_clock_that_went_back_gives_no_time(tmp_path: Path) -> None:
    times = iter(datetime(2026, 5, 4, 9, 0, tzinfo=UTC) - timedelta(hours=n) for n in range(9))
    ward = Ward(tmp_path)
    ward.library.close()
    with open_library(tmp_path / "library", "Reader A", clock=lambda: next(times)) as library:
        ward.library = library
        ward.read("positive", Call.POSITIVE, "positive")

        (reading,) = ward.readings()

    assert reading.seconds_to_decision is None


def test_counts_come_before_percentages(ward: Ward) -> None:
    ward.read("positive", Call.POSITIVE, "positive", "3+")
    ward.read("negative", Call.POSITIVE, "positive", "3+")
    ward.read("negative", Call.POSITIVE, "negative", "0")

    said = ward.said()

    assert "the same in 1 of 3" in said
    assert "changed after the reveal in 1 of 3; 1 of 1 towards the pack" in said
    assert "right before the answer 2 of 3, the pack 2 of 3, right after it 3 of 3" in said
    assert "Overruled: 1 of 3" in said


def test_an_indeterminate_answer_agrees_with_nobody(ward: Ward) -> None:
    ward.read("positive", Call.INDETERMINATE, "unsure")
    ward.read("unsure", Call.POSITIVE, None)

    said = ward.said()

    assert "No case yet in which both" in said
    assert "changed after the reveal in 1 of 1; 1 of 1 towards the pack" in said
    assert "cannot be said before pathology results are in" in said


def test_nothing_changed_nothing_decided_nothing_asked(ward: Ward) -> None:
    assert "No impression was recorded" in ward.said()
    ward.read("positive", Call.POSITIVE, None)
    assert "No case was decided" in ward.said()
    ward.read("positive", Call.POSITIVE, "positive")
    assert "Nobody changed their answer in 1 decided cases" in ward.said()


def test_an_impression_given_after_the_answer_was_no_impression_before_it(ward: Ward) -> None:
    case_id = ward.case()
    ward.reveal(case_id, seconds=None)
    ward.library.record(case_id, Action.IMPRESSION, Impression("positive", 5).to_json())
    (reading,) = ward.readings()
    assert reading.impression is None


@pytest.mark.parametrize("content", [None, {}, {"pack": "P", "call": "maybe", "probability": 1}])
def test_a_reveal_that_does_not_say_what_was_revealed_makes_no_reading(
    ward: Ward, content: dict[str, Any] | None
) -> None:
    ward.library.record(ward.case(), Action.REVEALED, content)
    ward.read("positive", Call.POSITIVE, "positive", "3+")
    assert [reading.impression.answer for reading in ward.readings()] == ["positive"]


def test_entries_of_another_version_are_left_out_and_the_rest_goes_on(ward: Ward) -> None:
    case_id = ward.case()
    ward.library.record(case_id, Action.IMPRESSION, {"answer": "positive"})
    ward.library.record(
        case_id, Action.REVEALED, {"pack": "P", "call": "positive", "probability": 0.7}
    )
    ward.library.record(case_id, Action.LOOKED, {})
    ward.library.record(case_id, Action.DECISION, {"answer": "negative", "reason": ""})
    ward.library.record(case_id, Action.PATHOLOGY, {"her2_ihc": 3, "sent_to": "lab"})
    (reading,) = ward.readings()
    assert (reading.impression, reading.decision, reading.looked) == (None, None, ())
    assert reading.seconds_to_impression is None
    assert reading.her2_positive is None
    assert ward.library.latest_impression(case_id) is None
    assert ward.library.latest_decision(case_id) is None
    assert ward.library.latest_pathology(case_id) == Pathology()


def test_who_saw_which_answer(ward: Ward) -> None:
    first, second = ward.case(), ward.case()
    ward.reveal(first)
    ward.library.reader = "Reader B"
    ward.reveal(second)
    entries = ward.library.entries(*ACTIONS)
    assert seen_by(entries, "Reader A") == {first}
    assert seen_by(entries, "Reader B") == {second}
