"""Figures by subgroup, and which of them may be given (V13, V25)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from her2desk.reports.study import ScoredCohort, Study
from her2desk.reports.study_words import COMBINED, UNSEEN
from her2desk.stats.auc import Auc, auc
from her2desk.stats.meta_analysis import FEWEST_OF_A_CLASS, FEWEST_PATIENTS, SiteAuc
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class Subgroup:
    """Patients who share a value of ``kind``; ``figure`` is None where only counts may be shown."""

    kind: str
    value: str
    patients: int
    positive: int
    figure: Auc | None


@dataclass(frozen=True)
class Subgroups:
    """The subgroups of one table. ``has_figures`` is False where scores of folds were pooled."""

    table: ScoredCohort
    rows: tuple[Subgroup, ...]
    has_figures: bool


def subgroups(study: Study) -> Subgroups | None:
    """By subgroup: AUCs of the combined model in unseen patients, else the counts alone.

    Out-of-fold scores of different folds are not ranked together (V13), so cross-validated
    patients are only counted. Subgroups below 20 patients or 5 of either class are only counted
    too (V25). None where nobody's subgroup is known.
    """
    tables = [study.tables[e] for e in UNSEEN if e in study.tables]
    tables += [t for t in study.tables.values() if t not in tables]
    table = next((t for t in tables if any(any(v) for v in t.groups.values())), None)
    if table is None:
        return None
    may_rank = table.evidence in UNSEEN and COMBINED in table.probabilities
    table = table.where_known(COMBINED) if may_rank else table
    rows = tuple(row for kind in table.groups for row in _of_kind(table, kind, may_rank=may_rank))
    return Subgroups(table, rows, may_rank)


def why_counts_only(row: Subgroup) -> Message:
    """Why a subgroup has no figure."""
    if row.patients < FEWEST_PATIENTS:
        return msg("counts only: below 20 patients")
    if min(row.positive, row.patients - row.positive) < FEWEST_OF_A_CLASS:
        return msg("counts only: below 5 of a class")
    return msg("counts only: scores of different folds")


def subgroup_value(row: Subgroup) -> Message:
    """The subgroup's value, or that it is not known."""
    return msg("{value}", value=row.value) if row.value else msg("not known")


def subgroup_counts(row: Subgroup) -> Message:
    """Patients and positives."""
    return msg("{positive} of {patients}", positive=row.positive, patients=row.patients)


def site_counts(site: SiteAuc) -> Message:
    """A site's patients and positives."""
    return msg("{positive} of {patients}", positive=site.events, patients=site.n)


def _of_kind(table: ScoredCohort, kind: str, *, may_rank: bool) -> Iterator[Subgroup]:
    values = np.array(table.groups[kind], dtype=object)
    positive = np.array(table.positive)
    known = sorted({v for v in table.groups[kind] if v})
    for value in [*known, *([""] if "" in table.groups[kind] else [])]:
        inside = values == value
        n, events = int(inside.sum()), int(positive[inside].sum())
        is_enough = n >= FEWEST_PATIENTS and min(events, n - events) >= FEWEST_OF_A_CLASS
        figure = None
        if may_rank and is_enough:
            scores = np.array(table.probabilities[COMBINED])
            figure = auc(positive[inside], scores[inside])
        yield Subgroup(kind, value, n, events, figure)
