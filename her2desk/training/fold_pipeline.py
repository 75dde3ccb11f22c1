"""Everything that one fold fits on features: components, selection, choice of family, model.

One object, so that nothing of it can be fitted elsewhere (validity rules V1 and V3, traps 7 and 8): it
sees the rows it is given and no others, and within them each cross-validation fold fits its own
components and selection.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from her2desk.agreement.limits import KEPT_FROM
from her2desk.errors import Her2DeskError
from her2desk.packs.links import Link
from her2desk.packs.trees import TreeEnsemble
from her2desk.stats.auc import auc
from her2desk.texts import Message, msg
from her2desk.training.families import Family, Form, GridKind, Settings, families
from her2desk.training.request import FAMILIES
from her2desk.training.selection import (
    PenultimatePca,
    fallbacks,
    kept_after_each_step,
    nothing_varies,
    require_classes,
    require_finite,
    selected,
    selection_pipeline,
)

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]
InputKind = Literal["feature", "component", "passthrough"]

MIN_PATIENTS = 4  # of each class: two folds then still train on two
SEEDS = 2**31  # the libraries take seeds below this
AUC_TIE = 1e-12


@dataclass(frozen=True)
class Layout:
    """The columns of X in order: features, penultimate features, and what bypasses selection."""

    features: int
    penultimate: int = 0
    passthrough: int = 0

    @property
    def columns(self) -> int:
        """How many columns X has."""
        return self.features + self.penultimate + self.passthrough


@dataclass(frozen=True, eq=False)
class FittedBranch:
    """A fitted pipeline's model as a pack keeps it.

    ``inputs`` are the model's inputs in order, each (kind, number): a feature's or passthrough's number
    among its kind in the layout, a component's row of ``pca_.components_``. Features enter z-scored by
    ``mean`` and ``sd``, which follow the feature inputs; components enter divided by ``component_sd``,
    which follows the component inputs; passthrough enters raw. ``coefficients`` are of these inputs,
    None for trees.
    """

    family: str
    settings: Mapping[str, float]
    inputs: tuple[tuple[InputKind, int], ...]
    mean: Matrix
    sd: Matrix
    component_sd: Matrix
    link: Link
    trees: TreeEnsemble | None
    intercept: float
    coefficients: Matrix | None


class Preparation:
    """From columns of X to a model's inputs: components, selection and z-scores of one set of rows."""

    def __init__(
        self,
        layout: Layout,
        values: Matrix,
        labels: Labels,
        seed: int,
        offered: Labels | None = None,
    ) -> None:
        self.layout = layout
        self.pca: PenultimatePca | None = None
        self.steps: tuple[tuple[Message, int], ...] = ()
        self.fallbacks: tuple[Message, ...] = ()
        candidates, penultimate, _ = self._blocks(values)
        if layout.penultimate:
            self.pca = PenultimatePca().fit(penultimate)
            candidates = np.column_stack([candidates, self.pca.transform(penultimate)])
        chosen = self._selected(candidates, labels, seed, offered)
        if self.pca is not None:
            self._tell_of_components(self.pca)
        self.columns = chosen[chosen < layout.features]
        self.components = chosen[chosen >= layout.features] - layout.features
        # One feature a row, so that its mean does not depend on which others were chosen.
        own = np.ascontiguousarray(values[:, self.columns].T)
        self.mean, self.sd = own.mean(axis=1), own.std(axis=1, ddof=1)
        self._limits = own.min(axis=1, initial=np.inf), own.max(axis=1, initial=-np.inf)
        self.component_sd = np.empty(0) if self.pca is None else self.pca.sd_[self.components]
        if not self.inputs:
            raise nothing_varies()

    def transform(self, values: Matrix) -> Matrix:
        """The model's inputs (n, inputs) of ``values`` (n, the layout's columns).

        A feature outside the limits of the rows fitted on counts as at the limit: a line would go on
        for ever, and say 0 or 1 of an image unlike any that it knows.
        """
        features, penultimate, passthrough = self._blocks(values)
        inside = np.clip(features[:, self.columns], *self._limits)
        parts = [(inside - self.mean) / self.sd, passthrough]
        if self.pca is not None:
            parts.insert(1, self.pca.transform(penultimate)[:, self.components])
        return np.column_stack(parts)

    @property
    def inputs(self) -> tuple[tuple[InputKind, int], ...]:
        """Kind and number of each input, in order."""
        numbers: dict[InputKind, Sequence[int]] = {
            "feature": self.columns.tolist(),
            "component": self.components.tolist(),
            "passthrough": range(self.layout.passthrough),
        }
        return tuple((kind, number) for kind, some in numbers.items() for number in some)

    def _blocks(self, values: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        first = self.layout.features
        second = first + self.layout.penultimate
        return values[:, :first], values[:, first:second], values[:, second:]

    def _selected(
        self, candidates: Matrix, labels: Labels, seed: int, offered: Labels | None
    ) -> NDArray[np.intp]:
        """Numbers of the candidates (features, then components) that the selection keeps."""
        total = candidates.shape[1]
        numbers = np.arange(total)
        if offered is not None:
            components = np.ones(total - len(offered), dtype=np.bool_)
            numbers = np.flatnonzero(np.concatenate([offered, components]))
            candidates = candidates[:, numbers]
        if not len(numbers):
            return numbers
        chain = selection_pipeline(seed).fit(candidates, labels)
        self.steps = kept_after_each_step(chain)
        self.fallbacks = fallbacks(chain)
        if offered is not None:
            (first, kept), *rest = self.steps
            agreed = msg("Two readers agree, lower bound of ICC(A,1) ≥ {limit}", limit=KEPT_FROM)
            self.steps = ((first, total), (agreed, kept), *rest)
        return numbers[selected(chain)]

    def _tell_of_components(self, pca: PenultimatePca) -> None:
        name = msg(
            "Principal components of the network ({percent:.0f} % of the variance)",
            percent=100 * pca.explained_,
        )
        self.steps = ((name, pca.kept_), *self.steps)
        if pca.fallback_ is not None:
            self.fallbacks = (pca.fallback_, *self.fallbacks)


@dataclass(frozen=True)
class _Try:
    """Settings of a family and their AUC in each fold; None where the model came out constant."""

    family: Family
    settings: Settings
    areas: tuple[float | None, ...]

    @property
    def label(self) -> str:
        return self.family.label(self.settings)

    @property
    def mean_auc(self) -> float:
        """Mean within-fold AUC; NaN where a fold's model came out constant."""
        known = [area for area in self.areas if area is not None]
        if len(known) < len(self.areas):
            return math.nan
        return math.fsum(known) / max(1, len(known))  # settled settings were judged in no fold


class FoldPipeline(BaseEstimator):  # type: ignore[misc]
    """One pipeline object is what a fold fits: ``fit(X, y)``, then ``score(X)`` and ``exported()``.

    In stratified folds of the rows given, components and selection are fitted once a fold; every family
    and setting is fitted on them and judged by the AUC of its exported form on the fold's other rows.
    The best mean of within-fold AUCs wins (ties: logistic first, simpler first); everything is then
    fitted on all rows. A smaller class with fewer patients than ``folds`` has one fold a patient.

    Parameters
    ----------
    layout : what the columns of X are; features and penultimate features are selected from,
        passthrough columns (a network's out-of-fold logit, clinical inputs) always enter.
    families : names among ``FAMILIES``; ``grid`` "quick" tries one setting of few trees each.
    folds : of the cross-validation. ``seed`` : of folds and models.
    settings : of the one family named, where both were chosen before; then nothing is compared.
    offered : bool (features,), the features that a selection may look at; None for all.

    Attributes
    ----------
    family_, settings_ : what was chosen; ``tries_`` mean AUC by label ("lightgbm num_leaves=4").
    columns_, components_ : selected features and components; ``pca_`` or None.
    mean_, sd_ : of the selected features, over the training rows (ddof 1).
    steps_ : each step and how many features it left; ``fallbacks_`` what had to give way.
    """

    def __init__(
        self,
        layout: Layout,
        families: tuple[str, ...] = FAMILIES,
        grid: GridKind = "default",
        folds: int = 5,
        seed: int = 0,
        settings: Settings | None = None,
        offered: Labels | None = None,
    ) -> None:
        self.layout = layout
        self.families = families
        self.grid = grid
        self.folds = folds
        self.seed = seed
        self.settings = settings
        self.offered = offered

    def fit(self, X: Matrix, y: Labels) -> Self:  # noqa: N803 - scikit-learn's names
        """Fit on X float64 (patients, columns) and y bool (patients,), true for positive.

        Raises ``InputRefused`` for missing values (code ``values-missing``), a class of fewer than 4
        patients (``too-few-patients``), an unknown family (``family-unknown``) and features of which
        none varies (``features-constant``).
        """
        values, labels = self._checked(X), np.asarray(y, dtype=bool)
        if labels.shape != (len(values),):
            raise ValueError(f"{labels.shape} labels for {len(values)} rows")
        require_classes(labels, MIN_PATIENTS)
        with threadpool_limits(limits=1):  # else bits could depend on how many run at once
            self._fit(values, labels)
        return self

    def score(self, X: Matrix) -> Matrix:  # noqa: N803
        """Log-odds (n,) of X (n, columns), by the exported form, as a pack answers."""
        return self._form.log_odds(self._preparation.transform(self._checked(X)))

    def exported(self) -> FittedBranch:
        """The chosen model as a pack keeps it."""
        return FittedBranch(
            self.family_,
            self.settings_,
            self._preparation.inputs,
            self.mean_,
            self.sd_,
            self._preparation.component_sd,
            self._form.link,
            self._form.trees,
            self._form.intercept,
            self._form.coefficients,
        )

    def _fit(self, values: Matrix, labels: Labels) -> None:
        said: list[Message] = []
        if self.settings is None:
            tries = self._cross_validated(values, labels, self._fold_count(labels, said))
            self.tries_ = {t.label: t.mean_auc for t in tries if not math.isnan(t.mean_auc)}
        else:
            (family,) = families(self.families, self.grid)
            tries, self.tries_ = [_Try(family, self.settings, ())], {}
        self._preparation = self._prepared(values, labels)
        inputs = self._preparation.transform(values)
        family, settings, self._form = self._chosen(tries, inputs, labels, said)
        self.family_, self.settings_ = family.name, dict(settings)
        self.columns_, self.components_ = self._preparation.columns, self._preparation.components
        self.mean_, self.sd_ = self._preparation.mean, self._preparation.sd
        self.pca_ = self._preparation.pca
        self.steps_ = self._preparation.steps
        self.fallbacks_ = (*self._preparation.fallbacks, *said)

    def _fold_count(self, labels: Labels, said: list[Message]) -> int:
        smaller = int(min(labels.sum(), (~labels).sum()))
        if smaller < self.folds:
            said.append(
                msg(
                    "Families were compared in {folds} folds instead of {wanted}, for want of patients.",
                    folds=smaller,
                    wanted=self.folds,
                )
            )
        return min(self.folds, smaller)

    def _cross_validated(self, values: Matrix, labels: Labels, folds: int) -> list[_Try]:
        points = [(f, s) for f in families(self.families, self.grid) for s in f.grid]
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.seed % SEEDS)
        areas: list[list[float | None]] = [[] for _ in points]
        for train, test in splitter.split(values, labels):
            preparation = self._prepared(values[train], labels[train])
            inputs, asked = (preparation.transform(values[rows]) for rows in (train, test))
            for found, (family, settings) in zip(areas, points, strict=True):
                form = family.convert(self._built(family, settings, inputs, labels[train]))
                score = None if form.is_constant else form.log_odds(asked)
                found.append(None if score is None else auc(labels[test], score).value)
        return [_Try(f, s, tuple(found)) for (f, s), found in zip(points, areas, strict=True)]

    def _chosen(
        self, tries: Sequence[_Try], inputs: Matrix, labels: Labels, said: list[Message]
    ) -> tuple[Family, Settings, Form]:
        """The best try whose model on all rows is not constant, else a logistic model."""
        for attempt in _ranked(tries):
            model = self._built(attempt.family, attempt.settings, inputs, labels)
            form = attempt.family.convert(model)
            if not form.is_constant:
                _check_form(attempt.family, model, form, inputs)
                said += [_left_out(t) for t in tries if math.isnan(t.mean_auc)]
                return attempt.family, attempt.settings, form
            said.append(_left_out(attempt))
        said.append(
            msg("No model of the chosen families learned anything; a logistic one is used.")
        )
        (logistic,) = families(("logistic",), self.grid)
        settings = logistic.grid[0]
        model = self._built(logistic, settings, inputs, labels)
        return logistic, settings, logistic.convert(model)

    def _prepared(self, values: Matrix, labels: Labels) -> Preparation:
        return Preparation(self.layout, values, labels, self.seed % SEEDS, self.offered)

    def _built(self, family: Family, settings: Settings, inputs: Matrix, labels: Labels) -> Any:
        return family.build(inputs, labels, settings, self.seed % SEEDS)

    def _checked(self, values: Matrix) -> Matrix:
        table = np.asarray(values, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != self.layout.columns or not self.layout.columns:
            raise ValueError(f"{table.shape} is not (n, {self.layout.columns})")
        require_finite(table)
        return table


def _ranked(tries: Sequence[_Try]) -> Iterator[_Try]:
    """Eligible tries, best first; of equal ones (to rounding) the one that comes first."""
    left = [t for t in tries if not math.isnan(t.mean_auc)]
    while left:
        best = max(t.mean_auc for t in left)
        first = next(i for i, t in enumerate(left) if t.mean_auc >= best - AUC_TIE)
        yield left.pop(first)


def _left_out(attempt: _Try) -> Message:
    return msg("{label} learned nothing from these patients and was left out.", label=attempt.label)


def _check_form(family: Family, model: Any, form: Form, inputs: Matrix) -> None:
    """What a pack will answer must be what the library answers, on every training row."""
    gap = float(np.abs(form.log_odds(inputs) - family.ask(model, inputs)).max())
    if not gap <= family.tolerance:
        raise Her2DeskError(
            msg("The exported {family} model differs from the fitted one.", family=family.name),
            msg("This is a fault of Her2Desk: please report it."),
            code="export-differs",
        )
