"""Tree ensembles as checked arrays, and the one evaluator that answers from them.

All nodes of all trees lie one after the other. ``root[t]`` is the first node of tree ``t``, whose
nodes end where the next tree begins. A split has two children, both inside its own tree and behind
it; a leaf has ``left == right == feature == -1``. So a checked ensemble has no cycle, and every
step of the evaluator stays inside the arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from her2desk.errors import PackRefused
from her2desk.texts import msg

T = TypeVar("T")

LEAF = -1
MAX_NODES = 4_000_000
MAX_DEPTH = 1024
MAX_FEATURES = 100_000
COMPARISONS: tuple[Literal["<=", "<"], ...] = ("<=", "<")
COMPARISON_DTYPES: tuple[Literal["float64", "float32"], ...] = ("float64", "float32")

_NODE_DTYPES: Mapping[str, type[np.generic]] = {
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "value": np.float64,
    "default_left": np.bool_,
    "missing_is_nan": np.bool_,
}
_SCALAR_DTYPES: Mapping[str, type[np.generic]] = {
    "comparison": np.uint8,
    "comparison_dtype": np.uint8,
    "base_score": np.float64,
    "n_features": np.int64,
}
_CELLS_AT_ONCE = 500_000  # rows × trees whose positions are held together


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """A sum of regression trees, as arrays of one entry a node (``root``: one a tree).

    Parameters
    ----------
    feature : int32, column of X that a split looks at; -1 at a leaf.
    threshold : float64; a row goes left when ``X[:, feature] <comparison> threshold``; 0 at a leaf.
    left, right : int32, children's indices; -1 at a leaf.
    value : float64, what a leaf adds to the score; 0 at a split.
    default_left : bool, where a missing value goes at a split.
    missing_is_nan : bool; at such a split NaN is missing, at any other NaN counts as 0 (LightGBM's
        missing types "NaN" and "None").
    root : int32, first node of each tree, ascending from 0.
    base_score : what the score is without any tree.
    n_features : columns of X.
    comparison, comparison_dtype : how the library that fitted the trees compares; with "float32",
        X is rounded to float32 first.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    default_left: NDArray[np.bool_]
    missing_is_nan: NDArray[np.bool_]
    root: NDArray[np.int32]
    n_features: int
    base_score: float = 0.0
    comparison: Literal["<=", "<"] = "<="
    comparison_dtype: Literal["float64", "float32"] = "float64"

    @property
    def n_trees(self) -> int:
        """How many trees are added up."""
        return len(self.root)

    def check(self) -> None:
        """Raise ``PackRefused`` (code ``pack-tree``) unless the evaluator can trust every array."""
        self._check_shapes()
        self._check_values()
        self._check_links()
        self._check_depth()

    def raw_score(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score of each row: ``base_score`` plus one leaf a tree, added in the trees' order.

        ``features`` is float64 (n, n_features), NaN where missing; the result is float64 (n,). The
        order of addition is fixed, so the same rows give the same bits, alone or together. Raises
        ``ValueError`` for another shape or an infinite value. The ensemble must have passed
        ``check``.
        """
        if features.ndim != 2 or features.shape[1] != self.n_features:
            raise ValueError(f"{features.shape} is not (n, {self.n_features})")
        if np.isinf(features).any():
            raise ValueError("a feature is infinite")
        rows = np.asarray(features, dtype=np.float64)
        if self.comparison_dtype == "float32":
            with np.errstate(over="ignore"):
                rows = rows.astype(np.float32).astype(np.float64)
        step = max(1, _CELLS_AT_ONCE // max(1, self.n_trees))
        parts = [self._score(rows[i : i + step]) for i in range(0, len(rows), step)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _score(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        node = np.broadcast_to(self.root, (len(rows), self.n_trees)).astype(np.int64)
        row = np.broadcast_to(np.arange(len(rows))[:, None], node.shape).ravel()
        node = node.ravel()
        moving = np.flatnonzero(self.left[node] != LEAF)
        while moving.size:
            here = node[moving]
            goes_left = self._goes_left(rows[row[moving], self.feature[here]], here)
            node[moving] = np.where(goes_left, self.left[here], self.right[here])
            moving = moving[self.left[node[moving]] != LEAF]
        score = np.full(len(rows), self.base_score)
        for leaves in self.value[node].reshape(len(rows), self.n_trees).T:
            score += leaves  # one tree after the other: numpy's own sum would choose its order
        return score

    def _goes_left(self, x: NDArray[np.float64], node: NDArray[np.int64]) -> NDArray[np.bool_]:
        is_nan = np.isnan(x)
        x = np.where(is_nan, 0.0, x)
        threshold = self.threshold[node]
        below = x <= threshold if self.comparison == "<=" else x < threshold
        is_missing = is_nan & self.missing_is_nan[node]
        return np.where(is_missing, self.default_left[node], below)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """The ensemble as named arrays for safetensors; scalars are arrays of one entry."""
        nodes = {name: np.ascontiguousarray(getattr(self, name)) for name in _NODE_DTYPES}
        scalars = {
            "comparison": COMPARISONS.index(self.comparison),
            "comparison_dtype": COMPARISON_DTYPES.index(self.comparison_dtype),
            "base_score": self.base_score,
            "n_features": self.n_features,
        }
        return {
            **nodes,
            "root": np.ascontiguousarray(self.root),
            **{name: np.array([scalars[name]], dtype) for name, dtype in _SCALAR_DTYPES.items()},
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "TreeEnsemble":
        """A checked ensemble from ``to_tensors``' arrays; all else raises ``PackRefused``."""
        expected = {*_NODE_DTYPES, *_SCALAR_DTYPES, "root"}
        if set(tensors) != expected:
            raise _refused(f"arrays {sorted(set(tensors) ^ expected)}")
        scalars = {name: _scalar(tensors[name], name) for name in _SCALAR_DTYPES}
        ensemble = cls(
            **{name: tensors[name] for name in _NODE_DTYPES},
            root=tensors["root"],
            n_features=int(scalars["n_features"]),
            base_score=float(scalars["base_score"]),
            comparison=_choice(scalars["comparison"], COMPARISONS, "comparison"),
            comparison_dtype=_choice(
                scalars["comparison_dtype"], COMPARISON_DTYPES, "comparison_dtype"
            ),
        )
        ensemble.check()
        return ensemble

    def _check_shapes(self) -> None:
        count = len(self.feature) if self.feature.ndim == 1 else 0
        for name, dtype in _NODE_DTYPES.items():
            array = getattr(self, name)
            _require(array.shape == (count,) and array.dtype == dtype, name)
        _require(self.root.ndim == 1 and self.root.dtype == np.int32, "root")
        _require(0 < count <= MAX_NODES and 0 < len(self.root) <= count, "node count")
        _require(0 < self.n_features <= MAX_FEATURES, "n_features")

    def _check_values(self) -> None:
        for name in ("threshold", "value"):
            _require(bool(np.isfinite(getattr(self, name)).all()), name)
        _require(bool(np.isfinite(self.base_score)), "base_score")
        is_leaf = self.left == LEAF
        _require(bool(np.array_equal(is_leaf, self.feature == LEAF)), "feature")
        split_on = self.feature[~is_leaf]
        _require(bool(((split_on >= 0) & (split_on < self.n_features)).all()), "feature")

    def _check_links(self) -> None:
        count = len(self.feature)
        _require(self.root[0] == 0 and bool((np.diff(self.root) > 0).all()), "root")
        _require(int(self.root[-1]) < count, "root")
        is_leaf = self.left == LEAF
        _require(bool(np.array_equal(is_leaf, self.right == LEAF)), "right")
        splits = np.flatnonzero(~is_leaf)
        tree = np.searchsorted(self.root, np.arange(count), side="right")
        for name in ("left", "right"):
            child = getattr(self, name)[splits]
            _require(bool(((child > splits) & (child < count)).all()), name)
            _require(bool((tree[child] == tree[splits]).all()), name)
        parents = np.bincount(
            np.concatenate([self.left[splits], self.right[splits]]), minlength=count
        )
        expected = np.ones(count, dtype=parents.dtype)
        expected[self.root] = 0
        _require(bool(np.array_equal(parents, expected)), "left and right")

    def _check_depth(self) -> None:
        level = self.root[self.left[self.root] != LEAF]
        for _ in range(MAX_DEPTH):
            if not level.size:
                return
            below = np.concatenate([self.left[level], self.right[level]])
            level = below[self.left[below] != LEAF]
        _require(not level.size, "depth")


def _scalar(array: NDArray[Any], name: str) -> float:
    _require(array.shape == (1,) and array.dtype == _SCALAR_DTYPES[name], name)
    return float(array[0])


def _choice(index: float, choices: tuple[T, ...], name: str) -> T:
    _require(index < len(choices), name)
    return choices[int(index)]


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise _refused(what)


def _refused(what: str) -> PackRefused:
    return PackRefused(
        msg("A tree model of the pack is not sound ({what}).", what=what),
        msg("Get the pack again from whoever built it."),
        code="pack-tree",
    )
