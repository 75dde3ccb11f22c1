"""What was worked out before: kept within bounds, by all that it depends on, and never altered."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.image import ImageWarning
from her2desk.inference.networks import NetworkAnswer, Response
from her2desk.inference.remembered import (
    ENTRY_BYTES,
    Memory,
    RememberingReader,
    key_of,
    recalled,
)
from her2desk.texts import msg

CROP = np.arange(16, dtype=np.float32).reshape(4, 4)


def zeros(nbytes: int) -> np.ndarray:
    return np.zeros(nbytes, np.uint8)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3000)), max_size=40))
def test_what_is_kept_stays_within_its_bound_and_the_last_used_stay(asked):
    limit = 5 * ENTRY_BYTES
    memory = Memory(limit)
    model: dict[str, int] = {}
    for key, nbytes in asked:
        if memory.find(key) is not None:
            model[key] = model.pop(key)
            continue
        memory.keep(key, key, [zeros(nbytes)])
        model[key] = nbytes + ENTRY_BYTES
        while sum(model.values()) > limit:
            del model[next(iter(model))]
        assert memory.kept_bytes == sum(model.values()) <= limit
    assert [key for key in "abcdefgh" if memory.find(key) is not None] == sorted(model)


def test_a_value_is_worked_out_once_and_again_after_it_was_forgotten():
    memory, made = Memory(), []

    def ask(*depends_on) -> np.ndarray:
        work = lambda: made.append(depends_on) or np.array(depends_on)  # noqa: E731
        return recalled(memory, "sum", depends_on, work, lambda found: [found])

    assert ask(1, 2) is ask(1, 2)
    assert ask(1, 3) is not ask(1, 2)
    assert made == [(1, 2), (1, 3)]
    memory.forget()
    assert memory.kept_bytes == 0
    ask(1, 2)
    assert len(made) == 3


def test_what_is_kept_cannot_be_altered_and_what_is_not_kept_can():
    kept = recalled(Memory(), "x", (), lambda: zeros(3), lambda found: [found])
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1
    recalled(None, "x", (), lambda: zeros(3), lambda found: [found])[0] = 1


def test_nothing_is_kept_of_work_that_fails():
    memory = Memory()

    def fail():
        raise OSError("no disk")

    for _ in range(2):
        with pytest.raises(OSError, match="no disk"):
            recalled(memory, "x", (), fail, lambda found: [found])
    assert memory.kept_bytes == 0


def test_a_value_larger_than_all_may_be_is_given_and_not_kept():
    memory = Memory(100)
    assert len(recalled(memory, "x", (), lambda: zeros(200), lambda found: [found])) == 200
    assert memory.kept_bytes == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 2), (12,)),
        (("ab", "c"), ("a", "bc")),
        ((zeros(4),), (zeros(4).reshape(2, 2),)),
        ((zeros(4),), (zeros(4).astype(bool),)),
        ((zeros(4), zeros(4)), (zeros(8),)),
        ((np.eye(2),), (np.eye(2)[::-1],)),
        ((None,), ("None",)),
    ],
)
def test_different_things_have_different_keys(one, other):
    assert key_of("x", *one) != key_of("x", *other)
    assert key_of("x", *one) != key_of("y", *one)
    assert key_of("x", *one) == key_of("x", *one)


def test_a_part_of_an_array_counts_as_its_content():
    whole = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert key_of("x", whole[2:5, 3:7]) == key_of("x", whole[2:5, 3:7].copy())


def test_memory_may_be_used_from_several_threads():
    memory = Memory(20 * ENTRY_BYTES)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for number in rng.integers(0, 40, 500).tolist():
            found = recalled(memory, "n", (number,), lambda n=number: np.array([n]), lambda f: [f])
            assert found[0] == number

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 0 < memory.kept_bytes <= 20 * ENTRY_BYTES


class Reader:
    """Counts what it is asked; ``loses`` the card at a read."""

    def __init__(self, device: str = "cuda") -> None:
        self.device = device
        self.warnings: tuple[ImageWarning, ...] = ()
        self.at_once = 2
        self.asked: list[str] = []
        self.loses = False

    def read(self, crop) -> NetworkAnswer:
        assert crop.flags.writeable  # torch takes no other
        self.asked.append("read")
        if self.loses:
            self.device, self.warnings = "cpu", (ImageWarning("device-fell-back", msg("Lost")),)
        return NetworkAnswer(float(crop.sum()), crop.ravel(), crop[None], crop[0])

    def read_many(self, crops) -> list[Response]:
        assert crops.flags.writeable
        self.asked.append("read_many")
        return [Response(float(crop.sum()), crop.ravel()) for crop in crops]

    def gradients(self, maps) -> np.ndarray:
        assert maps.flags.writeable
        return maps * 2


def frozen(crop: np.ndarray) -> np.ndarray:
    crop = crop.copy()
    crop.setflags(write=False)
    return crop


def test_each_crop_is_read_once_by_each_pack():
    reader, memory = Reader(), Memory()
    first, second = (RememberingReader(reader, pack, memory) for pack in ("a", "b"))
    answer = first.read(frozen(CROP))
    assert first.read(CROP.copy()) is answer
    assert not answer.maps.flags.writeable
    assert reader.asked == ["read"]
    second.read(CROP.copy())
    first.read(CROP + 1)
    assert reader.asked == ["read"] * 3
    assert np.array_equal(first.gradients(answer.maps), answer.maps * 2)
    assert (first.device, first.at_once, first.warnings) == ("cuda", 2, ())


def test_crops_read_together_are_another_question_than_each_alone():
    """By rounding, what a batch says of a crop depends on the others in it."""
    reader = Reader()
    remembering = RememberingReader(reader, "a", Memory())
    both = np.stack([CROP, CROP + 1])
    assert remembering.read_many(both) == remembering.read_many(frozen(both))
    remembering.read_many(both[::-1].copy())
    remembering.read(CROP.copy())
    assert reader.asked == ["read_many", "read_many", "read"]


def test_the_answer_of_a_card_that_failed_is_not_taken_for_the_cards():
    reader = Reader()
    remembering = RememberingReader(reader, "a", Memory())
    reader.loses = True
    remembering.read(CROP.copy())
    assert (remembering.device, len(remembering.warnings)) == ("cpu", 1)
    remembering.read(CROP.copy())
    remembering.read(CROP.copy())
    assert reader.asked == ["read", "read"]  # once by each device
