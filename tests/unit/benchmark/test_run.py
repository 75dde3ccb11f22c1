"""Scenes run in processes of their own, and the document of what they found."""

import json
from dataclasses import replace
from typing import Any

import pytest

from her2desk.benchmark import run
from her2desk.benchmark.apart import MachineTask, MemoryTask, TimeTask, done_apart
from her2desk.benchmark.plan import GROWTH, SCENES, Growth, Point, rows_of
from her2desk.benchmark.rows import Memory, Row
from her2desk.benchmark.run import baseline_is_short, measure
from her2desk.benchmark.timing import Times
from her2desk.domain.progress import SilentProgress, stage_of
from her2desk.errors import Cancelled, EngineFailed, Her2DeskError, InputRefused
from her2desk.texts import Message, msg
from tests.unit.benchmark.samples import MACHINE, StandIn

KEYS = {
    "name", "baseline", "baseline_ms", "baseline_p95_ms", "baseline_rounds", "baseline_peak_mb",
    "baseline_above_warm_mb", "product_ms", "product_p95_ms", "product_rounds", "product_peak_mb",
    "product_above_warm_mb", "ratio", "difference", "limit_ms", "limit_gflop", "limit_moved_mb",
    "about",
}  # fmt: skip


class Watching:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, Message]] = []

    def step(self, fraction: float, text: Message) -> None:
        self.told.append((fraction, text))


class ImpatientAt:
    """Stops the work when it hears these words."""

    def __init__(self, words: str) -> None:
        self._words = words

    def step(self, _fraction: float, text: Message) -> None:
        if self._words in text.text():
            raise Cancelled


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Tasks done at once in this process; what was asked for is kept."""
    asked = []

    def done(task: Any, _progress: object, *, cores: int | None = None) -> Any:
        asked.append((task, cores))
        if isinstance(task, MachineTask):
            return MACHINE
        return task(lambda _fraction, _said: None)

    monkeypatch.setattr(run, "done_apart", done)
    return asked


@pytest.mark.usefixtures("nothing_left_running")
def test_a_scene_is_timed_in_another_process_and_its_steps_are_told() -> None:
    watching = Watching()
    scene = StandIn()
    timed = done_apart(TimeTask(scene, scene.rows, 30, __file__), watching)
    assert timed.products["fast"].all_ms == (10,) * 5
    assert timed.baseline.all_ms == (1000,) * 2
    assert timed.difference == 0.01
    assert "fast: 7 of 7 rounds" in [text.text() for _, text in watching.told]


@pytest.mark.usefixtures("nothing_left_running")
@pytest.mark.parametrize(
    ("ends", "error"),
    [("refuses", InputRefused), ("fails", Her2DeskError), ("dies", EngineFailed)],
)
def test_what_goes_wrong_there_is_raised_here(ends: str, error: type[Exception]) -> None:
    scene = StandIn(ends=ends)
    with pytest.raises(error):
        done_apart(TimeTask(scene, scene.rows, 1, __file__), SilentProgress())


@pytest.mark.usefixtures("nothing_left_running")
def test_work_that_hangs_is_ended_when_it_is_to_stop() -> None:
    scene = StandIn(ends="hangs")
    with pytest.raises(Cancelled):
        done_apart(TimeTask(scene, scene.rows, 1, __file__), ImpatientAt("warming up"))


def test_the_document_has_the_contracts_keys_and_is_json(one_process: list[Any]) -> None:
    scenes = (StandIn(("a", "b")), StandIn(("c",), reason="No card."))
    document = measure(scenes, ("a", "b", "c"), 30, (), SilentProgress()).document()
    assert set(document) == {"machine", "rows", "growth", "left_out"}
    assert [row["name"] for row in document["rows"]] == ["a", "b"]
    assert all(set(row) == KEYS for row in document["rows"])
    row = document["rows"][0]
    assert (row["baseline"], row["baseline_ms"], row["product_ms"]) == ("the slow way", 1000, 10)
    assert (row["ratio"], row["product_rounds"], row["baseline_rounds"]) == (100, 5, 2)
    assert row["limit_ms"] == 2  # 0.1 GFLOP at 100 GFLOP/s and 10 MB at 10 GB/s
    assert document["left_out"] == [{"name": "c", "reason": "No card."}]
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_only_the_rows_that_are_wanted_are_run_each_side_weighed_alone(
    one_process: list[Any],
) -> None:
    scenes = (StandIn(("a", "b")), StandIn(("c",)))
    measure(scenes, ("b",), 7, (), SilentProgress())
    timing, ours, theirs = [task for task, _ in one_process[1:-1]]
    assert (timing.rows, timing.rounds) == (("b",), 7)
    assert (ours.row, theirs.row) == ("b", None)


def test_progress_goes_up_names_its_row_and_ends_at_one(one_process: list[Any]) -> None:
    watching = Watching()
    measure((StandIn(),), ("fast",), 1, (), watching)
    assert watching.told[-1][0] == 1
    assert stage_of(watching.told[-1][1]) == "done"


def growth(*points: Point, power: float | None = None) -> Growth:
    return Growth("sizes", msg("By size"), msg("pixels"), points, power)


def test_a_growth_table_has_a_row_a_size_on_as_many_cores_as_it_says(
    one_process: list[Any],
) -> None:
    points = Point(1, StandIn(("one",)), cores=1), Point(9_999, StandIn(("many",)), cores=9_999)
    document = measure((), (), 3, (growth(*points),), SilentProgress()).document()
    table = document["growth"][0]
    assert (table["name"], table["title"], table["unit"]) == ("sizes", "By size", "pixels")
    assert [point["at"] for point in table["points"]] == [1]
    assert [one["name"] for one in document["left_out"]] == ["sizes_9999"]
    assert one_process[1][1] == 1


def test_a_baseline_that_would_take_over_a_minute_is_not_run(one_process: list[Any]) -> None:
    points = (
        Point(1_000, StandIn(("a",), baseline_s=5)),
        Point(3_000, StandIn(("b",), baseline_s=45)),
        Point(4_000, StandIn(("c",), baseline_s=80)),
        Point(9_000, StandIn(("d",), baseline_s=400)),
    )
    document = measure((), (), 3, (growth(*points, power=2),), SilentProgress()).document()
    measured = [(p["at"], p["baseline_ms"]) for p in document["growth"][0]["points"]]
    assert measured == [(1_000, 5_000), (3_000, 45_000), (4_000, None), (9_000, None)]
    assert document["growth"][0]["points"][-1]["ratio"] is None


def test_without_a_power_the_baseline_is_always_run() -> None:
    row = Row("a", "slow", Times((1.0,)), Times((59_000.0,)))
    assert baseline_is_short(growth(), [(1, row)], Point(9, StandIn()))
    assert not baseline_is_short(growth(power=1), [(1, row)], Point(9, StandIn()))


def test_memory_is_that_of_the_work_above_what_was_loaded_before() -> None:
    found = MemoryTask(StandIn(), None, __file__)(lambda _fraction, _said: None)
    assert isinstance(found, Memory)
    if found.peak_mb is not None and found.above_warm_mb is not None:
        assert 0 <= found.above_warm_mb < 20 < found.peak_mb


def test_the_plan_has_the_contracts_rows_each_once() -> None:
    rows = rows_of(SCENES)
    assert len(set(rows)) == len(rows)
    assert {
        "full_feature_set", "readout_resnet101", "readout_vertex_moved", "readout_form_changed",
        "readout_first", "network_resnet101", "cohort_features_15k", "cohort_features_56k",
        "cine_first_frame", "cine_decode", "memory_cine_300", "enhance_500x400",
    } <= set(rows)  # fmt: skip
    assert {one.name for one in GROWTH} >= {"roi", "cohort", "pack", "cine_first_frame"}
    for one in GROWTH:
        assert [point.at for point in one.points] == sorted(point.at for point in one.points)


def test_a_limit_is_the_arithmetic_and_the_bytes_at_the_machine_s_best() -> None:
    scene = StandIn()
    assert scene.limit("fast").ms(MACHINE) == 2
    assert scene.limit("fast").ms(replace(MACHINE, gflops_float32=50)) == 3
