"""The paper's selection, step by step."""

import numpy as np

from her2desk.training.selection import (
    CorrelationFilter,
    LassoFilter,
    TTestFilter,
    selected,
    selection_pipeline,
)


def test_the_t_test_keeps_what_differs_and_drops_what_does_not():
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2 == 0
    values = rng.normal(size=(200, 10))
    values[:, 3] += 2 * labels
    kept = TTestFilter().fit(values, labels).get_support()
    assert kept[3]
    assert kept.sum() <= 5


def test_of_two_equal_features_one_goes():
    rng = np.random.default_rng(0)
    a = rng.normal(size=100)
    values = np.column_stack([a, a + 1e-3 * rng.normal(size=100), rng.normal(size=100)])
    kept = CorrelationFilter().fit(values).get_support()
    assert kept[2]
    assert kept[:2].sum() == 1


def test_the_feature_with_most_partners_is_deleted_first():
    rng = np.random.default_rng(0)
    b, c = rng.normal(size=(2, 4000))
    hub = b + c  # r = 0.71 with each
    values = np.column_stack([hub, b + 0.5 * c, c + 0.5 * b])
    r = np.corrcoef(values, rowvar=False)
    assert r[0, 1] > 0.8
    assert r[0, 2] > 0.8
    assert abs(r[1, 2]) > 0.7
    kept = CorrelationFilter().fit(values).get_support()
    assert not kept[0]


def test_a_constant_feature_harms_nothing():
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2 == 0
    values = rng.normal(size=(80, 6))
    values[:, 0] = 4.0
    values[:, 1] += labels
    chain = selection_pipeline(0).fit(values, labels)
    assert 1 in selected(chain)
    assert 0 not in selected(chain)


def test_the_lasso_keeps_something_where_nothing_helps():
    rng = np.random.default_rng(5)
    labels = np.arange(60) % 2 == 0
    assert LassoFilter(0).fit(rng.normal(size=(60, 5)), labels).get_support().any()
