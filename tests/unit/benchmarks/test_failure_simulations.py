"""The simulations behind V16: what is planted, what is counted, and what is found again."""

import csv
import json
import math

import numpy as np
import pytest
from scipy.special import ndtr

from benchmarks.failure_patterns import (
    ATTENTION,
    PAPERS_SIZE,
    Seen,
    Setting,
    by_errors,
    by_point,
    error_models,
    look_for,
    null_rates,
    simulated,
    with_folds_apart,
)
from benchmarks.failure_phantoms import RUNS, disperse, finished, mislabel, summary
from her2desk.domain.traits import Trait
from her2desk.stats.auc import auc


def parted(cohort) -> float:
    return auc([r.positive for r in cohort.rows], [r.logit for r in cohort.rows]).value


def test_a_simulated_cohort_has_the_stated_size_prevalence_and_auc():
    setting = Setting(20_000, 0.85)
    cohort = simulated(0, "nothing", setting=setting)
    assert len(cohort.rows) == 20_000
    assert np.mean([r.positive for r in cohort.rows]) == pytest.approx(43 / 140, abs=0.01)
    assert parted(cohort) == pytest.approx(0.85, abs=0.01)
    assert ndtr(setting.spread / math.sqrt(2)) == pytest.approx(0.85)
    assert {r.fold for r in cohort.rows} == set(range(5))


@pytest.mark.parametrize(
    ("planted", "trait", "is_positive"),
    [("calcification", Trait.CALCIFICATION, False), ("dispersion", Trait.DISPERSION, True)],
)
def test_only_those_who_look_like_it_are_mistaken(planted, trait, is_positive):
    plain, changed = simulated(1, "nothing"), simulated(1, planted, 0.5)
    moved = [(a, b) for a, b in zip(plain.rows, changed.rows, strict=True) if a.logit != b.logit]
    assert moved
    assert all(a.positive is is_positive and a.traits == b.traits for a, b in moved)
    assert all((b.logit > a.logit) is not is_positive for a, b in moved)
    lowest = min(a.traits[trait] for a, _ in moved)
    assert lowest >= np.quantile([r.traits[trait] for r in plain.rows], 0.6)
    assert parted(changed) < parted(plain)


def test_networks_that_differ_move_attention_and_log_odds_of_a_whole_fold():
    plain = simulated(4, "nothing")
    apart = with_folds_apart(plain, 4)
    for trait in Trait:
        by_fold = [
            {
                round((b.traits[trait] or 0) - (a.traits[trait] or 0), 9)
                for a, b in zip(plain.rows, apart.rows, strict=True)
                if a.fold == fold
            }
            for fold in range(5)
        ]
        assert all(len(moves) == 1 for moves in by_fold)
        assert all(moves == {0.0} for moves in by_fold) is (trait not in ATTENTION)
    assert {r.logit for r in plain.rows}.isdisjoint(r.logit for r in apart.rows)
    assert apart.points != plain.points


def test_what_was_found_is_counted_by_point_and_by_errors():
    seen = [
        Seen("youden", True, 12, 20, 0.5, 0.1, False),
        Seen("youden", False, 7, 10, 0.3, 0.1, True),
        Seen("sensitivity95", False, 60, 30, 0.5, 0.4, False),
        Seen("specificity95", False, 3, 4, 0.25, 0.1, False),
    ]
    assert by_point(seen)["youden"] == {
        "found": 0.5,
        "errors": 9.5,
        "alike": 15.0,
        "wrong": pytest.approx(0.4),
        "others_wrong": pytest.approx(0.1),
        "others_warn": 0.5,
    }
    assert by_errors(seen) == {
        "0 to 4": {"found": 0.0, "tables": 1},
        "5 to 9": {"found": 0.0, "tables": 1},
        "10 to 19": {"found": 1.0, "tables": 1},
        "40 to 999": {"found": 0.0, "tables": 1},
    }


def test_every_point_of_every_cohort_is_looked_at():
    assert len(look_for("dispersion", 0.7, PAPERS_SIZE, 2)) == 6
    rates = null_rates(PAPERS_SIZE, 5)
    assert set(rates) == {"V16", "unadjusted"}
    for rule in rates.values():
        assert rule["any of three"] >= max(rule["youden"], rule["sensitivity95"])
    assert rates["unadjusted"]["any of three"] >= rates["V16"]["any of three"]
    models = error_models("calcification", 0.7, PAPERS_SIZE, 1)
    assert models["sensitivity95, positive"]["tried"] == 1.0


def test_lesions_that_look_positive_are_entered_as_negative(tmp_path):
    table = tmp_path / "cohort.csv"
    names = ("patient_id", "her2_ihc", "her2_fish", "calcification")
    cells = [
        ("A", "3+", "", "true"),
        ("B", "3+", "", "false"),
        ("C", "2+", "amplified", "true"),
        ("D", "2+", "not amplified", "true"),
        ("E", "0", "", "true"),
    ]
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *cells])
    assert mislabel(table, 0.0, 0) == 0
    assert mislabel(table, 1.0, 0) == 2
    with table.open(newline="", encoding="utf-8") as file:
        after = [(r["patient_id"], r["her2_ihc"], r["her2_fish"]) for r in csv.DictReader(file)]
    assert after[0] == ("A", "1+", "")
    assert after[2] == ("C", "1+", "")
    assert [r[1] for r in (after[1], *after[3:])] == ["3+", "2+", "0"]


def test_dispersed_positives_get_the_log_odds_of_negatives():
    rows = simulated(2, "nothing").rows
    changed = disperse(rows, 1.0, 0)
    limits = {
        fold: np.quantile([r.traits[Trait.DISPERSION] for r in rows if r.fold == fold], 0.75)
        for fold in {r.fold for r in rows}
    }
    negatives = {(r.fold, r.logit) for r in rows if not r.positive}
    for before, after in zip(rows, changed, strict=True):
        if before.positive and before.traits[Trait.DISPERSION] >= limits[before.fold]:
            assert (after.fold, after.logit) in negatives
        else:
            assert after == before
    assert disperse(rows, 0.0, 0) == list(rows)


def said(planted, point, name, warns):
    return {planted: [{"operating_point": point, "name": name, "warns": warns}]}


def test_the_summary_tells_the_planted_pattern_from_the_others():
    runs = [
        {"found": said("calcification", "youden", "calcification", True)},
        {"found": said("calcification", "youden", "nodes", True)},
        {
            "found": {
                **said("nothing", "youden", "nodes", True),
                **said("dispersion", "youden", "dispersed-attention", False),
            }
        },
    ]
    assert summary(runs) == {
        "calcification": {"youden": {"cohorts": 2, "found": 1, "others_warn": 1}},
        "nothing": {"youden": {"cohorts": 1, "found": 0, "others_warn": 1}},
        "dispersion": {"youden": {"cohorts": 1, "found": 0, "others_warn": 0}},
    }


def test_builds_with_another_share_are_not_taken_for_these(tmp_path):
    assert finished(tmp_path, 0.7) == {}
    runs = [
        {"planted": "nothing", "seed": 0, "share": 0.7},
        {"planted": "nothing", "seed": 0, "share": 0.5},
        {"planted": "calcification", "seed": 1, "share": 0.7},
    ]
    (tmp_path / RUNS).write_text("\n".join(json.dumps(run) for run in runs), encoding="utf-8")
    assert sorted(finished(tmp_path, 0.7)) == [("calcification", 1), ("nothing", 0)]
