"""The sentences that window and report share (V10, V14, V15)."""

from dataclasses import replace

import pytest

from her2desk.domain.counts import Call, Confusion, PredictiveValue
from her2desk.domain.readout import Readout
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.domain.validation import OperatingPoint, ValidationSource
from her2desk.stats import statements
from her2desk.stats.proportions import wilson

READOUT = Readout(
    probability=0.63,
    lower=0.48,
    upper=0.76,
    prevalence=0.307,
    operating_point=OperatingPoint("sensitivity95", 0.31, (0.3, 0.32)),
    call=Call.INDETERMINATE,
    confusion=Confusion(14, 9, 36, 1, ValidationSource.OUT_OF_FOLD),
    sensitivity=wilson(14, 15),
    specificity=wilson(36, 45),
    ppv=None,
    npv=PredictiveValue(0.96, 0.9, 0.99),
    neighbours=wilson(11, 20),
)


def test_the_probability_is_of_patients_with_the_same_scores() -> None:
    assert statements.probability_sentence(READOUT).text() == (
        "Among patients with the same scores, an estimated 63 % are HER-2 positive "
        "(95 % interval 48–76 %)."
    )
    assert statements.interval_scope().text() == (
        "The interval is for the average of such patients; it does not include another scanner or "
        "hospital."
    )
    assert statements.probability_figure(READOUT).text() == "0.63 (0.48–0.76)"


def test_one_prevalence_is_named_and_whose_the_counts_are_where_it_differs() -> None:
    table = Confusion(31, 9, 60, 0, ValidationSource.OUT_OF_FOLD)
    at_home = replace(READOUT, confusion=table, prevalence=0.31)
    assert statements.prevalence_sentence(at_home).text() == (
        "All figures are for a place where 31 % of such patients are HER-2 positive."
    )
    assert statements.prevalence_sentence(replace(READOUT, prevalence=0.2)).text() == (
        "Probabilities and predictive values are for a place where 20 % of such patients are HER-2 "
        "positive; counts are of the pack's patients, of whom 25 % were."
    )
    near = statements.prevalence_sentence(replace(at_home, prevalence=0.307)).text()
    assert "where 30.7 % of such patients" in near
    without = replace(READOUT, confusion=None)
    assert "All figures" in statements.prevalence_sentence(without).text()


def test_a_tuned_threshold_says_what_was_observed() -> None:
    assert statements.operating_point_sentence(READOUT).text() == (
        "Threshold 0.31, tuned for 95 % sensitivity; observed 93 % (14 of 15), interval 70–99 %."
    )


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (
            OperatingPoint("specificity95", 0.6, (0.6,)),
            "Threshold 0.60, tuned for 95 % specificity; observed "
            "80 % (36 of 45), interval 66–89 %.",
        ),
        (
            OperatingPoint("youden", 0.4, (0.4,)),
            "Threshold 0.40, tuned for the largest sensitivity + specificity; observed sensitivity "
            "93 % (14 of 15), interval 70–99 %; specificity 80 % (36 of 45), interval 66–89 %.",
        ),
        (
            OperatingPoint("own", 0.5),
            "Threshold 0.50, chosen after looking; optimistic: sensitivity "
            "93 % (14 of 15), interval 70–99 %; specificity 80 % (36 of 45), interval 66–89 %.",
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_kind_of_threshold_has_its_sentence(point: OperatingPoint, said: str) -> None:
    readout = replace(READOUT, operating_point=point)
    assert statements.operating_point_sentence(readout).text() == said


def test_neighbours_are_counted() -> None:
    assert statements.neighbours_sentence(READOUT).text() == (
        "Of the validation patients with the nearest scores, 11 of 20 (34–74 %) were HER-2 "
        "positive."
    )


@pytest.mark.parametrize(
    ("call", "start"),
    [
        (Call.INDETERMINATE, "Indeterminate: IHC, and FISH if 2+"),
        (Call.POSITIVE, "Positive at this operating point"),
        (Call.NEGATIVE, "Negative at this operating point"),
    ],
)
def test_every_call_names_the_next_step(call: Call, start: str) -> None:
    said = statements.call_sentence(replace(READOUT, call=call)).text()
    assert said.startswith(start)
    assert "IHC, and FISH if 2+" in said


def test_the_confusion_table_says_whose_answers_it_counts() -> None:
    assert statements.confusion_title(READOUT.confusion).text() == (
        "60 validation patients, each predicted out of fold"
    )
    held_out = replace(READOUT.confusion, source=ValidationSource.HELD_OUT)
    assert statements.confusion_title(held_out).text() == "60 held-out validation patients"


def test_a_predictive_value_may_be_missing() -> None:
    assert statements.predictive_value_figure(READOUT.ppv).text() == "not available"
    assert statements.predictive_value_figure(READOUT.npv).text() == "0.96 (0.90–0.99)"


@pytest.mark.parametrize("name", ["youden", "sensitivity95", "specificity95", "own"])
def test_operating_points_have_names_for_people(name: str) -> None:
    said = statements.operating_point_name(name).text()
    assert said[0].isupper()
    assert said != name


def test_every_result_carries_the_research_line() -> None:
    assert RESEARCH_USE.text() == (
        "Research use: an adjunct to, never a replacement for, IHC and FISH."
    )


def test_without_patients_of_a_class_the_threshold_reached_nobody() -> None:
    bare = replace(READOUT, sensitivity=None, specificity=None, neighbours=None)
    for name in ("youden", "sensitivity95", "specificity95"):
        readout = replace(bare, operating_point=OperatingPoint(name, 0.4, (0.4,)))
        said = statements.operating_point_sentence(readout).text()
        assert "in nobody, for want of such patients" in said
    own = replace(bare, operating_point=OperatingPoint("own", 0.4))
    assert "in nobody" in statements.operating_point_sentence(own).text()
    assert statements.neighbours_sentence(bare).text() == (
        "There are no validation patients to compare the score with."
    )


def test_a_rate_is_in_counts_or_not_available() -> None:
    assert statements.rate_figure(wilson(3, 7)).text() == "3 of 7"
    assert statements.rate_figure(None).text() == "not available"


def test_a_predictive_value_without_an_error_is_no_certainty() -> None:
    """V15: never 100 % for want of errors."""
    said = statements.predictive_value_figure(PredictiveValue(1.0, 0.8, 1.0))
    assert said.text() == ">0.99 (0.80–>0.99)"
