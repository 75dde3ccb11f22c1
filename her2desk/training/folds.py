"""Who trains what, decided before anything is fitted: outer folds, inner folds, and the network jobs.

Validity rules V1 and V3: a network never predicts a row that it was fitted to or stopped on, and every
object of an outer fold sees that fold's training rows only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from her2desk.domain.progress import Progress
from her2desk.domain.validation import Attention
from her2desk.inference.heatmap import grad_cam, look
from her2desk.inference.networks import CnnReader
from her2desk.texts import msg
from her2desk.training.cohort import Sample
from her2desk.training.network_training import TrainingPlan, train_network

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Scope:
    """The rows one whole stack is fitted on, its inner folds for each repeat, and the rows it answers.

    ``inner[r][j]`` are the rows of fold j in repeat r; together they are ``rows``. ``asked`` is empty
    for the deployed stack, which answers nobody of the cohort.
    """

    rows: Rows
    asked: Rows
    inner: tuple[tuple[Rows, ...], ...]
    seed: int


@dataclass(frozen=True)
class FittedNetworks:
    """What the networks of one scope said.

    ``out_of_fold`` (repeats, rows): logits by networks that had not seen the row. ``asked_logits`` and
    ``asked_attention`` are of the refitted network on the scope's ``asked`` rows; ``state`` its weights.
    """

    out_of_fold: NDArray[np.float64]
    asked_logits: NDArray[np.float64]
    asked_attention: tuple[Attention, ...]
    state: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class _Job:
    train: Rows
    answer: Rows
    seed: int
    is_refit: bool


@dataclass(frozen=True)
class _Said:
    logits: NDArray[np.float64]
    attention: tuple[Attention, ...]
    state: dict[str, NDArray[np.float32]]


def stratified_folds(labels: NDArray[np.bool_], rows: Rows, n: int, seed: int) -> tuple[Rows, ...]:
    """``rows`` cut into ``n`` folds with like shares of positives."""
    splitter = StratifiedKFold(n, shuffle=True, random_state=seed)
    return tuple(rows[test] for _, test in splitter.split(rows, labels[rows]))


def make_scope(
    labels: NDArray[np.bool_], rows: Rows, asked: Rows, folds: int, repeats: int, seed: int
) -> Scope:
    """A scope whose inner folds depend on its own rows' labels and nothing else."""
    inner = tuple(stratified_folds(labels, rows, folds, seed + r) for r in range(repeats))
    return Scope(rows, asked, inner, seed)


def fit_networks(
    samples: Sequence[Sample],
    scopes: Sequence[Scope],
    plan: TrainingPlan,
    jobs: int,
    progress: Progress,
) -> list[FittedNetworks]:
    """Train every network of every scope, ``jobs`` at a time, one thread each."""
    todo = [(s, job) for s, scope in enumerate(scopes) for job in _jobs(scope)]
    results = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_run)(samples, job, plan) for _, job in todo
    )
    said: list[list[_Said]] = [[] for _ in scopes]
    for done, ((s, _), result) in enumerate(zip(todo, results, strict=True), start=1):
        said[s].append(result)
        progress.step(
            done / len(todo), msg("Network {done} of {total}", done=done, total=len(todo))
        )
    return [_gathered(scope, answers) for scope, answers in zip(scopes, said, strict=True)]


def _jobs(scope: Scope) -> list[_Job]:
    refit = _Job(scope.rows, scope.asked, scope.seed, True)
    inner = [
        _Job(np.setdiff1d(scope.rows, fold), fold, scope.seed + 1000 * (r + 1) + j, False)
        for r, folds in enumerate(scope.inner)
        for j, fold in enumerate(folds)
    ]
    return [refit, *inner]


def _gathered(scope: Scope, answers: list[_Said]) -> FittedNetworks:
    refit, inner = answers[0], iter(answers[1:])
    place = {int(row): i for i, row in enumerate(scope.rows)}
    logits = np.full((len(scope.inner), len(scope.rows)), np.nan)
    for r, folds in enumerate(scope.inner):
        for fold in folds:
            logits[r, [place[int(row)] for row in fold]] = next(inner).logits
    return FittedNetworks(logits, refit.logits, refit.attention, refit.state)


def _run(samples: Sequence[Sample], job: _Job, plan: TrainingPlan) -> _Said:
    crops = np.stack([samples[i].crop for i in job.train])
    labels = np.array([samples[i].positive for i in job.train])
    network = train_network(crops, labels, plan, job.seed)
    reader = CnnReader(network, plan.architecture, 1)
    answers = [reader.read(samples[i].crop) for i in job.answer]
    attention: tuple[Attention, ...] = ()
    state: dict[str, NDArray[np.float32]] = {}
    if job.is_refit:
        attention = tuple(
            look(grad_cam(answer), samples[i].pixels, samples[i].mask, samples[i].box)[1]
            for i, answer in zip(job.answer, answers, strict=True)
        )
        state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return _Said(np.array([a.logit for a in answers]), attention, state)
