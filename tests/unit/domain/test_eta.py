"""How long it will still take: even work, work that was resumed, and how people say it."""

import pytest

from her2desk.domain.eta import Eta, time_left


def steady(total_s: float, until: float, every: float = 1.0) -> tuple[Eta, float | None]:
    """An estimate after even work of ``total_s`` seconds was watched for ``until`` seconds."""
    eta, left, elapsed = Eta(), None, 0.0
    while elapsed <= until:
        left = eta.after(elapsed, elapsed / total_s)
        elapsed += every
    return eta, left


@pytest.mark.parametrize("until", [10, 100, 500, 900])
def test_even_work_is_foretold(until: int) -> None:
    _, left = steady(1000, until)
    assert left == pytest.approx(1000 - until, rel=0.02)


def test_the_first_steps_promise_nothing() -> None:
    eta = Eta()
    assert eta.after(0.0, 0.0) is None
    assert eta.after(0.5, 0.2) is None
    assert eta.after(9.0, 0.2) is not None


def test_work_that_stands_still_from_the_start_promises_nothing() -> None:
    eta = Eta()
    assert [eta.after(t, 0.1) for t in (0.0, 5.0, 50.0)] == [None, None, None]


def test_finished_work_takes_no_time() -> None:
    eta, _ = steady(100, 50)
    assert eta.after(51, 1.0) == 0.0


def test_what_a_resumed_run_skipped_soon_stops_counting() -> None:
    """Half is done at once; the other half takes 1000 s at an even pace."""
    eta = Eta()
    eta.after(0.0, 0.0)
    left = None
    for second in range(1, 201):
        left = eta.after(float(second), 0.5 + second / 2000)
    assert left == pytest.approx(800, rel=0.05)


def test_one_slow_step_does_not_throw_the_estimate_about() -> None:
    eta, before = steady(1000, 300)
    assert before is not None
    after = eta.after(330, 0.301)
    assert after is not None
    assert abs(after - before) < 0.3 * before


def test_without_progress_the_estimate_counts_down_and_not_below_nothing() -> None:
    eta = Eta()
    for t in (0.0, 1.0, 2.0, 3.0):
        eta.after(t, t / 10)
    first = eta.after(4.0, 0.4)
    assert first == pytest.approx(6, rel=0.05)
    assert eta.after(500.0, 0.4) is not None
    assert all((eta.after(t, 0.4) or 0.0) >= 0 for t in (900.0, 5000.0))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (3, "less than a minute left"),
        (61, "about 1 min left"),
        (1500, "about 25 min left"),
        (3599, "about 60 min left"),
        (7260, "about 2 h 1 min left"),
    ],
)
def test_people_hear_round_figures(seconds: float, said: str) -> None:
    assert time_left(seconds).text() == said
