"""AUCs of every branch on the rows fitted, cross-validated and held out, and the scores behind them."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import expit

from her2desk.errors import InputRefused
from her2desk.reports.study import AucFigure, Evidence, ScoredCohort
from her2desk.stats.auc import auc
from her2desk.stats.cross_validation import nadeau_bengio, within_fold_auc
from her2desk.training.build import Answers, FittedCohort
from her2desk.training.table import Labels, Matrix, Rows, Sample, Table, pseudonym

ACQUISITION = "acquisition"
SIZES_MM = (10.0, 20.0)
AGES = (50.0,)

Figures = dict[str, dict[Evidence, AucFigure]]


def auc_figures(fitted: FittedCohort, table: Table) -> Figures:
    """``[branch][evidence]``; a branch that cannot be judged on some rows has no figure there.

    Cross-validated: the mean of within-fold AUCs, interval by Nadeau and Bengio (V13). Apparent and
    held out: logit-DeLong.
    """
    found: Figures = {}
    for branch, scores in _pooled(fitted).items():
        found[branch] = {}
        for evidence, (rows, values, folds) in scores.items():
            figure = auc_figure(table.labels[rows], values, folds)
            if figure is not None:
                found[branch][evidence] = figure
    return {branch: figures for branch, figures in found.items() if figures}


def auc_figure(labels: Labels, scores: Matrix, folds: Rows | None) -> AucFigure | None:
    """The AUC of those scores that are known; None without patients of both classes."""
    known = np.isfinite(scores)
    labels, scores = labels[known], scores[known]
    if len(set(labels.tolist())) < 2:
        return None
    if folds is None:
        a = auc(labels, scores)
        return AucFigure(a.value, a.lower, a.upper, a.method)
    own = folds[known]
    try:
        values = within_fold_auc(labels, scores, own)
        size = len(labels) / len(np.unique(own))
        spread = nadeau_bengio(values, n_train=len(labels) - size, n_test=size)
    except InputRefused:
        return None
    return AucFigure(spread.value, spread.lower, spread.upper, "nadeau-bengio")


def scored_cohorts(
    fitted: FittedCohort, table: Table, samples: Sequence[Sample]
) -> dict[Evidence, ScoredCohort]:
    """The patients behind each kind of evidence, with each branch's probability; NaN left as such.

    A branch that could answer for nobody, as the clinical one without inputs, is left out.
    """
    pooled = _pooled(fitted)
    found = {}
    for evidence, (rows, _, folds) in pooled["combined"].items():
        found[evidence] = ScoredCohort(
            evidence,
            tuple(pseudonym(int(i)) for i in rows),
            tuple(bool(v) for v in table.labels[rows]),
            {
                branch: tuple(expit(scores[evidence][1]).tolist())
                for branch, scores in pooled.items()
                if evidence in scores and np.isfinite(scores[evidence][1]).any()
            },
            None if folds is None else tuple(int(f) for f in folds),
            subgroups([samples[i] for i in rows]),
        )
    return found


def subgroups(samples: Sequence[Sample]) -> dict[str, tuple[str, ...]]:
    """Each patient's scanner, site, size and age group; "" where not known (V25)."""
    return {
        "scanner": tuple(s.scanner or "" for s in samples),
        "site": tuple(s.site or "" for s in samples),
        "size": tuple(_banded(s.roi_mm, SIZES_MM, "mm") for s in samples),
        "age": tuple(_banded(s.clinical.age_years, AGES, "years") for s in samples),
    }


def _banded(value: float | None, limits: Sequence[float], unit: str) -> str:
    if value is None:
        return ""
    for lower, upper in zip((None, *limits), (*limits, None), strict=True):
        if upper is None or value < upper:
            if lower is None:
                return f"under {upper:g} {unit}"
            return f"{lower:g} {unit} or more" if upper is None else f"{lower:g}–{upper:g} {unit}"
    raise AssertionError("the last band has no upper limit")


_Scores = dict[Evidence, tuple[Rows, Matrix, Rows | None]]


def _pooled(fitted: FittedCohort) -> dict[str, _Scores]:
    """Rows, log-odds and folds by branch and evidence."""
    found: dict[str, _Scores] = {}
    for evidence, answers in (
        (Evidence.APPARENT, fitted.apparent),
        (Evidence.HELD_OUT, fitted.held_out),
    ):
        if len(answers.rows):
            for branch, values in _branches(answers).items():
                found.setdefault(branch, {})[evidence] = (answers.rows, values, None)
    rows = np.concatenate([a.rows for a in fitted.outer])
    folds = np.concatenate([np.full(len(a.rows), k) for k, a in enumerate(fitted.outer)])
    by_fold = [_branches(a) for a in fitted.outer]
    for branch in by_fold[0]:
        values = np.concatenate([one[branch] for one in by_fold])
        found[branch][Evidence.CROSS_VALIDATED] = (rows, values, folds)
    found[ACQUISITION] = _acquisition(fitted, rows, folds)
    return found


def _branches(answers: Answers) -> Mapping[str, Matrix]:
    return {**answers.branches, "combined": answers.combined}


def _acquisition(fitted: FittedCohort, rows: Rows, folds: Rows) -> _Scores:
    *outer, (held_out, own) = fitted.acquisition
    scores: _Scores = {
        Evidence.APPARENT: (fitted.apparent.rows, own, None),
        Evidence.CROSS_VALIDATED: (rows, np.concatenate([asked for asked, _ in outer]), folds),
    }
    if len(held_out):
        scores[Evidence.HELD_OUT] = (fitted.held_out.rows, held_out, None)
    return scores
