"""The paper's selection, step by step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from her2desk.errors import InputRefused
from her2desk.training.selection import (
    ConstantFilter,
    CorrelationFilter,
    LassoFilter,
    PenultimatePca,
    TTestFilter,
    fallbacks,
    kept_after_each_step,
    selected,
    selection_pipeline,
)

NAN = float("nan")


def null_table(seed=0, patients=60, features=20):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(patients, features)), np.arange(patients) % 2 == 0


# What does not vary


def test_a_constant_feature_goes_before_anything_is_worked_out_of_it():
    values, labels = null_table(patients=80, features=6)
    values[:, 0] = 4.0
    values[:, 1] += labels
    chain = selection_pipeline(0).fit(values, labels)
    assert 1 in selected(chain)
    assert 0 not in selected(chain)
    assert chain.named_steps["constant"].kept_ == 5


def test_a_feature_that_varies_by_rounding_only_is_constant():
    values, _ = null_table()
    values[:, 2] = 0.1 + 2**-56 * np.arange(60)
    values[:, 3] = 1e-9 * values[:, 3]  # small, but real
    kept = ConstantFilter().fit(values).get_support()
    assert not kept[2]
    assert kept[3]


def test_features_that_all_stay_the_same_are_refused():
    with pytest.raises(InputRefused) as caught:
        ConstantFilter().fit(np.ones((9, 3)))
    assert caught.value.code == "features-constant"


# t-test


def test_the_t_test_keeps_what_differs_and_drops_what_does_not():
    values, labels = null_table(patients=200, features=10)
    values[:, 3] += 2 * labels
    step = TTestFilter().fit(values, labels)
    assert step.get_support()[3]
    assert step.kept_ <= 3
    assert step.fallback_ is None


SLEEP_HOURS = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0,
               1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]  # fmt: skip


def test_p_is_welchs():
    """R 4: ``t.test(extra ~ group, data = sleep)`` gives p 0.07939414; scipy agrees on random data."""
    hours = np.array(SLEEP_HOURS)[:, None]
    step = TTestFilter().fit(hours, np.arange(20) < 10)
    assert step.p_[0] == pytest.approx(0.079394140187358173, rel=1e-12)
    values, _ = null_table(3, features=50)
    reference = stats.ttest_ind(values[:21], values[21:], equal_var=False).pvalue
    np.testing.assert_allclose(
        TTestFilter().fit(values, np.arange(60) < 21).p_, reference, rtol=1e-10
    )


def test_a_feature_that_is_the_label_itself_is_kept():
    values, labels = null_table()
    values[:, 7] = labels  # no spread in either class: t is infinite
    values[:, 8] = 1.0
    kept = TTestFilter().fit(values, labels).get_support()
    assert kept[7]
    assert not kept[8]


def test_where_no_feature_differs_the_best_three_go_on_and_it_is_said():
    values, labels = null_table(seed=11, features=8)
    step = TTestFilter().fit(values, labels)
    p = stats.ttest_ind(values[labels], values[~labels], equal_var=False).pvalue
    assert p.min() > 0.05
    assert np.flatnonzero(step.get_support()).tolist() == sorted(np.argsort(p)[:3].tolist())
    assert "the best 3 went on" in step.fallback_.text()


# Correlation


def reference_deletion(values):
    """The rule as a plain loop: most partners, then largest sum of |r|, then the first."""
    n = values.shape[1]
    keep = np.ones(n, dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.abs(np.atleast_2d(np.corrcoef(values, rowvar=False)))
    close = np.nan_to_num(r) > 0.8
    np.fill_diagonal(close, False)
    strength = np.where(close, r, 0.0)
    while close.any():
        partners = close.sum(axis=1)
        worst = max(range(n), key=lambda i: (partners[i], strength[i].sum(), -i))
        keep[worst] = False
        close[worst] = close[:, worst] = False
        strength[worst] = strength[:, worst] = 0.0
    return keep


@settings(max_examples=80)
@given(
    seed=st.integers(0, 100_000),
    features=st.integers(1, 60),
    sources=st.integers(1, 8),
    noise=st.sampled_from([0.0, 0.1, 0.45, 0.6, 2.0]),
)
def test_deletion_is_the_plain_loops(seed, features, sources, noise):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(40, sources))
    values = base[:, rng.integers(0, sources, features)] * rng.choice([-1, 1, 3], features)
    values = values + noise * rng.normal(size=values.shape)
    values[:, rng.random(features) < 0.1] = 1.5
    step = CorrelationFilter().fit(values)
    assert step.get_support().tolist() == reference_deletion(values).tolist()
    assert step.kept_ == step.get_support().sum()


def test_deletion_is_the_plain_loops_on_hundreds_of_features_of_one_kind():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(140, 1)) + 0.48 * rng.normal(size=(140, 250))
    kept = CorrelationFilter().fit(values).get_support()
    assert kept.tolist() == reference_deletion(values).tolist()
    assert kept.sum() < 125


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


# LASSO


def test_the_lasso_keeps_the_signal_and_drops_most_of_the_rest():
    rng = np.random.default_rng(1)
    labels = np.arange(150) % 3 == 0
    values = rng.normal(size=(150, 40))
    values[:, 5] += 2 * labels
    values[:, 6] -= 1 * labels
    step = LassoFilter(0).fit((values - values.mean(0)) / values.std(0), labels)
    assert step.get_support()[[5, 6]].all()
    assert step.kept_ < 20
    assert step.folds_ == 10
    assert step.fallback_ is None


def test_where_the_lasso_keeps_nothing_the_three_most_correlated_go_on():
    values, labels = null_table(seed=5, features=5)
    step = LassoFilter(0).fit(values, labels)
    r = [abs(np.corrcoef(v, labels)[0, 1]) for v in values.T]
    assert np.flatnonzero(step.get_support()).tolist() == sorted(np.argsort(r)[-3:].tolist())
    assert "kept no feature; the 3 most correlated" in step.fallback_.text()


def test_a_class_of_two_patients_has_two_lasso_folds_and_it_is_said():
    rng = np.random.default_rng(2)
    labels = np.arange(30) < 2
    values = rng.normal(size=(30, 4))
    values[:, 0] += 5 * labels
    step = LassoFilter(0).fit(values, labels)
    assert step.folds_ == 2
    assert "in 2 folds, for want of patients" in step.fallback_.text()


# What every step says or refuses


@pytest.mark.parametrize(
    "step", [ConstantFilter(), TTestFilter(), CorrelationFilter(), LassoFilter(), PenultimatePca()]
)
def test_missing_values_are_counted_and_refused(step):
    values, labels = null_table()
    values[3, 4] = values[8, 0] = NAN
    values[9, 1] = np.inf
    with pytest.raises(InputRefused, match="3 of the 1200 values") as caught:
        step.fit(values, labels)
    assert caught.value.code == "values-missing"


@pytest.mark.parametrize("step", [TTestFilter(), LassoFilter()])
def test_a_class_of_one_patient_is_refused(step):
    values, _ = null_table()
    with pytest.raises(InputRefused, match="the smaller one has 1") as caught:
        step.fit(values, np.arange(60) == 0)
    assert caught.value.code == "too-few-patients"


def test_the_chain_tells_what_each_step_left():
    values, labels = null_table(seed=8, features=40)
    values[:, 0] = 2.0
    values[:, 1] += 1.5 * labels
    values[:, 2] = -values[:, 1]
    chain = selection_pipeline(0).fit(values, labels)
    told = kept_after_each_step(chain)
    counts = [kept for _, kept in told]
    assert counts[:2] == [40, 39]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == len(selected(chain))
    assert counts[2] - counts[3] == 1  # of a feature and its mirror image one goes
    assert [name.text() for name, _ in told] == [
        "Offered",
        "Vary between patients",
        "t-test, p < 0.05",
        "Correlation, |r| ≤ 0.8",
        "LASSO, λ by 10-fold cross-validation",
    ]
    assert fallbacks(chain) == ()


def test_the_chain_collects_what_had_to_give_way():
    values, labels = null_table(seed=11, features=8)
    said = fallbacks(selection_pipeline(0).fit(values, labels))
    assert any("t-test" in one.text() for one in said)


# Principal components


def test_components_are_uncorrelated_with_mean_0_and_sd_1():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(100, 300)) @ rng.normal(size=(300, 300))
    pca = PenultimatePca().fit(values)
    scores = pca.transform(values)
    assert scores.shape == (100, 64)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(np.cov(scores, rowvar=False), np.eye(64), atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(pca.components_, axis=1), 1, rtol=1e-12)
    assert pca.fallback_ is None


def test_the_share_of_variance_is_told():
    """Three independent directions of variance 9, 4 and 1: two carry 13 of 14."""
    u = np.linalg.qr(np.random.default_rng(0).normal(size=(50, 3)))[0]
    u = np.linalg.qr(u - u.mean(axis=0))[0]
    pca = PenultimatePca(limit=2).fit(u * [3, 2, 1])
    assert pca.explained_ == pytest.approx(13 / 14)
    assert pca.sd_ == pytest.approx([3 / 7, 2 / 7])  # ÷ √49


@pytest.mark.parametrize(
    ("patients", "features", "rank", "kept"), [(20, 512, 512, 19), (100, 512, 5, 5), (100, 7, 7, 7)]
)
def test_no_more_components_than_the_data_carry(patients, features, rank, kept):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(patients, rank)) @ rng.normal(size=(rank, features)) + 3.0
    pca = PenultimatePca().fit(values)
    assert pca.kept_ == kept
    assert pca.explained_ == pytest.approx(1)
    assert f"carry {kept} principal components, fewer than 64" in pca.fallback_.text()


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_features_that_never_vary_carry_no_component(constant):
    pca = PenultimatePca().fit(np.full((30, 8), constant))
    assert (pca.kept_, pca.explained_) == (0, 0.0)
    assert pca.transform(np.ones((4, 8))).shape == (4, 0)


def test_the_sign_of_a_component_is_fixed():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 10))
    a, b = PenultimatePca().fit(values), PenultimatePca().fit(-values)
    np.testing.assert_allclose(a.components_, b.components_, atol=1e-10)
    largest = np.abs(a.components_).argmax(axis=1)
    assert (a.components_[np.arange(10), largest] > 0).all()
