"""What the network gives to the DLR model of a scope, in the three kinds of validity rule V2.

``crossfit``: one out-of-fold logit. ``paper``: fine-tuned penultimate features, with network and
booster refitted together in every fold. ``frozen``: penultimate features of a network that never saw
a label, whose last layer alone is fitted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from her2desk.inference.heatmap import grad_cam
from her2desk.inference.networks import ARCHITECTURES, CnnReader, build_network
from her2desk.training.folds import Scope
from her2desk.training.scope_networks import NetworkPlan, ScopeNetworks, State
from her2desk.training.table import Labels, Matrix

HEAD_C = 1e-3  # a linear layer on hundreds of features from about a hundred patients


@dataclass(frozen=True)
class ImageColumns:
    """One scope's image scores, and the columns that its DLR model is fed with.

    ``logits`` (repeats, rows) are out of fold within the scope; ``own_logits`` and ``asked_logits``
    are the refitted network's. ``refit``, ``own`` and ``asked`` are columns for the deployed DLR
    model: to fit it, to ask it about the scope's own rows (apparent) and about ``asked`` rows.
    ``inner[r][j]`` are columns of all rows for the DLR model that leaves out fold j of repeat r.
    ``penultimate`` says that columns are network features, which go through PCA and selection.
    """

    logits: Matrix
    own_logits: Matrix
    asked_logits: Matrix
    asked_heat: NDArray[np.float32]
    refit: Matrix
    own: Matrix
    asked: Matrix
    inner: tuple[tuple[Matrix, ...], ...]
    penultimate: bool


@dataclass(frozen=True)
class FrozenImage:
    """A network as its initial weights left it: penultimate (patients, features) and its weights."""

    plan: NetworkPlan
    penultimate: Matrix
    state: State


def crossfit_columns(said: ScopeNetworks) -> ImageColumns:
    """The network enters as one logit, out of fold for the rows that models are fitted on."""
    logits = said.out_of_fold
    return ImageColumns(
        logits=logits,
        own_logits=said.own.logits,
        asked_logits=said.asked.logits,
        asked_heat=said.asked.heat,
        refit=logits[0][:, None],
        own=said.own.logits[:, None],
        asked=said.asked.logits[:, None],
        inner=tuple(
            tuple(repeat[:, None] for _ in said.inner[r]) for r, repeat in enumerate(logits)
        ),
        penultimate=False,
    )


def paper_columns(said: ScopeNetworks) -> ImageColumns:
    """As published: features that the network learnt on the very rows that the booster is fitted on."""
    own = said.own.penultimate.astype(np.float64)
    return ImageColumns(
        logits=said.out_of_fold,
        own_logits=said.own.logits,
        asked_logits=said.asked.logits,
        asked_heat=said.asked.heat,
        refit=own,
        own=own,
        asked=said.asked.penultimate.astype(np.float64),
        inner=tuple(
            tuple(one.penultimate.astype(np.float64) for one in repeat) for repeat in said.inner
        ),
        penultimate=True,
    )


def frozen_columns(
    image: FrozenImage, labels: Labels, scope: Scope, crops: NDArray[np.float32]
) -> tuple[ImageColumns, State]:
    """Features that no label has touched; the logit comes from a last layer fitted on the scope.

    Returns the columns and the network's weights with that last layer in place.
    """
    features, own = image.penultimate, image.penultimate[scope.rows]
    logits = np.empty((len(scope.inner), len(scope.rows)))
    for r, folds in enumerate(scope.inner):
        for fold, place in zip(folds, scope.places[r], strict=True):
            rest = np.setdiff1d(scope.rows, fold)
            weight, bias = _linear_head(features[rest], labels[rest])
            logits[r, place] = features[fold] @ weight + bias
    weight, bias = _linear_head(own, labels[scope.rows])
    state = _with_head(image, weight, bias)
    columns = ImageColumns(
        logits=logits,
        own_logits=own @ weight + bias,
        asked_logits=features[scope.asked] @ weight + bias,
        asked_heat=_heat(image.plan, state, crops[scope.asked]),
        refit=own,
        own=own,
        asked=features[scope.asked],
        inner=tuple(tuple(own for _ in folds) for folds in scope.inner),
        penultimate=True,
    )
    return columns, state


def _linear_head(features: Matrix, labels: Labels) -> tuple[Matrix, float]:
    """Weights and bias of a ridge logistic regression, on the features' own scale."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=HEAD_C, max_iter=1000).fit(scaler.transform(features), labels)
    weight = model.coef_[0] / scaler.scale_
    return weight, float(model.intercept_[0] - weight @ scaler.mean_)


def _with_head(image: FrozenImage, weight: Matrix, bias: float) -> State:
    architecture = image.plan.training.architecture
    network = build_network(architecture, ARCHITECTURES[architecture].channels)
    head = ARCHITECTURES[architecture].head(network)
    name = next(n for n, module in network.named_modules() if module is head)
    return {
        **image.state,
        f"{name}.weight": weight[None].astype(np.float32),
        f"{name}.bias": np.array([bias], dtype=np.float32),
    }


def _heat(plan: NetworkPlan, state: State, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    architecture = plan.training.architecture
    channels = ARCHITECTURES[architecture].channels
    network = build_network(architecture, channels)
    network.load_state_dict({name: torch.from_numpy(v) for name, v in state.items()})
    reader = CnnReader(network, architecture, channels)
    maps = [grad_cam(reader.read(crop)) for crop in crops]
    return np.stack(maps) if maps else np.zeros((0, 1, 1), dtype=np.float32)
