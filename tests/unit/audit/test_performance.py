"""Figures of a pack here, and whether they are worse than promised."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import fisher_exact

from benchmarks.audit_ward import in_memory, patients, scores
from her2desk.audit.local_audit import audit_of
from her2desk.audit.performance import missing, performance
from her2desk.audit.promise import promise_of
from her2desk.audit.results import LocalResults
from her2desk.audit.verdict import Standing, verdict
from her2desk.audit.verification import verification
from her2desk.audit.words import (
    calibration_sentences,
    cases_sentence,
    pattern_name,
    point_sentence,
    promise_sentence,
    slope_sentence,
    slope_test_of,
    summary,
)
from her2desk.domain.validation import ValidationSource
from her2desk.packs.pack import Pack
from her2desk.stats.auc import auc
from her2desk.stats.cusum import Shift

Ward = Callable[..., LocalResults]


def judged(pack: Pack, results: LocalResults):
    return verdict(results, performance(pack, results))


def only(results: LocalResults, positives: int, negatives: int) -> LocalResults:
    """The first so many of each class."""
    cases = results.counted
    chosen = [c for c in cases if c.is_positive][:positives]
    return LocalResults(tuple(chosen + [c for c in cases if not c.is_positive][:negatives]))


@pytest.mark.parametrize(
    ("positives", "negatives", "wanting"), [(4, 7, (6, 3)), (9, 30, (1, 0)), (0, 0, (10, 10))]
)
def test_there_is_no_figure_below_ten_of_each_class(
    promise: Pack, ward: Ward, positives: int, negatives: int, wanting: tuple[int, int]
) -> None:
    few = only(ward(120), positives, negatives)
    assert performance(promise, few) is None
    assert missing(few) == wanting
    said = judged(promise, few)
    assert said.standing is Standing.NOT_YET
    assert f"{wanting[0]} and {wanting[1]} are still missing" in said.sentence.text()


def test_ten_of_each_class_are_enough(promise: Pack, ward: Ward) -> None:
    found = performance(promise, only(ward(120), 10, 10))
    assert found is not None
    assert found.patients == 20
    assert not found.calibrated.is_judged, "V19: at 15 events or fewer"
    said = " ".join(s.text() for s in calibration_sentences(found.calibrated))
    assert "Calibration cannot be judged: 10 of 20 patients were positive" in said


def test_a_pack_that_keeps_its_promise_is_told_so(promise: Pack, ward: Ward) -> None:
    results = ward(150)
    found = performance(promise, results)
    assert found is not None
    assert found.promise is not None
    assert found.promise.source is ValidationSource.HELD_OUT
    card = promise.manifest.auc.held_out["combined"]
    assert found.auc.promised == (card.value, card.lower, card.upper)
    said = judged(promise, results)
    assert said.standing is Standing.KEEPS
    assert said.sentence.text().startswith("On 150 local patients the AUC is 0.")
    assert "in line with the 0.90" in said.sentence.text()


def test_a_pack_that_has_fallen_behind_is_told_in_one_plain_sentence(
    promise: Pack, ward: Ward
) -> None:
    said = judged(promise, ward(100, true=0.6))
    assert said.standing is Standing.BEHIND
    text = said.sentence.text()
    assert text.startswith("On 100 local patients the AUC is 0.")
    assert "that the card promises: do not rely on this pack here before it is looked into." in text


def test_a_fall_that_chance_may_explain_is_called_that(promise: Pack, ward: Ward) -> None:
    said = (judged(promise, ward(45, seed, true=0.78)) for seed in range(12))
    unsure = next(one for one in said if one.standing is Standing.UNSURE)
    assert "chance may still explain it" in unsure.sentence.text()


@pytest.mark.parametrize(("odds_ratio", "shift"), [(3.0, Shift.MORE), (0.25, Shift.FEWER)])
def test_wrong_probabilities_are_not_called_a_wrong_ranking(
    promise: Pack, ward: Ward, odds_ratio: float, shift: Shift
) -> None:
    results = ward(200, odds_ratio=odds_ratio)
    found = performance(promise, results)
    assert found is not None
    assert found.cusum.signals[0].shift is shift
    said = verdict(results, found)
    assert said.standing is Standing.MISCALIBRATED
    assert f"{results.positives} were HER-2 positive and" in said.sentence.text()
    assert "local prevalence" in said.advice.text()


def test_a_small_difference_in_numbers_shows_in_the_intercept_without_a_signal(
    promise: Pack, ward: Ward
) -> None:
    results = ward(200, odds_ratio=2.2)
    found = performance(promise, results)
    assert found is not None
    quiet = replace(
        found,
        cusum=replace(
            found.cusum, charts=tuple(replace(c, signal=None) for c in found.cusum.charts)
        ),
    )
    said = verdict(results, quiet)
    assert said.standing is Standing.MISCALIBRATED
    assert "by result" not in said.sentence.text()


def test_the_tables_count_every_case_of_the_pattern(promise: Pack, ward: Ward) -> None:
    results = ward(90)
    found = performance(promise, results)
    assert found is not None
    for check in found.points:
        assert check.table.cohort_size == 90
        assert check.sensitivity.local.total == results.positives
        promised = check.sensitivity.promised
        assert promised is not None
        table = [
            [check.table.tp, check.table.fn],
            [promised.count, promised.total - promised.count],
        ]
        assert check.sensitivity.p == fisher_exact(table, alternative="less").pvalue
        assert check.sensitivity.adjusted_p >= check.sensitivity.p
        assert "promised" in point_sentence(check).text()
    area = auc([c.is_positive for c in results.counted], [c.answer.logit for c in results.counted])
    assert found.auc.local == area


def test_a_lost_sensitivity_is_named_even_where_the_auc_is_not_worse(
    promise: Pack, ward: Ward
) -> None:
    results = ward(160)
    found = performance(promise, results)
    assert found is not None
    first = found.points[0]
    lost = replace(first, sensitivity=replace(first.sensitivity, adjusted_p=0.001))
    said = verdict(results, replace(found, points=(lost, *found.points[1:])))
    assert said.standing is Standing.BEHIND
    assert "the sensitivity at “Youden index” is" in said.sentence.text()
    assert "of the pack's own validation" in said.sentence.text()


def test_a_flatter_chart_alone_is_a_reason_to_look(promise: Pack, ward: Ward) -> None:
    results = ward(160)
    found = performance(promise, results)
    assert found is not None
    charts = tuple(
        replace(c, signal=41 if c.shift is Shift.FLATTER else None) for c in found.cusum.charts
    )
    said = verdict(results, replace(found, cusum=replace(found.cusum, charts=charts)))
    assert said.standing is Standing.BEHIND
    assert "from result 42 of 160 on" in said.sentence.text()


def test_results_of_another_pattern_are_in_calibration_only(promise: Pack, ward: Ward) -> None:
    results = ward(120)
    others = 20
    mixed = LocalResults(
        tuple(
            replace(c, answer=replace(c.answer, pattern="image-only")) if i < others else c
            for i, c in enumerate(results.cases)
        )
    )
    found = performance(promise, mixed)
    assert found is not None
    assert (found.pattern, found.patients, found.calibrated.figures.n) == ("pr", 100, 120)
    said = " ".join(m.text() for m in summary(audit_of(promise, mixed)))
    assert "20 local results with other inputs known are in calibration and charts only" in said
    assert "with Progesterone receptor (PR) known" in said


def test_without_validation_there_is_no_promise(promise: Pack, ward: Ward) -> None:
    bare = replace(promise, validation=())
    results = ward(100)
    found = performance(bare, results)
    assert found is not None
    assert found.promise is None
    assert found.auc.p is None
    said = verdict(results, found)
    assert said.standing is Standing.NOT_YET
    assert "promises none to compare it with" in said.sentence.text()
    assert "promised" not in point_sentence(found.points[0]).text()


def test_too_few_held_out_patients_give_way_to_those_out_of_fold(pack: Pack) -> None:
    held_out = [r for r in pack.validation if r.source is ValidationSource.HELD_OUT and r.positive]
    few = replace(
        pack, validation=tuple(r for r in pack.validation if r not in held_out[: len(held_out) - 4])
    )
    found = promise_of(few, "pr")
    assert found is not None
    assert found.source is ValidationSource.OUT_OF_FOLD
    card = pack.manifest.auc.cross_validated["combined"]
    assert found.auc == (card.value, card.lower, card.upper)
    lesser = promise_of(few, "image-only")
    assert lesser is not None
    assert lesser.auc[0] != card.value, "the card's AUC is of the fullest pattern"
    held = promise_of(pack, "image-only")
    assert held is not None
    rows = pack.rows("image-only", ValidationSource.HELD_OUT)
    assert held.auc[0] == auc([r.positive for r in rows], [r.logit for r in rows]).value


def test_one_fold_alone_promises_nothing(pack: Pack) -> None:
    rows = pack.rows("image-only", ValidationSource.OUT_OF_FOLD)
    one = replace(pack, validation=tuple(r for r in rows if r.fold == 0))
    assert promise_of(one, "image-only") is None


def test_selective_verification_is_said(promise: Pack) -> None:
    rng = np.random.default_rng(0)
    positive, eta = scores(rng, 120, promised=0.9, prevalence=0.3)
    drawn = patients(promise, positive, eta, rng=rng)
    waits = [
        replace(p, pathology=None) if p.logit < np.median(eta) and i % 2 else p
        for i, p in enumerate(drawn)
    ]
    found = verification(in_memory(promise, waits))
    assert found.is_selective
    assert found.with_result > found.without
    assert "it depends on the prediction" in found.sentence.text()
    chance = [replace(p, pathology=None) if i % 3 == 0 else p for i, p in enumerate(drawn)]
    calm = verification(in_memory(promise, chance))
    assert not calm.is_selective
    assert calm.sentence.text().startswith("Status is known of 80 of 120 predicted lesions, 67 %;")
    all_known = verification(in_memory(promise, drawn))
    assert all_known.sentence.text() == "Status is known of 120 of 120 predicted lesions."


def test_what_is_not_counted_is_said_and_nothing_else(promise: Pack, ward: Ward) -> None:
    assert cases_sentence(ward(40)).text().endswith("negative).")
    rng = np.random.default_rng(0)
    drawn = patients(promise, *scores(rng, 5, promised=0.9, prevalence=0.3), rng=rng)
    waiting = in_memory(promise, [replace(p, pathology=None) for p in drawn])
    said = cases_sentence(waiting).text()
    assert said.endswith("Not counted: 5 wait for pathology.")


def test_the_slope_is_said_with_what_it_means(promise: Pack, ward: Ward) -> None:
    assert slope_sentence(slope_test_of(ward(10))).text() == "Nothing can be said of the slope."
    far = slope_sentence(slope_test_of(ward(300, true=0.7))).text()
    assert "below 1" in far
    assert far.endswith("predictions are spread too far.")
    near = slope_sentence(slope_test_of(ward(300, promised=0.7, true=0.9))).text()
    assert near.endswith("predictions are not spread far enough.")
    right = slope_sentence(slope_test_of(ward(300))).text()
    assert "nothing shows that it differs from 1" in right


def test_a_pack_that_keeps_its_promise_does_not_cry_wolf(promise: Pack, ward: Ward) -> None:
    said = [judged(promise, ward(80, seed)).standing for seed in range(40)]
    assert said.count(Standing.BEHIND) <= 4  # about 2.5 % of a look: docs/validation.md


def test_planted_deterioration_is_recognised(promise: Pack, ward: Ward) -> None:
    said = [judged(promise, ward(120, seed, true=0.65)).standing for seed in range(20)]
    assert said.count(Standing.BEHIND) >= 18


def test_whom_the_promise_is_of_is_said(pack: Pack, promise: Pack, ward: Ward) -> None:
    results = ward(80)
    out_of_fold = replace(pack, validation=pack.rows("pr", ValidationSource.OUT_OF_FOLD))
    said = promise_sentence(audit_of(out_of_fold, results)).text()
    assert "each predicted out of fold, with Progesterone receptor (PR) known" in said
    bare = replace(promise, validation=())
    assert "no validation patients" in promise_sentence(audit_of(bare, results)).text()
    assert pattern_name("image-only").text() == "no clinical input known"
