"""LightGBM's trees as the arrays that a pack holds.

Read from ``Booster.dump_model()``, whose numbers have 17 digits and so come back to the last bit.
What the evaluator could not repeat exactly is refused by name, never approximated.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from her2desk.packs.trees import LEAF, TreeEnsemble

_MISSING_TYPES = {"None": False, "NaN": True}
Node = Mapping[str, Any]


def from_lightgbm(dump: Mapping[str, Any]) -> TreeEnsemble:
    """The ensemble whose ``raw_score(X)`` equals ``booster.predict(X, raw_score=True)``.

    ``dump`` is ``booster.dump_model()`` of a model with one score a row (binary or regression).
    Equal to the last bit for NaN and values up to 1e300 in magnitude, where the dump cuts its
    thresholds. Raises ``ValueError`` for several scores a row, averaged trees (random-forest
    mode), categorical splits, zero taken as missing, linear leaves, and a model without trees.
    """
    if dump["num_tree_per_iteration"] != 1:
        raise ValueError("the model gives several scores a row")
    if dump["average_output"]:
        raise ValueError("the model averages its trees")
    columns = _Columns()
    for tree in dump["tree_info"]:
        if tree.get("num_cat", 0):
            raise ValueError("the model has categorical splits")
        columns.add_tree(tree["tree_structure"])
    if not columns.root:
        raise ValueError("the model has no trees")
    ensemble = columns.ensemble(int(dump["max_feature_idx"]) + 1)
    ensemble.check()
    return ensemble


class _Columns:
    """The arrays while they grow; a node's number is fixed when it is met, before its children."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.value: list[float] = []
        self.default_left: list[bool] = []
        self.missing_is_nan: list[bool] = []
        self.root: list[int] = []

    def add_tree(self, top: Node) -> None:
        self.root.append(len(self.feature))
        waiting = [(top, self.left, -1)]
        while waiting:
            node, links, parent = waiting.pop()
            if parent >= 0:
                links[parent] = len(self.feature)
            if "split_feature" in node:
                here = len(self.feature)
                self._add_split(node)
                waiting.append((node["right_child"], self.right, here))
                waiting.append((node["left_child"], self.left, here))
            else:
                self._add_leaf(node)

    def _add_split(self, node: Node) -> None:
        if node["decision_type"] != "<=":
            raise ValueError(f"a split compares with {node['decision_type']!r}")
        if node["missing_type"] not in _MISSING_TYPES:
            raise ValueError(f"a split takes {node['missing_type']!r} as missing")
        self._add(
            feature=int(node["split_feature"]),
            threshold=float(node["threshold"]),
            value=0.0,
            default_left=bool(node["default_left"]),
            missing_is_nan=_MISSING_TYPES[node["missing_type"]],
        )

    def _add_leaf(self, node: Node) -> None:
        if "leaf_coeff" in node:
            raise ValueError("the model has linear leaves")
        self._add(
            feature=LEAF,
            threshold=0.0,
            value=float(node["leaf_value"]),
            default_left=False,
            missing_is_nan=False,
        )

    def _add(
        self,
        *,
        feature: int,
        threshold: float,
        value: float,
        default_left: bool,
        missing_is_nan: bool,
    ) -> None:
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(LEAF)
        self.right.append(LEAF)
        self.value.append(value)
        self.default_left.append(default_left)
        self.missing_is_nan.append(missing_is_nan)

    def ensemble(self, n_features: int) -> TreeEnsemble:
        return TreeEnsemble(
            feature=np.array(self.feature, np.int32),
            threshold=np.array(self.threshold, np.float64),
            left=np.array(self.left, np.int32),
            right=np.array(self.right, np.int32),
            value=np.array(self.value, np.float64),
            default_left=np.array(self.default_left, np.bool_),
            missing_is_nan=np.array(self.missing_is_nan, np.bool_),
            root=np.array(self.root, np.int32),
            n_features=n_features,
        )
