"""Null cohorts end to end: what is counted, what is found again, and that a build gives its figures."""

import json

import pytest

from benchmarks.null_cohorts import RUNS, build, covers, finished, quick_profile, summary
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import named_profile


def run(seed, lower, upper, signal=0.0):
    figures = {"combined": {"held_out": [0.55, lower, upper]}}
    return {"seed": seed, "signal": signal, "figures": figures}


def test_an_interval_that_misses_a_half_is_counted_as_missing():
    runs = [run(0, 0.3, 0.7), run(1, 0.51, 0.8), run(2, 0.2, 0.49), run(3, 0.5, 0.9)]
    assert [covers(r, "combined") for r in runs] == [True, False, False, True]
    found = summary(runs)
    assert (found["covers"]["combined"], found["needed"]) == (2, 4)
    assert found["mean_auc"]["combined"]["held_out"] == pytest.approx(0.55)
    assert summary([run(seed, 0.3, 0.7) for seed in range(20)])["needed"] == 17


def test_builds_of_another_signal_are_not_taken_for_these(tmp_path):
    assert finished(tmp_path, 0.0) == {}
    lines = [json.dumps(r) for r in (run(0, 0.3, 0.7), run(0, 0.6, 0.9, 1.0), run(1, 0.2, 0.6))]
    (tmp_path / RUNS).write_text("\n".join(lines))
    assert sorted(finished(tmp_path, 0.0)) == [0, 1]
    assert finished(tmp_path, 1.0)[0]["figures"]["combined"]["held_out"] == [0.55, 0.6, 0.9]


def test_the_small_profile_is_first_order_and_glcm_of_the_original(tmp_path):
    names = all_names(named_profile(str(quick_profile(tmp_path))))
    assert {name.rsplit("_", 1)[0] for name in names} == {"original_firstorder", "original_glcm"}


@pytest.mark.slow
def test_a_strong_planted_signal_is_found_end_to_end(tmp_path):
    """The whole builder on simulated images: radiomics sees what was planted in the texture."""
    found = build(0, 90, 1.0, ("logistic", "lightgbm"), 2, tmp_path)
    value, lower, _ = found["figures"]["combined"]["held_out"]
    assert value > 0.75
    assert lower > 0.5
    assert found["counts"]["Held out"][0] == 26
