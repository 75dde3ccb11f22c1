"""Reports of cohorts in which some patients lack a clinical input: every figure names its own patients."""

import math
from dataclasses import replace

import pytest

from her2desk.reports.calibrations import judged_calibration
from her2desk.reports.discrimination_pictures import roc_pictures
from her2desk.reports.probability_pictures import decision_pictures
from her2desk.reports.study import Evidence, ScoredCohort, Study
from her2desk.reports.study_html import render_study
from her2desk.reports.study_probabilities import check_confusions

from .study_cases import a_study


def without_age(table: ScoredCohort, every: int) -> ScoredCohort:
    """Each ``every``-th patient lacks an input: the clinical branch has no answer."""
    known = table.probabilities["clinical"]
    clinical = tuple(math.nan if i % every == 0 else p for i, p in enumerate(known))
    return replace(table, probabilities={**table.probabilities, "clinical": clinical})


@pytest.fixture(scope="module")
def study() -> Study:
    whole = a_study()
    tables = {evidence: without_age(t, 4) for evidence, t in whole.tables.items()}
    return replace(whole, tables=tables)


def test_the_patients_of_a_branch_keep_their_order_folds_and_groups(study: Study) -> None:
    table = study.tables[Evidence.CROSS_VALIDATED]
    known = table.where_known("clinical")
    kept = [i for i in range(len(table.patients)) if i % 4]
    assert known.patients == tuple(table.patients[i] for i in kept)
    assert table.folds is not None
    assert known.folds == tuple(table.folds[i] for i in kept)
    assert known.probabilities["dlr"] == tuple(table.probabilities["dlr"][i] for i in kept)
    assert {len(v) for v in known.groups.values()} <= {len(kept)}
    assert table.where_known("dlr", "combined") == table


def test_a_report_is_written_whole(study: Study) -> None:
    page = render_study(study)
    held_out = study.tables[Evidence.HELD_OUT]
    complete = len(held_out.where_known("clinical").patients)
    assert f"DeLong test for each pair of branches, {complete} held-out patients" in page


def test_a_branch_is_judged_by_the_patients_it_could_answer_for(study: Study) -> None:
    table = study.tables[Evidence.HELD_OUT]
    judged = judged_calibration(table, "clinical")
    assert judged is not None
    assert judged.figures.n == len(table.where_known("clinical").patients) < len(table.patients)
    nobody = (math.nan,) * len(table.patients)
    empty = replace(table, probabilities={**table.probabilities, "clinical": nobody})
    assert judged_calibration(empty, "clinical") is None


def test_the_pictures_are_drawn(study: Study) -> None:
    for picture in (*roc_pictures(study), *decision_pictures(study)):
        assert picture.draw("svg")


def test_a_confusion_is_of_the_patients_called_by_its_threshold(study: Study) -> None:
    table = study.tables[Evidence.HELD_OUT]
    point = next(p for p in study.operating_points if p.evidence is Evidence.HELD_OUT)
    complete = table.where_known("clinical").positive
    fewer = replace(
        point.confusion,
        tp=sum(complete),
        fn=0,
        fp=0,
        tn=len(complete) - sum(complete),
    )
    check_confusions(replace(study, operating_points=(replace(point, confusion=fewer),)))
    too_few = replace(point, confusion=replace(fewer, tp=fewer.tp - 1))
    with pytest.raises(ValueError, match="does not add up"):
        check_confusions(replace(study, operating_points=(too_few,)))
