"""Baseline and product take turns, and what is told of their times is their times."""

from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.benchmark.timing import Side, Times, by_turns, turns


def nobody(_done: int, _of: int) -> None:
    """Nobody watches."""


def test_two_sides_of_as_many_rounds_alternate() -> None:
    assert turns({"product": 3, "baseline": 3}) == ["product", "baseline"] * 3


def test_the_rounds_of_a_slow_side_are_spread_over_those_of_a_fast_one() -> None:
    order = turns({"product": 9, "baseline": 3})
    assert [i for i, name in enumerate(order) if name == "baseline"] == [2, 6, 10]


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 40), min_size=1))
def test_everyone_gets_all_turns_and_nobody_waits_for_more_than_a_share(
    rounds: dict[str, int],
) -> None:
    order = turns(rounds)
    for name, n in rounds.items():
        places = [i for i, one in enumerate(order) if one == name]
        assert len(places) == n
        others = len(order) - n
        between = [b - a - 1 for a, b in pairwise(places)]
        assert all(waited <= others / n + len(rounds) for waited in between)


def test_work_is_done_in_turn_prepared_and_after_a_warm_up_that_is_not_counted() -> None:
    done: list[str] = []
    steps: list[tuple[int, int]] = []

    def work(name: str) -> Side:
        return Side(
            lambda number: done.append(f"{name} {number}"),
            most_rounds=2,
            warm=lambda: done.append(f"{name} warm"),
            prepare=lambda number: done.append(f"before {name} {number}"),
        )

    times = by_turns(
        {"product": work("ours"), "baseline": work("theirs")},
        30,
        lambda done, of: steps.append((done, of)),
    )
    assert done == [
        "ours warm", "theirs warm",
        "before ours 0", "ours 0", "before theirs 0", "theirs 0",
        "before ours 1", "ours 1", "before theirs 1", "theirs 1",
    ]  # fmt: skip
    assert steps == [(n, 4) for n in range(5)]
    assert [times[name].rounds for name in ("product", "baseline")] == [2, 2]


def test_without_a_smaller_warm_up_the_first_round_is_done_once_unseen() -> None:
    done: list[int] = []
    times = by_turns({"product": Side(done.append)}, 2, nobody)
    assert done == [0, 0, 1]
    assert times["product"].rounds == 2


def test_only_the_work_is_timed_and_a_sample_is_scaled_to_the_whole() -> None:
    clock = (float(second) for second in count())
    side = Side(lambda _number: "given", scale=10, offset_ms=500)
    found = by_turns({"product": side}, 2, nobody, lambda: next(clock))["product"]
    assert found.all_ms == (10_500, 10_500)
    assert found.first == "given"


def test_work_may_tell_its_seconds_itself() -> None:
    side = Side(lambda number: 1.0 + number, tells_s=True)
    assert by_turns({"product": side}, 3, nobody)["product"].all_ms == (1000, 2000, 3000)


@pytest.mark.parametrize(
    ("taken", "median", "p95"),
    [
        ((7.0,), 7, 7),
        ((1.0, 3.0), 2, 2.9),
        (tuple(float(n) for n in range(101)), 50, 95),
        (tuple(float(n) for n in range(100, -1, -1)), 50, 95),
    ],
)
def test_median_and_95th_percentile(taken: tuple[float, ...], median: float, p95: float) -> None:
    assert Times(taken).median_ms == median
    assert Times(taken).p95_ms == pytest.approx(p95)
