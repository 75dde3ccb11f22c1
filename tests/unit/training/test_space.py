"""The range of a pack: its alarm goes off for one in twenty of its own kind, and for others (V18)."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from her2desk.packs.manifest import FeatureScale
from her2desk.packs.space import MOST_COMPONENTS
from her2desk.radiomics.profile import us_2d
from her2desk.training.folds import Acquired, FoldPlan, Scopes, make_scopes, split_rows
from her2desk.training.space import alarm_threshold, fit_space, out_of_fold_distances
from her2desk.training.table import Table

PATIENTS, FEATURES = 200, 15
COARSE_MM = 0.315  # what images of 0.3 mm are resampled to


def correlated(rng: np.random.Generator, n: int, p: int = FEATURES) -> np.ndarray:
    """Features as radiomics gives them: many say nearly the same, some are skewed."""
    causes = rng.normal(size=(n, 6))
    mixing = np.random.default_rng(1).normal(size=(6, p))
    values = causes @ mixing + 0.3 * rng.normal(size=(n, p))
    values[:, ::3] = np.exp(0.4 * values[:, ::3])
    return values


def table_of(values: np.ndarray, other: np.ndarray | None = None) -> Table:
    names = tuple(f"f{i}" for i in range(values.shape[1]))
    features = {0.1: values} if other is None else {0.1: values, COARSE_MM: other}
    return Table(
        names,
        features,
        np.ones(len(names), dtype=bool),
        np.arange(len(values)) % 3 == 0,
        (),
        np.empty((len(values), 0)),
    )


def scopes_of(table: Table, held_out: float = 0.0, coarse: bool = False) -> Scopes:
    development, asked = split_rows(table.labels, held_out, 5)
    spacings = [(0.08, 0.08)] * len(table.labels)
    if (
        coarse
    ):  # one fold's patients come from a coarser scanner, so scopes are resampled differently
        scopes = scopes_of(table, held_out)
        for i in scopes.outer[0].asked:
            spacings[i] = (0.3, 0.3)
    return make_scopes(
        table.labels,
        development,
        asked,
        FoldPlan(5, 4, 1),
        5,
        us_2d(),
        Acquired(spacings, [None] * len(table.labels)),
    )


def scaling_of(table: Table, scopes: Scopes) -> dict[str, FeatureScale]:
    own = table.features[scopes.deployed.target_mm][scopes.deployed.rows]
    return {
        name: FeatureScale(
            mean=column.mean(), sd=column.std(ddof=1), lower=column.min(), upper=column.max()
        )
        for name, column in zip(table.names, own.T, strict=True)
    }


def space_of_table(table: Table, scopes: Scopes):
    everyone = np.arange(len(table.labels))
    return fit_space(table, scopes, scaling_of(table, scopes), everyone)


def distances(space, scaling, values):
    z = [
        [(v - s.mean) / s.sd for v, s in zip(row, scaling.values(), strict=True)] for row in values
    ]
    return np.array(
        [np.linalg.norm(space.place(dict(zip(space.part.features, row, strict=True)))) for row in z]
    )


def test_new_patients_of_the_same_kind_raise_the_alarm_in_five_of_a_hundred():
    """Twenty packs, each asked about 500 new patients; the pack's own count says the same."""
    rng = np.random.default_rng(20)
    new, own, judged = [], 0, 0
    for _ in range(20):
        table = table_of(correlated(rng, PATIENTS))
        scopes = scopes_of(table)
        space = space_of_table(table, scopes)
        asked = distances(space, scaling_of(table, scopes), correlated(rng, 500))
        new.append((asked > space.part.threshold).mean())
        own += space.part.false_alarms
        judged += space.part.judged
    assert judged == 20 * PATIENTS
    assert 0.03 < np.mean(new) < 0.06
    assert 0.03 < own / judged < 0.07


def test_distances_of_those_fitted_on_would_call_nearly_everybody_out_of_range():
    """V18: 64 components, 80 patients, threshold from the fitted ones; 96 % there, the like here."""
    rng = np.random.default_rng(4)
    fitted, new = rng.normal(size=(2, 80, 64))
    mean = fitted.mean(axis=0)
    covariance = np.cov(fitted.T)

    def far(values):
        centred = values - mean
        return np.sqrt(np.einsum("ij,jk,ik->i", centred, np.linalg.inv(covariance), centred))

    assert (far(new) > alarm_threshold(far(fitted))).mean() > 0.9
    table = table_of(fitted)
    scopes = scopes_of(table)
    space = space_of_table(table, scopes)
    assert len(space.whiten) == 12  # of 64 patients at least five for each
    assert (distances(space, scaling_of(table, scopes), new) > space.part.threshold).mean() < 0.12


def test_a_patient_of_another_kind_is_beyond_the_threshold():
    rng = np.random.default_rng(6)
    table = table_of(correlated(rng, PATIENTS))
    scopes = scopes_of(table)
    space, scaling = space_of_table(table, scopes), scaling_of(table, scopes)
    far = correlated(rng, 50)
    far[:, 0] += 60 * table.features[0.1][:, 0].std()
    assert (distances(space, scaling, far) > space.part.threshold).all()


def test_the_arrays_are_of_the_shrunk_covariance_of_the_packs_z_scores():
    rng = np.random.default_rng(7)
    table = table_of(correlated(rng, PATIENTS, p=6))
    scopes = scopes_of(table)
    space = space_of_table(table, scopes)
    values = table.features[0.1]
    z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    covariance = LedoitWolf(assume_centered=True).fit(z).covariance_  # 6 components turn, no more
    expected = np.sqrt(np.einsum("ij,jk,ik->i", z, np.linalg.inv(covariance), z))
    assert np.linalg.norm(space.coordinates, axis=1) == pytest.approx(expected, rel=1e-6)
    assert space.part.patients[:2] == ("V0001", "V0002")
    assert space.coordinates.shape == (PATIENTS, 6)


def test_held_out_patients_have_a_place_and_no_say():
    rng = np.random.default_rng(8)
    values = correlated(rng, PATIENTS)
    table = table_of(values)
    scopes = scopes_of(table, held_out=0.3)
    spoilt = values.copy()
    spoilt[scopes.deployed.asked] = rng.normal(1e3, 1e4, (len(scopes.deployed.asked), FEATURES))
    before, after = space_of_table(table, scopes), space_of_table(table_of(spoilt), scopes)
    assert np.array_equal(before.whiten, after.whiten)
    assert before.part == after.part
    assert before.part.judged == len(scopes.deployed.rows)
    rows = scopes.deployed.rows
    assert np.array_equal(before.coordinates[rows], after.coordinates[rows])
    assert not np.array_equal(before.coordinates, after.coordinates)


def test_garbage_in_an_outer_fold_does_not_move_what_judges_it():
    """V1: the threshold and the fit that a fold is asked of come from the other folds alone."""
    rng = np.random.default_rng(9)
    values = correlated(rng, PATIENTS)
    scopes = scopes_of(table_of(values))
    scope = scopes.outer[1]
    before = out_of_fold_distances(values, scope.inner[0])
    values[scope.asked] = rng.normal(1e3, 1e4, (len(scope.asked), FEATURES))
    assert np.array_equal(out_of_fold_distances(values, scope.inner[0]), before)
    alarms = space_of_table(table_of(values), scopes).part.false_alarms
    assert alarms >= len(scope.asked)  # garbage is far from what it was not fitted on


def test_each_scope_measures_at_its_own_pixel_size():
    rng = np.random.default_rng(10)
    values = correlated(rng, PATIENTS)
    table = table_of(values, values * 7 + 2)
    scopes = scopes_of(table, coarse=True)
    assert {scope.target_mm for scope in scopes.all} == {0.1, COARSE_MM}
    same = space_of_table(table_of(values, values), scopes)
    other = space_of_table(table, scopes)  # z-scores forget both the factor and the shift
    assert other.part.threshold == pytest.approx(same.part.threshold)
    assert other.part.false_alarms == same.part.false_alarms


@pytest.mark.parametrize("p", [1, 2, 40])
def test_as_many_components_as_there_is_something_to_say(p):
    table = table_of(correlated(np.random.default_rng(11), PATIENTS, p))
    space = space_of_table(table, scopes_of(table))
    assert len(space.whiten) == min(p, MOST_COMPONENTS)
    assert 0 < space.part.false_alarms / space.part.judged < 0.12


def test_features_that_repeat_each_other_count_once():
    values = np.random.default_rng(12).normal(size=(PATIENTS, 3))
    table = table_of(values[:, [0, 1, 2, 0, 1]])
    space = space_of_table(table, scopes_of(table))
    assert len(space.whiten) == 3
    assert np.isfinite(space.coordinates).all()


def test_a_feature_constant_but_for_one_patient_breaks_nothing():
    values = np.zeros((PATIENTS, 1))
    values[17] = 1.0
    table = table_of(values)
    space = space_of_table(table, scopes_of(table))
    assert np.isfinite(space.coordinates).all()
    assert space.part.false_alarms <= 1


def test_without_features_there_is_no_space():
    table = table_of(correlated(np.random.default_rng(13), PATIENTS))
    assert fit_space(table, scopes_of(table), {}, np.arange(3)) is None


def test_with_too_few_patients_there_is_no_space():
    table = table_of(correlated(np.random.default_rng(14), 22, 3))
    assert space_of_table(table, scopes_of(table)) is None


def test_a_threshold_needs_nineteen_distances():
    assert alarm_threshold(np.arange(18.0)) is None
    assert alarm_threshold(np.arange(19.0)) == 18.0
    assert alarm_threshold(np.arange(99.0)) == 94.0  # the 95th of 99
