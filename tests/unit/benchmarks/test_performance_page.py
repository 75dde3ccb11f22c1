"""docs/performance.md as it is written of a run."""

from dataclasses import asdict
from typing import Any

import pytest

from benchmarks.performance_page import NO_GOAL, page, verdict_of
from her2desk.benchmark.goals import GOALS
from tests.unit.benchmark.samples import MACHINE, row_document


def document(*rows: dict[str, Any], **further: Any) -> dict[str, Any]:
    return {"machine": asdict(MACHINE), "rows": rows, "growth": [], "left_out": [], **further}


MEASURED = document(
    row_document("readout_resnet101"),
    row_document("readout_first", product_p95_ms=300.0, product_ms=250.0, ratio=80.0),
    row_document("cohort_features_56k", ratio=20.0, limit_gflop=0.0, limit_moved_mb=900.0),
    row_document("start_to_window", product_ms=900.0, baseline_peak_mb=None, product_peak_mb=None,
                 product_above_warm_mb=None, baseline_above_warm_mb=None, limit_ms=None),
    row_document("cine_decode", baseline_ms=None, ratio=None),
    growth=[
        {
            "name": "roi",
            "title": "By area",
            "unit": "pixels",
            "points": [
                {"at": 1_000, **row_document("roi_1000")},
                {"at": 200_000, **row_document("roi_200000", baseline_ms=None, ratio=None)},
            ],
        }
    ],
    left_out=[{"name": "network_resnet101_cuda", "reason": "There is no NVIDIA card here."}],
    window=[
        {
            "module": "benchmarks.window",
            "lines": [
                "start: 0.8 s",
                "GUI thread, first prediction: longest stall 60.0 ms, p99 3.0 ms; own work 9.0 ms",
                "",
            ],
        }
    ],
)  # fmt: skip
GOLDEN = """\
## Against the goals

| what | goal | baseline | Her2Desk | ratio | memory | met |
| --- | --- | --- | --- | --- | --- | --- |
| `readout_resnet101`: a new outline of 56,000 px → whole readout (ResNet101, 30 features of 5 image types) | ≤ 200 ms at the 95th percentile, ≥ 80× | 20 s (p95 21 s, n 3); the slow way | 100 ms (p95 120 ms, n 30) | 200× | 500 MB (+20); baseline 900 MB (+300) | yes |
| `readout_first`: the first outline of an engine that has just warmed up → whole readout | ≤ 200 ms at the 95th percentile, ≥ 80× | 20 s (p95 21 s, n 3); the slow way | 250 ms (p95 300 ms, n 30) | 80× | 500 MB (+20); baseline 900 MB (+300) | **no** |
| `cohort_features_56k`: 210 patients × 1,561 features, 56,000 px, 2 processes | ≥ 40× | 20 s (p95 21 s, n 3); the slow way | 100 ms (p95 120 ms, n 30) | 20× | 500 MB (+20); baseline 900 MB (+300) | **no** |
| `start_to_window`: start to a usable window | < 1.2 s | 20 s (p95 21 s, n 3); the slow way | 900 ms (p95 120 ms, n 30) | 200× | – | yes |
| `cine_decode`: 200-frame colour cine: every frame once |  | not run; the slow way | 100 ms (p95 120 ms, n 30) | – | 500 MB (+20); baseline 900 MB (+300) |  |

## What is not met, and what cannot be less

- `readout_first`: 95th percentile 300 ms, 1.5 times off the goal of 200 ms. Limit on this machine: 9 GFLOP at 100 GFLOP/s take 90 ms, so at most 222× is possible; Her2Desk takes 2.8 times that.
- `cohort_features_56k`: ratio 20×, 2 times off the goal of 40×. Limit on this machine: 900 MB moved at 10 GB/s take 90 ms, so at most 222× is possible; Her2Desk takes 1.1 times that.

## The window

What each benchmark of the window printed in the same run (`clock` is what a hand waits for, other programs included; processor time is the window's own).

### `python -m benchmarks.window`

| measured | goal | met |
| --- | --- | --- |
| GUI thread, first prediction: longest stall 60.0 ms, p99 3.0 ms; own work 9.0 ms | longest stall < 50 ms, p99 < 16 ms | **no** |

Not met:

- GUI thread, first prediction: 1.2 times off. No arithmetic sets a limit: the window's thread itself worked 9.0 ms at a time at most, the rest it waited for Python's lock or for a processor.

```
start: 0.8 s
```

## How it grows

### By area

| pixels | baseline | Her2Desk | ratio | memory | about |
| --- | --- | --- | --- | --- | --- |
| 1,000 | 20 s (p95 21 s, n 3) | 100 ms (p95 120 ms, n 30) | 200× | 500 MB (+20); baseline 900 MB (+300) | roi px 56,000, frame 400 × 500 |
| 200,000 | not run | 100 ms (p95 120 ms, n 30) | – | 500 MB (+20); baseline 900 MB (+300) | roi px 56,000, frame 400 × 500 |

The baseline was not run where one round of it was expected to take over a minute.

## Left out

- `network_resnet101_cuda`: There is no NVIDIA card here.
"""  # noqa: E501


def test_the_page_says_what_was_measured_and_by_how_much_a_goal_is_missed() -> None:
    written = page(MEASURED)
    assert written[written.index("## Against") :] == GOLDEN


def test_the_page_describes_the_machine_and_how_it_was_measured() -> None:
    written = page(document())
    assert "A processor, 2 of 4 cores used, 2 threads, 8 GB of memory; no graphics card" in written
    assert "100 GFLOP/s" in written
    assert "10 GB/s" in written
    assert "other programs ran" not in written
    assert "Every goal of this table that could be measured is met." in written
    busy = {**document(), "machine": {**asdict(MACHINE), "load_before": 1.7}}
    assert "other programs ran" in page(busy)


@pytest.mark.parametrize(
    ("line", "is_met"),
    [
        ("GUI thread, band: longest stall 49.9 ms, p99 15.9 ms; own work 1 ms, p99 0.1 ms", True),
        ("GUI thread, band: longest stall 50.1 ms, p99 1.0 ms", False),
        ("GUI thread, band: longest stall 20.0 ms, p99 16.5 ms", False),
        ("drag step, 5 variables, clock: median 3.00 ms, p95 16.00 ms, longest 90.00 ms", True),
        (
            "threshold dragged, Result open: clock median 3.0 ms, p99 17.0 ms, longest 20.0 ms",
            False,
        ),
        ("native         444       21    59.7    59.7      7.7     3.0      454", True),
        ("real, JPEG      12      148    59.5    40.0      6.8     2.4      146", False),
        ("RLE            345       46    59.2    57.3     60.7     4.4      484", False),
        ("RLE            345       46    59.2    57.3      6.7     4.4      601", False),
    ],
)
def test_a_line_of_a_windows_benchmark_is_judged(line: str, is_met: bool) -> None:
    assert verdict_of(line).is_met is is_met


def test_a_cine_that_is_too_slow_stands_beside_what_decoding_takes() -> None:
    lines = [
        "JPEG 2000           85       88    14.2    23.4      9.0     2.9      505",
        "  baseline                   77    14.8             76.1    76.1      675",
    ]
    written = page(document(window=[{"module": "benchmarks.imaging_cine", "lines": lines}]))
    assert "- JPEG 2000: 4.23 times too few frames. Limit: every frame has to be" in written
    assert "shows 14.8 a second." in written
    assert lines[1] in written


def test_a_line_without_a_goal_is_quoted_as_it_is() -> None:
    assert verdict_of("listing 10,000 cases: 8 ms") == NO_GOAL


def test_a_goal_is_met_where_all_its_bounds_are_and_unknown_where_one_is() -> None:
    goal = GOALS["cohort_features_15k"]
    assert goal.is_met(row_document("x", product_ms=60_000, ratio=6.0)) is True
    assert goal.is_met(row_document("x", product_ms=60_001, ratio=6.0)) is False
    assert goal.is_met(row_document("x", product_ms=1, ratio=None)) is None
    assert goal.is_met(row_document("x", product_ms=60_001, ratio=None)) is False


def test_a_difference_above_the_tolerance_is_a_goal_not_met() -> None:
    goal = GOALS["full_feature_set"]
    assert goal.is_met(row_document("x", difference=9e-10)) is True
    assert goal.is_met(row_document("x", difference=2e-9)) is False
