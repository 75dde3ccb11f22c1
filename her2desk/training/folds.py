"""Who fits what, decided before anything is fitted: the split, outer folds, inner folds.

Validity rules V1 and V3: every object of a scope sees that scope's rows only, the resampling target
of its features included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from her2desk.errors import InputRefused
from her2desk.radiomics.profile import Profile
from her2desk.radiomics.resampling import resample_target
from her2desk.texts import msg
from her2desk.training.table import Labels, Rows, Spacing

FEWEST_PATIENTS = 30
FEWEST_OF_A_CLASS = 8
FEWEST_INSIDE = 4  # of a class, outside an inner fold: what a grid search needs


@dataclass(frozen=True)
class Scope:
    """The rows one whole stack is fitted on, its inner folds for each repeat, and the rows it answers.

    ``inner[r][j]`` are the rows of fold j in repeat r; together they are ``rows``. ``target_mm`` is
    what features of this scope were resampled to (V7), None where nothing is.
    """

    rows: Rows
    asked: Rows
    inner: tuple[tuple[Rows, ...], ...]
    seed: int
    target_mm: float | None = None

    @property
    def places(self) -> tuple[tuple[Rows, ...], ...]:
        """``inner`` as positions within ``rows``."""
        return tuple(tuple(np.searchsorted(self.rows, f) for f in folds) for folds in self.inner)


@dataclass(frozen=True)
class Scopes:
    """Every scope of a build: one an outer fold, the deployed one, and one a site where asked."""

    outer: tuple[Scope, ...]
    deployed: Scope
    sites: tuple[tuple[str, Scope], ...] = ()

    @property
    def all(self) -> tuple[Scope, ...]:
        """Outer folds first, then the deployed scope, then the sites."""
        return (*self.outer, self.deployed, *(scope for _, scope in self.sites))

    @property
    def targets_mm(self) -> tuple[float | None, ...]:
        """The distinct resampling targets, the deployed one first."""
        return tuple(dict.fromkeys([self.deployed.target_mm, *(s.target_mm for s in self.all)]))


@dataclass(frozen=True)
class FoldPlan:
    """How many folds of each kind, and how often the deployed scope repeats its inner ones (V10)."""

    outer: int
    inner: int
    repeats: int


@dataclass(frozen=True)
class Acquired:
    """What the scopes need to know of each patient's images: spacing and site."""

    spacings_mm: Sequence[Spacing | None]
    sites: Sequence[str | None]


def split_rows(labels: Labels, held_out: float, seed: int) -> tuple[Rows, Rows]:
    """Development rows and held-out rows, ascending; stratified by label."""
    everyone = np.arange(len(labels))
    if held_out == 0:
        return everyone, np.array([], dtype=np.intp)
    try:
        kept, out = train_test_split(
            everyone, test_size=held_out, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise InputRefused(
            msg("{n} patients are too few to hold {share:.0%} out.", n=len(labels), share=held_out),
            msg("Add patients, or build without held-out patients (--split none)."),
            code="too-few-patients",
        ) from error
    return np.sort(kept), np.sort(out)


def stratified_folds(labels: Labels, rows: Rows, n: int, seed: int) -> tuple[Rows, ...]:
    """``rows`` cut into ``n`` folds with like shares of positives.

    Raises ``InputRefused`` where a class has fewer patients than there are folds.
    """
    smallest = int(min(labels[rows].sum(), (~labels[rows]).sum()))
    if smallest < n:
        raise InputRefused(
            msg(
                "One class has only {n} patients to fit on, fewer than the {folds} folds.",
                n=smallest,
                folds=n,
            ),
            msg("Add patients of that class, or ask for fewer folds."),
            code="too-few-patients",
        )
    splitter = StratifiedKFold(n, shuffle=True, random_state=seed)
    return tuple(rows[test] for _, test in splitter.split(rows, labels[rows]))


def make_scopes(
    labels: Labels,
    development: Rows,
    held_out: Rows,
    plan: FoldPlan,
    seed: int,
    profile: Profile,
    acquired: Acquired,
    by_site: bool = False,
) -> Scopes:
    """All scopes of a build, from labels, sites and spacings alone."""

    def scope(rows: Rows, asked: Rows, repeats: int, its_seed: int) -> Scope:
        inner = tuple(
            stratified_folds(labels, rows, plan.inner, its_seed + r) for r in range(repeats)
        )
        target = _target(profile, [acquired.spacings_mm[i] for i in rows])
        return Scope(rows, asked, inner, its_seed, target)

    outer = tuple(
        scope(np.setdiff1d(development, fold), fold, 1, seed + 10_000 * k)
        for k, fold in enumerate(stratified_folds(labels, development, plan.outer, seed), start=1)
    )
    deployed = scope(development, held_out, plan.repeats, seed)
    sites = []
    for k, (name, rows) in enumerate(_by_site(development, acquired.sites) if by_site else (), 1):
        rest = np.setdiff1d(development, rows)
        sites.append((name, scope(rest, rows, 1, seed + 10_000 * (plan.outer + k))))
    return Scopes(outer, deployed, tuple(sites))


def check_sizes(labels: Labels, scopes: Scopes) -> None:
    """Raise ``InputRefused`` where some scope has too few patients for its models, before any work.

    A scope needs enough for a combined model, and enough of a class outside each inner fold for the
    families to be compared.
    """
    for scope in scopes.all:
        own = labels[scope.rows]
        smallest = int(min(own.sum(), (~own).sum()))
        inner = min(
            int(min(rest.sum(), (~rest).sum()))
            for folds in scope.inner
            for fold in folds
            for rest in (labels[np.setdiff1d(scope.rows, fold)],)
        )
        if len(own) < FEWEST_PATIENTS or smallest < FEWEST_OF_A_CLASS or inner < FEWEST_INSIDE:
            raise InputRefused(
                msg(
                    "One fold would be fitted on {n} patients, {k} of the smaller class; at least "
                    "{least} and {fewest} are needed.",
                    n=len(own),
                    k=smallest,
                    least=FEWEST_PATIENTS,
                    fewest=max(FEWEST_OF_A_CLASS, 2 * FEWEST_INSIDE),
                ),
                msg("Add patients, hold fewer out, or ask for fewer folds."),
                code="too-few-patients",
            )


def _by_site(rows: Rows, sites: Sequence[str | None]) -> list[tuple[str, NDArray[np.intp]]]:
    names = sorted({name for i in rows if (name := sites[i]) is not None})
    if len(names) < 2:
        raise InputRefused(
            msg(
                "Leaving one site out needs at least two sites; the cohort names {n}.", n=len(names)
            ),
            msg("Fill in the column site, or build without leaving sites out."),
            code="too-few-sites",
        )
    return [(name, np.array([i for i in rows if sites[i] == name])) for name in names]


def _target(profile: Profile, spacings: Sequence[Spacing | None]) -> float | None:
    if profile.resample is None:
        return None
    coarser = [max(s) if s is not None else profile.assumed_mm for s in spacings]
    known = [mm for mm in coarser if mm is not None]
    return resample_target(known, profile.resample)
