"""One pipeline object is what a fold fits: what it finds, what it refuses, and what it must not see."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from her2desk.errors import Her2DeskError, InputRefused
from her2desk.packs.links import log_odds
from her2desk.stats.auc import auc
from her2desk.training import fold_pipeline
from her2desk.training.families import families
from her2desk.training.fold_pipeline import FoldPipeline, Layout, Preparation
from her2desk.training.selection import selected, selection_pipeline

NAN = float("nan")
PATIENTS, FEATURES = 90, 30


def cohort(shift=1.2, patients=PATIENTS, features=FEATURES, penultimate=0, passthrough=0, seed=0):
    """One in three positive; ``shift`` in features 3 and 4, some penultimate ones and the last column."""
    rng = np.random.default_rng(seed)
    labels = np.arange(patients) % 3 == 0
    values = rng.normal(size=(patients, features + penultimate + passthrough))
    values[:, 3:5] += shift * labels[:, None]
    values[:, features : features + penultimate // 2] += 2 * shift * labels[:, None]
    if passthrough:
        values[:, -1] = 5 + values[:, -1] + shift * labels
    return values, labels


def quick(layout=None, **parameters):
    return FoldPipeline(layout or Layout(FEATURES), **{"grid": "quick", "seed": 7, **parameters})


def as_bytes(pipeline):
    """All that a pipeline fitted, to the last bit."""
    branch = pipeline.exported()
    arrays = [branch.mean, branch.sd, branch.component_sd]
    arrays += [] if branch.trees is None else list(branch.trees.to_tensors().values())
    arrays += [] if branch.coefficients is None else [branch.coefficients]
    words = [branch.family, branch.settings, branch.inputs, branch.intercept, pipeline.tries_]
    return repr(words), [np.ascontiguousarray(a).tobytes() for a in arrays]


def answered_as_a_pack_does(pipeline, values, fitted_on):
    """The exported branch evaluated by hand, one case at a time, within the limits of ``fitted_on``."""
    branch, layout = pipeline.exported(), pipeline.layout
    features, penultimate, passed = np.split(
        values, [layout.features, layout.features + layout.penultimate], axis=1
    )
    scores = []
    for i in range(len(values)):
        inputs, means = [], iter(zip(branch.mean, branch.sd, strict=True))
        component_sds = iter(branch.component_sd)
        for kind, number in branch.inputs:
            if kind == "feature":
                mean, sd = next(means)
                own = fitted_on[:, number]
                inputs.append((min(max(features[i, number], own.min()), own.max()) - mean) / sd)
            elif kind == "component":
                centred = penultimate[i] - pipeline.pca_.mean_
                inputs.append(pipeline.pca_.components_[number] @ centred / next(component_sds))
            else:
                inputs.append(passed[i, number])
        row = np.array([inputs])
        if branch.trees is None:
            scores.append(branch.intercept + float(row[0] @ branch.coefficients))
        else:
            raw = branch.trees.raw_score(row)
            scores.append(float(log_odds(raw, branch.link, branch.trees.n_trees)[0]))
    return np.array(scores)


# What it finds


def test_a_planted_signal_is_selected_and_predicts_new_patients():
    values, labels = cohort()
    pipeline = quick().fit(values, labels)
    assert {3, 4} <= set(pipeline.columns_.tolist())
    new, truth = cohort(seed=1)
    assert auc(truth, pipeline.score(new)).value > 0.75
    best = max(pipeline.tries_.values())
    assert best > 0.7
    label = next(name for name, mean in pipeline.tries_.items() if mean == best)
    assert label.startswith(pipeline.family_)


def test_every_setting_of_every_family_is_tried():
    pipeline = quick(grid="default", families=("logistic", "lightgbm")).fit(*cohort())
    assert list(pipeline.tries_) == [
        "logistic C=0.02",
        "logistic C=0.5",
        "lightgbm num_leaves=2",
        "lightgbm num_leaves=4",
    ]
    assert pipeline.settings_ in [
        dict(s) for f in families(("logistic", "lightgbm"), "default") for s in f.grid
    ]


@pytest.mark.parametrize(
    "name", ["logistic", "random-forest", "extra-trees", "xgboost", "lightgbm"]
)
def test_what_a_pack_answers_is_what_was_validated(name):
    values, labels = cohort(penultimate=20, passthrough=1)
    pipeline = quick(Layout(FEATURES, 20, 1), families=(name,)).fit(values, labels)
    kinds = [kind for kind, _ in pipeline.exported().inputs]
    assert kinds == sorted(kinds, key=["feature", "component", "passthrough"].index)
    assert set(kinds) == {"feature", "component", "passthrough"}
    new, _ = cohort(penultimate=20, passthrough=1, seed=5)
    np.testing.assert_allclose(
        pipeline.score(new), answered_as_a_pack_does(pipeline, new, values), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("name", ["logistic", "lightgbm"])
def test_a_feature_beyond_all_patients_counts_as_the_furthest_of_them(name):
    """Else a line would call an image that is like no other certain."""
    values, labels = cohort()
    pipeline = quick(families=(name,)).fit(values, labels)
    edge, far = values[:1].copy(), values[:1].copy()
    for column in pipeline.columns_:
        edge[0, column] = values[:, column].max()
        far[0, column] = 1e9
    assert pipeline.score(far) == pipeline.score(edge)
    assert abs(pipeline.score(far)[0]) < 20


def test_the_same_rows_and_seed_give_the_same_bits():
    values, labels = cohort(penultimate=8, passthrough=1)
    once, again = (quick(Layout(FEATURES, 8, 1)).fit(values, labels) for _ in range(2))
    assert as_bytes(once) == as_bytes(again)
    other = quick(Layout(FEATURES, 8, 1), seed=8).fit(values, labels)
    assert as_bytes(other) != as_bytes(once)


def test_scikit_learn_can_clone_it():
    pipeline = quick(folds=3)
    assert clone(pipeline).get_params() == pipeline.get_params()


def test_scaling_is_each_features_own_mean_and_sd():
    values, labels = cohort()
    pipeline = quick().fit(values, labels)
    assert len(pipeline.columns_) > 0
    assert pipeline.mean_.tolist() == [values[:, c].mean() for c in pipeline.columns_]
    assert pipeline.sd_.tolist() == [values[:, c].std(ddof=1) for c in pipeline.columns_]


def test_of_equal_tries_the_simplest_is_taken():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2 == 0
    values = (labels + 0.01 * rng.normal(size=60))[:, None]
    pipeline = quick(Layout(0, 0, 1), grid="default").fit(values, labels)
    assert list(pipeline.tries_.values()).count(1.0) > 2
    assert (pipeline.family_, pipeline.settings_) == ("logistic", {"C": 0.02})


# Layouts


def test_clinical_inputs_alone_need_no_selection():
    values, labels = cohort(features=8)
    pipeline = quick(Layout(0, 0, 8)).fit(values, labels)
    assert pipeline.exported().inputs == tuple(("passthrough", i) for i in range(8))
    assert (pipeline.steps_, pipeline.pca_) == ((), None)
    assert auc(labels, pipeline.score(values)).value > 0.7


def test_a_networks_logit_bypasses_selection():
    values, labels = cohort(shift=0.0, passthrough=1)
    pipeline = quick(Layout(FEATURES, 0, 1)).fit(values, labels)
    assert pipeline.exported().inputs[-1] == ("passthrough", 0)


def test_penultimate_features_enter_as_components_that_compete_with_features():
    values, labels = cohort(penultimate=40)
    pipeline = quick(Layout(FEATURES, 40)).fit(values, labels)
    assert 0 in pipeline.components_  # the shift makes the first component
    assert pipeline.pca_.kept_ == 40
    (name, kept), (offered, columns) = pipeline.steps_[:2]
    assert name.text() == "Principal components of the network (100 % of the variance)"
    assert kept == 40
    assert offered.text() == "Offered"
    assert columns == FEATURES + 40
    assert "fewer than 64" in pipeline.fallbacks_[0].text()


def test_penultimate_features_may_stand_alone():
    values, labels = cohort(features=5, penultimate=80)
    pipeline = quick(Layout(0, 80)).fit(values[:, 5:], labels)
    assert pipeline.pca_.kept_ == 64
    assert len(pipeline.columns_) == 0
    assert pipeline.fallbacks_ == ()


def test_a_network_that_says_nothing_leaves_the_features():
    values, labels = cohort(penultimate=6)
    values[:, FEATURES:] = 0.25
    pipeline = quick(Layout(FEATURES, 6)).fit(values, labels)
    assert "carry 0 principal components" in pipeline.fallbacks_[0].text()
    assert {kind for kind, _ in pipeline.exported().inputs} == {"feature"}


# What has to give way


def test_a_small_class_has_fewer_folds_and_it_is_said():
    values, _ = cohort()
    labels = np.arange(PATIENTS) < 4
    said = [m.text() for m in quick().fit(values, labels).fallbacks_]
    assert "Families were compared in 4 folds instead of 5, for want of patients." in said


def test_boosters_that_grow_no_split_are_left_out_and_it_is_said():
    """12 patients a leaf cannot be had of 20."""
    values, labels = cohort(patients=20)
    pipeline = quick().fit(values, labels)
    assert pipeline.family_ != "lightgbm"
    assert "lightgbm num_leaves=4" not in pipeline.tries_
    said = [m.text() for m in pipeline.fallbacks_]
    assert "lightgbm num_leaves=4 learned nothing from these patients and was left out." in said


def test_where_nothing_learns_a_logistic_model_answers():
    values, labels = cohort(patients=20)
    pipeline = quick(families=("lightgbm",)).fit(values, labels)
    assert pipeline.family_ == "logistic"
    assert pipeline.tries_ == {}
    assert pipeline.fallbacks_[-1].text().endswith("a logistic one is used.")
    assert np.ptp(pipeline.score(values)) > 0


def test_a_try_that_learns_nothing_from_all_rows_makes_room_for_the_next(monkeypatch):
    """A forest that learned in every fold and comes out constant when fitted on all rows."""
    values, labels = cohort()

    def build(inputs, known, settings, seed):
        (forest,) = families(("extra-trees",), "quick")
        everyone = len(inputs) == PATIENTS
        return forest.build(np.zeros_like(inputs) if everyone else inputs, known, settings, seed)

    def with_a_forest_that_forgets(names, kind):
        return tuple(
            replace(f, build=build) if f.name == "extra-trees" else f for f in families(names, kind)
        )

    monkeypatch.setattr(fold_pipeline, "families", with_a_forest_that_forgets)
    monkeypatch.setattr(fold_pipeline, "_ranked", lambda tries: iter(tries[::-1]))
    pipeline = quick(families=("logistic", "extra-trees")).fit(values, labels)
    assert pipeline.family_ == "logistic"
    assert (
        pipeline.fallbacks_[0].text().startswith("extra-trees min_samples_leaf=5 learned nothing")
    )


# What is refused


def refused(code, pipeline, values, labels):
    with pytest.raises(InputRefused) as caught:
        pipeline.fit(values, labels)
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize("positives", [0, 1, 3])
def test_a_class_of_fewer_than_four_patients_is_refused(positives):
    values, _ = cohort()
    said = refused("too-few-patients", quick(), values, np.arange(PATIENTS) < positives)
    assert f"at least 4 patients; the smaller one has {positives}" in said


def test_missing_values_are_counted_and_refused_also_when_asked():
    values, labels = cohort()
    pipeline = quick(families=("logistic",)).fit(values, labels)
    values[2, 5] = NAN
    assert "1 of the 2700 values" in refused("values-missing", quick(), values, labels)
    with pytest.raises(InputRefused, match="1 of the 2700 values"):
        pipeline.score(values)


def test_features_of_which_none_varies_are_refused():
    values, labels = cohort()
    refused("features-constant", quick(), np.ones_like(values), labels)
    refused("features-constant", quick(Layout(0, 30)), np.ones_like(values), labels)


def test_an_unknown_family_is_refused():
    refused("family-unknown", quick(families=("svm",)), *cohort())


def test_a_table_of_another_shape_is_a_mistake_of_the_caller():
    values, labels = cohort()
    with pytest.raises(ValueError, match=r"\(90, 29\) is not \(n, 30\)"):
        quick().fit(values[:, 1:], labels)
    with pytest.raises(ValueError, match=r"\(n, 0\)"):
        quick(Layout(0)).fit(np.empty((90, 0)), labels)
    with pytest.raises(ValueError, match="labels for 90 rows"):
        quick().fit(values, labels[1:])


def test_an_export_that_answers_otherwise_than_the_library_stops_the_build(monkeypatch):
    def untrue(names, kind):
        (logistic,) = families(names, kind)

        def convert(model):
            return replace(logistic.convert(model), intercept=0.5)

        return (replace(logistic, convert=convert),)

    monkeypatch.setattr(fold_pipeline, "families", untrue)
    with pytest.raises(Her2DeskError, match="exported logistic model differs") as caught:
        quick(families=("logistic",)).fit(*cohort())
    assert caught.value.code == "export-differs"


# What it must not see


@pytest.fixture
def fitted_in_folds(monkeypatch):
    """Bytes of everything fitted, one entry a fit: preparations, then models, of each fold in turn."""
    seen = []

    class Recorded(Preparation):
        def __init__(self, *given):
            super().__init__(*given)
            values = given[1]
            parts = [self.columns, self.components, self.mean, self.sd]
            parts += [self.pca.mean_, self.pca.components_, self.transform(values)]
            seen.append([b"".join(np.ascontiguousarray(p).tobytes() for p in parts)])

    def recording(family):
        def convert(model):
            form = family.convert(model)
            arrays = (
                [form.coefficients, np.float64(form.intercept)]
                if form.trees is None
                else form.trees.to_tensors().values()
            )
            seen[-1].append(b"".join(np.asarray(a).tobytes() for a in arrays))
            return form

        return replace(family, convert=convert)

    monkeypatch.setattr(fold_pipeline, "Preparation", Recorded)
    monkeypatch.setattr(
        fold_pipeline, "families", lambda *asked: tuple(recording(f) for f in families(*asked))
    )
    return seen


def test_garbage_in_a_folds_test_rows_changes_nothing_fitted_for_it(fitted_in_folds):
    values, labels = cohort(penultimate=12, passthrough=1)
    pipeline = quick(Layout(FEATURES, 12, 1)).fit(values, labels)
    clean = list(fitted_in_folds)
    fitted_in_folds.clear()
    splits = StratifiedKFold(5, shuffle=True, random_state=7).split(values, labels)
    test = [rows for _, rows in splits][2]
    values[test] = np.random.default_rng(9).normal(1e3, 1e4, size=values[test].shape)
    clone(pipeline).fit(values, labels)
    assert len(clean) == len(fitted_in_folds) == 6  # five folds, then all rows
    assert len(clean[2]) == 1 + 5  # preparation and one model a family
    same = [a == b for a, b in zip(clean, fitted_in_folds, strict=True)]
    assert same == [False, False, True, False, False, False]


TABLES = 24
NULL_PATIENTS, NULL_FEATURES = 66, 120
OUTER = 3


def null_tables():
    """Tables without any signal; their seeds were fixed beforehand."""
    for seed in range(TABLES):
        rng = np.random.default_rng(20_000 + seed)
        labels = np.arange(NULL_PATIENTS) % 3 == 0
        yield rng.normal(size=(NULL_PATIENTS, NULL_FEATURES)), rng.permutation(labels), seed


def outer_folds(values, labels, seed):
    return StratifiedKFold(OUTER, shuffle=True, random_state=seed).split(values, labels)


def test_scrambled_labels_predict_nothing():
    means = []
    for values, labels, seed in null_tables():
        own = FoldPipeline(
            Layout(NULL_FEATURES), ("logistic", "lightgbm"), grid="quick", folds=2, seed=seed
        )
        areas = [
            auc(labels[test], own.fit(values[train], labels[train]).score(values[test])).value
            for train, test in outer_folds(values, labels, seed)
        ]
        means.append(np.mean(areas))
    standard_error = np.std(means, ddof=1) / np.sqrt(TABLES)
    assert standard_error < 0.03
    assert abs(np.mean(means) - 0.5) < 3 * standard_error


def test_selection_on_all_rows_would_be_caught():
    """The same tables with the selection made before the folds: what the test above must show."""
    means = []
    for values, labels, seed in null_tables():
        columns = selected(selection_pipeline(seed).fit(values, labels))
        areas = [
            auc(
                labels[test],
                LogisticRegression()
                .fit(values[train][:, columns], labels[train])
                .decision_function(values[test][:, columns]),
            ).value
            for train, test in outer_folds(values, labels, seed)
        ]
        means.append(np.mean(areas))
    standard_error = np.std(means, ddof=1) / np.sqrt(TABLES)
    assert np.mean(means) > 0.5 + 6 * standard_error
