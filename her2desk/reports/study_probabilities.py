"""Probabilities and calls in a study's report: calibration, operating points, confusion tables."""

from collections.abc import Sequence

from her2desk.errors import InputRefused
from her2desk.reports.calibrations import intercept_text, judged_calibration, slope_text
from her2desk.reports.document import (
    Block,
    Listing,
    Table,
    TableRow,
    cells,
)
from her2desk.reports.picture_parts import JUDGED, branches_of
from her2desk.reports.study import OperatingPointFigures, ScoredCohort, Study
from her2desk.reports.study_words import (
    COMBINED,
    branch_name,
    evidence_patients,
    number,
    p_text,
    point_name,
    point_rates,
    point_sentence,
    said,
    share_text,
)
from her2desk.stats.counts import describe
from her2desk.stats.hosmer_lemeshow import hosmer_lemeshow
from her2desk.stats.proportions import wilson
from her2desk.texts import Message, msg

CLINICAL = "clinical"  # the branch that needs every clinical input


def calibration_table(study: Study) -> tuple[Block, ...]:
    """Intercept, slope and Brier score of each branch in patients it was not fitted on (V19)."""
    blocks: list[Block] = []
    for evidence in JUDGED:
        table = study.tables.get(evidence)
        if table is None:
            continue
        judged = {b: judged_calibration(table, b) for b in branches_of(table)}
        rows = tuple(
            TableRow(
                branch_name(branch),
                cells(intercept_text(j.figures), slope_text(j.figures), number(j.figures.brier)),
                "strong" if branch == COMBINED else "plain",
            )
            for branch, j in judged.items()
            if j is not None
        )
        if not rows:
            continue
        main = judged.get(COMBINED) or next(j for j in judged.values() if j is not None)
        blocks.append(
            Table(
                (
                    msg("Intercept (0 is right)"),
                    msg("Slope (1 is right)"),
                    msg("Brier score"),
                ),
                rows,
                msg("Branch"),
                msg(
                    "Calibration, {patients}",
                    patients=said(evidence_patients(evidence, len(table.patients))),
                ),
                (
                    *(() if main.is_judged else (main.sentence,)),
                    *_hosmer_lemeshow(table),
                ),
            )
        )
    return tuple(blocks)


def _hosmer_lemeshow(table: ScoredCohort) -> tuple[Message, ...]:
    if COMBINED not in table.probabilities:
        return ()
    table = table.where_known(COMBINED)
    try:
        test = hosmer_lemeshow(table.positive, table.probabilities[COMBINED], fitted_on=False)
    except InputRefused as refusal:
        return (refusal.message,)
    return (
        msg(
            "Hosmer–Lemeshow, combined model, patients not fitted on: χ² {chi2} on {df} degrees of "
            "freedom in {g} groups, p {p}.",
            chi2=number(test.chi2, 2),
            df=test.df,
            g=test.g,
            p=p_text(test.p),
        ),
    )


def operating_points(study: Study) -> tuple[Block, ...]:
    """Each threshold in words, its counts, which add up to the patients, and what it reached."""
    blocks: list[Block] = []
    for evidence in JUDGED:
        points = [p for p in study.operating_points if p.evidence is evidence]
        if points:
            blocks.append(Listing(tuple(point_sentence(p) for p in points)))
            blocks += [_counts(points), _rates(points)]
    return tuple(blocks)


def check_confusions(study: Study) -> None:
    """Raises ``ValueError`` where a confusion table does not add up to its scored patients.

    A threshold is of the fullest pattern of known inputs: patients who lack one are not called by it.
    """
    for point in study.operating_points:
        table = study.tables.get(point.evidence)
        if table is None:
            continue
        complete = table.where_known(CLINICAL) if CLINICAL in table.probabilities else table
        c = point.confusion
        for value, called in ((True, c.tp + c.fn), (False, c.fp + c.tn)):
            if not complete.positive.count(value) <= called <= table.positive.count(value):
                raise ValueError(
                    f"the confusion table of {point.name!r} does not add up to its cohort"
                )


def _counts(points: Sequence[OperatingPointFigures]) -> Table:
    rows = []
    for p in points:
        c = p.confusion
        rows.append(
            TableRow(
                point_name(p.name),
                cells(*(str(count) for count in (c.tp, c.fn, c.fp, c.tn, c.cohort_size))),
            )
        )
    return Table(
        (
            msg("True positive"),
            msg("False negative"),
            msg("False positive"),
            msg("True negative"),
            msg("Patients"),
        ),
        tuple(rows),
        caption=_of_whom(msg("Calls"), points[0]),
    )


def _rates(points: Sequence[OperatingPointFigures]) -> Table:
    """Rates in rows, so that each figure stays on one line."""
    tables = [p.confusion for p in points]
    rates = (
        (msg("Sensitivity"), [point_rates(p)[0] for p in points]),
        (msg("Specificity"), [point_rates(p)[1] for p in points]),
        (msg("Positive predictive value"), [wilson(c.tp, c.tp + c.fp) for c in tables]),
        (msg("Negative predictive value"), [wilson(c.tn, c.tn + c.fn) for c in tables]),
    )
    c = tables[0]
    return Table(
        tuple(point_name(p.name) for p in points),
        tuple(TableRow(name, cells(*(describe(rate) for rate in row))) for name, row in rates),
        caption=_of_whom(msg("Observed"), points[0]),
        notes=(
            msg(
                "Predictive values hold at the share of positives among these patients: "
                "{prevalence}.",
                prevalence=said(share_text(c.tp + c.fn, c.cohort_size)),
            ),
        ),
    )


def _of_whom(what: Message, point: OperatingPointFigures) -> Message:
    return msg(
        "{what}, {patients}",
        what=said(what),
        patients=said(evidence_patients(point.evidence, point.confusion.cohort_size)),
    )
