"""Pictures of how well the branches part the classes: AUCs by evidence and ROC curves."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from her2desk.figures.optimism import OptimismRow, optimism_figure
from her2desk.figures.roc import FoldCurves, RocLine, RocPoints, fold_roc_figure, roc_figure
from her2desk.reports.document import StudyPicture
from her2desk.reports.picture_parts import branches_of, drawn, judged_tables, picture_title
from her2desk.reports.study import Evidence, ScoredCohort, Study
from her2desk.reports.study_words import auc_text, branch_name, evidence_patients, said
from her2desk.stats.roc import roc_points
from her2desk.texts import msg

ACQUISITION = "acquisition"


def optimism_pictures(study: Study) -> Iterator[StudyPicture]:
    rows = [
        OptimismRow(
            branch_name(branch),
            {e.value: (f.value, f.lower, f.upper) for e, f in figures.items()},
        )
        for branch, figures in [*study.figures.items(), (ACQUISITION, study.acquisition)]
        if figures
    ]
    if not rows or max(len(row.figures) for row in rows) < 2:
        return
    yield drawn(
        "optimism",
        msg(
            "AUC of each branch on the patients that it was fitted on and on patients that it had "
            "not seen. The distance between them is optimism. The row “Acquisition only” is "
            "a model of how the images were made; of the tumour it sees its size at most."
        ),
        msg("Dots with intervals: AUC by branch and kind of evidence."),
        lambda: optimism_figure(rows, msg("AUC by kind of evidence")),
    )


def roc_pictures(study: Study) -> Iterator[StudyPicture]:
    for table in judged_tables(study):
        if table.folds is None:
            yield _one_roc(study, table)
        elif any(_fold_curves(table, branch) for branch in table.probabilities):
            yield _fold_roc(study, table)


def _one_roc(study: Study, table: ScoredCohort) -> StudyPicture:
    def draw() -> Figure:
        lines = [
            RocLine(branch, branch_name(branch), _figure(study, branch, table.evidence), curve)
            for branch in branches_of(table)
            for known in (table.where_known(branch),)
            if (curve := _curve(known.positive, known.probabilities[branch])) is not None
        ]
        return roc_figure(lines, picture_title(msg("ROC curves"), table))

    return drawn(
        f"roc-{table.evidence}",
        msg(
            "ROC curves of all branches in {patients}, {positive} HER-2 positive.",
            patients=said(evidence_patients(table.evidence, len(table.patients))),
            positive=sum(table.positive),
        ),
        msg("ROC curves: sensitivity against 1 − specificity for each branch."),
        draw,
    )


def _fold_roc(study: Study, table: ScoredCohort) -> StudyPicture:
    def draw() -> Figure:
        panels = [
            FoldCurves(
                branch,
                branch_name(branch),
                _figure(study, branch, table.evidence),
                _fold_curves(table, branch),
            )
            for branch in branches_of(table)
        ]
        return fold_roc_figure([p for p in panels if p.curves])

    return drawn(
        f"roc-{table.evidence}",
        msg(
            "ROC curves within each outer fold (grey) and their average (colour), in {patients}. "
            "The AUC is the mean of within-fold AUCs; its interval is approximate. No curve is "
            "drawn through the scores of several folds together.",
            patients=said(evidence_patients(table.evidence, len(table.patients))),
        ),
        msg("ROC curves of each outer fold and their average, one square a branch."),
        draw,
    )


def _fold_curves(table: ScoredCohort, branch: str) -> tuple[RocPoints, ...]:
    known = table.where_known(branch)
    positive = np.array(known.positive)
    scores = np.array(known.probabilities[branch])
    folds = np.array(known.folds)
    curves = (_curve(positive[folds == fold], scores[folds == fold]) for fold in np.unique(folds))
    return tuple(c for c in curves if c is not None)


def _curve(positive: Sequence[bool], scores: Sequence[float]) -> RocPoints | None:
    """None where a class is missing: such a fold has no curve."""
    if len(set(positive)) < 2:
        return None
    points = roc_points(positive, scores)
    return RocPoints(np.array(points.false_positive_rate), np.array(points.sensitivity))


def _figure(study: Study, branch: str, evidence: Evidence) -> str:
    own = study.acquisition if branch == ACQUISITION else study.figures.get(branch, {})
    figure = own.get(evidence)
    return auc_text(figure) if figure else ""
