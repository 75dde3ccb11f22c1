"""Every network of every scope: trained on its rows, asked about rows that it has not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from her2desk.domain.progress import Progress
from her2desk.inference.devices import Device
from her2desk.inference.heatmap import grad_cam
from her2desk.inference.networks import ARCHITECTURES, CnnReader, build_network
from her2desk.texts import msg
from her2desk.training.folds import Scope
from her2desk.training.initial_weights import InitialWeights
from her2desk.training.network_training import (
    TrainingPlan,
    start_from,
    train_network,
    training_parts,
)
from her2desk.training.table import Labels, Matrix, Rows
from her2desk.training.work_folder import WorkFolder

State = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class NetworkPlan:
    """How one architecture is trained, and from which weights it starts (None: at random)."""

    training: TrainingPlan
    initial: InitialWeights | None = None


@dataclass(frozen=True)
class NetworkWork:
    """What training needs beside the plan: crops float32 (patients, size, size), labels, and means.

    ``keeps_penultimate`` asks each network for its penultimate features of its whole scope.
    """

    crops: NDArray[np.float32]
    labels: Labels
    keeps_penultimate: bool
    folder: WorkFolder
    device: Device
    jobs: int


@dataclass(frozen=True)
class Said:
    """What one network said of the rows that it was asked about, one entry a row.

    ``heat`` is Grad-CAM on the native grid; ``penultimate`` is empty where it was not asked for.
    """

    logits: Matrix
    heat: NDArray[np.float32]
    penultimate: NDArray[np.float32]
    state: State


@dataclass(frozen=True)
class ScopeNetworks:
    """The networks of one scope that were kept: of the architecture with the best inner AUC.

    ``inner[r][j]`` was fitted without fold j of repeat r and answers that fold (and, where
    penultimate features are kept, the whole scope). ``asked`` and ``own`` are the refitted network on
    the scope's asked rows and on its own rows.
    """

    plan: NetworkPlan
    tries: dict[str, float]
    out_of_fold: Matrix
    inner: tuple[tuple[Said, ...], ...]
    asked: Said
    own: Said

    @property
    def state(self) -> State:
        """The refitted network's weights."""
        return self.own.state


@dataclass(frozen=True)
class _Job:
    plan: NetworkPlan
    train: Rows
    answer: Rows
    seed: int
    keeps_state: bool


def fit_scope_networks(
    scopes: Sequence[Scope],
    plans: Sequence[NetworkPlan],
    work: NetworkWork,
    progress: Progress,
) -> list[ScopeNetworks]:
    """Train all networks, ``work.jobs`` at a time; finished ones are found again after a kill."""
    todo = [job for scope in scopes for plan in plans for job in _jobs(scope, plan, work)]
    results = _run_all(todo, work, progress)
    return [_best(scope, plans, work, results) for scope in scopes]


def _jobs(scope: Scope, plan: NetworkPlan, work: NetworkWork) -> list[_Job]:
    refit = _Job(plan, scope.rows, np.concatenate([scope.asked, scope.rows]), scope.seed, True)
    inner = [
        _Job(
            plan,
            np.setdiff1d(scope.rows, fold),
            scope.rows if work.keeps_penultimate else fold,
            scope.seed + 1000 * (r + 1) + j,
            False,
        )
        for r, folds in enumerate(scope.inner)
        for j, fold in enumerate(folds)
    ]
    return [refit, *inner]


def _run_all(todo: list[_Job], work: NetworkWork, progress: Progress) -> Iterator[Said]:
    jobs = work.jobs if work.device.is_processor else 1
    parallel = Parallel(n_jobs=jobs, return_as="generator")
    results = parallel(delayed(_run)(job, work) for job in todo)
    progress.step(0.0, msg("Network {done} of {total}", done=0, total=len(todo)))
    had_failed = work.device.fault is not None
    for done, result in enumerate(results, start=1):
        if work.device.fault is not None and not had_failed:
            had_failed = True
            progress.step(done / len(todo), work.device.fault.training_sentence)
        progress.step(
            done / len(todo), msg("Network {done} of {total}", done=done, total=len(todo))
        )
        yield result


def _best(
    scope: Scope, plans: Sequence[NetworkPlan], work: NetworkWork, results: Iterator[Said]
) -> ScopeNetworks:
    """The scope's networks of each plan, taken from ``results`` in order; the best by inner AUC (V3)."""
    tried = [_gathered(scope, plan, work, results) for plan in plans]
    names = [plan.training.architecture for plan in plans]
    tries = {
        name: _mean_auc(work.labels, scope, one.out_of_fold[0])
        for name, one in zip(names, tried, strict=True)
    }
    best = tried[int(np.argmax(list(tries.values())))]
    return ScopeNetworks(best.plan, tries, best.out_of_fold, best.inner, best.asked, best.own)


def _mean_auc(labels: Labels, scope: Scope, logits: Matrix) -> float:
    own = labels[scope.rows]
    return float(np.mean([roc_auc_score(own[f], logits[f]) for f in scope.places[0]]))


def _gathered(
    scope: Scope, plan: NetworkPlan, work: NetworkWork, results: Iterator[Said]
) -> ScopeNetworks:
    refit = next(results)
    cut = len(scope.asked)
    logits = np.full((len(scope.inner), len(scope.rows)), np.nan)
    inner = []
    for r, folds in enumerate(scope.places):
        said = [next(results) for _ in folds]
        for place, one in zip(folds, said, strict=True):
            logits[r, place] = one.logits[place] if work.keeps_penultimate else one.logits
        inner.append(tuple(said))
    return ScopeNetworks(
        plan, {}, logits, tuple(inner), _part(refit, slice(cut)), _part(refit, slice(cut, None))
    )


def _part(said: Said, rows: slice) -> Said:
    return Said(said.logits[rows], said.heat[rows], said.penultimate[rows], said.state)


def _run(job: _Job, work: NetworkWork) -> Said:
    training, initial = job.plan.training, job.plan.initial
    crops, labels = work.crops[job.train], work.labels[job.train]
    device = work.device.name
    parts = training_parts(crops, labels, training, job.seed, initial=initial, device=device)
    key = work.folder.key(
        **parts, asked=work.crops[job.answer], keeps=[work.keeps_penultimate, job.keeps_state]
    )
    found = work.folder.get(key)
    if found is None:
        network = train_network(
            crops,
            labels,
            training,
            job.seed,
            initial=initial,
            checkpoint=work.folder.checkpoint(key),
            device=work.device,
        )
        spec = ARCHITECTURES[training.architecture]
        reader = CnnReader(network, training.architecture, spec.channels, work.device)
        found = _tensors(reader, work.crops[job.answer], work.keeps_penultimate)
        if job.keeps_state:
            weights = network.state_dict().items()
            found |= {f"state.{name}": tensor.cpu().numpy() for name, tensor in weights}
        work.folder.put(key, found)
    state = {n.removeprefix("state."): v for n, v in found.items() if n.startswith("state.")}
    return Said(found["logits"], found["heat"], found["penultimate"], state)


def _tensors(
    reader: CnnReader, crops: NDArray[np.float32], keeps_penultimate: bool
) -> dict[str, NDArray[Any]]:
    answers = [reader.read(crop) for crop in crops]
    return {
        "logits": np.array([a.logit for a in answers], dtype=np.float64),
        "heat": np.stack([grad_cam(a) for a in answers]),
        "penultimate": np.stack([a.penultimate for a in answers])
        if keeps_penultimate
        else np.zeros((len(answers), 0), dtype=np.float32),
    }


def penultimate_of(
    plan: NetworkPlan, crops: NDArray[np.float32]
) -> tuple[NDArray[np.float32], State]:
    """Penultimate features (patients, features) of a network as its initial weights left it (V2)."""
    architecture = plan.training.architecture
    network = build_network(architecture, ARCHITECTURES[architecture].channels)
    if plan.initial is not None:
        start_from(network, plan.initial)
    reader = CnnReader(network, architecture, ARCHITECTURES[architecture].channels)
    features = np.stack([reader.read(crop).penultimate for crop in crops])
    return features, {n: t.detach().numpy() for n, t in network.state_dict().items()}
