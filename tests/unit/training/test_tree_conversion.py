"""LightGBM's trees as arrays give LightGBM's own scores."""

import json

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from her2desk.training.tree_conversion import from_lightgbm

NAN = float("nan")


QUIET = {
    "objective": "binary",
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_leaves": 6,
    "min_data_in_leaf": 2,
    "min_data_in_bin": 1,
}


def fitted(x, y, rounds=12, **changes):
    return lightgbm.train({**QUIET, **changes}, lightgbm.Dataset(x, y, free_raw_data=False), rounds)


def table(seed, rows=60, columns=4, missing=0.15):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    x[:, 0] = np.round(x[:, 0])  # ties, and values on thresholds
    y = (np.nan_to_num(x[:, 1]) + rng.normal(size=rows) > 0).astype(int)
    x[rng.random(x.shape) < missing] = NAN
    return x, y


def assert_same_scores(booster, x):
    ensemble = from_lightgbm(json.loads(json.dumps(booster.dump_model())))
    assert ensemble.raw_score(x).tolist() == booster.predict(x, raw_score=True).tolist()


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from([0.0, 0.15, 0.6]),
    depth=st.sampled_from([-1, 1, 3]),
)
def test_scores_are_lightgbms_to_the_last_bit(seed, missing, depth):
    x, y = table(seed, missing=missing)
    booster = fitted(x, y, max_depth=depth)
    new, _ = table(seed + 1, missing=0.3)
    edges = np.array([[v] * 4 for v in (NAN, 0.0, -0.0, 1e-40, 1e300, -1e300)])
    assert_same_scores(booster, np.concatenate([x, new, edges]))


def test_a_value_on_a_threshold_goes_the_same_way():
    x, y = table(3, missing=0.0)
    booster = fitted(x, y)
    thresholds = from_lightgbm(booster.dump_model()).threshold
    around = [np.nextafter(t, d) for t in thresholds for d in (-np.inf, t, np.inf)]
    assert_same_scores(booster, np.array([[v] * 4 for v in around]))


def test_nan_counts_as_zero_where_training_saw_none():
    x, y = table(4, missing=0.0)
    ensemble = from_lightgbm(fitted(x, y).dump_model())
    assert not ensemble.missing_is_nan.any()
    rows = np.array([[NAN] * 4, [0.0] * 4])
    assert np.ptp(ensemble.raw_score(rows)) == 0


def test_a_model_that_learned_nothing_is_its_leaf():
    x, y = table(5, rows=8)
    booster = fitted(x, y, min_data_in_leaf=50)
    assert_same_scores(booster, x)
    assert from_lightgbm(booster.dump_model()).n_trees >= 1


def test_regression_and_early_stopped_models_convert_too():
    x, y = table(6)
    booster = fitted(x, y + 3.5, objective="regression")
    assert_same_scores(booster, x)
    booster.best_iteration = 4
    assert from_lightgbm(booster.dump_model()).n_trees == 4
    assert_same_scores(booster, x)


def refused(booster, why):
    with pytest.raises(ValueError, match=why):
        from_lightgbm(booster.dump_model())


def test_what_cannot_be_repeated_exactly_is_refused_by_name():
    x, y = table(7)
    refused(fitted(x, y, zero_as_missing=True), "'Zero' as missing")
    refused(fitted(x, y, boosting="rf", bagging_freq=1, bagging_fraction=0.7), "averages its trees")
    refused(fitted(x, np.arange(60) % 3, objective="multiclass", num_class=3), "several scores")
    refused(fitted(np.nan_to_num(x), y, linear_tree=True, min_data_in_leaf=5), "linear leaves")
    levels = np.random.default_rng(0).integers(0, 5, size=(60, 1)).astype(float)
    by_level = lightgbm.Dataset(levels, levels[:, 0] % 2, categorical_feature=[0])
    refused(lightgbm.train({**QUIET, "min_data_per_group": 1}, by_level, 2), "categorical")
    with pytest.raises(ValueError, match="no trees"):
        from_lightgbm({**fitted(x, y).dump_model(), "tree_info": []})


def test_an_unknown_comparison_is_refused():
    x, y = table(8)
    dump = fitted(x, y).dump_model()
    dump["tree_info"][0]["tree_structure"]["decision_type"] = ">"
    with pytest.raises(ValueError, match="compares with '>'"):
        from_lightgbm(dump)
