"""All scenes one after another, and the document of what was found."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from her2desk.benchmark.apart import MachineTask, MemoryTask, Timed, TimeTask, done_apart
from her2desk.benchmark.machine import Machine, load_now, usable_cores
from her2desk.benchmark.plan import LONGEST_BASELINE_S, Growth, Point
from her2desk.benchmark.rows import UNKNOWN_MEMORY, Memory, Row
from her2desk.benchmark.scene import Scene
from her2desk.domain.progress import Portion, Progress, staged
from her2desk.texts import Message, msg

MACHINE_SHARE = 0.02  # of the progress


@dataclass(frozen=True)
class Missing:
    """A row that cannot be measured here, and why."""

    name: str
    reason: Message


@dataclass(frozen=True)
class GrowthTable:
    """A growth and its rows by size."""

    growth: Growth
    rows: tuple[tuple[int, Row], ...]


@dataclass(frozen=True)
class Measured:
    """Everything that one run found."""

    machine: Machine
    rows: tuple[Row, ...]
    growth: tuple[GrowthTable, ...]
    left_out: tuple[Missing, ...]

    def document(self) -> dict[str, Any]:
        """What ``her2desk benchmark --json`` prints."""
        return {
            "machine": asdict(self.machine),
            "rows": [row.document(self.machine) for row in self.rows],
            "growth": [
                {
                    "name": table.growth.name,
                    "title": table.growth.title.text(),
                    "unit": table.growth.unit.text(),
                    "points": [{"at": at, **row.document(self.machine)} for at, row in table.rows],
                }
                for table in self.growth
            ],
            "left_out": [{"name": one.name, "reason": one.reason.text()} for one in self.left_out],
        }


def measure(
    scenes: Sequence[Scene],
    wanted: Sequence[str],
    rounds: int,
    growth: Sequence[Growth],
    progress: Progress,
) -> Measured:
    """Measure the wanted rows of the scenes, in their order, then the growth tables.

    The machine's own best is that of a moment before and one after. Raises what ``progress`` raises,
    the processes ended; ``EngineFailed`` where one dies.
    """
    machine = done_apart(MachineTask(load_now()), Portion(progress, 0, MACHINE_SHARE, "machine"))
    chosen = [
        (scene, names)
        for scene in scenes
        if (names := tuple(row for row in scene.rows if row in wanted))
    ]
    every = [scene for scene, _ in chosen] + [p.scene for one in growth for p in one.points]
    portions = _portions(progress, every)
    rows: list[Row] = []
    left_out: list[Missing] = []
    for scene, names in chosen:
        with _own_folder() as place:
            found = _scene_rows(scene, names, rounds, place, next(portions), weighs=True)
        if isinstance(found, Message):
            left_out += [Missing(name, found) for name in names]
        else:
            rows += found
    tables = []
    for one in growth:
        table, missing = _grown(one, rounds, portions)
        tables.append(table)
        left_out += missing
    again = done_apart(MachineTask(machine.load_before), Portion(progress, 1, 1, "machine"))
    progress.step(1, staged("done", msg("Done")))
    return Measured(machine.at_best(again), tuple(rows), tuple(tables), tuple(left_out))


def _portions(progress: Progress, scenes: Sequence[Scene]) -> Iterator[Progress]:
    """A part of the progress for each scene, as long as it takes."""
    whole = sum(scene.about_s for scene in scenes)
    start = MACHINE_SHARE
    for scene in scenes:
        end = start + (1 - MACHINE_SHARE) * scene.about_s / whole
        yield Portion(progress, start, end)
        start = end


@contextmanager
def _own_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="her2desk-benchmark-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a process that was just ended may hold a file


def _scene_rows(
    scene: Scene,
    names: tuple[str, ...],
    rounds: int,
    place: Path,
    progress: Progress,
    *,
    weighs: bool,
    has_baseline: bool = True,
    cores: int | None = None,
) -> list[Row] | Message:
    """The rows, each with the memory of the scene's first one; or why there are none."""
    task = TimeTask(scene, names, rounds, place, has_baseline)
    stage = names[0]
    timed = done_apart(task, Portion(progress, 0, 0.8, stage), cores=cores)
    if isinstance(timed, Message):
        return timed
    ours = theirs = UNKNOWN_MEMORY
    if weighs and scene.is_weighed:
        watched = Portion(progress, 0.8, 0.9, stage)
        ours = done_apart(MemoryTask(scene, names[0], place), watched, cores=cores)
        watched = Portion(progress, 0.9, 1, stage)
        theirs = done_apart(MemoryTask(scene, None, place), watched, cores=cores)
    return [_row(scene, name, timed, ours, theirs) for name in names]


def _row(scene: Scene, name: str, timed: Timed, ours: Memory, theirs: Memory) -> Row:
    return Row(
        name=name,
        baseline=scene.baseline_name.text(),
        product_times=timed.products[name],
        baseline_times=timed.baseline,
        difference=timed.difference,
        product_memory=ours,
        baseline_memory=theirs,
        limit=scene.limit(name),
        about=scene.about,
    )


def _grown(
    growth: Growth, rounds: int, portions: Iterator[Progress]
) -> tuple[GrowthTable, list[Missing]]:
    rows: list[tuple[int, Row]] = []
    missing: list[Missing] = []
    for point in growth.points:
        portion = next(portions)
        name = f"{growth.name}_{point.at}"
        if point.cores is not None and point.cores > usable_cores():
            missing.append(Missing(name, msg("This machine has fewer cores.")))
            continue
        with _own_folder() as place:
            found = _scene_rows(
                point.scene,
                point.scene.rows,
                rounds,
                place,
                portion,
                weighs=growth.weighs,
                has_baseline=baseline_is_short(growth, rows, point),
                cores=point.cores,
            )
        if isinstance(found, Message):
            missing.append(Missing(name, found))
        else:
            rows.append((point.at, found[0]))
    return GrowthTable(growth, tuple(rows)), missing


def baseline_is_short(growth: Growth, before: Sequence[tuple[int, Row]], point: Point) -> bool:
    """Whether a round of the baseline is expected to end soon, from the size measured before."""
    if growth.power is None or not before:
        return True
    at, row = before[-1]
    if row.baseline_times is None:
        return False
    expected_ms: float = row.baseline_times.median_ms * (point.at / at) ** growth.power
    return expected_ms < 1000 * LONGEST_BASELINE_S
