"""The pixel size that a cohort is brought to: one step of a ladder for all its folds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.radiomics.resampling import LADDER_MM, TOLERANCE, resample_target

SPACINGS = st.lists(st.floats(0.02, 0.9), min_size=1, max_size=50)


def test_fine_images_are_brought_to_the_stated_size():
    assert resample_target([0.05, 0.06, 0.08]) == 0.1


def test_coarse_images_set_the_size():
    assert resample_target([0.05] * 8 + [0.14] * 2) == 0.16


def test_the_coarsest_tenth_is_not_followed():
    assert resample_target([0.09] * 95 + [0.6] * 5) == 0.1


def test_a_size_that_is_a_step_stays_on_it():
    assert resample_target([0.125] * 10) == 0.125
    assert resample_target([0.1251] * 10) == 0.125
    assert resample_target([0.126] * 10) == 0.16


def test_a_stated_size_is_a_step_of_its_own():
    assert resample_target([0.05], stated_mm=0.12) == 0.12
    assert resample_target([0.121], stated_mm=0.12) == 0.125
    assert resample_target([0.07], stated_mm=0.05) == 0.08


@given(SPACINGS)
def test_nine_in_ten_images_are_not_made_finer(spacings):
    target = resample_target(spacings)
    assert target in LADDER_MM
    assert target >= 0.1
    assert target * (1 + TOLERANCE) >= np.percentile(spacings, 90) * (1 - 1e-12)


def test_folds_of_one_cohort_nearly_always_agree():
    """The builder's folds must give features that can be compared (V3)."""
    rng = np.random.default_rng(0)
    agreed = 0
    for _ in range(100):
        cohort = rng.lognormal(np.log(rng.uniform(0.05, 0.3)), 0.25, size=200)
        folds = np.array_split(rng.permutation(cohort), 5)
        targets = {resample_target(np.setdiff1d(cohort, fold)) for fold in folds}
        agreed += len(targets) == 1
    assert agreed >= 80


def test_a_cohort_of_unknown_spacing_is_refused():
    with pytest.raises(InputRefused) as refused:
        resample_target([])
    assert refused.value.code == "spacing-needed"


def test_a_spacing_that_no_ultrasound_has_is_refused():
    with pytest.raises(InputRefused, match="measures 25 mm") as refused:
        resample_target([25.0, 25.0])
    assert refused.value.code == "spacing-implausible"
