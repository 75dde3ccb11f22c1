"""Subgroups and sites in a study's report."""

from collections.abc import Iterator

from her2desk.reports.document import (
    EMPTY,
    Block,
    Table,
    TableRow,
    cells,
    plain,
)
from her2desk.reports.study import Study
from her2desk.reports.study_words import (
    bounds,
    evidence_patients,
    group_name,
    number,
    said,
    with_bounds,
)
from her2desk.reports.subgroups import (
    site_counts,
    subgroup_counts,
    subgroup_value,
    subgroups,
    why_counts_only,
)
from her2desk.stats.meta_analysis import SitePooling
from her2desk.texts import msg


def subgroup_table(study: Study) -> tuple[Block, ...]:
    """AUC by subgroup; small ones as counts (V25)."""
    found = subgroups(study)
    if found is None or not found.rows:
        return ()
    rows = tuple(
        TableRow(
            msg(
                "{kind}: {value}", kind=said(group_name(row.kind)), value=said(subgroup_value(row))
            ),
            cells(
                subgroup_counts(row),
                why_counts_only(row)
                if row.figure is None
                else plain(with_bounds(row.figure.value, row.figure.lower, row.figure.upper)),
            ),
            "plain",
        )
        for row in found.rows
    )
    n = len(found.table.patients)
    return (
        Table(
            (msg("HER-2 positive"), msg("AUC (95 % interval)")),
            rows,
            msg("Subgroup"),
            msg(
                "Combined model by subgroup, {patients}",
                patients=said(evidence_patients(found.table.evidence, n)),
            ),
            (
                msg("Below 20 patients or 5 of either class only counts are given."),
                *(
                    ()
                    if found.has_figures
                    else (msg("Scores of different folds are not ranked together: no AUCs."),)
                ),
            ),
        ),
    )


def site_table(study: Study) -> tuple[Block, ...]:
    """Leave one site out (V4)."""
    pooling = study.sites
    if pooling is None:
        return ()
    rows = [
        TableRow(
            plain(site.name),
            cells(
                site_counts(site),
                msg("counts only: too few patients")
                if site.auc is None
                else plain(with_bounds(site.auc.value, site.auc.lower, site.auc.upper)),
            ),
        )
        for site in pooling.sites
    ]
    return (
        Table(
            (msg("HER-2 positive"), msg("AUC (95 % interval)")),
            (*rows, *_pooled(pooling)),
            msg("Site left out"),
            notes=(
                msg(
                    "Each site was predicted by models that had not seen it. Patients of different "
                    "sites are never ranked together."
                ),
                *(
                    (msg("τ² = {tau2} (log-odds of the AUC).", tau2=number(pooling.tau2)),)
                    if pooling.tau2 is not None
                    else ()
                ),
            ),
        ),
    )


def _pooled(pooling: SitePooling) -> Iterator[TableRow]:
    value, lower, upper = pooling.value, pooling.lower, pooling.upper
    if value is not None and lower is not None and upper is not None:
        words = with_bounds(value, lower, upper)
        yield TableRow(msg("Random-effects summary"), cells(EMPTY, words), "strong")
    low, high = pooling.prediction_lower, pooling.prediction_upper
    if low is not None and high is not None:
        words = bounds(low, high)
        yield TableRow(msg("Expected at another site"), cells(EMPTY, words), "apart")
