"""One whole stack fitted on one scope's rows: clinical, radiomics, DLR, combined, operating points.

Validity rule V1: whatever takes another model's output is fitted on that output predicted out of fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed

from her2desk.domain.progress import Portion, Progress
from her2desk.texts import Message, msg
from her2desk.training.combined import CombinedFit, fit_combined, is_supported
from her2desk.training.families import GridKind
from her2desk.training.fold_pipeline import FoldPipeline, Layout
from her2desk.training.folds import Scope
from her2desk.training.image_columns import ImageColumns
from her2desk.training.request import CombinedKind
from her2desk.training.table import Labels, Matrix, Rows, Table

CHOOSING_SHARE = 0.7  # of the time goes to comparing families


@dataclass(frozen=True)
class StackPlan:
    """How stacks are fitted: the families and the grid of their settings, and what is combined."""

    families: tuple[str, ...]
    grid: GridKind
    combined: CombinedKind
    jobs: int


@dataclass(frozen=True)
class Stack:
    """Everything above the network that was fitted on one scope's rows.

    ``signatures`` are out-of-fold scores (repeats, rows) by name: what ``combined`` was fitted on.
    """

    scope: Scope
    clinical: FoldPipeline | None
    radiomics: FoldPipeline
    dlr: FoldPipeline
    combined: CombinedFit
    signatures: Mapping[str, Matrix]
    fallbacks: tuple[Message, ...]

    def scores(
        self, table: Table, rows: Rows, columns: Matrix, logits: Matrix
    ) -> dict[str, Matrix]:
        """log-odds of every branch below the combined model, (rows,) each; NaN where not known.

        ``columns`` and ``logits`` are the image's for these rows.
        """
        features = table.features[self.scope.target_mm][rows]
        clinical = np.full(len(rows), np.nan)
        if self.clinical is not None:
            known = table.complete[rows]
            if known.any():
                clinical[known] = self.clinical.score(table.clinical[rows][known])
        return {
            "clinical": clinical,
            "radiomics": self.radiomics.score(_selectable(table, features)),
            "cnn": logits,
            "dlr": self.dlr.score(np.column_stack([_selectable(table, features), columns])),
        }


@dataclass(frozen=True)
class _Task:
    """One pipeline to fit on ``rows`` of ``values`` and to ask about ``asked``.

    ``chosen`` is the pipeline whose family and settings it takes over; None compares them all.
    ``offered`` marks the features that its selection may look at; None for all.
    """

    values: Matrix
    rows: Rows
    asked: Rows
    layout: Layout
    seed: int
    chosen: FoldPipeline | None = None
    offered: Labels | None = None


@dataclass(frozen=True)
class _Fitted:
    pipeline: FoldPipeline
    answers: Matrix


def fit_stacks(
    table: Table,
    scopes: Sequence[Scope],
    images: Sequence[ImageColumns],
    plan: StackPlan,
    progress: Progress,
    offered: Sequence[Labels | None] | None = None,
) -> list[Stack]:
    """Fit every model above the network for each scope, ``plan.jobs`` pipelines at a time.

    First the refitted pipelines, which choose family and settings on the scope's rows. Those that
    leave out an inner fold then take over that choice: scores of several families lie on several
    scales, and the combined model would be fitted on a mixture that the deployed one never gives.
    ``offered`` marks, for each scope, the selectable features that its selections may look at.
    """
    offered = offered or [None] * len(scopes)
    each = list(zip(scopes, images, offered, strict=True))
    first = [_refits(table, s, i, o) for s, i, o in each]
    choosing = _run(first, table, plan, Portion(progress, 0.0, CHOOSING_SHARE))
    second = [_inner(table, s, i, o, f) for (s, i, o), f in zip(each, choosing, strict=True)]
    inner = _run(second, table, plan, Portion(progress, CHOOSING_SHARE, 1.0))
    return [
        _stack(table, scope, image, refitted, answers, plan)
        for (scope, image, _), refitted, answers in zip(each, choosing, inner, strict=True)
    ]


def _run(
    tasks: Sequence[Sequence[_Task]], table: Table, plan: StackPlan, progress: Progress
) -> list[list[_Fitted]]:
    """The tasks of each scope, fitted."""
    flat = [task for own in tasks for task in own]
    results = Parallel(n_jobs=plan.jobs, return_as="generator")(
        delayed(_fit)(task, table.labels, plan) for task in flat
    )
    done = []
    for n, result in enumerate(results, start=1):
        done.append(result)
        progress.step(n / len(flat), msg("Model {done} of {total}", done=n, total=len(flat)))
    found = iter(done)
    return [[next(found) for _ in own] for own in tasks]


def _refits(table: Table, scope: Scope, image: ImageColumns, offered: Labels | None) -> list[_Task]:
    """Radiomics, DLR and, where enough patients have its inputs, the clinical model of a scope."""
    features = _selectable(table, table.features[scope.target_mm])
    nobody = np.array([], dtype=np.intp)
    values = _whole(features, image.refit, scope)
    tasks = [
        _Task(features, scope.rows, nobody, Layout(features.shape[1]), scope.seed),
        _Task(values, scope.rows, nobody, _dlr_layout(features, image), scope.seed),
    ]
    tasks = [replace(task, offered=offered) for task in tasks]
    if table.clinical_names and is_supported(table, scope.rows, table.clinical_names):
        rows = np.intersect1d(scope.rows, np.flatnonzero(table.complete))
        tasks.append(_Task(table.clinical, rows, nobody, _clinical_layout(table), scope.seed))
    return tasks


def _inner(
    table: Table,
    scope: Scope,
    image: ImageColumns,
    offered: Labels | None,
    refitted: Sequence[_Fitted],
) -> list[_Task]:
    """The scope's DLR model, and its clinical one, without each inner fold; DLR first."""
    features = _selectable(table, table.features[scope.target_mm])
    layout = _dlr_layout(features, image)
    complete = np.flatnonzero(table.complete)
    dlr, clinical = [], []
    for r, folds in enumerate(scope.inner):
        for j, fold in enumerate(folds):
            seed = scope.seed + 100 * r + j
            rest = np.setdiff1d(scope.rows, fold)
            values = _whole(features, image.inner[r][j], scope)
            dlr.append(_Task(values, rest, fold, layout, seed, refitted[1].pipeline, offered))
            if len(refitted) > 2:
                known, asked = np.intersect1d(rest, complete), np.intersect1d(fold, complete)
                task = _Task(table.clinical, known, asked, _clinical_layout(table), seed)
                clinical.append(replace(task, chosen=refitted[2].pipeline))
    return [*dlr, *clinical]


def _dlr_layout(features: Matrix, image: ImageColumns) -> Layout:
    p, c = features.shape[1], image.refit.shape[1]
    return Layout(p, c, 0) if image.penultimate else Layout(p, 0, c)


def _clinical_layout(table: Table) -> Layout:
    return Layout(0, 0, len(table.clinical_names))


def _fit(task: _Task, labels: Labels, plan: StackPlan) -> _Fitted:
    chosen = task.chosen
    pipeline = FoldPipeline(
        layout=task.layout,
        families=plan.families if chosen is None else (chosen.family_,),
        grid=plan.grid,
        seed=task.seed,
        settings=None if chosen is None else chosen.settings_,
        offered=task.offered,
    )
    pipeline.fit(task.values[task.rows], labels[task.rows])
    answers = pipeline.score(task.values[task.asked]) if len(task.asked) else np.empty(0)
    return _Fitted(pipeline, answers)


def _stack(
    table: Table,
    scope: Scope,
    image: ImageColumns,
    refitted: Sequence[_Fitted],
    inner: Sequence[_Fitted],
    plan: StackPlan,
) -> Stack:
    folds = sum(len(f) for f in scope.inner)
    radiomics, dlr = refitted[0], refitted[1]
    clinical = refitted[2] if len(refitted) > 2 else None
    signatures = {"dlr": _out_of_fold(scope, inner[:folds], None), "cnn_logit": image.logits}
    if clinical is not None:
        complete = np.flatnonzero(table.complete)
        signatures["clinical"] = _out_of_fold(scope, inner[folds:], complete)
    combined = fit_combined(table, scope, signatures, plan.combined)
    notes = {note.text(): note for one in refitted for note in one.pipeline.fallbacks_}
    return Stack(
        scope,
        clinical.pipeline if clinical else None,
        radiomics.pipeline,
        dlr.pipeline,
        combined,
        signatures,
        (*notes.values(), *combined.notes),
    )


def _out_of_fold(scope: Scope, fitted: Sequence[_Fitted], only: Rows | None) -> Matrix:
    """Answers of the inner folds as (repeats, rows); NaN for rows that could not be asked."""
    out = np.full((len(scope.inner), len(scope.rows)), np.nan)
    answers = iter(fitted)
    for r, folds in enumerate(scope.inner):
        for fold in folds:
            asked = fold if only is None else np.intersect1d(fold, only)
            out[r, np.searchsorted(scope.rows, asked)] = next(answers).answers
    return out


def _selectable(table: Table, features: Matrix) -> Matrix:
    return features[:, table.selectable]


def _whole(features: Matrix, columns: Matrix, scope: Scope) -> Matrix:
    """Features and the image's columns side by side for every patient; NaN outside the scope."""
    image = np.full((len(features), columns.shape[1]), np.nan)
    image[scope.rows] = columns
    return np.column_stack([features, image])
