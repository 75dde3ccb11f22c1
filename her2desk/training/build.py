"""A cohort becomes fitted stacks, and every patient an answer by models that had not seen it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from her2desk.domain.progress import Portion, Progress
from her2desk.domain.traits import Traits
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.inference.heatmap import look
from her2desk.inference.traits import traits_of
from her2desk.packs.pack import pattern_inputs
from her2desk.texts import Message, msg
from her2desk.training.acquisition import acquisition_scores
from her2desk.training.combined import combined_scores
from her2desk.training.folds import Scope, Scopes
from her2desk.training.image_columns import (
    FrozenImage,
    ImageColumns,
    crossfit_columns,
    frozen_columns,
    paper_columns,
)
from her2desk.training.readers import ReaderFilter, reader_filters, reader_notes
from her2desk.training.request import DlrKind
from her2desk.training.scope_networks import (
    NetworkPlan,
    NetworkWork,
    State,
    fit_scope_networks,
    penultimate_of,
)
from her2desk.training.stack import Stack, StackPlan, fit_stacks
from her2desk.training.table import Matrix, Rows, Sample, Table, pseudonym

FEATURES_SEEN = msg(
    "DLR as published: its network features were seen in training, so its apparent figures say "
    "nothing."
)
NETWORKS_SHARE = 0.7  # of the time; the small network on two cores


@dataclass(frozen=True)
class BuildPlan:
    """How a pack is built: networks to choose from, what DLR is made of, and the models above."""

    networks: tuple[NetworkPlan, ...]
    dlr: DlrKind
    stack: StackPlan


@dataclass(frozen=True)
class Answers:
    """What one stack said of ``rows``: log-odds by branch, "combined" by the fullest pattern known.

    ``by_pattern[pattern]`` (rows,) is NaN where the pattern's inputs are not known. ``traits`` are of
    patients not seen; empty for rows that were fitted on.
    """

    rows: Rows
    branches: Mapping[str, Matrix]
    by_pattern: Mapping[str, Matrix]
    traits: tuple[Traits, ...]

    @property
    def combined(self) -> Matrix:
        """log-odds by the pattern that uses the most of what is known of each patient."""
        out = np.full(len(self.rows), np.nan)
        for pattern in sorted(self.by_pattern, key=lambda p: len(pattern_inputs(p))):
            values = self.by_pattern[pattern]
            out = np.where(np.isfinite(values), values, out)
        return out


@dataclass(frozen=True)
class FittedCohort:
    """The outer folds' stacks and answers, the stack to deploy with its network, and the sites'.

    ``apparent`` are the deployed stack's answers for the rows it was fitted on; ``held_out`` for the
    patients kept back. ``acquisition`` holds (asked, own) log-odds of the acquisition-only model for
    each outer scope and, last, the deployed one. ``readers`` holds every scope's filter in the order
    of ``scopes.all``, nothing where nobody has a second outline.
    """

    scopes: Scopes
    stacks: tuple[Stack, ...]
    deployed: Stack
    network: NetworkPlan
    network_state: State
    network_tries: Mapping[str, float]
    dlr: DlrKind
    outer: tuple[Answers, ...]
    apparent: Answers
    held_out: Answers
    sites: tuple[tuple[str, Answers], ...]
    acquisition: tuple[tuple[Matrix, Matrix], ...]
    readers: tuple[ReaderFilter, ...] = ()

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of known inputs that the deployed stack and every outer fold have a model for."""
        return tuple(
            s.pattern
            for s in self.deployed.combined.submodels
            if all(s.pattern in stack.combined.thresholds for stack in self.stacks)
        )

    @property
    def fallbacks(self) -> tuple[Message, ...]:
        """What had to give way in the deployed stack, and what its kind of DLR costs (V2)."""
        seen = (FEATURES_SEEN,) if self.dlr == "paper" else ()
        return (*seen, *self._reader_notes, *self.deployed.fallbacks)

    @property
    def deployed_readers(self) -> ReaderFilter | None:
        """The deployed scope's filter; None where nobody has a second outline."""
        return self.readers[len(self.scopes.outer)] if self.readers else None

    @property
    def _reader_notes(self) -> tuple[Message, ...]:
        deployed = self.deployed_readers
        if deployed is None:
            return ()
        return reader_notes(deployed, [own for own in self.readers if own is not deployed])


def fit_cohort(
    samples: Sequence[Sample],
    table: Table,
    scopes: Scopes,
    plan: BuildPlan,
    work: NetworkWork,
    progress: Progress,
) -> FittedCohort:
    """Fit a whole stack in each scope; predict each row by stacks that had not seen it (V1)."""
    every = scopes.all
    readers = reader_filters(table, every)  # first: it may refuse, and networks take hours
    images, networks = _images(
        table, every, plan, work, Portion(progress, 0, NETWORKS_SHARE, "networks")
    )
    portion = Portion(progress, NETWORKS_SHARE, 1, "models")
    offered = [own.kept for own in readers]
    stacks = fit_stacks(table, every, images, plan.stack, portion, offered)
    answers = [
        _answers(samples, table, stack, image, of_asked=True)
        for stack, image in zip(stacks, images, strict=True)
    ]
    n = len(scopes.outer)
    chosen = networks[n]
    return FittedCohort(
        scopes=scopes,
        stacks=tuple(stacks[:n]),
        deployed=stacks[n],
        network=chosen.plan,
        network_state=chosen.state,
        network_tries=chosen.tries,
        dlr=plan.dlr,
        outer=tuple(answers[:n]),
        apparent=_answers(samples, table, stacks[n], images[n], of_asked=False),
        held_out=answers[n],
        sites=tuple(
            (name, answer) for (name, _), answer in zip(scopes.sites, answers[n + 1 :], strict=True)
        ),
        acquisition=tuple(
            acquisition_scores(samples, table.labels, every[: n + 1], plan.stack.jobs)
        ),
        readers=readers,
    )


def validation_rows(fitted: FittedCohort, table: Table) -> tuple[ValidationRow, ...]:
    """Every answer for a patient not seen, for each pattern: outer folds first, then held out."""
    rows = [
        row
        for k, answers in enumerate(fitted.outer)
        for row in _rows(fitted, table, answers, k, ValidationSource.OUT_OF_FOLD)
    ]
    rows += _rows(fitted, table, fitted.held_out, None, ValidationSource.HELD_OUT)
    return tuple(rows)


@dataclass(frozen=True)
class _Chosen:
    plan: NetworkPlan
    state: State
    tries: Mapping[str, float]


def _images(
    table: Table,
    scopes: Sequence[Scope],
    plan: BuildPlan,
    work: NetworkWork,
    progress: Progress,
) -> tuple[list[ImageColumns], list[_Chosen]]:
    if plan.dlr == "frozen":
        return _frozen_images(table, scopes, plan.networks[0], work, progress)
    said = fit_scope_networks(scopes, plan.networks, work, progress)
    columns = crossfit_columns if plan.dlr == "crossfit" else paper_columns
    return [columns(s) for s in said], [_Chosen(s.plan, s.state, s.tries) for s in said]


def _frozen_images(
    table: Table,
    scopes: Sequence[Scope],
    plan: NetworkPlan,
    work: NetworkWork,
    progress: Progress,
) -> tuple[list[ImageColumns], list[_Chosen]]:
    progress.step(0.0, msg("Reading every crop with the frozen network"))
    features, state = penultimate_of(plan, work.crops)
    image = FrozenImage(plan, features.astype(np.float64), state)
    found = [frozen_columns(image, table.labels, scope, work.crops) for scope in scopes]
    progress.step(1.0, msg("The frozen network has read every crop"))
    return [columns for columns, _ in found], [_Chosen(plan, own, {}) for _, own in found]


def _answers(
    samples: Sequence[Sample], table: Table, stack: Stack, image: ImageColumns, *, of_asked: bool
) -> Answers:
    scope = stack.scope
    rows = scope.asked if of_asked else scope.rows
    if not len(rows):
        return Answers(rows, {}, {}, ())
    columns = image.asked if of_asked else image.own
    logits = image.asked_logits if of_asked else image.own_logits
    scores = stack.scores(table, rows, columns, logits)
    inputs = dict(zip(table.clinical_names, table.clinical[rows].T, strict=True))
    values = {
        **inputs,
        "clinical": scores["clinical"],
        "cnn_logit": scores["cnn"],
        "dlr": scores["dlr"],
    }
    by_pattern = {s.pattern: combined_scores(s, values) for s in stack.combined.submodels}
    traits = _traits(samples, rows, image) if of_asked else ()
    return Answers(rows, scores, by_pattern, traits)


def _traits(samples: Sequence[Sample], rows: Rows, image: ImageColumns) -> tuple[Traits, ...]:
    found = []
    for i, heat in zip(rows, image.asked_heat, strict=True):
        sample = samples[i]
        _, attention = look(heat, sample.pixels, sample.mask, sample.box)
        found.append(
            traits_of(sample.roi, sample.mask, sample.spacing_mm, sample.clinical, attention)
        )
    return tuple(found)


def _rows(
    fitted: FittedCohort,
    table: Table,
    answers: Answers,
    fold: int | None,
    source: ValidationSource,
) -> list[ValidationRow]:
    return [
        ValidationRow(
            patient=pseudonym(int(row)),
            positive=bool(table.labels[row]),
            fold=fold,
            source=source,
            pattern=pattern,
            logit=float(answers.by_pattern[pattern][i]),
            branches={
                **{name: _known(values[i]) for name, values in answers.branches.items()},
                "combined": float(answers.by_pattern[pattern][i]),
            },
            traits=answers.traits[i],
        )
        for pattern in fitted.patterns
        for i, row in enumerate(answers.rows)
        if np.isfinite(answers.by_pattern[pattern][i])
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
