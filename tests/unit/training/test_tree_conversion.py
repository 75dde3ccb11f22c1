"""The trees of LightGBM, XGBoost and scikit-learn as arrays give the libraries' own scores."""

import json

import lightgbm
import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from her2desk.training.tree_conversion import from_forest, from_lightgbm, from_xgboost

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


# XGBoost


def boosted(x, y, rounds=12, **changes):
    options = {
        "objective": "binary:logistic",
        "base_score": 0.5,
        "tree_method": "exact",
        "max_depth": 3,
        "min_child_weight": 0.1,
        "nthread": 1,
        "verbosity": 0,
        **changes,
    }
    return xgboost.train(options, xgboost.DMatrix(x, label=y, nthread=1), rounds)


def model_of(booster):
    return json.loads(booster.save_raw("json"))


def margins(booster, x):
    return booster.predict(xgboost.DMatrix(x, nthread=1), output_margin=True)


def around(thresholds, columns):
    """Rows on, and one float32 and half a float32 beside, each threshold."""
    thresholds = thresholds[np.abs(thresholds) < 1e30]  # not the split of missing from present
    single = np.unique(thresholds.astype(np.float32))
    near = [np.nextafter(single, np.float32(to)) for to in (-np.inf, np.inf)]
    halves = [(single.astype(np.float64) + n) / 2 for n in near]  # ties: float32 rounds to even
    past = [np.nextafter(h, to) for h in halves for to in (-np.inf, np.inf)]
    values = np.concatenate([single, *near, *halves, *past, thresholds])
    return np.repeat(values[:, None], columns, axis=1).astype(np.float64)


def assert_same_leaves(booster, x):
    """Tree by tree there is no sum, so XGBoost's float32 leaf must come back to the last bit."""
    for one in booster:
        ensemble = from_xgboost(model_of(one))
        assert ensemble.raw_score(x).tolist() == margins(one, x).astype(np.float64).tolist()


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from([0.0, 0.15, 0.6]),
    method=st.sampled_from(["exact", "hist"]),
    gamma=st.sampled_from([0.0, 1.0]),
)
def test_every_row_reaches_xgboosts_leaves(seed, missing, method, gamma):
    x, y = table(seed, missing=missing)
    booster = boosted(x, y, rounds=5, tree_method=method, gamma=gamma, seed=seed)
    new, _ = table(seed + 1, missing=0.3)
    edges = around(from_xgboost(model_of(booster)).threshold, 4)
    assert_same_leaves(booster, np.concatenate([x, new, edges, np.full((1, 4), NAN)]))


@pytest.mark.parametrize("base_score", [{}, {"base_score": 0.5}, {"base_score": 0.123}])
def test_the_sum_is_xgboosts_to_its_own_float32_rounding(base_score):
    x, y = table(2)
    booster = boosted(x, y, rounds=60, **base_score)
    ensemble = from_xgboost(model_of(booster))
    rounding = (ensemble.n_trees + 1) * 2.0**-24
    reached = sum(np.abs(from_xgboost(model_of(one)).value).max() for one in booster)
    gap = np.abs(ensemble.raw_score(x) - margins(booster, x)).max()
    assert gap <= rounding * (reached + abs(ensemble.base_score))
    assert gap < 1e-5


def test_the_base_score_is_read_as_written_before_and_since_xgboost_3_1():
    x, y = table(2)
    model = model_of(boosted(x, y, base_score=0.25))
    written = model["learner"]["learner_model_param"]
    assert written["base_score"] == "[2.5E-1]"
    assert from_xgboost(model).base_score == pytest.approx(-np.log(3), abs=1e-15)
    written["base_score"] = "2.5E-1"
    assert from_xgboost(model).base_score == pytest.approx(-np.log(3), abs=1e-15)


def test_pruned_nodes_leave_no_trace():
    x, y = table(6, missing=0.0)
    model = model_of(boosted(x, y, gamma=1.5))
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    written = sum(len(tree["left_children"]) for tree in trees)
    pruned = sum(int(tree["tree_param"]["num_deleted"]) for tree in trees)
    assert pruned > 0
    assert len(from_xgboost(model).feature) == written - pruned


def test_a_booster_that_learned_nothing_is_its_base_score_and_leaves():
    x, y = table(5, rows=8)
    booster = boosted(x, y, min_child_weight=100.0)
    assert (from_xgboost(model_of(booster)).feature == -1).all()
    assert_same_leaves(booster, x)


def test_what_xgboost_models_cannot_be_repeated_is_refused_by_name():
    x, y = table(7, missing=0.0)

    def refused_model(why, changes=None, labels=y, model=None):
        with pytest.raises(ValueError, match=why):
            from_xgboost(model or model_of(boosted(x, labels, 3, **(changes or {}))))

    refused_model("objective is 'reg:squarederror'", {"objective": "reg:squarederror"})
    refused_model("objective is 'multi:softprob'", {"objective": "multi:softprob", "num_class": 2})
    refused_model("booster is 'dart'", {"booster": "dart", "rate_drop": 0.5})
    linear = {"booster": "gblinear", "tree_method": "auto"}
    refused_model("booster is 'gblinear'", linear)
    two = {"tree_method": "hist", "multi_strategy": "multi_output_tree"}
    refused_model("several scores a row", two, np.column_stack([y, 1 - y]))
    refused_model("several scores a row", {"tree_method": "hist"}, np.column_stack([y, 1 - y]))
    levels = xgboost.DMatrix(
        np.arange(60.0)[:, None] % 5, label=y, feature_types=["c"], enable_categorical=True
    )
    options = {"objective": "binary:logistic", "nthread": 1, "min_child_weight": 0.0}
    by_level = model_of(xgboost.train({**options, "max_cat_to_onehot": 1}, levels, 2))
    refused_model("categorical", model=by_level)


@pytest.mark.parametrize(
    ("base_score", "why"),
    [("[0E0]", "no log-odds"), ("1E0", "no log-odds"), ("[5E-1,5E-1]", "several scores")],
)
def test_a_base_score_that_is_no_probability_is_refused(base_score, why):
    x, y = table(7)
    model = model_of(boosted(x, y))
    model["learner"]["learner_model_param"]["base_score"] = base_score
    with pytest.raises(ValueError, match=why):
        from_xgboost(model)


def test_vector_leaves_and_a_model_without_trees_are_refused():
    x, y = table(7)
    model = model_of(boosted(x, y))
    trees = model["learner"]["gradient_booster"]["model"]
    trees["trees"][0]["tree_param"]["size_leaf_vector"] = "2"
    with pytest.raises(ValueError, match="leaves are vectors"):
        from_xgboost(model)
    trees["trees"] = []
    with pytest.raises(ValueError, match="no trees"):
        from_xgboost(model)


# Forests

FORESTS = (RandomForestClassifier, ExtraTreesClassifier)


def assert_same_probabilities(forest, x, rounding=0.0):
    ensemble = from_forest(forest)
    assert ensemble.n_trees == len(forest.estimators_)
    np.testing.assert_allclose(
        ensemble.raw_score(x), forest.predict_proba(x)[:, 1], rtol=0, atol=rounding
    )


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from([0.0, 0.15, 0.6]),
    kind=st.sampled_from(FORESTS),
    depth=st.sampled_from([None, 1, 3]),
)
def test_probabilities_are_the_forests_to_the_last_bit(seed, missing, kind, depth):
    x, y = table(seed, missing=missing)
    forest = kind(8, max_depth=depth, random_state=seed).fit(x, y)
    new, _ = table(seed + 1, missing=0.3)
    edges = around(from_forest(forest).threshold, 4)
    assert_same_probabilities(forest, np.concatenate([x, new, edges, np.full((1, 4), NAN)]))


def test_a_split_of_missing_from_present_works_too():
    x, y = table(1)
    x[:, 2] = np.where(y, NAN, x[:, 3])
    forest = RandomForestClassifier(8, random_state=0).fit(x, y)
    thresholds = [t for tree in forest.estimators_ for t in tree.tree_.threshold]
    assert np.isinf(thresholds).any()  # what scikit-learn writes for it
    assert_same_probabilities(forest, np.concatenate([x, np.full((1, 4), NAN), x * 1e30]))


@pytest.mark.parametrize("kind", FORESTS)
def test_another_number_of_trees_costs_rounding_only(kind):
    x, y = table(1)
    forest = kind(100, random_state=0).fit(x, y)
    assert_same_probabilities(forest, x, rounding=1e-15)


@pytest.mark.parametrize("kind", FORESTS)
def test_weighted_classes_are_probabilities_too(kind):
    x, y = table(1)
    forest = kind(16, class_weight="balanced", min_samples_leaf=3, random_state=0).fit(x, y)
    assert_same_probabilities(forest, x)


def test_a_forest_that_cannot_split_gives_the_share_of_its_samples():
    x, y = table(1)
    forest = RandomForestClassifier(4, min_samples_leaf=40, random_state=0).fit(x, y)
    assert (from_forest(forest).feature == -1).all()
    assert_same_probabilities(forest, x)


def test_forests_of_other_than_two_classes_or_one_output_are_refused():
    x, y = table(1, missing=0.0)
    three = RandomForestClassifier(2).fit(x, np.arange(60) % 3)
    with pytest.raises(ValueError, match="3 classes"):
        from_forest(three)
    one = RandomForestClassifier(2).fit(x, np.zeros(60))
    with pytest.raises(ValueError, match="1 classes"):
        from_forest(one)
    both = ExtraTreesClassifier(2).fit(x, np.column_stack([y, y]))
    with pytest.raises(ValueError, match="several scores"):
        from_forest(both)
