"""docs/performance.md from what one run found: a text of its JSON and nothing else."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from her2desk.benchmark.goals import GOALS, PER_SECOND_60_MS, Bound, Goal

Document = Mapping[str, Any]
UNKNOWN = "–"

WORDS = {
    "full_feature_set": "1,561 features of one outline of 56,000 px, one process",
    "readout_resnet101": "a new outline of 56,000 px → whole readout (ResNet101, 30 features of 5 "
    "image types)",
    "readout_vertex_moved": "one vertex moved, the crop unchanged → whole readout",
    "readout_form_changed": "one field of the form changed → whole readout",
    "readout_first": "the first outline of an engine that has just warmed up → whole readout",
    "readout_resnet101_cuda": "a new outline, on the graphics card",
    "readout_vertex_moved_cuda": "one vertex moved, on the graphics card",
    "readout_form_changed_cuda": "one field changed, on the graphics card",
    "network_resnet101": "one crop through ResNet101",
    "network_resnet101_cuda": "one crop through ResNet101, on the graphics card",
    "enhance_500x400": "a frame of 500 × 400 enhanced ×4, and its residual",
    "cohort_features_15k": "210 patients × 1,561 features, 15,000 px, 2 processes",
    "cohort_features_56k": "210 patients × 1,561 features, 56,000 px, 2 processes",
    "cine_first_frame": "200-frame colour cine: opened, first frame",
    "cine_decode": "200-frame colour cine: every frame once",
    "memory_cine_300": "300-frame colour cine open, gone through once",
    "start_to_window": "start to a usable window",
}
FIGURES = {
    "product_p95_ms": "95th percentile",
    "product_ms": "median",
    "ratio": "ratio",
    "difference": "relative difference",
    "product_above_warm_mb": "memory above idle",
}
_STALL = re.compile(r"longest stall ([\d.]+) ms, p99 ([\d.]+) ms")
_STEP = re.compile(r"\bp(?:95|99) ([\d.]+) ms")
_OWN_WORK = re.compile(r"own work ([\d.]+) ms")
# name, ms to open, ms to the first frame; frames a second, at first and again; stall, p99 and MB
_CINE = re.compile(r"^(\S.*?) +\d+ +\d+ +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +(\d+)$")
_DECODED = re.compile(r"^ +baseline +\d+ +([\d.]+) ")
LONGEST_STALL_MS, P99_STALL_MS = 50, 16
HAND_PER_S, CINE_MB = 60, 600
ALL_BUT_A_FEW = 0.95  # of the frames of a hand


@dataclass(frozen=True)
class Verdict:
    """What a line of a window's benchmark was to reach, whether it did, and else by how much not."""

    goal: str
    is_met: bool | None
    missed: str = ""


NO_GOAL = Verdict("", None)


def page(document: Document) -> str:
    """The whole page, Markdown."""
    parts = [
        "# How fast Her2Desk is",
        "Written by `make bench`, which measures all of it again; `her2desk benchmark` measures your own "
        "machine.",
        *_machine(document["machine"]),
        "## Against the goals",
        _rows(document),
        *_not_met(document),
        *_window(document.get("window", ())),
        *_growth(document),
        *_left_out(document),
    ]
    return "\n\n".join(parts) + "\n"


def verdict_of(line: str) -> Verdict:
    """What the goals say of one line that a window's benchmark printed."""
    stall = _STALL.search(line)
    if stall is not None:
        return _of_stall(line, *map(float, stall.groups()))
    step = _STEP.search(line)
    if "drag" in line and step is not None:
        ms = float(step.group(1))
        missed = (
            f"{ms / PER_SECOND_60_MS:.3g} times off. Painting sets no limit that arithmetic tells"
        )
        return Verdict("60 per second: ≤ 16.7 ms", ms <= PER_SECOND_60_MS, missed)
    cine = _CINE.match(line)
    return NO_GOAL if cine is None else _of_cine(*map(float, cine.groups()[1:]))


def _of_stall(line: str, longest: float, p99: float) -> Verdict:
    goal = f"longest stall < {LONGEST_STALL_MS} ms, p99 < {P99_STALL_MS} ms"
    factor = max(longest / LONGEST_STALL_MS, p99 / P99_STALL_MS)
    missed = f"{factor:.3g} times off. No arithmetic sets a limit"
    own = _OWN_WORK.search(line)
    if own is not None:
        missed += (
            f": the window's thread itself worked {own.group(1)} ms at a time at most, the rest it waited "
            "for Python's lock or for a processor"
        )
    return Verdict(goal, longest < LONGEST_STALL_MS and p99 < P99_STALL_MS, missed)


def _of_cine(first: float, again: float, longest: float, p99: float, mb: float) -> Verdict:
    goal = (
        f"{HAND_PER_S} frames a second, longest stall < {LONGEST_STALL_MS} ms, p99 < {P99_STALL_MS} ms, "
        f"< {CINE_MB} MB"
    )
    rate = min(first, again)
    is_smooth = longest < LONGEST_STALL_MS and p99 < P99_STALL_MS
    is_met = rate >= ALL_BUT_A_FEW * HAND_PER_S and is_smooth and mb < CINE_MB
    said = [f"{HAND_PER_S / rate:.3g} times too few frames"] if rate < HAND_PER_S else []
    if not is_smooth:
        said.append(f"a stall of {longest:g} ms, {longest / LONGEST_STALL_MS:.3g} times off")
    return Verdict(goal, is_met, "; ".join(said))


def _machine(machine: Document) -> Iterator[str]:
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    memory = "" if machine["memory_gb"] is None else f", {machine['memory_gb']:g} GB of memory"
    card = f"; {machine['graphics_card']}" if machine["graphics_card"] else "; no graphics card"
    yield (
        f"**Machine.** {machine['processor']}, {machine['cores_used']} of {machine['cores']} cores used, "
        f"{machine['threads']} threads{memory}{card}; {machine['system']}; Python {machine['python']}; "
        f"Her2Desk {machine['her2desk']}; {libraries}."
    )
    yield (
        f"**Its best, measured in the same run.** A product of large float32 matrices reaches "
        f"{machine['gflops_float32']:g} GFLOP/s, a copy of 256 MB moves {machine['copy_gb_s']:g} GB/s "
        "(read and written). These are what the limits below are worked out with."
    )
    if machine["load_before"] is not None:
        busy = machine["load_before"] > 0.5
        yield (
            f"Load before the run: {machine['load_before']:g}"
            + (
                " – **other programs ran, so all figures are worse than they need be.**"
                if busy
                else "."
            )
        )
    yield (
        "**How.** Baseline and product run in the same fresh process, or both in processes of their own "
        "where the product works in one (the engine, the decoder), with the same number of threads, by "
        "turns; each row tells the rounds of both. The first round of each, which loads and warms, is "
        "not counted. Of few rounds the 95th percentile is nearly the longest. Every round has an outline "
        "that no round had before, so nothing is remembered but what the row is about. Memory is the "
        "peak of all processes of one side, each in a fresh process that does the work once. A cohort's "
        "time is that of a sample, scaled up, with the start of the processes added once."
    )


def _rows(document: Document) -> str:
    head = ("what", "goal", "baseline", "Her2Desk", "ratio", "memory", "met")
    body = []
    for row in document["rows"]:
        goal = GOALS.get(row["name"])
        met = None if goal is None else goal.is_met(row)
        body.append(
            (
                f"`{row['name']}`: {WORDS.get(row['name'], '')}",
                "" if goal is None else goal.words.text(),
                f"{_side(row, 'baseline')}; {row['baseline']}",
                _side(row, "product"),
                _ratio(row),
                _memory(row),
                _met(met),
            )
        )
    return _table(head, body)


def _not_met(document: Document) -> Iterator[str]:
    missed = [
        (row, goal)
        for row in document["rows"]
        if (goal := GOALS.get(row["name"])) is not None and goal.is_met(row) is False
    ]
    if not missed:
        yield "Every goal of this table that could be measured is met."
        return
    yield "## What is not met, and what cannot be less"
    machine = document["machine"]
    yield "\n".join(f"- {_shortfall(row, goal, machine)}" for row, goal in missed)


def _shortfall(row: Document, goal: Goal, machine: Document) -> str:
    said = "; ".join(_missed(row, bound) for bound in goal.bounds if bound.is_met(row) is False)
    return f"`{row['name']}`: {said}. {_limit(row, machine)}"


def _missed(row: Document, bound: Bound) -> str:
    figure, value = FIGURES[bound.figure], row[bound.figure]
    factor = bound.factor(row)
    wanted = bound.at_most if bound.at_most is not None else bound.at_least
    return (
        f"{figure} {_unit(bound.figure, value)}, {factor:.3g} times off the goal of "
        f"{_unit(bound.figure, wanted)}"
    )


def _unit(figure: str, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if figure.endswith("_ms"):
        return _time(value)
    if figure.endswith("_mb"):
        return f"{value:.0f} MB"
    return _times(value) if figure == "ratio" else f"{value:.2g}"


def _limit(row: Document, machine: Document) -> str:
    if row["limit_ms"] is None:
        if row["baseline_ms"] is None:
            return "No arithmetic and no bytes set a limit here."
        least = f"{row['baseline']} takes {_time(row['baseline_ms'])}"
        return f"No arithmetic and no bytes set a limit here; {least}."
    parts = []
    if row["limit_gflop"]:
        parts.append(f"{row['limit_gflop']:g} GFLOP at {machine['gflops_float32']:g} GFLOP/s")
    if row["limit_moved_mb"]:
        parts.append(f"{row['limit_moved_mb']:g} MB moved at {machine['copy_gb_s']:g} GB/s")
    said = f"Limit on this machine: {' and '.join(parts)} take {_time(row['limit_ms'])}"
    if row["baseline_ms"] is not None:
        said += f", so at most {_times(row['baseline_ms'] / row['limit_ms'])} is possible"
    return f"{said}; Her2Desk takes {row['product_ms'] / row['limit_ms']:.2g} times that."


def _window(sections: Sequence[Document]) -> Iterator[str]:
    if not sections:
        return
    yield "## The window"
    yield (
        "What each benchmark of the window printed in the same run (`clock` is what a hand waits for, "
        "other programs included; processor time is the window's own)."
    )
    for section in sections:
        yield f"### `python -m {section['module']}`"
        lines = [line for line in section["lines"] if line.strip()]
        judged = [(line, verdict_of(line)) for line in lines]
        yield _table(
            ("measured", "goal", "met"),
            [
                (line.strip().replace("|", "/"), verdict.goal, _met(verdict.is_met))
                for line, verdict in judged
                if verdict != NO_GOAL
            ],
        )
        missed = list(_missed_lines(judged))
        if missed:
            yield "\n".join(["Not met:", "", *missed])
        rest = [line for line, verdict in judged if verdict == NO_GOAL]
        if rest:
            yield "\n".join(["```", *rest, "```"])


def _missed_lines(judged: Sequence[tuple[str, Verdict]]) -> Iterator[str]:
    """By how much each line is off; a cine's is followed by what its decoder alone gives."""
    for index, (line, verdict) in enumerate(judged):
        if verdict.is_met is not False:
            continue
        cine = _CINE.match(line)
        name = line.strip().split(":")[0] if cine is None else cine.group(1)
        said = f"- {name}: {verdict.missed}"
        after = judged[index + 1][0] if index + 1 < len(judged) else ""
        decoded = _DECODED.match(after)
        if cine is not None and decoded is not None:
            said += (
                f". Limit: every frame has to be decoded once, and pydicom, which decodes where it is "
                f"asked, shows {decoded.group(1)} a second"
            )
        yield f"{said}."


def _growth(document: Document) -> Iterator[str]:
    if not document["growth"]:
        return
    yield "## How it grows"
    for growth in document["growth"]:
        yield f"### {growth['title']}"
        yield _table(
            (growth["unit"], "baseline", "Her2Desk", "ratio", "memory", "about"),
            [
                (
                    f"{point['at']:,}",
                    _side(point, "baseline"),
                    _side(point, "product"),
                    _ratio(point),
                    _memory(point),
                    _about(point["about"]),
                )
                for point in growth["points"]
            ],
        )
        if any(point["baseline_ms"] is None for point in growth["points"]):
            yield "The baseline was not run where one round of it was expected to take over a minute."


def _left_out(document: Document) -> Iterator[str]:
    if document["left_out"]:
        yield "## Left out"
        yield "\n".join(f"- `{one['name']}`: {one['reason']}" for one in document["left_out"])


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) if body else ""


def _side(row: Document, side: str) -> str:
    if row[f"{side}_ms"] is None:
        return "not run"
    median, p95 = _time(row[f"{side}_ms"]), _time(row[f"{side}_p95_ms"])
    return f"{median} (p95 {p95}, n {row[f'{side}_rounds']})"


def _ratio(row: Document) -> str:
    return UNKNOWN if row["ratio"] is None else _times(row["ratio"])


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 100 else f"{ratio:.3g}×"


def _memory(row: Document) -> str:
    """Ours; the baseline's behind it."""
    ours, theirs = row["product_above_warm_mb"], row["baseline_above_warm_mb"]
    if ours is None:
        return UNKNOWN
    said = f"{row['product_peak_mb']:.0f} MB (+{ours:.0f})"
    if theirs is None:
        return said
    return f"{said}; baseline {row['baseline_peak_mb']:.0f} MB (+{theirs:.0f})"


def _about(about: Document) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in about.items())


def _plain(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " × ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _met(is_met: bool | None) -> str:
    return {True: "yes", False: "**no**", None: ""}[is_met]


def _time(ms: float) -> str:
    if ms >= 100_000:
        return f"{ms / 1000:,.0f} s"
    if ms >= 1000:
        return f"{ms / 1000:.3g} s"
    return f"{ms:.3g} ms"
