"""The simulated table follows the paper's Table 1 and plants the label in PR alone."""

import math
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.clinical import CLINICAL_FIELDS
from her2desk.phantoms.clinical import (
    PR_ODDS_RATIO,
    PR_SHARE,
    SimulatedRecord,
    joint_share,
    pr_share,
    simulate_record,
)

N = 2000
SEED = 20240101

# Hu et al., Table 1, training column (140 patients); PR's share is not printed, ours is assumed.
PAPER_COUNTS = {
    "er": 96,
    "postmenopausal": 71,
    "lymph_node_metastasis": 46,
    "calcification": 59,
    "family_history": 5,
}


@pytest.fixture(scope="module")
def planted() -> list[SimulatedRecord]:
    return [simulate_record(i, SEED, 1.0) for i in range(N)]


@pytest.fixture(scope="module")
def unplanted() -> list[SimulatedRecord]:
    return [simulate_record(i, SEED, 0.0) for i in range(N)]


def tolerance(share: float, n: int = N) -> float:
    """3.5 standard errors: one false alarm in about 2,000 shares."""
    return 3.5 * math.sqrt(share * (1 - share) / n)


def share(records: list[SimulatedRecord], holds: Callable[[SimulatedRecord], bool]) -> float:
    return sum(map(holds, records)) / len(records)


@pytest.mark.parametrize(("name", "count"), PAPER_COUNTS.items())
def test_shares_follow_table_1(planted: list[SimulatedRecord], name: str, count: int) -> None:
    expected = count / 140
    found = share(planted, lambda r: bool(getattr(r.clinical, name)))
    assert found == pytest.approx(expected, abs=tolerance(expected))


def test_43_of_140_are_her2_positive(planted: list[SimulatedRecord]) -> None:
    assert share(planted, lambda r: r.her2_positive) == pytest.approx(
        43 / 140, abs=tolerance(43 / 140)
    )


def test_pr_has_the_papers_odds_ratio_at_full_signal(planted: list[SimulatedRecord]) -> None:
    table = Counter((r.her2_positive, r.clinical.pr) for r in planted)
    log_odds_ratio = math.log(
        table[True, True] * table[False, False] / (table[True, False] * table[False, True])
    )
    standard_error = math.sqrt(sum(1 / count for count in table.values()))
    assert log_odds_ratio == pytest.approx(math.log(PR_ODDS_RATIO), abs=3.5 * standard_error)
    assert share(planted, lambda r: bool(r.clinical.pr)) == pytest.approx(
        PR_SHARE, abs=tolerance(PR_SHARE)
    )


@given(signal=st.floats(0, 1))
def test_pr_shares_by_label_keep_the_margin_and_the_odds_ratio(signal: float) -> None:
    positive, negative = pr_share(True, signal), pr_share(False, signal)
    assert 43 / 140 * positive + 97 / 140 * negative == pytest.approx(PR_SHARE)
    odds_ratio = positive / (1 - positive) / (negative / (1 - negative))
    assert odds_ratio == pytest.approx(PR_ODDS_RATIO**signal)


@given(first=st.floats(0.02, 0.98), second=st.floats(0.02, 0.98), odds_ratio=st.floats(0.05, 20))
def test_joint_share_has_its_margins_and_its_odds_ratio(
    first: float, second: float, odds_ratio: float
) -> None:
    both = joint_share(first, second, odds_ratio)
    only_first, only_second = first - both, second - both
    neither = 1 - both - only_first - only_second
    assert min(both, only_first, only_second, neither) > 0
    assert both * neither == pytest.approx(odds_ratio * only_first * only_second, rel=1e-6)


def test_only_pr_reads_the_label(
    planted: list[SimulatedRecord], unplanted: list[SimulatedRecord]
) -> None:
    changed = {
        spec.name
        for with_signal, without in zip(planted, unplanted, strict=True)
        for spec in CLINICAL_FIELDS
        if getattr(with_signal.clinical, spec.name) != getattr(without.clinical, spec.name)
    }
    assert changed == {"pr"}


def test_without_signal_pr_does_not_read_the_label() -> None:
    assert pr_share(True, 0.0) == pytest.approx(pr_share(False, 0.0), abs=1e-15)


def test_receptors_go_together(planted: list[SimulatedRecord]) -> None:
    with_er = [r for r in planted if r.clinical.er]
    without = [r for r in planted if not r.clinical.er]
    assert share(with_er, lambda r: bool(r.clinical.pr)) > 0.3 + share(
        without, lambda r: bool(r.clinical.pr)
    )


def test_menopause_comes_with_age(planted: list[SimulatedRecord]) -> None:
    assert not any(r.clinical.postmenopausal for r in planted if r.age_years < 35)
    assert all(r.clinical.postmenopausal for r in planted if r.age_years > 67)


def test_pathology_agrees_with_the_truth_or_is_unknown(planted: list[SimulatedRecord]) -> None:
    unknown = [r for r in planted if r.pathology.her2_positive is None]
    known = [r for r in planted if r.pathology.her2_positive is not None]
    assert all(r.pathology.her2_positive == r.her2_positive for r in known)
    assert all((r.pathology.her2_ihc, r.pathology.her2_fish) == ("2+", None) for r in unknown)
    assert len(unknown) / N == pytest.approx(0.03, abs=tolerance(0.03))
    assert {r.pathology.her2_ihc for r in known} == {"0", "1+", "2+", "3+"}


def test_every_record_is_plausible(planted: list[SimulatedRecord]) -> None:
    for record in planted:
        record.clinical.check()
        record.pathology.check()


def test_missing_values_leave_the_rest_as_it_was(planted: list[SimulatedRecord]) -> None:
    gaps = [simulate_record(i, SEED, 1.0, missing=0.2) for i in range(300)]
    names = [spec.name for spec in CLINICAL_FIELDS]
    values = [
        (getattr(gap.clinical, name), getattr(full.clinical, name))
        for gap, full in zip(gaps, planted, strict=False)
        for name in names
    ]
    gone = sum(value is None for value, _ in values) / len(values)
    assert gone == pytest.approx(0.2, abs=tolerance(0.2, len(values)))
    assert all(value == full for value, full in values if value is not None)
    assert all(gap.age_years == full.age_years for gap, full in zip(gaps, planted, strict=False))
