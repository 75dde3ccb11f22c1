"""Validity rule V24 on feature tables: nothing is found where nothing is, and a leak would be seen."""

import pytest

from benchmarks import null_tables
from benchmarks.null_tables import (
    FEATURES,
    HELD_OUT_EVENTS,
    TRAINING_EVENTS,
    NullRun,
    mean_and_error,
    null_table,
    passes,
    run_tables,
    summary,
)

TABLES = 200
COVERING = 180


def test_a_table_is_of_the_papers_size_and_the_same_each_time():
    table, again = null_table(3), null_table(3)
    assert table.values.shape == (140, FEATURES) == (140, 100)
    assert table.held_out_values.shape == (60, FEATURES)
    assert table.labels.sum() == TRAINING_EVENTS == 43
    assert table.held_out_labels.sum() == HELD_OUT_EVENTS == 15
    assert (again.values == table.values).all()
    assert (again.labels == table.labels).all()
    assert (null_table(4).values != table.values).any()


def test_means_away_from_a_half_do_not_pass():
    assert passes([0.45, 0.5, 0.56, 0.48, 0.52])
    assert not passes([0.59, 0.6, 0.61, 0.58, 0.57])
    assert not passes([0.41, 0.4, 0.39, 0.42, 0.43])


def test_the_summary_counts_the_intervals_that_cover():
    runs = [NullRun(s, 0.5 + s / 100, 0.6, 0.4, 0.3, 0.45 + s / 20, "lightgbm") for s in range(4)]
    found = summary(runs)
    assert (found["held_out"]["covers"], found["held_out"]["needed"]) == (3, 4)
    assert found["families_chosen"]["lightgbm"] == found["tables"] == 4


def test_finished_tables_are_found_again_on_their_own_grid_only(tmp_path, monkeypatch):
    done = []

    def run_table(seed, grid):
        done.append((seed, grid))
        return NullRun(seed, 0.5, 0.6, 0.4, 0.3, 0.6, "logistic")

    monkeypatch.setattr(null_tables, "run_table", run_table)
    keep = tmp_path / "runs.jsonl"
    first = run_tables(2, "quick", 1, keep)
    assert run_tables(3, "quick", 1, keep)[:2] == first
    run_tables(1, "default", 1, keep)
    assert done == [(0, "quick"), (1, "quick"), (2, "quick"), (0, "default")]


@pytest.fixture(scope="module")
def runs() -> list[NullRun]:
    return run_tables(TABLES, "quick", jobs=2)


@pytest.mark.slow
def test_cross_validation_finds_nothing_in_tables_without_signal(runs):
    areas = [run.cross_validated for run in runs]
    mean, error = mean_and_error(areas)
    assert error < 0.01  # small enough for the next line to mean something
    assert passes(areas), f"{mean:.4f}, standard error {error:.4f}"


@pytest.mark.slow
def test_held_out_intervals_cover_a_half(runs):
    assert sum(run.covers for run in runs) >= COVERING


@pytest.mark.slow
def test_selection_before_the_folds_fails_the_same_test(runs):
    areas = [run.leaky for run in runs]
    assert not passes(areas)
    assert mean_and_error(areas)[0] > 0.55
