"""Tree ensembles as arrays: what they answer, and every array that they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from her2desk.errors import PackRefused
from her2desk.packs import trees as trees_module
from her2desk.packs.trees import LEAF, MAX_DEPTH, TreeEnsemble

NAN = float("nan")


def two_trees(**changes) -> TreeEnsemble:
    """Tree 0: x0 <= 1.5 ? 10 : (x1 <= 0 ? 20 : 30); tree 1: a leaf of 0.25.

    At the first split a missing x0 goes left; at the second NaN counts as 0.
    """
    arrays = {
        "feature": np.array([0, LEAF, 1, LEAF, LEAF, LEAF], np.int32),
        "threshold": np.array([1.5, 0, 0, 0, 0, 0], np.float64),
        "left": np.array([1, LEAF, 3, LEAF, LEAF, LEAF], np.int32),
        "right": np.array([2, LEAF, 4, LEAF, LEAF, LEAF], np.int32),
        "value": np.array([0, 10, 0, 20, 30, 0.25], np.float64),
        "default_left": np.array([True, False, False, False, False, False]),
        "missing_is_nan": np.array([True, False, False, False, False, False]),
        "root": np.array([0, 5], np.int32),
    }
    return TreeEnsemble(**{**arrays, "n_features": 2, "base_score": 0.5, **changes})


def refusal(ensemble: TreeEnsemble) -> PackRefused:
    with pytest.raises(PackRefused) as caught:
        ensemble.check()
    assert caught.value.code == "pack-tree"
    return caught.value


@pytest.mark.parametrize(
    ("x", "leaf"),
    [
        ((1.0, 9.0), 10),
        ((1.5, 9.0), 10),
        ((1.6, -1.0), 20),
        ((1.6, 0.0), 20),
        ((1.6, 0.1), 30),
        ((NAN, 9.0), 10),
        ((2.0, NAN), 20),
        ((1e300, 1e300), 30),
        ((-1e300, 0.0), 10),
    ],
)
def test_a_row_gets_one_leaf_of_each_tree_and_the_base_score(x, leaf):
    ensemble = two_trees()
    ensemble.check()
    assert ensemble.n_trees == 2
    assert ensemble.raw_score(np.array([x])).tolist() == [0.5 + leaf + 0.25]


def test_strictly_less_sends_a_value_on_the_threshold_right():
    assert two_trees(comparison="<").raw_score(np.array([[1.5, 1.0]])).tolist() == [30.75]


def test_float32_comparison_rounds_the_row_first():
    third = np.nextafter(np.float32(1 / 3), np.float32(0)).astype(np.float64)
    threshold = two_trees().threshold.copy()
    threshold[0] = third
    x = np.array([[third + 1e-12, 1.0], [1e300, 1.0]])
    in_double = two_trees(threshold=threshold)
    in_single = two_trees(threshold=threshold, comparison_dtype="float32")
    assert in_double.raw_score(x).tolist() == [30.75, 30.75]
    assert in_single.raw_score(x).tolist() == [10.75, 30.75]


def test_trees_are_added_in_their_order():
    """1e16 + 1 − 1e16 + 1 is 1 from left to right, and 2 or 0 in other orders."""
    count = 4
    leaves = TreeEnsemble(
        feature=np.full(count, LEAF, np.int32),
        threshold=np.zeros(count),
        left=np.full(count, LEAF, np.int32),
        right=np.full(count, LEAF, np.int32),
        value=np.array([1e16, 1.0, -1e16, 1.0]),
        default_left=np.zeros(count, bool),
        missing_is_nan=np.zeros(count, bool),
        root=np.arange(count, dtype=np.int32),
        n_features=1,
    )
    leaves.check()
    assert leaves.raw_score(np.zeros((2, 1))).tolist() == [1.0, 1.0]


def test_rows_answer_alike_alone_together_and_in_chunks(monkeypatch):
    rows = np.random.default_rng(1).normal(size=(50, 2)) * 2
    together = two_trees().raw_score(rows)
    alone = np.concatenate([two_trees().raw_score(rows[i : i + 1]) for i in range(50)])
    monkeypatch.setattr(trees_module, "_CELLS_AT_ONCE", 7)
    assert two_trees().raw_score(rows).tolist() == together.tolist() == alone.tolist()


def test_no_rows_get_no_scores():
    assert two_trees().raw_score(np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 3), (1, 3, 2)])
def test_rows_of_another_width_are_a_mistake_of_ours(shape):
    with pytest.raises(ValueError, match="is not"):
        two_trees().raw_score(np.zeros(shape))


def test_an_infinite_feature_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="infinite"):
        two_trees().raw_score(np.array([[0.0, -np.inf]]))


@pytest.mark.parametrize("comparison", ["<=", "<"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_ensemble_survives_safetensors(comparison, dtype):
    ensemble = two_trees(comparison=comparison, comparison_dtype=dtype)
    content = save(ensemble.to_tensors())
    again = TreeEnsemble.from_tensors(load(content))
    assert save(again.to_tensors()) == content
    assert (again.comparison, again.comparison_dtype) == (comparison, dtype)
    assert (again.n_features, again.base_score) == (2, 0.5)


def hostile(name, index, value):
    array = getattr(two_trees(), name).copy()
    array[index] = value
    return {name: array}


@pytest.mark.parametrize(
    "change",
    [
        hostile("left", 0, 0),  # its own child
        hostile("left", 2, 0),  # a cycle
        hostile("left", 2, 1),  # back to an earlier node
        hostile("right", 0, 1),  # one child twice
        hostile("right", 0, 3),  # a node with two parents, another with none
        hostile("right", 2, 5),  # into the next tree
        hostile("right", 2, 6),  # past the end
        hostile("right", 2, 2**31 - 1),
        hostile("left", 2, -2),
        hostile("left", 2, LEAF),  # half a leaf
        hostile("right", 2, LEAF),
        hostile("feature", 0, 2),  # no such column
        hostile("feature", 0, -2),
        hostile("feature", 0, LEAF),
        hostile("feature", 1, 0),  # a leaf that splits
        hostile("threshold", 0, NAN),
        hostile("threshold", 0, np.inf),
        hostile("value", 1, NAN),
        hostile("value", 1, -np.inf),
        hostile("root", 0, 1),
        hostile("root", 1, 0),
        hostile("root", 1, 4),
        hostile("root", 1, 6),
        hostile("root", 1, -1),
        {"root": np.array([], np.int32)},
        {"root": np.array([[0, 5]], np.int32)},
        {"root": np.array([0, 5], np.int64)},
        {"feature": np.zeros(6, np.int64)},
        {"feature": np.zeros((1, 6), np.int32)},
        {"feature": np.int32(3)},
        {"threshold": np.zeros(6, np.float32)},
        {"threshold": np.zeros(5)},
        {"default_left": np.zeros(6, np.uint8)},
        {"base_score": NAN},
        {"n_features": 0},
        {"n_features": 10**9},
    ],
)
def test_hostile_arrays_are_refused(change):
    refusal(two_trees(**change))


def test_arrays_without_nodes_are_refused():
    names = ("feature", "threshold", "left", "right", "value", "default_left", "missing_is_nan")
    refusal(two_trees(**{name: getattr(two_trees(), name)[:0] for name in names}))


def chain(splits: int) -> TreeEnsemble:
    """A tree that is one long branch: each split's left child is a leaf."""
    count = 2 * splits + 1
    node = np.arange(count)
    is_split = (node % 2 == 0) & (node < count - 1)
    return TreeEnsemble(
        feature=np.where(is_split, 0, LEAF).astype(np.int32),
        threshold=np.where(is_split, node // 2, 0).astype(np.float64),
        left=np.where(is_split, node + 1, LEAF).astype(np.int32),
        right=np.where(is_split, node + 2, LEAF).astype(np.int32),
        value=np.where(is_split, 0, node).astype(np.float64),
        default_left=np.zeros(count, bool),
        missing_is_nan=np.zeros(count, bool),
        root=np.zeros(1, np.int32),
        n_features=1,
    )


def test_a_tree_may_be_deep_but_not_endless():
    deep = chain(MAX_DEPTH)
    deep.check()
    assert deep.raw_score(np.array([[1e9]])).tolist() == [2.0 * MAX_DEPTH]
    assert "depth" in str(refusal(chain(MAX_DEPTH + 1)))


@pytest.mark.parametrize(
    "change",
    [
        {"comparison": np.array([2], np.uint8)},
        {"comparison_dtype": np.array([9], np.uint8)},
        {"comparison": np.array([0], np.int64)},
        {"base_score": np.array([0.0, 1.0])},
        {"base_score": np.array([NAN])},
        {"n_features": np.array([-1], np.int64)},
        {"extra": np.zeros(1)},
        {"value": None},
    ],
)
def test_hostile_tensors_are_refused(change):
    tensors = {**two_trees().to_tensors(), **change}
    tensors = {name: array for name, array in tensors.items() if array is not None}
    with pytest.raises(PackRefused) as caught:
        TreeEnsemble.from_tensors(tensors)
    assert caught.value.code == "pack-tree"


@given(
    links=st.lists(st.tuples(st.integers(-2, 8), st.integers(-2, 8)), min_size=6, max_size=6),
    root=st.lists(st.integers(-1, 7), min_size=1, max_size=3),
)
def test_whatever_passes_the_check_can_be_evaluated(links, root):
    left, right = (np.array(side, np.int32) for side in zip(*links, strict=True))
    ensemble = two_trees(
        left=left,
        right=right,
        feature=np.where(left == LEAF, LEAF, 1).astype(np.int32),
        root=np.array(root, np.int32),
    )
    try:
        ensemble.check()
    except PackRefused as error:
        assert error.code == "pack-tree"  # noqa: PT017 (either outcome is right)
    else:
        assert np.isfinite(ensemble.raw_score(np.array([[NAN, -1.0], [1.0, 1.0]]))).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_random_trees_pass_the_check_and_agree_with_walking_them(seed):
    rng = np.random.default_rng(seed)
    ensemble = grown(rng)
    ensemble.check()
    rows = rng.integers(-2, 3, size=(8, 3)).astype(np.float64)
    rows[rng.random(rows.shape) < 0.2] = NAN
    assert ensemble.raw_score(rows).tolist() == [walked(ensemble, row) for row in rows]


def grown(rng) -> TreeEnsemble:
    """A few random trees, nodes numbered as they are met."""
    left, right, root = [], [], []
    for _ in range(rng.integers(1, 5)):
        root.append(len(left))
        waiting = 1
        start = len(left)
        while waiting:
            splits = len(left) - start < 8 and rng.random() < 0.6
            left.append(-2 if splits else LEAF)
            right.append(-2 if splits else LEAF)
            waiting += 1 if splits else -1
        unlinked = iter(range(start + 1, len(left)))
        for node in range(start, len(left)):
            if left[node] == -2:
                left[node], right[node] = next(unlinked), next(unlinked)
    is_leaf = np.array(left) == LEAF
    count = len(left)
    return TreeEnsemble(
        feature=np.where(is_leaf, LEAF, rng.integers(0, 3, count)).astype(np.int32),
        threshold=np.where(is_leaf, 0, rng.integers(-1, 2, count)).astype(np.float64),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        value=np.where(is_leaf, rng.normal(size=count), 0),
        default_left=rng.random(count) < 0.5,
        missing_is_nan=rng.random(count) < 0.5,
        root=np.array(root, np.int32),
        n_features=3,
        comparison="<=" if rng.random() < 0.5 else "<",
    )


def walked(ensemble: TreeEnsemble, row) -> float:
    """The definition: one row, one tree, one step at a time."""
    score = ensemble.base_score
    for node in ensemble.root:
        while ensemble.left[node] != LEAF:
            x = row[ensemble.feature[node]]
            if np.isnan(x) and ensemble.missing_is_nan[node]:
                goes_left = ensemble.default_left[node]
            else:
                x = 0.0 if np.isnan(x) else x
                threshold = ensemble.threshold[node]
                goes_left = x <= threshold if ensemble.comparison == "<=" else x < threshold
            node = ensemble.left[node] if goes_left else ensemble.right[node]
        score += ensemble.value[node]
    return float(score)


def test_ensembles_are_compared_by_identity_not_by_ambiguous_arrays():
    ensemble = two_trees()
    assert ensemble != replace(ensemble)
