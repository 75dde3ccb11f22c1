"""The trees of LightGBM, XGBoost and scikit-learn as the arrays that a pack holds.

Every library's own decisions are repeated: which way a value on a threshold, a value that float32
rounds, and a missing value go. What the evaluator could not repeat is refused by name, never
approximated.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.log_odds import logit
from her2desk.packs.trees import LEAF, TreeEnsemble

LARGEST = np.finfo(np.float64).max
_MISSING_TYPES = {"None": False, "NaN": True}
Node = Mapping[str, Any]


def from_lightgbm(dump: Mapping[str, Any]) -> TreeEnsemble:
    """The ensemble whose ``raw_score(X)`` equals ``booster.predict(X, raw_score=True)``.

    ``dump`` is ``booster.dump_model()`` of a model with one score a row (binary or regression); its
    numbers have 17 digits and so come back to the last bit. Equal to the last bit for NaN and values
    up to 1e300 in magnitude, where the dump cuts its thresholds. Raises ``ValueError`` for several
    scores a row, averaged trees (random-forest mode), categorical splits, zero taken as missing,
    linear leaves, and a model without trees.
    """
    if dump["num_tree_per_iteration"] != 1:
        raise ValueError("the model gives several scores a row")
    if dump["average_output"]:
        raise ValueError("the model averages its trees")
    columns = _Columns()
    for tree in dump["tree_info"]:
        if tree.get("num_cat", 0):
            raise ValueError("the model has categorical splits")
        columns.add_tree(_LightGbmTree(tree["tree_structure"]))
    return columns.ensemble(int(dump["max_feature_idx"]) + 1)


def from_xgboost(model: Mapping[str, Any]) -> TreeEnsemble:
    """The ensemble whose ``raw_score(X)`` equals ``booster.predict(X, output_margin=True)``.

    ``model`` is ``json.loads(booster.save_raw("json"))`` of a ``binary:logistic`` model fitted with
    ``missing=nan``. Every row reaches the same leaves: features and thresholds are float32, and a
    value goes left when it is below the threshold. XGBoost adds up in float32 and the ensemble in
    float64, so that sums differ by XGBoost's own rounding (some 1e-6 at 60 trees). The base score, a
    probability ("5E-1" before XGBoost 3.1, "[5E-1]" since), enters as log-odds. Raises ``ValueError``
    for another objective or booster (DART, linear), several scores a row, vector leaves, categorical
    splits, a base score without log-odds, and a model without trees.
    """
    learner = model["learner"]
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    if objective != "binary:logistic":
        raise ValueError(f"the objective is {objective!r}")
    if booster["name"] != "gbtree":
        raise ValueError(f"the booster is {booster['name']!r}")
    parameters = learner["learner_model_param"]
    if int(parameters.get("num_target", 1)) > 1:
        raise ValueError("the model gives several scores a row")
    base_score = _xgboost_base_score(parameters["base_score"])
    columns = _Columns()
    for tree in booster["model"]["trees"]:
        if int(tree["tree_param"]["size_leaf_vector"]) > 1:
            raise ValueError("the model's leaves are vectors")
        if any(tree["split_type"]):
            raise ValueError("the model has categorical splits")
        columns.add_tree(_XgboostTree(tree))
    return columns.ensemble(
        int(parameters["num_feature"]),
        base_score=base_score,
        comparison="<",
        comparison_dtype="float32",
    )


def from_forest(forest: Any) -> TreeEnsemble:
    """The ensemble whose ``raw_score(X)`` is ``forest.predict_proba(X)[:, 1]``, the mean probability.

    ``forest`` is a fitted ``RandomForestClassifier`` or ``ExtraTreesClassifier`` of scikit-learn of two
    classes. Features are float32 and a value goes left when it is not above the float64 threshold; NaN
    goes where the tree sends missing values. Each leaf holds probability ÷ trees: equal to the last bit
    where the number of trees is a power of 2, else to rounding. Values beyond float32's range,
    which scikit-learn refuses, are taken as very large. Raises ``ValueError`` for several outputs and
    for other than two classes.
    """
    if forest.n_outputs_ != 1:
        raise ValueError("the forest gives several scores a row")
    if len(forest.classes_) != 2:
        raise ValueError(f"the forest knows {len(forest.classes_)} classes, not 2")
    trees = [estimator.tree_ for estimator in forest.estimators_]
    root = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    # scikit-learn numbers the nodes of a tree from its root downwards, as the ensemble wants them.
    at = np.repeat(root, [tree.node_count for tree in trees])
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    probability = np.concatenate([tree.value[:, 0, 1] for tree in trees])
    missing_left = np.concatenate([tree.missing_go_to_left for tree in trees])
    # A split that only tells missing from present has an infinite threshold.
    threshold = np.clip(np.concatenate([tree.threshold for tree in trees]), -LARGEST, LARGEST)
    is_leaf = left == LEAF
    ensemble = TreeEnsemble(
        feature=_at_splits(is_leaf, np.concatenate([t.feature for t in trees]), LEAF, np.int32),
        threshold=_at_splits(is_leaf, threshold, 0, np.float64),
        left=_at_splits(is_leaf, left + at, LEAF, np.int32),
        right=_at_splits(is_leaf, right + at, LEAF, np.int32),
        value=np.where(is_leaf, probability / len(trees), 0.0),
        default_left=_at_splits(is_leaf, missing_left, False, np.bool_),
        missing_is_nan=~is_leaf,
        root=root.astype(np.int32),
        n_features=int(forest.n_features_in_),
        comparison_dtype="float32",
    )
    ensemble.check()
    return ensemble


def _at_splits(
    is_leaf: NDArray[np.bool_], values: NDArray[Any], at_leaf: float, dtype: type[np.generic]
) -> NDArray[Any]:
    return np.where(is_leaf, at_leaf, values).astype(dtype)


def _xgboost_base_score(text: str) -> float:
    values = text.strip("[]").split(",")
    if len(values) != 1:
        raise ValueError("the model gives several scores a row")
    probability = float(np.float32(values[0]))
    if not 0 < probability < 1:
        raise ValueError(f"the base score is {probability:g}, which has no log-odds")
    return logit(probability)


class _LightGbmTree:
    """A tree of LightGBM's dump: nested nodes."""

    def __init__(self, top: Node) -> None:
        self.top = top

    def children(self, node: Node) -> tuple[Node, Node] | None:
        return (node["left_child"], node["right_child"]) if "split_feature" in node else None

    def split(self, node: Node) -> dict[str, Any]:
        if node["decision_type"] != "<=":
            raise ValueError(f"a split compares with {node['decision_type']!r}")
        if node["missing_type"] not in _MISSING_TYPES:
            raise ValueError(f"a split takes {node['missing_type']!r} as missing")
        return {
            "feature": int(node["split_feature"]),
            "threshold": float(node["threshold"]),
            "default_left": bool(node["default_left"]),
            "missing_is_nan": _MISSING_TYPES[node["missing_type"]],
        }

    def leaf(self, node: Node) -> float:
        if "leaf_coeff" in node:
            raise ValueError("the model has linear leaves")
        return float(node["leaf_value"])


class _XgboostTree:
    """A tree of XGBoost's model: parallel lists, in which pruning may have left unused nodes.

    A number was written with as many digits as float32 needs, and is rounded to float32 again.
    """

    top = 0

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._left, self._right = tree["left_children"], tree["right_children"]
        self._feature, self._default_left = tree["split_indices"], tree["default_left"]
        self._number = np.array(tree["split_conditions"], np.float32).astype(np.float64)

    def children(self, node: int) -> tuple[int, int] | None:
        return None if self._left[node] == LEAF else (self._left[node], self._right[node])

    def split(self, node: int) -> dict[str, Any]:
        return {
            "feature": int(self._feature[node]),
            "threshold": float(self._number[node]),
            "default_left": bool(self._default_left[node]),
            "missing_is_nan": True,
        }

    def leaf(self, node: int) -> float:
        return float(self._number[node])


class _Columns:
    """The arrays while they grow; a node's number is fixed when it is met, before its children."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.root: list[int] = []

    def add_tree(self, tree: _LightGbmTree | _XgboostTree) -> None:
        self.root.append(len(self.rows))
        waiting: list[tuple[Any, int, Literal["left", "right"]]] = [(tree.top, LEAF, "left")]
        while waiting:
            node, parent, side = waiting.pop()
            here = len(self.rows)
            if parent != LEAF:
                self.rows[parent][side] = here
            children = tree.children(node)
            if children is None:
                self.rows.append({"value": tree.leaf(node)})
            else:
                self.rows.append(tree.split(node))
                waiting += [(children[1], here, "right"), (children[0], here, "left")]

    def ensemble(self, n_features: int, **how: Any) -> TreeEnsemble:
        """The checked ensemble; raises ``ValueError`` where no tree was added."""
        if not self.root:
            raise ValueError("the model has no trees")
        ensemble = TreeEnsemble(
            feature=np.fromiter(self._column("feature", LEAF), np.int32),
            threshold=np.fromiter(self._column("threshold", 0.0), np.float64),
            left=np.fromiter(self._column("left", LEAF), np.int32),
            right=np.fromiter(self._column("right", LEAF), np.int32),
            value=np.fromiter(self._column("value", 0.0), np.float64),
            default_left=np.fromiter(self._column("default_left", False), np.bool_),
            missing_is_nan=np.fromiter(self._column("missing_is_nan", False), np.bool_),
            root=np.array(self.root, np.int32),
            n_features=n_features,
            **how,
        )
        ensemble.check()
        return ensemble

    def _column(self, name: str, otherwise: float) -> Iterable[Any]:
        return (row.get(name, otherwise) for row in self.rows)
