"""Forest plots of a study: subgroups, sites, odds ratios."""

from collections.abc import Iterator

from her2desk.figures.forest import (
    AUC_SCALE,
    ODDS_SCALE,
    ForestRow,
    RowKind,
    forest_figure,
)
from her2desk.figures.plots import shown
from her2desk.reports.document import StudyPicture
from her2desk.reports.picture_parts import drawn, picture_title
from her2desk.reports.study import Study
from her2desk.reports.study_words import (
    bounds,
    evidence_patients,
    group_name,
    input_name,
    said,
    with_bounds,
)
from her2desk.reports.subgroups import (
    Subgroup,
    site_counts,
    subgroup_counts,
    subgroup_value,
    subgroups,
    why_counts_only,
)
from her2desk.stats.association import OddsRatio
from her2desk.stats.meta_analysis import SiteAuc, SitePooling
from her2desk.texts import msg

LABEL_LENGTH = 28


def subgroup_pictures(study: Study) -> Iterator[StudyPicture]:
    """AUC by subgroup in unseen patients; small subgroups as counts (V25)."""
    found = subgroups(study)
    if found is None or not any(row.figure for row in found.rows):
        return
    rows: list[ForestRow] = []
    kind = ""
    for row in found.rows:
        if row.kind != kind:
            kind = row.kind
            rows.append(ForestRow(shown(group_name(kind).text()), kind=RowKind.HEADING))
        rows.append(_subgroup_row(row))
    yield drawn(
        "subgroups",
        msg(
            "AUC of the combined model by subgroup, in {patients}. Subgroups below 20 patients or "
            "5 of either class are only counted.",
            patients=said(evidence_patients(found.table.evidence, len(found.table.patients))),
        ),
        msg("Forest plot: AUC with its interval for each subgroup."),
        lambda: forest_figure(
            rows, AUC_SCALE, picture_title(msg("Subgroups"), found.table), msg("HER-2 positive")
        ),
    )


def _subgroup_row(row: Subgroup) -> ForestRow:
    label = shown(subgroup_value(row).text(), LABEL_LENGTH)
    counts = subgroup_counts(row).text()
    if row.figure is None:
        return ForestRow(label, counts, why_counts_only(row).text())
    f = row.figure
    return ForestRow(
        label, counts, with_bounds(f.value, f.lower, f.upper), f.value, f.lower, f.upper
    )


def site_pictures(study: Study) -> Iterator[StudyPicture]:
    """Each site left out in turn, their random-effects summary, and another site's interval (V4)."""
    pooling = study.sites
    if pooling is None or not any(site.auc for site in pooling.sites):
        return
    rows = [_site_row(site) for site in pooling.sites] + _pooled_rows(pooling)
    yield drawn(
        "sites",
        msg(
            "AUC within each site by models that had not seen the site, their random-effects "
            "summary, and the interval in which another site's AUC is expected."
        ),
        msg("Forest plot: AUC with its interval for each site, summary and prediction interval."),
        lambda: forest_figure(rows, AUC_SCALE, msg("Leave one site out"), msg("HER-2 positive")),
    )


def _site_row(site: SiteAuc) -> ForestRow:
    label = shown(site.name, LABEL_LENGTH)
    counts = site_counts(site).text()
    if site.auc is None:
        return ForestRow(label, counts, msg("counts only").text())
    f = site.auc
    return ForestRow(
        label, counts, with_bounds(f.value, f.lower, f.upper), f.value, f.lower, f.upper
    )


def _pooled_rows(pooling: SitePooling) -> list[ForestRow]:
    value, lower, upper = pooling.value, pooling.lower, pooling.upper
    if value is None or lower is None or upper is None:
        return []
    name = msg("Random-effects summary").text()
    words = with_bounds(value, lower, upper)
    rows = [ForestRow(name, "", words, value, lower, upper, kind=RowKind.SUMMARY)]
    low, high = pooling.prediction_lower, pooling.prediction_upper
    if low is not None and high is not None:
        rows.append(
            ForestRow(
                msg("Expected at another site").text(),
                "",
                bounds(low, high),
                value,
                value,
                value,
                (low, high),
                RowKind.PREDICTION,
            )
        )
    return rows


def association_pictures(study: Study) -> Iterator[StudyPicture]:
    """Odds ratios of the clinical inputs, univariable and, where fitted, multivariable."""
    if study.association is None or not study.association.rows:
        return
    rows: list[ForestRow] = []
    for row in study.association.rows:
        name = shown(input_name(row.name).text(), LABEL_LENGTH)
        rows.append(ForestRow(name, kind=RowKind.HEADING))
        rows.append(_odds_row(msg("univariable").text(), f"{row.n}", row.univariable))
        if row.multivariable is not None:
            rows.append(_odds_row(msg("multivariable").text(), "", row.multivariable))
    yield drawn(
        "association",
        msg("Odds ratios for HER-2 positive, each with its 95 % interval; models with intercept."),
        msg("Forest plot: odds ratio with its interval for each clinical input."),
        lambda: forest_figure(rows, ODDS_SCALE, msg("Association with HER-2"), msg("Patients")),
    )


def _odds_row(label: str, counts: str, ratio: OddsRatio) -> ForestRow:
    if not ratio.is_estimable:
        return ForestRow(label, counts, msg("not estimable").text())
    return ForestRow(
        label,
        counts,
        with_bounds(ratio.value, ratio.lower, ratio.upper, 2),
        ratio.value,
        ratio.lower,
        ratio.upper,
    )
