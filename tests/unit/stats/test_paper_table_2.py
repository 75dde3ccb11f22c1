"""Table 2 of Hu et al. rebuilt from its counts, both ways; docs/paper-table-2.md tells the story.

43 of 140 training patients were HER-2 positive. Each row gives the positives among the patients who
have the characteristic, and how many have it.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from her2desk.stats.association import AssociationRow, associate

PATIENTS, POSITIVE = 140, 43
Z_90 = 1.6448536269514722


@dataclass(frozen=True)
class Row:
    """Counts; the published figures (odds, 90 % bounds); the odds ratio with 95 % bounds."""

    name: str
    positive: int
    having: int
    published: tuple[float, float, float]
    odds_ratio: tuple[float, float, float]
    digits: int = 2


ROWS = [
    Row("ER", 20, 96, (0.263, 0.174, 0.398), (0.240, 0.111, 0.519), 3),
    Row("menopause", 23, 71, (0.479, 0.316, 0.727), (1.17, 0.57, 2.41)),
    Row("nodes", 16, 46, (0.533, 0.320, 0.888), (1.32, 0.62, 2.81)),
    Row("calcification", 24, 59, (0.686, 0.444, 1.061), (2.24, 1.08, 4.65)),
    Row("family history", 2, 5, (0.667, 0.149, 2.992), (1.53, 0.25, 9.49)),
]
BY_NAME = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@BY_NAME
def test_the_published_figures_are_odds_without_an_intercept_at_90_per_cent(row: Row) -> None:
    """Without an intercept a 0/1 column's coefficient is the log-odds of those who have it."""
    negative = row.having - row.positive
    log_odds = math.log(row.positive / negative)
    half = Z_90 * math.sqrt(1 / row.positive + 1 / negative)
    rebuilt = [round(math.exp(round(v, 3)), 3) for v in (log_odds - half, log_odds + half)]
    assert (round(row.positive / negative, 3), *rebuilt) == row.published


@BY_NAME
def test_with_an_intercept_the_same_counts_give_another_odds_ratio(row: Row) -> None:
    figures = associated(row).univariable
    said = tuple(round(v, row.digits) for v in (figures.value, figures.lower, figures.upper))
    assert said == row.odds_ratio
    others = (POSITIVE - row.positive, PATIENTS - POSITIVE - row.having + row.positive)
    by_hand = row.positive * others[1] / ((row.having - row.positive) * others[0])
    assert figures.value == pytest.approx(by_hand)


def test_four_signs_turn_round_and_one_association_appears() -> None:
    turned = [row.name for row in ROWS if (row.published[0] < 1) != (row.odds_ratio[0] < 1)]
    assert turned == ["menopause", "nodes", "calcification", "family history"]
    hidden = [
        row.name
        for row in ROWS
        if row.published[1] < 1 < row.published[2] and associated(row).univariable.p < 0.05
    ]
    assert hidden == ["calcification"]
    assert associated(ROWS[3]).univariable.p == pytest.approx(0.031, abs=5e-4)


def associated(row: Row) -> AssociationRow:
    counts = (
        row.positive,
        row.having - row.positive,
        POSITIVE - row.positive,
        PATIENTS - POSITIVE - row.having + row.positive,
    )
    has_it = np.repeat([1.0, 1.0, 0.0, 0.0], counts)
    labels = np.repeat([True, False, True, False], counts)
    return associate({row.name: has_it}, labels).rows[0]
